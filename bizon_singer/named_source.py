"""Finds a source class by name: one of the package bizon, or any that can be imported.

================  =======================================================================
``hubspot``       the source of that name in the package bizon, which has to be installed
``module:Class``  a class of an importable module, which may import Bizon's names as a
                  source file may
================  =======================================================================
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from bizon_singer.bizon_import import real_bizon_is_installed
from bizon_singer.config_errors import nearest
from bizon_singer.errors import BizonSingerError, SourceFileError
from bizon_singer.loader import SourceLoader, loading
from bizon_singer.redact import excerpt, one_line
from bizon_singer.source_class import is_derived, why_no_source

BIZON_SOURCES = "bizon.connectors.sources"
CODE = "src"
"""The folder in each of them that holds its modules."""
SHOWN_CHARACTERS = 80
SHOWN_REASON = 300


def find_named_source(name: str) -> list[type[Any]]:
    """Return the source classes a name stands for, at least one.

    Raises:
        SourceFileError: There is none, or it cannot be imported.
    """
    module, colon, class_name = name.partition(":")
    if colon:
        return [_imported_class(module, class_name)]
    if not real_bizon_is_installed():
        raise SourceFileError(
            f"setting `name` says {_shown(name)}, a source of the package bizon, which is not "
            "installed; install it beside bizon-singer, or set source_file_path to the .py file "
            "that holds your source"
        )
    folders = {folder.name: folder for folder in _folders()}
    if name not in folders:
        raise SourceFileError(
            f"setting `name` says {_shown(name)}, which is no source of the package bizon"
            f"{nearest(name, folders, '')}; it has {', '.join(sorted(folders))}; give "
            "source_file_path for a file of your own, or module:Class for a class"
        )
    return _bizon_source(name, folders[name])


def _shown(name: str) -> str:
    return repr(one_line(excerpt(name, SHOWN_CHARACTERS)))


def _folders() -> Iterator[Path]:
    """Yield the folders of Bizon's sources; the packages above them have no file of their own."""
    spec = importlib.util.find_spec(BIZON_SOURCES)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        for folder in Path(place).iterdir():
            if (folder / CODE).is_dir():
                yield folder


def _bizon_source(name: str, folder: Path) -> list[type[Any]]:
    found: list[type[Any]] = []
    reasons: list[str] = []
    for file in sorted((folder / CODE).glob("*.py")):
        if file.stem == "__init__":
            continue
        module = _imported(f"{BIZON_SOURCES}.{name}.{CODE}.{file.stem}", f"Bizon's source {name}")
        for value in filter(is_derived, vars(module).values()):
            if value.__module__ != module.__name__:
                continue
            reason = why_no_source(value)
            if reason is None:
                found.append(value)
            else:
                reasons.append(f"{value.__name__} {reason}")
    if not found:
        why = f" ({', '.join(reasons)})" if reasons else ""
        raise SourceFileError(f"Bizon's source {name} has no class that is a source{why}")
    return found


def _imported_class(module_name: str, class_name: str) -> type[Any]:
    """Return a class of a module by name.

    Raises:
        SourceFileError: There is none, or it is no source.
    """
    names = [*module_name.split("."), class_name]
    if not all(part.isidentifier() for part in names):
        raise SourceFileError(
            f"setting `name` says {_shown(f'{module_name}:{class_name}')}, which is no name of a "
            "class; write it as my_package.my_module:MySource"
        )
    _give_names_to(names[0])
    module = _imported(module_name, f"module {module_name}")
    value = getattr(module, class_name, None)
    if value is None:
        classes = [name for name, item in vars(module).items() if is_derived(item)]
        there = f"; it has {', '.join(sorted(classes))}" if classes else ""
        raise SourceFileError(
            f"module {module_name} has no class {class_name}"
            f"{nearest(class_name, classes, there)}; mend the setting `name`"
        )
    reason = why_no_source(value)
    if reason is not None:
        raise SourceFileError(f"{module_name}:{class_name} {reason}; `name` must lead to a source")
    own: type[Any] = value
    return own


def _imported(name: str, what: str) -> ModuleType:
    """Import a module; whatever it raises is told in one sentence."""
    try:
        with loading(Path(name)):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing and (name == missing or name.startswith(f"{missing}.")):
            raise SourceFileError(
                f"setting `name` leads to module {name}, which is not installed; install it "
                "beside bizon-singer, or mend the name"
            ) from error
        raise SourceFileError(
            f"{what} needs {missing or 'a module'}, which is not installed; install it beside "
            f"bizon-singer{_extra(name)}"
        ) from error
    except BizonSingerError as error:
        raise SourceFileError(f"{what} cannot be imported: {error}") from error
    except Exception as error:
        text = one_line(excerpt(str(error), SHOWN_REASON))
        raise SourceFileError(
            f"{what} raises {type(error).__name__} while it is imported: {text}; mend it"
        ) from error


def _extra(name: str) -> str:
    """Return how a source of Bizon is installed with what it needs."""
    if not name.startswith(f"{BIZON_SOURCES}."):
        return ""
    own = name.removeprefix(f"{BIZON_SOURCES}.").partition(".")[0]
    return f", as pip install 'bizon[{own}]' does"


class _PackageFinder(MetaPathFinder):
    """Finds the modules of one package as Python does, and lets them import Bizon's names."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != self._package:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = SourceLoader(fullname, spec.loader.path)
        return spec


_packages: set[str] = set()


def _give_names_to(package: str) -> None:
    """Let a package import Bizon's names where Bizon is not installed."""
    if package not in _packages and not real_bizon_is_installed():
        _packages.add(package)
        sys.meta_path.insert(0, _PackageFinder(package))
