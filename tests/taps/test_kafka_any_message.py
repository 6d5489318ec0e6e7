"""Any bytes and headers at all, through the whole way from frame to value."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_taps.kafka.decoding.decoder import Decoder
from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.settings import RegistryType
from tests.fakes.schema_registry.server import SchemaRegistry
from tests.taps.kafka_messages import TOPIC, registry_decoder, written

SCHEMAS = [
    (json.dumps({"type": "array", "items": ["null", "string", "bytes", "double"]}), "AVRO"),
    ('{"type": "object"}', "JSON"),
    ('syntax = "proto3"; message M { M m = 1; repeated sint64 n = 2; string s = 3; }', "PROTOBUF"),
    ("neither one nor the other", "AVRO"),
]
IDS = st.integers(0, 6)

ids = st.one_of(
    IDS.map(lambda number: number.to_bytes(4, "big")),
    IDS.map(lambda number: (number + 100).to_bytes(8, "big")),
    st.sampled_from([b"", b"\x01", b"\x01" + b"g" * 16]),
)
messages = st.one_of(
    st.binary(max_size=20),
    st.tuples(st.sampled_from([b"\0", b"\x01", b"\x03"]), ids, st.binary(max_size=20)).map(
        b"".join
    ),
)
names = st.sampled_from(
    [
        "__value_schema_id",
        "apicurio.value.globalId",
        "apicurio.value.contentId",
        "apicurio.value.encoding",
        "apicurio.value.artifactId",
        "apicurio.protobuf.type",
        "trace",
    ]
)
headers = st.none() | st.lists(
    st.tuples(names, st.none() | ids.map(lambda found: b"\0" + found) | ids), max_size=3
)


@pytest.fixture(scope="module")
def decoders() -> Iterator[list[Decoder]]:
    """Decoders for either type of registry, of keys and of values."""
    with SchemaRegistry() as registry:
        for text, kind in SCHEMAS:
            registry.register(f"{TOPIC}-value", text, kind)
        yield [
            registry_decoder(registry, part, kind=kind)
            for kind in RegistryType
            for part in ("key", "value")
        ]


@given(messages, headers)
def test_any_message_is_decoded_or_refused(
    decoders: list[Decoder], data: bytes, given_headers: Any
) -> None:
    """No message ends in another error than a DecodeError, nor in a value that has no JSON."""
    for decoder in decoders:
        with contextlib.suppress(DecodeError):
            json.loads(written(decoder.decode(data, TOPIC, given_headers)))
