"""What a decoder must be told; the tap's config makes it of what the user wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Part = Literal["key", "value"]
"""The two parts of a message that are decoded."""


class Encoding(StrEnum):
    """How the bytes of a message are written."""

    AUTO = "auto"
    JSON = "utf-8"  # the name Bizon gives it
    TEXT = "text"
    BYTES = "bytes"
    AVRO = "avro"
    JSON_SCHEMA = "json_schema"
    PROTOBUF = "protobuf"


WITH_REGISTRY = frozenset({Encoding.AVRO, Encoding.JSON_SCHEMA, Encoding.PROTOBUF})
"""Encodings that cannot be read without a schema registry."""


class RegistryType(StrEnum):
    """Whose API a schema registry speaks."""

    CONFLUENT = "confluent"
    APICURIO = "apicurio"


class FramingName(StrEnum):
    """How a message names its schema.

    Headers that name one go before the bytes in every framing.
    """

    AUTO = "auto"
    CONFLUENT = "confluent"
    APICURIO_GLOBAL_8 = "apicurio_global_id_8_bytes"
    APICURIO_CONTENT_8 = "apicurio_content_id_8_bytes"
    APICURIO_GLOBAL_4 = "apicurio_global_id_4_bytes"
    APICURIO_CONTENT_4 = "apicurio_content_id_4_bytes"


@dataclass(frozen=True)
class RegistrySettings:
    """Where the schemas are.

    Attributes:
        url: Root of its API. For Apicurio with or without ``/apis/registry/v2`` or ``v3``.
        password: With ``username``, sent as basic authentication.
    """

    url: str
    type: RegistryType = RegistryType.CONFLUENT
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class DecodingSettings:
    """How the messages of a tap are written.

    Attributes:
        message_encoding: How values are written, and keys too if ``key_encoding`` is unset.
        key_encoding: How keys are written.
        framing: How messages name their schemas.
    """

    message_encoding: Encoding = Encoding.AUTO
    key_encoding: Encoding | None = None
    registry: RegistrySettings | None = None
    framing: FramingName = FramingName.AUTO

    def encoding_of(self, part: Part) -> Encoding:
        """Return how one part of a message is written."""
        own = self.key_encoding if part == "key" else None
        return own or self.message_encoding
