"""The lines of a stream whose records belong to several streams, told apart by ``destination_id``.

The page stays what it is: one write, one STATE, one place in the source. Only its records go to
streams of their own, each with a SCHEMA before the first of them. So a resume is as exact as
without.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from bizon_singer.errors import ProtocolError
from bizon_singer.iteration import Page
from bizon_singer.page_encoder import PageEncoder
from bizon_singer.redact import excerpt
from bizon_singer.source.models import SourceRecord

SHOWN_CHARACTERS = 80
MOST_UNKNOWN_ROUTES = 1000
"""Each costs an encoder and its schema; more are no tables but values of a record."""
TOLD_DROPS = 10

UnknownRoutes = Literal["emit", "drop", "error"]

logger = logging.getLogger("bizon_singer.router")


class Router:
    """Makes lines of the pages of one source's stream, each record for the stream it belongs to.

    Args:
        stream: Name of the source's stream; it keeps the records without a ``destination_id``.
        encoders: Those of the source's stream and the known routes by destination_id and by name;
            None where the records are not wanted.
        unknown: What is done with a record of another destination_id.
        new_encoder: Makes the encoder of an unknown route, by the name of its stream.
        owner_of: Notes that this stream writes to a stream of that name, and returns the one that
            did so first.
    """

    def __init__(
        self,
        stream: str,
        encoders: Mapping[str, PageEncoder | None],
        *,
        unknown: UnknownRoutes,
        new_encoder: Callable[[str], PageEncoder],
        owner_of: Callable[[str], str],
    ) -> None:
        """Know the routes of the settings."""
        self._stream = stream
        self._encoders = dict(encoders)
        self._known = len(self._encoders)
        self._unknown = unknown
        self._new_encoder = new_encoder
        self._owner_of = owner_of
        self._version: int | None = None
        self._dropped: dict[str, int] = {}

    def hold_schema(self, *, hold: bool) -> None:
        """Let each SCHEMA go out with the first page that needs it; see :class:`PageEncoder`."""
        for encoder in self._written():
            encoder.hold_schema(hold=hold or encoder.stream != self._stream)

    def use_version(self, version: int | None) -> None:
        """Give the records of the pages to come a version of their table."""
        self._version = version
        for encoder in self._written():
            encoder.use_version(version)

    def activate_version(self) -> bytes:
        """Return the messages that activate the version of the complete tables, or nothing."""
        return b"".join(encoder.activate_version() for encoder in self._written())

    def encode(self, page: Page) -> tuple[bytes, int]:
        """Return the lines of a page and how many records they hold.

        Raises:
            ProtocolError: A record cannot be written as it is, or has no stream to go to.
        """
        parts: dict[PageEncoder, list[SourceRecord]] = {}
        for position, record in enumerate(page.records, 1):
            name = record.destination_id or self._stream
            try:
                encoder = self._encoders[name]
            except KeyError:
                encoder = self._found(name, position)
            if encoder is not None:
                parts.setdefault(encoder, []).append(record)
        if not page.next_pagination:  # what no record came for has its SCHEMA at the end
            parts.update({encoder: [] for encoder in self._written() if encoder not in parts})
        lines = [self._lines(encoder, page, records) for encoder, records in parts.items()]
        return b"".join(lines), sum(map(len, parts.values()))

    def _lines(self, encoder: PageEncoder, page: Page, records: list[SourceRecord]) -> bytes:
        try:
            return encoder.encode(replace(page, records=records))[0]
        except ProtocolError as error:
            if encoder.stream == self._stream and len(records) == len(page.records):
                raise
            raise ProtocolError(f"among those for stream {encoder.stream!r}, {error}") from error

    def _written(self) -> Iterable[PageEncoder]:
        """Return each encoder once, in the order of its route."""
        return dict.fromkeys(filter(None, self._encoders.values()))

    def _found(self, name: str, position: int) -> PageEncoder | None:
        """Return the encoder of a destination_id no setting names, None to leave its records out.

        Raises:
            ProtocolError: It may not be written.
        """
        shown = excerpt(name, SHOWN_CHARACTERS)
        if self._unknown == "error":
            raise ProtocolError(
                f"record {position} has the destination_id {shown!r}, which is no route of the "
                "settings; add it to `streams`, or set unknown_routes to emit or drop"
            )
        if self._unknown == "drop":
            self._note_drop(name, shown)
            return None
        if self._encoders[self._stream] is None:  # as selected as the stream they are read by
            return None
        owner = self._owner_of(name)
        if owner != self._stream:
            raise ProtocolError(
                f"record {position} has the destination_id {shown!r}, but stream {owner!r} writes "
                "the stream of that name; give the route another name in `streams`"
            )
        if len(self._encoders) - self._known >= MOST_UNKNOWN_ROUTES:
            raise ProtocolError(
                f"its records have more than {MOST_UNKNOWN_ROUTES} values of destination_id that "
                "are no routes of the settings; set route_records to false to have them in a "
                "column"
            )
        encoder = self._encoders[name] = self._new_encoder(name)
        encoder.hold_schema(hold=True)
        encoder.use_version(self._version)
        return encoder

    def _note_drop(self, name: str, shown: str) -> None:
        if name not in self._dropped and len(self._dropped) >= MOST_UNKNOWN_ROUTES:
            name = "(others)"
        if name not in self._dropped and len(self._dropped) < TOLD_DROPS:
            logger.warning(
                "Stream %r: records of the destination_id %r are dropped, as unknown_routes says.",
                self._stream,
                shown,
            )
        self._dropped[name] = self._dropped.get(name, 0) + 1

    def log_drops(self) -> None:
        """Say how many records were dropped."""
        if self._dropped:
            logger.warning(
                "Stream %r: %d records of %d unknown routes were dropped.",
                self._stream,
                sum(self._dropped.values()),
                len(self._dropped),
            )
            self._dropped.clear()
