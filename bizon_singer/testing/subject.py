"""A source under test: its runs, each made once, when a rule first asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bizon_singer.cli import tap_name
from bizon_singer.config_errors import nearest
from bizon_singer.errors import UsageError
from bizon_singer.tap import SourceTap, tap_for
from bizon_singer.testing.recording import Message
from bizon_singer.testing.resume import Proof, Terms, prove_resume
from bizon_singer.testing.runs import Run, run
from bizon_singer.testing.watched import PageCall, watched

Config = Mapping[str, Any] | Callable[[], Mapping[str, Any]]

MAX_PAGES = 100
MAX_RESUMES = 25


class NotApplicableError(Exception):
    """A rule has nothing to judge in this source; the text says why."""


class ResumeFailedError(Exception):
    """A run started from a STATE of this source did not come to its end."""


@dataclass(frozen=True)
class Subject:
    """A source with the settings of one account.

    Attributes:
        source_class: The source.
        config: Its settings, or what gives them when they are needed first.
        streams: The streams to read; None for those a run without a catalog reads.
        max_pages: Pages of a stream after which it counts as endless.
        max_resumes: How many STATEs are resumed from, spread over the run.
        volatile_fields: Record fields that two runs over the same data may write differently.
        volatile_state: Paths into the STATE value that two runs may write differently, such as
            ``("bookmarks", "*", "state", "read_until")``; ``*`` is any key.
    """

    source_class: type[Any]
    config: Config = field(default_factory=dict)
    streams: Collection[str] | None = None
    max_pages: int = MAX_PAGES
    max_resumes: int = MAX_RESUMES
    volatile_fields: frozenset[str] = frozenset()
    volatile_state: tuple[tuple[str, ...], ...] = ()
    calls: list[PageCall] = field(default_factory=list, init=False, repr=False)

    @cached_property
    def given(self) -> dict[str, Any]:
        """The settings as they were given."""
        return dict(self.config() if callable(self.config) else self.config)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The settings its runs have: those given, and an end after ``max_pages``."""
        return {"max_iterations": self.max_pages, **self.given}

    @cached_property
    def name(self) -> str:
        """What its tap is called."""
        return tap_name(self.source_class)

    @cached_property
    def tap_class(self) -> type[SourceTap]:
        """The tap over the source, whose calls are noted."""
        return tap_for(self.name, [watched(self.source_class, self.calls)])

    def tap(self) -> SourceTap:
        """Return a tap as a run would make it."""
        return self.tap_class(config=dict(self.settings), catalog=self.catalog)

    def discover(self) -> dict[str, Any]:
        """Return the catalog, discovered anew.

        Raises:
            BizonSingerError: It cannot be discovered.
        """
        tap = self.tap_class(config=dict(self.settings), setup_mapper=False)
        return tap.catalog_dict

    @cached_property
    def catalog(self) -> dict[str, Any] | None:
        """The catalog of the streams to read, None where a run needs none.

        Raises:
            UsageError: One of them is not in it.
        """
        if self.streams is None:
            return None
        found = self.discover()
        known = [entry["tap_stream_id"] for entry in found["streams"]]
        for name in self.streams:
            if name not in known:
                raise UsageError(f"there is no stream {name!r}{nearest(name, known, '')}")
        kept = [entry for entry in found["streams"] if entry["tap_stream_id"] in self.streams]
        for entry in kept:
            root = next(item for item in entry["metadata"] if not item["breadcrumb"])
            root["metadata"]["selected"] = True
        return {**found, "streams": kept}

    def run(self, state: Any = None) -> Run:
        """Run the tap from a STATE value, None for a first run."""
        return run(self.tap_class, self.settings, state, self.catalog)

    @property
    def volatile(self) -> frozenset[str]:
        """The fields that are not compared."""
        return Terms.volatile_fields | self.volatile_fields

    # Its runs

    @cached_property
    def first(self) -> Run:
        """A run without STATE."""
        return self.run()

    @cached_property
    def again(self) -> Run:
        """Another run without STATE."""
        return self.run()

    @cached_property
    def elsewhere(self) -> tuple[bytes, bytes]:
        """What a run in a process of its own writes to stdout and stderr.

        It needs a class that another process can import.
        """
        from bizon_singer.testing.process import whole_run  # noqa: PLC0415 - it starts subjects

        return whole_run(self)

    @cached_property
    def next(self) -> Run:
        """The run that follows the first one."""
        return self.run(self.complete.state)

    @property
    def unfailed(self) -> Run:
        """The first run, if it did not fail.

        Raises:
            NotApplicableError: It did.
        """
        if self.first.code:
            raise NotApplicableError("the first run failed; mend that first")
        return self.first

    @property
    def complete(self) -> Run:
        """The first run, if it came to its end and gave something.

        Raises:
            NotApplicableError: It did not.
        """
        if self.unfinished:
            raise NotApplicableError("the first run has no end; mend that first")
        return self.with_records()

    def with_records(self, streams: Collection[str] | None = None, what: str = "stream") -> Run:
        """Return the first run, if it gave a record.

        Args:
            streams: Of one of these, where only these are judged.
            what: What they are called.

        Raises:
            NotApplicableError: It gave none.
        """
        for message in self.first.recording.of("RECORD"):
            if streams is None or message.stream in streams:
                return self.first
        raise NotApplicableError(f"no {what} gave a record")

    @property
    def has_second_page(self) -> bool:
        """Whether any stream was asked for more than its first page."""
        _ = self.first
        return not all(call.is_first for call in self.calls)

    @property
    def unfinished(self) -> list[str]:
        """The streams the first run left unfinished.

        Raises:
            NotApplicableError: It failed.
        """
        bookmarks = (self.unfailed.state or {}).get("bookmarks", {})
        return [name for name, bookmark in bookmarks.items() if bookmark.get("in_progress")]

    # What is known of its streams

    @cached_property
    def methods(self) -> dict[str, str]:
        """The replication method of each stream that is read."""
        return {
            name: stream.replication_method
            for name, stream in self.tap().streams.items()
            if stream.selected
        }

    @cached_property
    def keys(self) -> dict[str, list[str]]:
        """The key properties of each stream of the first run, as its SCHEMA gives them."""
        return {
            message.stream: message.body["key_properties"]
            for message in self.first.recording.of("SCHEMA")
        }

    @property
    def keyed(self) -> dict[str, list[str]]:
        """The key properties of the streams that have any."""
        return {stream: keys for stream, keys in self.keys.items() if keys}

    def incremental(self) -> list[str]:
        """Return the incremental streams that gave records.

        Raises:
            NotApplicableError: There are none.
        """
        names = [name for name, method in self.methods.items() if method == "INCREMENTAL"]
        if not names:
            raise NotApplicableError("no stream is incremental")
        found = [name for name in names if self.complete.records(name)]
        if not found:
            raise NotApplicableError("no incremental stream gave a record")
        return found

    # Resuming

    @cached_property
    def proof(self) -> Proof:
        """What cutting the first run at every byte and resuming it finds.

        Raises:
            NotApplicableError: There is no complete run to cut.
            ResumeFailedError: A resumed run failed.
        """
        full, page_sizes = thinned(self.complete.stdout, self.first.recording.messages, self)
        full_table = frozenset(
            name for name, method in self.methods.items() if method == "FULL_TABLE"
        )
        terms = Terms(
            page_sizes,
            full_table,
            volatile_fields=self.volatile,
            volatile_state=(*Terms.volatile_state, *self.volatile_state),
        )
        return prove_resume(full, self._resume, terms)

    def _resume(self, state: Any) -> bytes:
        done = self.run(state)
        if done.code:
            raise ResumeFailedError(done.sentence)
        return done.stdout


def thinned(
    recording: bytes, messages: Iterable[Message], subject: Subject
) -> tuple[bytes, dict[str, int]]:
    """Leave so many STATEs in a recording as may be resumed from, spread over it.

    What is left is the recording of a run with a longer ``state_interval_seconds``.

    Returns:
        The recording, and for each stream how many records at most stand between two STATEs.
    """
    lines = list(messages)
    states = [number for number, message in enumerate(lines) if message.kind == "STATE"]
    step = max(1, -(-len(states) // subject.max_resumes))
    kept = {*states[::step], *states[-1:]}
    parts: list[bytes] = []
    since: Counter[str] = Counter()
    most: Counter[str] = Counter(dict.fromkeys(subject.keys, 1))
    for number, message in enumerate(lines):
        if message.kind != "STATE":
            since[message.stream] += message.kind == "RECORD"
            most |= since
        elif number in kept:
            since.clear()
        else:
            continue
        parts.append(recording[message.start : message.end])
    return b"".join(parts), dict(most)
