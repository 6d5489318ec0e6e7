"""Times of any make, as RFC 3339 can write them without moving the moment.

An offset of RFC 3339 has whole minutes. Local mean times (most of the world before 1920) and
times of odd make have seconds in theirs, which orjson rounds: the moment moves by up to 30 s.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

_MINUTE = timedelta(minutes=1)


def has_rfc3339_offset(moment: datetime) -> bool:
    """Tell whether a time's offset is in whole minutes, or the time is naive."""
    if moment.tzinfo is None or moment.tzinfo is UTC:
        return True
    try:
        offset = moment.utcoffset()
    except Exception:  # noqa: BLE001 - a time zone of other hands; `standard` raises it again
        return False
    return offset is None or not offset % _MINUTE


def standard(value: date | time) -> date | str:
    """Return a time of any class as one of the standard library that orjson writes exactly.

    What it does not write is returned as text: nanoseconds, and a time of day (orjson 3.13 writes
    a hundredth of a second as a tenth, "00:00:00.10000", and refuses zones).

    Raises:
        Exception: Whatever its time zone raises.
    """
    if isinstance(value, time):
        return value.isoformat()
    if not isinstance(value, datetime):
        return date(value.year, value.month, value.day)
    moment = value
    if type(value) is not datetime:
        moment = datetime.combine(datetime.date(value), datetime.timetz(value))
    if not has_rfc3339_offset(moment):
        moment = _in_whole_minutes(moment)
    nanosecond = getattr(value, "nanosecond", 0)
    if not nanosecond:
        return moment
    text = text_of(moment.replace(microsecond=0))  # pandas.Timestamp, finer than a datetime
    return f"{text[:19]}.{moment.microsecond:06d}{nanosecond:03d}{text[19:]}"


def text_of(value: date | str) -> str:
    """Return what :func:`standard` returned as the text orjson writes."""
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.utcoffset() is None else value
        return aware.isoformat().replace("+00:00", "Z")
    return value if isinstance(value, str) else value.isoformat()


def _in_whole_minutes(moment: datetime) -> datetime:
    """Return the same moment in UTC, or at the ends of the calendar at the nearest whole offset."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        offset = moment.utcoffset() or timedelta(0)
        local = moment.replace(tzinfo=None)
        near = offset // _MINUTE * _MINUTE
        # Only the first seconds of the year 1 cannot go back, and they can go on.
        near = near if local.year > 1 else near + _MINUTE
        return (local + (near - offset)).replace(tzinfo=timezone(near))


def rfc3339(moment: datetime) -> str:
    """Write a time in UTC with a ``Z``; a naive one is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
