"""Turns what a source puts into a record into what JSON can hold, without losing a digit.

===================================  =====================================================
Python                               JSON
===================================  =====================================================
datetime                             RFC 3339 with offset; a naive one is taken as UTC
date, time, UUID, path, IP address   string
Decimal, int of any size             number, every digit kept
timedelta                            number of seconds
bytes                                UTF-8 text, base64 if it is none
NaN, Infinity, NaT                   null, with one counted warning per field
Decimal no double can hold           its digits if it is an integer that has them all, or of at
                                     most 5,000, else null, with one counted warning per field
lone surrogate in a string           U+FFFD, with one counted warning per field
list, tuple, set, frozenset, deque   array (sets in a stable order)
dict with other keys than strings    object, keys written as strings
Enum, dataclass, pydantic model      their value or fields
numpy scalar or array                what its ``tolist()`` gives
JsonObject                           its text
anything else                        an error that names the field and the type
===================================  =====================================================

Two keys of an object that read the same as text (1 and "1") are an error as well: one of them
would be lost.

Most records need none of this; the checks that find the ones that do are compiled in
:mod:`bizon_singer.schema`.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections import Counter, UserString
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from pathlib import PurePath
from typing import Any
from uuid import UUID

import orjson

from bizon_singer.errors import ProtocolError, kind_of, with_article
from bizon_singer.integers import decimal_of
from bizon_singer.moments import standard, text_of
from bizon_singer.redact import excerpt
from bizon_singer.source.models import JsonObject, decode_exactly

MAX_DEPTH = 200
MAX_PLAIN_DIGITS = 200
"""Decimals of a larger exponent are written as 1E+250, which is JSON as well."""
MAX_DOUBLE_EXPONENT = 308
"""Readers that take numbers as doubles make Infinity of ``1E+309``, but not of 310 digits."""
MAX_DECIMAL_DIGITS = 5_000
"""Of what an exponent says: ``1E+999999999`` would fill the memory."""
MAX_LOSSY_FIELDS = 100
"""Fields whose losses are counted apart: a map with arbitrary keys has any number of them."""
INT64_MIN = -(2**63)
UINT64_MAX = 2**64 - 1

OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
AS_IT_IS = frozenset({str, int, bool, type(None), date, UUID})
"""Types whose every value is written as it is; ints and texts orjson refuses see ``exact``."""

NAN = "NaN or Infinity became null"
NOT_A_TIME = "NaT became null"
TOO_LARGE = "a number no double can hold became null"
SURROGATE = "a lone surrogate became U+FFFD"
REPLACEMENT = "\ufffd"

_INTEGER = Decimal(1)
_FINER_THAN_DATETIME = ("[ns]", "[ps]", "[fs]", "[as]")


def is_writable(number: Decimal) -> bool:
    """Tell whether a Decimal can be written so that every reader gets a number."""
    if not number.is_finite():
        return False
    exponent = number.adjusted()
    return (
        exponent < MAX_DOUBLE_EXPONENT
        or number.same_quantum(_INTEGER)
        or (exponent < MAX_DECIMAL_DIGITS and number == number.to_integral_value())
    )


class Losses:
    """Counts, per field, the values JSON could not hold and what became of them."""

    def __init__(self) -> None:
        """Start with none."""
        self.counts: Counter[tuple[str, str]] = Counter()

    def note(self, field: str, what: str) -> bool:
        """Count one loss; return True the first time, when it is worth a warning."""
        if (field, what) not in self.counts and len(self.counts) >= MAX_LOSSY_FIELDS:
            field = "(other fields)"
        self.counts[field, what] += 1
        return self.counts[field, what] == 1


class ValueReader:
    """Converts values of one stream.

    Args:
        warn: Called with the field and what happened to its value, once per field and kind.
    """

    def __init__(self, warn: Callable[[str, str], None]) -> None:
        """Start without any loss."""
        self.losses = Losses()
        self._warn = warn

    def plain(self, value: Any, field: str = "", depth: int = 0) -> Any:
        """Return a value made only of what :func:`dumps` writes as it is.

        Args:
            value: Any value a source may return.
            field: Dotted path of the value in its record, for messages.
            depth: How deep the value is nested.

        Raises:
            ProtocolError: JSON cannot hold the value, or it is nested deeper than 200 levels.
        """
        if type(value) in AS_IT_IS:
            return value
        if isinstance(value, Mapping):
            return self._mapping(value, field, _deeper(depth, field))
        if isinstance(value, Enum):
            return self.plain(value.value, field, _deeper(depth, field))
        if isinstance(value, (bytes, bytearray, memoryview)):
            return _text(bytes(value))
        if isinstance(value, JsonObject):
            return self.plain(decode_exactly(value.text), field, depth)
        if isinstance(value, Sequence) and not isinstance(value, (str, UserString)):
            return self._items(value, field, _deeper(depth, field))
        if isinstance(value, AbstractSet):
            return _sorted(self._items(value, field, _deeper(depth, field)))
        return self._scalar(value, field, depth)

    def _mapping(self, value: Mapping[Any, Any], field: str, depth: int) -> dict[str, Any]:
        plain = {}
        count = 0
        for key, item in value.items():
            text = key if type(key) is str else _key_text(key, field)
            count += 1
            plain[text] = (
                item if type(item) in AS_IT_IS else self.plain(item, _joined(field, text), depth)
            )
        if len(plain) != count:
            raise _same_keys(field)
        return plain

    def _items(self, value: Iterable[Any], field: str, depth: int) -> list[Any]:
        return [
            item if type(item) in AS_IT_IS else self.plain(item, field, depth) for item in value
        ]

    def _scalar(self, value: Any, field: str, depth: int) -> Any:
        """Convert what holds no other values; what remains are objects."""
        if isinstance(value, float):
            # The methods of the types themselves: a subclass may show itself as anything.
            return float.__float__(value) if math.isfinite(value) else self._lost(field, NAN)
        if isinstance(value, Decimal):
            if is_writable(value):
                return Decimal(value)
            return self._lost(field, TOO_LARGE if value.is_finite() else NAN)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return int.__int__(value)
        if isinstance(value, timedelta):
            return _seconds(value)
        if isinstance(value, (date, time)):
            is_time = value == value  # noqa: PLR0124 - pandas.NaT does not equal itself
            return _standard(value, field) if is_time else self._lost(field, NOT_A_TIME)
        if isinstance(value, (UUID, PurePath, IPv4Address, IPv6Address, UserString)):
            return str(value)
        return self._object(value, field, depth)

    def _object(self, value: Any, field: str, depth: int) -> Any:
        """Convert an object by what it can do."""
        kind = type(value)
        if kind.__name__ == "NAType":  # pandas.NA, its null
            return None
        unknown = ProtocolError(
            f"{_where(field)} is {with_article(f'{kind.__module__}.{kind.__qualname__}')}, which "
            "JSON cannot hold; convert it in the source"
        )
        # numpy's scalars and arrays and pydantic's models, known by what their classes can do:
        # importing those packages to ask would cost every tap their start.
        convert = getattr(kind, "tolist", None) or getattr(kind, "model_dump", None)
        if dataclasses.is_dataclass(kind):
            convert = _fields_of
        if not callable(convert) or _is_finer_than_datetime(value):
            raise unknown
        try:
            converted = convert(value)
        except Exception as error:
            raise unknown from error
        if type(converted) is kind:
            raise unknown
        return self.plain(converted, field, _deeper(depth, field))

    def _lost(self, field: str, what: str) -> None:
        if self.losses.note(field, what):
            self._warn(field, what)

    def exact(self, value: Any, field: str = "") -> Any:
        """Return a value with what orjson refuses replaced: the slow way, when it did.

        Big integers become raw digits, lone surrogates U+FFFD, keys strings.

        Args:
            value: A plain value, or one the checks of a schema accept.
            field: Dotted path of the value in its record, for messages.

        Raises:
            ProtocolError: Two keys of an object are the same once they are text.
        """
        kind = type(value)
        if kind is str:
            return self._repaired(value, field)
        if kind is int:
            return value if INT64_MIN <= value <= UINT64_MAX else orjson.Fragment(_digits(value))
        if kind is dict:
            exact = {}
            for key, item in value.items():
                text = self._repaired(_key_text(key, field), field, is_key=True)
                exact[text] = self.exact(item, _joined(field, text))
            if len(exact) != len(value):
                raise _same_keys(field)
            return exact
        if kind is list:
            return [self.exact(item, field) for item in value]
        return value

    def _repaired(self, text: str, field: str, *, is_key: bool = False) -> str:
        """Return a text with lone surrogates replaced; two that are a pair are a character."""
        if text.isascii():
            return text
        repaired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if repaired.count(REPLACEMENT) > text.count(REPLACEMENT):
            self._lost(_joined(field, repaired) if is_key else field, SURROGATE)
        return repaired


def dumps(value: Any) -> bytes:
    """Encode a plain value as JSON.

    Raises:
        orjson.JSONEncodeError: It holds what only :meth:`ValueReader.exact` can write.
    """
    return orjson.dumps(value, _default, OPTIONS)


def _default(value: Any) -> Any:
    if type(value) is JsonObject:
        return orjson.Fragment(value.text)
    if not isinstance(value, Decimal):
        raise TypeError
    exponent = value.adjusted()
    if exponent >= MAX_DOUBLE_EXPONENT:
        return orjson.Fragment(format(value.to_integral_value(), "f"))
    small = abs(exponent) < MAX_PLAIN_DIGITS
    return orjson.Fragment(format(value, "f") if small else str(value))


def _digits(value: int) -> str:
    # str() refuses integers of more than 4,300 digits; Decimal does not.
    return format(decimal_of(value), "f")


def _seconds(value: timedelta) -> float | Decimal:
    """Return a duration as a float, or as a Decimal where a float would lose digits."""
    seconds = timedelta.total_seconds(value)
    exact = abs(seconds) < 10**9  # where a float still tells microseconds apart
    return seconds if exact else Decimal(value // timedelta(microseconds=1)).scaleb(-6)


def _standard(value: date | time, field: str) -> date | str:
    try:
        return standard(value)
    except Exception as error:
        raise ProtocolError(
            f"{_where(field)} is a time whose zone gives no usable offset; convert it in the source"
        ) from error


def _is_finer_than_datetime(value: Any) -> bool:
    """Tell numpy times of nanoseconds: their ``tolist`` gives bare integers."""
    return str(getattr(value, "dtype", "")).endswith(_FINER_THAN_DATETIME)


def _fields_of(value: Any) -> dict[str, Any]:
    return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}


def _sorted(items: list[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=_sort_key)


def _sort_key(item: Any) -> tuple[str, str]:
    shown = [_sort_key(inner) for inner in item] if type(item) is list else item
    # hex(): str() refuses integers of more than 4,300 digits.
    return type(item).__name__, hex(item) if type(item) is int else str(shown)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _key_text(key: Any, field: str) -> str:
    """Return a key as the text its value would be."""
    if isinstance(key, Enum):
        return _key_text(key.value, field)
    if isinstance(key, str):
        return str.__str__(key)
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return _digits(key)
    if isinstance(key, (date, time)):
        return text_of(_standard(key, field))
    if isinstance(key, bytes):
        return _text(key)
    if isinstance(key, (float, Decimal, UUID, PurePath, IPv4Address, IPv6Address)):
        return str(key)
    raise ProtocolError(
        f"{_where(field)} has a key that is {kind_of(key)}, which JSON cannot hold; make it a "
        "string in the source"
    )


def _deeper(depth: int, field: str) -> int:
    if depth > MAX_DEPTH:
        raise ProtocolError(
            f"{_where(field)} is nested deeper than {MAX_DEPTH} levels; shorten it in the source"
        )
    return depth + 1


def _same_keys(field: str) -> ProtocolError:
    return ProtocolError(
        f"{_where(field)} has two keys that read the same as text, such as 1 and '1'; rename one "
        "of them in the source"
    )


def _joined(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _where(field: str) -> str:
    return f"field `{excerpt(field, 80)}`" if field else "the record"
