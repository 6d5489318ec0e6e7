"""The time between two runs, by HubSpot's clock and not by this machine's.

A run notes when it began as HubSpot's answers date it, and the next one starts there, or where this
machine says the last run began if that is earlier. So a clock that is ahead here never moves a
bookmark past what was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bizon_singer.source.models import SourceIncrementalState
from bizon_taps.hubspot.values import EPOCH, UntypedError, moment_of, written

READ_UNTIL = "read_until"
WITH_ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Window:
    """A time, both ends included.

    Attributes:
        start: Epoch milliseconds.
        end: Epoch milliseconds, None for no end.
    """

    start: int
    end: int | None = None


def start_after(state: SourceIncrementalState, lookback_seconds: float) -> datetime:
    """Return where the window of a run starts, by what is known of the run before it.

    HubSpot has nothing from before 1970, and no way to ask for it.
    """
    seconds = (_began(state) - EPOCH).total_seconds() - lookback_seconds
    return EPOCH + timedelta(seconds=max(0.0, seconds))


def _began(state: SourceIncrementalState) -> datetime:
    """Return when the last run began, the earlier of what both clocks say."""
    try:
        read_until = moment_of(state.state.get(READ_UNTIL) or "")
    except UntypedError:
        read_until = None
    return state.last_run if read_until is None else min(state.last_run, read_until)


def archived_after(state: SourceIncrementalState, start: datetime) -> datetime:
    """Return since when archived objects are new: ever, if the last run did not read them."""
    is_first = READ_UNTIL not in state.state
    return start if is_first or state.state.get(WITH_ARCHIVED) else EPOCH


def state_of(until: int, *, archived: bool = False) -> dict[str, Any]:
    """Return what the next run is to know of one that has read until a moment."""
    known: dict[str, Any] = {READ_UNTIL: written(EPOCH + timedelta(milliseconds=until))}
    return {**known, WITH_ARCHIVED: True} if archived else known


def milliseconds_of(moment: datetime) -> int:
    """Return a moment as HubSpot's filters take it: epoch milliseconds, rounded down."""
    return (moment - EPOCH) // timedelta(milliseconds=1)
