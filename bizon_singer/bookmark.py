"""STATE: where each stream stands, and what a run may conclude from it.

::

    {"version": 1, "bookmarks": {"contacts": {
        "last_run": "2026-11-22T07:00:00Z",   start of the last run that completed
        "state": {},                          custom state of the source, from that run
        "replication_key": "updatedAt", "replication_key_value": "…",
        "in_progress": {                      null once the stream is complete
            "mode": "incremental", "started_at": "…", "pages": 4,
            "pagination": {"after": "400"},   where the next page starts
            "next_state": null, "version": null, "config": "sha256:…"}}}}

A bookmark moves only after the records of its page; ``last_run`` and ``state`` only when the
stream completes. ``in_progress`` is set to null and never removed: Meltano merges states, and a
removed key would come back from the past.

Why ``last_run`` is the start of a run and not the largest value seen: records that change while
the run reads are then read again by the next one instead of never.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bizon_singer.encoding import message
from bizon_singer.errors import StateError
from bizon_singer.frozen import CannotFreezeError, freeze, holds_secret, thaw
from bizon_singer.redact import redact
from bizon_singer.source.models import SourceIncrementalState

VERSION = 1
FULL_TABLE = "full_table"
INCREMENTAL = "incremental"


def rfc3339(moment: datetime) -> str:
    """Write a time in UTC with a ``Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_time(value: Any) -> datetime | None:
    """Read a time of a bookmark; None if it is none. A naive one is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Intent:
    """What a run wants to do with a stream, before its bookmark is consulted.

    Attributes:
        mode: ``full_table`` or ``incremental``.
        config: Fingerprint of the settings that decide which records there are.
        replication_key: Field that tells when a record changed, if there is one.
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
            self.value.update(last_run=None, state={}, replication_key_value=None, in_progress=None)
        progress = self._usable_progress(intent)
        if progress is None:
            self.value["in_progress"] = None
            self._next_state = None
            self._start = Start(now, self._changes_since(intent, now), {}, 0, False, version)
        else:
            started_at = parse_time(progress.get("started_at")) or now
            self._next_state = progress.get("next_state")
            self._start = Start(
                started_at=started_at,
                source_state=self._changes_since(intent, started_at),
                pagination=thaw(progress["pagination"]),
                pages=progress["pages"],
                resumed=True,
                # Half of this table is already out under that version, or under none.
                version=progress.get("version"),
            )
        return self._start

    def _usable_progress(self, intent: Intent) -> Mapping[str, Any] | None:
        """Return the unfinished run in the bookmark if this run can go on with it."""
        progress = self.value.get("in_progress")
        if progress is None:
            return None
        reason = _why_unusable(progress, intent)
        if reason is None:
            return progress  # type: ignore[no-any-return]
        self._logger.warning(
            "Stream %r starts again from its last bookmark instead of page %s: %s.",
            self.stream,
            progress.get("pages", "?") if isinstance(progress, Mapping) else "?",
            reason,
        )
        return None

    def _changes_since(self, intent: Intent, started_at: datetime) -> SourceIncrementalState | None:
        if intent.mode != INCREMENTAL:
            return None
        last_run = parse_time(self.value.get("last_run")) or self._foreign_bookmark(intent)
        last_run = last_run or intent.start_date
        if last_run is None:
            return None
        return SourceIncrementalState(
            last_run=last_run,
            state=_thawed(self.value.get("state")),
            cursor_field=intent.replication_key,
            run_started_at=started_at,
        )

    def _foreign_bookmark(self, intent: Intent) -> datetime | None:
        """Read the bookmark another tap left behind: people move here without a re-sync."""
        for key in ("replication_key_value", intent.replication_key):
            if key is None or self.value.get(key) is None:
                continue
            moment = parse_time(self.value[key])
            if moment is None:
                self._tell(
                    "The bookmark of stream %r has a %r that is no time; the stream is read from "
                    "the beginning.",
                    key,
                )
                return None
            self._tell("Stream %r goes on from the %r another tap left in its bookmark.", key)
            return moment
        return None

    def _tell(self, text: str, key: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._logger.warning(text, self.stream, key)

    def restart(self, now: datetime) -> Start:
        """Drop the unfinished run, whose cursor is no longer accepted, and start again."""
        assert self._intent is not None  # noqa: S101 - begin() comes first
        self.value["in_progress"] = None
        version = self._start.version if self._start else None
        return self.begin(self._intent, now, version)

    def advance(
        self, pages: int, pagination: Mapping[str, Any], next_state: Mapping[str, Any] | None
    ) -> None:
        """Note that all pages before ``pagination`` are written."""
        intent, start = self._intent, self._start
        assert intent is not None  # noqa: S101 - begin() comes first
        assert start is not None  # noqa: S101
        if next_state is not None:
            self._next_state = self._frozen(next_state, "its next_state")
        frozen = self._frozen(pagination, "its pagination")
        self.value["in_progress"] = (
            None
            if frozen is None
            else {
                "mode": intent.mode,
                "started_at": rfc3339(start.started_at),
                "pages": pages,
                "pagination": frozen,
                "next_state": self._next_state,
                "version": start.version,
                "config": intent.config,
            }
        )

    def _frozen(self, value: Mapping[str, Any], what: str) -> Any:
        """Return a value for STATE, None if it has to stay out of it (said once)."""
        try:
            frozen = freeze(value)
        except CannotFreezeError:
            reason = "it holds values JSON cannot give back"
        else:
            if not holds_secret(frozen, redact):
                return frozen
            reason = "it holds a secret"
        self._tell(
            f"Stream %r keeps {what} out of STATE: {reason}; an interrupted run starts again from "
            "its last bookmark%s.",
            "",
        )
        return None

    def finish(self) -> None:
        """Note that the stream is complete: what was in progress becomes the bookmark."""
        intent, start = self._intent, self._start
        assert intent is not None  # noqa: S101 - begin() comes first
        assert start is not None  # noqa: S101
        self.value["last_run"] = rfc3339(start.started_at)
        if self._next_state is not None:
            self.value["state"] = self._next_state
        self.value.setdefault("state", {})
        if intent.replication_key is not None:
            self.value["replication_key"] = intent.replication_key
            if intent.replication_key_is_time:
                self.value["replication_key_value"] = self.value["last_run"]
        self.value["in_progress"] = None


def _why_unusable(progress: Any, intent: Intent) -> str | None:
    """Return why an unfinished run cannot go on, None if it can."""
    if intent.forget_progress:
        return "force_ignore_checkpoint is set"
    if (
        not isinstance(progress, Mapping)
        or not isinstance(progress.get("pages"), int)
        or not isinstance(progress.get("pagination"), Mapping)
    ):
        return "its in_progress is not one this version writes"
    if progress.get("mode") != intent.mode:
        return f"it was a {progress.get('mode')} run and this is a {intent.mode} one"
    if progress.get("config") != intent.config:
        return "its settings have changed"
    try:
        thaw(progress["pagination"])
    except ValueError:
        return "its pagination cannot be read"
    return None


def _thawed(state: Any) -> dict[str, Any]:
    try:
        value = thaw(copy.deepcopy(state)) if state else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


class Bookmarks:
    """The state of a tap: the bookmarks of all its streams, those not in this run included."""

    def __init__(self, state: Any = None) -> None:
        """Check a state and take it over.

        Raises:
            StateError: It is no state, or of a newer version.
        """
        self.value: dict[str, Any] = _checked(copy.deepcopy(state) if state is not None else {})
        self.given = {stream for stream, value in self.value["bookmarks"].items() if value}
        self._streams: dict[str, Bookmark] = {}

    def stream(self, name: str) -> Bookmark:
        """Return the bookmark of a stream, an empty one if there is none."""
        if name not in self._streams:
            value = self.value["bookmarks"].setdefault(name, {})
            self._streams[name] = Bookmark(name, value)
        return self._streams[name]

    def unknown(self, known: Iterable[str]) -> list[str]:
        """Return the streams that have a bookmark but are not among ``known``."""
        return sorted(self.given - set(known))

    def line(self) -> bytes:
        """Return the STATE message as it stands."""
        return message({"type": "STATE", "value": self.value})


def _checked(state: Any) -> dict[str, Any]:
    if not isinstance(state, dict):
        raise StateError(
            f"the state is a {_json_type(state)}, not an object; pass the object a "
            "STATE message carries as `value`"
        )
    if state.get("type") == "STATE" and isinstance(state.get("value"), dict):
        state = state["value"]
    version = state.get("version", VERSION)
    if not isinstance(version, int) or version > VERSION:
        raise StateError(
            f"the state has version {str(version)[:20]}, this tap knows {VERSION}; update the tap "
            "or start without --state"
        )
    bookmarks = state.get("bookmarks")
    if bookmarks is None:
        bookmarks = {}
    if not isinstance(bookmarks, dict):
        raise StateError(f"`bookmarks` in the state is a {_json_type(bookmarks)}, not an object")
    for stream, bookmark in bookmarks.items():
        if not isinstance(bookmark, dict):
            raise StateError(
                f"the bookmark of stream {stream[:80]!r} in the state is a "
                f"{_json_type(bookmark)}, not an object"
            )
    return {**state, "version": VERSION, "bookmarks": bookmarks}


def _json_type(value: Any) -> str:
    names: dict[type, str] = {list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
