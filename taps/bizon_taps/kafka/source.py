"""Topics of a Kafka cluster, one stream each, with every message accounted for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaException, TopicPartition

from bizon_singer.errors import BizonSingerError, ConfigError
from bizon_singer.source.config import SourceSyncModes
from bizon_singer.source.models import (
    SourceIncrementalState,
    SourceIteration,
    StreamDefinition,
)
from bizon_singer.source.source import AbstractSource
from bizon_taps.kafka.client import Client
from bizon_taps.kafka.config import KafkaSourceConfig, TopicConfig
from bizon_taps.kafka.position import Position
from bizon_taps.kafka.run import TopicRun
from bizon_taps.kafka.text_records import takes_text
from bizon_taps.kafka.topics import Topics, topic_of

logger = logging.getLogger("bizon_singer.kafka")


class KafkaSource(AbstractSource):
    """Reads one topic, or the messages of it that cannot be decoded.

    The pagination is the position in the topic (:mod:`.position`), and so is the state a complete
    run leaves: an offset is a place whatever the settings are.

    Args:
        config: The settings; ``config.stream`` names the stream.
    """

    config: KafkaSourceConfig
    streams_are_routes = True

    def __init__(self, config: KafkaSourceConfig) -> None:
        """Connect to nothing yet."""
        super().__init__(config)
        self._run: TopicRun | None = None
        self._client: Client | None = None

    @staticmethod
    def streams() -> list[str]:
        """Return the one stream there is before the brokers are asked, as Bizon names it."""
        return ["topic"]

    @staticmethod
    def get_config_class() -> type[KafkaSourceConfig]:
        """Return the class of the settings."""
        return KafkaSourceConfig

    def get_authenticator(self) -> None:
        """Use none for HTTP: ``authentication`` is for the brokers."""
        return

    def set_streams_config(self, streams: Sequence[Any]) -> None:
        """Take the topics, and the names of their streams, from Bizon's routing.

        Args:
            streams: Each with a ``name`` and ``source.topic``.

        Raises:
            ConfigError: One names no topic.
        """
        topics = []
        for stream in streams:
            topic = getattr(stream.source, "topic", None)
            if not topic:
                raise ConfigError(
                    f"route {stream.name!r} in `streams` names no topic; set its `source.topic`"
                )
            topics.append(TopicConfig(name=topic, destination_id=stream.name))
        self.config = self.config.model_copy(update={"topics": topics})

    def discover(self) -> Sequence[StreamDefinition]:
        """Describe the topics there are.

        Raises:
            ConfigError: One that is named is not there.
        """
        client = Client(self.config)
        try:
            return Topics(self.config, client, self.session).definitions()
        finally:
            client.close()

    def check_connection(self) -> tuple[bool, Any | None]:
        """Find the topic; return False and the error if it cannot be read."""
        try:
            self._opened()
        except BizonSingerError as error:
            return False, error
        return True, None

    def get_total_records_count(self) -> int:
        """Return how many messages there may be at most: offsets have gaps."""
        return sum(high - low for low, high in self._opened().opening.limits.values())

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Return the next messages.

        Args:
            pagination: A position, empty for where ``start`` says.
        """
        run = self._opened()
        if not run.is_started:
            run.start(Position.of(pagination) if pagination else None)
        return self._page(run)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Return the next messages, from where the last run stopped.

        Args:
            source_state: Its ``state`` is a position. Without one ``last_run`` is what the setting
                ``start_date`` says, and the first messages are those from then on.
            pagination: As for ``get``.
        """
        run = self._opened()
        if not run.is_started:
            known = pagination or source_state.state
            run.start(Position.of(known) if known else None, source_state.last_run)
        return self._page(run)

    def _page(self, run: TopicRun) -> SourceIteration:
        records = run.page()
        state = run.position()
        if not run.is_over:
            return SourceIteration(state, records)
        if self.config.sync_mode is SourceSyncModes.STREAM:  # which ends by an empty page
            return SourceIteration(state, records, state)
        return SourceIteration({}, records, state)

    def commit(self) -> None:
        """Commit, under ``group_id``, the offsets the STATE given at start proves to be stored.

        For dashboards of lag only: no run ever starts there unless it is told to. A group that
        has members refuses it, which is no reason not to read.
        """
        kept = self.proven and (self.proven.pagination or self.proven.state)
        if not kept:
            return
        position = Position.of(kept)
        offsets = [
            TopicPartition(position.topic, number, place.offset)
            for number, place in position.places.items()
            if self.config.reads_partition(number)
        ]
        self._opened()  # who cannot be reached keeps a commit waiting for 45 s
        try:
            done = self._connected().consumer.commit(offsets=offsets, asynchronous=False) or []
            refused = [item.error.name() for item in done if item.error is not None]
        except KafkaException as error:
            refused = [error.args[0].name()]
        for name in sorted(set(refused)):
            logger.warning("Topic %r: offsets were not committed (%s).", position.topic, name)

    def _connected(self) -> Client:
        if self._client is None:
            self._client = Client(self.config)
        return self._client

    def _opened(self) -> TopicRun:
        """Return the run of the topic, its partitions and their limits known."""
        if self._run is None:
            topic, is_for_errors = topic_of(self.config)
            self._run = TopicRun(
                self.config,
                self._connected(),
                topic,
                self.session,
                is_for_errors=is_for_errors,
                takes_text=takes_text(self.config, self.stream_schema, self.selected_fields),
            )
        return self._run

    def close(self) -> None:
        """Say where the partitions stand, and leave the brokers."""
        if self._run is not None:
            self._run.log()
        if self._client is not None:
            self._client.close()
            self._client = None
        super().close()
