"""What Avro's logical types become: moments, decimals, texts.

https://avro.apache.org/docs/1.12.0/specification/#logical-types; the table of them is in
:mod:`.avro`.
"""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Callable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any

from bizon_singer.values import MAX_DECIMAL_DIGITS
from bizon_taps.kafka.decoding.avro_primitives import read_bytes, read_int
from bizon_taps.kafka.decoding.avro_schema import AvroType
from bizon_taps.kafka.decoding.calendar import (
    MICROSECOND,
    MILLISECOND,
    NANOS,
    clock,
    day,
    local_time,
    moment,
    moment_of,
)
from bizon_taps.kafka.decoding.error import DecodeError

Convert = Callable[[Any], Any]

_MAX_DECIMAL_BYTES = MAX_DECIMAL_DIGITS * 2 // 5
_DAY_NANOS = 86_400 * NANOS
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_duration = struct.Struct("<III").unpack


def converter_of(made: AvroType) -> Convert | None:
    """Return what makes a value of what the bytes of a type hold, None if nothing is to be done."""
    if made.logical == "decimal":
        return _decimal_of(made.scale)
    if made.kind == "fixed" and made.logical == "uuid":
        return _uuid
    if made.kind in {"bytes", "fixed"}:
        return _OF_LOGICAL.get(made.logical, _base64)
    return _OF_LOGICAL.get(made.logical)


def exact_decimal(unscaled: bytes, scale: int) -> Decimal:
    """Return the number whose digits are in two's complement, the largest byte first.

    Args:
        unscaled: The digits.
        scale: How many of them stand after the point.

    Raises:
        DecodeError: They are too many.
    """
    if len(unscaled) > _MAX_DECIMAL_BYTES:
        raise DecodeError(f"a decimal in it has more than {MAX_DECIMAL_DIGITS:,} digits")
    return _EXACT.scaleb(Decimal(int.from_bytes(unscaled, "big", signed=True)), -scale)


def _decimal_of(scale: int) -> Convert:
    return lambda raw: exact_decimal(raw, scale)


def _big_decimal(raw: bytes) -> Decimal:
    try:
        unscaled, at = read_bytes(raw, 0)
        scale, at = read_int(raw, at)
    except (IndexError, DecodeError):
        at = -1
    if at != len(raw):
        raise DecodeError("a big-decimal in it is no number with a scale")
    return exact_decimal(unscaled, scale)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _uuid(raw: bytes) -> str:
    return str(uuid.UUID(bytes=raw))


def _time_of(nanos: int) -> Convert:
    def convert(number: int) -> str:
        if not 0 <= number * nanos < _DAY_NANOS:
            raise DecodeError("a time of day in it is not within a day")
        return clock(number * nanos)

    return convert


def _iso_duration(raw: bytes) -> str:
    months, days, millis = _duration(raw)
    seconds, fraction = divmod(millis, 1_000)
    return f"P{months}M{days}DT{seconds}{f'.{fraction:03d}' if fraction else ''}S"


_OF_LOGICAL: dict[str, Convert] = {
    "date": day,
    "time-millis": _time_of(1_000_000),
    "time-micros": _time_of(1_000),
    "timestamp-millis": lambda number: moment_of(number, MILLISECOND),
    "timestamp-micros": lambda number: moment_of(number, MICROSECOND),
    "timestamp-nanos": moment,
    "local-timestamp-millis": lambda number: local_time(number * 1_000_000),
    "local-timestamp-micros": lambda number: local_time(number * 1_000),
    "local-timestamp-nanos": local_time,
    "big-decimal": _big_decimal,
    "duration": _iso_duration,
}
