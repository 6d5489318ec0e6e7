"""Plain tables: columns two spaces apart, one line a row, as wide as what stands in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from bizon_singer.redact import one_line
from bizon_singer.workbench.answer import Colour, painted

GAP = "  "
CUT = "…"


class Cell(NamedTuple):
    """What stands in a column of a row.

    Attributes:
        text: One line.
        colour: What it means, None for nothing.
        is_number: Whether it is flush right.
    """

    text: str
    colour: Colour | None = None
    is_number: bool = False


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def cut(text: str, limit: int) -> str:
    """Return a text as one line of at most so many columns."""
    text = one_line(text)
    if width_of(text) <= limit:
        return text
    while width_of(text) >= limit:
        text = text[:-1]
    return text + CUT


def widths_of(rows: Sequence[Sequence[Cell | str]]) -> list[int]:
    """Return the width of each column."""
    columns = zip(*rows, strict=True)
    return [max(width_of(_cell(cell).text) for cell in column) for column in columns]


def aligned(rows: Sequence[Sequence[Cell | str]]) -> list[str]:
    """Return the lines of a table; all rows are of one length."""
    widths = widths_of(rows)
    return [
        GAP.join(_padded(_cell(cell), width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _cell(cell: Cell | str) -> Cell:
    return Cell(cell) if isinstance(cell, str) else cell


def _padded(cell: Cell, width: int) -> str:
    space = " " * (width - width_of(cell.text))
    text = cell.text if cell.colour is None else painted(cell.text, cell.colour)
    return space + text if cell.is_number else text + space
