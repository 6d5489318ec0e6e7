"""Where an unfinished run of a stream stands, as its bookmark tells it.

A STATE comes back by way of a target, a state backend and people who edit files, so nothing in it
is believed: a place that is not whole is not used, and the stream starts again from its bookmark.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from bizon_singer.frozen import thaw

ANY_CONFIG = "any"
"""Stands for the fingerprint in a place that was not written by a run: no settings are known."""
_MODES = ("full_table", "incremental")


class UnusableError(Exception):
    """An unfinished run cannot go on; the message says why, after "because"."""


@dataclass(frozen=True)
class Place:
    """Where an unfinished run stands.

    Attributes:
        started_at: When it began.
        pages: Number of pages it has read.
        pagination: First page to ask for.
        next_state: Custom state the source gave last, frozen.
        version: Version of the table it announced, if any.
    """

    started_at: datetime
    pages: int
    pagination: dict[str, Any]
    next_state: dict[str, Any] | None
    version: int | None


def read_place(progress: Any, *, mode: str, config: str, now: datetime) -> Place:
    """Read the ``in_progress`` of a bookmark.

    Args:
        progress: The value as it came in STATE.
        mode: Mode of the run that wants to go on.
        config: Fingerprint of its settings.
        now: When it starts.

    Raises:
        UnusableError: The run cannot go on from there.
    """
    if not _is_whole(progress):
        raise UnusableError("its in_progress is not one this version writes")
    if progress.get("mode") != mode:
        was = progress["mode"] if progress.get("mode") in _MODES else "different"
        raise UnusableError(f"it was a {was} run and this is a {mode} one")
    if progress.get("config") not in (config, ANY_CONFIG):  # no set: a list has no hash
        raise UnusableError("its settings have changed")
    frozen, next_state = progress["pagination"], progress.get("next_state")
    pagination = thawed_object(frozen)
    if pagination is None or (next_state is not None and thawed_object(next_state) is None):
        raise UnusableError("its pagination or next_state cannot be read")
    if progress.get("digest") not in (None, digest_of(frozen, next_state)):
        raise UnusableError("its pagination is a mix of two, as a merge of states makes it")
    started_at = parse_time(progress["started_at"])
    if started_at is None or started_at > now:
        # The clock was ahead then, or is behind now. Whatever is promoted as the start of this
        # run must not be later than its first page, and nobody knows when that was read.
        raise UnusableError("it began in the future, by the clock of this machine")
    return Place(started_at, progress["pages"], pagination, next_state, progress.get("version"))


def _is_whole(progress: Any) -> bool:
    """Tell whether every part of a place is there and of its type."""
    if not isinstance(progress, dict):
        return False
    pages, version = progress.get("pages"), progress.get("version")
    return (
        parse_time(progress.get("started_at")) is not None
        and type(pages) is int
        and pages >= 0
        and (version is None or type(version) is int)
        and isinstance(progress.get("pagination"), dict)
        and isinstance(progress.get("next_state"), (dict, type(None)))
    )


def parse_time(value: Any) -> datetime | None:
    """Read a time of a bookmark, in UTC; None if it is none. A naive one is taken as UTC."""
    # fromisoformat takes 20240131 as well, which may be an id.
    if not isinstance(value, str) or value[4:5] != "-":
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def digest_of(pagination: Any, next_state: Any) -> str:
    """Return a hash of a place, both parts frozen."""
    try:
        text = orjson.dumps([pagination, next_state], float, orjson.OPT_SORT_KEYS)
    except TypeError:  # nothing that was frozen
        return ""
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def thawed_object(frozen: Any) -> dict[str, Any] | None:
    """Return the object a frozen value stands for, None if it is none."""
    try:
        value = thaw(frozen)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
