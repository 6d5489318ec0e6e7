"""I1, I2, I3, I5, I9, I11 for tap-kafka: every byte prefix of its output, cut and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bizon_singer.testing import Terms, prove_resume, read
from bizon_taps.kafka.tap import TapKafka
from tests.fakes.kafka import Kafka
from tests.proofs.subjects import record

PAGE_SIZE = 4
TERMS = Terms(PAGE_SIZE, frozenset())
TOPICS = ("orders", "users")


@pytest.fixture
def kafka() -> Iterator[Kafka]:
    """Two topics, with tombstones and bad messages between what counts."""
    with Kafka() as cluster:
        for topic in TOPICS:
            add(cluster, topic, 0)
        yield cluster


def add(kafka: Kafka, topic: str, start: int) -> None:
    """Append some messages of each kind."""
    kafka.fill(topic, 9, start=start)
    for _ in range(PAGE_SIZE + 1):
        kafka.put(topic, None, partition=1)
    kafka.put(topic, b"{", key=b"\xff", partition=2)
    kafka.fill(topic, 9, start=start + 9)


def settings(kafka: Kafka, **more: Any) -> dict[str, Any]:
    """Return what reads them on small pages."""
    return kafka.settings(topics=[*TOPICS], batch_size=PAGE_SIZE, on_error="skip", **more)


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_first_run_is_resumed_exactly_from_every_byte(kafka: Kafka, parallel: int) -> None:
    """Nothing lost, at most one page again, the final STATE equal."""
    config = settings(kafka, max_parallel_streams=parallel)

    def tap(state: Any) -> bytes:
        return record(TapKafka, config, state)

    proof = prove_resume(tap(None), tap, TERMS)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 5000
    assert proof.resumes > 8


def test_the_next_run_is_resumed_exactly_from_every_byte(kafka: Kafka) -> None:
    """So is one that goes on where the first stood."""
    config = settings(kafka)
    state = list(read(record(TapKafka, config)).of("STATE"))[-1].body["value"]
    for topic in TOPICS:
        add(kafka, topic, 18)

    def tap(state: Any) -> bytes:
        return record(TapKafka, config, state)

    proof = prove_resume(tap(state), tap, TERMS, initial_state=state)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 5000
    assert proof.resumes > 8
