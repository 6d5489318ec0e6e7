"""Lets a source written for Bizon say ``from bizon.source… import …`` without Bizon installed.

With the real package installed, the real one is used. Without it, the names are served from this
package, only to the user's own file and the modules beside it, also inside methods and threads.

Why the file gets an ``__import__`` of its own instead of an entry in ``sys.modules`` or a finder on
``sys.meta_path``: those are seen by the whole process, so some other library that looks for Bizon
would find ours. A module's ``__builtins__`` reach exactly its own code, whenever it runs.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any

from bizon_singer.errors import SourceFileError

OURS = {
    "bizon.source.callback": "bizon_singer.source.callback",
    "bizon.source.config": "bizon_singer.source.config",
    "bizon.source.models": "bizon_singer.source.models",
    "bizon.source.session": "bizon_singer.source.session",
    "bizon.source.source": "bizon_singer.source.source",
    "bizon.source.auth.builder": "bizon_singer.source.auth.builder",
    "bizon.source.auth.config": "bizon_singer.source.auth.config",
    "bizon.source.auth.authenticators.basic": "bizon_singer.source.auth.authenticators.basic",
    "bizon.source.auth.authenticators.cookies": "bizon_singer.source.auth.authenticators.cookies",
    "bizon.source.auth.authenticators.oauth": "bizon_singer.source.auth.authenticators.oauth",
    "bizon.source.auth.authenticators.token": "bizon_singer.source.auth.authenticators.token",
}
PACKAGES = ("bizon", "bizon.source", "bizon.source.auth", "bizon.source.auth.authenticators")


class MissingFromBizonError(SourceFileError, ImportError):
    """A source imports a name of Bizon that this package does not have."""


@cache
def real_bizon_is_installed() -> bool:
    """Tell whether the real package can be imported.

    ``bizon`` alone proves nothing: it is a namespace package, any folder of that name is one.
    """
    try:
        return importlib.util.find_spec("bizon.source.source") is not None
    except ModuleNotFoundError:
        return False


class _Alias(ModuleType):
    """A module of Bizon, served from this package."""

    def __init__(self, name: str, own: ModuleType | None) -> None:
        super().__init__(name)
        self.__dict__["_own"] = own
        if own is None:
            self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        own: ModuleType | None = self.__dict__["_own"]
        if own is not None and name in self.names():
            return getattr(own, name)
        below = f"{self.__name__}.{name}"
        if own is None and (below in OURS or below in PACKAGES):
            return alias(below)
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        raise MissingFromBizonError(
            f"the source imports {name!r} from {self.__name__}, which is not available without "
            f"the package bizon; {self.__name__} has: {', '.join(self.names())}"
        )

    def names(self) -> list[str]:
        """Return the public names of this module."""
        own: ModuleType | None = self.__dict__["_own"]
        if own is None:
            prefix = self.__name__ + "."
            every = [*OURS, *PACKAGES]
            return sorted(
                name.removeprefix(prefix)
                for name in every
                if name.startswith(prefix) and "." not in name.removeprefix(prefix)
            )
        package = "bizon_singer."
        return sorted(
            name
            for name, value in vars(own).items()
            if isinstance(value, type)
            and not name.startswith("_")
            and value.__module__.startswith(package)
        )


@cache
def alias(name: str) -> ModuleType:
    """Return a module of Bizon by its dotted name.

    Raises:
        MissingFromBizonError: There is no such module here; those there are, are listed.
    """
    if name in OURS:
        return _Alias(name, importlib.import_module(OURS[name]))
    if name in PACKAGES:
        return _Alias(name, None)
    raise MissingFromBizonError(
        f"the source imports {name}, which is not available without the package bizon; there are: "
        f"{', '.join(OURS)}"
    )


def _import_for_source(
    name: str,
    globals: Mapping[str, Any] | None = None,  # noqa: A002 - the signature of __import__
    locals: Mapping[str, Any] | None = None,  # noqa: A002
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """Import as Python does, Bizon's modules from this package."""
    if level == 0 and name.partition(".")[0] == "bizon" and not real_bizon_is_installed():
        module = alias(name)
        for item in fromlist or ():
            if item != "*":
                getattr(module, item)
        return module if fromlist else alias("bizon")
    return builtins.__import__(name, globals, locals, fromlist or (), level)


def give_import(module: ModuleType) -> None:
    """Let a module about to be executed import Bizon's names."""
    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import_for_source}
