"""Finds the streams of a tap's sources and what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from singer_sdk import Tap

from bizon_singer.catalog import is_selected
from bizon_singer.errors import ConfigError
from bizon_singer.iteration import read_pages
from bizon_singer.layout import Layout
from bizon_singer.schema import RecordSchema
from bizon_singer.source.models import SourceRecord, StreamDefinition
from bizon_singer.source.source import AbstractSource
from bizon_singer.stream import SourceStream
from bizon_singer.sync import RunContext
from bizon_singer.values import ValueReader

FULL_TABLE = "FULL_TABLE"
INCREMENTAL = "INCREMENTAL"


@dataclass(frozen=True)
class Discovery:
    """Discovers the streams of some sources for one tap.

    Attributes:
        tap: The tap the streams will belong to.
        context: What they share.
        settings_are_complete: Whether sources can be constructed; ``--discover`` of static
            streams works without.
        online: Whether the streams depend on the account, so that finding them costs requests.
        catalog: The user's catalog, None without. With one, streams that depend on the account
            are taken from it instead of asking the API again.
    """

    tap: Tap
    context: RunContext
    source_classes: Sequence[type[Any]]
    settings_are_complete: bool
    online: bool
    catalog: Mapping[str, Any] | None

    def streams(self) -> dict[str, SourceStream]:
        """Return the streams by name, in the order their sources give them.

        Raises:
            ConfigError: Two sources declare a stream of the same name.
        """
        streams: dict[str, SourceStream] = {}
        for source_class in self.source_classes:
            for definition in self._definitions(source_class):
                if definition.name in streams:
                    other = streams[definition.name].source_class.__name__
                    raise ConfigError(
                        f"{other} and {source_class.__name__} both declare stream "
                        f"{definition.name!r}; rename one of them"
                    )
                streams[definition.name] = self._stream(source_class, definition)
        return streams

    def _definitions(self, source_class: type[Any]) -> Iterator[StreamDefinition]:
        """Yield the streams of one source, described as well as they can be."""
        if self.online and self.catalog is not None:
            yield from map(_definition_of_entry, filter(is_selected, self.catalog["streams"]))
            return
        asked = self._ask(source_class) if overrides(source_class, "discover") else None
        if asked is not None:
            yield from asked
            return
        declare = getattr(source_class, "stream_definitions", None)
        declared = {item.name: item for item in declare()} if declare is not None else {}
        for name in stream_names(source_class):
            yield declared.get(name) or StreamDefinition(name)

    def _ask(self, source_class: type[Any]) -> Sequence[StreamDefinition] | None:
        """Ask a source instance for its streams, if the settings suffice to construct one."""
        names = stream_names(source_class)
        try:
            config = self.context.settings.for_source(
                source_class.get_config_class(), names[0] if names else "", init_pipeline=False
            )
        except ConfigError:
            if self.settings_are_complete or self.online:
                raise
            return None
        asked: Sequence[StreamDefinition] | None = source_class(config).discover()
        return asked

    def _stream(self, source_class: type[Any], definition: StreamDefinition) -> SourceStream:
        settings = self.context.settings
        layout = Layout.FLAT if definition.schema is None else Layout.DECLARED
        if settings.adapter.envelope:
            layout = Layout.ENVELOPE
        own = settings.adapter.stream_settings.get(definition.name, {})
        cursor = own.get("cursor_field", settings.raw.get("cursor_field"))
        if definition.replication_key is None and isinstance(cursor, str):
            definition = replace(definition, replication_key=cursor)
        inferred = None
        if layout is Layout.FLAT and settings.adapter.discover_sample_records:
            inferred = self._sampled(source_class, definition.name)
        return SourceStream(
            self.tap,
            self.context,
            definition,
            source_class,
            methods=self._methods(source_class, definition),
            layout=layout,
            inferred=inferred,
        )

    def _methods(self, source_class: type[Any], definition: StreamDefinition) -> tuple[str, ...]:
        """Return the replication methods of a stream, the one to use first."""
        asked = self.context.settings.raw.get("sync_mode")
        incremental = overrides(source_class, "get_records_after")
        if definition.replication_method == FULL_TABLE or not incremental:
            if asked == "incremental":
                self.tap.logger.warning(
                    "Stream %r cannot be read incrementally; it is read in full.", definition.name
                )
            return (FULL_TABLE,)
        if asked == "full_refresh":
            return (FULL_TABLE, INCREMENTAL)
        return (INCREMENTAL, FULL_TABLE)

    def _sampled(self, source_class: type[Any], stream: str) -> Mapping[str, Any]:
        """Infer the fields of a stream from its first records."""
        settings = self.context.settings
        source = source_class(settings.for_source(source_class.get_config_class(), stream))
        pages = read_pages(
            lambda pagination: source.get(pagination=pagination),
            start={},
            pages_before=0,
            limit=None,
        )
        records: Iterator[SourceRecord] = (record for page in pages for record in page.records)
        schema = RecordSchema({"type": "object"})
        values = ValueReader(lambda _field, _what: None)
        for record in islice(records, settings.adapter.discover_sample_records):
            plain = values.plain(record.data)
            if not schema.fits(plain):
                schema.widen(plain)
        fields: Mapping[str, Any] = schema.to_dict()["properties"]
        return fields


def _definition_of_entry(entry: Mapping[str, Any]) -> StreamDefinition:
    """Return the definition a catalog entry amounts to."""
    return StreamDefinition(
        name=entry["stream"],
        schema=entry["schema"] if entry["schema"].get("properties") else None,
        key_properties=tuple(entry.get("key_properties") or ()),
        replication_key=entry.get("replication_key"),
        replication_method=entry.get("replication_method"),
    )


def stream_names(source_class: type[Any]) -> list[str]:
    """Return the names of a source's streams: values, in order, once."""
    names = (str(getattr(item, "value", item)) for item in source_class.streams())
    return list(dict.fromkeys(names))


def overrides(source_class: type[Any], method: str) -> bool:
    """Tell whether a source implements an optional method itself.

    The function is compared with the one of the class named ``AbstractSource`` it descends from,
    ours or Bizon's: reading its source text, as Bizon does, takes a comment for an implementation.
    """
    own = getattr(source_class, method, None)
    if own is None:
        return False
    for base in source_class.__mro__:
        if base is AbstractSource or base.__name__ == "AbstractSource":
            return own is not getattr(base, method, None)
    return True
