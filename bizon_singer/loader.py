"""Loads a user's Python file and finds the sources in it.

Two files of one name do not meet: a file is loaded under a name made of its path. Modules beside
it can be imported as if the file were run as a script.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import inspect
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from bizon_singer.bizon_import import give_import
from bizon_singer.errors import BizonSingerError, SourceFileError
from bizon_singer.redact import one_line

BASE = "AbstractSource"
SHOWN_CHARACTERS = 300


class _SourceLoader(SourceFileLoader):
    """Executes a module of the user so that it can import Bizon's names."""

    def exec_module(self, module: ModuleType) -> None:
        give_import(module)
        super().exec_module(module)


class _SiblingFinder(MetaPathFinder):
    """Finds the modules in a source file's folder, after all installed ones."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._finder = FileFinder(folder, (_SourceLoader, importlib.machinery.SOURCE_SUFFIXES))

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is None:
            installed = fullname in sys.builtin_module_names or PathFinder.find_spec(fullname)
            return None if installed else self._finder.find_spec(fullname, target)
        for entry in path:
            if Path(entry).is_relative_to(self._folder):
                loader = (_SourceLoader, importlib.machinery.SOURCE_SUFFIXES)
                return FileFinder(entry, loader).find_spec(fullname, target)
        return None


def load_source_file(path: str) -> ModuleType:
    """Execute a Python file and return its module.

    Args:
        path: Path of the file, absolute or relative to the working directory.

    Raises:
        SourceFileError: It is missing, no Python, or fails while it is imported.
    """
    file = Path(path).expanduser().resolve()
    shown = repr(str(path))
    if file.suffix != ".py":
        raise SourceFileError(f"source file {shown} is no .py file; set source_file_path to one")
    if not file.is_file():
        raise SourceFileError(f"source file {shown} does not exist; set source_file_path to one")
    digest = hashlib.sha256(str(file).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    stem = re.sub(r"\W", "_", file.stem)
    name = f"bizon_source_{stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, file, loader=_SourceLoader(name, str(file)))
    assert spec is not None  # noqa: S101 - a loader was given
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    # Pydantic resolves annotations, and pickle finds classes, through sys.modules.
    sys.modules[name] = module
    sys.meta_path.insert(0, _SiblingFinder(str(file.parent)))
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        raise _explained(error, shown) from error
    return module


def _explained(error: BaseException, shown: str) -> BaseException:
    if isinstance(error, KeyboardInterrupt):
        return error
    if isinstance(error, BizonSingerError):
        return SourceFileError(f"source file {shown}: {error}")
    if isinstance(error, SyntaxError):
        where = f" (line {error.lineno})" if error.lineno else ""
        return SourceFileError(
            f"source file {shown} is no valid Python{where}: {error.msg}; mend it"
        )
    if isinstance(error, SystemExit):
        return SourceFileError(
            f"source file {shown} calls exit() while it is imported; keep that below "
            '`if __name__ == "__main__":`'
        )
    if isinstance(error, ModuleNotFoundError):
        return SourceFileError(
            f"source file {shown} imports {error.name}, which is not installed; install it beside "
            "bizon-singer"
        )
    line = _line_in_file(error, shown)
    return SourceFileError(
        f"source file {shown} raises {type(error).__name__}{line} while it is imported: "
        f"{one_line(str(error))[:SHOWN_CHARACTERS]}; mend it"
    )


def _line_in_file(error: BaseException, shown: str) -> str:
    name = Path(shown.strip("'\"")).name
    line = ""
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).name == name:
            line = f" (line {trace.tb_lineno})"
        trace = trace.tb_next
    return line


def find_sources(module: ModuleType, path: str) -> list[type[Any]]:
    """Return the source classes a module defines, in the order they stand in it.

    Abstract classes, classes without streams and helper classes are no sources. Of a class and
    one derived from it that gives the same streams, the derived one counts.

    Raises:
        SourceFileError: There is none; why the candidates are none is said.
    """
    found: list[type[Any]] = []
    reasons: list[str] = []
    for value in vars(module).values():
        if not _is_candidate(value, module) or value in found:
            continue
        reason = _why_no_source(value)
        if reason is None:
            found.append(value)
        else:
            reasons.append(f"{value.__name__} {reason}")
    found = [
        source
        for source in found
        if not any(other is not source and issubclass(other, source) for other in found)
    ]
    if not found:
        why = f" ({'; '.join(reasons)})" if reasons else ""
        raise SourceFileError(
            f"source file {path!r} has no source{why}; define a class derived from {BASE} with "
            "streams() and get()"
        )
    return found


def _is_candidate(value: Any, module: ModuleType) -> bool:
    return (
        isinstance(value, type)
        and value.__module__ == module.__name__
        and any(base.__name__ == BASE for base in value.__mro__[1:])
    )


def _why_no_source(source: type[Any]) -> str | None:
    """Return why a class is no source, None if it is one."""
    if inspect.isabstract(source):
        missing = ", ".join(sorted(source.__abstractmethods__))
        return f"does not implement {missing}"
    try:
        streams = source.streams()
    except Exception as error:  # noqa: BLE001 - the user's code, whatever it raises
        return f"raises {type(error).__name__} in streams()"
    if not isinstance(streams, (list, tuple)) or not streams:
        return "gives no streams"
    return None
