"""A1 notation as the Sheets API reads and writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.fakes.gsheets.refusal import of_sheets
from tests.fakes.gsheets.workbook import Book, Sheet

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CELL_LIKE = re.compile(r"[A-Za-z]{1,3}[0-9]+")
_CORNERS = re.compile(r"([A-Za-z]*)([0-9]*)(?::([A-Za-z]*)([0-9]*))?")


@dataclass(frozen=True)
class Range:
    """A rectangle of cells, counted from 1, ends included."""

    sheet: Sheet
    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        """Return it as an answer has it: quoted where it needs to be."""
        title = self.sheet.title
        if not _PLAIN.fullmatch(title) or _CELL_LIKE.fullmatch(title):
            title = "'" + title.replace("'", "''") + "'"
        start = f"{letters(self.left)}{self.top}"
        end = f"{letters(self.right)}{self.bottom}"
        return f"{title}!{start}" if start == end else f"{title}!{start}:{end}"


def parse(book: Book, text: str) -> Range:
    """Return the range a text names, cut off at the end of the grid.

    Raises:
        Refusal: It names none, or begins beyond the grid.
    """
    title, corners = _split(text)
    sheet = next((each for each in book.sheets if each.title.lower() == title.lower()), None)
    if sheet is None and title == text and _CORNERS.fullmatch(text):
        sheet, corners = book.sheets[0], text  # the first worksheet is meant
    found = _CORNERS.fullmatch(corners)
    if sheet is None or sheet.kind != "GRID" or found is None:
        raise of_sheets(400, f"Unable to parse range: {text}")
    left, top, right, bottom = found.groups()
    area = Range(
        sheet,
        int(top or 1),
        number(left) if left else 1,
        _end(bottom, top if ":" not in corners else "", sheet.row_count),
        _end_column(right, left if ":" not in corners else "", sheet.column_count),
    )
    if area.top > sheet.row_count or area.left > sheet.column_count:
        raise of_sheets(
            400,
            f"Range ({text}) exceeds grid limits. Max rows: {sheet.row_count}, max columns: "
            f"{sheet.column_count}",
        )
    return area


def _split(text: str) -> tuple[str, str]:
    if text.startswith("'"):
        title, _, corners = text[1:].rpartition("'!")
        if not title:
            title, corners = text[1:-1], ""
        return title.replace("''", "'"), corners
    title, _, corners = text.rpartition("!")
    return (title, corners) if title else (text, "")


def _end(text: str | None, single: str | None, most: int) -> int:
    return min(int(text or single or most), most)


def _end_column(text: str | None, single: str | None, most: int) -> int:
    chosen = text or single
    return min(number(chosen), most) if chosen else most


def number(letters_: str) -> int:
    """Return the number of a column."""
    value = 0
    for letter in letters_.upper():
        value = value * 26 + ord(letter) - 64
    return value


def letters(value: int) -> str:
    """Return the letters of a column."""
    return (letters((value - 1) // 26) if value > 26 else "") + chr(65 + (value - 1) % 26)
