"""Stream maps and flattening: the Singer SDK's transforms, on records as they would be written.

A record is first encoded and decoded, so a map expression sees what a reader of the line would
see (text for times, exact numbers), and both paths give the same values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from singer_sdk.mapper import (
    PluginMapper,
    RemoveRecordTransform,
    SameRecordTransform,
    StreamMap,
)

from bizon_singer.errors import ConfigError
from bizon_singer.schema import JsonSchema
from bizon_singer.values import ValueReader, dumps

Record = dict[str, Any]


@dataclass(frozen=True)
class MappedStream:
    """A stream as it leaves the maps: name, schema and keys."""

    name: str
    schema: JsonSchema
    key_properties: list[str]


class StreamMapping:
    """The maps of one stream.

    Args:
        mapper: The SDK's mapper of the tap.
        stream: Name of the stream.
        values: Converts what JSON cannot hold.
    """

    def __init__(self, mapper: PluginMapper, stream: str, values: ValueReader) -> None:
        """Know no schema yet; call :meth:`register` first."""
        self._mapper = mapper
        self._stream = stream
        self._values = values
        self.maps: list[StreamMap] = []

    def register(self, schema: JsonSchema, key_properties: Sequence[str]) -> None:
        """Tell the maps the schema of the records to come."""
        keys = list(key_properties)
        try:
            self._mapper.register_raw_stream_schema(self._stream, schema, keys)
        except Exception as error:
            raise self._refusal(error) from error
        self.maps = self._mapper.stream_maps[self._stream]

    @property
    def is_identity(self) -> bool:
        """True when records leave the maps as they came."""
        only = self.maps[0] if len(self.maps) == 1 else None
        return type(only) is SameRecordTransform and not only.flattening_enabled

    def streams(self) -> Iterator[MappedStream]:
        """Yield the streams that leave the maps."""
        for stream_map in self.maps:
            if not isinstance(stream_map, RemoveRecordTransform):
                keys = stream_map.transformed_key_properties
                yield MappedStream(
                    stream_map.stream_alias, stream_map.transformed_schema, list(keys or ())
                )

    def records(self, records: Sequence[Record]) -> Iterator[tuple[str, Record]]:
        """Yield, for every record that passes the maps, its stream and itself."""
        for record in records:
            written = self._as_written(record)
            for stream_map in self.maps:
                try:
                    mapped = stream_map.transform(written.copy())
                except Exception as error:
                    raise self._refusal(error) from error
                if mapped is not None:
                    yield stream_map.stream_alias, self._values.plain(mapped)

    def _refusal(self, error: Exception) -> ConfigError:
        """Return the error for a map the user wrote: its expressions are code of the user."""
        return ConfigError(
            f"setting `stream_maps` cannot be applied to stream {self._stream!r}: "
            f"{type(error).__name__}: {str(error).rstrip('.')}; mend it"
        )

    def _as_written(self, record: Record) -> Record:
        """Return a record as a reader of its line sees it."""
        try:
            text = dumps(record)
        except TypeError:
            text = dumps(self._values.exact(record))
        decoded: Record = json.loads(text, parse_float=Decimal)
        return decoded
