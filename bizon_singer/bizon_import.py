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

from bizon_singer.config_errors import nearest
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


REEXPORTED = {
    "bizon.source.source": {
        "SourceIncrementalState": "bizon.source.models",
        "SourceIteration": "bizon.source.models",
    },
}
"""Names that Bizon's modules pass on and ours do not, with the module each comes from."""
OURS_ALONE = frozenset({"JsonObject", "JsonRecord", "ProvenPosition", "StreamDefinition"})
"""Classes Bizon's modules do not have: a source that imports them from there runs here only."""
TAUGHT_ONLY = "bizon.source.base"


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
        self.__dict__["__all__"] = self.names()  # for `import *`
        if own is None:
            self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        own: ModuleType | None = self.__dict__["_own"]
        origin = REEXPORTED.get(self.__name__, {}).get(name)
        if origin is not None:
            return getattr(alias(origin), name)
        if own is not None and name in self.names():
            return getattr(own, name)
        below = f"{self.__name__}.{name}"
        if own is None and (below in OURS or below in PACKAGES):
            return alias(below)
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if own is None:
            raise _missing_module(below)
        raise MissingFromBizonError(
            f"the source imports {name!r} from {self.__name__}, which has no such name without the "
            f"package bizon{nearest(name, self.names(), '')}; it has {', '.join(self.names())}",
            name=self.__name__,
        )

    def names(self) -> list[str]:
        """Return the public names of this module."""
        own: ModuleType | None = self.__dict__["_own"]
        if own is None:
            prefix = self.__name__ + "."
            below = [name for name in (*OURS, *PACKAGES) if name.startswith(prefix)]
            names = {name.removeprefix(prefix) for name in below}
            return sorted(name for name in names if "." not in name)
        classes = {
            name
            for name, value in vars(own).items()
            if isinstance(value, type)
            and not name.startswith("_")
            and name not in OURS_ALONE
            and value.__module__.startswith("bizon_singer.")
        }
        return sorted(classes | REEXPORTED.get(self.__name__, {}).keys())


def _missing_module(name: str) -> MissingFromBizonError:
    """Return the error for a module of Bizon there is not; those there are, are listed."""
    if name.startswith(TAUGHT_ONLY):
        return MissingFromBizonError(
            f"the source imports {name}, which Bizon's Platform documentation teaches and no "
            "release of Bizon has; import AbstractSource from bizon.source.source and implement "
            "streams() and get() instead of get_streams() and get_records()",
            name=name,
        )
    return MissingFromBizonError(
        f"the source imports {name}, which is not available without the package bizon"
        f"{nearest(name, OURS, '')}; there are {', '.join(OURS)}",
        name=name,
    )


@cache
def alias(name: str) -> ModuleType:
    """Return a module of Bizon by its dotted name.

    Raises:
        MissingFromBizonError: There is no such module here.
    """
    if name in OURS:
        return _Alias(name, importlib.import_module(OURS[name]))
    if name in PACKAGES:
        return _Alias(name, None)
    raise _missing_module(name)


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
                getattr(module, item)  # says what there is, where Python would just fail
        return module if fromlist else alias("bizon")
    return builtins.__import__(name, globals, locals, fromlist or (), level)


def give_import(module: ModuleType) -> None:
    """Let a module about to be executed import Bizon's names."""
    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import_for_source}
