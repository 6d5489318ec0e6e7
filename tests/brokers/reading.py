"""Runs of tap-kafka, and what each gave: a ledger of its records, and the offsets in its STATE."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from bizon_singer.testing import Recording
from bizon_singer.testing import read as read_recording
from tests.brokers.ledger import Ledger
from tests.brokers.topic import Topic
from tests.process.commands import Finished, run, write_json

TAP = Path(sys.executable).parent / "tap-kafka"
LIMIT_SECONDS = 300.0
"""What only loses a run that hangs."""
State = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a run of tap-kafka gave.

    Attributes:
        done: Its exit code, stdout and stderr.
    """

    done: Finished

    @classmethod
    def of(cls, recording: bytes, code: int) -> Self:
        """Return what a run gave whose stdout alone was kept."""
        return cls(Finished(code, recording, ""))

    @cached_property
    def _recording(self) -> Recording:
        return read_recording(self.done.stdout)

    @property
    def code(self) -> int:
        """The exit code."""
        return self.done.code

    @property
    def states(self) -> list[State]:
        """The value of every whole STATE, in order."""
        return [message.body["value"] for message in self._recording.of("STATE")]

    @property
    def state(self) -> State:
        """The last STATE."""
        return self.states[-1]

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every whole record, of all streams."""
        return [message.body["record"] for message in self._recording.of("RECORD")]

    def ledger(self, topic: Topic) -> Ledger:
        """Return the messages of a topic by partition and offset."""
        return Ledger.of(
            (record["partition"], record["offset"], record["value"])
            for record in self.records
            if record["topic"] == topic.name
        )

    def offsets(self, topic: Topic) -> dict[int, int]:
        """Return the next offset of each partition of a topic, as the last STATE has it."""
        return offsets_in(self.state, topic)

    def assert_complete(self, topic: Topic) -> None:
        """Check that a run gave each message of a topic once, and ends where the topic does."""
        assert self.code == 0, self.done.stderr
        found = self.ledger(topic)
        assert found.checksums() == topic.ledger.checksums()
        assert not found.repeated()
        assert self.state["bookmarks"][topic.name]["in_progress"] is None


def offsets_in(state: State, topic: Topic) -> dict[int, int]:
    """Return the next offset of each partition of a topic."""
    bookmark = state["bookmarks"][topic.name]
    unfinished = bookmark["in_progress"]
    position = unfinished["pagination"] if unfinished else bookmark["state"]
    return {int(number): place["offset"] for number, place in position["partitions"].items()}


def command(topic: Topic, folder: Path, state: State | None = None, **settings: Any) -> list[str]:
    """Return the command line of tap-kafka for one topic.

    Args:
        topic: The topic.
        folder: For its files.
        state: What it goes on from.
        settings: Of the tap; those of the topic and the broker where not given.
    """
    config = {
        "bootstrap_servers": topic.broker.address(),
        "topics": [topic.name],
        **settings,
    }
    arguments = [str(TAP), "--config", str(write_json(folder / "config.json", config))]
    if state is not None:
        arguments += ["--state", str(write_json(folder / "state.json", state))]
    return arguments


def read(topic: Topic, folder: Path, state: State | None = None, **settings: Any) -> Reading:
    """Run tap-kafka on one topic to its end; see ``command``."""
    return Reading(run(command(topic, folder, state, **settings), timeout=LIMIT_SECONDS))
