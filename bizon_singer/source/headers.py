"""Headers as requests keeps them, without a Python call for each name.

A request asks a dozen times for one header or another, and most are not there; the mapping of
``requests`` raises an error within for each of those, and copies and lists name by name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import ItemsView, Iterator
from typing import Any

from requests.structures import CaseInsensitiveDict


class Headers(CaseInsensitiveDict[str]):
    """Headers of a request or an answer."""

    _store: OrderedDict[str, tuple[str, str]]

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a header."""
        return isinstance(name, str) and name.lower() in self._store

    def __iter__(self) -> Iterator[str]:
        """Yield the names as they are now."""
        return iter(dict(self._store.values()))

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a header."""
        found = self._store.get(name.lower())
        return default if found is None else found[1]

    def items(self) -> ItemsView[str, str]:
        """Return names and values as they are now."""
        return dict(self._store.values()).items()

    def copy(self) -> Headers:
        """Return headers that can be changed on their own."""
        made = Headers.__new__(Headers)
        made._store = self._store.copy()  # noqa: SLF001 - it is of this class
        return made
