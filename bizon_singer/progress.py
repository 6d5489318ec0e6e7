"""How far a run has come, for the person and the program that watch stderr.

A program gets Singer METRIC lines (SYNC_MODE.md, "Metric Messages"); a person at a terminal a bar
with rate, share and time left besides.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

REQUESTS_LOG_SECONDS = 10.0
FIRST_FAILING_STATUS = 400

logger = logging.getLogger("singer_sdk.metrics")

_has_bars = True


def log_timer(metric: str, seconds: float, **tags: Any) -> None:
    """Log one duration in seconds."""
    if logger.isEnabledFor(logging.INFO):
        point = {"type": "timer", "metric": metric, "value": round(seconds, 6), "tags": tags}
        logger.info("METRIC: %s", json.dumps(point, separators=(",", ":")))


class RequestTimer:
    """Sums up the HTTP requests of one stream and logs them every ten seconds and at the end.

    One line per request, as the Singer SDK writes, buries a log under 14,000 lines for one full
    run of PokeAPI; each request is still logged at debug.

    Args:
        stream: Name of the stream, a tag of the metric.
    """

    def __init__(self, stream: str) -> None:
        """Start counting."""
        self._stream = stream
        self._lock = threading.Lock()
        self._sums: dict[int, tuple[int, float, float]] = {}
        self._logged_at = time.monotonic()

    def add(self, place: str, status: int, seconds: float) -> None:
        """Count one request; sources may call from several threads.

        Args:
            place: Method and URL without its query.
            status: HTTP status, 0 if no answer came.
            seconds: Time until the last byte.
        """
        logger.debug("%s answered %d in %.3f s", place, status, seconds)
        with self._lock:
            count, total, longest = self._sums.get(status, (0, 0.0, 0.0))
            self._sums[status] = (count + 1, total + seconds, max(longest, seconds))
            due = time.monotonic() - self._logged_at >= REQUESTS_LOG_SECONDS
        if due:
            self.log()

    def log(self) -> None:
        """Log the mean duration for each status since the last time."""
        with self._lock:
            sums, self._sums = self._sums, {}
            self._logged_at = time.monotonic()
        for status, (count, total, longest) in sums.items():
            log_timer(
                "http_request_duration",
                total / count,
                stream=self._stream,
                http_status_code=status,
                status="succeeded" if 0 < status < FIRST_FAILING_STATUS else "failed",
                requests=count,
                longest=round(longest, 6),
            )


def is_watched() -> bool:
    """Tell whether a person sees stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def without_bars() -> Iterator[None]:
    """Draw no bars: who makes many runs has one of its own for all of them."""
    global _has_bars  # noqa: PLW0603 - a process has one stderr
    before, _has_bars = _has_bars, False
    try:
        yield
    finally:
        _has_bars = before


@contextmanager
def above_progress_bars() -> Iterator[None]:
    """Write log lines above the bars instead of into them."""
    if not is_watched():
        yield
        return
    from tqdm.contrib.logging import logging_redirect_tqdm  # noqa: PLC0415 - terminals only

    with logging_redirect_tqdm():
        yield


class ProgressBar:
    """A bar on a terminal; nothing anywhere else.

    Args:
        stream: Name shown before the bar.
        total: Number of records expected, None if unknown.
    """

    def __init__(self, stream: str, total: int | None) -> None:
        """Draw an empty one."""
        self._bar: Any = None
        if _has_bars and is_watched():
            from tqdm import tqdm  # noqa: PLC0415 - only terminals pay for its import

            self._bar = tqdm(total=total, desc=stream, unit=" records", file=sys.stderr)

    def add(self, records: int) -> None:
        """Move on by a number of records."""
        if self._bar is not None:
            self._bar.update(records)

    def close(self) -> None:
        """Leave the finished bar on the terminal."""
        if self._bar is not None:
            self._bar.close()
