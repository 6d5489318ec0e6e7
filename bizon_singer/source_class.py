"""What can be told of a source by looking at its class: is it one, and what does it support."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from types import FunctionType
from typing import Any

from bizon_singer.errors import kind_of
from bizon_singer.source.source import AbstractSource

BASE = "AbstractSource"


def is_derived(value: Any) -> bool:
    """Tell whether something is a class derived from ours or Bizon's ``AbstractSource``."""
    return isinstance(value, type) and any(base.__name__ == BASE for base in value.__mro__[1:])


def why_no_source(source: Any) -> str | None:
    """Return why a class is no source, None if it is one: the rest of a sentence."""
    if not isinstance(source, type):
        return "is no class"
    if not is_derived(source):
        return f"is not derived from {BASE}"
    if inspect.isabstract(source):
        missing = ", ".join(sorted(getattr(source, "__abstractmethods__", ())))
        return f"does not implement {missing}"
    return _why_no_streams(source) or _why_no_settings(source)


def _why_no_streams(source: type[Any]) -> str | None:
    streams, reason = _call(source, "streams")
    if reason is not None:
        return reason
    if not isinstance(streams, (list, tuple)):
        return f"gives {kind_of(streams)} in streams(), no list of names"
    if not streams:
        return "gives no streams in streams()"
    for item in streams:
        name = getattr(item, "value", item)
        if not isinstance(name, str) or not name:
            return f"gives {kind_of(name)} in streams() that is no name"
    return None


def _why_no_settings(source: type[Any]) -> str | None:
    config_class, reason = _call(source, "get_config_class")
    if reason is not None:
        return reason
    if not (isinstance(config_class, type) and hasattr(config_class, "model_fields")):
        return "gives no pydantic class in get_config_class()"
    return None


def _call(source: type[Any], method: str) -> tuple[Any, str | None]:
    """Return what a static method gives, or why it gives nothing."""
    function: Callable[[], Any] = getattr(source, method)
    try:
        return function(), None
    except Exception as error:  # noqa: BLE001 - the user's code, whatever it raises
        plain = isinstance(inspect.getattr_static(source, method), FunctionType)
        if plain and isinstance(error, TypeError):
            return None, f"has no @staticmethod above {method}()"
        return None, f"raises {type(error).__name__} in {method}()"


def stream_names(source_class: type[Any]) -> list[str]:
    """Return the names of a source's streams: values, in order, once."""
    names = (str(getattr(item, "value", item)) for item in source_class.streams())
    return list(dict.fromkeys(names))


def format_by_value(member: Any) -> None:
    """Let the members of a text enumeration be formatted as their values, as before Python 3.11.

    Sources written then have ``f"{BASE_URL}/{self.config.stream}"``, and since then ask for
    ``…/Streams.ORDERS``. A class that says how its members read as text is left alone.
    """
    kind = type(member)
    plain: object = Enum.__str__
    if isinstance(member, str) and isinstance(member, Enum) and kind.__str__ is plain:
        kind.__format__ = _formatted_value  # type: ignore[assignment]


def _formatted_value(member: Any, spec: str) -> str:
    return format(member.value, spec)


def overrides(source_class: type[Any], method: str) -> bool:
    """Tell whether a source implements an optional method itself.

    The function is compared with the one of the class named ``AbstractSource`` it descends from,
    ours or Bizon's: reading its source text, as Bizon does, takes a comment for an implementation.
    """
    own = getattr(source_class, method, None)
    if own is None:
        return False
    for base in source_class.__mro__:
        if base is AbstractSource or base.__name__ == BASE:
            return own is not getattr(base, method, None)
    return True
