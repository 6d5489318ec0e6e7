"""What a cell holds: its kind and its value, dates from their serial numbers exactly.

A date is a number of days since 1899-12-30, its fraction the time of day; only the number format
tells it from other numbers. It has no time zone: that of the spreadsheet is taken.
https://developers.google.com/workspace/sheets/api/guides/formats#about_date_time_values
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from bizon_taps.gsheets.grid import Cell, Value, number_format

EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - local to the spreadsheet
DAY_MS = 86_400_000
SECOND_MS = 1000
EXACT_INTEGERS = 2**53
"""Below this, every integer a double holds is the one that was meant."""


class Kind(StrEnum):
    """What a cell holds, or all cells of a column."""

    BLANK = "blank"
    ERROR = "error"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    STRING = "text"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DURATION = "duration"


VALUED = frozenset(Kind) - {Kind.BLANK, Kind.ERROR}
_BLANK = (Kind.BLANK, None)
_TIMED = frozenset({"DATE", "DATE_TIME", "TIME"})

Content = tuple[Kind, Any]


def content(cell: Cell, zone: tzinfo) -> Content:
    """Return kind and value of a cell; of an error, the word for it.

    A text of no letters is blank: formulas give it where they have nothing to say.
    """
    value = cell.effective_value
    if value is None:
        return _BLANK
    if value.string_value is not None:
        return (Kind.STRING, value.string_value) if value.string_value else _BLANK
    if value.number_value is not None:
        shown = number_format(cell)
        if shown in _TIMED:
            return _moment(value.number_value, shown, zone)
        return _number(value.number_value)
    return _other(value)


def _other(value: Value) -> Content:
    if value.bool_value is not None:
        return Kind.BOOLEAN, value.bool_value
    if value.error_value is not None:
        return Kind.ERROR, value.error_value.type
    return _BLANK


def _number(number: float) -> Content:
    if isinstance(number, int):
        return Kind.INTEGER, number
    if number.is_integer() and abs(number) < EXACT_INTEGERS:
        return Kind.INTEGER, int(number)
    return Kind.NUMBER, number


def _moment(serial: float, shown: str, zone: tzinfo) -> Content:
    """Return what a serial number stands for, to the millisecond, which is what a sheet keeps."""
    try:
        milliseconds = round(serial * DAY_MS)
        if shown == "TIME":
            return _time(milliseconds)
        moment = EPOCH + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):  # beyond the year 9999, or before the first
        return _number(serial)
    if shown == "DATE" and milliseconds % DAY_MS == 0:
        return Kind.DATE, moment.date()
    # A date that has a time of day as well shows it nowhere, and yet it is there.
    return Kind.DATETIME, moment.replace(tzinfo=zone)


def _time(milliseconds: int) -> Content:
    sign = "-" if milliseconds < 0 else ""
    seconds, rest = divmod(abs(milliseconds), SECOND_MS)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    fraction = f".{rest:03d}" if rest else ""
    is_time = 0 <= milliseconds < DAY_MS
    text = f"{sign}{hours:02d}:{minute:02d}:{second:02d}{fraction}"
    return (Kind.TIME if is_time else Kind.DURATION), text


def text_of(kind: Kind, value: Any) -> str:
    """Return a value as text: in a column of several kinds, and in the name of a column."""
    if kind is Kind.BOOLEAN:
        return "TRUE" if value else "FALSE"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return value if isinstance(value, str) else str(value)


def common(kinds: Iterable[Kind]) -> Kind:
    """Return the kind that stands for the cells of a column: text where they have no other.

    Blank cells and errors have no say. A column without any value is one of text.
    """
    found = frozenset(kinds) & VALUED
    if len(found) == 1:
        return next(iter(found))
    if found == {Kind.INTEGER, Kind.NUMBER}:
        return Kind.NUMBER
    if found == {Kind.DATE, Kind.DATETIME}:
        return Kind.DATETIME
    if found == {Kind.TIME, Kind.DURATION}:
        return Kind.DURATION
    return Kind.STRING
