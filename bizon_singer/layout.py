"""How a source's record becomes a record of the stream, and whether it fits the schema.

=========  ==========================================================================
declared   the source's ``data``; the source declared a schema
flat       ``data`` plus ``_source_record_id`` (the key), ``_source_timestamp``, and
           ``_source_destination_id`` when it is set; the schema is inferred
envelope   those columns and ``_source_data``, an object: a schema that never changes
=========  ==========================================================================

The column names are those Bizon's destinations use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from bizon_singer.errors import ProtocolError
from bizon_singer.iteration import Page
from bizon_singer.moments import rfc3339
from bizon_singer.schema import JsonSchema, RecordSchema
from bizon_singer.selection import Selection
from bizon_singer.source.models import SourceRecord, stored_data
from bizon_singer.values import ValueReader

ID = "_source_record_id"
TIMESTAMP = "_source_timestamp"
DESTINATION = "_source_destination_id"
DATA = "_source_data"

Record = dict[str, Any]


class Layout(StrEnum):
    """The three forms of a record."""

    DECLARED = "declared"
    FLAT = "flat"
    ENVELOPE = "envelope"


def base_schema(layout: Layout) -> JsonSchema:
    """Return the schema a stream of this layout has before any record is known."""
    properties: JsonSchema = {
        ID: {"type": "string", "description": "Identifier the source gave the record."},
        TIMESTAMP: {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When the record was extracted.",
        },
    }
    if layout is Layout.ENVELOPE:
        properties[DESTINATION] = {
            "type": ["string", "null"],
            "description": "Table the source routes the record to.",
        }
        properties[DATA] = {"type": ["object", "null"], "description": "The record itself."}
    return {"type": "object", "properties": properties}


class RecordBuilder:
    """Builds the records of one stream, page by page.

    Args:
        layout: Their form.
        schema: The schema they are checked against; it is widened where one does not fit.
        selection: Fields that must not be written.
        key_properties: Fields every record must have.
        values: Converts what JSON cannot hold.
        takes_text: Whether records may be given as the JSON text their source has.
    """

    def __init__(
        self,
        layout: Layout,
        schema: RecordSchema,
        selection: Selection,
        key_properties: Sequence[str],
        values: ValueReader,
        *,
        takes_text: bool,
    ) -> None:
        """Compile the selection."""
        self._schema = schema
        self._drop = None if selection.is_everything else selection.compile()
        self._takes_text = takes_text and layout is Layout.DECLARED and self._drop is None
        self._arrange: Callable[[Page], list[Any]] = {
            Layout.DECLARED: _as_stored if self._takes_text else _declared,
            Layout.FLAT: _flat,
            Layout.ENVELOPE: _enveloped,
        }[layout]
        self._keys = tuple(key_properties)
        self._values = values

    def build(self, page: Page) -> tuple[list[Any], list[str]]:
        """Return the page's records and the fields whose schema had to be widened for them.

        A record is a dict, or JSON text where its source has it as that and it may stay so.

        Raises:
            ProtocolError: A record lacks its key, holds what JSON cannot, or uses a column name
                of the layout.
        """
        records = self._arrange(page)
        if self._drop is not None:
            records = list(map(self._drop, records))
        has_text = self._takes_text and bytes in set(map(type, records))
        checked = _dicts(records) if has_text else records
        changed: list[str] = []
        if not self._schema.all_fit(checked):
            changed = self._make_fit(records)
            checked = _dicts(records)
        for key in self._keys:
            self._require(key, checked, records)
        return records, changed

    def _make_fit(self, records: list[Any]) -> list[str]:
        """Convert the records that do not fit, and widen the schema for those that still do not."""
        changed: list[str] = []
        for position, record in enumerate(records):
            if type(record) is dict and not self._schema.fits(record):
                plain = self._values.plain(record)
                if self._drop is not None:
                    plain = self._drop(plain)  # an object may have hidden fields until now
                records[position] = plain
                if not self._schema.fits(plain):
                    changed += self._schema.widen(plain)
        return list(dict.fromkeys(changed))

    def _require(self, key: str, checked: list[Record], records: list[Any]) -> None:
        if not [1 for record in checked if record.get(key) is None]:
            return
        position = next(
            position
            for position, record in enumerate(records, 1)
            if type(record) is dict and record.get(key) is None
        )
        raise ProtocolError(
            f"record {position} has no `{key}`, which is a key of the stream; mend the "
            "source, or choose other key_properties in the catalog"
        )


def _dicts(records: list[Any]) -> list[Record]:
    return [record for record in records if type(record) is dict]


def _as_stored(page: Page) -> list[Any]:
    return list(map(stored_data, page.records))


def _declared(page: Page) -> list[Record]:
    return [record.data for record in page.records]


def _flat(page: Page) -> list[Record]:
    fetched_at = rfc3339(page.fetched_at)
    records = []
    for position, record in enumerate(page.records, 1):
        data = record.data
        if ID in data or TIMESTAMP in data:
            _refuse_clash(ID if ID in data else TIMESTAMP, position)
        built = {**data, ID: record.id, TIMESTAMP: record.own_timestamp() or fetched_at}
        if record.destination_id is not None:
            if DESTINATION in data:
                _refuse_clash(DESTINATION, position)
            built[DESTINATION] = record.destination_id
        records.append(built)
    return records


def _refuse_clash(column: str, position: int) -> None:
    raise ProtocolError(
        f"record {position} has a field `{column}` of its own, which is a column this tap adds; "
        "rename it in the source or set `envelope` to true"
    )


def _enveloped(page: Page) -> list[Record]:
    fetched_at = rfc3339(page.fetched_at)
    return [_envelope(record, fetched_at) for record in page.records]


def _envelope(record: SourceRecord, fetched_at: str) -> Record:
    return {
        ID: record.id,
        TIMESTAMP: record.own_timestamp() or fetched_at,
        DESTINATION: record.destination_id,
        DATA: record.data,
    }
