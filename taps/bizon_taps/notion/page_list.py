"""The list of pages: the rows of data sources by queries, all others by the search or by name.

Rows are walked by ``created_time``, which never changes: a row is at one place, whatever is edited
while the run reads. A query gives 10,000 results at most and says so; then, and where the object a
cursor named is gone, a new query starts with the minute of the last row seen, so rows may come
twice and none is left out.
https://developers.notion.com/guides/data-apis/query-large-data-sources

Nor does the search leave anything out (:mod:`~bizon_taps.notion.search`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bizon_singer.errors import ProtocolError
from bizon_taps.notion.omissions import NOT_SHARED, Omissions
from bizon_taps.notion.position import NAMED, ROWS, SEARCH, Position, one_more
from bizon_taps.notion.scope import Scope
from bizon_taps.notion.times import moment_of, was_edited, written
from bizon_taps.notion.workspace import (
    JSON,
    Listed,
    NotSharedError,
    RefusedCursorError,
    Workspace,
    id_of,
)

MAX_EMPTY_LISTS = 20
"""So many lists without a page on them are passed over at once."""
Following = Position | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of pages, as one request gives it.

    Attributes:
        place: Where it is.
        pages: The pages on it; none only where there are no more, or too many lists without any.
        following: Where the next list is.
    """

    place: Position
    pages: list[JSON]
    following: Following


class PageList:
    """The pages of a stream.

    Args:
        workspace: Where they are.
        scope: Which they are.
        omissions: Notes the data sources that cannot be read.
        since: Only those edited since then, None for all.
        only_source: Only the rows of this data source.
        page_ids: Pages that are read by their ids.
        searches: Whether pages are searched for.
    """

    def __init__(
        self,
        workspace: Workspace,
        scope: Scope,
        omissions: Omissions,
        since: datetime | None,
        *,
        only_source: str | None = None,
        page_ids: Sequence[str] = (),
        searches: bool = False,
    ) -> None:
        """Ask nothing yet."""
        self._workspace = workspace
        self._scope = scope
        self._omissions = omissions
        self._since = since
        self._only = only_source
        self._page_ids = list(page_ids)
        self._searches = searches
        self._search = scope.search("page", since)
        self._held: Listing | None = None

    def at(self, position: Position) -> Listing:
        """Return the first pages at a place or behind it; held while they are in use."""
        place = replace(position, done="", page="", edited="", stack=())
        if self._held is None or replace(self._held.place, restarts=place.restarts) != place:
            self._held = self._read(place)
            if position.done or position.page:
                self._held = self._asked_again(self._held)
        return self._held

    def _read(self, place: Position) -> Listing:
        pages, following = self._list(place)
        for _ in range(MAX_EMPTY_LISTS):
            if pages or following is None:
                break
            place = following
            pages, following = self._list(place)
        return Listing(place, pages, following)

    def _asked_again(self, listing: Listing) -> Listing:
        """Return a list of which a part was read by an earlier run, as it was then."""
        if listing.place.phase != SEARCH:
            return listing
        following = self._search.asked_again(listing.place, listing.following)
        return replace(listing, following=following)

    def _list(self, place: Position) -> tuple[list[JSON], Following]:
        if place.phase == ROWS:
            return self._rows(place)
        return self._searched(place) if place.phase == SEARCH else self._named(place)

    # Rows

    def _rows(self, place: Position) -> tuple[list[JSON], Following]:
        sources = self._sources
        at = next((index for index, item in enumerate(sources) if item >= place.source), None)
        if at is None:
            return [], self._after_rows()
        source = sources[at]
        if source != place.source:  # the first one, or the one that was read is gone
            place = Position(ROWS, source)
        done = Position(ROWS, sources[at + 1]) if at + 1 < len(sources) else self._after_rows()
        try:
            listed = self._queried(place)
        except RefusedCursorError:
            restarts = one_more(place.restarts, f"data source {source}")
            return [], Position(ROWS, source, place.seen or place.created, restarts=restarts)
        except NotSharedError:
            if self._only is not None:
                raise
            self._omissions.add(f"data source {source}", NOT_SHARED)
            return [], done
        pages = _pages_of(listed.results)
        seen = str(pages[-1].get("created_time", "")) if pages else place.seen
        if listed.cursor:
            return pages, replace(place, cursor=listed.cursor, seen=seen)
        if not listed.is_cut:
            return pages, done
        return pages, Position(ROWS, source, self._next_window(place, seen), seen)

    @property
    def _sources(self) -> list[str]:
        return self._scope.source_ids if self._only is None else [self._only]

    def _queried(self, place: Position) -> Listed:
        filters = []
        if self._since is not None:
            edited = {"on_or_after": written(self._since)}
            filters.append({"timestamp": "last_edited_time", "last_edited_time": edited})
        if place.created:
            created = {"on_or_after": place.created}
            filters.append({"timestamp": "created_time", "created_time": created})
        body: JSON = {"sorts": [{"timestamp": "created_time", "direction": "ascending"}]}
        if filters:
            body["filter"] = {"and": filters}
        path = f"{self._scope.path}/{place.source}/query"
        return self._workspace.query(path, body, cursor=place.cursor)

    def _next_window(self, place: Position, seen: str) -> str:
        """Return where the next window starts.

        Raises:
            ProtocolError: There is none: a minute has more rows than a query gives.
        """
        start, last = moment_of(place.created), moment_of(seen)
        if last is None or (start is not None and last <= start):
            raise ProtocolError(
                f"data source {place.source}: more rows were made in the minute of {seen or '…'} "
                "than Notion gives for one query, and it has no way to ask for the rest; move some "
                "of them to another data source"
            )
        return seen

    # Other pages

    def _after_rows(self) -> Following:
        if self._searches:
            return self._search.start()
        return Position(NAMED) if self._page_ids else None

    def _searched(self, place: Position) -> tuple[list[JSON], Following]:
        found, following = self._search.at(place)
        return [page for page in _pages_of(found) if not self._is_row(page)], following

    def _is_row(self, page: JSON) -> bool:
        """Tell whether a page is a row of a data source that is read by queries."""
        parent = page.get("parent")
        own = parent.get(f"{self._scope.kind}_id") if isinstance(parent, dict) else None
        return own in self._scope.source_ids

    def _named(self, place: Position) -> tuple[list[JSON], Following]:
        at = self._page_ids.index(place.source) + 1 if place.source in self._page_ids else 0
        page = self._scope.named("pages", self._page_ids[at], "page_ids")
        is_last = at + 1 == len(self._page_ids)
        following = None if is_last else Position(NAMED, self._page_ids[at])
        wanted = was_edited(page, self._since) and not self._is_row(page)
        return ([page] if wanted else []), following


def _pages_of(results: list[JSON]) -> list[JSON]:
    """Return the pages of results; a data source may hold data sources, as wikis do."""
    for result in results:
        id_of(result, "pages")
    return [result for result in results if result.get("object") == "page"]


def after(things: Sequence[JSON], done: str) -> list[Any]:
    """Return what follows a thing; all, where it is gone."""
    ids = [thing["id"] for thing in things]
    return list(things[ids.index(done) + 1 :] if done in ids else things)
