"""Makes records of messages.

===================  ======================================================================
topic, partition,    where the message is; together they are its key
offset
timestamp            RFC 3339, null where the message has none
timestamp_type       CreateTime (of the producer), LogAppendTime (of the broker) or null
key                  decoded, null without one
headers              a list, because names repeat: ``{"key", "value"}``, with ``value_base64`` in
                     place of a value that is no UTF-8
value                decoded, null for a tombstone
_sdc_deleted_at      with ``key_properties: key`` alone: when a tombstone removed the key
===================  ======================================================================
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import methodcaller
from typing import Any

from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME

from bizon_singer.source.models import SourceRecord
from bizon_singer.values import dumps
from bizon_taps.kafka.config import KafkaSourceConfig, KeyProperties
from bizon_taps.kafka.decoding.decoder import Decoder
from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.framing import Headers
from bizon_taps.kafka.message import Message

JsonSchema = dict[str, Any]

logger = logging.getLogger("bizon_singer.kafka")

OFFSET_KEYS = ("topic", "partition", "offset")
DELETED = "_sdc_deleted_at"
LARGEST_MILLISECONDS = 253_402_300_799_999
"""The last of the year 9999."""
TIMESTAMP_TYPES = {
    TIMESTAMP_CREATE_TIME: "CreateTime",
    TIMESTAMP_LOG_APPEND_TIME: "LogAppendTime",
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT: JsonSchema = {"type": ["string", "null"]}
_PLACE: JsonSchema = {
    "topic": {"type": "string", "description": "Name of the topic."},
    "partition": {"type": "integer", "description": "Number of the partition."},
    "offset": {"type": "integer", "description": "Offset in the partition."},
    "timestamp": {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "Time of the message, null where it has none.",
    },
    "timestamp_type": {
        **_TEXT,
        "description": "Whose time it is: CreateTime of the producer, LogAppendTime of the broker.",
    },
}
_HEADERS: JsonSchema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"key": {"type": "string"}, "value": _TEXT, "value_base64": _TEXT},
    },
    "description": "Headers in their order; a value that is no UTF-8 is in value_base64.",
}


_NO_HEADERS: list[dict[str, Any]] = []
"""One for all messages without any; nobody changes a record."""


class BadMessageError(Exception):
    """A message cannot be made a record.

    Args:
        part: What of it: key, value or header.
        reason: What is wrong with it, never what it holds.
    """

    def __init__(self, part: str, reason: str) -> None:
        """Keep both."""
        super().__init__(f"its {part} cannot be read: {reason}")
        self.part = part


def schema_of(
    config: KafkaSourceConfig, key: Mapping[str, Any] | None, value: Mapping[str, Any] | None
) -> JsonSchema:
    """Return the schema of a topic's records.

    Args:
        config: The settings.
        key: JSON Schema of the keys, None if unknown.
        value: JSON Schema of the values, None if unknown.
    """
    by_key = config.key_properties is KeyProperties.KEY
    properties = {
        **_PLACE,
        "key": {"description": "The key.", **(_TEXT if key is None or by_key else nullable(key))},
        "headers": _HEADERS,
        "value": {
            "description": "The value, null where the message has none.",
            **nullable({"type": "object"} if value is None else value),
        },
    }
    if by_key:
        properties[DELETED] = {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When a message without a value removed the key.",
        }
    return {"type": "object", "properties": properties}


def errors_schema() -> JsonSchema:
    """Return the schema of the messages that cannot be decoded."""
    properties = {
        **_PLACE,
        "part": {"type": "string", "description": "What cannot be read: key, value or header."},
        "reason": {"type": "string", "description": "Why it cannot be read."},
        "key": {**_TEXT, "description": "The key in base64."},
        "value": {**_TEXT, "description": "The value in base64."},
    }
    return {"type": "object", "properties": properties}


def nullable(schema: Mapping[str, Any]) -> JsonSchema:
    """Return a schema that takes null as well."""
    declared = schema.get("type")
    if declared is None:
        return dict(schema)
    types = [declared] if isinstance(declared, str) else list(declared)
    return {**schema, "type": types if "null" in types else [*types, "null"]}


class RecordMaker:
    """Makes records of the messages of one topic.

    Args:
        topic: Its name.
        config: The settings.
        key_decoder: Decodes keys.
        value_decoder: Decodes values.
    """

    def __init__(
        self, topic: str, config: KafkaSourceConfig, key_decoder: Decoder, value_decoder: Decoder
    ) -> None:
        """Keep what does not change from message to message."""
        self._topic = topic
        self._skips_empty = config.skips_empty_values
        self._by_key = config.key_properties is KeyProperties.KEY
        self._told_of_time = False
        self._decode_key = key_decoder.decode
        self._decode_value = value_decoder.decode

    def record(self, message: Message) -> SourceRecord | None:
        """Return the record of a message, None if it has no value and is left out for it.

        Raises:
            BadMessageError: It cannot be decoded.
        """
        value: Any = message.value()
        if not value and self._skips_empty:
            return None
        headers = headers_of(message)
        key = self._key(message.key(), headers)
        if value is not None:
            try:
                value = self._decode_value(value, self._topic, headers)
            except DecodeError as error:
                raise BadMessageError("value", error.reason) from error
        return self._made(message, key, headers, value)

    def _made(
        self, message: Message, key: Any, headers: Headers | None, value: Any
    ) -> SourceRecord:
        """Return the record of what a message holds, decoded."""
        topic, partition, offset = self._topic, message.partition(), message.offset()
        kind, milliseconds = message.timestamp()
        moment = self._moment(milliseconds) if kind else None
        # All at once: a dict that grows is copied.
        data = {
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "timestamp": moment,
            "timestamp_type": TIMESTAMP_TYPES.get(kind),
            "key": key,
            "headers": list(map(header_of, headers)) if headers else _NO_HEADERS,
            "value": value,
        }
        if self._by_key:
            data[DELETED] = (moment or datetime.now(UTC)) if value is None else None
        return SourceRecord(f"{topic}-{partition}-{offset}", data)

    def _moment(self, milliseconds: int) -> datetime | None:
        moment = moment_of(milliseconds)
        if milliseconds > LARGEST_MILLISECONDS and not self._told_of_time:
            self._told_of_time = True
            logger.warning(
                "Topic %r: a message has a timestamp after the year 9999, which is written as "
                "null; its producer may count in another unit than milliseconds.",
                self._topic,
            )
        return moment

    def _key(self, key: bytes | None, headers: Headers | None) -> Any:
        if key is None:
            if self._by_key:
                raise BadMessageError("key", "it has none, and `key_properties` is key")
            return None
        try:
            decoded = self._decode_key(key, self._topic, headers)
        except DecodeError as error:
            raise BadMessageError("key", error.reason) from error
        if self._by_key and type(decoded) is not str:
            return dumps(decoded).decode()
        return decoded


def error_record(message: Message, topic: str, error: BadMessageError) -> SourceRecord:
    """Return a message that cannot be decoded as it is."""
    kind, milliseconds = message.timestamp()
    data = {
        "topic": topic,
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": moment_of(milliseconds) if kind else None,
        "timestamp_type": TIMESTAMP_TYPES.get(kind),
        "part": error.part,
        "reason": str(error),
        "key": _base64(message.key()),
        "value": _base64(message.value()),
    }
    return SourceRecord(f"{topic}-{data['partition']}-{data['offset']}", data)


@lru_cache(maxsize=1)  # of many messages that are written together the time is the same
def moment_of(milliseconds: int) -> datetime | None:
    """Return a timestamp as a time, None where no calendar has it or nobody set it."""
    if 0 < milliseconds <= LARGEST_MILLISECONDS:
        return _EPOCH + timedelta(milliseconds=milliseconds)  # no float: it would round far times
    return None


_read_headers = methodcaller("headers")
"""Reads headers so that an error is seen: confluent-kafka sets one for a name that is no UTF-8, and
returns all the same, which Python finds out in this way of calling, and not in every other."""


def headers_of(message: Message) -> Headers | None:
    """Return the headers of a message.

    Raises:
        BadMessageError: One has no readable name.
    """
    try:
        found: Headers | None = _read_headers(message)
    except (SystemError, UnicodeDecodeError) as error:
        raise BadMessageError("header", "its name is no UTF-8") from error
    return found


def header_of(header: tuple[str, bytes | None]) -> dict[str, Any]:
    """Return a header as records have it."""
    name, value = header
    if value is None:
        return {"key": name, "value": None}
    try:
        return {"key": name, "value": value.decode()}
    except UnicodeDecodeError:
        return {"key": name, "value_base64": _base64(value)}


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
