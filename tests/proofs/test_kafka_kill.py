"""I3 for tap-kafka with real processes: SIGKILL at random moments, then a run from its STATE.

``KILLS_PER_TAP=200 python -m pytest tests/proofs/test_kafka_kill.py`` is a night's; 6 the default.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizon_singer.testing import read
from tests.fakes.kafka import Kafka
from tests.process.commands import run
from tests.proofs.test_kill import LIMIT_SECONDS, killed, state_arguments, tap

KILLS = int(os.environ.get("KILLS_PER_TAP", "6"))
KILLS_IN_A_STORM = 8
SPAN_SECONDS = 0.6
PAGE_SIZE = 25
MESSAGES = 2000
TOPICS = ("orders", "users")
Key = tuple[str, int, int]


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    """Two topics of so many messages."""
    with Kafka() as cluster:
        for topic in TOPICS:
            cluster.fill(topic, MESSAGES)
        yield cluster


@pytest.fixture
def arguments(kafka: Kafka, tmp_path: Path) -> list[str]:
    """The command line of a run over both topics at once."""
    config = kafka.settings(topics=[*TOPICS], batch_size=PAGE_SIZE, max_parallel_streams=2)
    return tap("tap-kafka", config, tmp_path)


def messages_of(recording: bytes) -> list[Key]:
    """Return topic, partition and offset of every whole RECORD, in order."""
    rows = (message.body["record"] for message in read(recording).of("RECORD"))
    return [(row["topic"], row["partition"], row["offset"]) for row in rows]


TRUTH = {(topic, number % 4, number // 4) for topic in TOPICS for number in range(MESSAGES)}


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_is_resumed_exactly(seed: int, arguments: list[str], tmp_path: Path) -> None:
    """No message is missing, at most one page of each stream comes twice."""
    before, code = killed(arguments, random.Random(seed).uniform(0, SPAN_SECONDS))
    assert code in {0, -signal.SIGKILL}
    result = read(before)
    assert {violation.offset for violation in result.violations} <= {len(before) - len(result.tail)}
    rest = run([*arguments, *state_arguments(before, tmp_path)], timeout=LIMIT_SECONDS)
    assert rest.code == 0
    first, second = messages_of(before), messages_of(rest.stdout)
    assert {*first, *second} == TRUTH
    assert (len(first), len(second)) == (len({*first}), len({*second}))
    again = {*first} & {*second}
    for topic in TOPICS:
        assert len([key for key in again if key[0] == topic]) <= PAGE_SIZE


def test_a_storm_of_kills_still_comes_to_an_end(arguments: list[str], tmp_path: Path) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    draw = random.Random(0)
    seen: set[Key] = set()
    state: list[str] = []
    for _ in range(KILLS_IN_A_STORM):
        recording, _ = killed([*arguments, *state], draw.uniform(0, 0.25))
        seen |= {*messages_of(recording)}
        state = state_arguments(recording, tmp_path) or state
    last = run([*arguments, *state], timeout=LIMIT_SECONDS)
    assert last.code == 0
    assert seen | {*messages_of(last.stdout)} == TRUTH
