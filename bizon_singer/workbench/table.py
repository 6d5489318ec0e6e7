"""Plain tables: columns two spaces apart, as wide as what stands in them.

A file or a pipe gets one line a row. On a terminal that is too narrow, the text of the last column
goes on below itself, broken between words.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from bizon_singer import stdout
from bizon_singer.redact import one_line
from bizon_singer.workbench.answer import Colour, painted

GAP = "  "
CUT = "…"
INDENT = 4
LEAST_ROOM = 20
"""Where a last column has less, its text stands below the row."""
USUAL_ROOM = 80


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


def room() -> int | None:
    """Return how many columns a terminal has, None where none shows what is written."""
    writer = stdout.current()
    if not writer.isatty():
        return None
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() else writer.columns() or USUAL_ROOM


def aligned(rows: Sequence[Sequence[Cell | str]]) -> list[str]:
    """Return the rows of a table, each a line or more; all rows are of one length."""
    widths = widths_of(rows)
    start = sum(width + len(GAP) for width in widths[:-1])
    limit = room()
    lines = []
    for row in rows:
        *cells, last = map(_cell, row)
        (first, *more), indent = _placed(last.text, start, limit)
        cells.append(last._replace(text=first))
        line = GAP.join(map(_padded, cells, widths)).rstrip()
        lines.append("\n".join([line, *(" " * indent + text for text in more)]))
    return lines


def indented(text: str) -> list[str]:
    """Return the lines of a text that stands below a row."""
    limit = room()
    parts = [text] if limit is None else broken(text, limit - INDENT)
    return [" " * INDENT + part for part in parts]


def _placed(text: str, start: int, limit: int | None) -> tuple[list[str], int]:
    """Return the text of a last column as lines, and where those after the first one begin."""
    if limit is None or start + width_of(text) <= limit:
        return [text], start
    if limit - start >= LEAST_ROOM:
        return broken(text, limit - start), start
    return ["", *broken(text, limit - INDENT)], INDENT


def broken(text: str, limit: int) -> list[str]:
    """Return a text as lines of at most so many columns, but for words that are longer."""
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        longer = f"{lines[-1]} {word}"
        if width_of(longer) <= limit:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cell(cell: Cell | str) -> Cell:
    return Cell(cell) if isinstance(cell, str) else cell


def _padded(cell: Cell, width: int) -> str:
    space = " " * (width - width_of(cell.text))
    text = cell.text if cell.colour is None else painted(cell.text, cell.colour)
    return space + text if cell.is_number else text + space
