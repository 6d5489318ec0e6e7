"""Parts of the Singer SDK that are imported when somebody asks for them.

``import singer_sdk`` brings targets, sinks, GraphQL and OpenAPI and what those import (joblib,
multiprocessing): a hundred modules a tap has no use for, about a tenth of the CPU time it starts in
(tests/benchmarks/start.py). Here the packages ``singer_sdk`` and ``singer_sdk.streams`` are in
place before their own code has run. It runs when a name is asked for that is none of their modules,
so ``from singer_sdk import Stream`` is what it always was, in a user's source as well.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

SDK = ("singer_sdk", "singer_sdk.streams")

_RUNNING = threading.RLock()
_begun: list[ModuleSpec] = []


class _OnDemand(ModuleType):
    """A package whose own code has not run yet."""

    def __getattr__(self, name: str) -> Any:
        """Run it for a name that is none of its modules, which are imported without it."""
        with _RUNNING:
            if type(self) is _OnDemand and self.__spec__ not in _begun:
                spec = self.__spec__
                is_special = name.startswith("__") and name != "__all__"
                if is_special or find_spec(f"{self.__name__}.{name}") is not None:
                    raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
                assert spec is not None  # noqa: S101 - the package was made from it
                assert spec.loader is not None  # noqa: S101 - as above
                _begun.append(spec)
                spec.loader.exec_module(self)
                self.__class__ = ModuleType  # type: ignore[assignment]
            if type(self) is _OnDemand:  # its own code asks, in the midst of running
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self, name)


def import_on_demand(packages: Iterable[str] = SDK) -> None:
    """Put packages in place, parents first; those that are imported already stay as they are."""
    for name in packages:
        if name in sys.modules:
            continue
        spec = find_spec(name)
        if spec is None:  # it is not installed, or not in this form
            return
        package = module_from_spec(spec)
        package.__class__ = _OnDemand
        sys.modules[name] = package
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, package)
