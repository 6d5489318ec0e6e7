"""How fast HubSpot may be asked, and what it means when it says no.

https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines. An account has so
many requests in ten seconds, told by headers of each answer but those of searches; five searches a
second; and so many requests a day. All of it is counted for the account, so the streams read at
once share it (:class:`bizon_singer.source.budget.RequestBudget`).

Why the tap slows down before it is told to: errors must stay below 5 % of all requests, and other
apps of the account live on the same budget. With more than a tenth of the window left it goes as
fast as it can; from there on at the rate the window refills; with nothing left it waits for one.

Why a DAILY refusal is not tried again: the day ends at midnight of the account, hours away.
The other streams of the run are told by the budget they share, and do not ask at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from time import sleep
from typing import Any
from zoneinfo import ZoneInfo

import requests

from bizon_singer.errors import BizonSingerError, TransientError
from bizon_singer.source.config import HttpConfig
from bizon_singer.source.origin import origin_of
from bizon_singer.source.reply import RETRIED_STATUSES, Reply
from bizon_singer.source.retry import retry_after
from bizon_singer.source.session import Session

TOO_MANY = 429
LOCKED = 423
MIGRATION = 477
DEFAULT_INTERVAL_SECONDS = 10.0
MAX_INTERVAL_SECONDS = 60.0
SEARCH_PAUSE_SECONDS = 1.0
LOCKED_PAUSE_SECONDS = 2.0
RESERVE = 0.1
"""Part of the window that is used up slowly."""
A_DAY_SECONDS = 86_400.0
SEARCH = "search"
DAY = "day"


class DailyLimitError(TransientError):
    """All requests of the day are spent."""


class PacedSession(Session):
    """A session that keeps within the limits of a HubSpot account.

    Args:
        http: Limits of any session.
        retry_limit: How often a request is tried again.
        requests_per_10_seconds: A lower limit of the user's, None for what the headers say.
        searches_per_second: How often the search is asked.
        pool_size: How many connections are kept open.

    Attributes:
        time_zone: The account's, by which its day ends; None while it is not known.
    """

    def __init__(
        self,
        http: HttpConfig,
        retry_limit: int,
        *,
        requests_per_10_seconds: float | None,
        searches_per_second: float,
        pool_size: int,
    ) -> None:
        """Start with nothing known of the account."""
        rates = [http.requests_per_second, requests_per_10_seconds and requests_per_10_seconds / 10]
        rate = min((value for value in rates if value), default=None)
        http = http.model_copy(update={"requests_per_second": rate})
        super().__init__(http, retry_limit, pool_size=pool_size)
        self.retried_statuses = RETRIED_STATUSES | {LOCKED, MIGRATION}
        self.time_zone: str | None = None
        self._searches_per_second = searches_per_second
        self._refill_rate: float | None = None

    def await_turn(self, request: requests.PreparedRequest) -> None:
        """Wait for a turn of the account, and of its searches for one of those.

        Raises:
            DailyLimitError: Another stream has met the end of the day; asking would be in vain.
        """
        origin = origin_of(request.url or "")
        if self.budget.reserve((DAY, origin)) > 0:
            raise self._day_is_spent(None)
        if is_search(request.url or ""):
            sleep(self.budget.reserve((SEARCH, origin), self._searches_per_second))
        if self._refill_rate is not None:
            # A turn each: threads that all waited for the same moment would start at once.
            sleep(self.budget.reserve(origin, self._refill_rate))
        super().await_turn(request)

    def look_at(self, reply: Reply) -> None:
        """Read what an answer tells of the budget.

        Raises:
            DailyLimitError: The requests of the day are spent.
        """
        origin = origin_of(reply.url or "")
        if reply.status_code == TOO_MANY:
            policy = _policy(reply)
            if policy == "DAILY":
                self.budget.pause((DAY, origin), A_DAY_SECONDS)
                raise self._day_is_spent(retry_after(reply.headers))
            if policy == "SECONDLY" or (not policy and is_search(reply.url or "")):
                self.budget.pause((SEARCH, origin), SEARCH_PAUSE_SECONDS)
            elif retry_after(reply.headers) is None:
                self.budget.pause(origin, _interval(reply.headers))
        elif reply.status_code == LOCKED:
            self.budget.pause(origin, LOCKED_PAUSE_SECONDS)
        else:
            self._keep_pace(reply)

    def _keep_pace(self, reply: Reply) -> None:
        """Slow down by what is left of the window; an answer that does not say changes nothing."""
        most = _number(reply.headers, "X-HubSpot-RateLimit-Max")
        left = _number(reply.headers, "X-HubSpot-RateLimit-Remaining")
        if not most or left is None:
            return
        interval = _interval(reply.headers)
        self._refill_rate = most / interval if left <= most * RESERVE else None
        if left <= 0:
            self.budget.pause(origin_of(reply.url or ""), interval)

    def _day_is_spent(self, asked: float | None) -> DailyLimitError:
        """Return the error that says when to run again."""
        return DailyLimitError(
            "the requests the account has for one day are spent; run again with the last STATE "
            f"after they are renewed, {self._reset(asked)}"
        )

    def _reset(self, asked: float | None) -> str:
        """Return when the day of the account ends, in words; HubSpot's own word goes first."""
        now = datetime.now(UTC)
        if asked is not None and asked <= A_DAY_SECONDS:
            return f"at {now + timedelta(seconds=asked):%Y-%m-%d %H:%M} UTC"
        try:
            zone = ZoneInfo(self.time_zone or "")
        except (ValueError, OSError, KeyError):
            return "at midnight in the time zone of the account"
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        midnight = datetime.combine(tomorrow, time_of_day(), zone).astimezone(UTC)
        return f"at {midnight:%Y-%m-%d %H:%M} UTC, midnight of the account"


def is_search(url: str) -> bool:
    """Tell whether a URL is that of the search for objects, which has a limit of its own."""
    path = url.partition("?")[0]
    return path.endswith("/search") and "/objects/" in path


def _interval(headers: Mapping[str, str]) -> float:
    milliseconds = _number(headers, "X-HubSpot-RateLimit-Interval-Milliseconds")
    if milliseconds is None or milliseconds <= 0:
        return DEFAULT_INTERVAL_SECONDS
    return min(milliseconds / 1000, MAX_INTERVAL_SECONDS)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else None


def _policy(reply: Reply) -> str:
    """Return which limit was met, by the body; empty if it does not say."""
    try:
        body: Any = reply.json()
    except (BizonSingerError, ValueError):
        return ""
    policy = body.get("policyName") if isinstance(body, dict) else None
    return policy if isinstance(policy, str) else ""
