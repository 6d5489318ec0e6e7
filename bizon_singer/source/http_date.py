"""Times in the headers of HTTP answers (RFC 9110, 5.6.7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(value: str | None) -> datetime | None:
    """Return the time a header holds, None if it holds none."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return the time an answer was made, by the clock of the server.

    None if it does not say, or comes from a cache, which repeats what the server once said.
    """
    return None if headers.get("Age") else http_date(headers.get("Date"))
