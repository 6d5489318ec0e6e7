"""The search: all there is of a kind, complete although it is edited while it is read.

It is walked from what was edited last. What is edited meanwhile moves to its front, where the walk
has been already; the other way round would be worse: the object a cursor names could move to the
end, and all between would be skipped. So a walk of several requests is followed by another one, of
what was edited since it began, and that by one more, until nothing has moved: what stands first is
what stood there before, or a single request gives the whole walk.
https://developers.notion.com/reference/post-search
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from bizon_singer.errors import ProtocolError
from bizon_taps.notion.position import SEARCH, Position, one_more
from bizon_taps.notion.times import minute_before, moment_of, was_edited, written
from bizon_taps.notion.workspace import JSON, RefusedCursorError, Workspace

MAX_WALKS = 5
"""Where that many do not come to rest, the next run reads what is left."""
NEWEST_FIRST = {"timestamp": "last_edited_time", "direction": "descending"}

logger = logging.getLogger(__name__)


class Search:
    """Searches for all of a kind.

    Args:
        workspace: Where it is.
        kind: ``page``, ``data_source`` or, in the older version of the API, ``database``.
        lookback_seconds: How far the search lags behind what is edited.
        since: Only what was edited since then, None for all.
    """

    def __init__(
        self,
        workspace: Workspace,
        kind: str,
        lookback_seconds: float,
        since: datetime | None = None,
    ) -> None:
        """Ask nothing yet."""
        self._workspace = workspace
        self._kind = kind
        self._lookback_seconds = lookback_seconds
        self._since = since

    def start(self) -> Position:
        """Return where the first walk begins."""
        return Position(SEARCH, began=written(self._workspace.now()))

    def at(self, place: Position) -> tuple[list[JSON], Position | None]:
        """Return what is found at a place, some of it twice, and where the search goes on.

        Raises:
            ProtocolError: There is more than Notion gives.
        """
        body = {"filter": {"property": "object", "value": self._kind}, "sort": NEWEST_FIRST}
        try:
            listed = self._workspace.query("search", body, cursor=place.cursor)
        except RefusedCursorError:
            again = one_more(place.restarts, "search")
            return [], replace(place, cursor="", head="", restarts=again)
        if listed.is_cut:
            raise ProtocolError(
                f"search: there are more of the kind {self._kind} than Notion gives; name what to "
                "read in `database_ids` and `page_ids`"
            )
        mark = _mark_of(listed.results)
        if not place.cursor:
            if place.head and place.head == mark:
                return [], None
            place = replace(place, head=mark if _shows_edits(listed.results, place) else "")
        elif _led_back(listed.results, place):
            place = replace(place, restarts=one_more(place.restarts, "search"))
        bounds = [bound for bound in (self._since, moment_of(place.since)) if bound]
        since = max(bounds, default=None)
        found = [thing for thing in listed.results if was_edited(thing, since)]
        is_over = bool(listed.results) and not was_edited(listed.results[-1], since)
        if listed.cursor and not is_over:
            seen = str(listed.results[-1].get("last_edited_time")) if listed.results else place.seen
            return found, replace(place, cursor=listed.cursor, seen=seen)
        return found, self.next_walk(place) if place.cursor else None

    def next_walk(self, place: Position) -> Position | None:
        """Return where the walk after the one of a place begins, None after too many."""
        if place.walks == MAX_WALKS:
            logger.warning(
                "The search does not come to rest: more is edited while it is read than a request "
                "gives. What is left comes with the next run; raise `page_size`, or name what to "
                "read in `database_ids` and `page_ids`."
            )
            return None
        began = moment_of(place.began)
        since = written(minute_before(began, self._lookback_seconds)) if began else ""
        return replace(self.start(), since=since, walks=place.walks + 1, head=place.head)

    def asked_again(self, place: Position, following: Position | None) -> Position | None:
        """Return where the search goes on behind a list that was read in part, as it was then.

        What has moved to its front since would be passed over, and seen by no other walk.
        """
        if following is None:
            return self.next_walk(replace(place, head=""))
        return replace(following, head="")


def _mark_of(results: list[JSON]) -> str:
    """Return a short text that is another one for other results, or others of their edits."""
    edits = [[thing.get("id"), thing.get("last_edited_time")] for thing in results]
    return blake2b(json.dumps(edits).encode(), digest_size=8).hexdigest()


def _led_back(results: list[JSON], place: Position) -> bool:
    """Tell whether what a cursor names has moved to the front, from where the walk goes on."""
    first = moment_of(results[0].get("last_edited_time")) if results else None
    seen = moment_of(place.seen)
    return first is not None and seen is not None and first > seen


def _shows_edits(results: list[JSON], place: Position) -> bool:
    """Tell whether whatever is edited after a walk began will stand among its first results.

    Times are whole minutes: of a minute with more edits than that, some may stand behind them.
    """
    last = moment_of(results[-1].get("last_edited_time")) if results else None
    began = moment_of(place.began)
    return last is not None and began is not None and last < minute_before(began, 0)
