"""The time it is in a portal."""

from __future__ import annotations

import time
from datetime import UTC, datetime

DAY_MS = 86_400_000


def iso(milliseconds: int) -> str:
    """Return a moment as HubSpot writes it."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    """Milliseconds since 1970: those of this machine, or those a test sets.

    Args:
        start: Where the clock stands until it is moved; None to go with the machine.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """Start."""
        self._stands_at = None if start is None else round(start.timestamp() * 1000)

    def now(self) -> int:
        """Return the time."""
        return round(time.time() * 1000) if self._stands_at is None else self._stands_at

    def wait(self, seconds: float) -> None:
        """Let time pass on a clock that stands."""
        assert self._stands_at is not None, "a clock that goes with the machine is not moved"
        self._stands_at += round(seconds * 1000)
