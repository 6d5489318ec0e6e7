"""What tap-kafka is to the Singer SDK."""

from __future__ import annotations

from bizon_singer.errors import ConfigError
from bizon_singer.stream import SourceStream
from bizon_singer.tap import SourceTap
from bizon_taps.kafka.config import Until
from bizon_taps.kafka.source import KafkaSource


class TapKafka(SourceTap):
    """Topics of Kafka, one stream each, with every message accounted for."""

    name = "tap-kafka"
    source_classes = (KafkaSource,)
    dynamic_catalog = True  # what topics there are, the brokers know

    def _selected_streams(self) -> list[SourceStream]:
        """Return the streams to read, all of which must get their turn.

        Raises:
            ConfigError: One would wait for the end of another that has none.
        """
        selected = super()._selected_streams()
        parallel = self.settings.adapter.max_parallel_streams or self.parallel_streams
        endless = any(
            self.settings.of_stream(stream.name, "until") == Until.NEVER for stream in selected
        )
        if endless and len(selected) > parallel:
            raise ConfigError(
                f"`until` is never and {len(selected)} streams are selected, of which {parallel} "
                f"would be read at once; set `max_parallel_streams` to {len(selected)}"
            )
        return selected
