"""SIGKILL at random moments, and what must hold after it: one proof for every tap.

How often is a setting: ``KILLS_PER_TAP=200`` for a night (``make proofs``), 20 in ``make test``. A
failing case is replayed by its test id, which holds its seed. Runs are forked
(tests/process/forked.py), which ``FRESH_STARTS=1`` turns off.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bizon_singer.testing import read
from tests.process.commands import Started, run, write_json

BIN = Path(sys.executable).parent
KILLS_PER_TAP = int(os.environ.get("KILLS_PER_TAP", "20"))
KILLS_IN_A_STORM = max(8, KILLS_PER_TAP // 10)
SPAN_SECONDS = 0.5
"""How long after its first byte a run is killed at the latest."""
STORM_SECONDS = 0.25
LIMIT_SECONDS = 300.0
"""What only loses a run that hangs: a nightly one is niced, on a machine that is busy."""

Key = tuple[Any, ...]
"""A stream, and what identifies a record of it."""


def tap(name: str, config: dict[str, Any], folder: Path) -> list[str]:
    """Return the command line of an installed tap."""
    return [str(BIN / name), "--config", str(write_json(folder / "c.json", config))]


def killed(arguments: Sequence[str], seconds: float) -> tuple[bytes, int]:
    """Run a command and kill it so long after its first byte; return its stdout and code."""
    started = Started(list(arguments))
    started.take(1)
    timer = threading.Timer(seconds, started.process.send_signal, (signal.SIGKILL,))
    timer.start()
    while started.take(1 << 16):
        pass
    timer.cancel()
    done = started.finish()
    return done.stdout, done.code


def ids_of(recording: bytes) -> list[Key]:
    """Return stream and id of every whole RECORD of a recording."""
    records = ((message.stream, message.body["record"]) for message in read(recording).of("RECORD"))
    return [(name, record.get("_source_record_id", record.get("id"))) for name, record in records]


def unfinished_streams(recording: bytes) -> set[str]:
    """Return the streams the last STATE has in progress; a complete full table is read again."""
    states = [message.body["value"] for message in read(recording).of("STATE")]
    bookmarks = states[-1]["bookmarks"] if states else {}
    return {stream for stream, bookmark in bookmarks.items() if bookmark.get("in_progress")}


@dataclass(frozen=True)
class Victim:
    """A tap whose runs are killed.

    Attributes:
        arguments: Its command line.
        folder: For its STATE.
        truth: All there is to read.
        page_size: How many records of a stream may come twice, because their STATE was not out.
        keys_of: What identifies the records of a recording.
        reads_complete_again: Whether a stream that was complete may give all once more.
    """

    arguments: Sequence[str]
    folder: Path
    truth: AbstractSet[Key]
    page_size: int
    keys_of: Callable[[bytes], list[Key]] = ids_of
    reads_complete_again: bool = True

    def assert_resumed_exactly(self, seed: int, span_seconds: float = SPAN_SECONDS) -> None:
        """Kill a run once: all is there, a page at most twice, only the last line may be cut."""
        moment = random.Random(seed).uniform(0, span_seconds)
        before, code = killed(self.arguments, moment)
        assert code in {0, -signal.SIGKILL}
        result = read(before)
        cut = {len(before) - len(result.tail)}
        assert {violation.offset for violation in result.violations} <= cut
        rest = self._run_from(before)
        first, second = self.keys_of(before), self.keys_of(rest)
        assert {*first, *second} == self.truth
        assert (len(first), len(second)) == (len({*first}), len({*second}))
        again = {*first} & {*second}
        streams = unfinished_streams(before)
        if not self.reads_complete_again:
            streams |= {key[0] for key in again}
        for stream in streams:
            assert len([key for key in again if key[0] == stream]) <= self.page_size

    def assert_survives_a_storm(self, seed: int = 0) -> None:
        """Kill run after run, each going on where the last one stood: nothing is lost."""
        draw = random.Random(seed)
        seen: set[Key] = set()
        latest = b""
        for _ in range(KILLS_IN_A_STORM):
            arguments = [*self.arguments, *self._state_of(latest)]
            recording, code = killed(arguments, draw.uniform(0.02, STORM_SECONDS))
            seen |= {*self.keys_of(recording)}
            latest = recording if list(read(recording).of("STATE")) else latest
            if code == 0:
                break
        else:
            seen |= {*self.keys_of(self._run_from(latest))}
        assert seen == self.truth

    def _run_from(self, recording: bytes) -> bytes:
        """Run to the end, from the last STATE of a recording; return what is written."""
        done = run([*self.arguments, *self._state_of(recording)], timeout=LIMIT_SECONDS)
        assert done.code == 0, done.stderr
        return done.stdout

    def _state_of(self, recording: bytes) -> list[str]:
        states = [message.body["value"] for message in read(recording).of("STATE")]
        return ["--state", str(write_json(self.folder / "s.json", states[-1]))] if states else []
