"""What tap-kafka is to the Singer SDK."""

from __future__ import annotations

from bizon_singer.tap import SourceTap
from bizon_taps.kafka.source import KafkaSource


class TapKafka(SourceTap):
    """Topics of Kafka, one stream each, with every message accounted for."""

    name = "tap-kafka"
    source_classes = (KafkaSource,)
    dynamic_catalog = True  # what topics there are, the brokers know
