"""What the tests of Kafka's encodings share: decoders of a fake registry, and Avro messages."""

from __future__ import annotations

import io
import os
from typing import Any

import fastavro
from hypothesis import settings

from bizon_singer.source.config import HttpConfig
from bizon_singer.source.session import Session
from bizon_singer.values import ValueReader, dumps
from bizon_taps.kafka.decoding.decoder import Decoder, decoder_for
from bizon_taps.kafka.decoding.settings import (
    DecodingSettings,
    Encoding,
    FramingName,
    Part,
    RegistrySettings,
    RegistryType,
)
from tests.fakes.schema_registry.server import SchemaRegistry

TOPIC = "orders"

# A machine under load is slow now and then; that proves nothing about an example.
settings.register_profile(
    "kafka messages", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100"))
)
settings.load_profile("kafka messages")


def plain_decoder(encoding: Encoding, part: Part = "value") -> Decoder:
    """Return a decoder that needs no registry."""
    return decoder_for(DecodingSettings(encoding), Session(), part)


def registry_decoder(
    registry: SchemaRegistry,
    part: Part = "value",
    *,
    encoding: Encoding = Encoding.AUTO,
    kind: RegistryType = RegistryType.CONFLUENT,
    framing: FramingName = FramingName.AUTO,
    path: str = "",
    credentials: tuple[str, str] = ("", ""),
    retry_limit: int = 0,
) -> Decoder:
    """Return a decoder of a fake registry."""
    where = RegistrySettings(registry.url + path, kind, *credentials)
    decoding = DecodingSettings(encoding, registry=where, framing=framing)
    session = Session(HttpConfig(retry_wait_max_seconds=0), retry_limit)
    registry.closing.callback(session.close)
    return decoder_for(decoding, session, part)


def avro(schema: Any, value: Any) -> bytes:
    """Return a value in Avro's binary encoding, as fastavro writes it."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue()


def confluent_frame(number: int, payload: bytes) -> bytes:
    """Put the id of a schema before a message."""
    return b"\0" + number.to_bytes(4, "big") + payload


def written(value: Any) -> bytes:
    """Return a decoded value as the package writes it in a record."""
    values = ValueReader(lambda _field, _what: None)
    plain = values.plain(value)
    try:
        return dumps(plain)
    except TypeError:
        return dumps(values.exact(plain))
