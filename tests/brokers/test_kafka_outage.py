"""tap-kafka while its broker dies and comes back, and beside a group that has its name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition

from tests.brokers.broker import Broker
from tests.brokers.conftest import MakeTopic
from tests.brokers.reading import Reading, command, read
from tests.brokers.topic import WAIT_SECONDS, Topic, numbered
from tests.commands.process import sentence
from tests.process.commands import Started

GROUP = "shared"
MESSAGES = 30_000
"""Some 30 MB: more than what a run has fetched ahead when its target takes no more."""


def started_and_stalled(topic: Topic, folder: Path, **settings: Any) -> Started:
    """Return a run that has read a part of its topic and waits for its target."""
    started = Started(command(topic, folder, batch_size=200, **settings))
    started.take(1)
    started.await_full_pipe()
    return started


def test_a_broker_that_comes_back_is_read_on(
    make_topic: MakeTopic, broker: Broker, tmp_path: Path
) -> None:
    """Killed in the middle of a read and started again, it costs the run time, and no message."""
    topic = make_topic(3)
    topic.write(numbered(MESSAGES, 3, size=1_000))
    started = started_and_stalled(topic, tmp_path)
    broker.kill()
    again = threading.Thread(target=broker.start)
    again.start()
    reading = Reading(started.finish(240))
    again.join()
    reading.assert_complete(topic)
    assert reading.offsets(topic) == dict.fromkeys(range(3), MESSAGES // 3)


def test_a_broker_that_stays_away_ends_the_run_with_its_place(
    make_topic: MakeTopic, broker: Broker, tmp_path: Path
) -> None:
    """Exit code 5 when nothing came for the time allowed; the next run gives exactly the rest."""
    topic = make_topic(2)
    topic.write(numbered(MESSAGES, 2, size=1_000))
    started = started_and_stalled(topic, tmp_path, idle_timeout_seconds=3)
    broker.kill()
    failed = Reading(started.finish(240))
    assert failed.code == 5, failed.done.stderr
    assert topic.name in sentence(failed.done)
    broker.start()
    rest = read(topic, tmp_path, failed.state)
    assert rest.code == 0, rest.done.stderr
    assert len(failed.records) + len(rest.records) == MESSAGES
    both = failed.ledger(topic) | rest.ledger(topic)
    assert both.checksums() == topic.ledger.checksums()


def committed(topic: Topic, group: str) -> dict[int, int]:
    """Return the offsets a group has committed."""
    asked = [ConsumerGroupTopicPartitions(group)]
    found = topic.broker.admin.list_consumer_group_offsets(asked)[group].result(WAIT_SECONDS)
    return {item.partition: item.offset for item in found.topic_partitions or []}


@contextmanager
def members(topic: Topic, count: int) -> Iterator[None]:
    """Run other consumers of the group; each has partitions before this goes on, and reads."""
    over = threading.Event()
    joined = [threading.Event() for _ in range(count)]

    def work(has_joined: threading.Event) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": topic.broker.address(),
                "group.id": GROUP,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
            }
        )
        consumer.subscribe([topic.name], on_assign=lambda *_: has_joined.set())
        while not over.is_set():
            consumer.poll(0.1)
        consumer.close()

    workers = [threading.Thread(target=work, args=(each,)) for each in joined]
    for worker in workers:
        worker.start()
    try:
        for each in joined:
            assert each.wait(WAIT_SECONDS), "a member got no partitions"
        yield
    finally:
        over.set()
        for worker in workers:
            worker.join()


def test_a_group_of_its_name_that_rebalances_takes_nothing_away(
    make_topic: MakeTopic, tmp_path: Path
) -> None:
    """The tap is no member: others come and go, and its run has every message all the same."""
    topic = make_topic(3)
    topic.write(numbered(MESSAGES, 3, size=1_000))
    with members(topic, 1):
        started = started_and_stalled(topic, tmp_path, group_id=GROUP)
        with members(topic, 2):
            for _ in range(200):
                started.take(1 << 16)
        reading = Reading(started.finish(240))
    reading.assert_complete(topic)
    assert committed(topic, GROUP) == {}


@pytest.mark.parametrize("mode", ["never", "on_start"])
def test_only_what_the_given_state_proves_is_committed(
    mode: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """At the start of a run, the offsets of its `--state`; never those it reads itself."""
    topic = make_topic(2)
    topic.write(numbered(100, 2))
    first = read(topic, tmp_path, group_id=topic.name, commit=mode)
    first.assert_complete(topic)
    assert committed(topic, topic.name) == {}
    topic.write(numbered(100, 2, start=100))
    second = read(topic, tmp_path, first.state, group_id=topic.name, commit=mode)
    assert second.code == 0
    assert second.offsets(topic) == {0: 100, 1: 100}
    assert committed(topic, topic.name) == ({} if mode == "never" else {0: 50, 1: 50})


def test_a_refused_commit_is_told_and_stops_nothing(make_topic: MakeTopic, tmp_path: Path) -> None:
    """A group with members takes no offsets of a stranger; the run goes on without."""
    topic = make_topic()
    topic.write(numbered(100))
    first = read(topic, tmp_path, group_id=GROUP)
    topic.write(numbered(20, start=100))
    with members(topic, 1):
        second = read(topic, tmp_path, first.state, group_id=GROUP, commit="on_start")
    assert second.code == 0, second.done.stderr
    assert second.ledger(topic).checksums() == topic.ledger.only(0, 100).checksums()
    assert "were not committed" in second.done.stderr


def test_a_run_starts_where_the_group_stands_when_asked(
    make_topic: MakeTopic, tmp_path: Path
) -> None:
    """`start: committed` is for the first run; partitions without a commit begin at their start."""
    topic = make_topic(2)
    topic.write(numbered(100, 2))
    consumer = Consumer({"bootstrap.servers": topic.broker.address(), "group.id": topic.name})
    consumer.commit(offsets=[TopicPartition(topic.name, 1, 30)], asynchronous=False)
    consumer.close()
    reading = read(topic, tmp_path, group_id=topic.name, start="committed")
    assert reading.code == 0
    expected = topic.ledger.only(0) | topic.ledger.only(1, 30)
    assert reading.ledger(topic).checksums() == expected.checksums()
