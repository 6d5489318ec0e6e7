"""A stream of a source, as the Singer SDK sees it.

This is the only module that touches private names of singer-sdk (its Stream is meant to be
subclassed, but its record loop is private). The SDK's own loop conforms, deselects, encodes and
flushes one record at a time, about 50 µs each; here a page goes through closures compiled once.

Stream maps and flattening take the SDK's transforms, record by record, on the records the fast
path would have written, so both paths give the same values.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import Metadata, MetadataMapping
from singer_sdk.streams.core import Stream
from singer_sdk.tap_base import Tap

from bizon_singer.bookmark import FULL_TABLE, INCREMENTAL, Intent, Start
from bizon_singer.catalog import removed_fields
from bizon_singer.errors import CatalogError
from bizon_singer.field_warnings import FieldWarnings
from bizon_singer.layout import Layout, base_schema
from bizon_singer.mapping import StreamMapping
from bizon_singer.page_encoder import PageEncoder
from bizon_singer.reader import End, Inbox, SourceReader
from bizon_singer.redact import excerpt
from bizon_singer.router import Router
from bizon_singer.schema import RecordSchema
from bizon_singer.selection import Selection
from bizon_singer.source.config import SourceSyncModes
from bizon_singer.source.models import StreamDefinition
from bizon_singer.source_pages import SourcePages
from bizon_singer.sync import Item, RunContext, StreamRun, read_streams
from bizon_singer.values import ValueReader

if TYPE_CHECKING:
    from singer_sdk.helpers import types
    from singer_sdk.singerlib import Catalog


MODE_OF = {"FULL_TABLE": FULL_TABLE, "INCREMENTAL": INCREMENTAL}
SYNC_MODE_OF = {
    "FULL_TABLE": SourceSyncModes.FULL_REFRESH,
    "INCREMENTAL": SourceSyncModes.INCREMENTAL,
}


class SourceStream(Stream):
    """One stream of one source class.

    Args:
        tap: The tap it belongs to.
        run_context: What all streams of the run share.
        definition: What the source says of it.
        source_class: Reads it.
        methods: Replication methods the source supports for it, the best first.
        layout: Form of its records.
        inferred: Fields inferred from a sample at discovery.
    """

    def __init__(
        self,
        tap: Tap,
        run_context: RunContext,
        definition: StreamDefinition,
        source_class: type[Any],
        *,
        methods: tuple[str, ...],
        layout: Layout,
        inferred: Mapping[str, Any] | None = None,
    ) -> None:
        """Set up schema and keys as the source declares them."""
        declared = definition.schema if layout is Layout.DECLARED else None
        schema = dict(declared) if declared is not None else base_schema(layout)
        if inferred:
            schema["properties"] = {**inferred, **schema["properties"]}
        super().__init__(tap, schema=schema, name=definition.name)
        self.definition = definition
        self.source_class = source_class
        self.layout = layout
        self.selected_by_default = definition.selected_by_default and not definition.unavailable
        self.run_context = run_context
        self._methods = methods
        self._method = methods[0]
        self.primary_keys = (
            list(definition.key_properties) if layout is Layout.DECLARED else ["_source_record_id"]
        )
        self.replication_key = definition.replication_key
        self.forced_replication_method = methods[0] if len(methods) == 1 else None
        self._warnings = FieldWarnings(self.logger, self.name)
        self._values = ValueReader(self._warnings.lost)
        self._record_schema = RecordSchema(schema)
        self._schema_is_out = False
        self._metrics = ExitStack()
        self.current_run: StreamRun | None = None

    # What the SDK asks for

    @property
    def replication_method(self) -> str:
        """Method of this run: the catalog's if it names one the source supports."""
        return self._method

    @property
    def can_be_incremental(self) -> bool:
        """Whether the source can read what changed only."""
        return "INCREMENTAL" in self._methods

    @property
    def metadata(self) -> MetadataMapping:
        """Metadata as the Singer specification has it.

        The SDK writes ``selected: true`` at discovery, which is the user's word to say.
        """
        if self._metadata is None:
            metadata = super().metadata
            if self._tap_input_catalog is None:
                metadata.root.selected = None
                metadata.root.inclusion = Metadata.InclusionType.AVAILABLE
                if self.definition.unavailable:
                    metadata.root.inclusion = Metadata.InclusionType.UNSUPPORTED
        return super().metadata

    def choose(self) -> None:
        """Select the stream, whatever else is said of it: the setting ``stream`` names it.

        A stream that is not selected has no field selected either, by the rules of the SDK.
        """
        self.metadata.root.selected = True

    def follow_catalog(self, catalog: Catalog, given: Mapping[str, Any]) -> None:
        """Take schema, keys, method and selection from the user's catalog.

        Args:
            catalog: The catalog as the SDK reads it.
            given: The stream's schema as the user wrote it; the SDK drops what it does not know.
        """
        self.apply_catalog(catalog)
        entry = catalog.get_stream(self.tap_stream_id)
        if entry is None:
            return
        asked = entry.replication_method
        self.forced_replication_method = self._methods[0] if len(self._methods) == 1 else None
        if asked in self._methods:
            self._method = asked
        elif asked is not None:
            self.logger.warning(
                "Stream %r cannot be read by %s, which the catalog asks for; it is read by %s.",
                self.name,
                asked,
                self._method,
            )
        if not entry.key_properties and self.layout is not Layout.DECLARED:
            self.primary_keys = ["_source_record_id"]
        self.replication_key = entry.replication_key or self.definition.replication_key
        if given.get("properties"):
            declared = self.schema["properties"]
            missing = {} if self.layout is Layout.DECLARED else declared
            self._input_schema = {**given, "properties": {**given["properties"], **missing}}
            self._record_schema = RecordSchema(self._input_schema)
        self._refuse_unknown_keys()

    def _refuse_unknown_keys(self) -> None:
        if self.layout is not Layout.DECLARED:
            return
        wanted = dict.fromkeys(self.primary_keys, "a key")
        chosen = self.replication_key
        if self._method == "INCREMENTAL" and chosen not in {None, self.definition.replication_key}:
            wanted[chosen] = "the replication key"
        known = self._record_schema.to_dict()["properties"]
        for key, role in wanted.items():
            if key not in known:
                raise CatalogError(
                    f"the catalog makes {excerpt(key, 80)!r} {role} of stream {self.name!r}, which "
                    "is no field of its schema; choose one that is"
                )

    def get_records(self, context: types.Context | None) -> Iterable[types.Record]:
        """Refuse: records of this stream come by the page (the SDK declares it abstract)."""
        raise NotImplementedError(context)

    def get_replication_key_signpost(self, context: types.Context | None = None) -> None:
        """Give none: a bookmark of this tap is the start of a run, which needs no bound."""
        del context

    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        """Give none: BATCH files would be named after the STATE that covers them."""
        del config

    def _write_activate_version_message(self, full_table_version: int) -> None:
        """Write nothing: the SDK asks before the first record, a complete table comes last."""
        del full_table_version

    def _write_schema_message(self) -> None:
        """Write the SCHEMA as it stands."""
        self.run_context.outlet.write_schema(self._encoder.schema_lines())
        self._schema_is_out = True

    def _sync_records(
        self,
        context: types.Context | None = None,
        *,
        write_messages: bool = True,
    ) -> Generator[dict[str, Any], Any, Any]:
        """Read the stream for the SDK's own ``sync``, as its test suite calls it."""
        del context, write_messages
        with self.run_context.open_inbox() as inbox:
            for _, error in read_streams([self], inbox):
                if error is not None:
                    raise error
        yield from ()

    # A run

    @property
    def read_by(self) -> str:
        """Name of the stream whose source gives its records."""
        return self.name

    @property
    def is_wanted(self) -> bool:
        """Whether it has to be read."""
        return self.selected

    @property
    def reader(self) -> SourceReader[Item] | None:
        """The thread the source of the current run works in."""
        return self.current_run.reader if self.current_run is not None else None

    def start(self, inbox: Inbox[Item]) -> bool:
        """Begin to read the stream; count and time it until it is left.

        The SCHEMA goes out with the first page: an inferred one is then complete from the start.
        """
        self.logger.info("Stream %r is read by %s.", self.name, self._method)
        self._pages.hold_schema(hold=not self._schema_is_out)
        self._schema_is_out = False
        counter = self._metrics.enter_context(self.get_record_counter())
        self._metrics.enter_context(self.get_sync_timer())
        self.current_run = self._new_run(counter.increment)
        return self.current_run.start(inbox)

    def take(self, item: Item | End) -> bool:
        """Deal with what the source gave; return whether there is more to come."""
        assert self.current_run is not None  # noqa: S101 - start() comes first
        return self.current_run.take(item)

    def leave(self, error: BaseException | None) -> None:
        """End reading, whatever the reason."""
        if self.current_run is not None:
            self.current_run.leave()
        self._metrics.__exit__(type(error) if error else None, error, None)
        self.tell_losses()

    def source_config(self) -> Any:
        """Return the configuration a source instance of this stream gets.

        Raises:
            ConfigError: A setting is missing or of the wrong type.
        """
        settings = self.run_context.settings
        mode = SourceSyncModes.STREAM if self._is_endless else SYNC_MODE_OF[self._method]
        return settings.for_source(
            self.source_class.get_config_class(), self.name, sync_mode=mode.value
        )

    def _new_run(self, count: Callable[[int], None]) -> StreamRun:
        config = self.source_config()
        adapter, bookmarks = self.run_context.settings.adapter, self.run_context.bookmarks
        # Before the run changes the bookmark: what is stored is stored, whatever this run forgets.
        commits = adapter.commit == "on_start" and self.name in bookmarks.given
        source = SourcePages(
            stream=self.name,
            source_class=partial(self.run_context.settings.open_source, self.source_class),
            config=config,
            encode=self._pages.encode,
            check_connection=adapter.check_connection,
            budget=self.run_context.budget,
            proven=bookmarks.stream(self.name).proven() if commits else None,
            max_pages=getattr(config, "max_iterations", None),
            max_records=self.ABORT_AT_RECORD_COUNT,
            endless=getattr(config, "sync_mode", None) == SourceSyncModes.STREAM,
            selected_fields=self._selected_fields,
            stream_schema=self._record_schema.to_dict() if self._is_declared else None,
        )
        return StreamRun(
            source=source,
            intent=self._intent(config),
            context=self.run_context,
            activate_version=self._pages.activate_version,
            count=count,
            on_start=self.started,
            version=int(time.time() * 1000) if self._wants_version else None,
        )

    def _intent(self, config: Any) -> Intent:
        """Return what a run of this stream wants of its bookmark."""
        settings = self.run_context.settings
        key = self.replication_key
        field = self._record_schema.to_dict()["properties"].get(key, {}) if key else {}
        return Intent(
            mode=MODE_OF[self._method],
            config=settings.fingerprint(type(config), self.name),
            replication_key=key,
            replication_key_is_time=field.get("format") == "date-time",
            start_date=settings.adapter.start_date,
            forget_progress=bool(getattr(config, "force_ignore_checkpoint", False)),
            forget_all=bool(getattr(config, "reset", False)),
        )

    def started(self, start: Start) -> None:
        """Note where the run starts and give its records a version, if targets want one."""
        if start.resumed:
            self.logger.info("Stream %r goes on at page %d.", self.name, start.pages + 1)
        self._pages.use_version(start.version)

    @property
    def _wants_version(self) -> bool:
        """Whether targets are to be told which rows belong to this full-table run."""
        wanted = self.run_context.settings.adapter.emit_activate_version_messages
        # What an endless source gives in one run is never the complete table.
        return wanted and self._method == "FULL_TABLE" and not self._is_endless

    @property
    def _is_endless(self) -> bool:
        mode = self.run_context.settings.of_stream(self.name, "sync_mode")
        return bool(mode == SourceSyncModes.STREAM)

    # Pages to lines

    @property
    def _pages(self) -> PageEncoder | Router:
        """What makes lines of the source's pages."""
        return self._encoder

    @cached_property
    def _encoder(self) -> PageEncoder:
        """Makes lines of this stream's records; compiled once the catalog has been applied."""
        return self._new_encoder(self.name, self._record_schema)

    def _new_encoder(self, name: str, schema: RecordSchema) -> PageEncoder:
        automatic = {("properties", name) for name in (*self.primary_keys, self.replication_key)}
        dropped = {crumb for crumb, selected in self.mask.items() if crumb and not selected}
        return PageEncoder(
            name,
            layout=self.layout,
            schema=schema,
            selection=Selection((dropped | self._removed_by_user()) - automatic),
            key_properties=self.primary_keys,
            replication_key=self.replication_key,
            mapping=StreamMapping(self._tap.mapper, name, self._values),
            values=self._values,
            warn_of_widening=self._warn_of_widening,
        )

    @property
    def _is_declared(self) -> bool:
        return self.layout is Layout.DECLARED

    @property
    def _selected_fields(self) -> frozenset[str] | None:
        """The fields that will be written, None where they are not all known beforehand."""
        if self.layout is not Layout.DECLARED or self.schema.get("additionalProperties"):
            return None
        return frozenset(self._encoder.written_schema()["properties"])

    @property
    def path_taken(self) -> str:
        """``fast``, or ``mapped`` when stream maps or flattening have something to do."""
        return "mapped" if self._encoder.is_mapped else "fast"

    def _removed_by_user(self) -> set[tuple[str, ...]]:
        """Return fields the source declares and the user's catalog no longer has."""
        if self._input_schema is None or self.layout is not Layout.DECLARED:
            return set()
        removed = set(removed_fields(self.schema, self._input_schema))
        if removed:
            self._warnings.removed(removed)
        return removed

    def _warn_of_widening(self, changed: list[str]) -> None:
        if self.layout is Layout.DECLARED:  # a schema that is inferred is meant to grow
            self._warnings.widened(changed)

    def tell_losses(self) -> None:
        """Say how often values lost something, beyond the first time."""
        # A copy: the thread of a source that was left may still be at its last page.
        self._warnings.lost_in_all(dict(self._values.losses.counts))
