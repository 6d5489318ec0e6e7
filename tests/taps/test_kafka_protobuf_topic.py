"""A topic of Protobuf messages through the whole tap: types beside each other, unknown fields."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from bizon_singer.testing.runs import run
from bizon_taps.kafka.tap import TapKafka
from tests.fakes.kafka import Kafka
from tests.fakes.schema_registry.server import SchemaRegistry
from tests.taps.kafka_messages import confluent_frame

SCHEMA = """
syntax = "proto3";
package shop;
message Sale { string sku = 1; int32 count = 2; }
message Refund { string reason = 1; string count = 2; Sale of = 3; }
"""
FIRST, SECOND = b"\0", b"\x02\x02"
"""The indexes of a message type in its schema."""


@pytest.fixture
def registry() -> Iterator[SchemaRegistry]:
    """A registry of one schema, with the id 1."""
    with SchemaRegistry() as server:
        assert server.register("orders-value", SCHEMA, "PROTOBUF") == 1
        yield server


def settings(kafka: Kafka, registry: SchemaRegistry) -> dict[str, Any]:
    """Return what reads the topic by the registry."""
    return kafka.settings(topics=["orders"], schema_registry={"url": registry.url})


def put(kafka: Kafka, *messages: bytes) -> None:
    """Append messages: the indexes of their types, and their fields."""
    for message in messages:
        kafka.put("orders", confluent_frame(1, message))
    kafka.flush()


def test_messages_of_other_types_than_the_first_are_whole(
    kafka: Kafka, registry: SchemaRegistry
) -> None:
    """The catalog describes the first; what others hold beyond it is in a wider SCHEMA."""
    put(
        kafka,
        FIRST + b"\x0a\x01x\x10\x05",
        SECOND + b"\x0a\x01y\x12\x04some\x1a\x03\x0a\x01z",
    )
    done = run(TapKafka, settings(kafka, registry))
    assert done.code == 0, done.sentence
    assert [row["value"] for row in done.records()] == [
        {"sku": "x", "count": 5},
        {"reason": "y", "count": "some", "of": {"sku": "z", "count": 0}},
    ]
    *_, schema = done.recording.of("SCHEMA")
    described = schema.body["schema"]["properties"]["value"]["properties"]
    assert described.keys() == {"sku", "count", "reason", "of"}
    assert {"integer", "string"} <= {*described["count"]["type"]}


def test_fields_no_schema_has_are_counted_in_the_log(
    kafka: Kafka, registry: SchemaRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    """At the end of a run, by the type of the message."""
    put(kafka, FIRST + b"\x7a\x01q\x7a\x01q", FIRST + b"\x7a\x01q")
    with caplog.at_level(logging.INFO, "bizon_singer.kafka"):
        TapKafka(config=settings(kafka, registry)).sync_all()
    said = [record.getMessage() for record in caplog.records]
    assert (
        "Topic 'orders': 3 fields of messages of the type `shop.Sale` were left out, for their "
        "schema does not have them." in said
    )
