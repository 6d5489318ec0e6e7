"""Messages whose schemas are in an Apicurio registry, of version 2 or 3."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from apicurio_serdes import ApicurioRegistryClient
from apicurio_serdes.avro import AvroSerializer
from apicurio_serdes.serialization import MessageField, SerializationContext, WireFormat

from bizon_singer.errors import CredentialsError, ProtocolError
from bizon_taps.kafka.decoding.apicurio import encoding_told_by
from bizon_taps.kafka.decoding.decoder import Decoder
from bizon_taps.kafka.decoding.error import DecodeError, UnknownSchemaError
from bizon_taps.kafka.decoding.settings import Encoding, FramingName, RegistryType
from tests.fakes.http_server import Answer, json_answer
from tests.fakes.schema_registry.server import SchemaRegistry
from tests.fakes.schema_registry.store import Store
from tests.taps.kafka_messages import TOPIC, registry_decoder

V2, V3 = "/apis/registry/v2", "/apis/registry/v3"
USER = {"type": "record", "name": "User", "fields": [{"name": "name", "type": "string"}]}
READ = {"name": "x"}
PAYLOAD = b"\x02x"
HUGE = 2**40 + 7
"""An id whose first four bytes are no zeros."""


def apicurio(
    registry: SchemaRegistry, framing: FramingName = FramingName.AUTO, **more: Any
) -> Decoder:
    """Return a decoder of an Apicurio registry."""
    return registry_decoder(registry, kind=RegistryType.APICURIO, framing=framing, **more)


def short(number: int, payload: bytes = PAYLOAD) -> bytes:
    """Frame a message with an id of four bytes."""
    return b"\0" + struct.pack(">I", number) + payload


def long(number: int, payload: bytes = PAYLOAD) -> bytes:
    """Frame a message with an id of eight bytes."""
    return b"\0" + struct.pack(">q", number) + payload


# What Apicurio's own client writes.


@pytest.mark.parametrize(
    ("use_id", "framing"),
    [
        ("globalId", FramingName.APICURIO_GLOBAL_4),
        ("contentId", FramingName.APICURIO_CONTENT_4),
        ("contentId", FramingName.AUTO),
    ],
)
def test_what_apicurios_serializer_writes(use_id: Any, framing: FramingName) -> None:
    """A message of apicurio-serdes is read by the schema it registered."""
    with (
        SchemaRegistry() as registry,
        ApicurioRegistryClient(registry.url + V3, "default") as client,
    ):
        client.register_schema("orders-value", USER)
        write = AvroSerializer(client, "orders-value", use_id=use_id)
        data = write(READ, SerializationContext(TOPIC, MessageField.VALUE))

        assert data[0] == 0
        assert apicurio(registry, framing).decode(data, TOPIC) == READ


@pytest.mark.parametrize("use_id", ["globalId", "contentId"])
@pytest.mark.parametrize("part", ["value", "key"])
def test_what_apicurios_serializer_writes_with_headers(use_id: Any, part: Any) -> None:
    """A schema named by a header of apicurio-serdes is found, with any framing of the bytes."""
    with (
        SchemaRegistry() as registry,
        ApicurioRegistryClient(registry.url + V3, "default") as client,
    ):
        client.register_schema("orders", USER)
        write = AvroSerializer(
            client, "orders", use_id=use_id, wire_format=WireFormat.KAFKA_HEADERS
        )
        message = write.serialize(READ, SerializationContext(TOPIC, MessageField(part)))
        headers: list[tuple[str, bytes | None]] = [("trace", None), *message.headers.items()]

        assert message.payload == PAYLOAD
        assert apicurio(registry, part=part).decode(message.payload, TOPIC, headers) == READ


# Frames.


@pytest.mark.parametrize("path", ["", V2, V3, f"{V3}/"])
@pytest.mark.parametrize(
    "framing",
    [
        FramingName.APICURIO_GLOBAL_8,
        FramingName.APICURIO_CONTENT_8,
        FramingName.APICURIO_GLOBAL_4,
        FramingName.APICURIO_CONTENT_4,
        FramingName.AUTO,
    ],
)
def test_every_framing_with_every_version_of_the_api(path: str, framing: FramingName) -> None:
    """Ids of four and eight bytes, of contents and of versions, by both versions of the API."""
    with SchemaRegistry() as registry:
        content_id = registry.register("orders-value", json.dumps(USER))
        global_id = registry.store.versions[0].global_id
        data = {
            FramingName.APICURIO_GLOBAL_8: long(global_id),
            FramingName.APICURIO_CONTENT_8: long(content_id),
            FramingName.APICURIO_GLOBAL_4: short(global_id),
            FramingName.APICURIO_CONTENT_4: short(content_id),
            FramingName.AUTO: long(global_id),
        }[framing]

        assert apicurio(registry, framing, path=path).decode(data, TOPIC) == READ


def test_auto_reads_what_versions_2_and_3_write_in_one_topic() -> None:
    """Eight bytes are a globalId and four bytes a contentId, mixed as after an upgrade."""
    with SchemaRegistry() as registry:
        content_id = registry.register("orders-value", json.dumps(USER))
        decoder = apicurio(registry, path=V3)

        for data in [
            long(registry.store.versions[0].global_id),
            short(content_id, b"\x08abcd"),
        ] * 3:
            assert decoder.decode(data, TOPIC) in (READ, {"name": "abcd"})
        # One schema by each id with its references, and one look whether eight bytes are an id.
        assert len(registry.asked) == 5


def test_auto_is_right_about_ids_beyond_32_bits() -> None:
    """An id of eight bytes without zeros in front is no id of four, even if there is one."""
    with SchemaRegistry(store=Store(next_global_id=HUGE)) as registry:
        for text in ['"int"'] * 300:
            registry.register(f"s{len(registry.store.versions)}", text)
        wanted = registry.register("orders-value", json.dumps(USER))
        global_id = registry.store.versions[-1].global_id
        assert global_id >> 32 == 256
        decoder = apicurio(registry)

        assert decoder.decode(long(global_id), TOPIC) == READ
        assert decoder.decode(short(wanted), TOPIC) == READ


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\0\0", "within the id"),
        (b"\0\0\0\0\0\0\0", "within the id"),
        (b"\x03\0" + b"x" * 16, "AWS Glue"),
        (b"\x01" + b"x" * 16, "does not say"),
        (short(1, b""), "ends before"),
        (long(999), "no schema with the globalId 999"),
        (short(999), "no schema with the contentId 999"),
        (long(-1), "no schema"),
        (long(0), "no schema"),
    ],
)
def test_a_message_that_is_none_is_refused(data: bytes, reason: str) -> None:
    """Each with its reason, and what the registry does not have with its id."""
    with SchemaRegistry() as registry:
        registry.register("orders-value", json.dumps(USER))
        decoder = apicurio(registry, encoding=Encoding.AVRO)

        with pytest.raises(DecodeError, match=reason):
            decoder.decode(data, TOPIC)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"globalId": b"1"}, "globalId` holds no id"),
        ({"contentId": b""}, "contentId` holds no id"),
        ({"globalId": struct.pack(">q", 101), "encoding": b"JSON"}, "JSON encoding"),
        ({"artifactId": b"orders-value"}, "artifactId"),
    ],
)
def test_headers_that_name_no_schema(headers: dict[str, bytes], reason: str) -> None:
    """What Apicurio can write in headers and cannot be read is refused with its name."""
    with SchemaRegistry() as registry:
        listed: list[tuple[str, bytes | None]] = [
            (f"apicurio.value.{name}", value) for name, value in headers.items()
        ]

        with pytest.raises(DecodeError, match=reason):
            apicurio(registry).decode(PAYLOAD, TOPIC, listed)


def test_headers_of_no_schema_are_no_frame() -> None:
    """A header that only tells the encoding leaves the frame to the bytes."""
    with SchemaRegistry() as registry:
        number = registry.register("orders-value", json.dumps(USER))
        headers: list[tuple[str, bytes | None]] = [("apicurio.value.encoding", b"BINARY")]

        assert apicurio(registry).decode(short(number), TOPIC, headers) == READ


# Schemas.


@pytest.mark.parametrize("path", [V2, V3])
def test_references_are_fetched(path: str) -> None:
    """Schemas a schema uses are fetched with it, however deep."""
    money = {"type": "record", "name": "Money", "fields": [{"name": "in", "type": "Currency"}]}
    sale = {"type": "record", "name": "Sale", "fields": [{"name": "price", "type": "Money"}]}
    with SchemaRegistry() as registry:
        registry.register("currency", '{"type": "enum", "name": "Currency", "symbols": ["EUR"]}')
        registry.register("money", json.dumps(money), references=[("Currency", "currency", 1)])
        number = registry.register(
            "orders-value", json.dumps(sale), references=[("Money", "money", 1)]
        )
        decoder = apicurio(registry, path=path)

        assert decoder.decode(short(number, b"\0"), TOPIC) == {"price": {"in": "EUR"}}
        assert decoder.schema(TOPIC) == {
            "type": "object",
            "properties": {"price": {"type": "object", "properties": {"in": {"type": "string"}}}},
        }


@pytest.mark.parametrize("path", [V2, V3])
def test_the_newest_schema_types_a_topic(path: str) -> None:
    """The schema of the stream is the latest version of the artifact of its topic."""
    with SchemaRegistry() as registry:
        registry.register("orders-value", '"string"')
        registry.register("orders-value", '"long"')

        assert apicurio(registry, path=path).schema(TOPIC) == {"type": "integer"}
        assert apicurio(registry, path=path).schema("unknown") is None


@pytest.mark.parametrize("path", [V2, V3])
def test_the_type_of_a_schema_is_looked_up_where_its_text_does_not_tell(path: str) -> None:
    """A schema that is both Avro and JSON Schema is what the registry says it is."""
    text = '{"type": "string"}'
    with SchemaRegistry() as registry:
        as_avro = registry.register("a", text)
        as_json = registry.register("b", text, "JSON")
        decoder = apicurio(registry, path=path)

        assert decoder.decode(short(as_avro, b"\x02x"), TOPIC) == "x"
        assert decoder.decode(short(as_json, b'"x"'), TOPIC) == "x"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('"string"', Encoding.AVRO),
        ('["null", "int"]', Encoding.AVRO),
        ('{"type": "record"}', Encoding.AVRO),
        ('{"type": "object"}', Encoding.JSON_SCHEMA),
        ('{"type": ["object", "null"]}', Encoding.JSON_SCHEMA),
        (
            '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "string"}',
            Encoding.JSON_SCHEMA,
        ),
        ('{"anyOf": []}', Encoding.JSON_SCHEMA),
        ("true", Encoding.JSON_SCHEMA),
        ('syntax = "proto3";', Encoding.PROTOBUF),
        ('{"type": "array"}', None),
        ('{"type": "null"}', None),
    ],
)
def test_the_text_of_a_schema_tells_its_language(text: str, encoding: Encoding | None) -> None:
    """Only where a text is a schema of one language alone."""
    assert encoding_told_by(text) is encoding


# A registry that fails.


def test_a_server_with_version_2_only_is_found_out() -> None:
    """Without a version in the URL, a server that does not have version 3 is asked by version 2."""
    with SchemaRegistry(store=Store(apicurio_versions="2")) as registry:
        number = registry.register("orders-value", json.dumps(USER))
        decoder = apicurio(registry)

        assert decoder.decode(short(number), TOPIC) == READ
        assert decoder.schema(TOPIC) is not None
        assert sum("system/info" in target for target in registry.asked) == 1


def test_a_path_that_is_none_ends_the_run() -> None:
    """A wrong URL is no message without a schema."""
    with SchemaRegistry() as registry:
        decoder = apicurio(registry, path="/apis/registry/v9/x/apis/registry/v3")

        with pytest.raises(ProtocolError, match=r"schema_registry\.url") as caught:
            decoder.decode(short(1), TOPIC)
        assert not isinstance(caught.value, UnknownSchemaError)


@pytest.mark.parametrize(
    "answer", [json_answer({}), json_answer([7]), json_answer([{"name": "x"}]), json_answer(7)]
)
def test_references_that_are_none_end_the_run(answer: Answer) -> None:
    """Whatever answers so is no registry; only an object that lists nothing is let through."""
    with SchemaRegistry() as registry:
        number = registry.register("orders-value", json.dumps(USER))
        registry.first += [Answer(200, json.dumps(USER).encode()), answer]
        decoder = apicurio(registry, FramingName.APICURIO_CONTENT_4, path=V3)

        if answer.body == b"{}":
            assert decoder.decode(short(number), TOPIC) == READ
        else:
            with pytest.raises(ProtocolError, match="as Apicurio's API does"):
                decoder.decode(short(number), TOPIC)


def test_a_type_nobody_tells_ends_the_run() -> None:
    """The setting that helps is named."""
    with SchemaRegistry() as registry:
        registry.first += [Answer(200, b'{"type": "string"}'), json_answer({"artifacts": []})]

        with pytest.raises(ProtocolError, match="message_encoding"):
            apicurio(registry, FramingName.APICURIO_CONTENT_4, path=V3).decode(short(1), TOPIC)


def test_a_newest_version_without_an_id_ends_the_run() -> None:
    """A description without a globalId is none of Apicurio's."""
    with SchemaRegistry() as registry:
        registry.first.append(json_answer({}))

        with pytest.raises(ProtocolError, match="as Apicurio's API does"):
            apicurio(registry, path=V3).schema(TOPIC)


def test_credentials() -> None:
    """They are sent, and refused ones end the run."""
    with SchemaRegistry(credentials=("user", "password")) as registry:
        number = registry.register("orders-value", json.dumps(USER))
        data = short(number)

        assert apicurio(registry, credentials=("user", "password")).decode(data, TOPIC) == READ
        with pytest.raises(CredentialsError, match="schema_registry"):
            apicurio(registry, credentials=("user", "wrong")).decode(data, TOPIC)
