"""I3 on a real broker: SIGKILL at random moments, then a run from the last STATE written.

The topic has transactions, aborted ones too, tombstones, and a partition whose tail is markers
alone, so that an offset in STATE is more than the last record's and one.
"""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from bizon_singer.testing import read as read_recording
from tests.brokers.broker import Broker
from tests.brokers.ledger import Ledger
from tests.brokers.reading import Reading, command, read
from tests.brokers.topic import Message, Topic, numbered
from tests.proofs.kills import KILLS_IN_A_STORM, KILLS_PER_TAP, killed

SPAN_SECONDS = 0.3
PAGE_SIZE = 25
PARTITIONS = 3


@pytest.fixture(scope="module")
def topic(running_broker: Broker) -> Topic:
    """A topic with some of everything."""
    running_broker.start()
    topic = Topic.create(running_broker, "killed", PARTITIONS)
    for part in range(4):
        start = part * 1_500
        topic.write(numbered(750, PARTITIONS, start=start, size=100))
        topic.write(Message(None, key=b"gone", partition=part % PARTITIONS) for _ in range(120))
        with topic.transaction(f"kept-{part}") as write:
            write(numbered(750, PARTITIONS, start=start + 750, size=100))
        with topic.transaction(f"dropped-{part}", lasts=False) as write:
            write(numbered(500, 2, start=1_000_000 + start))
    return topic


def assert_whole(topic: Topic, before: Reading, rest: Reading) -> None:
    """Check that two runs together gave every message, one page at most twice."""
    first, second = before.ledger(topic), rest.ledger(topic)
    assert (first | second).checksums() == topic.ledger.checksums()
    assert not first.repeated()
    assert not second.repeated()
    assert len(first.places() & second.places()) <= PAGE_SIZE
    ends = {number: topic.end_offset(number) for number in range(PARTITIONS)}
    assert rest.offsets(topic) == ends


@pytest.mark.parametrize("seed", range(KILLS_PER_TAP))
def test_a_killed_run_is_resumed_exactly(seed: int, topic: Topic, tmp_path: Path) -> None:
    """No message is missing, at most one page comes twice, only the last line may be cut."""
    arguments = command(topic, tmp_path, batch_size=PAGE_SIZE)
    recording, code = killed(arguments, random.Random(seed).uniform(0, SPAN_SECONDS))
    assert code in {0, -signal.SIGKILL}
    result = read_recording(recording)
    cut = {len(recording) - len(result.tail)}
    assert {violation.offset for violation in result.violations} <= cut
    before = Reading.of(recording, code)
    state = before.states[-1] if before.states else None
    rest = read(topic, tmp_path, state, batch_size=PAGE_SIZE)
    assert rest.code == 0, rest.done.stderr
    assert_whole(topic, before, rest)


def test_a_storm_of_kills_still_comes_to_an_end(topic: Topic, tmp_path: Path) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    draw = random.Random(0)
    seen, state = Ledger(), None
    for _ in range(KILLS_IN_A_STORM):
        arguments = command(topic, tmp_path, state, batch_size=PAGE_SIZE)
        reading = Reading.of(*killed(arguments, draw.uniform(0, 0.2)))
        seen |= reading.ledger(topic)
        state = reading.states[-1] if reading.states else state
    last = read(topic, tmp_path, state, batch_size=PAGE_SIZE)
    assert last.code == 0
    assert (seen | last.ledger(topic)).checksums() == topic.ledger.checksums()
