"""Turns what a source puts into a record into what JSON can hold, without losing a digit.

===================================  =====================================================
Python                               JSON
===================================  =====================================================
datetime                             RFC 3339 with offset; a naive one is taken as UTC
date, time, UUID, path, IP address   string
Decimal, int of any size             number, every digit kept
timedelta                            number of seconds
bytes                                UTF-8 text, base64 if it is none
NaN, Infinity                        null, with one counted warning per field
lone surrogate in a string           U+FFFD, with one counted warning per stream
tuple, set, frozenset, deque         array (sets in a stable order)
dict with other keys than strings    object, keys written as strings
Enum, dataclass, pydantic model      their value or fields
anything else                        an error that names the field and the type
===================================  =====================================================

Most records need none of this; the checks that find the ones that do are compiled in
:mod:`bizon_singer.schema`.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from pathlib import PurePath
from typing import Any
from uuid import UUID

import orjson

from bizon_singer.errors import ProtocolError

MAX_DEPTH = 200
MAX_PLAIN_DIGITS = 200
"""Decimals of a larger exponent are written as 1E+500, which is JSON as well."""
INT64_MIN = -(2**63)
UINT64_MAX = 2**64 - 1

OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
NATIVE = frozenset({str, int, bool, type(None)})


class Losses:
    """Counts, per field, the values JSON could not hold and what became of them."""

    def __init__(self) -> None:
        """Start with none."""
        self.counts: Counter[tuple[str, str]] = Counter()

    def note(self, field: str, what: str) -> bool:
        """Count one loss; return True the first time, when it is worth a warning."""
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
        kind = type(value)
        if kind in NATIVE or kind in _KEPT:
            return value
        if kind is float:
            return value if math.isfinite(value) else self._not_a_number(field)
        if depth > MAX_DEPTH:
            raise ProtocolError(
                f"field `{field[:80]}` is nested deeper than {MAX_DEPTH} levels; shorten it in the "
                "source"
            )
        if isinstance(value, Mapping):
            return {
                (key if type(key) is str else _key_text(key)): self.plain(
                    item, f"{field}.{key}" if field else str(key), depth + 1
                )
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple, deque)):
            return [self.plain(item, field, depth + 1) for item in value]
        if isinstance(value, AbstractSet):
            items = [self.plain(item, field, depth + 1) for item in value]
            return sorted(items, key=lambda item: (type(item).__name__, str(item)))
        return self._scalar(value, field, depth)

    def _scalar(self, value: Any, field: str, depth: int) -> Any:
        if isinstance(value, Enum):
            return self.plain(value.value, field, depth + 1)
        if isinstance(value, Decimal):
            return value if value.is_finite() else self._not_a_number(field)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return _text(bytes(value))
        if isinstance(value, timedelta):
            return value.total_seconds()
        for kind in (bool, int, str):
            if isinstance(value, kind):
                return kind(value)
        if isinstance(value, (datetime, date, time, UUID)):
            return value
        if isinstance(value, (PurePath, IPv4Address, IPv6Address)):
            return str(value)
        return self._object(value, field, depth)

    def _object(self, value: Any, field: str, depth: int) -> Any:
        """Convert an object by what it can do."""
        if isinstance(value, float):
            return self.plain(float(value), field, depth + 1)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
            return self.plain(fields, field, depth + 1)
        # numpy scalars and arrays, pandas timestamps and pydantic models, known by what they can
        # do: importing those packages to ask would cost every tap their start.
        for method in ("tolist", "to_pydatetime", "model_dump"):
            if hasattr(value, method) and not isinstance(value, type):
                return self.plain(getattr(value, method)(), field, depth + 1)
        raise ProtocolError(
            f"field `{field}` is a {type(value).__module__}.{type(value).__qualname__}, which JSON "
            "cannot hold; convert it in the source"
        )

    def _not_a_number(self, field: str) -> None:
        if self.losses.note(field, "NaN or Infinity became null"):
            self._warn(field, "NaN or Infinity became null")

    def exact(self, value: Any, field: str = "") -> Any:
        """Return a plain value with what orjson refuses replaced: the slow way, when it did.

        Big integers become raw digits, lone surrogates U+FFFD.
        """
        kind = type(value)
        if kind is str:
            return self._repaired(value, field)
        if kind is int:
            return value if INT64_MIN <= value <= UINT64_MAX else orjson.Fragment(_digits(value))
        if kind is dict:
            return {
                self._repaired(key, field): self.exact(item, f"{field}.{key}" if field else key)
                for key, item in value.items()
            }
        if kind is list:
            return [self.exact(item, field) for item in value]
        if kind is datetime:
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
            return moment.isoformat().replace("+00:00", "Z")
        return value

    def _repaired(self, text: str, field: str) -> str:
        if text.isascii():
            return text
        repaired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if repaired != text and self.losses.note(field, "a lone surrogate became U+FFFD"):
            self._warn(field, "a lone surrogate became U+FFFD")
        return repaired


_KEPT = frozenset({datetime, date, time, UUID})


def dumps(value: Any) -> bytes:
    """Encode a plain value as JSON.

    Raises:
        orjson.JSONEncodeError: It holds an integer beyond 64 bits or a lone surrogate, see
            :meth:`ValueReader.exact`.
    """
    return orjson.dumps(value, _default, OPTIONS)


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        small = abs(value.adjusted()) < MAX_PLAIN_DIGITS
        return orjson.Fragment(format(value, "f") if small else str(value))
    raise TypeError


def _digits(value: int) -> str:
    # str() refuses integers of more than 4,300 digits; Decimal does not.
    return format(Decimal(value), "f")


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _key_text(key: Any) -> str:
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, Enum):
        return _key_text(key.value)
    if isinstance(key, bytes):
        return _text(key)
    return str(key)
