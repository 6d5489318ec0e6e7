"""Cells as the API gives them: value, error and number format of each, in one answer.

A cell's value and its format come from one ``spreadsheets.get`` with grid data, not from
``values.get`` and a second request: ``effectiveValue`` is what ``UNFORMATTED_VALUE`` renders, the
format alone tells a date from a number, and only here does an error (``#N/A``) differ from the text
of it. Asked for apart, an edit between the two requests would put the formats of one row to the
values of another.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/cells. The answer
is decoded into structs of a fixed form: as dicts, a cell would take four times the memory, and what
has another form is refused instead of read as blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bizon_singer.errors import BrokenBodyError, ProtocolError
from bizon_taps.gsheets.area import a1
from bizon_taps.gsheets.client import GoogleApis
from bizon_taps.gsheets.spreadsheet import Worksheet, ask

CELLS_PER_REQUEST = 400_000
"""About 30 MB of JSON where every cell has a value and a format; Google packs it to a tenth."""
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


class _Row(msgspec.Struct):
    values: list[Cell] = []


class _Data(msgspec.Struct, rename="camel"):
    start_row: int = 0
    start_column: int = 0
    row_data: list[_Row] = []


class _Properties(msgspec.Struct, rename="camel"):
    sheet_id: int = 0


class _Sheet(msgspec.Struct):
    properties: _Properties = msgspec.field(default_factory=_Properties)
    data: list[_Data] = []


class _Answer(msgspec.Struct):
    sheets: list[_Sheet]


_decode = msgspec.json.Decoder(_Answer).decode

Row = list[Cell]


class Block:
    """The cells of a range that was asked for.

    Attributes:
        top: Its first row.
        left: Its first column.
        rows: Its rows, from the first on; trailing blank ones and cells are left out.
    """

    __slots__ = ("left", "rows", "top")

    def __init__(self, data: _Data) -> None:
        """Take the rows over."""
        self.top = data.start_row + 1
        self.left = data.start_column + 1
        self.rows: list[Row] = [row.values for row in data.row_data]


Range = tuple[Worksheet, int, int, int, int]
"""A worksheet, and first row, first column, last row, last column of what is asked for."""


def fetch_blocks(apis: GoogleApis, spreadsheet_id: str, ranges: Sequence[Range]) -> list[Block]:
    """Return the cells of ranges, asked for in one request, in the order of the ranges.

    Raises:
        BrokenBodyError: The answer is no JSON.
        ProtocolError: It has another form, or lacks a range; see also
            :func:`bizon_taps.gsheets.spreadsheet.ask`.
    """
    texts = [a1(sheet.title, *corners) for sheet, *corners in ranges]
    reply = ask(apis, spreadsheet_id, {"ranges": texts, "fields": FIELDS})
    try:
        answer = _decode(reply.content)
    except msgspec.ValidationError:
        raise _other_form(spreadsheet_id) from None
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise BrokenBodyError(
            f"spreadsheet {spreadsheet_id!r}: the cells came as something that is no JSON; check "
            "`base_url`, or run again later"
        ) from None
    found: dict[int, list[_Data]] = {}
    for sheet in answer.sheets:
        found.setdefault(sheet.properties.sheet_id, []).extend(sheet.data)
    blocks = []
    for worksheet, top, left, _, _ in ranges:
        waiting = found.get(worksheet.sheet_id) or [_Data(-1, -1)]
        block = Block(waiting.pop(0))
        if (block.top, block.left) != (top, left):
            raise _other_form(spreadsheet_id)
        blocks.append(block)
    return blocks


def _other_form(spreadsheet_id: str) -> ProtocolError:
    return ProtocolError(
        f"spreadsheet {spreadsheet_id!r}: the answer does not hold the cells that were asked for; "
        "check `base_url`, or run again later"
    )


def number_format(cell: Cell) -> str:
    """Return the type of a cell's number format; empty where it has none."""
    shown: Any = cell.effective_format
    return shown.number_format.type if shown is not None and shown.number_format else ""
