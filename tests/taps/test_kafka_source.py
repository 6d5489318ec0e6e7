"""tap-kafka over librdkafka's mock cluster: what is read, where it ends, where it goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bizon_singer.testing.runs import Run, run
from bizon_taps.kafka.tap import TapKafka
from tests.fakes.kafka import PARTITIONS, Kafka
from tests.fakes.schema_registry.server import SchemaRegistry


def numbers(done: Run, stream: str | None = None) -> list[int]:
    """Return the numbers in the values a run gave, sorted."""
    return sorted(row["value"]["number"] for row in done.records(stream))


def offsets(done: Run, stream: str) -> dict[str, int]:
    """Return the next offset of each partition that STATE has."""
    bookmark = done.bookmark(stream)
    kept = bookmark["state"] if bookmark["in_progress"] is None else None
    position = kept or bookmark["in_progress"]["pagination"]
    return {number: place["offset"] for number, place in position["partitions"].items()}


def read(kafka: Kafka, state: Any = None, **settings: Any) -> Run:
    """Run the tap over the topic orders, unless others are named."""
    return run(TapKafka, kafka.settings(**{"topics": ["orders"], **settings}), state)


def test_a_topic_is_read_to_its_end_and_goes_on_there(kafka: Kafka) -> None:
    """Every message once, the next offset of each partition in STATE, then what is new."""
    kafka.fill("orders", 10)
    first = read(kafka)
    assert (first.code, first.warnings) == (0, ())
    assert numbers(first) == list(range(10))
    assert offsets(first, "orders") == {"0": 3, "1": 3, "2": 2, "3": 2}
    kafka.fill("orders", 5, start=10)
    second = read(kafka, first.state)
    assert numbers(second) == list(range(10, 15))
    assert read(kafka, second.state).records() == []


def test_pages_are_as_large_as_they_may_be(kafka: Kafka) -> None:
    """A STATE for each, and nothing twice."""
    kafka.fill("orders", 50)
    done = read(kafka, batch_size=7)
    assert numbers(done) == list(range(50))
    assert len(list(done.recording.of("STATE"))) >= 50 / 7


def test_a_record_says_where_and_when_its_message_is(kafka: Kafka) -> None:
    """Headers keep their order, repeats, nulls and bytes."""
    headers = [("a", b"one"), ("a", None), ("b", b"\xff\x00"), ("a", b"")]
    kafka.put(
        "orders",
        b'{"x": 1}',
        key="k",
        partition=2,
        headers=headers,
        timestamp=1_764_000_000_123,
    )
    kafka.flush()
    (row,) = read(kafka).records()
    assert row == {
        "topic": "orders",
        "partition": 2,
        "offset": 0,
        "timestamp": "2025-11-24T16:00:00.123000Z",
        "timestamp_type": "CreateTime",
        "key": "k",
        "headers": [
            {"key": "a", "value": "one"},
            {"key": "a", "value": None},
            {"key": "b", "value_base64": "/wA="},
            {"key": "a", "value": ""},
        ],
        "value": {"x": 1},
    }


@pytest.mark.parametrize("milliseconds", [-1, 253_402_300_800_000, 2**63 - 1])
def test_a_time_no_calendar_has_is_null(kafka: Kafka, milliseconds: int) -> None:
    """And is told once, where somebody meant one."""
    for _ in range(2):
        kafka.put("orders", b"{}", timestamp=milliseconds)
    kafka.flush()
    done = read(kafka)
    assert [row["timestamp"] for row in done.records()] == [None, None]
    assert len([text for text in done.warnings if "year 9999" in text]) == (milliseconds > 0)


def test_a_topic_that_is_missing_is_an_error_before_anything_is_read(kafka: Kafka) -> None:
    """Also when another one is there."""
    kafka.fill("orders", 4)
    done = read(kafka, topics=["orders", "ordres"])
    assert (done.code, done.stdout) == (2, b"")
    assert "'ordres'" in done.sentence


def test_topics_are_found_by_a_pattern(kafka: Kafka) -> None:
    """The whole name must match; a stream is called as the settings say."""
    for topic in ("orders", "orders.eu", "users"):
        kafka.fill(topic, 4)
    done = read(
        kafka, topics=[{"name": "users", "destination_id": "people"}], topic_pattern="ord.*"
    )
    assert {row["topic"] for row in done.records()} == {"orders", "orders.eu", "users"}
    assert {row["topic"] for row in done.records("people")} == {"users"}


def test_an_unreachable_broker_is_passing_trouble() -> None:
    """Exit code 5 within the time of `consumer_timeout`."""
    done = run(TapKafka, {"bootstrap_servers": "127.0.0.1:1", "consumer_timeout": 0.6})
    assert (done.code, done.stdout) == (5, b"")
    assert "no broker answered" in done.sentence


def test_a_bad_message_fails_the_stream_right_before_it(kafka: Kafka) -> None:
    """STATE stands at the message, which is named; all before it are out."""
    for number, value in enumerate([b'{"number":0}', b'{"number":', b'{"number":2}']):
        kafka.put("orders", value, timestamp=number + 1)
    kafka.flush()
    done = read(kafka)
    assert done.code == 4
    assert "topic 'orders', partition 0, offset 1: its value" in done.sentence
    assert (numbers(done), offsets(done, "orders")["0"]) == ([0], 1)
    again = read(kafka, done.state)
    assert (again.code, again.records()) == (4, [])


@pytest.mark.parametrize(
    "settings", [{"on_error": "skip"}, {"skip_message_on_decode_error": True}], ids=str
)
def test_a_bad_message_may_be_left_out(kafka: Kafka, settings: dict[str, Any]) -> None:
    """It is told once and passed."""
    kafka.put("orders", b"{")
    kafka.fill("orders", PARTITIONS)
    done = read(kafka, **settings)
    assert numbers(done) == list(range(PARTITIONS))
    assert offsets(done, "orders")["0"] == 2
    assert [text for text in done.warnings if "it is left out" in text] == list(done.warnings) != []


def test_a_bad_key_alone_may_be_left_out(kafka: Kafka) -> None:
    """By Bizon's setting for keys, which says nothing of values."""
    kafka.fill("orders", 4)
    kafka.put("orders", b'{"number": 9}', key=b"\xff")
    kafka.flush()
    done = read(kafka, skip_message_invalid_keys=True)
    assert (done.code, numbers(done)) == (0, [0, 1, 2, 3])
    assert any("its key cannot be read" in text for text in done.warnings)
    kafka.put("orders", b"{", key=b"k")
    kafka.flush()
    failed = read(kafka, done.state, skip_message_invalid_keys=True)
    assert (failed.code, failed.records()) == (4, [])


TEXT, BASE64 = '{"a":1}', "eyJhIjoxfQ=="


@pytest.mark.parametrize(
    ("settings", "key", "value"),
    [
        ({}, "1", {"a": 1}),
        ({"message_encoding": "auto"}, "1", {"a": 1}),
        ({"message_encoding": "utf-8"}, "1", {"a": 1}),
        ({"message_encoding": "utf-8", "key_encoding": "utf-8"}, 1, {"a": 1}),
        ({"message_encoding": "text"}, "1", TEXT),
        ({"message_encoding": "bytes"}, "MQ==", BASE64),
        ({"message_encoding": "bytes", "key_encoding": "text"}, "1", BASE64),
    ],
    ids=str,
)
def test_an_encoding_says_what_bytes_become(
    settings: dict[str, Any], key: Any, value: Any, kafka: Kafka
) -> None:
    """Values as `message_encoding` has it, keys as `key_encoding`; the SCHEMA says which."""
    kafka.put("orders", TEXT, key="1")
    kafka.flush()
    done = read(kafka, **settings)
    (row,) = done.records()
    assert (done.code, row["key"], row["value"]) == (0, key, value)
    (schema,) = done.recording.of("SCHEMA")
    types = schema.body["schema"]["properties"]["value"]["type"]
    assert types == ["object" if type(value) is dict else "string", "null"]


FIELDS = {"type": "record", "name": "N", "fields": [{"name": "number", "type": "long"}]}
WRITTEN = {
    "avro": ("AVRO", json.dumps(FIELDS), b"\x0e"),
    "json_schema": ("JSON", '{"properties":{"number":{"type":"integer"}}}', b'{"number":7}'),
    "protobuf": ("PROTOBUF", 'syntax = "proto3"; message N { int64 number = 1; }', b"\0\x08\x07"),
}


@pytest.mark.parametrize("encoding", WRITTEN)
@pytest.mark.parametrize("asked", ["auto", "avro", "json_schema", "protobuf"])
def test_an_encoding_by_a_registry_is_found_or_held_to(
    asked: str, encoding: str, kafka: Kafka
) -> None:
    """With `auto` each message is what its schema says; else another one is a bad message."""
    kind, text, payload = WRITTEN[encoding]
    with SchemaRegistry() as registry:
        number = registry.register("orders-value", text, kind)
        kafka.put("orders", b"\0" + number.to_bytes(4, "big") + payload)
        kafka.flush()
        done = read(kafka, message_encoding=asked, schema_registry={"url": registry.url})
    if asked in {"auto", encoding}:
        assert (done.code, numbers(done)) == (0, [7]), done.sentence
    else:
        assert (done.code, done.records()) == (4, [])
        assert f"its schema is of the type {encoding}" in done.sentence


@pytest.mark.parametrize("kind", [None, "apicurio", "confluent"])
def test_bizons_registry_is_one(kafka: Kafka, kind: str | None) -> None:
    """`authentication` names it, with its own user; unless it says so, it is Apicurio's."""
    login = {"schema_registry_username": "me", "schema_registry_password": "mine"}
    with SchemaRegistry(credentials=("me", "mine")) as registry:
        content_id = registry.register("orders-value", json.dumps(FIELDS))
        kafka.put("orders", b"\0" + content_id.to_bytes(4, "big") + b"\x0e")
        kafka.flush()
        authentication = {
            "type": "basic",
            "params": {"username": "u", "password": "p"},
            "schema_registry_url": registry.url,
            **login,
            **({} if kind is None else {"schema_registry_type": kind}),
        }
        # The cluster knows no logins.
        security = {"protocol": "PLAINTEXT"}
        done = read(kafka, authentication=authentication, security=security)
        asked = set(registry.asked)
    assert (done.code, numbers(done)) == (0, [7]), done.sentence
    assert any(path.startswith("/apis/") for path in asked) == (kind != "confluent")


def test_a_bad_message_may_go_to_a_stream_of_its_own(kafka: Kafka) -> None:
    """As it is, in base64, with the reason."""
    kafka.put("orders", b"{", key=b"\xff", partition=1)
    kafka.fill("orders", PARTITIONS)
    done = read(kafka, on_error="dead_letter")
    assert numbers(done, "orders") == list(range(PARTITIONS))
    (bad,) = done.records("orders__errors")
    assert (bad["partition"], bad["offset"], bad["part"]) == (1, 0, "key")
    assert (bad["key"], bad["value"]) == ("/w==", "ew==")


@pytest.mark.parametrize("empty", [None, b""])
def test_messages_without_a_value_are_left_out_and_never_the_end(
    kafka: Kafka, empty: bytes | None
) -> None:
    """More of them than a page holds, before what counts."""
    for _ in range(30):
        kafka.put("orders", empty)
    kafka.put("orders", b'{"number":30}')
    kafka.flush()
    done = read(kafka, batch_size=4)
    assert (numbers(done), offsets(done, "orders")["0"]) == ([30], 31)


def test_tombstones_are_kept_on_request(kafka: Kafka) -> None:
    """As a record whose value is null."""
    kafka.put("orders", None, key="gone")
    kafka.flush()
    (row,) = read(kafka, skip_message_empty_value=False).records()
    assert (row["key"], row["value"]) == ("gone", None)


def test_records_may_be_known_by_their_key(kafka: Kafka) -> None:
    """A tombstone then says when the key was removed."""
    kafka.put("orders", b'{"number":1}', key="a", timestamp=1_764_000_000_000)
    kafka.put("orders", None, key="a", timestamp=1_764_000_001_000)
    kafka.flush()
    done = read(kafka, key_properties="key")
    deleted = [(row["key"], row["_sdc_deleted_at"]) for row in done.records()]
    assert deleted == [("a", None), ("a", "2025-11-24T16:00:01Z")]
    schema = next(done.recording.of("SCHEMA")).body
    assert schema["key_properties"] == ["key"]
