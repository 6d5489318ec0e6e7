"""Makes records of messages as the JSON text they are written as, where that needs no second look.

Values that are JSON objects come as text (:mod:`.decoding.json_passing`), and what this tap adds
to them is its own: if the stream has the schema this tap declares, and nothing of it is
deselected, nobody has to look at a record again. That saves the dict, the checks of its fields
and the encoder a third of what a message of 1 kB costs (tests/benchmarks/kafka.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    TIMESTAMP_NOT_AVAILABLE,
)

from bizon_singer.schema import RecordSchema
from bizon_singer.source.models import JsonObject, JsonRecord, SourceRecord
from bizon_singer.values import dumps
from bizon_taps.kafka.config import KafkaSourceConfig, KeyProperties
from bizon_taps.kafka.decoding.decoder import Decoder
from bizon_taps.kafka.decoding.json_passing import passed
from bizon_taps.kafka.message import Message
from bizon_taps.kafka.records import (
    LARGEST_MILLISECONDS,
    TIMESTAMP_TYPES,
    RecordMaker,
    header_of,
    headers_of,
    schema_of,
)

_NULL = b"null"
_TYPES = {
    kind: b',"timestamp_type":%b,"key":' % dumps(TIMESTAMP_TYPES.get(kind))
    for kind in (TIMESTAMP_NOT_AVAILABLE, TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME)
}


def takes_text(
    config: KafkaSourceConfig,
    schema: Mapping[str, Any] | None,
    selected_fields: frozenset[str] | None,
) -> bool:
    """Tell whether records may be text: any that is made here fits, and all of it is wanted.

    Args:
        config: The settings.
        schema: What records are checked against, None if nobody says.
        selected_fields: The fields that will be written, None if nobody says.
    """
    if schema is None or config.key_properties is KeyProperties.KEY:
        return False
    own = RecordSchema(schema_of(config, None, None)).to_dict()
    return schema == own and selected_fields == own["properties"].keys()


class TextRecordMaker(RecordMaker):
    """Makes text of the messages whose values are JSON objects, of the others a record as ever.

    All of it is one function: for a message of 1 kB, calls would be a fifth of what is done.
    """

    def __init__(
        self, topic: str, config: KafkaSourceConfig, key_decoder: Decoder, value_decoder: Decoder
    ) -> None:
        """Write what no message changes once."""
        super().__init__(topic, config, key_decoder, value_decoder)
        self._heads: dict[int, bytes] = {}
        self._second = -1
        self._second_text = b""

    def record(self, message: Message) -> SourceRecord | None:
        """Return the record of a message, None if it has no value and is left out for it.

        Raises:
            BadMessageError: It cannot be decoded.
        """
        value = message.value()
        text = passed(value) if value else None
        if text is None:
            return super().record(message)
        headers = headers_of(message)
        key = message.key()
        if key is None:
            key_text = _NULL
        else:
            decoded = self._key(key, headers)
            if type(decoded) is not str:  # it may hold what has to be told of
                return self._made(message, decoded, headers, JsonObject(text))
            key_text = dumps(decoded)
        partition, offset = message.partition(), message.offset()
        kind, milliseconds = message.timestamp()
        line = b"".join(
            (
                self._heads.get(partition) or self._head(partition),
                b"%d" % offset,
                b',"timestamp":',
                self._time(milliseconds) if kind else _NULL,
                _TYPES[kind],
                key_text,
                b',"headers":',
                dumps(list(map(header_of, headers))) if headers else b"[]",
                b',"value":',
                text,
                b"}",
            )
        )
        return JsonRecord(f"{self._topic}-{partition}-{offset}", line)

    def _head(self, partition: int) -> bytes:
        head = b'{"topic":%b,"partition":%d,"offset":' % (dumps(self._topic), partition)
        self._heads[partition] = head
        return head

    def _time(self, milliseconds: int) -> bytes:
        """Write a time; of many messages in a second, what they share is written once."""
        if not 0 < milliseconds <= LARGEST_MILLISECONDS:
            self._moment(milliseconds)  # says why, the first time
            return _NULL
        second, rest = divmod(milliseconds, 1000)
        if second != self._second:
            self._second = second
            self._second_text = b'"' + datetime.fromtimestamp(second, UTC).isoformat()[:19].encode()
        return b'%b.%03d000Z"' % (self._second_text, rest) if rest else self._second_text + b'Z"'
