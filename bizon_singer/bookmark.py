"""The bookmark of a stream: where it stands, and what a run may conclude from it.

::

    {"version": 1, "bookmarks": {"contacts": {
        "last_run": "2026-11-22T07:00:00Z",   start of the last run that completed
        "state": {},                          custom state of the source, from that run
        "replication_key": "updatedAt", "replication_key_value": "…",
        "table_version": 1763794800000,       if activated: the next one must be larger
        "in_progress": {                      null once the stream is complete
            "mode": "incremental", "started_at": "…", "pages": 4,
            "pagination": {"after": "400"},   where the next page starts
            "next_state": null, "digest": "…", "version": null, "config": "sha256:…"}}}}

A bookmark moves only after the records of its page; ``last_run`` and ``state`` only when the
stream completes. ``in_progress`` is set to null and never removed: Meltano can merge states, and
a removed key would come back from the past. ``digest`` is of the pagination and the next_state:
a merge of two paginations is a place that never was, and shows in it.

Why ``last_run`` is the start of a run and not the largest value seen: records that change while
the run reads are then read again by the next one instead of never.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bizon_singer.frozen import CannotFreezeError, freeze, holds_secret
from bizon_singer.moments import rfc3339
from bizon_singer.place import (
    Place,
    UnusableError,
    digest_of,
    parse_time,
    read_place,
    thawed_object,
)
from bizon_singer.redact import redact
from bizon_singer.source.models import ProvenPosition, SourceIncrementalState

FULL_TABLE = "full_table"
INCREMENTAL = "incremental"
LARGEST_VERSION = 2**62
"""Targets keep it in 64 bits."""
OWN_KEYS = frozenset({"last_run", "state", "in_progress", "replication_key", "table_version"})
"""Keys of a bookmark that no other tap's cursor is looked for under."""


@dataclass(frozen=True)
class Intent:
    """What a run wants to do with a stream, before its bookmark is consulted.

    Attributes:
        mode: ``full_table`` or ``incremental``.
        config: Fingerprint of the settings that decide which records there are.
        replication_key: Field that tells when a record changed, if there is one.
        replication_key_is_time: Whether that field holds times.
        start_date: Where a first incremental run starts, None for the beginning.
        forget_progress: Start an unfinished run again (``force_ignore_checkpoint``).
        forget_all: Forget the bookmark as a whole (``reset``).
    """

    mode: str
    config: str
    replication_key: str | None = None
    replication_key_is_time: bool = False
    start_date: datetime | None = None
    forget_progress: bool = False
    forget_all: bool = False


@dataclass(frozen=True)
class Start:
    """Where a run of a stream starts.

    Attributes:
        started_at: When the run began, the first one if it is resumed.
        source_state: What to ask the source for changes since; None reads everything.
        pagination: First page to ask for, ``{}`` for the beginning.
        pages: Number of pages read before, by the run this one resumes.
        resumed: Whether an unfinished run goes on.
        version: Version of the table the resumed run had announced, if any.
    """

    started_at: datetime
    source_state: SourceIncrementalState | None
    pagination: dict[str, Any]
    pages: int
    resumed: bool
    version: int | None


class Bookmark:
    """The bookmark of one stream.

    Args:
        stream: Its name, for messages.
        value: The bookmark as it came in STATE; it is changed in place.
    """

    def __init__(self, stream: str, value: dict[str, Any]) -> None:
        """Bind to a part of the state."""
        self.stream = stream
        self.value = value
        self._intent: Intent | None = None
        self._start: Start | None = None
        self._next_state: Any = None
        self._logger = logging.getLogger("bizon_singer.bookmark")
        self._told: set[str] = set()

    def begin(self, intent: Intent, now: datetime, version: int | None = None) -> Start:
        """Decide where a run starts.

        Args:
            intent: What the run wants.
            now: When it starts.
            version: Version of the table, if targets are to be told one.
        """
        self._intent = intent
        if intent.forget_all:
            self._forget(intent)
        place = self._usable_place(intent, now)
        unfinished = self.value.get("in_progress")
        if place is None:
            self.value["in_progress"] = None
            self._next_state = None
            version = self._larger_version(version, unfinished)
            self._start = Start(now, self._changes_since(intent, now), {}, 0, False, version)
        else:
            self._next_state = place.next_state
            self._start = Start(
                started_at=place.started_at,
                source_state=self._changes_since(intent, place.started_at),
                pagination=place.pagination,
                pages=place.pages,
                resumed=True,
                # Half of this table is already out under that version, or under none.
                version=place.version,
            )
        return self._start

    def _larger_version(self, version: int | None, unfinished: Any) -> int | None:
        """Return a version larger than those the target has seen, also when the clock went back.

        Targets drop the rows of smaller versions, and some ignore what comes under one.
        """
        last = unfinished.get("version") if isinstance(unfinished, dict) else None
        seen = [
            value
            for value in (self.value.get("table_version"), last)
            if type(value) is int and 0 <= value < LARGEST_VERSION
        ]
        return None if version is None else max([version, *(value + 1 for value in seen)])

    def _forget(self, intent: Intent) -> None:
        """Set to null what earlier runs and other taps left: a merge keeps what is removed."""
        cursor = intent.replication_key
        if cursor in self.value and cursor not in OWN_KEYS:
            self.value[cursor] = None
        self.value.update(last_run=None, state=None, replication_key_value=None, in_progress=None)

    def _usable_place(self, intent: Intent, now: datetime) -> Place | None:
        """Return where the unfinished run in the bookmark stands, if this run can go on with it."""
        progress = self.value.get("in_progress")
        if progress is None:
            return None
        try:
            if intent.forget_progress:
                raise UnusableError("force_ignore_checkpoint is set")
            return read_place(progress, mode=intent.mode, config=intent.config, now=now)
        except UnusableError as reason:
            pages = progress.get("pages") if isinstance(progress, Mapping) else None
            self._logger.warning(
                "Stream %r starts again from its last bookmark instead of going on%s: %s.",
                self.stream,
                f" after page {pages:d}" if type(pages) is int else "",
                reason,
            )
            return None

    def _changes_since(self, intent: Intent, started_at: datetime) -> SourceIncrementalState | None:
        if intent.mode != INCREMENTAL:
            return None
        last_run = parse_time(self.value.get("last_run"))
        if last_run is None and self.value.get("last_run") is not None:
            self._tell("The `last_run` in the bookmark of stream %r is no time; it is ignored.")
        last_run = last_run or self._foreign_bookmark(intent)
        if last_run is not None and last_run > started_at:
            # The clock was ahead when it was written, or is behind now: what changed since the
            # last run may lie before it, and even before the start of this run.
            self._tell(
                "The bookmark of stream %r lies in the future; the stream is read from the "
                "start_date, or from the beginning without one."
            )
            last_run = None
        last_run = last_run or intent.start_date
        if last_run is None:
            return None
        return SourceIncrementalState(
            last_run=last_run,
            state=self._custom_state(),
            cursor_field=intent.replication_key,
            run_started_at=started_at,
        )

    def _custom_state(self) -> dict[str, Any]:
        state = self.value.get("state")
        thawed = thawed_object(state)
        if thawed is None and state is not None:
            self._tell("The `state` in the bookmark of stream %r cannot be read; it is ignored.")
        return thawed or {}

    def _foreign_bookmark(self, intent: Intent) -> datetime | None:
        """Read the bookmark another tap left behind: people move here without a re-sync."""
        found = [
            key
            for key in ("replication_key_value", intent.replication_key)
            if key is not None and key not in OWN_KEYS and self.value.get(key) is not None
        ]
        for key in found:
            moment = parse_time(self.value[key])
            if moment is not None:
                self._tell("Stream %r goes on from the %r another tap left in its bookmark.", key)
                return moment
        if found:
            self._tell(
                "The bookmark of stream %r has a %r that is no time; the stream is read from the "
                "start_date, or from the beginning without one.",
                found[0],
            )
        return None

    def _tell(self, text: str, *arguments: str) -> None:
        """Warn of something once."""
        if text not in self._told:
            self._told.add(text)
            self._logger.warning(text, self.stream, *arguments)

    def proven(self) -> ProvenPosition:
        """Return what the bookmark, as it came in STATE, proves a target has stored."""
        progress = self.value.get("in_progress")
        pagination = progress.get("pagination") if isinstance(progress, Mapping) else None
        return ProvenPosition(self._custom_state(), thawed_object(pagination))

    def restart(self, now: datetime) -> Start:
        """Drop the unfinished run, whose cursor is no longer accepted, and start again."""
        assert self._intent is not None  # noqa: S101 - begin() comes first
        self.value["in_progress"] = None
        version = self._start.version if self._start else None
        return self.begin(self._intent, now, version)

    def began_before(self, moment: datetime) -> None:
        """Note a time at which this run had begun, by the clock the source dates changes by.

        Where the clock of this machine is ahead of it, the start of the run is moved back: the
        next run would not ask for what changed in between.
        """
        if self._start is not None and moment < self._start.started_at:
            self._start = replace(self._start, started_at=moment)

    def advance(
        self, pages: int, pagination: Mapping[str, Any], next_state: Mapping[str, Any] | None
    ) -> None:
        """Note that all pages before ``pagination`` are written.

        A pagination that has to stay out of STATE leaves the last one that did not: a place the
        run can go on from as well, if with some pages twice.
        """
        intent, start = self._intent, self._start
        assert intent is not None  # noqa: S101 - begin() comes first
        assert start is not None  # noqa: S101 - begin() comes first
        if next_state is not None:
            self._next_state = self._frozen(next_state, "next_state")
        frozen = self._frozen(pagination, "pagination")
        if frozen is not None:
            self.value["in_progress"] = {
                "mode": intent.mode,
                "started_at": rfc3339(start.started_at),
                "pages": pages,
                "pagination": frozen,
                "next_state": self._next_state,
                "digest": digest_of(frozen, self._next_state),
                "version": start.version,
                "config": intent.config,
            }

    def _frozen(self, value: Mapping[str, Any], what: str) -> Any:
        """Return a value for STATE, None if it has to stay out of it (said once)."""
        try:
            frozen = freeze(value)
        except CannotFreezeError:
            reason = "holds values JSON cannot give back"
        else:
            if not holds_secret(frozen, redact):
                return frozen
            reason = "holds a secret"
        effect = {
            "pagination": "an interrupted run goes on from an earlier page or starts again",
            "next_state": "the next run gets the state of the one before",
        }
        self._tell(f"The {what} of stream %r {reason} and stays out of STATE: {effect[what]}.")
        return None

    def finish(self) -> None:
        """Note that the stream is complete: what was in progress becomes the bookmark."""
        intent, start = self._intent, self._start
        assert intent is not None  # noqa: S101 - begin() comes first
        assert start is not None  # noqa: S101 - begin() comes first
        self.value["last_run"] = rfc3339(start.started_at)
        if self._next_state is not None:
            self.value["state"] = self._next_state
        elif not isinstance(self.value.get("state"), dict):
            self.value["state"] = {}
        if intent.replication_key is not None:
            self.value["replication_key"] = intent.replication_key
            if intent.replication_key_is_time:
                self.value["replication_key_value"] = self.value["last_run"]
        if start.version is not None:
            self.value["table_version"] = start.version
        self.value["in_progress"] = None
