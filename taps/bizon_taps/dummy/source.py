"""The dummy source: two streams of a fake API and one that is generated. No network."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bizon_singer.errors import ExpiredCursorError, StateError
from bizon_singer.source.models import SourceIteration, SourceRecord, StreamDefinition
from bizon_singer.source.source import AbstractSource
from bizon_taps.dummy.config import DummySourceConfig
from bizon_taps.dummy.events import EVENT_SCHEMA, EventGenerator, parse_moment
from bizon_taps.dummy.fake_api import BEING_SCHEMA, FIRST, RECORDS_PER_STREAM, fetch_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bizon_singer.source.models import SourceIncrementalState

CREATURES = "creatures"
PLANTS = "plants"
EVENTS = "events"
UPDATED_AT = "updated_at"


class DummySource(AbstractSource):
    """Creatures, plants and events.

    The pagination is ``{"cursor": str}`` for creatures and plants and ``{"offset": int}``, the
    index of the next event, for events. The state of events is ``{"updated_at": str}``, the
    latest one read.
    """

    config: DummySourceConfig

    @staticmethod
    def streams() -> list[str]:
        """Return the three streams."""
        return [CREATURES, PLANTS, EVENTS]

    @staticmethod
    def get_config_class() -> type[DummySourceConfig]:
        """Return the class of the settings."""
        return DummySourceConfig

    @classmethod
    def stream_definitions(cls) -> Sequence[StreamDefinition]:
        """Describe the three streams."""
        return (
            StreamDefinition(
                name=CREATURES,
                schema=BEING_SCHEMA,
                key_properties=("id",),
                replication_method="FULL_TABLE",
                description="Five creatures on three pages.",
            ),
            StreamDefinition(
                name=PLANTS,
                schema=BEING_SCHEMA,
                key_properties=("id",),
                replication_method="FULL_TABLE",
                description="Five plants on three pages.",
            ),
            StreamDefinition(
                name=EVENTS,
                schema=EVENT_SCHEMA,
                key_properties=("id",),
                replication_key=UPDATED_AT,
                replication_method="INCREMENTAL",
                description="Generated events, one a minute from start_date on.",
            ),
        )

    def get_authenticator(self) -> None:
        """Use none: there is nobody to prove anything to, whatever ``authentication`` says."""
        return

    def get_total_records_count(self) -> int:
        """Return the number of records of the stream."""
        return self.config.count if self.config.stream == EVENTS else RECORDS_PER_STREAM

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Fetch one page of the stream."""
        return self._page(pagination or {}, first_event=0)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Fetch one page of the events not older than the last run saw; other streams in full.

        The events with the very time seen last come again: another may share it.

        Raises:
            StateError: The state has an ``updated_at`` that is no time.
        """
        first_event = 0
        if self.config.stream == EVENTS and not pagination:
            first_event = self._generator.clock.index_from(_read_until(source_state))
        return self._page(pagination or {}, first_event)

    def _page(self, pagination: dict[str, Any], first_event: int) -> SourceIteration:
        if self.config.delay_seconds:
            time.sleep(self.config.delay_seconds)
        if self.config.stream == EVENTS:
            return self._events(pagination.get("offset") if pagination else first_event)
        return self._beings(pagination.get("cursor") if pagination else FIRST)

    def _beings(self, cursor: Any) -> SourceIteration:
        page = fetch_page(self.config.stream, cursor)
        records = [SourceRecord(str(row["id"]), row) for row in page.results]
        return SourceIteration({"cursor": page.next_cursor} if page.next_cursor else {}, records)

    def _events(self, offset: Any) -> SourceIteration:
        if type(offset) is not int or offset < 0:  # bool is an int, but no offset
            message = "stream events: the saved offset is no index of an event"
            raise ExpiredCursorError(message)
        records = self._generator.page(offset, self.config.page_size)
        next_offset = offset + len(records)
        more = bool(records) and next_offset < self.config.count
        return SourceIteration(
            {"offset": next_offset} if more else {},
            records,
            # Time never goes back from event to event, so the last of a page is its latest.
            {UPDATED_AT: records[-1].data[UPDATED_AT]} if records else None,
        )

    @cached_property
    def _generator(self) -> EventGenerator:
        return EventGenerator(self.config.seed, self.config.count, self.config.start_date)


def _read_until(source_state: SourceIncrementalState) -> datetime:
    """Return up to when earlier runs have read: their latest event, else their start."""
    latest = source_state.state.get(UPDATED_AT)
    if latest is None:
        return source_state.last_run
    try:
        return parse_moment(latest)
    except ValueError as error:
        message = (
            f"stream events: `{UPDATED_AT}` in its state is no time; correct it, or remove the "
            "stream's bookmark to read everything"
        )
        raise StateError(message) from error
