"""The separate checker: it judges a tap by its recorded stdout, and by nothing else.

It shares no code with the taps, so a mistake made there is not made here again. ``check`` judges
one recording by itself; ``prove_resume`` cuts one at every byte and resumes each cut.

Why a cut recording stands for a killed process: a tap's only effect is its stdout, so "killed
when the target had read byte k" and "its output cut at byte k" leave the same behind.

The recording cannot tell what the source held: a page that *every* run skips goes unseen here.
Compare ``read(recording).of("RECORD")`` with the fixture for that.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bizon_singer.testing.recording import (
    Invariant,
    JsonObject,
    Message,
    Recording,
    Violation,
    canonical,
    exact,
    read,
)
from bizon_singer.testing.recording_rules import bookmarks_of, check

__all__ = [
    "VOLATILE_STATE",
    "Invariant",
    "Message",
    "Proof",
    "Recording",
    "Terms",
    "Violation",
    "check",
    "prove_resume",
    "read",
]

Resume = Callable[[JsonObject | None], bytes]

VOLATILE_STATE: Final = (
    ("bookmarks", "*", "last_run"),
    ("bookmarks", "*", "in_progress", "started_at"),
    ("bookmarks", "*", "in_progress", "version"),
)


@dataclass(frozen=True)
class Terms:
    """What a tap promises of its runs.

    Attributes:
        page_size: The most records of a stream that a resumed run may repeat, one number for all
            streams or one for each; add the overlap where one is configured.
        full_table: Streams that a run from a complete bookmark reads anew, from the first page:
            for these, all may be repeated then.
        read_by: The stream whose bookmark tells of another stream's records, where it is not that
            stream's own: records of one source's stream may be routed to several.
        secrets: Texts that no run may write.
        volatile_fields: Record fields that two runs over the same data may write differently.
        volatile_state: Paths into the STATE value that two runs may write differently, but not
            null in one of them only; ``*`` is any key. Besides, a ``replication_key_value`` equal
            to its bookmark's ``last_run`` stands for it.
    """

    page_size: int | Mapping[str, int]
    full_table: frozenset[str] = frozenset()
    read_by: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    volatile_fields: frozenset[str] = frozenset({"_source_timestamp"})
    volatile_state: tuple[tuple[str, ...], ...] = VOLATILE_STATE


@dataclass(frozen=True)
class Proof:
    """What ``prove_resume`` found.

    Attributes:
        prefixes: Byte prefixes judged, the empty one too: the length of the recording plus one.
        proven: Those of them that resume without a fault.
        resumes: Resumed runs, one for each distinct STATE.
        violations: By offset; none when the proof holds.
    """

    prefixes: int
    proven: int
    resumes: int
    violations: tuple[Violation, ...]


def prove_resume(
    full: bytes, resume: Resume, terms: Terms, *, initial_state: JsonObject | None = None
) -> Proof:
    """Cut a full run at every byte, resume each cut, and judge what a target then holds.

    For each prefix: its records and those of the run resumed from its last whole STATE are the
    records of the full run, and so is each key's last one (I3); the resumed run repeats one page
    at most (I11) and ends in the same STATE. For each STATE: what it lets a resume leave out was
    written before it (I1), and grows (I2). All recordings, ``full`` too, must pass ``check``.

    Args:
        full: The stdout of a run from ``initial_state`` to its end.
        resume: Runs the tap over the same data to its end and gives its whole stdout; it is
            called once for each distinct STATE value, None standing for no STATE at all. What it
            raises passes through, so assert the exit code there.
        terms: What the tap promises.
        initial_state: The STATE value that ``full`` was started from.
    """
    messages = read(full).messages
    oracle = _Oracle(resume, terms, initial_state, messages)
    held = _Target(terms.volatile_fields)
    resumed = oracle.resumed_from(initial_state)
    violations = [*check(full, secrets=terms.secrets, initial_state=initial_state)]
    violations += resumed.faults
    proven = 0
    ends = [message.end for message in messages]
    # All cuts from one line end up to the next leave the same whole lines.
    steps = zip((None, *messages), (0, *ends), (*ends, len(full) + 1), strict=True)
    for message, cut, next_cut in steps:
        faults: list[Violation] = []
        if message is not None:
            held.load(message)
        if message is not None and message.kind == "STATE":
            state = json.loads(full[message.start : message.end])["value"]
            resumed = oracle.resumed_from(state)
            faults += [*resumed.faults, *oracle.state_faults(held, resumed)]
        losses = [*oracle.cut_faults(held, resumed)]
        proven += 0 if losses or resumed.faults else next_cut - cut
        violations += [replace(fault, offset=cut) for fault in (*faults, *losses)]
    violations.sort(key=lambda violation: violation.offset)
    return Proof(len(full) + 1, proven, oracle.resumes, tuple(violations))


class _Rows:
    """What a target holds of one stream."""

    def __init__(self) -> None:
        self.all: set[str] = set()
        self.twice: set[str] = set()
        self.last: dict[str, str] = {}  # by key
        self.version: int | None = None
        self.activated: int | None = None


class _Target:
    """What a target holds after the messages it loaded."""

    def __init__(self, volatile_fields: frozenset[str], messages: Iterable[Message] = ()) -> None:
        self._volatile_fields = volatile_fields
        self._keys: dict[str, list[str]] = {}
        self.rows: dict[str, _Rows] = {}
        self.state: JsonObject | None = None
        for message in messages:
            self.load(message)

    def of(self, stream: str) -> _Rows:
        return self.rows.get(stream) or _Rows()

    def load(self, message: Message) -> None:
        if message.kind == "SCHEMA":
            self._keys[message.stream] = message.body["key_properties"]
        elif message.kind == "RECORD":
            self._insert(message)
        elif message.kind == "ACTIVATE_VERSION":
            self.rows.setdefault(message.stream, _Rows()).activated = message.body["version"]
        elif message.kind == "STATE":
            self.state = message.body["value"]

    def _insert(self, message: Message) -> None:
        fields = message.body["record"].items()
        record = {name: value for name, value in fields if name not in self._volatile_fields}
        row, rows = canonical(record), self.rows.setdefault(message.stream, _Rows())
        (rows.twice if row in rows.all else rows.all).add(row)
        rows.version = message.body.get("version")
        keys = self._keys.get(message.stream)
        if keys:
            rows.last[canonical([record.get(key) for key in keys])] = row


@dataclass(frozen=True)
class _Resumed:
    """One resumed run.

    Attributes:
        target: What an empty target holds after it.
        covered: The records of the full run that it leaves out, by stream.
        complete: Streams whose bookmark was complete in the STATE it was resumed from.
        faults: What is wrong with it wherever the cut.
    """

    target: _Target
    covered: dict[str, set[str]]
    complete: frozenset[str]
    faults: tuple[Violation, ...]


class _Oracle:
    """Judges the cuts of one full run, and resumes it once for each distinct STATE."""

    def __init__(
        self,
        resume: Resume,
        terms: Terms,
        initial_state: JsonObject | None,
        messages: Iterable[Message],
    ) -> None:
        self._resume = resume
        self._terms = terms
        self._started = initial_state is not None
        self._whole = _Target(terms.volatile_fields, messages)
        self._end = _comparable(self._whole.state or exact(initial_state), terms)
        self._cache: dict[str, _Resumed] = {}
        self._reached: dict[str, set[str]] = defaultdict(set)

    @property
    def resumes(self) -> int:
        return len(self._cache)

    def resumed_from(self, state: JsonObject | None) -> _Resumed:
        """Give the run resumed from a STATE value, which is run if it has not been yet."""
        key = canonical(state)
        if key not in self._cache:
            # Its own copy: a tap that changes the state it is given must not change ours.
            output = self._resume(json.loads(json.dumps(state)))
            self._cache[key] = self._judge(output, state)
        return self._cache[key]

    def _judge(self, output: bytes, state: JsonObject | None) -> _Resumed:
        target = _Target(self._terms.volatile_fields, read(output).messages)
        faults = [
            replace(found, detail=f"byte {found.offset} of the resumed run: {found.detail}")
            for found in check(output, secrets=self._terms.secrets, initial_state=state)
        ]
        end = _comparable(target.state or exact(state), self._terms)
        if end != self._end:
            detail = f"the resumed run ends in STATE {end}, the full run in {self._end}"
            faults.append(Violation(Invariant.RESUME, 0, None, detail))
        marks = bookmarks_of(state).items()
        complete = frozenset(stream for stream, mark in marks if mark.get("in_progress") is None)
        complete |= {name for name, stream in self._terms.read_by.items() if stream in complete}
        for stream, rows in target.rows.items():
            strange = rows.all - self._whole.of(stream).all
            # Begun anew, a stream may repeat what was read before the full run's own start.
            limit = self._allowance(stream, complete) if self._started and stream in complete else 0
            if limit is not None and len(strange) > limit:
                faults.append(_about(Invariant.RESUME, stream, "not in the full run", strange))
        covered = {name: rows.all - target.of(name).all for name, rows in self._whole.rows.items()}
        return _Resumed(target, covered, complete, tuple(faults))

    def state_faults(self, held: _Target, resumed: _Resumed) -> Iterator[Violation]:
        """Judge the STATE that was loaded last: I1 and I2."""
        for stream, covered in resumed.covered.items():
            ahead = covered - held.of(stream).all
            if ahead:
                yield _about(Invariant.SAFETY, stream, "covered by a STATE before them", ahead)
            allowance = self._allowance(stream, resumed.complete)
            if allowance is None:
                self._reached[stream].clear()
            shrunk = self._reached[stream] - covered
            # Reading on from a complete bookmark repeats the ties of its last record.
            if len(shrunk) > (allowance or 0 if stream in resumed.complete else 0):
                yield _about(Invariant.MONOTONE, stream, "covered by an earlier STATE only", shrunk)
            self._reached[stream] |= covered

    def cut_faults(self, held: _Target, resumed: _Resumed) -> Iterator[Violation]:
        """Judge a cut after what is held: I3 and I11."""
        for stream, whole in self._whole.rows.items():
            before, after = held.of(stream), resumed.target.of(stream)
            # A target drops the rows of other versions than the activated one.
            dropped = after.activated not in (None, before.version)
            missing = resumed.covered[stream] - (set() if dropped else before.all)
            last = {**({} if dropped else before.last), **after.last}
            replaced = {row for _, row in whole.last.items() - last.items()}
            if missing:
                yield _about(Invariant.RESUME, stream, "lost", missing)
            elif replaced:
                yield _about(Invariant.RESUME, stream, "replaced by an older one", replaced)
            repeated = (before.all & after.all) - whole.twice
            allowance = self._allowance(stream, resumed.complete)
            if allowance is not None and len(repeated) > allowance:
                yield _about(Invariant.REPLAY, stream, "repeated", repeated)

    def _allowance(self, stream: str, complete: frozenset[str]) -> int | None:
        """Give the most records of a stream that a resumed run may repeat, None for any number."""
        if stream in self._terms.full_table and stream in complete:
            return None
        size = self._terms.page_size
        return size if isinstance(size, int) else size[stream]


def _about(invariant: Invariant, stream: str, what: str, rows: set[str]) -> Violation:
    detail = f"{len(rows)} record(s) {what}, such as {min(rows)[:100]}"
    return Violation(invariant, 0, stream, detail)


def _comparable(state: JsonObject | None, terms: Terms) -> str:
    """Give a STATE value as a text that two runs over the same data must share."""
    bookmarks = {}
    for stream, bookmark in bookmarks_of(state).items():
        value = bookmark.get("replication_key_value")
        at_last_run = value is not None and value == bookmark.get("last_run")
        cursor = {"replication_key_value": "<last_run>"} if at_last_run else {}
        bookmarks[stream] = {**bookmark, **cursor}
    return canonical(_masked({**(state or {}), "bookmarks": bookmarks}, terms.volatile_state))


def _masked(value: Any, paths: Iterable[tuple[str, ...]]) -> Any:
    if not isinstance(value, dict):
        return value
    masked = {}
    for key, item in value.items():
        deeper = [path[1:] for path in paths if path[0] in ("*", key)]
        volatile = () in deeper and item is not None
        masked[key] = "<volatile>" if volatile else _masked(item, deeper)
    return masked
