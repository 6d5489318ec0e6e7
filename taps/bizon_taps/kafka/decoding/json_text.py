"""Reads a message that is JSON, every digit kept.

A number a double would round becomes a Decimal, one too large for a double as well; the package
writes both as they came. What strict JSON forbids and producers write all the same is read: a
byte order mark, raw control characters in a text, lone surrogates, NaN. Of two equal keys the
last one counts, as in every JSON reader a producer may have tested against.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from bizon_singer.integers import read_integer
from bizon_singer.values import MAX_DEPTH
from bizon_taps.kafka.decoding.error import DecodeError

MAX_VALUE_DEPTH = MAX_DEPTH - 10
"""How deep a value may be nested: a record holds it some levels down."""
_DIGITS_OF_A_DOUBLE = 15


def _number(text: str) -> float | Decimal:
    """Return a literal with a fraction or an exponent, as a float where that is exact."""
    value = float(text)
    if len(text) <= _DIGITS_OF_A_DOUBLE and not ("e" in text or "E" in text):
        return value
    exact = Decimal(text)
    return value if exact == Decimal(repr(value)) else exact


_decode = msgspec.json.Decoder(float_hook=_number).decode
_lenient = json.JSONDecoder(parse_float=_number, parse_int=read_integer, strict=False)


def read_json(data: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        DecodeError: It is no JSON, no UTF-8, or nested too deep.
    """
    try:
        value = _decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, InvalidOperation):
        value = _read_leniently(data)
    # Each level costs a bracket, and counting bytes costs next to nothing.
    if data.count(b"[") + data.count(b"{") > MAX_VALUE_DEPTH:
        check_depth(value)
    return value


def _read_leniently(data: bytes) -> Any:
    try:
        return _lenient.decode(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise DecodeError("it is no UTF-8 text") from None
    except InvalidOperation:
        raise DecodeError("it holds a number with an exponent beyond all bounds") from None
    except RecursionError:
        raise too_deep() from None
    except ValueError:
        raise DecodeError("it is no JSON" if data else "it is empty, which is no JSON") from None


def check_depth(value: Any) -> None:
    """Refuse a value whose nesting the package could not write.

    Raises:
        DecodeError: It is nested too deep.
    """
    level = [value]
    for _ in range(MAX_VALUE_DEPTH + 1):
        inner = [item for item in level if isinstance(item, (dict, list))]
        if not inner:
            return
        level = [
            each for item in inner for each in (item.values() if isinstance(item, dict) else item)
        ]
    raise too_deep()


def too_deep() -> DecodeError:
    """Return the error for a value of too many levels."""
    return DecodeError(f"it is nested deeper than {MAX_VALUE_DEPTH} levels")
