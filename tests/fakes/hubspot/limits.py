"""How much may be asked for: in ten seconds, in a day, and of the search in a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tests.fakes.hubspot.clock import Clock
from tests.fakes.hubspot.refusal import rate_limited

TEN_SECONDS_MS = 10_000
SECOND_MS = 1_000


@dataclass
class Limits:
    """The limits of an account; None lifts one.

    Attributes:
        per_10_seconds: Requests in any ten seconds, but those of the search.
        daily: Requests in a day.
        searches_per_second: Requests of the search in any second.
        refused: How many requests were too many so far, by policy.
    """

    per_10_seconds: int | None = 190
    daily: int | None = 650_000
    searches_per_second: int | None = 5
    refused: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start the day."""
        self._requests: deque[int] = deque()
        self._searches: deque[int] = deque()
        self._today = 0

    def count(self, clock: Clock, *, is_search: bool) -> None:
        """Count a request.

        Raises:
            Refusal: It is one too many; it is not counted.
        """
        now = clock.now()
        if self.daily is not None and self._today >= self.daily:
            self._refuse("DAILY")
        if is_search:
            self._take(self._searches, now - SECOND_MS, self.searches_per_second, "SECONDLY")
            self._searches.append(now)
        else:
            limit = self.per_10_seconds
            self._take(self._requests, now - TEN_SECONDS_MS, limit, "TEN_SECONDLY_ROLLING")
            self._requests.append(now)
        self._today += 1

    def _take(self, times: deque[int], since: int, most: int | None, policy: str) -> None:
        while times and times[0] <= since:
            times.popleft()
        if most is not None and len(times) >= most:
            self._refuse(policy)

    def _refuse(self, policy: str) -> None:
        self.refused[policy] = self.refused.get(policy, 0) + 1
        raise rate_limited(policy)

    def headers(self) -> dict[str, str]:
        """Return what is left, as answers tell it; those of the search do not."""
        named: dict[str, int] = {}
        if self.per_10_seconds is not None:
            named |= {
                "Max": self.per_10_seconds,
                "Remaining": self.per_10_seconds - len(self._requests),
                "Interval-Milliseconds": TEN_SECONDS_MS,
                "Secondly": self.per_10_seconds // 10,
                "Secondly-Remaining": self.per_10_seconds // 10,
            }
        if self.daily is not None:
            named |= {"Daily": self.daily, "Daily-Remaining": self.daily - self._today}
        return {f"X-HubSpot-RateLimit-{name}": str(value) for name, value in named.items()}


def unlimited() -> Limits:
    """Return limits that limit nothing, for tests of something else."""
    return Limits(None, None, None)
