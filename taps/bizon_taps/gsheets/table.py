"""The table in a worksheet: where its header and its rows lie, and how they are asked for.

The rows of one request and the header they belong to come in one answer, so each is named by the
header of its own moment, whatever is edited between two requests. Requests are as large as Google
lets them be, for it counts them; rows are taken from an answer a page at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cache

from bizon_singer.errors import ConfigError
from bizon_singer.redact import excerpt
from bizon_taps.gsheets.area import Area
from bizon_taps.gsheets.cells import VALUED, Content, Kind, content, text_of
from bizon_taps.gsheets.client import GoogleApis
from bizon_taps.gsheets.config import GsheetsSourceConfig
from bizon_taps.gsheets.grid import CELLS_PER_REQUEST, Block, Range, Row, fetch_blocks
from bizon_taps.gsheets.spreadsheet import Worksheet

SHOWN_CHARACTERS = 80
CELLS_PER_CHUNK = 30_000
"""What is decoded at a time: as objects, some 10 MB."""
MOST_CELLS = 4 * CELLS_PER_REQUEST
"""What a request holds where rows are as wide as the grid, and those before were not."""


@dataclass(frozen=True)
class Frame:
    """Where a table lies.

    Attributes:
        top: First row that may belong to it.
        header_row: Row of its header; 0 without one, None where it is the first that is not blank.
    """

    worksheet: Worksheet
    top: int
    left: int
    bottom: int
    right: int
    header_row: int | None

    @property
    def first_row(self) -> int:
        """First row of its values, its header too where nobody said which that is."""
        return max(self.top, (self.header_row or 0) + 1)

    @property
    def width(self) -> int:
        """How many columns it may have."""
        return self.right - self.left + 1


def frame_of(worksheet: Worksheet, config: GsheetsSourceConfig) -> Frame:
    """Return where the table of a worksheet lies by its settings.

    Raises:
        ConfigError: That is outside of the worksheet.
    """
    area = (Area.of(config.range) if config.range else Area()).within(
        worksheet.rows, worksheet.columns
    )
    bottom, right = area.bottom or 0, area.right or 0
    size = f"has {worksheet.rows:,} rows and {worksheet.columns:,} columns"
    if area.top > bottom or area.left > right:
        raise ConfigError(f"{named(worksheet)} {size}; `range` lies outside of it, correct it")
    if (config.header_row or 0) > worksheet.rows:
        raise ConfigError(
            f"{named(worksheet)} {size}; `header_row` is {config.header_row}, set the row that "
            "names its columns"
        )
    if (config.header_row or 0) > bottom:
        raise ConfigError(
            f"{named(worksheet)}: `header_row` is {config.header_row}, below `range`, which so has "
            "no row; set the row that names its columns"
        )
    return Frame(worksheet, area.top, area.left, bottom, right, config.header_row)


def named(worksheet: Worksheet) -> str:
    """Return a worksheet as it stands in a message."""
    return f"worksheet {excerpt(worksheet.title, SHOWN_CHARACTERS)!r}"


@dataclass(frozen=True)
class Chunk:
    """Rows that are dealt with together: a part of one answer.

    Attributes:
        header_row: Row of the header, 0 without one; None where none has been found yet.
        headers: What it says, column by column from the left of the table.
        rows: Number and cells of each row that is not blank.
        next_row: Where the next chunk begins; None at the end of the table.
    """

    header_row: int | None
    headers: list[str]
    rows: list[tuple[int, Row]]
    next_row: int | None


@dataclass
class Answer:
    """What came of one request, and how much of it has been taken.

    Attributes:
        block: Its rows.
        last: The last row that was asked for.
        next_row: The first row that has not been taken.
        is_blank: Whether all rows so far were.
    """

    block: Block
    last: int
    next_row: int
    header_row: int | None
    headers: list[str]
    is_blank: bool = True


class TableReader:
    """Asks for the rows of a table.

    Args:
        apis: Where.
        spreadsheet_id: Of which spreadsheet.
        frame: Where the table lies.
        rows_per_request: The user's own number of rows, None for as many as have enough cells.
        width: How many columns rows are expected to have, None for as many as the grid has.

    Attributes:
        requests: How many were made.
    """

    def __init__(
        self,
        apis: GoogleApis,
        spreadsheet_id: str,
        frame: Frame,
        rows_per_request: int | None,
        width: int | None = None,
    ) -> None:
        """Ask nothing yet."""
        self._apis = apis
        self._spreadsheet_id = spreadsheet_id
        self.frame = frame
        self._rows_per_request = rows_per_request
        self._width = min(width or frame.width, frame.width)
        self._blank_answers = 0
        self._answer: Answer | None = None
        self.requests = 0

    def chunk(self, first: int, header_row: int | None) -> Chunk:
        """Return the rows from ``first`` on, as many as a page is to hold.

        Args:
            first: A row of the table.
            header_row: Row of the header, 0 without one; None to look for it.
        """
        answer = self._answer
        if answer is None or (answer.next_row, answer.header_row) != (first, header_row):
            answer = self._answer = None  # its memory is to be had before there is another
            ranges = self.ranges(first, header_row)
            answer = self.hold(ranges, self._fetch(ranges), header_row)
        return self._taken(answer)

    def ranges(self, first: int, header_row: int | None) -> list[Range]:
        """Return what a request for the rows from ``first`` on asks for."""
        frame = self.frame
        last = min(frame.bottom, first + self._count() - 1)
        header = [self._header_range(header_row)] if header_row else []
        return [*header, (frame.worksheet, first, frame.left, last, frame.right)]

    def hold(
        self, ranges: Sequence[Range], blocks: Sequence[Block], header_row: int | None
    ) -> Answer:
        """Keep the answer to a request, for :meth:`chunk` to take from."""
        *above, block = blocks
        headers = self._texts(above[0], header_row) if header_row else []
        self._answer = Answer(block, ranges[-1][3], block.top, header_row, headers)
        return self._answer

    def _fetch(self, ranges: Sequence[Range]) -> list[Block]:
        self.requests += 1
        return fetch_blocks(self._apis, self._spreadsheet_id, ranges)

    def _taken(self, answer: Answer) -> Chunk:
        """Return the next rows of an answer, up to its end where they are blank."""
        block = answer.block
        rows: list[tuple[int, Row]] = []
        while not rows and answer.next_row < block.end:
            end = min(block.end, answer.next_row + max(1, CELLS_PER_CHUNK // self._width))
            rows = [
                (number, row)
                for number in range(answer.next_row, end)
                if not is_blank(row := block.row(number))
            ]
            answer.next_row = end
        if rows:
            answer.is_blank = False
        if answer.header_row is None and rows:
            answer.header_row = rows.pop(0)[0]
            whole = self._whole_header(block, answer.header_row)
            answer.headers = self._texts(whole, answer.header_row)
        if rows:  # what is to come is as wide, as far as anybody knows
            self._width = max(len(answer.headers), *(len(row) for _, row in rows))
        if answer.next_row >= block.end:
            self._answer = None
            self._blank_answers = self._blank_answers + 1 if answer.is_blank else 0
            answer.next_row = answer.last + 1
        is_last = answer.next_row > self.frame.bottom
        return Chunk(answer.header_row, answer.headers, rows, None if is_last else answer.next_row)

    def _count(self) -> int:
        """Return how many rows to ask for: after blank ones, each time twice as many.

        A worksheet has a thousand rows before anybody writes into it, and may have a million.
        """
        full = MOST_CELLS // self.frame.width
        most = max(1, min(CELLS_PER_REQUEST // self._width, full))
        wanted = self._rows_per_request or most
        return max(wanted, min(wanted << self._blank_answers, most))

    def _whole_header(self, block: Block, row: int) -> Block:
        """Return what holds a header, merged cells that begin outside of the table included."""
        whole = self._header_range(row)
        if whole[1] >= block.top and whole[2] >= block.left:
            return block
        return self._fetch([whole])[0]

    def _header_range(self, row: int) -> Range:
        """Return the range of a header, up to where the merged cells in it begin."""
        frame = self.frame
        tops = [merge.top for merge in frame.worksheet.merges if merge.top <= row <= merge.bottom]
        lefts = [
            merge.left
            for merge in frame.worksheet.merges
            if merge.top <= row <= merge.bottom and merge.right >= frame.left
        ]
        return (
            frame.worksheet,
            min([row, *tops]),
            min([frame.left, *lefts]),
            row,
            frame.right,
        )

    def _texts(self, block: Block, row: int) -> list[str]:
        """Return what a header says; a merged cell says it in each of its columns."""
        frame = self.frame
        line = cache(block.row)

        def text(at: int, column: int) -> str:
            cells, place = line(at), column - block.left
            return header_text(content(cells[place], UTC)) if 0 <= place < len(cells) else ""

        said = {}
        for merge in frame.worksheet.merges:
            if merge.top <= row <= merge.bottom:
                for column in range(merge.left, merge.right + 1):
                    said[column] = text(merge.top, merge.left)
        headers = [
            said.get(column) or text(row, column) for column in range(frame.left, frame.right + 1)
        ]
        while headers and not headers[-1].strip():
            headers.pop()
        return headers


def is_blank(row: Row) -> bool:
    """Tell whether no cell of a row holds anything."""
    return all(content(cell, UTC)[0] is Kind.BLANK for cell in row)


def header_text(found: Content) -> str:
    """Return what a cell of a header says: of a number or a date, what it is and not how it looks.

    What is shown depends on the locale of the spreadsheet and on a format anybody may change; the
    name of a column must not.
    """
    kind, value = found
    if kind not in VALUED:
        return ""
    if kind is Kind.DATETIME:
        return str(value.replace(tzinfo=None).isoformat())
    return text_of(kind, value)
