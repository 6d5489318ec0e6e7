"""Which topics there are, and the streams they are read as."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.source.models import StreamDefinition
from bizon_taps.kafka.client import Client
from bizon_taps.kafka.config import ERRORS_SUFFIX, KafkaSourceConfig, KeyProperties, OnError
from bizon_taps.kafka.decoding.decoder import decoder_for
from bizon_taps.kafka.records import OFFSET_KEYS, errors_schema, schema_of
from bizon_taps.kafka.refusals import refusal

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

    def _definitions_of(self, stream: str, topic: str) -> Iterator[StreamDefinition]:
        by_key = self._config.key_properties is KeyProperties.KEY
        yield StreamDefinition(
            name=stream,
            schema=schema_of(self._config, self._key.schema(topic), self._value.schema(topic)),
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
