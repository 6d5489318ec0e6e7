"""The rows of a worksheet as records, page by page."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bizon_singer.config_errors import nearest
from bizon_singer.errors import ConfigError
from bizon_singer.redact import excerpt
from bizon_singer.source.models import SourceIteration, SourceRecord
from bizon_taps.gsheets.area import letters_of
from bizon_taps.gsheets.cells import Kind, content
from bizon_taps.gsheets.columns import ERRORS, ROW_NUMBER, Column, Naming
from bizon_taps.gsheets.config import GsheetsSourceConfig
from bizon_taps.gsheets.directory import Sheet
from bizon_taps.gsheets.grid import Row
from bizon_taps.gsheets.keys import KeyLedger
from bizon_taps.gsheets.kinds import declared_kind, fitted
from bizon_taps.gsheets.position import Position
from bizon_taps.gsheets.table import Chunk, TableReader, named
from bizon_taps.gsheets.zone import zone_of

SHOWN_ERRORS = 10
NO_ADVICE = "; choose others, for this worksheet by `stream_settings`"
SHOWN_CHARACTERS = 80

logger = logging.getLogger(__name__)


@dataclass
class Losses:
    """What became of cells that could not stay as they were, for one sentence at the end."""

    stream: str

    def __post_init__(self) -> None:
        """Count nothing yet."""
        self.as_text: Counter[str] = Counter()
        self.errors: list[str] = []
        self.error_count = 0

    def error(self, cell: str, word: str) -> None:
        """Note an error in a cell."""
        self.error_count += 1
        if len(self.errors) < SHOWN_ERRORS:
            self.errors.append(f"{cell} ({word})")

    def log(self) -> None:
        """Say it all."""
        if self.as_text:
            columns = ", ".join(
                f"`{excerpt(name, SHOWN_CHARACTERS)}` ({count:,})"
                for name, count in self.as_text.items()
            )
            logger.warning(
                "Stream %r: columns of text hold other values, which are given as text: %s.",
                self.stream,
                columns,
            )
        if self.error_count:
            logger.warning(
                "Stream %r: %s cells hold errors and are null: %s%s.",
                self.stream,
                f"{self.error_count:,}",
                ", ".join(self.errors),
                ", …" if self.error_count > len(self.errors) else "",
            )


class SheetRows:
    """Makes records of the rows of one worksheet.

    Args:
        sheet: The worksheet.
        config: The settings of its stream.
        table: Asks for its rows.
        schema: What its records are checked against, None where that is nothing.
        selected: Fields of the schema that are written, None for all.

    Attributes:
        lost_rows: Whether the worksheet ended before rows that had been there.
    """

    def __init__(
        self,
        sheet: Sheet,
        config: GsheetsSourceConfig,
        table: TableReader,
        schema: Mapping[str, Any] | None,
        selected: Collection[str] | None = None,
    ) -> None:
        """Look at nothing yet."""
        self._sheet = sheet
        self._config = config
        self._table = table
        self._zone = zone_of(sheet.spreadsheet)
        fields = (schema or {}).get("properties", {})
        self._wanted = {
            name: declared_kind(field)
            for name, field in fields.items()
            if name not in {ROW_NUMBER, ERRORS}
        }
        self._unselected = set() if selected is None else fields.keys() - selected
        self._keys = KeyLedger(sheet.worksheet, config.key_properties)
        self._read_until: int | None = None
        self._is_resumed = False
        self._losses = Losses(sheet.stream)
        self.lost_rows = False

    @property
    def is_of_one_moment(self) -> bool:
        """Whether all rows so far came by one request, those of an earlier run included."""
        return self._table.requests <= 1 and not self._is_resumed

    def page(self, position: Position) -> SourceIteration:
        """Return the records at a position, and the position after them.

        Raises:
            ConfigError: Columns or keys of the settings are not there.
        """
        frame = self._table.frame
        header = frame.header_row if position.header_row is None else position.header_row
        first = position.row or frame.first_row
        if position.row and not self._table.requests:
            self._is_resumed = True
        if self._keys.is_needed and self._read_until != first:
            self._see_keys(first, header)
        if first > frame.bottom:
            self.lost_rows = bool(position.row)  # there were some when the position was noted
            return self._end([])
        chunk = self._table.chunk(first, header)
        records = self._records(chunk)
        if self._keys.is_needed:
            self._check_keys(records, first, chunk.header_row)
        self._read_until = chunk.next_row
        if chunk.next_row is None:
            return self._end(records)
        following = Position(chunk.next_row, chunk.header_row, position.modified)
        return SourceIteration(following.pagination(), records)

    def _end(self, records: list[SourceRecord]) -> SourceIteration:
        self._losses.log()
        return SourceIteration({}, records)

    def _check_keys(self, records: list[SourceRecord], first: int, header: int | None) -> None:
        """Note the keys of the rows from ``first`` on.

        One that was seen above may be the same row, pushed down by an edit since. So the rows
        above are looked at again before that is called a mistake.
        """
        try:
            self._keys.add_all(records)
        except ConfigError:
            if self.is_of_one_moment:
                raise
            self._see_keys(first, header)
            self._keys.add_all(records)

    def _see_keys(self, until: int, header: int | None) -> None:
        """Look at the keys of rows an earlier run has read: this one may meet them again."""
        self._keys = KeyLedger(self._sheet.worksheet, self._config.key_properties)
        losses, self._losses = self._losses, Losses(self._sheet.stream)
        row: int | None = self._table.frame.first_row
        while row is not None and row < until:
            chunk = self._table.chunk(row, header)
            header, row = chunk.header_row, chunk.next_row
            records = self._records(chunk)
            self._keys.add_all([each for each in records if each.data[ROW_NUMBER] < until])
        self._losses = losses

    def _records(self, chunk: Chunk) -> list[SourceRecord]:
        if chunk.header_row is None:
            return []
        naming = Naming(as_sql=self._config.convert_column_names_to_sql_format)
        columns = naming.columns(self._table.frame.left, chunk.headers)
        require(self._config, columns, self._sheet)
        wide = max((len(row) for _, row in chunk.rows), default=0)
        left = self._table.frame.left
        columns += [naming.blank(number) for number in range(left + len(columns), left + wide)]
        nulls = self._nulls(columns)
        read = [column if self._is_read(column) else None for column in columns]
        return [
            SourceRecord(str(number), self._record(number, row, read, nulls))
            for number, row in chunk.rows
        ]

    def _nulls(self, columns: list[Column]) -> dict[str, None]:
        """Return the columns each record has, as wide as its row may be."""
        known = {column.name for column in columns}
        gone = [Column(0, name) for name in self._wanted if name not in known]
        return {
            column.name: None
            for column in [*columns, *gone]
            if (column.header or column.name in self._wanted) and self._is_read(column)
        }

    def _is_read(self, column: Column) -> bool:
        """Tell whether anybody sees a column: keys are looked at in any case."""
        if column.name in self._unselected and column.name not in self._config.key_properties:
            return False
        return is_read(self._config, column)

    def _record(
        self, number: int, row: Row, columns: list[Column | None], nulls: Mapping[str, None]
    ) -> dict[str, Any]:
        data: dict[str, Any] = {ROW_NUMBER: number, **nulls}
        errors = {}
        for column, cell in zip(columns, row, strict=False):
            if column is None:
                continue
            name = column.name
            kind, value = content(cell, self._zone)
            if kind is Kind.ERROR:
                errors[name] = value
                self._losses.error(f"{letters_of(column.number)}{number}", value)
            elif kind is not Kind.BLANK:
                data[name], is_text = fitted(kind, value, self._wanted.get(name), self._zone)
                if is_text:
                    self._losses.as_text[name] += 1
        if errors:
            data[ERRORS] = errors
        return data


def is_read(config: GsheetsSourceConfig, column: Column) -> bool:
    """Tell whether a column is wanted, by its name or as its header spells it; keys always are."""
    chosen = config.column_names
    return not chosen or bool({column.name, column.header} & {*chosen, *config.key_properties})


def require(config: GsheetsSourceConfig, columns: list[Column], sheet: Sheet) -> None:
    """Refuse settings that name a column a worksheet does not have.

    Raises:
        ConfigError: They do.
    """
    names = [ROW_NUMBER, *(column.name for column in columns)]
    headers = {column.header for column in columns}
    for setting, known in (("key_properties", set(names)), ("column_names", {*names, *headers})):
        for name in getattr(config, setting):
            if name not in known:
                raise ConfigError(
                    f"setting `{setting}` names {excerpt(name, SHOWN_CHARACTERS)!r}, which is no "
                    f"column of {named(sheet.worksheet)}{nearest(name, names, NO_ADVICE)}"
                )
