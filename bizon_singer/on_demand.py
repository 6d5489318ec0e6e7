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
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

SDK = ("singer_sdk", "singer_sdk.streams")

_RUNNING = threading.RLock()
_running: set[str] = set()
"""Packages in the midst of their own code."""


class _OnDemand(ModuleType):
    """A package whose own code has not run yet."""

    def __getattr__(self, name: str) -> Any:
        """Run it for a name that is none of its modules, which are imported without it."""
        missing = AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        is_special = name.startswith("__") and name != "__all__"
        # Asked before the lock is: whoever imports a module of the package never waits for it.
        if is_special or find_spec(f"{self.__name__}.{name}") is not None:
            raise missing
        with _RUNNING:
            if self.__name__ in _running:  # its own code asks
                raise missing
            if type(self) is _OnDemand:
                self._run()
        return getattr(self, name)

    def _run(self) -> None:
        assert self.__spec__ is not None  # noqa: S101 - it was made from one
        assert self.__spec__.loader is not None  # noqa: S101 - as above
        _running.add(self.__name__)
        try:
            self.__spec__.loader.exec_module(self)
        finally:
            _running.remove(self.__name__)
        self.__class__ = ModuleType  # type: ignore[assignment]


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
