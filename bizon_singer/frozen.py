"""Keeps Python values in STATE and gives them back as they were.

A pagination or a custom state is whatever a source likes: Bizon's own break on ``datetime``,
tuples and integer keys when a run is resumed from JSON (bizon 0.3.16, 0.5.2). What JSON cannot
hold is written as ``{"$type": NAME, "value": …}`` and restored on the way back.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

TAG = "$type"
MAX_DEPTH = 100
_USER_INFO = re.compile(r"://[^/\s]*@")


class CannotFreezeError(Exception):
    """A value has no JSON form that gives it back."""


_SCALARS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
    timedelta: ("timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    Decimal: ("decimal", str),
    UUID: ("uuid", str),
    bytes: ("bytes", lambda value: base64.b64encode(value).decode()),
}
_RESTORED: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda value: timedelta(*value),
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": base64.b64decode,
    "float": float,
    "text": lambda value: base64.b64decode(value).decode("utf-8", "surrogatepass"),
    "tuple": lambda value: tuple(thaw(item) for item in value),
    "set": lambda value: {thaw(item) for item in value},
    "frozenset": lambda value: frozenset(thaw(item) for item in value),
    "dict": lambda value: {thaw(key): thaw(item) for key, item in value},
}


def freeze(value: Any, depth: int = 0) -> Any:
    """Return a JSON value from which :func:`thaw` makes an equal value again.

    Raises:
        CannotFreezeError: There is none (an object of some class), or it is nested too deep.
    """
    kind = type(value)
    if value is None or kind is bool or kind is int:
        return value
    if kind is float:
        return value if math.isfinite(value) else _tagged("float", repr(value))
    if isinstance(value, Enum):
        return freeze(value.value, depth)
    if isinstance(value, str):
        return _freeze_text(str(value))
    if kind in _SCALARS:
        name, encode = _SCALARS[kind]
        return _tagged(name, encode(value))
    if depth > MAX_DEPTH:
        raise CannotFreezeError
    if isinstance(value, Mapping):
        if TAG not in value and all(type(key) is str and key.isprintable() for key in value):
            return {key: freeze(item, depth + 1) for key, item in value.items()}
        pairs = [[freeze(key, depth + 1), freeze(item, depth + 1)] for key, item in value.items()]
        return _tagged("dict", pairs)
    if kind is list:
        return [freeze(item, depth + 1) for item in value]
    if kind is tuple:
        return _tagged("tuple", [freeze(item, depth + 1) for item in value])
    if kind in (set, frozenset):
        items = [freeze(item, depth + 1) for item in value]
        return _tagged(kind.__name__, sorted(items, key=repr))
    raise CannotFreezeError


def _freeze_text(text: str) -> Any:
    try:
        text.encode()
    except UnicodeEncodeError:
        return _tagged("text", base64.b64encode(text.encode("utf-8", "surrogatepass")).decode())
    return text


def _tagged(name: str, value: Any) -> dict[str, Any]:
    return {TAG: name, "value": value}


def thaw(value: Any) -> Any:
    """Return the value :func:`freeze` was given.

    Raises:
        ValueError: A tag is unknown or its content is not what it says.
    """
    if isinstance(value, list):
        return [thaw(item) for item in value]
    if not isinstance(value, dict):
        return value
    if TAG not in value:
        return {key: thaw(item) for key, item in value.items()}
    restore = _RESTORED.get(value[TAG])
    if restore is None:
        raise ValueError("a value of an unknown type")
    try:
        return restore(value["value"])
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError("a value that is not of its type") from error


def holds_secret(frozen: Any, redact: Callable[[str], str]) -> bool:
    """Tell whether a frozen value carries a registered secret or a URL with user info."""
    if isinstance(frozen, str):
        return redact(frozen) != frozen or _USER_INFO.search(frozen) is not None
    if isinstance(frozen, dict):
        return any(
            holds_secret(key, redact) or holds_secret(item, redact) for key, item in frozen.items()
        )
    if isinstance(frozen, list):
        return any(holds_secret(item, redact) for item in frozen)
    return False
