"""Values of properties: on the wire each is a text or null, here it has the type of its property.

==============  ================================================  ===============================
type            what is taken                                     what becomes of it
==============  ================================================  ===============================
bool            ``true``, ``false`` in any case                   boolean
number          digits, a sign, a fraction, an exponent           number, every digit kept
date            ISO date, or midnight UTC as ISO or epoch ms      date
datetime        ISO with or without fraction, epoch ms (also      date-time, as it came where that
                as ``1706659200000.0``), a bare date              is RFC 3339
anything else   any text                                          text
==============  ================================================  ===============================

An empty text is a cleared value: null for the first four. What cannot be typed (``1234;5678`` or
``N/A`` as a number happen) raises :class:`UntypedError`; the caller keeps the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bizon_singer.fitting import is_date_time
from bizon_singer.integers import read_integer
from bizon_singer.values import is_writable

Convert = Callable[[Any], Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATE_CHARACTERS = 10
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MILLISECONDS = re.compile(r"(-?[0-9]{1,18})(?:\.0*)?")


class UntypedError(ValueError):
    """A value is not of the type of its property."""


def to_bool(value: Any) -> bool | None:
    """Return a boolean."""
    if value == "true" or value is True:
        return True
    if value == "false" or value is False:
        return False
    word = value.strip().lower() if isinstance(value, str) else None
    if word == "":
        return None
    if word in {"true", "false"}:
        return word == "true"
    raise UntypedError


def to_number(value: Any) -> int | float | Decimal | None:
    """Return a number: exact, and a float only where that writes the same digits."""
    if not isinstance(value, str):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        raise UntypedError
    text = value.strip()
    if _INTEGER.fullmatch(text):
        return read_integer(text)
    if not text:
        return None
    number = _float(text)
    if number is not None and repr(number) == text:
        return number
    if not _NUMBER.fullmatch(text):
        raise UntypedError
    exact = Decimal(text)
    if not is_writable(exact):
        raise UntypedError
    return exact


def _float(text: str) -> float | None:
    """Return the float of a text that ends in a digit, as ``nan`` and ``inf`` do not."""
    try:
        return float(text) if text[-1].isdigit() else None
    except ValueError:
        return None


def to_datetime(value: Any) -> str | None:
    """Return an RFC 3339 date-time."""
    if isinstance(value, str) and value[10:11] == "T" and is_date_time(value):
        return value
    moment = moment_of(value)
    return None if moment is None else written(moment)


def to_date(value: Any) -> str | None:
    """Return an ISO date."""
    if isinstance(value, str) and len(value) == DATE_CHARACTERS and value[4] == "-":
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError as error:
            raise UntypedError from error
    moment = moment_of(value)
    if moment is None:
        return None
    if moment.timetz() != EPOCH.timetz():  # a time of day a date would lose
        raise UntypedError
    return moment.date().isoformat()


def moment_of(value: Any) -> datetime | None:
    """Return the moment a text or a number of milliseconds stands for, None for an empty text.

    Raises:
        UntypedError: It stands for none.
    """
    text = str(value).strip()
    if not text:
        return None
    milliseconds = _MILLISECONDS.fullmatch(text)
    try:
        if milliseconds:
            return EPOCH + timedelta(milliseconds=int(milliseconds[1]))
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UntypedError from error


def written(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC."""
    whole = "seconds" if not moment.microsecond else "milliseconds"
    precise = "microseconds" if moment.microsecond % 1000 else whole
    return moment.isoformat(timespec=precise).replace("+00:00", "Z")


CONVERTERS: dict[str, Convert] = {
    "bool": to_bool,
    "number": to_number,
    "datetime": to_datetime,
    "date": to_date,
}
"""How values of a type are converted; those of other types stay the text they are."""

SCHEMAS: dict[str, dict[str, Any]] = {
    "bool": {"type": ["null", "boolean"]},
    "number": {"type": ["null", "number"]},
    "datetime": {"type": ["null", "string"], "format": "date-time"},
    "date": {"type": ["null", "string"], "format": "date"},
}
TEXT_SCHEMA: dict[str, Any] = {"type": ["null", "string"]}
WHAT: dict[str, str] = {
    "bool": "no boolean",
    "number": "no number",
    "datetime": "no time",
    "date": "no date",
}
