"""tap-kafka where offsets are not what a reader hopes: gaps, gone, new, or of another topic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.testing.runs import run
from bizon_taps.kafka import run as run_module
from bizon_taps.kafka.message import Message as Fetched
from bizon_taps.kafka.reader import TopicReader
from bizon_taps.kafka.tap import TapKafka
from tests.brokers.conftest import MakeTopic
from tests.brokers.reading import Reading, State, command, read
from tests.brokers.topic import Message, Topic, await_so, keyed, numbered
from tests.commands.process import sentence
from tests.process.commands import Started

HOUR = 3_600_000
SMALL_FETCHES: dict[str, Any] = {
    "batch_size": 100,
    "consumer_config": {
        "fetch.message.max.bytes": 20_000,
        "queued.max.messages.kbytes": 50,
        "queued.min.messages": 1,
    },
}
"""What keeps a run from having fetched a whole topic before anything happens to it."""


def state_of(topic: Topic, offsets: dict[int, int]) -> State:
    """Return a STATE that goes on at offsets."""
    partitions = {str(number): {"offset": offset} for number, offset in offsets.items()}
    position = {"topic": topic.name, "partitions": partitions}
    bookmark = {"last_run": "2026-01-01T00:00:00Z", "state": position, "in_progress": None}
    return {"version": 1, "bookmarks": {topic.name: bookmark}}


def test_the_next_run_reads_what_is_new(make_topic: MakeTopic, tmp_path: Path) -> None:
    """Nothing twice, nothing left out, and nothing at all when nothing is new."""
    topic = make_topic(3)
    topic.write(numbered(2_500, 3))
    first = read(topic, tmp_path, batch_size=300)
    first.assert_complete(topic)
    topic.write(numbered(500, 3, start=2_500))
    second = read(topic, tmp_path, first.state)
    assert second.code == 0
    assert len(second.records) == 500
    both = first.ledger(topic) | second.ledger(topic)
    assert both.checksums() == topic.ledger.checksums()
    third = read(topic, tmp_path, second.state)
    assert third.code == 0
    assert third.records == []
    assert third.offsets(topic) == {0: 1_000, 1: 1_000, 2: 1_000}


def test_an_empty_topic_is_complete(make_topic: MakeTopic, tmp_path: Path) -> None:
    """It has a place in STATE, from which what comes later is read."""
    topic = make_topic(2)
    first = read(topic, tmp_path)
    first.assert_complete(topic)
    assert first.offsets(topic) == {0: 0, 1: 0}
    topic.write(numbered(10, 2))
    read(topic, tmp_path, first.state).assert_complete(topic)


def expired(make_topic: MakeTopic) -> tuple[Topic, State]:
    """Return a topic whose messages before 40 retention has deleted, and a STATE at 15."""
    topic = make_topic(retention_ms=HOUR, segment_ms=100)
    topic.write(numbered(20, timestamp=1_000))
    topic.write(numbered(20, start=20, timestamp=2_000))
    topic.write(numbered(20, start=40))
    topic.await_first_offset(40)
    return topic, state_of(topic, {0: 15})


def test_expired_messages_are_an_error_that_counts_them(
    make_topic: MakeTopic, tmp_path: Path
) -> None:
    """Before anything is read, with topic, partition, both offsets, and how many are gone."""
    topic, state = expired(make_topic)
    reading = read(topic, tmp_path, state)
    assert reading.code == 2
    assert reading.records == []
    text = sentence(reading.done)
    for word in (topic.name, "partition 0", "15", "40", "25"):
        assert word in text, text


def test_what_is_left_of_expired_messages_is_read_when_asked(
    make_topic: MakeTopic, tmp_path: Path
) -> None:
    """With `on_offset_expired: earliest` the loss is told, and the rest complete."""
    topic, state = expired(make_topic)
    reading = read(topic, tmp_path, state, on_offset_expired="earliest")
    assert reading.code == 0, reading.done.stderr
    assert "25" in reading.done.stderr
    assert reading.ledger(topic).checksums() == topic.ledger.only(0, 40).checksums()
    assert reading.offsets(topic) == {0: 60}


def by_request(topic: Topic) -> None:
    """Delete all but the last hundred messages, as an operator does."""
    topic.delete_records({0: 4_900})


def by_age(topic: Topic) -> None:
    """Let retention delete the segments that have no message of the last hour."""
    topic.alter(retention_ms=HOUR)
    topic.await_first_offset(1)


REMOVALS = pytest.mark.parametrize("remove", [by_request, by_age])


def large(make_topic: MakeTopic) -> Topic:
    """Return a topic of 5,000 messages in several segments, all but the last hundred old."""
    topic = make_topic(retention_ms=-1, segment_bytes=1 << 20)
    topic.write(numbered(4_900, size=1_000, timestamp=1_000))
    topic.write(numbered(100, start=4_900, size=1_000))
    return topic


def read_while_deleted(
    topic: Topic, remove: Callable[[Topic], None], folder: Path, **settings: Any
) -> tuple[Reading, int]:
    """Run the tap, and delete its messages when it waits for its target; return what is first."""
    started = Started(command(topic, folder, **SMALL_FETCHES, **settings))
    started.take(1)
    started.await_full_pipe()
    remove(topic)
    first = topic.first_offset()
    assert 2_500 < first <= 4_900
    return Reading(started.finish(120)), first


@REMOVALS
def test_messages_deleted_under_the_reader_are_an_error(
    remove: Callable[[Topic], None], make_topic: MakeTopic, tmp_path: Path
) -> None:
    """All before the gap are there, STATE stands right behind them, and no more is promised."""
    topic = large(make_topic)
    reading, first = read_while_deleted(topic, remove, tmp_path)
    assert reading.code == 2
    (reached,) = reading.offsets(topic).values()
    assert 0 < reached < first
    assert reading.ledger(topic).checksums() == topic.ledger.only(0, 0, reached).checksums()
    text = sentence(reading.done)
    for word in (topic.name, "partition 0", str(reached), str(first), str(first - reached)):
        assert word in text, text
    rest = read(topic, tmp_path, reading.state, on_offset_expired="earliest")
    assert rest.code == 0, rest.done.stderr
    assert rest.ledger(topic).checksums() == topic.ledger.only(0, first).checksums()


@REMOVALS
def test_the_run_goes_on_behind_deleted_messages_when_asked(
    remove: Callable[[Topic], None], make_topic: MakeTopic, tmp_path: Path
) -> None:
    """All before and all behind the gap are there, and the gap is counted in the log."""
    topic = large(make_topic)
    reading, first = read_while_deleted(topic, remove, tmp_path, on_offset_expired="earliest")
    assert reading.code == 0, reading.done.stderr
    found = reading.ledger(topic)
    reached = next(offset for offset in range(5_000) if (0, offset) not in found.places())
    expected = topic.ledger.only(0, 0, reached) | topic.ledger.only(0, first)
    assert found.checksums() == expected.checksums()
    assert not found.repeated()
    assert str(first - reached) in reading.done.stderr
    assert reading.offsets(topic) == {0: 5_000}


def test_a_compacted_topic_is_read_across_its_gaps(make_topic: MakeTopic, tmp_path: Path) -> None:
    """What compaction left is read, no gap is taken for a loss, and the end is reached."""
    topic = make_topic(cleanup_policy="compact", segment_ms=100, min_cleanable_dirty_ratio=0.01)
    topic.write(keyed(60, keys=6), batch_num_messages=1)
    await_so(lambda: len(read(topic, tmp_path).records) == 7)
    reading = read(topic, tmp_path)
    assert reading.code == 0
    assert reading.ledger(topic).checksums() == topic.ledger.only(0, 53).checksums()
    assert reading.offsets(topic) == {0: 60}
    topic.write(numbered(1, key=b"k0"))
    later = read(topic, tmp_path, reading.state)
    assert later.ledger(topic).checksums() == topic.ledger.only(0, 60).checksums()


@pytest.mark.parametrize("start", ["earliest", "latest"])
def test_added_partitions_are_read_from_their_start(
    start: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """Also with `start: latest`, which is for topics that STATE does not know."""
    topic = make_topic()
    topic.write(numbered(10))
    first = read(topic, tmp_path, start=start)
    assert len(first.records) == (10 if start == "earliest" else 0)
    assert first.offsets(topic) == {0: 10}
    topic.grow(3)
    topic.write(numbered(30, 3, start=10))
    second = read(topic, tmp_path, first.state, start=start)
    assert second.code == 0
    new = topic.ledger.only(0, 10) | topic.ledger.only(1) | topic.ledger.only(2)
    assert second.ledger(topic).checksums() == new.checksums()
    assert second.offsets(topic) == {0: 20, 1: 10, 2: 10}


def test_partitions_added_under_an_endless_run_are_read(
    make_topic: MakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From their start, and nothing that was fetched of those before is lost or read again."""
    topic = make_topic()
    topic.write(numbered(10))
    fetch = TopicReader.fetch

    def fetch_and_grow(reader: TopicReader, most: int) -> list[Fetched]:
        fetched = fetch(reader, most)
        if fetched and len(topic.ledger.places()) == 10:
            topic.grow(3)
            topic.write(numbered(30, 3, start=10))
        return fetched

    monkeypatch.setattr(TopicReader, "fetch", fetch_and_grow)
    monkeypatch.setattr(run_module, "LOOK_SECONDS", 1.0)
    endless = {"until": "never", "max_messages": 40, "idle_timeout_seconds": 60}
    config = {"bootstrap_servers": topic.broker.address(), "topics": [topic.name], **endless}
    done = run(TapKafka, config)
    reading = Reading.of(done.stdout, done.code)
    reading.assert_complete(topic)
    assert reading.offsets(topic) == {0: 20, 1: 10, 2: 10}


def recreated(make_topic: MakeTopic, folder: Path, messages: int) -> tuple[Topic, State]:
    """Return a topic made anew with a number of messages, and the STATE of one before it."""
    topic = make_topic()
    topic.write(numbered(10))
    state = read(topic, folder).state
    topic.delete()
    again = Topic.create(topic.broker, topic.name)
    again.write(numbered(messages, start=1_000))
    return again, state


@pytest.mark.parametrize("messages", [3, 10, 25])
def test_a_topic_made_anew_is_an_error(
    messages: int, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """Whether it has less than what STATE has read, as much, or more, its id tells."""
    topic, state = recreated(make_topic, tmp_path, messages)
    reading = read(topic, tmp_path, state)
    assert reading.code == 2
    assert reading.records == []
    assert topic.name in sentence(reading.done)
    whole = read(topic, tmp_path, state, on_offset_expired="earliest")
    whole.assert_complete(topic)


@pytest.mark.parametrize("words", ["no such topic", "made anew"])
def test_a_topic_deleted_under_the_reader_is_an_error(
    words: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """What was read is there, and no run ends well, also where a new topic has the name."""
    topic = make_topic()
    topic.write(numbered(5_000, size=1_000))
    started = Started(command(topic, tmp_path, **SMALL_FETCHES, consumer_timeout=3))
    started.take(1)
    started.await_full_pipe()
    topic.delete()
    if words == "made anew":
        Topic.create(topic.broker, topic.name).write(numbered(6_000, start=10_000))
    reading = Reading(started.finish(120))
    assert reading.code == 2
    text = sentence(reading.done)
    assert topic.name in text
    assert words in text
    assert [offset for _, offset, _ in topic.ledger.rows()][:50] == [
        record["offset"] for record in reading.records
    ][:50]
    assert read(topic, tmp_path, reading.state).code == 2


def test_a_state_beyond_the_end_is_an_error(make_topic: MakeTopic, tmp_path: Path) -> None:
    """An offset nobody has written yet was not read from this topic."""
    topic = make_topic()
    topic.write(numbered(10))
    reading = read(topic, tmp_path, state_of(topic, {0: 11}))
    assert reading.code == 2
    assert reading.records == []
    assert read(topic, tmp_path, state_of(topic, {0: 10})).code == 0


def at(milliseconds: int) -> str:
    """Return a moment as a setting has it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


@pytest.mark.parametrize(
    "settings",
    [{"start": "timestamp", "start_timestamp": at(16_000)}, {"start_date": at(16_000)}],
    ids=", ".join,
)
def test_a_time_is_the_first_message_not_before_it(
    settings: dict[str, Any], make_topic: MakeTopic, tmp_path: Path
) -> None:
    """In each partition; a partition whose messages are all older begins at its end."""
    topic = make_topic(2)
    topic.write(
        Message(b'{"n": %d}' % number, partition=int(number >= 10), timestamp=1_000 * (number + 1))
        for number in range(20)
    )
    reading = read(topic, tmp_path, **settings)
    assert reading.code == 0
    assert reading.ledger(topic).checksums() == topic.ledger.only(1, 5).checksums()
    assert reading.offsets(topic) == {0: 10, 1: 10}


def test_a_time_past_the_end_reads_what_comes_later(make_topic: MakeTopic, tmp_path: Path) -> None:
    """Nothing now, and not the whole topic; the next run gives what came since."""
    topic = make_topic(2)
    topic.write(numbered(20, 2))
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    first = read(topic, tmp_path, start="timestamp", start_timestamp=tomorrow)
    assert first.code == 0
    assert first.records == []
    assert first.offsets(topic) == {0: 10, 1: 10}
    topic.write(numbered(10, 2, start=20))
    second = read(topic, tmp_path, first.state)
    expected = topic.ledger.only(0, 10) | topic.ledger.only(1, 10)
    assert second.ledger(topic).checksums() == expected.checksums()
