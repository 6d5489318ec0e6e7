"""How often a host may be asked: one budget for all streams of a run.

What a budget is kept for is an origin, or whatever else an API counts apart, such as its searches.
Streams that are read at once share an account, and so its rate limit. A pause the host asks one of
them for holds for all of them, and ``http.requests_per_second`` counts the requests of all.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from time import monotonic


class RequestBudget:
    """The requests to each origin, or to a part of it; for sessions in several threads."""

    def __init__(self) -> None:
        """Start with nothing spent."""
        self._lock = threading.Lock()
        self._free_at: dict[Hashable, float] = {}

    def reserve(self, origin: Hashable, requests_per_second: float | None = None) -> float:
        """Take the next turn of an origin; return the seconds until it comes.

        Args:
            origin: Whom to ask.
            requests_per_second: How often, None for as often as one likes.
        """
        now = monotonic()
        with self._lock:
            turn = max(now, self._free_at.get(origin, 0.0))
            if requests_per_second is not None:
                self._free_at[origin] = turn + 1 / requests_per_second
        return turn - now

    def pause(self, origin: Hashable, seconds: float) -> None:
        """Give nobody a turn for so long: the origin has asked for it."""
        with self._lock:
            until = monotonic() + seconds
            self._free_at[origin] = max(until, self._free_at.get(origin, 0.0))
