"""The search as a way to read what changed: a window of time, walked by id.

https://developers.hubspot.com/docs/api-reference/search/guide. Each request asks for the objects
whose modified date lies in the window and whose id is greater than the last one seen, in the order
of ids, and always for the first page of that.

Why this is complete: an object is at one place of the order, its id, which never changes. Pages
that are counted by an offset shift when an object leaves the window because it changed, and what
slides over the border is skipped; here nothing shifts. And as no page but the first is asked for,
the limit of 10,000 results for one query is never met, however many objects share one modified
date (imports and bulk edits give 100,000 the same one, so that the date itself cannot be the key).

Why two walks: the window ends when the run began, so that it is the same across resumes and its
walk comes to an end. An object that changes while the run reads leaves the window, perhaps before
it was read; one that changes all the time would be left out of every run. So a second walk reads
the tail, what changed since the run began. What it sees is read again by the next run, for that
one starts where this window ended, less the lookback.

Why a lookback: the index of the search lags behind, by moments as a rule. An object changed right
before the run may not be in its index until the run is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bizon_singer.errors import ProtocolError
from bizon_taps.hubspot.crm_objects import ID, CrmObject
from bizon_taps.hubspot.portal import JSON, Page, Portal, next_cursor, results_of
from bizon_taps.hubspot.window import Window

MAX_RESULTS = 200


def search_page(
    portal: Portal,
    kind: CrmObject,
    window: Window,
    *,
    after_id: str | None,
    properties: Sequence[str],
    limit: int = MAX_RESULTS,
) -> Page:
    """Return the objects modified within a window that follow an id.

    Returns:
        The page; its ``after`` is the last id, None when nothing follows.

    Raises:
        ProtocolError: The results are not in the order of ids, or do not follow ``after_id``.
    """
    body = portal.post(
        "search", _query(kind, window, after_id, properties, limit), object=kind.path
    )
    results = results_of(body, "search")
    last = _last_id(results, int(after_id) if after_id else -1, kind.name)
    more = bool(results) and next_cursor(body, "search") is not None
    return Page(results, str(last) if more else None)


def _query(
    kind: CrmObject, window: Window, after_id: str | None, properties: Sequence[str], limit: int
) -> JSON:
    """Return the body of a search: at most three filters in one group, far below any limit."""
    filters: list[dict[str, Any]] = [_filter(kind.modified, "GTE", str(window.start))]
    if window.end is not None:
        filters.append(_filter(kind.modified, "LTE", str(window.end)))
    if after_id is not None:
        filters.append(_filter(ID, "GT", after_id))
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": ID, "direction": "ASCENDING"}],
        "properties": list(properties),
        "limit": limit,
        "after": "0",
    }


def _filter(name: str, operator: str, value: str) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, "value": value}


def _last_id(results: Sequence[JSON], last: int, stream: str) -> int:
    """Return the greatest id of a page; ids are compared as numbers."""
    for result in results:
        identity = result.get("id")
        number = int(identity) if isinstance(identity, str) and identity.isdecimal() else None
        if number is None or number <= last:
            raise ProtocolError(
                f"{stream}: the search did not give its results in the order of `{ID}`, so some "
                "could be missed; run again later, or report it"
            )
        last = number
    return last
