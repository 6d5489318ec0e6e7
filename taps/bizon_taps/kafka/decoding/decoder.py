"""Makes values of the keys and values of messages.

::

    decoder = decoder_for(settings, session, "value")
    decoder.decode(message.value(), message.topic(), message.headers())

With ``auto`` and a registry, a framed message is read by its schema, whatever its type, and any
other as JSON: no JSON text starts like a frame. Keys that are not framed are mostly plain words
and numbers, so a key is JSON with ``auto`` only if it is an object, an array or a quoted text, and
otherwise the text it is; a key that is 42 once and k1 once has one type.
"""

from __future__ import annotations

import base64
import time
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.schema import JsonSchema
from bizon_singer.source.session import Session
from bizon_taps.kafka.decoding.apicurio import ApicurioRegistry
from bizon_taps.kafka.decoding.avro_json_schema import BASE64
from bizon_taps.kafka.decoding.confluent import ConfluentRegistry
from bizon_taps.kafka.decoding.error import DecodeError, UnknownSchemaError
from bizon_taps.kafka.decoding.framing import Framed, Headers, SchemaId, splitter
from bizon_taps.kafka.decoding.json_text import read_json
from bizon_taps.kafka.decoding.registry import Registry
from bizon_taps.kafka.decoding.schema_language import Decode, json_schema_of, reader_of
from bizon_taps.kafka.decoding.settings import (
    WITH_REGISTRY,
    DecodingSettings,
    Encoding,
    FramingName,
    Part,
    RegistrySettings,
    RegistryType,
)

MAX_SCHEMAS = 1_000
"""Schemas that are kept compiled, per decoder."""
UNKNOWN_SECONDS = 60.0
"""How long a schema the registry does not have is not asked for again."""


class Decoder(ABC):
    """Decodes one part of messages.

    Attributes:
        left_out: How many fields were left out because their schema does not have them, by the
            name of the Protobuf message; other encodings leave nothing out.
    """

    def __init__(self) -> None:
        """Start with nothing left out."""
        self.left_out: Counter[str] = Counter()

    @abstractmethod
    def decode(self, data: bytes, topic: str, headers: Headers | None = None) -> Any:
        """Return the value of the bytes.

        Args:
            data: The key or value of a message; not None, which means there is none.
            topic: Where the message is from.
            headers: Its headers, in order.

        Raises:
            DecodeError: They are not what they should be.
            BizonSingerError: The schema registry cannot be asked.
        """

    def schema(self, topic: str) -> JsonSchema | None:  # noqa: ARG002 - decoders with a registry look at it
        """Return a JSON Schema of what a topic's messages become, None if nobody knows."""
        return None


def decoder_for(settings: DecodingSettings, session: Session, part: Part) -> Decoder:
    """Return the decoder of one part of messages.

    Args:
        settings: How they are written.
        session: Asks the schema registry.
        part: Key or value.

    Raises:
        ConfigError: The encoding needs a registry, and there is none.
        UnsafeError: The registry is not reached by https (or http to this machine).
    """
    encoding = settings.encoding_of(part)
    if encoding is Encoding.TEXT:
        return TextDecoder()
    if encoding is Encoding.BYTES:
        return BytesDecoder()
    plain = LooseKeyDecoder() if part == "key" and encoding is Encoding.AUTO else JsonDecoder()
    if encoding is Encoding.JSON or (encoding is Encoding.AUTO and settings.registry is None):
        return plain
    if settings.registry is None:
        setting = "key_encoding" if part == "key" and settings.key_encoding else "message_encoding"
        raise ConfigError(
            f"`{setting}` is {encoding}, which needs to know where the schemas are; set "
            "`schema_registry.url`"
        )
    session.belong_to(settings.registry.url)
    return RegistryDecoder(
        _registry(settings.registry, session),
        part,
        framing=settings.framing,
        registry_type=settings.registry.type,
        wanted=encoding if encoding in WITH_REGISTRY else None,
        plain=plain,
    )


def _registry(settings: RegistrySettings, session: Session) -> Registry:
    is_apicurio = settings.type is RegistryType.APICURIO
    return (ApicurioRegistry if is_apicurio else ConfluentRegistry)(settings, session)


class JsonDecoder(Decoder):
    """Decodes JSON."""

    def decode(self, data: bytes, topic: str, headers: Headers | None = None) -> Any:  # noqa: ARG002 - as any decoder
        """Return the value of a JSON text."""
        return read_json(data)


class TextDecoder(Decoder):
    """Decodes UTF-8 text."""

    def decode(self, data: bytes, topic: str, headers: Headers | None = None) -> Any:  # noqa: ARG002 - as any decoder
        """Return the text."""
        return _text(data)

    def schema(self, topic: str) -> JsonSchema | None:  # noqa: ARG002 - as any decoder
        """Return the schema of a text."""
        return {"type": "string"}


class BytesDecoder(Decoder):
    """Decodes nothing: any bytes, as base64."""

    def decode(self, data: bytes, topic: str, headers: Headers | None = None) -> Any:  # noqa: ARG002 - as any decoder
        """Return the bytes as base64."""
        return base64.b64encode(data).decode()

    def schema(self, topic: str) -> JsonSchema | None:  # noqa: ARG002 - as any decoder
        """Return the schema of base64."""
        return dict(BASE64)


class LooseKeyDecoder(Decoder):
    """Decodes keys that nobody says anything about, see the module."""

    def decode(self, data: bytes, topic: str, headers: Headers | None = None) -> Any:  # noqa: ARG002 - as any decoder
        """Return the value of a JSON object, array or text, and any other text as it is."""
        if data[:1] in {b"{", b"[", b'"'}:
            try:
                return read_json(data)
            except DecodeError:
                pass
        return _text(data)


class RegistryDecoder(Decoder):
    """Decodes messages by schemas of a registry.

    Args:
        registry: Has the schemas.
        part: Which part of messages it decodes.
        framing: How messages name their schemas.
        registry_type: What ``auto`` framing is made for.
        wanted: The only encoding accepted; None for any, and for messages that are not framed.
        plain: Decodes messages that are not framed.
    """

    def __init__(
        self,
        registry: Registry,
        part: Part,
        *,
        framing: FramingName,
        registry_type: RegistryType,
        wanted: Encoding | None,
        plain: Decoder,
    ) -> None:
        """Ask for nothing yet."""
        super().__init__()
        self._registry = registry
        self._part = part
        self._split = splitter(framing, registry_type, part, registry.has)
        self._wanted = wanted
        self._plain = plain
        self._readers: dict[SchemaId, Decode] = {}
        self._unknown: dict[SchemaId, tuple[float, UnknownSchemaError]] = {}

    def decode(self, data: bytes, topic: str, headers: Headers | None = None) -> Any:
        """Return the value of a message by its schema."""
        framed = self._split(data, headers)
        if framed.schema is None:
            if self._wanted is not None:
                raise DecodeError("it does not say which schema it was written with")
            return self._plain.decode(data, topic, headers)
        read = self._readers.get(framed.schema) or self._load(framed.schema)
        return read(data, framed)

    def schema(self, topic: str) -> JsonSchema | None:
        """Return the newest schema of a topic as JSON Schema, None if the registry has none."""
        latest = self._registry.latest(topic, self._part)
        if latest is None or self._wanted not in (None, latest.encoding):
            return None
        return json_schema_of(latest)

    def _load(self, schema_id: SchemaId) -> Decode:
        """Fetch and compile a schema."""
        until, error = self._unknown.get(schema_id, (0.0, None))
        if error is not None and time.monotonic() < until:
            raise UnknownSchemaError(error.reason)
        try:
            schema = self._registry.fetch(schema_id)
        except UnknownSchemaError as unknown:
            _keep(self._unknown, schema_id, (time.monotonic() + UNKNOWN_SECONDS, unknown))
            raise
        try:
            if self._wanted not in (None, schema.encoding):
                raise DecodeError(f"its schema is of the type {schema.encoding}")
            read = reader_of(schema, self.left_out)
        except DecodeError as broken:
            # A schema that cannot be used will not change: its id stands for its text.
            read = _refusing(f"{broken.reason} ({schema_id})")
        _keep(self._readers, schema_id, read)
        return read


def _refusing(reason: str) -> Decode:
    def read(_data: bytes, _framed: Framed) -> Any:
        raise DecodeError(reason)

    return read


def _keep(cache: dict[SchemaId, Any], schema_id: SchemaId, value: Any) -> None:
    """Keep a value, and of the others as many as the cache holds."""
    while len(cache) >= MAX_SCHEMAS:
        cache.pop(next(iter(cache)), None)
    cache[schema_id] = value


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise DecodeError("it is no UTF-8 text") from None
