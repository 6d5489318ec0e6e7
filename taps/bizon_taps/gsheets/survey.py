"""What columns a worksheet has and what they hold: all of it is looked at, before any is read.

A SCHEMA goes out before the first record, and the last row of a column may be the one that is no
number. So each worksheet is read once for its kinds alone, a request at a time; what is kept is a
set of kinds for each column. A column that changes between this and the reading is no matter: its
values are given as what they are, behind a wider SCHEMA.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.source.models import StreamDefinition
from bizon_taps.gsheets.cells import VALUED, Kind, content
from bizon_taps.gsheets.client import GoogleApis
from bizon_taps.gsheets.columns import ERRORS, ROW_NUMBER, Column, Naming
from bizon_taps.gsheets.config import GsheetsSourceConfig
from bizon_taps.gsheets.directory import Sheet
from bizon_taps.gsheets.kinds import field_of
from bizon_taps.gsheets.rows import is_read, require
from bizon_taps.gsheets.table import Chunk, TableReader, frame_of
from bizon_taps.gsheets.zone import zone_of

OWN_FIELDS: Mapping[str, Any] = {
    ROW_NUMBER: {"type": "integer", "description": "Number of the row in the worksheet."},
    ERRORS: {
        "type": ["null", "object"],
        "description": "Columns that hold an error in this row, with its type; they are null.",
    },
}

logger = logging.getLogger(__name__)


def survey(apis: GoogleApis, sheet: Sheet, config: GsheetsSourceConfig) -> StreamDefinition:
    """Return the stream of a worksheet, its schema complete.

    Where its settings do not fit it, it is listed without columns and the reason is logged: reading
    it fails for that reason, and the other worksheets are read.
    """
    try:
        return Survey(apis, sheet, config).definition()
    except ConfigError as error:
        logger.warning("Stream %r cannot be read: %s.", sheet.stream, error)
        return definition_of(sheet, config, OWN_FIELDS, (ROW_NUMBER,))


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
        """Find out where its table lies.

        Raises:
            ConfigError: Outside of the worksheet.
        """
        self._sheet = sheet
        self._config = config
        frame = frame_of(sheet.worksheet, config)
        spreadsheet_id = sheet.spreadsheet.spreadsheet_id
        self._table = TableReader(apis, spreadsheet_id, frame, config.rows_per_request)
        self._zone = zone_of(sheet.spreadsheet)
        self._kinds: dict[int, set[Kind]] = {}

    def definition(self) -> StreamDefinition:
        """Return the stream, its schema complete.

        Raises:
            ConfigError: The settings name a column it does not have.
        """
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
                kind = content(cell, self._zone)[0]
                if kind is not Kind.BLANK:
                    self._kinds.setdefault(number, set()).add(kind)


KEPT = VALUED | {Kind.ERROR}
"""What makes a column without a header one."""
