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

from bizon_singer.schema import RecordSchema
from bizon_singer.source.models import JsonObject, JsonRecord, SourceRecord
from bizon_singer.values import dumps
from bizon_taps.kafka.config import KafkaSourceConfig, KeyProperties
from bizon_taps.kafka.decoding.decoder import Decoder
from bizon_taps.kafka.decoding.framing import Headers
from bizon_taps.kafka.message import Message
from bizon_taps.kafka.records import (
    LARGEST_MILLISECONDS,
    TIMESTAMP_TYPES,
    RecordMaker,
    header_of,
    schema_of,
)

_RECORD = b'%b%d,"offset":%d,"timestamp":%b,"timestamp_type":%b,"key":%b,"headers":%b,"value":%b}'
_NULL = b"null"
_TYPES = {kind: dumps(name) for kind, name in TIMESTAMP_TYPES.items()}


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
    """Makes text of the messages whose values are text, and else what :class:`RecordMaker` does."""

    def __init__(
        self, topic: str, config: KafkaSourceConfig, key_decoder: Decoder, value_decoder: Decoder
    ) -> None:
        """Write what no message changes once."""
        super().__init__(topic, config, key_decoder, value_decoder)
        self._head = b'{"topic":' + dumps(topic) + b',"partition":'
        self._second = -1
        self._second_text = b""

    def _made(
        self, message: Message, key: Any, headers: Headers | None, value: Any
    ) -> SourceRecord:
        if type(value) is not JsonObject or not (key is None or type(key) is str):
            return super()._made(message, key, headers, value)
        partition, offset = message.partition(), message.offset()
        kind, milliseconds = message.timestamp()
        text = _RECORD % (
            self._head,
            partition,
            offset,
            self._time(milliseconds) if kind else _NULL,
            _TYPES.get(kind, _NULL),
            _NULL if key is None else dumps(key),
            b"[]" if not headers else dumps(list(map(header_of, headers))),
            value.text,
        )
        return JsonRecord(f"{self._topic}-{partition}-{offset}", text)

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
