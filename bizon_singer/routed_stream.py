"""A stream whose records are routed, and the streams they are routed to.

The source knows one stream: it has the bookmark and the place in the source. Its routes are
streams for the catalog and the target only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from singer_sdk.singerlib.catalog import Catalog

from bizon_singer.layout import Layout, base_schema
from bizon_singer.page_encoder import PageEncoder
from bizon_singer.router import Router
from bizon_singer.schema import RecordSchema
from bizon_singer.stream import SourceStream


class RouteStream(SourceStream):
    """Where the records of one ``destination_id`` are written; read by the stream it belongs to.

    Attributes:
        routed_from: The stream its records are read by.
    """

    routed_from: RoutedStream

    @property
    def read_by(self) -> str:
        """Name of the stream whose source gives its records."""
        return self.routed_from.name

    def follow_catalog(self, catalog: Catalog, given: Mapping[str, Any]) -> None:
        """Take schema, keys and selection from the user's catalog.

        A route the catalog does not know yet is as selected as its source's stream: records that
        start to come for it must not get lost.
        """
        super().follow_catalog(catalog, given)
        if catalog.get_stream(self.tap_stream_id) is None:
            self.selected = self.routed_from.selected


class RoutedStream(SourceStream):
    """A stream of a source that names, for each record, the stream it belongs to.

    Attributes:
        routes: The known ones by ``destination_id``.
    """

    routes: dict[str, SourceStream]

    def add_routes(self, routes: Mapping[str, SourceStream]) -> None:
        """Take over the known routes; one may lead to this stream itself."""
        self.routes = dict(routes)
        for route in routes.values():
            if isinstance(route, RouteStream):
                route.routed_from = self

    @property
    def is_wanted(self) -> bool:
        """Whether it has to be read: for its own records, or for those of a route."""
        return any(stream.selected for stream in (self, *self.routes.values()))

    @cached_property
    def _pages(self) -> Router:
        adapter, owners = self.run_context.settings.adapter, self.run_context.route_owners
        is_written = self.selected or adapter.stream == self.name
        encoders = {self.name: self._encoder if is_written else None}
        for destination_id, route in self.routes.items():
            if route is not self:
                encoder = route._encoder if route.selected else None  # noqa: SLF001 - of its own kind
                encoders[route.name] = encoder
            encoders[destination_id] = encoders[route.name]
        return Router(
            self.name,
            encoders,
            unknown=adapter.unknown_routes,
            new_encoder=self._encoder_of_unknown_route,
            owner_of=lambda name: owners.setdefault(name, self.name),
        )

    def _encoder_of_unknown_route(self, name: str) -> PageEncoder:
        """Return an encoder that starts from what this stream declares, if it does."""
        is_inferred = self.layout is not Layout.DECLARED
        schema = base_schema(self.layout) if is_inferred else self.effective_schema
        return self._new_encoder(name, RecordSchema(schema))

    @property
    def _selected_fields(self) -> None:
        """Which fields are written differs by route."""

    def leave(self, error: BaseException | None) -> None:
        """End reading, whatever the reason."""
        super().leave(error)
        self._pages.log_drops()
        for route in self.routes.values():
            if route is not self:
                route.tell_losses()
