"""A Kafka cluster in this process: the one librdkafka is tested with itself.

It listens on 127.0.0.1, so that commands reach it as well. Each topic that is written to has four
partitions. It has no transactions, no time index and no ids of topics; the tests in tests/brokers
have a real one.
"""

from __future__ import annotations

import json
from typing import Any, Self

from confluent_kafka import Producer

PARTITIONS = 4
Headers = list[tuple[str, bytes | None]]


class Kafka:
    """A cluster of one broker, empty.

    Attributes:
        servers: Its address.
    """

    def __init__(self) -> None:
        """Start it."""
        self._producer = Producer({"test.mock.num.brokers": 1, "log_level": 2})
        brokers = self._producer.list_topics(timeout=30).brokers.values()
        self.servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it: it lives as long as its producer."""
        self._producer.flush(30)
        del self._producer

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the config of a tap that reads from it."""
        return {"bootstrap_servers": self.servers, **more}

    def put(
        self,
        topic: str,
        value: bytes | str | None,
        *,
        key: bytes | str | None = None,
        partition: int = 0,
        headers: Headers | None = None,
        timestamp: int | None = None,
    ) -> None:
        """Append a message; it is there once :meth:`flush` returns."""
        self._producer.produce(
            topic,
            value,
            key,
            partition=partition,
            headers=[*(headers or [])],
            timestamp=timestamp or 0,
        )
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until all messages are there."""
        assert self._producer.flush(30) == 0

    def fill(self, topic: str, count: int, *, start: int = 0) -> None:
        """Append numbered messages to all partitions in turn."""
        for number in range(start, start + count):
            self.put(
                topic,
                json.dumps({"number": number}),
                key=f"k{number}",
                partition=number % PARTITIONS,
                timestamp=1_764_000_000_000 + number,
            )
        self.flush()
