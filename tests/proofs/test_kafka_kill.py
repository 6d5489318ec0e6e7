"""I3 for tap-kafka with real processes: SIGKILL at random moments, then a run from its STATE."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bizon_singer.testing import read
from tests.fakes.kafka import Kafka
from tests.proofs.kills import KILLS_PER_TAP, Key, Victim, tap

SPAN_SECONDS = 0.6
PAGE_SIZE = 25
MESSAGES = 2000
TOPICS = ("orders", "users")


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


@pytest.fixture
def victim(arguments: list[str], tmp_path: Path) -> Victim:
    """The run that is killed."""
    return Victim(arguments, tmp_path, TRUTH, PAGE_SIZE, messages_of, reads_complete_again=False)


@pytest.mark.parametrize("seed", range(KILLS_PER_TAP))
def test_a_killed_run_is_resumed_exactly(seed: int, victim: Victim) -> None:
    """No message is missing, at most one page of each stream comes twice."""
    victim.assert_resumed_exactly(seed, span_seconds=SPAN_SECONDS)


def test_a_storm_of_kills_still_comes_to_an_end(victim: Victim) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    victim.assert_survives_a_storm()
