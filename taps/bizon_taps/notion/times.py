"""The times of Notion, and from when on an incremental run reads.

``last_edited_time`` is rounded down to the minute (that of a database is not), so an edit in the
minute a run began carries a time before it: the next run starts with a whole minute, always.
Times are compared as moments, never as texts: ``…Z`` and ``…+00:00`` both come.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bizon_singer.source.models import SourceIncrementalState

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before there was anything in Notion."""


def since_of(state: SourceIncrementalState, lookback_seconds: float) -> datetime:
    """Return the minute from which on a run reads what was edited."""
    return minute_before(state.last_run, lookback_seconds)


def minute_before(moment: datetime, seconds: float) -> datetime:
    """Return the minute, as times are rounded to, that lies so many seconds before a moment."""
    start = max(moment.astimezone(UTC), _FIRST) - timedelta(seconds=seconds)
    return max(start, _FIRST).replace(second=0, microsecond=0)


def moment_of(value: Any) -> datetime | None:
    """Return the moment a text stands for, None if it stands for none."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def was_edited(thing: dict[str, Any], since: datetime | None) -> bool:
    """Tell whether something was edited since a moment; what does not say when, may have been."""
    moment = moment_of(thing.get("last_edited_time"))
    return since is None or moment is None or moment >= since


def written(moment: datetime) -> str:
    """Return a moment as filters take it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
