"""Keeps Python values in STATE and gives them back as they were.

A pagination or a custom state is whatever a source likes: Bizon's own break on ``datetime``,
tuples and integer keys when a run is resumed from JSON (bizon 0.3.16, 0.5.2). What JSON cannot
hold is written as ``{"$type": NAME, "value": …}`` and restored on the way back.

A value of which only something like it would come back (a namedtuple, a defaultdict, a pendulum
time) is refused: a source resumed with it could fail on every run from then on, where one that
starts again does not.
"""

from __future__ import annotations

import base64
import math
import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

TAG = "$type"
VALUE = "value"
MAX_DEPTH = 100
"""Levels of JSON a frozen value may have; orjson writes 254, and STATE has some around it."""
INT64_MIN = -(2**63)
UINT64_MAX = 2**64 - 1
_TIMES = frozenset({"datetime", "time"})
_USER_INFO = re.compile(r"://[^/?#\s]*@")


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


def freeze(value: Any, depth: int = 0) -> Any:
    """Return a JSON value from which :func:`thaw` makes an equal value again.

    Raises:
        CannotFreezeError: There is none (an object of some class), or it is nested too deep.
    """
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind in _SCALARS:
        return _freeze_scalar(value)
    if depth >= MAX_DEPTH:
        raise CannotFreezeError
    if kind is dict or kind is OrderedDict:
        return _freeze_dict(value, depth)
    if kind is list:
        return [freeze(item, depth + 1) for item in value]
    if kind is tuple:
        return _tagged("tuple", [freeze(item, depth + 2) for item in value])
    if kind is set or kind is frozenset:
        # Sorted, so that equal sets are written the same.
        items = [freeze(item, depth + 2) for item in value]
        return _tagged(kind.__name__, sorted(items, key=repr))
    return _freeze_number_or_text(value)


def _freeze_scalar(value: Any) -> dict[str, Any]:
    name, encode = _SCALARS[type(value)]
    try:
        frozen = _tagged(name, encode(value))
        # Times at the end of summer time equal none of another zone (PEP 495).
        same = name not in _TIMES or thaw(frozen) == value
    except Exception as error:  # of a time zone of other hands
        raise CannotFreezeError from error
    if not same:
        raise CannotFreezeError
    return frozen


def _freeze_dict(value: dict[Any, Any], depth: int) -> Any:
    if TAG not in value and all(type(key) is str and key.isprintable() for key in value):
        return {key: freeze(item, depth + 1) for key, item in value.items()}
    pairs = [[freeze(key, depth + 3), freeze(item, depth + 3)] for key, item in value.items()]
    return _tagged("dict", pairs)


def _freeze_number_or_text(value: Any) -> Any:
    """Freeze what equals a number or a text: these, an IntEnum, a numpy.float64."""
    # The methods of the types themselves: a subclass may show itself as anything.
    if isinstance(value, str):
        return _freeze_text(str.__str__(value))
    if isinstance(value, int):
        number = int.__int__(value)
        # Many readers make a double of a larger one, and Python reads 4,300 digits at most.
        return number if INT64_MIN <= number <= UINT64_MAX else _tagged("int", hex(number))
    if isinstance(value, float):
        return float.__float__(value) if math.isfinite(value) else _tagged("float", f"{value:f}")
    raise CannotFreezeError


def _freeze_text(text: str) -> Any:
    try:
        text.encode()
    except UnicodeEncodeError:
        return _tagged("text", base64.b64encode(text.encode("utf-8", "surrogatepass")).decode())
    return text


def _tagged(name: str, value: Any) -> dict[str, Any]:
    return {TAG: name, VALUE: value}


def thaw(value: Any, depth: int = 0) -> Any:
    """Return the value :func:`freeze` was given.

    A Decimal is taken for a float: a reader that keeps decimals exact makes it of one.

    Raises:
        ValueError: A tag is unknown, its content is not what it says, or it is nested too deep.
    """
    kind = type(value)
    if kind is Decimal:
        return float(value)
    if kind is not list and kind is not dict:
        return value
    if depth > MAX_DEPTH + 3:  # a date as a key of the deepest dict
        raise ValueError("a value that is nested too deep")
    if kind is list:
        return [thaw(item, depth + 1) for item in value]
    if TAG not in value:
        return {key: thaw(item, depth + 1) for key, item in value.items()}
    return _restored(value, depth)


def _restored(tagged: dict[str, Any], depth: int) -> Any:
    name, content = tagged[TAG], tagged.get(VALUE)
    if not isinstance(name, str) or len(tagged) != 2:  # noqa: PLR2004 - the tag and the value
        raise ValueError("a value that is not one of its kind")
    try:
        if name in _TEXTUAL and isinstance(content, str):
            return _TEXTUAL[name](content)
        if name in _LISTED and isinstance(content, list):
            return _LISTED[name](content, depth + 2)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ValueError("a value that is not of its type") from error
    raise ValueError("a value of an unknown type")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


_TEXTUAL: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": _decoded,
    "float": float,
    "int": lambda text: int(text, 16),
    "text": lambda text: _decoded(text).decode("utf-8", "surrogatepass"),
}
_LISTED: dict[str, Callable[[list[Any], int], Any]] = {
    "timedelta": lambda parts, _: timedelta(*parts),
    "tuple": lambda items, depth: tuple(thaw(item, depth) for item in items),
    "set": lambda items, depth: {thaw(item, depth) for item in items},
    "frozenset": lambda items, depth: frozenset(thaw(item, depth) for item in items),
    "dict": lambda pairs, depth: {
        thaw(key, depth + 1): thaw(item, depth + 1) for key, item in pairs
    },
}


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
