"""Reads the lists of :mod:`bizon_taps.hubspot.listings`, page by page.

A list of children is read parent by parent. The place kept in STATE is the page of parents, the
last of them that is done with, and the cursor in the rows of the next one. Parents are found again
by their ids: if the one that was done with is gone, its page of parents is read once more, so
rows may come twice and none is left out.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

from bizon_singer.errors import ProtocolError
from bizon_singer.source.models import SourceIncrementalState, SourceIteration, SourceRecord
from bizon_singer.source.reply import HttpStatusError
from bizon_taps.hubspot.config import HubSpotSourceConfig
from bizon_taps.hubspot.crm_objects import STANDARD, CrmObject, custom_object
from bizon_taps.hubspot.listings import BY_NAME, Archived, Listing, Paging, Parents
from bizon_taps.hubspot.portal import (
    ABSENT,
    JSON,
    NOT_FOUND,
    MissingScopeError,
    Page,
    Portal,
    results_of,
)
from bizon_taps.hubspot.position import ARCHIVED, Position
from bizon_taps.hubspot.values import UntypedError, to_datetime
from bizon_taps.hubspot.window import milliseconds_of, start_after, state_of

logger = logging.getLogger(__name__)

MAX_LISTS = 10_000


def fetch_custom_objects(portal: Portal) -> list[CrmObject]:
    """Return the custom objects of the account; raises as :meth:`Portal.get`."""
    found = []
    for schema in results_of(portal.get("schemas"), "schemas"):
        name, type_id = schema.get("fullyQualifiedName"), schema.get("objectTypeId")
        if isinstance(name, str) and isinstance(type_id, str) and not schema.get("archived"):
            found.append(custom_object(name, type_id))
    return found


class RowReader:
    """Reads one list.

    Args:
        portal: The account.
        listing: The list.
        config: The settings.
    """

    def __init__(self, portal: Portal, listing: Listing, config: HubSpotSourceConfig) -> None:
        """Ask nothing yet."""
        self._portal = portal
        self._listing = listing
        self._config = config
        properties = listing.schema["properties"]
        self._numbers = {key for key in listing.keys if "integer" in properties[key]["type"]}
        self._total: Any = None
        self._parents: tuple[str | None, list[str], str | None] | None = None

    def probe(self) -> None:
        """Ask for as little as there is, to learn whether the token may read it."""
        listing = self._listing
        if listing.parents is Parents.LISTS:
            self._page(BY_NAME["contact_lists"], Position(), limit=1)
        elif listing.parents is Parents.FORMS:
            self._page(BY_NAME["forms"], Position(), limit=1)
        elif listing.parents is None:
            self._page(listing, Position(), limit=listing.limit and 1)

    def get(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return a page of the list."""
        return self._read(pagination, None)

    def get_records_after(
        self, state: SourceIncrementalState, pagination: dict[str, Any]
    ) -> SourceIteration:
        """Return a page of what came to be since the last run."""
        return self._read(pagination, start_after(state, self._config.lookback_seconds))

    def _read(self, pagination: dict[str, Any], since: datetime | None) -> SourceIteration:
        is_windowed = self._listing.paging is Paging.EVENTS
        began = self._portal.began() if is_windowed and not pagination else 0
        position = Position.of(pagination) if pagination else Position(until=began)
        if self._listing.parents is not None:
            return self._read_children(position)
        page = self._page(self._listing, position, since=since)
        records = [self._record(row, {}) for row in page.results]
        if page.after is not None:
            return SourceIteration(replace(position, after=page.after).pagination(), records)
        if self._has_archived and position.phase != ARCHIVED:
            return SourceIteration(Position(ARCHIVED).pagination(), records)
        return SourceIteration({}, records, state_of(position.until) if is_windowed else None)

    @property
    def _has_archived(self) -> bool:
        kind = self._listing.archived
        return kind is Archived.ALWAYS or (kind is Archived.IF_WANTED and self._config.archived)

    # Pages

    def _page(
        self,
        listing: Listing,
        position: Position,
        *,
        since: datetime | None = None,
        limit: int | None = None,
        **names: str,
    ) -> Page:
        """Return a page of a list, however its pages follow each other."""
        params = dict(listing.params)
        if position.phase == ARCHIVED:
            params["archived"] = "true"
        limit = limit or listing.limit
        if listing.paging is Paging.LISTS:
            return self._page_of_lists(listing, position, limit or 0)
        if listing.paging is Paging.EVENTS:
            return self._page_of_events(listing, position, since, limit or 0)
        if listing.paging is Paging.SINGLE:
            return Page([self._portal.get(listing.path, params)], None)
        if listing.paging is Paging.NONE:
            body = self._portal.get(listing.path, params, **names)
            return Page(results_of(body, listing.name, listing.results), None)
        return self._portal.page(listing.path, params, after=position.after, limit=limit, **names)

    def _page_of_lists(self, listing: Listing, position: Position, limit: int) -> Page:
        offset = int(position.after or 0)
        body = self._portal.post(
            listing.path,
            {
                "offset": offset,
                "count": limit,
                "listIds": [],
                "processingTypes": [],
                "additionalProperties": [],
            },
        )
        rows = results_of(body, listing.name, listing.results)
        self._watch_total(listing, body.get("total"))
        if body.get("hasMore") is not True:
            return Page(rows, None)
        following = offset + len(rows)
        if not rows or following >= MAX_LISTS:
            raise ProtocolError(
                f"{listing.name}: HubSpot's search gives no more than {MAX_LISTS:,} lists, and "
                "says there are more; delete lists that are not in use"
            )
        return Page(rows, str(following))

    def _watch_total(self, listing: Listing, total: Any) -> None:
        """Warn when the number of lists changes: they are counted off, and one may be skipped."""
        if self._total is not None and self._total != total:
            logger.warning(
                "%s: lists were made or deleted while they were read; run again to be sure that "
                "none is missing.",
                listing.name,
            )
        self._total = total

    def _page_of_events(
        self, listing: Listing, position: Position, since: datetime | None, limit: int
    ) -> Page:
        params: dict[str, Any] = {"limit": limit}
        if position.until:
            params["endTimestamp"] = position.until
        if since is not None:
            params["startTimestamp"] = milliseconds_of(since)
        if position.after is not None:
            params["offset"] = position.after
        body = self._portal.get(listing.path, params)
        rows = results_of(body, listing.name, listing.results)
        if body.get("hasMore") is not True:
            return Page(rows, None)
        offset = body.get("offset")
        if not isinstance(offset, str) or not offset:
            raise ProtocolError(f"{listing.name}: more is announced without an `offset`")
        return Page(rows, offset)

    # Parents

    def _read_children(self, position: Position) -> SourceIteration:
        parents, following = self._parents_at(position.parent)
        at = parents.index(position.done) + 1 if position.done in parents else 0
        records: list[SourceRecord] = []
        if at < len(parents):
            parent = parents[at]
            page = self._children_of(parent, position)
            own = {self._listing.parent_field: parent}
            records = [self._record(row, own) for row in page.results]
            if page.after is not None:
                return SourceIteration(replace(position, after=page.after).pagination(), records)
            if at + 1 < len(parents):
                place = Position(parent=position.parent, done=parent)
                return SourceIteration(place.pagination(), records)
        if following is None:
            return SourceIteration({}, records)
        return SourceIteration(Position(parent=following).pagination(), records)

    def _parents_at(self, cursor: str | None) -> tuple[list[str], str | None]:
        """Return the ids of a page of parents and the cursor of the next; held while in use."""
        if self._parents is None or self._parents[0] != cursor:
            self._parents = (cursor, *self._fetch_parents(cursor))
        return self._parents[1], self._parents[2]

    def _fetch_parents(self, cursor: str | None) -> tuple[list[str], str | None]:
        if self._listing.parents is Parents.OBJECTS:
            return [kind.name for kind in self._objects()], None
        lists = self._listing.parents is Parents.LISTS
        listing = BY_NAME["contact_lists" if lists else "forms"]
        page = self._page(listing, Position(after=cursor))
        ids = [str(row.get(listing.keys[0]) or "") for row in page.results]
        if not all(ids):
            raise ProtocolError(f"{listing.name}: one has no `{listing.keys[0]}`; run again later")
        return ids, page.after

    def _objects(self) -> list[CrmObject]:
        try:
            custom = fetch_custom_objects(self._portal)
        except MissingScopeError as error:
            logger.warning("%s: custom objects are left out: %s.", self._listing.name, error)
            custom = []
        return [*STANDARD.values(), *custom]

    def _children_of(self, parent: str, position: Position) -> Page:
        """Return a page of the rows of a parent, an empty one if it is gone or has none."""
        try:
            if self._listing.parents is not Parents.OBJECTS:
                return self._page(self._listing, position, id=parent)
            return self._of_object(parent, position)
        except HttpStatusError as error:
            status = error.response.status_code
            is_gone = status == NOT_FOUND and position.after is None
            if not is_gone and (
                self._listing.parents is not Parents.OBJECTS or status not in ABSENT
            ):
                raise
            return Page([], None)

    def _of_object(self, parent: str, position: Position) -> Page:
        listing = self._listing
        path = STANDARD[parent].path if parent in STANDARD else parent
        try:
            page = self._page(listing, position, object=path)
        except MissingScopeError as error:
            logger.warning("%s: those of %s are left out: %s.", listing.name, parent, error)
            return Page([], None)
        return Page(_exploded(page.results, listing), None) if listing.explode else page

    # Rows

    def _record(self, row: JSON, own: dict[str, str]) -> SourceRecord:
        """Return the record of a row; keys that are ids are text, whatever the API gives."""
        data = {**own, **row}
        for name in self._listing.times:
            data[name] = _time(data.get(name))
        for key in self._listing.keys:
            value = data.get(key)
            if value is None:
                raise ProtocolError(
                    f"{self._listing.name}: a row has no `{key}`; check `base_url`, or run again "
                    "later"
                )
            data[key] = value if key in self._numbers else str(value)
        identity = "/".join(str(data[key]) for key in self._listing.keys)
        return SourceRecord(identity, data)


def _exploded(rows: list[JSON], listing: Listing) -> list[JSON]:
    """Return the rows inside of rows, each with the id of the one it is from."""
    return [
        {"pipelineId": row.get("id"), **inner}
        for row in rows
        for inner in results_of(row, listing.name, listing.explode)
    ]


def _time(value: Any) -> Any:
    """Return epoch milliseconds as a time; what is none stays as it is."""
    try:
        return to_datetime("" if value is None else value)
    except UntypedError:
        return value
