"""How a message names the schema it was written with.

==========================  ============================================================
``00 | id:4``               Confluent, and Apicurio 3 (a contentId, or a globalId)
``00 | globalId:8``         Apicurio 2
``01 | GUID:16``            Confluent, a schema by its GUID
``03 | .. | UUID:16``       AWS Glue: recognised and refused
header ``__value_schema_id``           Confluent: ``01 | GUID:16`` (``__key_schema_id``)
header ``apicurio.value.globalId``     Apicurio: 8 bytes (or ``contentId``; ``apicurio.key.``)
==========================  ============================================================

A header goes before the bytes. No JSON text starts with one of these bytes, so a message that has
neither is not framed.

Why ``auto`` asks an Apicurio registry: an id of 8 bytes shows as zeros in the first four only
while ids are below 2^32. So when the first four are no zeros, the registry is asked once whether
it has the id all eight make; only if it has not, they are an id of four bytes. Which kind of id
four bytes are cannot be told at all: ``auto`` takes Apicurio's default, the contentId.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.settings import FramingName, Part, RegistryType

Headers = list[tuple[str, bytes | None]]

MAGIC_ID, MAGIC_GUID, MAGIC_GLUE = 0, 1, 3
SHORT_ID_BYTES, LONG_ID_BYTES, GUID_BYTES = 4, 8, 16
MAX_DECIDED = 1_000


class IdKind(StrEnum):
    """What an id of a schema counts."""

    ID = "id"
    GUID = "GUID"
    GLOBAL = "globalId"
    CONTENT = "contentId"


class SchemaId(NamedTuple):
    """The id of a schema in its registry."""

    kind: IdKind
    value: int | str

    def __str__(self) -> str:
        """Name the schema in a sentence."""
        return f"{self.kind} {self.value}"


class Framed(NamedTuple):
    """What the frame of a message says.

    Attributes:
        schema: None if the message is not framed.
        start: Where its payload starts.
        header: What the header that names the schema holds after it; None if there is none.
        message_type: Name of a Protobuf message, from a header.
    """

    schema: SchemaId | None
    start: int = 0
    header: bytes | None = None
    message_type: str = ""


UNFRAMED = Framed(None)
Split = Callable[[bytes, Headers | None], Framed]


def splitter(
    framing: FramingName, registry: RegistryType, part: Part, knows: Callable[[SchemaId], bool]
) -> Split:
    """Return the function that reads the frame of a message.

    Args:
        framing: How messages are framed.
        registry: Whose registry it is, for ``auto``.
        part: Which part of the messages is read.
        knows: Tells whether the registry has a schema.
    """
    if framing is FramingName.AUTO:
        is_confluent = registry is RegistryType.CONFLUENT
        by_bytes: Callable[[bytes], Framed] = _confluent if is_confluent else _ApicurioAuto(knows)
        wants_confluent = is_confluent
    else:
        by_bytes = _BY_BYTES[framing]
        wants_confluent = framing is FramingName.CONFLUENT
    by_headers = _by_confluent_header if wants_confluent else _by_apicurio_headers

    def split(data: bytes, headers: Headers | None) -> Framed:
        if headers:
            framed = by_headers(part, headers)
            if framed is not None:
                return framed
        if not data or data[0] > MAGIC_GLUE:
            return UNFRAMED
        if data[0] == MAGIC_GLUE:
            raise DecodeError(
                "it is framed for the AWS Glue Schema Registry, which is not supported"
            )
        return by_bytes(data)

    return split


# Frames in the bytes.


def _confluent(data: bytes) -> Framed:
    if data[0] == MAGIC_ID:
        return _confluent_id(data[: 1 + SHORT_ID_BYTES])
    if data[0] == MAGIC_GUID:
        return Framed(_guid(data), 1 + GUID_BYTES)
    return UNFRAMED


@lru_cache(maxsize=MAX_DECIDED)
def _confluent_id(frame: bytes) -> Framed:
    return Framed(SchemaId(IdKind.ID, _number(frame, SHORT_ID_BYTES)), 1 + SHORT_ID_BYTES)


def _guid(data: bytes) -> SchemaId:
    if len(data) <= GUID_BYTES:
        raise _cut_off()
    return SchemaId(IdKind.GUID, str(uuid.UUID(bytes=data[1 : 1 + GUID_BYTES])))


def _number(data: bytes, size: int) -> int:
    """Return the id that follows the first byte."""
    if len(data) <= size:
        raise _cut_off()
    return int.from_bytes(data[1 : 1 + size], "big")


def _cut_off() -> DecodeError:
    return DecodeError("it ends within the id of its schema")


def _apicurio(kind: IdKind, size: int) -> Callable[[bytes], Framed]:
    def split(data: bytes) -> Framed:
        if data[0] != MAGIC_ID:
            return UNFRAMED
        return Framed(SchemaId(kind, _number(data, size)), 1 + size)

    return split


class _ApicurioAuto:
    """Tells ids of four bytes from ids of eight, see the module."""

    def __init__(self, knows: Callable[[SchemaId], bool]) -> None:
        self._knows = knows
        self._is_long: dict[int, bool] = {0: True}

    def __call__(self, data: bytes) -> Framed:
        if data[0] != MAGIC_ID:
            return UNFRAMED
        word = _number(data, SHORT_ID_BYTES)
        is_long = self._is_long.get(word)
        if is_long is None:
            is_long = len(data) > LONG_ID_BYTES and self._knows(
                SchemaId(IdKind.GLOBAL, _number(data, LONG_ID_BYTES))
            )
            if len(self._is_long) >= MAX_DECIDED:
                self._is_long = {0: True}
            self._is_long[word] = is_long
        return _LONG_GLOBAL(data) if is_long else _SHORT_CONTENT(data)


_LONG_GLOBAL = _apicurio(IdKind.GLOBAL, LONG_ID_BYTES)
_SHORT_CONTENT = _apicurio(IdKind.CONTENT, SHORT_ID_BYTES)
_BY_BYTES: dict[FramingName, Callable[[bytes], Framed]] = {
    FramingName.CONFLUENT: _confluent,
    FramingName.APICURIO_GLOBAL_8: _LONG_GLOBAL,
    FramingName.APICURIO_CONTENT_8: _apicurio(IdKind.CONTENT, LONG_ID_BYTES),
    FramingName.APICURIO_GLOBAL_4: _apicurio(IdKind.GLOBAL, SHORT_ID_BYTES),
    FramingName.APICURIO_CONTENT_4: _SHORT_CONTENT,
}


# Frames in the headers; of a repeated one the last counts, as in Kafka's own client.


def _by_confluent_header(part: Part, headers: Headers) -> Framed | None:
    name = f"__{part}_schema_id"
    value = next((value for key, value in reversed(headers) if key == name), None)
    if value is None:
        return None
    if value[:1] == bytes([MAGIC_GUID]):
        return Framed(_guid(value), 0, value[1 + GUID_BYTES :])
    if value[:1] == bytes([MAGIC_ID]):
        number = _number(value, SHORT_ID_BYTES)
        return Framed(SchemaId(IdKind.ID, number), 0, value[1 + SHORT_ID_BYTES :])
    raise DecodeError(f"its header `{name}` holds no id of a schema")


def _by_apicurio_headers(part: Part, headers: Headers) -> Framed | None:
    prefix = f"apicurio.{part}."
    given = {key[len(prefix) :]: value for key, value in headers if key.startswith(prefix)}
    if not given:
        return None
    if given.get("encoding") == b"JSON":
        raise DecodeError("it is in Avro's JSON encoding, which is not supported")
    protobuf_type = "apicurio.protobuf.type" + (".key" if part == "key" else "")
    message_type = next((value for key, value in reversed(headers) if key == protobuf_type), b"")
    for kind in (IdKind.GLOBAL, IdKind.CONTENT):
        value = given.get(kind)
        if value is not None:
            if len(value) != LONG_ID_BYTES:
                raise DecodeError(f"its header `{prefix}{kind}` holds no id of a schema")
            schema = SchemaId(kind, int.from_bytes(value, "big"))
            return Framed(schema, 0, b"", (message_type or b"").decode(errors="replace"))
    if "artifactId" in given:
        raise DecodeError(
            f"its headers name its schema by `{prefix}artifactId`, which is not supported"
        )
    return None
