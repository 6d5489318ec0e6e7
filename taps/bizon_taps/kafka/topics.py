"""Which topics there are, and the streams they are read as."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.schema import JsonSchema, infer, merge
from bizon_singer.source.models import StreamDefinition
from bizon_singer.values import ValueReader
from bizon_taps.kafka.client import Client
from bizon_taps.kafka.config import (
    ERRORS_SUFFIX,
    KafkaSourceConfig,
    KeyProperties,
    OnError,
    Start,
    Until,
)
from bizon_taps.kafka.decoding.decoder import decoder_for
from bizon_taps.kafka.records import OFFSET_KEYS, errors_schema, schema_of
from bizon_taps.kafka.refusals import refusal
from bizon_taps.kafka.run import TopicRun

INTERNAL = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state"})
"""Topics of the brokers themselves; they are read if they are named."""


def topic_of(config: KafkaSourceConfig) -> tuple[str, bool]:
    """Return the topic of ``config.stream``, and whether it is read for its bad messages."""
    named, stream = config.topics_by_stream, config.stream
    if stream in named or config.on_error is not OnError.DEAD_LETTER:
        return named.get(stream, stream), False
    whole = stream.removesuffix(ERRORS_SUFFIX)
    return named.get(whole, whole), whole != stream


class Topics:
    """The topics of a cluster.

    Args:
        config: Which of them are wanted.
        client: Asks the brokers.
        session: Asks the schema registry.
    """

    def __init__(self, config: KafkaSourceConfig, client: Client, session: Any) -> None:
        """Make what finds schemas."""
        self._config = config
        self._client = client
        self._session = session
        self._key = decoder_for(config.decoding, session, "key")
        self._value = decoder_for(config.decoding, session, "value")

    def definitions(self) -> list[StreamDefinition]:
        """Return the streams of the topics that are wanted.

        Raises:
            ConfigError: A topic that is named does not exist, or none matches.
        """
        streams = self._streams()
        if not streams:
            raise ConfigError(
                "no topic matches; correct `topics` or `topic_pattern`, or see what the user of "
                "the tap may read"
            )
        return [
            definition
            for stream, topic in streams.items()
            for definition in self._definitions_of(stream, topic)
        ]

    def _streams(self) -> dict[str, str]:
        """Return the topics that are wanted, by the names of their streams."""
        found = self._client.ask(
            "topics were listed", lambda seconds: self._client.consumer.list_topics(timeout=seconds)
        ).topics
        streams = self._config.topics_by_stream
        for topic in streams.values():
            if topic not in found:
                raise ConfigError(
                    f"there is no topic {topic!r}, or the user of the tap may not see it; correct "
                    "`topics`"
                )
            if found[topic].error is not None:
                raise refusal(found[topic].error, f"topic {topic!r} was looked for")
        pattern = self._config.topic_pattern
        if pattern is None and streams:
            return streams
        is_wanted = re.compile(pattern if pattern is not None else ".*", re.DOTALL).fullmatch
        others = found.keys() - INTERNAL - set(streams.values())
        return streams | {topic: topic for topic in sorted(others) if is_wanted(topic)}

    def _sampled(self, topic: str) -> JsonSchema | None:
        """Return the schema of a topic's first values, None where none are asked for or there."""
        most = self._config.discover_sample_records
        if not most:
            return None
        changes: dict[str, Any] = {
            "start": Start.EARLIEST,
            "start_timestamp": None,
            "until": Until.END,
        }
        changes |= {"max_messages": most, "on_error": OnError.SKIP, "max_runtime_seconds": None}
        config = self._config.model_copy(update=changes)
        run = TopicRun(config, self._client, topic, self._session, is_for_errors=False)
        run.start(None)
        values: list[Any] = []
        while not run.is_over:
            values += [record.data["value"] for record in run.page()]
        run.leave()
        plain = map(ValueReader(lambda _field, _what: None).plain, values)
        found = [infer(value) for value in plain if value is not None]
        return reduce(merge, found) if found else None

    def _definitions_of(self, stream: str, topic: str) -> Iterator[StreamDefinition]:
        by_key = self._config.key_properties is KeyProperties.KEY
        value = self._value.schema(topic) or self._sampled(topic)
        yield StreamDefinition(
            name=stream,
            schema=schema_of(self._config, self._key.schema(topic), value),
            key_properties=("key",) if by_key else OFFSET_KEYS,
            description=f"Messages of the topic {topic}.",
        )
        if self._config.on_error is OnError.DEAD_LETTER:
            yield StreamDefinition(
                name=stream + ERRORS_SUFFIX,
                schema=errors_schema(),
                key_properties=OFFSET_KEYS,
                description=f"Messages of the topic {topic} that cannot be decoded.",
            )
