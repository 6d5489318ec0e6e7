"""How long to wait before a request is tried again, and when not to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bizon_singer.source.http_date import http_date


class Retrying(Protocol):
    """What tries requests again: a session.

    Attributes:
        retried_statuses: On which statuses.
    """

    retried_statuses: frozenset[int]


@contextmanager
def not_retrying(session: Retrying, statuses: AbstractSet[int]) -> Iterator[None]:
    """Give up on some statuses at once, where asking for less is better than the same once more.

    It is for sessions whose requests are sent by one thread: it holds for all of them.
    """
    before = session.retried_statuses
    session.retried_statuses = before - statuses
    try:
        yield
    finally:
        session.retried_statuses = before


def pauses(max_seconds: float) -> Iterator[float]:
    """Yield pauses in seconds without end: full jitter below 1, 2, 4 … up to the limit.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    import backoff  # noqa: PLC0415 - 5 ms of each start, and most runs have no pause

    limit = 1.0
    while True:
        # backoff.expo is not used: its first value only starts the generator.
        yield backoff.full_jitter(min(limit, max_seconds))
        limit = min(limit * 2, max_seconds)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the pause asked for in seconds (RFC 9110, 10.2.3), None if there is no usable one.

    A date is compared with the answer's own ``Date``, where there is one: the clocks of two
    machines differ.
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until = http_date(value)
        if until is None:
            return None
        seconds = (until - (http_date(headers.get("Date")) or datetime.now(UTC))).total_seconds()
    return None if math.isnan(seconds) or seconds < 0 else seconds


def come_back_later(seconds: float) -> str:
    """Return the advice for a pause longer than is allowed, with the time it ends."""
    try:
        end = datetime.now(UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return "it asks to wait for longer than a life; ask its provider, then run again"
    return (
        f"it asks to wait {seconds:,.0f} s; run again with the last STATE after "
        f"{end:%Y-%m-%d %H:%M} UTC"
    )
