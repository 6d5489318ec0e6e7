"""tap-kafka by a real schema registry: what others' serializers wrote by its schemas is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from apicurio_serdes import ApicurioRegistryClient
from apicurio_serdes.avro import AvroSerializer as ApicurioSerializer
from apicurio_serdes.serialization import MessageField as ApicurioField
from apicurio_serdes.serialization import SerializationContext as ApicurioContext
from apicurio_serdes.serialization import WireFormat
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.message_factory import GetMessageClass

from bizon_singer.testing import read as read_recording
from tests.brokers.conftest import MakeTopic
from tests.brokers.ledger import Ledger
from tests.brokers.reading import read
from tests.brokers.registry import Registry
from tests.brokers.topic import Message, Topic
from tests.commands.process import sentence
from tests.fakes.schema_registry.protoc import pool_of
from tests.fakes.schema_registry.recorded import IN_OTHER_WORDS, RECORDED

PARTITIONS, MESSAGES = 2, 20
V2, V3 = "/apis/registry/v2", "/apis/registry/v3"
MOMENT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
AVRO = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "number", "type": "long"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {
            "name": "price",
            "type": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2},
        },
    ],
}
JSON_SCHEMA = {
    "title": "Order",
    "type": "object",
    "properties": {"number": {"type": "integer"}, "note": {"type": "string"}},
}
PROTOBUF = 'syntax = "proto3"; message Order { int64 number = 1; string note = 2; }'

Row = dict[str, Any]
Writes = Iterator[tuple[Message, Row]]
"""Messages, and the value each must become."""


def avro_order(number: int) -> tuple[Row, Row]:
    """Return an order as a serializer of Avro takes it, and as a record has it."""
    moment = MOMENT + timedelta(milliseconds=number)
    price = Decimal(f"{10**26}.{number:02}")
    shown = moment.isoformat().replace("+00:00", "Z")
    taken = {"number": number, "at": moment, "price": price}
    return taken, {"number": number, "at": shown, "price": price}


def confluent_avro(registry: Registry, topic: Topic, start: int) -> Writes:
    """By Confluent's serializer of Avro."""
    with SchemaRegistryClient({"url": registry.confluent_url}) as client:
        serializer = AvroSerializer(client, json.dumps(AVRO))
        for number in range(start, start + MESSAGES):
            taken, read_as = avro_order(number)
            yield placed(serializer(taken, context(topic)), number), read_as


def confluent_json(registry: Registry, topic: Topic, start: int) -> Writes:
    """By Confluent's serializer of JSON Schema."""
    with SchemaRegistryClient({"url": registry.confluent_url}) as client:
        serializer = JSONSerializer(json.dumps(JSON_SCHEMA), client)
        for number in range(start, start + MESSAGES):
            row = {"number": number, "note": "x" * number}
            yield placed(serializer(row, context(topic)), number), row


def confluent_protobuf(registry: Registry, topic: Topic, start: int) -> Writes:
    """By Confluent's serializer of Protobuf, which registers a descriptor."""
    pool = pool_of({"order.proto": PROTOBUF}, "order.proto")
    order = GetMessageClass(pool.FindMessageTypeByName("Order"))
    with SchemaRegistryClient({"url": registry.confluent_url}) as client:
        serializer = ProtobufSerializer(order, client)
        for number in range(start, start + MESSAGES):
            row = {"number": number, "note": "x" * number}
            yield placed(serializer(order(**row), context(topic)), number), row


def apicurio(use_id: Any, wire_format: WireFormat) -> Callable[[Registry, Topic, int], Writes]:
    """By Apicurio's serializer of Avro, with either id, before the bytes or in a header."""

    def write(registry: Registry, topic: Topic, start: int) -> Writes:
        with ApicurioRegistryClient(registry.url + V3, "default") as client:
            client.register_schema(f"{topic.name}-value", AVRO)
            serializer = ApicurioSerializer(
                client, f"{topic.name}-value", use_id=use_id, wire_format=wire_format
            )
            for number in range(start, start + MESSAGES):
                taken, read_as = avro_order(number)
                where = ApicurioContext(topic.name, ApicurioField.VALUE)
                made = serializer.serialize(taken, where)
                headers = tuple(made.headers.items())
                yield placed(made.payload, number, headers), read_as

    return write


def context(topic: Topic) -> SerializationContext:
    """Return what Confluent's serializers must know of a message."""
    return SerializationContext(topic.name, MessageField.VALUE)


def placed(value: Any, number: int, headers: Any = ()) -> Message:
    """Return a message for one partition after the other."""
    return Message(value, partition=number % PARTITIONS, headers=headers)


BYTES, HEADERS = WireFormat.CONFLUENT_PAYLOAD, WireFormat.KAFKA_HEADERS
GLOBAL_4 = {"framing": "apicurio_global_id_4_bytes"}
CASES: dict[str, tuple[Callable[[Registry, Topic, int], Writes], str, dict[str, str]]] = {
    "Confluent Avro": (confluent_avro, "/apis/ccompat/v7", {"type": "confluent"}),
    "Confluent JSON Schema": (confluent_json, "/apis/ccompat/v7", {"type": "confluent"}),
    "Confluent Protobuf": (confluent_protobuf, "/apis/ccompat/v7", {"type": "confluent"}),
    "contentId by version 2": (apicurio("contentId", BYTES), V2, {"type": "apicurio"}),
    "globalId": (apicurio("globalId", BYTES), V3, {"type": "apicurio", **GLOBAL_4}),
    "header": (apicurio("globalId", HEADERS), "", {"type": "apicurio"}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_serializer_wrote_is_read_and_typed(
    case: str, registry: Registry, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """Each message once with its value, also by the next run; the SCHEMA has its fields."""
    write, path, settings = CASES[case]
    topic = make_topic(PARTITIONS)
    asked = {"schema_registry": {"url": registry.url + path, **settings}}
    state, seen, expected = None, Ledger(), Ledger()
    for start in (0, MESSAGES):
        written = list(write(registry, topic, start))
        topic.write(message for message, _ in written)
        for number, (_, row) in enumerate(written, start):
            expected.note(number % PARTITIONS, number // PARTITIONS, row)
        reading = read(topic, tmp_path, state, **asked)
        assert reading.code == 0, reading.done.stderr
        assert len(reading.records) == MESSAGES
        state, seen = reading.state, seen | reading.ledger(topic)
        (schema,) = read_recording(reading.done.stdout).of("SCHEMA")
        fields = schema.body["schema"]["properties"]["value"]["properties"]
        assert "integer" in fields["number"]["type"]
    assert seen.checksums() == expected.checksums()
    assert reading.offsets(topic) == dict.fromkeys(range(PARTITIONS), MESSAGES)


def test_a_schema_that_is_not_there_is_a_bad_message(
    registry: Registry, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """Told with its place and its id; STATE stands at it, and the rest comes when asked."""
    topic = make_topic(PARTITIONS)
    before, after = (list(confluent_avro(registry, topic, start)) for start in (0, MESSAGES))
    topic.write(message for message, _ in before)
    topic.write([Message(b"\0\0\x0f\x42\x40framed")])
    topic.write(message for message, _ in after)
    asked = {"schema_registry": {"url": registry.confluent_url}}
    failed = read(topic, tmp_path, **asked)
    assert failed.code == 4, failed.done.stderr
    for word in ("partition 0", f"offset {MESSAGES // 2}", "1000000"):
        assert word in sentence(failed.done)
    rest = read(topic, tmp_path, failed.state, **asked, on_error="skip")
    assert rest.code == 0, rest.done.stderr
    assert len(failed.records) + len(rest.records) == 2 * MESSAGES
    assert rest.offsets(topic) == {0: MESSAGES + 1, 1: MESSAGES}


CHANGES = {"createdOn", "modifiedOn", "builtOn"}
"""Times of what happened."""


def test_it_still_answers_what_the_made_up_one_is_held_against(registry: Registry) -> None:
    """What is recorded of it, times and the words of errors aside."""
    recorded = json.loads(RECORDED.read_text())
    found = {path: meaning(answer) for path, answer in registry.answers.items()}
    assert found == {path: meaning(answer) for path, answer in recorded.items()}


def meaning(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer whose body has only what a program may go by."""
    try:
        body = json.loads(answer["body"], object_hook=wordless)
    except ValueError:
        return answer
    return {**answer, "body": body}


def wordless(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object without times and the words of an error."""
    return {name: value for name, value in found.items() if name not in CHANGES | IN_OTHER_WORDS}
