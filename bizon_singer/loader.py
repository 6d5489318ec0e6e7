"""Loads a user's Python file and finds the sources in it.

Two files of one name do not meet: a file is loaded under a name made of its path. Modules beside
it can be imported as if the file were run as a script, but never take the place of an installed
module of the same name.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from bizon_singer.bizon_import import give_import
from bizon_singer.errors import BizonSingerError, SourceFileError
from bizon_singer.redact import excerpt, one_line
from bizon_singer.source_class import BASE, is_derived, stream_names, why_no_source

SHOWN_CHARACTERS = 300
REMEDY = "set source_file_path to the .py file that holds your source"


class SourceLoader(SourceFileLoader):
    """Executes a module of the user so that it can import Bizon's names."""

    def exec_module(self, module: ModuleType) -> None:
        """Give the module Bizon's names and execute it."""
        give_import(module)
        super().exec_module(module)


_LOADER = (SourceLoader, importlib.machinery.SOURCE_SUFFIXES)


class _SiblingFinder(MetaPathFinder):
    """Finds the modules in a source file's folder; it is asked after all other finders."""

    def __init__(self, folder: Path) -> None:
        self._finder = FileFinder(str(folder), _LOADER)
        self.found: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = self._finder.find_spec(fullname, target) if path is None else None
        if spec is not None:
            self.found.add(fullname)
        return spec


class _SubmoduleFinder(MetaPathFinder):
    """Finds the modules inside the packages in that folder; it is asked before all others.

    Python's own finder would find them as well, and execute them without Bizon's names. Only
    packages found beside the file count: a virtual environment may lie in the same folder.
    """

    def __init__(self, siblings: _SiblingFinder) -> None:
        self._siblings = siblings

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self._siblings.found:
            return None
        for entry in path or ():
            spec = FileFinder(entry, _LOADER).find_spec(fullname, target)
            # No loader: a folder without __init__.py. Python's finder joins its portions.
            if spec is not None and spec.loader is not None:
                return spec
        return None


_folders: set[Path] = set()
"""Folders whose modules can be imported; they stay, for imports inside methods and threads."""


def _open_folder(folder: Path) -> None:
    if folder not in _folders:
        _folders.add(folder)
        siblings = _SiblingFinder(folder)
        sys.meta_path.insert(0, _SubmoduleFinder(siblings))
        sys.meta_path.append(siblings)


_loading: list[Path] = []


def is_loading() -> bool:
    """Tell whether a source file is being executed for the classes in it."""
    return bool(_loading)


@contextmanager
def loading(file: Path) -> Iterator[None]:
    """Let what is executed inside know that it is only loaded, not run."""
    _loading.append(file)
    try:
        yield
    finally:
        _loading.pop()


def load_source_file(path: str) -> ModuleType:
    """Execute a Python file and return its module.

    Args:
        path: Path of the file, absolute or relative to the working directory.

    Raises:
        SourceFileError: It is missing, no Python, or fails while it is imported.
    """
    shown = repr(str(path))
    file = _checked_file(path, shown)
    digest = hashlib.sha256(str(file).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    stem = re.sub(r"\W", "_", file.stem)
    name = f"bizon_source_{stem}_{digest}"
    loader = SourceLoader(name, str(file))
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    assert spec is not None  # noqa: S101 - a loader was given
    module = importlib.util.module_from_spec(spec)
    # Pydantic resolves annotations, and pickle finds classes, through sys.modules.
    before = sys.modules.get(name)
    sys.modules[name] = module
    _open_folder(file.parent)
    try:
        with loading(file):
            loader.exec_module(module)
    except BaseException as error:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        if isinstance(error, KeyboardInterrupt) and _may_be_from_the_keyboard():
            raise
        raise SourceFileError(f"source file {shown} {_explained(error, file)}") from error
    return module


def _may_be_from_the_keyboard() -> bool:
    """Tell whether Control-C raises here; in a command it sets a flag (bizon_singer.signals)."""
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def file_of(source_class: type[Any]) -> str | None:
    """Return the path of the file a class was loaded from, None if it was imported."""
    module = sys.modules.get(source_class.__module__)
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    return loader.path if isinstance(loader, SourceLoader) else None


def _checked_file(path: str, shown: str) -> Path:
    """Return the absolute path of a source file that can be read."""
    try:
        file = Path(path).expanduser().resolve()
        if file.suffix != ".py":
            raise SourceFileError(f"source file {shown} is no .py file; {REMEDY}")
        if file.is_dir():
            raise SourceFileError(f"source file {shown} is a folder; {REMEDY}")
        if not file.is_file():
            place = "" if Path(path).is_absolute() else f" in {str(Path.cwd())!r}"
            raise SourceFileError(f"source file {shown} does not exist{place}; {REMEDY}")
        with file.open("rb"):
            pass
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or one_line(str(error))
        raise SourceFileError(f"source file {shown} cannot be read ({reason}); {REMEDY}") from error
    return file


def _explained(error: BaseException, file: Path) -> str:
    """Return what went wrong while a file was imported: the end of a sentence."""
    if isinstance(error, BizonSingerError):
        return f"cannot be loaded{_line_in_file(error, file)}: {error}"
    if isinstance(error, SyntaxError):
        where = _place(error.filename, error.lineno, file) if error.lineno else ""
        return f"is no valid Python{where}: {error.msg}; mend it"
    if isinstance(error, SystemExit):
        return (
            f"calls exit() while it is imported{_line_in_file(error, file)}; keep that below "
            '`if __name__ == "__main__":`'
        )
    line = _line_in_file(error, file)
    if isinstance(error, ModuleNotFoundError) and error.name:
        if error.name.partition(".")[0] == "bizon":
            return (
                f"imports {error.name}{line} by other means than an import statement of its own; "
                "write one, or install the package bizon beside bizon-singer"
            )
        return f"imports {error.name}{line}, which is not installed; install it beside bizon-singer"
    text = one_line(excerpt(str(error), SHOWN_CHARACTERS))
    what = f"{type(error).__name__}{line} while it is imported"
    return f"raises {what}: {text}; mend it" if text else f"raises {what}; mend it"


def _line_in_file(error: BaseException, file: Path) -> str:
    """Return the line of the user's code an error comes from, in the file or beside it."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if Path(name).is_relative_to(file.parent) and "site-packages" not in name:
            place = _place(name, trace.tb_lineno, file)
        trace = trace.tb_next
    return place


def _place(name: str | None, line: int | None, file: Path) -> str:
    other = f" of {Path(name).name}" if name and Path(name) != file else ""
    return f" (line {line}{other})"


def find_sources(module: ModuleType, path: str) -> list[type[Any]]:
    """Return the source classes a module defines, in the order they stand in it.

    Abstract classes, classes without streams and helper classes are no sources. Of a class and
    one derived from it that gives the same streams, the derived one counts.

    Raises:
        SourceFileError: There is none; why the candidates are none is said.
    """
    found: list[type[Any]] = []
    reasons: list[str] = []
    for value in dict.fromkeys(filter(is_derived, vars(module).values())):
        reason = why_no_source(value)
        if value.__module__ != module.__name__:
            if reason is None:
                reasons.append(f"{value.__name__} is only imported, from {value.__module__}")
        elif reason is None:
            found.append(value)
        else:
            reasons.append(f"{value.__name__} {reason}")
    if not found:
        why = f" ({', '.join(reasons)})" if reasons else ""
        raise SourceFileError(
            f"source file {path!r} has no source{why}; define a class derived from {BASE} with "
            "streams() and get()"
        )
    return [source for source in found if not any(_replaces(other, source) for other in found)]


def _replaces(other: type[Any], source: type[Any]) -> bool:
    """Tell whether a class is a version of another that still gives all its streams."""
    is_version = other is not source and issubclass(other, source)
    return is_version and set(stream_names(source)) <= set(stream_names(other))
