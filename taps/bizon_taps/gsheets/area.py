"""Parts of a worksheet in A1 notation, and where they lie in a grid of rows and columns.

https://developers.google.com/workspace/sheets/api/guides/concepts#expandable-1. Rows and columns
are counted from 1; an end of None is the last there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

LETTERS = 26
_A1 = re.compile(
    r"\$?(?P<left>[A-Za-z]{1,3})?\$?(?P<top>[1-9][0-9]{0,7})?"
    r"(?::\$?(?P<right>[A-Za-z]{1,3})?\$?(?P<bottom>[1-9][0-9]{0,7})?)?"
)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells; its ends belong to it."""

    top: int = 1
    left: int = 1
    bottom: int | None = None
    right: int | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a range without the name of a sheet.

        Raises:
            ValueError: It is none.
        """
        found = _A1.fullmatch(text.strip())
        parts = found.groupdict() if found else {}
        if not any(parts.values()):
            message = "it must be a range such as B3:F or A:D, without the name of a worksheet"
            raise ValueError(message)
        top, bottom = int(parts["top"] or 1), int(parts["bottom"] or 0) or None
        left = number_of(parts["left"]) if parts["left"] else 1
        right = number_of(parts["right"]) if parts["right"] else None
        if ":" not in text:  # one cell, row or column
            right = left if parts["left"] else None
            bottom = top if parts["top"] else None
        if (bottom or top) < top or (right or left) < left:
            message = "it must end behind its start, as in B3:F20"
            raise ValueError(message)
        return cls(top, left, bottom, right)

    def within(self, rows: int, columns: int) -> Area:
        """Return the part of this that a grid of some size has."""
        return Area(
            self.top,
            self.left,
            min(self.bottom or rows, rows),
            min(self.right or columns, columns),
        )


def number_of(letters: str) -> int:
    """Return the number of a column from its letters: 1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * LETTERS + ord(letter) - ord("A") + 1
    return number


def letters_of(number: int) -> str:
    """Return the letters of a column from its number."""
    letters = ""
    while number:
        number, letter = divmod(number - 1, LETTERS)
        letters = chr(ord("A") + letter) + letters
    return letters


def a1(title: str, top: int, left: int, bottom: int, right: int) -> str:
    """Return a range of a worksheet, its title quoted: a sheet may be called A1 as well."""
    quoted = title.replace("'", "''")
    return f"'{quoted}'!{letters_of(left)}{top}:{letters_of(right)}{bottom}"
