"""Moments and days counted from 1970, as RFC 3339 where its calendar reaches.

Avro counts in 64 bits, so a message may hold a moment of the year 292,278,994; producers do write
such values for "never". RFC 3339 ends with the year 9999: what lies beyond is written with the
sign and the digits ISO 8601 gives it (``+292278994-08-17T07:12:55.807Z``), and the schema of the
stream widens to any text. Times finer than a microsecond are text as well, for a datetime would
round them. A local time has no offset and is no RFC 3339 moment: it is written without one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()
NANOS = 1_000_000_000
MILLISECOND, MICROSECOND = timedelta(milliseconds=1), timedelta(microseconds=1)
_DAY_SECONDS = 86_400
_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097
"""The Gregorian calendar repeats after so many years and days."""
_FIRST_YEAR, _LAST_YEAR = 1, 9999


def moment_of(number: int, unit: timedelta) -> datetime | str:
    """Return the moment so many units after the epoch."""
    try:
        return EPOCH + number * unit
    except OverflowError:
        return f"{local_time(number * (unit // MICROSECOND) * 1_000)}Z"


def moment(nanos: int) -> datetime | str:
    """Return the moment so many nanoseconds after the epoch."""
    micros, finer = divmod(nanos, 1_000)
    return f"{local_time(nanos)}Z" if finer else moment_of(micros, MICROSECOND)


def local_time(nanos: int) -> str:
    """Return a local time so many nanoseconds after the epoch, without an offset."""
    seconds, fraction = divmod(nanos, NANOS)
    days, second = divmod(seconds, _DAY_SECONDS)
    return f"{_day_text(days)}T{clock(second * NANOS + fraction)}"


def clock(nanos: int) -> str:
    """Return the time of day so many nanoseconds after midnight; they are less than a day."""
    seconds, fraction = divmod(nanos, NANOS)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    text = f"{hour:02d}:{minute:02d}:{second:02d}"
    if not fraction:
        return text
    digits = f"{fraction:09d}"
    return f"{text}.{digits[:6] if digits.endswith('000') else digits}"


def day(days: int) -> date | str:
    """Return the day so many days after the epoch."""
    try:
        return date.fromordinal(EPOCH_DAY + days)
    except (ValueError, OverflowError):
        return _day_text(days)


def _day_text(days: int) -> str:
    cycles, index = divmod(EPOCH_DAY - 1 + days, _CYCLE_DAYS)
    within = date.fromordinal(index + 1)
    year = within.year + cycles * _CYCLE_YEARS
    shown = f"{year:04d}" if _FIRST_YEAR <= year <= _LAST_YEAR else f"{year:+05d}"
    return f"{shown}-{within.month:02d}-{within.day:02d}"
