"""tap-kafka on a topic of transactions: what was committed, and up to where that is sure."""

from __future__ import annotations

from pathlib import Path

from tests.brokers.conftest import MakeTopic
from tests.brokers.reading import read
from tests.brokers.topic import Message, numbered


def test_committed_messages_are_read_and_aborted_ones_are_not(
    make_topic: MakeTopic, tmp_path: Path
) -> None:
    """Both kinds of markers are passed, also as the last of a partition."""
    topic = make_topic(2)
    topic.write(numbered(100, 2))
    with topic.transaction("kept") as write:
        write(numbered(300, 2, start=100))
    topic.write(numbered(50, 2, start=400))
    with topic.transaction("dropped", lasts=False) as write:
        write(numbered(200, 2, start=1_000))
    reading = read(topic, tmp_path)
    reading.assert_complete(topic)
    ends = {number: topic.end_offset(number) for number in (0, 1)}
    assert ends == {0: 327, 1: 327}  # with two markers and a hundred aborted messages
    assert reading.offsets(topic) == ends


def test_an_open_transaction_ends_a_run_that_goes_on_after_it(
    make_topic: MakeTopic, tmp_path: Path
) -> None:
    """A run ends before its first message; once it is committed the next run gives all of it."""
    topic = make_topic()
    topic.write(numbered(10))
    with topic.transaction("open") as write:
        write(numbered(5, start=10))
        topic.write(numbered(5, start=15))
        first = read(topic, tmp_path)
        assert first.code == 0, first.done.stderr
        assert first.ledger(topic).checksums() == topic.ledger.only(0, 0, 10).checksums()
        assert first.offsets(topic) == {0: 10}
    second = read(topic, tmp_path, first.state)
    assert second.code == 0
    assert second.ledger(topic).checksums() == topic.ledger.only(0, 10).checksums()
    assert second.offsets(topic) == {0: topic.end_offset()}


def test_a_topic_of_aborted_messages_is_read_once(make_topic: MakeTopic, tmp_path: Path) -> None:
    """No record, and a STATE behind all of them: the next run has nothing to look through."""
    topic = make_topic()
    with topic.transaction("dropped", lasts=False) as write:
        write(numbered(500))
    reading = read(topic, tmp_path)
    reading.assert_complete(topic)
    assert reading.offsets(topic) == {0: 501}
    topic.write([Message(b'{"number": 1}')])
    second = read(topic, tmp_path, reading.state)
    assert second.ledger(topic).checksums() == topic.ledger.checksums()
