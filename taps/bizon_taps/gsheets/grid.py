"""Cells as the API gives them: value, error and number format of each, in one answer.

A cell's value and its format come from one ``spreadsheets.get`` with grid data, not from
``values.get`` and a second request: ``effectiveValue`` is what ``UNFORMATTED_VALUE`` renders, the
format alone tells a date from a number, and only here does an error (``#N/A``) differ from the text
of it. Asked for apart, an edit between the two requests would put the formats of one row to the
values of another.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/cells. The answer
is decoded into structs of a fixed form: what has another is refused instead of read as blank.

Rows stay the bytes they came as until they are taken. As objects the cells of an answer took ten
times its size, and no more of them than those of a page are needed at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from bizon_singer.errors import (
    BrokenBodyError,
    LargeBodyError,
    ProtocolError,
    TransientError,
)
from bizon_singer.source.reply import HttpStatusError
from bizon_taps.gsheets.area import a1
from bizon_taps.gsheets.client import TOO_LONG, GoogleApis
from bizon_taps.gsheets.spreadsheet import Worksheet, ask

T = TypeVar("T")

CELLS_PER_REQUEST = 400_000
"""About 30 MB of JSON where every cell has a value and a format; Google packs it to a tenth.

50,000 rows of six columns come in one answer then, and the process takes 130 MB.
"""
FEWEST_CELLS = 50_000
"""Where Google fails for so few, it is not for their number: a new worksheet has 26,000."""
FIELDS = (
    "sheets(properties(sheetId),data(startRow,startColumn,"
    "rowData(values(effectiveValue,effectiveFormat(numberFormat(type))))))"
)


class CellError(msgspec.Struct, gc=False):
    """Why a formula has no value."""

    type: str = "ERROR"
    message: str = ""


class Value(msgspec.Struct, rename="camel", gc=False):
    """A value of one kind; the others are unset."""

    number_value: int | float | None = None
    string_value: str | None = None
    bool_value: bool | None = None
    error_value: CellError | None = None


class NumberFormat(msgspec.Struct, gc=False):
    """What a number stands for."""

    type: str = ""


class Format(msgspec.Struct, rename="camel", gc=False):
    """How a cell is shown."""

    number_format: NumberFormat | None = None


class Cell(msgspec.Struct, rename="camel", gc=False):
    """A cell; blank ones have no value."""

    effective_value: Value | None = None
    effective_format: Format | None = None


class _Row(msgspec.Struct, gc=False):
    values: list[Cell] = []


class _Data(msgspec.Struct, rename="camel"):
    start_row: int = 0
    start_column: int = 0
    row_data: list[msgspec.Raw] = []


class _Properties(msgspec.Struct, rename="camel"):
    sheet_id: int = 0


class _Sheet(msgspec.Struct):
    properties: _Properties = msgspec.field(default_factory=_Properties)
    data: list[_Data] = []


class _Answer(msgspec.Struct):
    sheets: list[_Sheet]


_decode = msgspec.json.Decoder(_Answer).decode
_decode_row = msgspec.json.Decoder(_Row).decode

Row = list[Cell]


class Block:
    """The cells of a range that was asked for.

    Attributes:
        top: Its first row.
        left: Its first column.
        end: The row behind its last; trailing blank ones are left out.
    """

    __slots__ = ("_rows", "_spreadsheet_id", "end", "left", "top")

    def __init__(self, data: _Data, spreadsheet_id: str) -> None:
        """Take the rows over as they came."""
        self.top = data.start_row + 1
        self.left = data.start_column + 1
        self.end = self.top + len(data.row_data)
        self._rows = data.row_data
        self._spreadsheet_id = spreadsheet_id

    def row(self, number: int) -> Row:
        """Return the cells of a row, trailing blank ones left out; none beyond the block.

        Raises:
            BrokenBodyError: They are no JSON.
            ProtocolError: They have another form.
        """
        if not self.top <= number < self.end:
            return []
        return _decoded(_decode_row, self._rows[number - self.top], self._spreadsheet_id).values


Range = tuple[Worksheet, int, int, int, int]
"""A worksheet, and first row, first column, last row, last column of what is asked for."""


def text_of(wanted: Range) -> str:
    """Return a range as it is asked for."""
    worksheet, *corners = wanted
    return a1(worksheet.title, *corners)


def cells_of(wanted: Range) -> int:
    """Return how many cells a range has."""
    _, top, left, bottom, right = wanted
    return (bottom - top + 1) * (right - left + 1)


class TooManyCellsError(TransientError):
    """More cells were asked for than Google gives, or this process takes, at once.

    Args:
        reason: How that was seen.
    """

    def __init__(self, reason: str) -> None:
        """Say what would help."""
        super().__init__(
            f"the cells asked for are too many for one request ({reason}); lower `rows_per_request`"
        )
        self.reason = reason


def fetch_blocks(apis: GoogleApis, spreadsheet_id: str, ranges: Sequence[Range]) -> list[Block]:
    """Return the cells of ranges, asked for in one request, in the order of the ranges.

    Raises:
        BrokenBodyError: The answer is no JSON.
        ProtocolError: It has another form, or lacks a range; see also
            :func:`bizon_taps.gsheets.spreadsheet.ask`.
        TooManyCellsError: They are too many to ask for at once.
    """
    texts = list(map(text_of, ranges))
    is_large = sum(map(cells_of, ranges)) > FEWEST_CELLS
    try:
        params = {"ranges": texts, "fields": FIELDS}
        reply = ask(apis, spreadsheet_id, params, is_large=is_large)
    except HttpStatusError as error:
        if not is_large or error.response.status_code not in TOO_LONG:
            raise
        raise TooManyCellsError(f"Google answers {error.response.status_code}") from error
    except LargeBodyError as error:
        raise TooManyCellsError("they are longer than an answer may be") from error
    answer = _decoded(_decode, reply.content, spreadsheet_id)
    found: dict[int, list[_Data]] = {}
    for sheet in answer.sheets:
        found.setdefault(sheet.properties.sheet_id, []).extend(sheet.data)
    blocks = []
    for worksheet, top, left, _, _ in ranges:
        waiting = found.get(worksheet.sheet_id) or [_Data(-1, -1)]
        block = Block(waiting.pop(0), spreadsheet_id)
        if (block.top, block.left) != (top, left):
            raise _other_form(spreadsheet_id)
        blocks.append(block)
    return blocks


def _decoded(decode: Callable[[Any], T], text: Any, spreadsheet_id: str) -> T:
    try:
        return decode(text)
    except msgspec.ValidationError:
        raise _other_form(spreadsheet_id) from None
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise BrokenBodyError(
            f"spreadsheet {spreadsheet_id!r}: the cells came as something that is no JSON; check "
            "`base_url`, or run again later"
        ) from None


def _other_form(spreadsheet_id: str) -> ProtocolError:
    return ProtocolError(
        f"spreadsheet {spreadsheet_id!r}: the answer does not hold the cells that were asked for; "
        "check `base_url`, or run again later"
    )


def number_format(cell: Cell) -> str:
    """Return the type of a cell's number format; empty where it has none."""
    shown: Any = cell.effective_format
    return shown.number_format.type if shown is not None and shown.number_format else ""
