"""A source that is watched: what its methods were given and did is noted, the source unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from bizon_singer.source_class import overrides

PAGE_METHODS = ("get", "get_records_after")
MAX_DEPTH = 50
"""What stands deeper is not looked at: it may stand in itself."""


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


def copied(value: Any, depth: int = 0) -> Any:
    """Return a copy of a pagination: of its dicts and lists, with the very values in them.

    So whatever it holds (an open cursor, a lock) can be in it, and is the same in both.
    """
    kind = type(value)
    if depth == MAX_DEPTH or kind not in {dict, list, tuple, set}:
        return value
    if kind is dict:
        return {name: copied(inner, depth + 1) for name, inner in value.items()}
    return kind(copied(inner, depth + 1) for inner in value)


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names under which two paginations differ."""
    return [
        str(name)
        for name in {**before, **after}
        if name not in before or name not in after or not same(before[name], after[name])
    ]


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal; those that cannot be compared are."""
    if one is other:
        return True
    if type(one) is type(other) is dict:
        return not differing(one, other)
    if type(one) is type(other) and type(one) in {list, tuple}:
        return len(one) == len(other) and all(map(same, one, other))
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - whatever the values of a user raise: an array does
        return True


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
        given = kwargs.get("pagination")
        pagination = {} if given is None else given
        before = copied(pagination)
        try:
            return method(self, *args, **kwargs)
        finally:
            stream = str(getattr(self.config, "stream", ""))
            was_changed = bool(differing(before, pagination))
            calls.append(PageCall(stream, name, not before, was_changed))

    return noting
