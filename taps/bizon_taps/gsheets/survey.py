"""What columns a worksheet has and what they hold: all of it is looked at, before any is read.

A SCHEMA goes out before the first record, and the last row of a column may be the one that is no
number. So each worksheet is read once for its kinds alone, a request at a time, and several small
ones in one; what is kept is a set of kinds for each column. A column that changes between this and
the reading is no matter: its values are given as what they are, behind a wider SCHEMA.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import quote

from bizon_singer.errors import ConfigError
from bizon_singer.source.models import StreamDefinition
from bizon_taps.gsheets.cells import VALUED, Kind, content
from bizon_taps.gsheets.client import GoogleApis
from bizon_taps.gsheets.columns import ERRORS, ROW_NUMBER, Column, Naming
from bizon_taps.gsheets.config import GsheetsSourceConfig
from bizon_taps.gsheets.directory import Sheet
from bizon_taps.gsheets.grid import (
    CELLS_PER_REQUEST,
    Block,
    Range,
    TooManyCellsError,
    cells_of,
    fetch_blocks,
    text_of,
)
from bizon_taps.gsheets.kinds import field_of
from bizon_taps.gsheets.rows import is_read, require
from bizon_taps.gsheets.table import Chunk, TableReader, frame_of

OWN_FIELDS: Mapping[str, Any] = {
    ROW_NUMBER: {"type": "integer", "description": "Number of the row in the worksheet."},
    ERRORS: {
        "type": ["null", "object"],
        "description": "Columns that hold an error in this row, with its type; they are null.",
    },
}
MOST_CHARACTERS = 4000
"""Of ranges in one address: titles may be long, and many servers take 8 KB."""

logger = logging.getLogger(__name__)


def survey(
    apis: GoogleApis, chosen: Sequence[tuple[Sheet, GsheetsSourceConfig]]
) -> Iterator[StreamDefinition]:
    """Yield the streams of worksheets, their schemas complete.

    Where its settings do not fit it, one is listed without columns and the reason is logged:
    reading it fails for that reason, and the other worksheets are read.

    Args:
        apis: Where.
        chosen: The worksheets, with the settings of their streams.
    """
    for together in _together([Survey(apis, *each) for each in chosen]):
        ranges = [each.first_ranges() for each in together]
        flat = [item for each in ranges for item in each]
        if len(together) > 1 and flat:
            with suppress(TooManyCellsError):  # then each asks for its own
                blocks = iter(fetch_blocks(apis, together[0].spreadsheet_id, flat))
                for each, own in zip(together, ranges, strict=True):
                    each.hold(own, list(islice(blocks, len(own))))
        for each in together:
            yield each.definition()


def _together(surveys: Iterable[Survey]) -> Iterator[list[Survey]]:
    """Yield worksheets whose first rows are few enough to be asked for by one request."""
    group: list[Survey] = []
    cells = characters = 0
    for each in surveys:
        ranges = each.first_ranges()
        own_cells = sum(map(cells_of, ranges))
        own_characters = sum(len(quote(text_of(item))) for item in ranges)
        if group and (
            group[0].spreadsheet_id != each.spreadsheet_id
            or cells + own_cells > CELLS_PER_REQUEST
            or characters + own_characters > MOST_CHARACTERS
        ):
            yield group
            group, cells, characters = [], 0, 0
        group.append(each)
        cells += own_cells
        characters += own_characters
    if group:
        yield group


def definition_of(
    sheet: Sheet, config: GsheetsSourceConfig, fields: Mapping[str, Any], keys: tuple[str, ...]
) -> StreamDefinition:
    """Return the stream of a worksheet that has some fields."""
    title, book = sheet.worksheet.title, sheet.spreadsheet.title
    return StreamDefinition(
        name=sheet.stream,
        schema={"type": "object", "properties": fields},
        key_properties=keys,
        replication_method="INCREMENTAL" if config.skip_unchanged else "FULL_TABLE",
        selected_by_default=not sheet.worksheet.is_hidden,
        description=f"Worksheet {title!r} of the spreadsheet {book!r}.",
    )


class Survey:
    """Looks at one worksheet.

    Args:
        apis: Where.
        sheet: The worksheet.
        config: The settings of its stream.
    """

    def __init__(self, apis: GoogleApis, sheet: Sheet, config: GsheetsSourceConfig) -> None:
        """Look at nothing yet."""
        self._apis = apis
        self._sheet = sheet
        self._config = config
        self.spreadsheet_id = sheet.spreadsheet.spreadsheet_id
        self._kinds: dict[int, set[Kind]] = {}

    @cached_property
    def _table(self) -> TableReader:
        frame = frame_of(self._sheet.worksheet, self._config)
        return TableReader(self._apis, self.spreadsheet_id, frame, self._config.rows_per_request)

    def first_ranges(self) -> list[Range]:
        """Return what its first request asks for: nothing if its settings do not fit it."""
        try:
            frame = self._table.frame
        except ConfigError:
            return []
        if frame.first_row > frame.bottom:
            return []
        return self._table.ranges(frame.first_row, frame.header_row)

    def hold(self, ranges: Sequence[Range], blocks: Sequence[Block]) -> None:
        """Take the answer to that request."""
        if ranges:
            self._table.hold(ranges, blocks, self._table.frame.header_row)

    def definition(self) -> StreamDefinition:
        """Return the stream, its schema as complete as its settings let it be."""
        try:
            return self._described()
        except ConfigError as error:
            logger.warning("Stream %r cannot be read: %s.", self._sheet.stream, error)
            return definition_of(self._sheet, self._config, OWN_FIELDS, (ROW_NUMBER,))

    def _described(self) -> StreamDefinition:
        config = self._config
        fields: dict[str, Any] = dict(OWN_FIELDS)
        for column in self._columns():
            if is_read(config, column):
                found = frozenset(self._kinds.get(column.number, ()))
                header = column.header if column.header != column.name else ""
                fields[column.name] = field_of(found, header)
        keys = tuple(config.key_properties) or (ROW_NUMBER,)
        for key in keys:
            kinds = [kind for kind in fields[key]["type"] if kind != "null"]
            fields[key] = {**fields[key], "type": "integer" if key == ROW_NUMBER else kinds}
        return definition_of(self._sheet, config, fields, keys)

    def _columns(self) -> list[Column]:
        """Look at every row; return the columns that have a header or a value."""
        header = self._table.frame.header_row
        row: int | None = self._table.frame.first_row
        texts: list[str] = []
        while row is not None and row <= self._table.frame.bottom:
            chunk = self._table.chunk(row, header)
            header, row = chunk.header_row, chunk.next_row
            texts = chunk.headers or texts
            self._look(chunk)
        left = self._table.frame.left
        naming = Naming(as_sql=self._config.convert_column_names_to_sql_format)
        columns = naming.columns(left, texts)
        last = max(self._kinds, default=0)
        columns += [naming.blank(number) for number in range(left + len(columns), last + 1)]
        require(self._config, columns, self._sheet)
        return [
            column
            for column in columns
            if column.header
            or column.name in self._config.key_properties
            or not self._kinds.get(column.number, set()).isdisjoint(KEPT)
        ]

    def _look(self, chunk: Chunk) -> None:
        left = self._table.frame.left
        for _, row in chunk.rows:
            for number, cell in enumerate(row, left):
                kind = content(cell, UTC)[0]
                if kind is not Kind.BLANK:
                    self._kinds.setdefault(number, set()).add(kind)


KEPT = VALUED | {Kind.ERROR}
"""What makes a column without a header one."""
