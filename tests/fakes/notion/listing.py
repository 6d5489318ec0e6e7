"""Lists: filters, order and pages of them, as strict as Notion is about what it is asked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.fakes.notion.refusal import invalid
from tests.fakes.notion.texts import dashed
from tests.fakes.notion.workspace import Thing

MOST = 100
CONDITIONS: dict[str, Callable[[datetime, datetime], bool]] = {
    "equals": operator.eq,
    "before": operator.lt,
    "after": operator.gt,
    "on_or_before": operator.le,
    "on_or_after": operator.ge,
}
TIMESTAMPS = {"created_time": "created", "last_edited_time": "edited"}


def paged(
    things: Sequence[Thing], asked: Mapping[str, Any], *, place: str, cap: int | None = None
) -> tuple[list[Thing], str | None, bool]:
    """Return one page of a list, the id the next one starts at, and whether it was cut for good.

    Args:
        things: The whole list, in order.
        asked: ``page_size`` and ``start_cursor``, as given.
        place: Where they stand, ``body`` or ``query``.
        cap: The most results of one query, from its first page on.
    """
    size = page_size(asked.get("page_size", MOST), place)
    cursor = asked.get("start_cursor")
    start = 0
    if cursor is not None:
        identifier = dashed(cursor) if isinstance(cursor, str) else None
        if identifier is None:
            raise invalid(
                f"{place} failed validation: {place}.start_cursor should be a valid uuid, instead "
                f"was `{cursor!r}`."
            )
        ids = [thing.id for thing in things]
        if identifier not in ids:
            raise invalid(f"The start_cursor provided is invalid: {cursor}")
        start = ids.index(identifier)
    end = start + size
    whole = len(things)
    limit = whole if cap is None else min(whole, cap)
    page = list(things[start : min(end, limit)])
    is_cut = end >= limit and limit < whole
    following = things[end].id if end < limit else None
    return page, following, is_cut


def page_size(value: Any, place: str) -> int:
    """Return how many results are asked for."""
    try:
        size = int(value)
    except (TypeError, ValueError):
        size = 0
    if not 1 <= size <= MOST:
        raise invalid(
            f"{place} failed validation: {place}.page_size should be a number between 1 and "
            f"{MOST}, instead was `{value}`."
        )
    return size


def known_only(asked: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse a body with what Notion does not know."""
    for name in asked.keys() - known:
        raise invalid(f"body failed validation: body.{name} should be not present.")


def matching(things: Sequence[Thing], condition: Any) -> list[Thing]:
    """Return what meets the filter of a query; None is no filter."""
    return [thing for thing in things if condition is None or _meets(thing, condition)]


def _meets(thing: Thing, condition: Any) -> bool:
    if not isinstance(condition, dict):
        raise invalid("body failed validation: body.filter should be an object.")
    if "and" in condition:
        # Every part is looked at, so that a wrong one is refused wherever it stands.
        met = [_meets(thing, part) for part in condition["and"]]
        return all(met)
    if "or" in condition:
        met = [_meets(thing, part) for part in condition["or"]]
        return any(met)
    name = condition.get("timestamp")
    if name not in TIMESTAMPS or not isinstance(condition.get(name), dict):
        raise invalid("body failed validation: body.filter should be a timestamp filter.")
    known_only(condition, frozenset({"timestamp", name}))
    moment: datetime = getattr(thing, TIMESTAMPS[name])
    met = [_compare(test)(moment, _time(value)) for test, value in condition[name].items()]
    return all(met)


def _compare(test: str) -> Callable[[datetime, datetime], bool]:
    if test not in CONDITIONS:
        raise invalid(f"body failed validation: body.filter has no condition `{test}`.")
    return CONDITIONS[test]


def _time(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid("body failed validation: body.filter should have an ISO 8601 time.")
    return moment


def ordered(things: Sequence[Thing], sorts: Any) -> list[Thing]:
    """Return a list in the order asked for; without one, the latest made comes first."""
    found = list(reversed(things))
    if sorts is None:
        return found
    if not isinstance(sorts, list):
        raise invalid("body failed validation: body.sorts should be an array.")
    for sort in reversed(sorts):
        name, direction = sort.get("timestamp"), sort.get("direction")
        if name not in TIMESTAMPS or direction not in {"ascending", "descending"}:
            raise invalid("body failed validation: body.sorts should be timestamps and directions.")
        found.sort(
            key=lambda thing: getattr(thing, TIMESTAMPS[name]), reverse=direction == "descending"
        )
    return found
