"""Makes decoders of settings."""

from __future__ import annotations

from typing import Any, Protocol

from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.json_passing import passed
from bizon_taps.kafka.decoding.json_text import read_json
from bizon_taps.kafka.decoding.settings import DecodingSettings, Encoding, Part


class Decoder(Protocol):
    """Decodes one part of the messages of a tap."""

    def decode(
        self, data: bytes, topic: str, headers: list[tuple[str, bytes | None]] | None
    ) -> Any:
        """Return the value of a key or a message."""

    def schema(self, topic: str) -> dict[str, Any] | None:
        """Return the JSON Schema of a topic's values, None where none is known."""


class _Json:
    def decode(
        self, data: bytes, topic: str, headers: list[tuple[str, bytes | None]] | None
    ) -> Any:
        del topic, headers
        return passed(data) or read_json(data)

    def schema(self, topic: str) -> dict[str, Any] | None:
        del topic
        return None


class _Text(_Json):
    def decode(
        self, data: bytes, topic: str, headers: list[tuple[str, bytes | None]] | None
    ) -> Any:
        del topic, headers
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise DecodeError("it is no UTF-8 text") from None


def decoder_for(settings: DecodingSettings, session: Any, part: Part) -> Decoder:
    """Return the decoder of one part."""
    del session
    return _Text() if settings.encoding_of(part) is Encoding.TEXT else _Json()
