"""The schema languages a registry knows: how each reads a message, and its JSON Schema.

Protobuf's package is imported when the first Protobuf schema is met.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from bizon_singer.schema import JsonSchema
from bizon_taps.kafka.decoding.avro import compile_avro
from bizon_taps.kafka.decoding.avro_json_schema import json_schema_of_avro
from bizon_taps.kafka.decoding.avro_schema import AvroType, parse_avro
from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.framing import Framed
from bizon_taps.kafka.decoding.json_schema import bundled
from bizon_taps.kafka.decoding.json_text import read_json
from bizon_taps.kafka.decoding.registry import Schema
from bizon_taps.kafka.decoding.settings import Encoding

Decode = Callable[[bytes, Framed], Any]
"""Reads a message whose frame has been read."""


def reader_of(schema: Schema, left_out: Counter[str]) -> Decode:
    """Return what reads messages of a schema.

    Args:
        schema: The schema.
        left_out: Counts fields of messages that are not in it, by the name of their message.

    Raises:
        DecodeError: It is no schema of its language.
    """
    if schema.encoding is Encoding.AVRO:
        return _avro_reader(schema)
    if schema.encoding is Encoding.JSON_SCHEMA:
        return _json_reader
    from bizon_taps.kafka.decoding.proto_pool import ProtoSchema  # noqa: PLC0415 - only who reads Protobuf pays
    from bizon_taps.kafka.decoding.protobuf import ProtobufReader  # noqa: PLC0415 - as above

    return ProtobufReader(ProtoSchema(schema.text, schema.references), left_out).read


def _avro_reader(schema: Schema) -> Decode:
    decode = compile_avro(_avro_type(schema))

    def read(data: bytes, framed: Framed) -> Any:
        return decode(data, framed.start)

    return read


def _avro_type(schema: Schema) -> AvroType:
    return parse_avro(schema.text, [text for _name, text in schema.references])


def _json_reader(data: bytes, framed: Framed) -> Any:
    """Read a message of a JSON Schema.

    Why it is not validated: the producer's serializer did, a reader that refuses what is stored
    loses it, and the schema of the stream widens to what a message does hold.
    """
    return read_json(data[framed.start :])


def json_schema_of(schema: Schema) -> JsonSchema | None:
    """Return the JSON Schema of what messages of a schema become, None if it cannot be told.

    Of a Protobuf schema that is its first message, which a topic's messages are as a rule.
    """
    try:
        if schema.encoding is Encoding.AVRO:
            return json_schema_of_avro(_avro_type(schema))
        if schema.encoding is Encoding.PROTOBUF:
            from bizon_taps.kafka.decoding.proto_pool import ProtoSchema  # noqa: PLC0415 - only who reads Protobuf pays
            from bizon_taps.kafka.decoding.protobuf_json_schema import json_schema_of_protobuf  # noqa: PLC0415 - as above

            first = ProtoSchema(schema.text, schema.references).message((0,))
            return json_schema_of_protobuf(first)
    except DecodeError:
        return None
    return bundled(schema.text, schema.references)
