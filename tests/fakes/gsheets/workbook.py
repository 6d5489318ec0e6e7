"""Made-up spreadsheets: their worksheets and cells, to be edited at any time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet knows no zone
A_DAY = timedelta(days=1)
DAY_ONE = datetime(2026, 3, 1, 12, tzinfo=UTC)
MESSAGES = {
    "N_A": ("#N/A", "Did not find value 'x' in VLOOKUP evaluation."),
    "DIVIDE_BY_ZERO": ("#DIV/0!", "Function DIVIDE parameter 2 cannot be zero."),
    "REF": ("#REF!", "Reference does not exist."),
    "NAME": ("#NAME?", "Unknown function: 'NONE'."),
}


@dataclass(frozen=True)
class Failed:
    """A formula that has no value; one of MESSAGES."""

    type: str = "N_A"


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        value: A text, a number, a truth, or :class:`Failed`; None is blank.
        format: Type of its number format, None where nobody chose one.
        formula: What gives the value, if a formula does.
        shown: How it is displayed, where that is not as its value says.
    """

    value: Any = None
    format: str | None = None
    formula: str | None = None
    shown: str | None = None


def cell(value: Any) -> Cell:
    """Return the cell a value of Python makes: dates become numbers with a format."""
    if isinstance(value, Cell):
        return value
    if isinstance(value, datetime):
        return Cell((value - FIRST_DAY) / A_DAY, "DATE_TIME", shown=value.isoformat(" "))
    if isinstance(value, date):
        days = (datetime(value.year, value.month, value.day) - FIRST_DAY) / A_DAY  # noqa: DTZ001
        return Cell(int(days), "DATE", shown=value.isoformat())
    if isinstance(value, time):
        moment = timedelta(
            hours=value.hour,
            minutes=value.minute,
            seconds=value.second,
            microseconds=value.microsecond,
        )
        return Cell(moment / A_DAY, "TIME", shown=value.isoformat())
    if isinstance(value, timedelta):
        return Cell(value / A_DAY, "TIME", shown=str(value))
    return Cell(None if value == "" else value)


@dataclass
class Sheet:
    """A worksheet.

    Attributes:
        rows: Its cells from the first row on; a row may be of any length.
        row_count: How many rows its grid has.
        merges: First row, first column, last row, last column, counted from 1.
    """

    title: str
    sheet_id: int = 0
    rows: list[list[Cell]] = field(default_factory=list)
    row_count: int = 1000
    column_count: int = 26
    kind: str = "GRID"
    is_hidden: bool = False
    frozen_rows: int = 0
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)

    def fill(self, *rows: Any) -> Sheet:
        """Put rows of values below those there are."""
        self.rows += [[cell(value) for value in row] for row in rows]
        self.row_count = max(self.row_count, len(self.rows))
        self.column_count = max(self.column_count, *(len(row) for row in self.rows), 1)
        return self

    def put(self, row: int, column: int, value: Any) -> None:
        """Put a value into a cell, counted from 1."""
        while len(self.rows) < row:
            self.rows.append([])
        line = self.rows[row - 1]
        line += [Cell()] * (column - len(line))
        line[column - 1] = cell(value)

    def at(self, row: int, column: int) -> Cell:
        """Return a cell, counted from 1."""
        line = self.rows[row - 1] if row <= len(self.rows) else []
        return line[column - 1] if column <= len(line) else Cell()


@dataclass
class Book:
    """A spreadsheet.

    Attributes:
        shared_with: Who may read it; None is everybody who asks.
        kind: ``spreadsheet``, or ``xlsx`` for a file of another kind.
        modified: When it was edited last.
    """

    book_id: str
    title: str
    time_zone: str = "Etc/GMT"
    locale: str = "en_US"
    sheets: list[Sheet] = field(default_factory=list)
    shared_with: set[str] | None = None
    kind: str = "spreadsheet"
    modified: datetime = DAY_ONE

    def __post_init__(self) -> None:
        """Number worksheets from 0."""
        self._ids = itertools.count(1)

    def sheet(self, title: str, *rows: Any, **more: Any) -> Sheet:
        """Add a worksheet with rows of values."""
        number = more.pop("sheet_id", 0 if not self.sheets else 1000 + next(self._ids) * 7)
        made = Sheet(title, number, **more)
        self.sheets.append(made)
        return made.fill(*rows) if rows else made

    def touch(self) -> None:
        """Be edited: a second after the last time."""
        self.modified += timedelta(seconds=1)
