"""Finds the streams of a tap's sources and what is known of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import filter as filter_names
from typing import Any, TypeVar

from singer_sdk.tap_base import Tap

from bizon_singer.catalog import LISTED, ROUTED_FROM, is_selected, read_schema, root_of
from bizon_singer.config_errors import nearest
from bizon_singer.errors import (
    BizonSingerError,
    ConfigError,
    InterruptedRunError,
    ProtocolError,
    kind_of,
)
from bizon_singer.failure import Failure, describe
from bizon_singer.layout import Layout
from bizon_singer.redact import excerpt, redact
from bizon_singer.routed_stream import RoutedStream, RouteStream
from bizon_singer.sampling import sampled_fields
from bizon_singer.source.models import StreamDefinition
from bizon_singer.source_class import overrides, stream_names
from bizon_singer.stream import SourceStream
from bizon_singer.sync import RunContext

FULL_TABLE = "FULL_TABLE"
INCREMENTAL = "INCREMENTAL"

S = TypeVar("S", bound=SourceStream)


class DiscoveryError(BizonSingerError):
    """A source failed while it was asked for its streams.

    Args:
        failure: What went wrong.
    """

    def __init__(self, failure: Failure) -> None:
        """Take over the sentence and the exit code."""
        super().__init__(failure.sentence)
        self.exit_code = failure.exit_code


@dataclass(frozen=True)
class Discovery:
    """Discovers the streams of some sources for one tap.

    Attributes:
        tap: The tap the streams will belong to.
        context: What they share.
        source_classes: The sources.
        settings_are_complete: Whether sources can be constructed; ``--discover`` of static
            streams works without.
        online: Whether the streams depend on the account, so that finding them costs requests.
        catalog: The user's catalog, None without. With one, streams that depend on the account
            are taken from it instead of asking the API again.
        is_for_catalog: Whether a catalog is to be printed, of all streams there are.
    """

    tap: Tap
    context: RunContext
    source_classes: Sequence[type[Any]]
    settings_are_complete: bool
    online: bool
    catalog: Mapping[str, Any] | None
    is_for_catalog: bool = False

    def streams(self) -> dict[str, SourceStream]:
        """Return the streams by name, in the order their sources give them.

        Raises:
            ConfigError: Two sources declare a stream of the same name, or ``stream_settings`` of a
                stream has an unknown one.
            DiscoveryError: A source failed while it was asked for its streams.
            ProtocolError: What a source declares of a stream cannot be true.
        """
        found: dict[str, tuple[type[Any], StreamDefinition]] = {}
        for source_class in self.source_classes:
            for definition in self._definitions(source_class):
                if definition.name in found:
                    other = found[definition.name][0].__name__
                    own = source_class.__name__
                    who = f"{other} and {own} both declare" if other != own else f"{own} declares"
                    again = "" if other != own else " more than once"
                    raise ConfigError(
                        f"{who} stream {definition.name!r}{again}; rename one of them"
                    )
                checked = _checked(definition, source_class.__name__)
                found[definition.name] = source_class, checked
        streams: dict[str, SourceStream] = {}
        for source_class, definition in found.values():
            routes = self._routes(source_class, definition, found)
            streams |= self._streams_of(source_class, definition, routes)
        emits = self.context.settings.adapter.unknown_routes == "emit"
        may_have_more = emits and any(isinstance(item, RoutedStream) for item in streams.values())
        maps = [] if may_have_more else self._mapped_names()
        if self.online:
            self._warn_of_unknown(streams, maps)
        else:
            self._check_maps(streams, maps)
        return streams

    def _routes(
        self, source_class: type[Any], definition: StreamDefinition, found: Collection[str]
    ) -> dict[str, str] | None:
        """Return the streams of a stream's records by destination_id, None if it keeps them all.

        Raises:
            ConfigError: A route has the name of another stream.
        """
        adapter = self.context.settings.adapter
        routes = {name: name for name in definition.routes}
        has_own = getattr(source_class, "streams_are_routes", False) is True
        if adapter.streams and not has_own and definition.name == self._routed_name(found):
            routes |= {route.destination.table_id: route.name for route in adapter.streams}
        if adapter.route_records is False or not (adapter.route_records or routes):
            return None
        for name in routes.values():
            if name in found and name != definition.name:
                raise ConfigError(
                    f"a route of stream {definition.name!r} is called {excerpt(name, 80)!r} like "
                    "another stream of this tap; give it another name in `streams`"
                )
        return routes

    def _routed_name(self, found: Collection[str]) -> str:
        """Return the stream the routes of the settings belong to."""
        names = list(found)
        only = self.context.settings.adapter.stream or (names[0] if len(names) == 1 else None)
        if only is None:
            raise ConfigError(
                "setting `streams` does not tell which stream's records are routed; name it in "
                "`stream`"
            )
        return only

    def _mapped_names(self) -> list[str]:
        """Return the names and patterns of streams that are to be mapped."""
        maps = self.context.settings.adapter.stream_maps or {}
        sources = (
            value.get("__source__", key) if isinstance(value, Mapping) else key
            for key, value in maps.items()
        )
        return [str(name) for name in sources if name != "__else__"]

    def _check_maps(self, streams: Iterable[str], maps: Iterable[str]) -> None:
        """Refuse stream maps that would never be applied; the SDK says nothing of them.

        Raises:
            ConfigError: One is for a stream there is not.
        """
        for name in maps:
            if not filter_names(streams, name):
                raise ConfigError(
                    f"setting `stream_maps` names stream {excerpt(name, 80)!r}, which this "
                    f"tap does not have{nearest(name, streams, LISTED)}"
                )

    def _warn_of_unknown(self, streams: Iterable[str], maps: Iterable[str]) -> None:
        """Say which settings are for streams there are not.

        What an account has comes and goes without whoever wrote the settings, so that is no
        reason to read nothing. A catalog knows of streams too that are not read.
        """
        entries = self.catalog["streams"] if self.catalog is not None else ()
        known = {*streams, *(entry["tap_stream_id"] for entry in entries)}
        own = self.context.settings.adapter.stream_settings
        unknown = [("stream_settings", name) for name in own if name not in known]
        unknown += [("stream_maps", name) for name in maps if not filter_names(known, name)]
        for setting, name in unknown:
            self.tap.logger.warning(
                "Setting `%s` names stream %r, which there is none of%s; it has no effect.",
                setting,
                excerpt(name, 80),
                nearest(name, known, ""),
            )

    def _definitions(self, source_class: type[Any]) -> Iterator[StreamDefinition]:
        """Yield the streams of one source, described as well as they can be."""
        if self.online and self.catalog is not None:
            yield from _definitions_of_catalog(self.catalog["streams"])
            return
        asked = self._ask(source_class) if overrides(source_class, "discover") else None
        if asked is not None:
            yield from asked
            return
        declare = getattr(source_class, "stream_definitions", None)
        try:
            declared = {item.name: item for item in _definitions(declare())} if declare else {}
        except Exception as error:
            raise self._failed(error, source_class, "stream_definitions()") from error
        for name in stream_names(source_class):
            yield declared.get(name) or StreamDefinition(name)

    def _ask(self, source_class: type[Any]) -> Sequence[StreamDefinition] | None:
        """Ask a source instance for its streams, if the settings suffice to construct one."""
        names = stream_names(source_class)

        def config_of(stream: str) -> Any:
            config_class = source_class.get_config_class()
            return self.context.settings.for_source(config_class, stream, init_pipeline=False)

        try:
            config = config_of(names[0] if names else "")
        except ConfigError:
            if self.settings_are_complete or self.online:
                raise
            return None
        try:
            source = self.context.settings.open_source(source_class, config)
            if hasattr(source, "config_of"):
                source.config_of = config_of
            asked = source.discover()
            return None if asked is None else list(map(_without_secret, _definitions(asked)))
        except Exception as error:
            raise self._failed(error, source_class, "discover()") from error

    def _failed(
        self, error: Exception, source_class: type[Any], what: str
    ) -> DiscoveryError | BizonSingerError:
        """Return the error that ends a discovery; the traceback of a bug is logged."""
        if isinstance(error, BizonSingerError):
            return error
        failure = describe(error, source_class.__name__, None)
        self._log_trace(failure)
        return DiscoveryError(
            replace(failure, sentence=f"{source_class.__name__}.{what}: {failure.sentence}")
        )

    def _log_trace(self, failure: Failure) -> None:
        for line in failure.trace.rstrip().splitlines():
            self.tap.logger.error("    | %s", line)

    def _streams_of(
        self,
        source_class: type[Any],
        definition: StreamDefinition,
        routes: Mapping[str, str] | None,
    ) -> dict[str, SourceStream]:
        """Return a stream of a source and those its records are routed to."""
        settings = self.context.settings
        settings.check_stream(source_class.get_config_class(), definition.name)
        layout = Layout.FLAT if definition.schema is None else Layout.DECLARED
        if settings.adapter.envelope:
            layout = Layout.ENVELOPE
        cursor = settings.of_stream(definition.name, "cursor_field")
        if definition.replication_key is None and isinstance(cursor, str):
            definition = replace(definition, replication_key=cursor)
        sample: Mapping[str | None, Any] = {}
        if layout is Layout.FLAT and self._is_worth_a_sample(definition):
            sample = self._sampled(source_class, definition.name, is_routed=routes is not None)
        methods = self._methods(source_class, definition)

        def stream(kind: type[S], definition: StreamDefinition, sampled: str | None) -> S:
            return kind(
                self.tap,
                self.context,
                definition,
                source_class,
                methods=methods,
                layout=layout,
                inferred=sample.get(sampled),
            )

        if routes is None:
            return {definition.name: stream(SourceStream, definition, None)}
        own = stream(RoutedStream, definition, None)
        streams: dict[str, SourceStream] = {own.name: own}
        for destination_id, name in routes.items():
            text = f"Records of {definition.name} with the destination_id {destination_id}."
            route = replace(definition, name=name, routes=(), description=text)
            if name not in streams:
                streams[name] = stream(RouteStream, route, destination_id)
        own.add_routes({key: streams[name] for key, name in routes.items()})
        return streams

    def _methods(self, source_class: type[Any], definition: StreamDefinition) -> tuple[str, ...]:
        """Return the replication methods of a stream, the one to use first."""
        asked = self.context.settings.of_stream(definition.name, "sync_mode")
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

    def _is_worth_a_sample(self, definition: StreamDefinition) -> bool:
        """Tell whether the fields of a stream are still to be found out, and of use.

        A catalog has them; without one, only streams that are going to be read are asked.
        """
        if self.is_for_catalog or self.catalog is not None:
            return self.is_for_catalog and not definition.unavailable
        only = self.context.settings.adapter.stream
        if only is not None:
            return definition.name == only
        return definition.selected_by_default and not definition.unavailable

    def _sampled(
        self, source_class: type[Any], stream: str, *, is_routed: bool
    ) -> Mapping[str | None, Any]:
        """Return sampled fields; a stream that cannot be read does not keep the others out."""
        try:
            return sampled_fields(self.context, source_class, stream, is_routed=is_routed)
        except InterruptedRunError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the source raises
            failure = describe(error, stream, None)
            self._log_trace(failure)
            self.tap.logger.warning("%s; it is listed without fields of its records.", failure)
            return {}


def _definitions(given: Any) -> list[StreamDefinition]:
    """Return what a source declares, each item being what it must be.

    Raises:
        ProtocolError: One is not.
    """
    definitions = list(given)
    for item in definitions:
        if not isinstance(item, StreamDefinition):
            raise ProtocolError(
                f"the source declares its streams by {kind_of(item)}; mend the source to "
                "give StreamDefinition(name=…)"
            )
    return definitions


def _without_secret(definition: StreamDefinition) -> StreamDefinition:
    """Return what a source that knows the settings says of a stream; the catalog shows all of it.

    Raises:
        ProtocolError: It holds a secret of the settings.
    """
    if redact.reveals(repr(definition)):
        raise ProtocolError(
            f"what the source says of stream {definition.name!r} holds a secret of the settings, "
            "which the catalog would show; mend discover()"
        )
    return definition


def _checked(definition: StreamDefinition, source: str) -> StreamDefinition:
    """Return a definition whose schema has no references.

    Raises:
        ProtocolError: The method is none, or the schema is broken or lacks a key of the stream.
    """
    if definition.replication_method not in {None, FULL_TABLE, INCREMENTAL}:
        raise ProtocolError(
            f"{source} gives stream {definition.name!r} a replication_method that is neither "
            f"{FULL_TABLE} nor {INCREMENTAL}; mend the source"
        )
    if definition.schema is None:
        return definition
    where = f"the schema {source} declares for stream {definition.name!r}"
    schema = read_schema(definition.schema, where, ProtocolError, "mend the source")
    wanted = dict.fromkeys(definition.key_properties, "key")
    if definition.replication_key is not None:
        wanted.setdefault(definition.replication_key, "replication key")
    for field, role in wanted.items():
        if field not in schema.get("properties", {}):
            raise ProtocolError(f"{where} lacks the {role} {field!r}; mend the source")
    return replace(definition, schema=schema)


def _definitions_of_catalog(entries: Sequence[Mapping[str, Any]]) -> Iterator[StreamDefinition]:
    """Yield the definitions a catalog amounts to; of a route, there is only its stream's."""
    routes = {entry["tap_stream_id"]: root_of(entry).get(ROUTED_FROM) for entry in entries}
    wanted = {routes[entry["tap_stream_id"]] for entry in entries if is_selected(entry)}
    for entry in entries:
        name = entry["tap_stream_id"]
        if routes[name] is None and (name in wanted or is_selected(entry)):
            yield StreamDefinition(
                name=name,
                schema=entry["schema"] if entry["schema"].get("properties") else None,
                key_properties=tuple(entry.get("key_properties") or ()),
                replication_key=entry.get("replication_key"),
                replication_method=entry.get("replication_method"),
                routes=tuple(route for route, stream in routes.items() if stream == name),
            )
