"""CRM objects: all of them by the list, what changed by the search, and what was archived.

Why a full run loses nothing: the list goes by id, so an object is at one place of it. Created while
the run reads, it comes at the end or in the next run; changed, it is read before or after, and the
next run has it by its modified date; archived, it is in the list of archived ones, which is begun
after the live one has ended, or archived later than that and in the next run's.

Why an incremental run reads the whole list of archived objects: archiving does not move the
modified date, and the search has no archived objects. They are kept for 90 days, so the list is
short; those archived before the window are left out of the records, unless the run before did not
read archived objects at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from bizon_singer.source.models import SourceIncrementalState, SourceIteration, SourceRecord
from bizon_taps.hubspot.config import HubSpotSourceConfig
from bizon_taps.hubspot.crm_objects import CrmObject
from bizon_taps.hubspot.portal import JSON, Page, Portal, ids_of
from bizon_taps.hubspot.position import ARCHIVED, LIVE, TAIL, WINDOW, Position
from bizon_taps.hubspot.properties import (
    UNTYPED,
    Property,
    RecordReader,
    fetch_properties,
    needed,
)
from bizon_taps.hubspot.search import MAX_RESULTS, search_page
from bizon_taps.hubspot.selected import chosen, refuse_unknown
from bizon_taps.hubspot.text_records import TextPage, TextRecordReader, takes_text
from bizon_taps.hubspot.values import UntypedError, moment_of
from bizon_taps.hubspot.window import Window, archived_after, milliseconds_of, start_after, state_of

LIST_LIMIT = 100


class ObjectReader:
    """Reads one type of CRM object.

    Args:
        portal: The account.
        kind: The type.
        config: The settings.
        fields: Fields that will be written, None for all.
        schema: What records are checked against, None if nobody says.
    """

    list_limit = LIST_LIMIT
    search_limit = MAX_RESULTS

    def __init__(
        self,
        portal: Portal,
        kind: CrmObject,
        config: HubSpotSourceConfig,
        fields: frozenset[str] | None,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        """Ask nothing yet."""
        self._portal = portal
        self._kind = kind
        self._config = config
        self._fields = fields
        self._schema = schema
        self._text_reader: TextRecordReader | None = None

    @cached_property
    def _properties(self) -> list[Property]:
        """What is asked for: chosen by the settings, and not deselected in the catalog."""
        found, wanted = fetch_properties(self._portal, self._kind.path), self._config.properties
        refuse_unknown(self._portal, found, wanted, self._kind.name)
        return needed(chosen(found, wanted), self._fields)

    @cached_property
    def _reader(self) -> RecordReader:
        keeps_untyped = self._fields is None or UNTYPED in self._fields
        return RecordReader(self._kind.name, self._properties, keeps_untyped=keeps_untyped)

    # In full

    def get(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return a page of the live objects, then of the archived ones."""
        position = Position.of(pagination) if pagination else Position(LIVE, until=self._now())
        archived = position.phase == ARCHIVED
        read = self._read_text if self._reader.fits_into_url else None
        page = self._listed(position.after, archived=archived, read=read)
        records = page.records
        if records is None:
            records = self._records(page.results, archived=archived)
        if page.after is not None:
            return self._iteration(replace(position, after=page.after), records)
        if archived or not self._config.archived:
            return self._end(position, records)
        return self._iteration(Position(ARCHIVED, until=position.until), records)

    def _listed(
        self,
        after: str | None,
        *,
        archived: bool,
        read: Callable[[bytes], TextPage | None] | None = None,
    ) -> Page:
        """Return a page of the list; with all properties only where their names fit into a URL."""
        return self._portal.page(
            "objects",
            {"archived": "true"} if archived else None,
            read,
            properties=self._listed_names,
            after=after,
            limit=self.list_limit,
            object=self._kind.path,
        )

    def _note_order(self, results: list[JSON]) -> None:
        """Have the pages to come made text at once, now that it is known how an object looks."""
        values = results[0].get("properties") if results and self._takes_text else None
        if self._text_reader is None and isinstance(values, dict):
            self._text_reader = TextRecordReader(
                self._properties, values, self._reader.tell_of_untyped
            )

    @property
    def _read_text(self) -> Callable[[bytes], TextPage | None] | None:
        """What makes text of a page at once, None where it must not or not yet be."""
        return self._text_reader.read if self._text_reader is not None else None

    @cached_property
    def _takes_text(self) -> bool:
        return takes_text(self._properties, self._schema, self._fields)

    @property
    def _listed_names(self) -> list[str]:
        """Properties asked for in the list, in its URL."""
        return self._reader.names if self._reader.fits_into_url else []

    @property
    def _searched_names(self) -> list[str]:
        """Properties asked for in a search, in its body."""
        return self._reader.names

    def _records(self, results: list[JSON], *, archived: bool) -> list[SourceRecord]:
        """Return the records of listed objects, fetched by id where they came without values."""
        if not self._reader.fits_into_url:
            page = self._portal.batch_read(
                self._kind.path,
                ids_of(results, self._kind.name),
                self._reader.names,
                archived=archived,
                read=self._read_text,
            )
            if page.records is not None:
                return page.records
            results = page.results
        self._note_order(results)
        return self._reader.read(results)

    def _found(self, results: list[JSON]) -> list[SourceRecord]:
        """Return the records of objects that were searched for."""
        return self._reader.read(results)

    # What changed

    def get_records_after(
        self, state: SourceIncrementalState, pagination: dict[str, Any]
    ) -> SourceIteration:
        """Return a page of what changed since the last run: window, tail, archived."""
        position = Position.of(pagination) if pagination else Position(WINDOW, until=self._now())
        start = start_after(state, self._config.lookback_seconds)
        if position.phase == ARCHIVED:
            return self._archived_after(archived_after(state, start), position)
        if position.phase == WINDOW:
            window = Window(milliseconds_of(start), position.until)
            following = Position(TAIL, until=position.until)
        else:
            window = Window(position.until + 1)
            following = Position(ARCHIVED, until=position.until)
        page = search_page(
            self._portal,
            self._kind,
            window,
            after_id=position.after,
            properties=self._searched_names,
            limit=self.search_limit,
        )
        records = self._found(page.results)
        if page.after is not None:
            return self._iteration(replace(position, after=page.after), records)
        if position.phase == TAIL and not self._config.archived:
            return self._end(position, records)
        return self._iteration(following, records)

    def _archived_after(self, start: datetime, position: Position) -> SourceIteration:
        page = self._listed(position.after, archived=True)
        recent = [result for result in page.results if _archived_since(result, start)]
        records = self._records(recent, archived=True) if recent else []
        if page.after is not None:
            return self._iteration(replace(position, after=page.after), records)
        return self._end(position, records)

    def _now(self) -> int:
        """Return when this run began; the properties are asked for first, so it is no later."""
        _ = self._properties
        return self._portal.began()

    def _iteration(self, following: Position, records: list[SourceRecord]) -> SourceIteration:
        return SourceIteration(following.pagination(), records)

    def _end(self, position: Position, records: list[SourceRecord]) -> SourceIteration:
        return SourceIteration(
            {}, records, state_of(position.until, archived=self._config.archived)
        )


def _archived_since(result: JSON, start: datetime) -> bool:
    """Tell whether an object was archived after a moment; one that does not say may have been."""
    try:
        moment = moment_of(result.get("archivedAt") or "")
    except UntypedError:
        return True
    return moment is None or moment >= start
