"""How far a run has come, for the person and the program that watch stderr.

A program gets Singer METRIC lines (SYNC_MODE.md, "Metric Messages"); a person at a terminal a bar
with rate, share and time left besides.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any, Self

logger = logging.getLogger("singer_sdk.metrics")


def log_timer(metric: str, seconds: float, **tags: Any) -> None:
    """Log one duration in seconds."""
    if logger.isEnabledFor(logging.INFO):
        point = {"type": "timer", "metric": metric, "value": round(seconds, 6), "tags": tags}
        logger.info("METRIC: %s", json.dumps(point, separators=(",", ":")))


class ProgressBar:
    """A bar on a terminal; nothing anywhere else.

    Args:
        stream: Name shown before the bar.
        total: Number of records expected, None if unknown.
        done: Number of records already read by the run this one resumes, 0 otherwise.
    """

    def __init__(self, stream: str, total: int | None) -> None:
        """Draw nothing yet."""
        self._bar: Any = None
        if sys.stderr is not None and sys.stderr.isatty():
            from tqdm import tqdm  # noqa: PLC0415 - only terminals pay for its import

            self._bar = tqdm(total=total, desc=stream, unit=" records", file=sys.stderr)

    def add(self, records: int) -> None:
        """Move on by a number of records."""
        if self._bar is not None:
            self._bar.update(records)

    def __enter__(self) -> Self:
        """Return the bar itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the finished bar on the terminal."""
        if self._bar is not None:
            self._bar.close()
