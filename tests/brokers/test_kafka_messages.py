"""tap-kafka on messages of every kind: without a value, large, with headers, unreadable."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.batch import produce, record_of
from tests.brokers.conftest import MakeTopic
from tests.brokers.reading import read
from tests.brokers.topic import Message, Topic, numbered
from tests.commands.process import sentence

MEGABYTE = 1 << 20
NO_UTF8 = b"\xff\xfe\x00k"


def test_a_topic_of_tombstones_does_not_end_a_run(make_topic: MakeTopic, tmp_path: Path) -> None:
    """Pages without a record are passed: left out, counted, and behind STATE."""
    topic = make_topic(2)
    topic.write(Message(None, key=b"k%d" % number) for number in range(400))
    topic.write(numbered(100, 2))
    topic.write(Message(None, key=b"k%d" % number, partition=1) for number in range(400))
    reading = read(topic, tmp_path, batch_size=50)
    reading.assert_complete(topic)
    assert reading.offsets(topic) == {0: 450, 1: 450}
    again = read(topic, tmp_path, reading.state, batch_size=50)
    assert again.records == []


def test_tombstones_are_records_when_asked(make_topic: MakeTopic, tmp_path: Path) -> None:
    """With `skip_message_empty_value: false` each is one, its value null."""
    topic = make_topic()
    topic.write(Message(None, key=b"k%d" % number) for number in range(40))
    reading = read(topic, tmp_path, batch_size=10, skip_message_empty_value=False)
    assert reading.code == 0
    assert [(record["offset"], record["key"]) for record in reading.records] == [
        (number, f"k{number}") for number in range(40)
    ]
    assert {record["value"] for record in reading.records} == {None}


def test_a_removed_key_is_told_by_its_tombstone(make_topic: MakeTopic, tmp_path: Path) -> None:
    """With `key_properties: key` a target learns of changes and of the removal, in order."""
    topic = make_topic()
    topic.write(
        Message(value, key=b"order-1", timestamp=1_700_000_000_000)
        for value in (b'{"state": "new"}', b'{"state": "paid"}', None)
    )
    reading = read(topic, tmp_path, key_properties="key")
    assert reading.code == 0
    assert [(record["key"], record["value"]) for record in reading.records] == [
        ("order-1", {"state": "new"}),
        ("order-1", {"state": "paid"}),
        ("order-1", None),
    ]
    deleted = [record["_sdc_deleted_at"] for record in reading.records]
    assert deleted[:2] == [None, None]
    assert deleted[2].startswith("2023-11-14T22:13:20")


def test_large_messages_are_whole(make_topic: MakeTopic, tmp_path: Path) -> None:
    """Messages of a megabyte, as many of them as no queue of the client holds."""
    topic = make_topic(2, max_message_bytes=2 * MEGABYTE)
    topic.write(numbered(40, 2, size=MEGABYTE))
    reading = read(topic, tmp_path)
    reading.assert_complete(topic)
    assert len(reading.done.stdout) > 40 * MEGABYTE


def test_headers_are_given_as_they_are(make_topic: MakeTopic, tmp_path: Path) -> None:
    """In order, repeated, empty, null, and such as are no text."""
    topic = make_topic()
    headers = (("a", b"1"), ("a", b"2"), ("", b""), ("none", None), ("bin", NO_UTF8))
    topic.write([Message(b"{}", headers=headers)])
    reading = read(topic, tmp_path)
    assert reading.code == 0
    assert reading.records[0]["headers"] == [
        {"key": "a", "value": "1"},
        {"key": "a", "value": "2"},
        {"key": "", "value": ""},
        {"key": "none", "value": None},
        {"key": "bin", "value_base64": base64.b64encode(NO_UTF8).decode()},
    ]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed_batches_are_read(codec: str, make_topic: MakeTopic, tmp_path: Path) -> None:
    """Each codec of Kafka is one the client has."""
    topic = make_topic()
    topic.write(numbered(1_000, size=100), compression_codec=codec)
    read(topic, tmp_path).assert_complete(topic)


def test_every_digit_arrives(make_topic: MakeTopic, tmp_path: Path) -> None:
    """Of integers beyond 64 bits and of decimals no float holds."""
    topic = make_topic()
    value = b'{"big":123456789012345678901234567890,"price":0.10000000000000000555}'
    topic.write([Message(value)])
    reading = read(topic, tmp_path)
    assert reading.code == 0
    assert b'"big":123456789012345678901234567890' in reading.done.stdout
    assert b'"price":0.10000000000000000555' in reading.done.stdout


POISON: dict[str, tuple[Message, dict[str, Any]]] = {
    "value": (Message(b'{"number": 50', key=b"k"), {}),
    "value of no text": (Message(NO_UTF8, key=b"k"), {}),
    "key": (Message(b'{"number": 50}', key=NO_UTF8), {}),
    "key of no JSON": (Message(b'{"number": 50}', key=b"{"), {"key_encoding": "utf-8"}),
    "no key": (Message(b'{"number": 50}'), {"key_properties": "key"}),
    "header": (Message(b'{"number": 50}', key=b"k", headers=(("\udcff", b"1"),)), {}),
}
"""What cannot be read, and the settings with which it cannot."""
AT = 50


def poisoned(topic: Topic, poison: Message) -> None:
    """Write a message; a client of Kafka writes no header's name that is no UTF-8."""
    if not poison.headers:
        topic.write([poison])
        return
    headers = [
        (name.encode(errors="surrogateescape"), value or b"") for name, value in poison.headers
    ]
    record = record_of(poison.value or b"", poison.key, headers)
    assert produce(topic.broker.address(), topic.name, record) == AT


@pytest.mark.parametrize("kind", POISON)
def test_a_poison_message_stops_no_other(kind: str, make_topic: MakeTopic, tmp_path: Path) -> None:
    """Fail: all before it, STATE right before it, its place. Then skip, or a stream of its own."""
    poison, settings = POISON[kind]
    topic = make_topic()
    topic.write(numbered(AT, key=b'"k"'))
    poisoned(topic, poison)
    topic.write(numbered(AT, start=AT + 1, key=b'"k"'))
    good = topic.ledger.only(0, 0, AT) | topic.ledger.only(0, AT + 1)
    failed = read(topic, tmp_path, batch_size=20, **settings)
    assert failed.code == 4, failed.done.stderr
    text = sentence(failed.done)
    for word in (topic.name, "partition 0", f"offset {AT}", "on_error"):
        assert word in text, text
    assert failed.ledger(topic).checksums() == good.only(0, 0, AT).checksums()
    assert failed.offsets(topic) == {0: AT}

    again = read(topic, tmp_path, failed.state, **settings)
    assert (again.code, again.records) == (4, [])
    skipped = read(topic, tmp_path, failed.state, on_error="skip", **settings)
    assert skipped.code == 0, skipped.done.stderr
    assert skipped.ledger(topic).checksums() == good.only(0, AT + 1).checksums()
    assert f"offset {AT}" in skipped.done.stderr
    assert skipped.offsets(topic) == {0: 2 * AT + 1}

    parted = read(topic, tmp_path, on_error="dead_letter", **settings)
    assert parted.code == 0, parted.done.stderr
    lines = [json.loads(line) for line in parted.done.stdout.splitlines()]
    records = [line for line in lines if line["type"] == "RECORD"]
    errors = [line["record"] for line in records if line["stream"] == f"{topic.name}__errors"]
    assert len(records) - len(errors) == 2 * AT
    (error,) = errors
    assert (error["partition"], error["offset"]) == (0, AT)
    part = next(part for part in ("header", "key", "value") if part in kind)
    assert error["part"] == part
    for part, there in (("key", poison.key), ("value", poison.value)):
        assert error[part] == (None if there is None else base64.b64encode(there).decode())
