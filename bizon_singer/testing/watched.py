"""A source that is watched: what its methods were given and did is noted, the source unchanged."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from bizon_singer.source_class import overrides

PAGE_METHODS = ("get", "get_records_after")


@dataclass(frozen=True)
class PageCall:
    """One page a source was asked for.

    Attributes:
        stream: Of this stream.
        method: ``get`` or ``get_records_after``.
        is_first: Whether it was the first page.
        changed_pagination: Whether it changed the pagination it was given.
    """

    stream: str
    method: str
    is_first: bool
    changed_pagination: bool


def copied(pagination: Any) -> Any:
    """Return a copy of a pagination, or itself where it has none: an open cursor, a lock."""
    try:
        return copy.deepcopy(pagination)
    except Exception:  # noqa: BLE001 - whatever the values of a user raise
        return pagination


def watched(source_class: type[Any], calls: list[PageCall]) -> type[Any]:
    """Return a subclass that notes the pages it is asked for.

    Args:
        source_class: Any source, ours or of the real bizon.
        calls: Gets the notes, in order.
    """
    names = [name for name in PAGE_METHODS if name == "get" or overrides(source_class, name)]
    methods = {name: _noting(getattr(source_class, name), name, calls) for name in names}
    about = {"__module__": source_class.__module__, "__doc__": source_class.__doc__}
    return type(source_class.__name__, (source_class,), {**about, **methods})


def _noting(method: Callable[..., Any], name: str, calls: list[PageCall]) -> Callable[..., Any]:
    @wraps(method)
    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        pagination = kwargs.get("pagination")
        before = copied(pagination)
        try:
            return method(self, *args, **kwargs)
        finally:
            stream = str(getattr(self.config, "stream", ""))
            calls.append(PageCall(stream, name, not before, pagination != before))

    return noting
