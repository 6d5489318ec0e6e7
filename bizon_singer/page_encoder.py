"""The lines of one stream: SCHEMA, RECORD and ACTIVATE_VERSION, a page at a time.

While a run goes on, only the thread of the stream's source encodes pages: nothing here is shared
with another stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bizon_singer.encoding import RecordEncoder, message
from bizon_singer.iteration import Page
from bizon_singer.layout import Layout, RecordBuilder
from bizon_singer.mapping import MappedStream, StreamMapping
from bizon_singer.moments import rfc3339
from bizon_singer.schema import JsonSchema, RecordSchema
from bizon_singer.selection import Selection
from bizon_singer.values import ValueReader


class PageEncoder:
    """Makes lines of the pages of one stream.

    Args:
        stream: Its name, an attribute as well.
        layout: Form of its records.
        schema: The schema they are checked against; it is widened where one does not fit.
        selection: Fields that must not be written.
        key_properties: Fields every record must have.
        replication_key: Field that tells when a record changed, if there is one.
        mapping: The stream maps of the settings.
        values: Converts what JSON cannot hold.
        warn_of_widening: Called with the fields whose schema had to be widened.
    """

    def __init__(
        self,
        stream: str,
        *,
        layout: Layout,
        schema: RecordSchema,
        selection: Selection,
        key_properties: Sequence[str],
        replication_key: str | None,
        mapping: StreamMapping,
        values: ValueReader,
        warn_of_widening: Callable[[list[str]], None],
    ) -> None:
        """Compile the way from pages to lines."""
        self.stream = stream
        self._schema = schema
        self._selection = selection
        self._keys = list(key_properties)
        self._replication_key = replication_key
        self._mapping = mapping
        self._values = values
        self._warn_of_widening = warn_of_widening
        self._encoders: dict[str, RecordEncoder] = {}
        self._version: int | None = None
        self._schema_is_due = False
        mapping.register(self.written_schema(), self._keys)
        self._builder = RecordBuilder(
            layout, schema, selection, self._keys, values, takes_text=mapping.is_identity
        )

    def written_schema(self) -> JsonSchema:
        """Return the schema of what is written, before stream maps."""
        return self._selection.pruned(self._schema.to_dict())

    @property
    def is_mapped(self) -> bool:
        """Whether stream maps or flattening have something to do: a slower path."""
        return not self._mapping.is_identity

    def hold_schema(self, *, hold: bool) -> None:
        """Let the SCHEMA go out with the first page, or know that it is out already."""
        self._schema_is_due = hold

    def use_version(self, version: int | None) -> None:
        """Give the records of the pages to come a version of their table."""
        self._version = version
        self._encoders.clear()

    def encode(self, page: Page) -> tuple[bytes, int]:
        """Return the lines of a page, a wider SCHEMA first if it needs one, and their records.

        Raises:
            ProtocolError: A record cannot be written as it is.
        """
        if not page.records:
            return self._due_schema(last=not page.next_pagination), 0
        records, changed = self._builder.build(page)
        schema = self._widened(changed) if changed else self._due_schema(last=True)
        extracted_at = rfc3339(page.fetched_at)
        if not self.is_mapped:
            return schema + self._encoder(self.stream).encode(records, extracted_at), len(records)
        mapped = self._mapping.records(records)
        lines = [self._encoder(name).encode([record], extracted_at) for name, record in mapped]
        return schema + b"".join(lines), len(records)

    def schema_lines(self) -> bytes:
        """Return the SCHEMA as it stands, of each stream the maps make."""
        return b"".join(map(self._schema_line, self._mapping.streams()))

    def activate_version(self) -> bytes:
        """Return the message that activates the version of the complete table, or nothing."""
        if self._version is None:
            return b""
        return b"".join(
            message({"type": "ACTIVATE_VERSION", "stream": mapped.name, "version": self._version})
            for mapped in self._mapping.streams()
        )

    def _widened(self, changed: list[str]) -> bytes:
        self._warn_of_widening(changed)
        self._mapping.register(self.written_schema(), self._keys)
        self._schema_is_due = False
        return self.schema_lines()

    def _due_schema(self, *, last: bool) -> bytes:
        """Return the first SCHEMA if it is still to be written and must not wait any longer."""
        if not self._schema_is_due or not last:
            return b""
        self._schema_is_due = False
        return self.schema_lines()

    def _schema_line(self, mapped: MappedStream) -> bytes:
        line: dict[str, Any] = {
            "type": "SCHEMA",
            "stream": mapped.name,
            "schema": mapped.schema,
            "key_properties": mapped.key_properties,
        }
        if self._replication_key in mapped.schema.get("properties", {}):
            line["bookmark_properties"] = [self._replication_key]
        return message(line)

    def _encoder(self, name: str) -> RecordEncoder:
        if name not in self._encoders:
            self._encoders[name] = RecordEncoder(name, self._values, self._version)
        return self._encoders[name]
