"""Messages whose schemas are in a registry with Confluent's API."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    header_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from bizon_singer.errors import BizonSingerError, CredentialsError, ProtocolError, UnsafeError
from bizon_taps.kafka.decoding.error import DecodeError, UnknownSchemaError
from bizon_taps.kafka.decoding.settings import Encoding, Part
from tests.fakes.http_server import Answer, json_answer
from tests.fakes.schema_registry.server import SchemaRegistry
from tests.taps.kafka_messages import TOPIC, avro, confluent_frame, registry_decoder

ORDER = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "doc": "What was bought.",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "note", "type": ["null", "string"], "default": None},
    ],
}


def context(part: Part = "value", headers: Any = None) -> SerializationContext:
    """Return what Confluent's serializers must know of a message."""
    return SerializationContext(TOPIC, MessageField(part), headers)


def client_of(registry: SchemaRegistry) -> SchemaRegistryClient:
    """Return Confluent's own client of a registry."""
    client = SchemaRegistryClient({"url": registry.url})
    registry.closing.enter_context(client)
    return client


# What Confluent's own client writes.


def test_what_confluents_avro_serializer_writes() -> None:
    """A message of Confluent's serializer is read by the schema it registered, asked for once."""
    with SchemaRegistry() as registry:
        write = AvroSerializer(client_of(registry), json.dumps(ORDER))
        data = [
            write({"id": n, "at": 1_700_000_000_000 + n, "note": None}, context()) for n in (1, 2)
        ]
        decoder = registry_decoder(registry)
        before = len(registry.asked)

        read = [decoder.decode(each, TOPIC) for each in data]

        assert [each["id"] for each in read] == [1, 2]
        assert read[0]["at"].isoformat() == "2023-11-14T22:13:20.001000+00:00"
        assert registry.asked[before:] == ["/schemas/ids/1"]


def test_what_confluents_header_serializer_writes() -> None:
    """A schema named by its GUID in a header is found by it."""
    parts: list[Part] = ["value", "key"]
    for part in parts:
        with SchemaRegistry() as registry:
            conf = {"schema.id.serializer": header_schema_id_serializer}
            write = AvroSerializer(client_of(registry), '"string"', conf=conf)
            headers: list[tuple[str, bytes | None]] = [("trace", None)]
            data = write("x", context(part, headers))
            assert data == b"\x02x"
            assert headers[1][0] == f"__{part}_schema_id"

            assert registry_decoder(registry, part).decode(data, TOPIC, headers) == "x"
            assert registry.asked[-1].startswith("/schemas/guids/")


def test_what_confluents_json_serializer_writes() -> None:
    """A message with a JSON Schema is JSON behind its id."""
    schema = {"title": "Order", "type": "object", "properties": {"id": {"type": "integer"}}}
    with SchemaRegistry() as registry:
        write = JSONSerializer(json.dumps(schema), client_of(registry))

        data = write({"id": 2**63, "more": None}, context())

        decoder = registry_decoder(registry)
        assert decoder.decode(data, TOPIC) == {"id": 2**63, "more": None}
        assert decoder.schema(TOPIC) == schema


def test_what_confluents_serializer_writes_of_a_schema_with_references() -> None:
    """Schemas a schema refers to are fetched with it, each before what uses it."""
    money = {
        "type": "record",
        "name": "shop.Money",
        "fields": [{"name": "in", "type": "shop.Currency"}],
    }
    sale = {
        "type": "record",
        "name": "shop.Sale",
        "fields": [{"name": "price", "type": "shop.Money"}],
    }
    with SchemaRegistry() as registry:
        registry.register(
            "currency", '{"type": "enum", "name": "shop.Currency", "symbols": ["EUR"]}'
        )
        registry.register("money", json.dumps(money), references=[("shop.Currency", "currency", 1)])
        schema = Schema(json.dumps(sale), "AVRO", [SchemaReference("shop.Money", "money", 1)])
        write = AvroSerializer(client_of(registry), schema)
        data = write({"price": {"in": "EUR"}}, context())
        decoder = registry_decoder(registry)

        assert decoder.decode(data, TOPIC) == {"price": {"in": "EUR"}}
        assert decoder.schema(TOPIC) == {
            "type": "object",
            "properties": {
                "price": {"type": "object", "properties": {"in": {"type": "string"}}},
            },
        }


# Frames.


def test_a_guid_before_the_message() -> None:
    """The framing of version 1 names the schema by its GUID."""
    with SchemaRegistry() as registry:
        registry.register("s", '"string"')
        guid = uuid.UUID(registry.store.contents[0].guid)

        assert registry_decoder(registry).decode(b"\x01" + guid.bytes + b"\x02x", TOPIC) == "x"


def test_an_id_in_a_header() -> None:
    """A header may hold an id instead of a GUID; the last of several headers counts."""
    with SchemaRegistry() as registry:
        number = registry.register("s", '"string"')
        header = (b"\0" + (99).to_bytes(4, "big"), b"\0" + number.to_bytes(4, "big"))
        headers: list[tuple[str, bytes | None]] = [("__value_schema_id", each) for each in header]

        assert registry_decoder(registry).decode(b"\x02x", TOPIC, headers) == "x"
        with pytest.raises(DecodeError, match="holds no id"):
            registry_decoder(registry).decode(b"", TOPIC, [("__value_schema_id", b"?")])


def test_a_key_is_read_by_the_header_of_keys() -> None:
    """The header of the value says nothing about the key."""
    with SchemaRegistry() as registry:
        number = registry.register("s", '"string"')
        headers: list[tuple[str, bytes | None]] = [
            ("__value_schema_id", b"\0" + number.to_bytes(4, "big"))
        ]

        assert registry_decoder(registry, "key").decode(b"k1", TOPIC, headers) == "k1"


def test_a_message_that_is_not_framed_is_json() -> None:
    """With `auto` a topic may hold messages from before it had schemas."""
    with SchemaRegistry() as registry:
        decoder = registry_decoder(registry)

        assert decoder.decode(b'{"id": 1}', TOPIC) == {"id": 1}
        assert registry.asked == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"id": 1}', "does not say which schema"),
        (b"", "does not say which schema"),
        (b"\x00\x00\x00", "within the id"),
        (b"\x01" + b"x" * 15, "within the id"),
        (b"\x03\x00" + b"x" * 16, "AWS Glue"),
        (confluent_frame(1, b""), "ends before"),
        (confluent_frame(2, b"{}"), "json_schema"),
        (confluent_frame(3, b""), "no Avro schema"),
    ],
)
def test_a_message_that_does_not_keep_to_its_encoding(data: bytes, reason: str) -> None:
    """What is not the Avro it should be is refused with a reason."""
    with SchemaRegistry() as registry:
        registry.register("s", '"string"')
        registry.register("s", "{}", "JSON")
        registry.register("s", '{"type": "of-tomorrow"}')
        decoder = registry_decoder(registry, encoding=Encoding.AVRO)

        for _ in range(2):
            with pytest.raises(DecodeError, match=reason):
                decoder.decode(data, TOPIC)
        assert len(registry.asked) <= 1


# Schemas of topics.


def test_the_newest_schema_types_a_topic() -> None:
    """The schema of the stream is the latest of the subject of its topic and part."""
    with SchemaRegistry() as registry:
        registry.register("orders-value", '"string"')
        registry.register("orders-value", json.dumps(ORDER))
        registry.register("orders-key", '"long"')
        registry.register("a/b c-value", '"int"')

        assert registry_decoder(registry).schema("orders") == {
            "type": "object",
            "description": "What was bought.",
            "properties": {
                "id": {"type": "integer"},
                "at": {"type": "string", "format": "date-time"},
                "note": {"type": ["string", "null"]},
            },
        }
        assert registry_decoder(registry, "key").schema("orders") == {"type": "integer"}
        assert registry_decoder(registry).schema("a/b c") == {"type": "integer"}
        assert registry_decoder(registry).schema("unknown") is None
        assert registry_decoder(registry, encoding=Encoding.JSON_SCHEMA).schema("orders") is None


def test_a_json_schema_and_what_it_refers_to_are_one() -> None:
    """References between documents become references within one."""
    money = {
        "$id": "https://shop/money.json",
        "type": "object",
        "properties": {"in": {"$ref": "#/$defs/c"}},
        "$defs": {"c": {"type": "string"}},
    }
    sale = {
        "$id": "https://shop/sale.json",
        "type": "object",
        "properties": {
            "price": {"$ref": "money.json"},
            "code": {"$ref": "money.json#/$defs/c"},
            "of": {"$ref": "#"},
        },
    }
    with SchemaRegistry() as registry:
        registry.register("money", json.dumps(money), "JSON")
        registry.register("orders-value", json.dumps(sale), "JSON", [("money.json", "money", 1)])

        schema = registry_decoder(registry).schema(TOPIC)

        assert schema is not None
        assert schema["properties"] == {
            "price": {"$ref": "#/$defs/reference-0"},
            "code": {"$ref": "#/$defs/reference-0/$defs/c"},
            "of": {"$ref": "#"},
        }
        assert schema["$defs"]["reference-0"]["properties"] == {
            "in": {"$ref": "#/$defs/reference-0/$defs/c"}
        }


@pytest.mark.parametrize("text", ["true", "[", '"x"'])
def test_a_json_schema_that_says_nothing(text: str) -> None:
    """A schema that is no object leaves the stream untyped."""
    with SchemaRegistry() as registry:
        registry.register("orders-value", text, "JSON")

        assert registry_decoder(registry).schema(TOPIC) is None


# A registry that fails.


def test_an_id_nobody_knows_is_asked_for_once() -> None:
    """Its messages fail with the id, and the registry is left alone."""
    with SchemaRegistry() as registry:
        decoder = registry_decoder(registry)

        for _ in range(3):
            with pytest.raises(UnknownSchemaError, match="no schema with the id 7"):
                decoder.decode(confluent_frame(7, b""), TOPIC)
        assert registry.asked == ["/schemas/ids/7"]
        for impossible in (0, 2**31):
            with pytest.raises(UnknownSchemaError):
                decoder.decode(confluent_frame(impossible, b""), TOPIC)
        assert len(registry.asked) == 1


def test_many_ids_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many schemas only so many are kept; one that was dropped is asked for again."""
    monkeypatch.setattr("bizon_taps.kafka.decoding.decoder.MAX_SCHEMAS", 2)
    with SchemaRegistry() as registry:
        numbers = [registry.register("s", json.dumps({"type": "string", "n": n})) for n in range(3)]
        decoder = registry_decoder(registry)

        for number in (*numbers, numbers[0], numbers[0]):
            assert decoder.decode(confluent_frame(number, b"\x02x"), TOPIC) == "x"
        assert len(registry.asked) == 4


def test_credentials_are_sent_to_the_registry() -> None:
    """User name and password go as basic authentication."""
    with SchemaRegistry(credentials=("user", "pass:word")) as registry:
        registry.register("s", '"string"')
        decoder = registry_decoder(registry, credentials=("user", "pass:word"))

        assert decoder.decode(confluent_frame(1, b"\x02x"), TOPIC) == "x"


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_end_the_run(status: int) -> None:
    """It is no failure of the message, so it cannot be skipped."""
    with SchemaRegistry() as registry:
        registry.first.append(Answer(status))

        with pytest.raises(CredentialsError, match="password of `schema_registry`") as caught:
            registry_decoder(registry).decode(confluent_frame(1, b""), TOPIC)

        assert caught.value.exit_code == 3
        assert not isinstance(caught.value, DecodeError)


def test_an_outage_is_tried_again() -> None:
    """A registry that is down for a moment delays a message, no more."""
    with SchemaRegistry() as registry:
        registry.register("s", '"string"')
        registry.first += [Answer(503), Answer(fate="reset")]

        decoder = registry_decoder(registry, retry_limit=2)

        assert decoder.decode(confluent_frame(1, b"\x02x"), TOPIC) == "x"
        assert len(registry.asked) == 3


def test_an_outage_that_lasts_ends_the_run() -> None:
    """The message is not skipped: the run can go on from it later."""
    with SchemaRegistry() as registry:
        registry.register("s", '"string"')
        registry.first += [Answer(503)] * 2

        with pytest.raises(BizonSingerError) as caught:
            registry_decoder(registry, retry_limit=1).decode(confluent_frame(1, b"\x02x"), TOPIC)

        assert caught.value.exit_code == 5
        assert not isinstance(caught.value, DecodeError)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, b"<html>"),
        json_answer([], 404),
        json_answer([]),
        json_answer({"schema": 7}),
        json_answer({"schema": '"int"', "schemaType": "XML"}),
        json_answer({"schema": '"int"', "references": [{"name": "x"}]}),
        json_answer({"schema": '"int"', "references": 7}),
        Answer(200, b"<html>"),
        Answer(418),
    ],
)
def test_a_server_that_is_no_registry_ends_the_run(answer: Answer) -> None:
    """A wrong address fails the run, not every message of it."""
    with SchemaRegistry() as registry:
        registry.first.append(answer)

        with pytest.raises(ProtocolError) as caught:
            registry_decoder(registry).decode(confluent_frame(1, b""), TOPIC)

        assert not isinstance(caught.value, DecodeError)


def test_a_reference_that_is_gone_fails_the_messages_that_need_it() -> None:
    """Nothing else in the topic is held up by it."""
    with SchemaRegistry() as registry:
        registry.register("s", '"string"', references=[("shop.Gone", "gone", 1)])
        registry.register("s", '"string"')
        decoder = registry_decoder(registry)

        with pytest.raises(DecodeError, match="uses another one"):
            decoder.decode(confluent_frame(1, b"\x02x"), TOPIC)
        assert decoder.decode(confluent_frame(2, b"\x02x"), TOPIC) == "x"


def test_references_in_a_circle_end() -> None:
    """A registry that refers in a circle cannot hold the run."""
    with SchemaRegistry() as registry:
        registry.register("a", '"string"', references=[("b", "b", 1)])
        registry.register("b", '"string"', references=[("a", "a", 1)])

        assert registry_decoder(registry).decode(confluent_frame(1, b"\x02x"), TOPIC) == "x"


def test_a_registry_elsewhere_is_reached_by_https_only() -> None:
    """Credentials do not travel in clear unless `http.allow_http` says so."""
    with SchemaRegistry() as registry:
        registry.url = "http://registry.example"

        with pytest.raises(UnsafeError):
            registry_decoder(registry).decode(confluent_frame(1, avro("string", "x")), TOPIC)
