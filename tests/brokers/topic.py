"""A topic on a broker: made, filled and changed, with a ledger of what a reader must find."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka import Message as Delivered
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewPartitions, NewTopic

from tests.brokers.broker import LARGEST_MESSAGE_BYTES, QUICK, Broker
from tests.brokers.ledger import Ledger

WAIT_SECONDS = 120.0
QUEUE_FULL = 50_000


@dataclass(frozen=True)
class Message:
    """A message to write.

    Attributes:
        timestamp: Milliseconds since 1970; 0 lets the client say when it was.
    """

    value: bytes | None
    key: bytes | None = None
    partition: int = 0
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp: int = 0


def numbered(
    count: int, partitions: int = 1, *, start: int = 0, size: int = 0, **more: Any
) -> Iterator[Message]:
    """Give JSON messages with a number of their own, to each partition in turn.

    Args:
        count: How many.
        partitions: Of the topic.
        start: Number of the first.
        size: Bytes of filling.
        more: Attributes of all of them.
    """
    for number in range(start, start + count):
        value = json.dumps({"number": number, "filling": "x" * size}).encode()
        yield Message(value, partition=number % partitions, **more)


def keyed(count: int, *, keys: int) -> Iterator[Message]:
    """Give JSON messages with few keys in turn, each a second later: each begins a segment."""
    for number in range(count):
        value = b'{"number": %d}' % number
        yield Message(value, key=b"k%d" % (number % keys), timestamp=1_000 * (number + 1))


@dataclass(frozen=True)
class Topic:
    """A topic on a broker.

    Attributes:
        ledger: What was written to it for good, as JSON where it is; markers, aborted messages
            and tombstones are not in it.
    """

    broker: Broker
    name: str
    ledger: Ledger = field(default_factory=Ledger)

    @classmethod
    def create(cls, broker: Broker, name: str, partitions: int = 1, **settings: object) -> Topic:
        """Create it; ``retention_ms=1`` is the topic's setting ``retention.ms``."""
        topic = cls(broker, name)
        config = {key.replace("_", "."): str(value) for key, value in settings.items()}
        new = NewTopic(name, num_partitions=partitions, replication_factor=1, config=config)
        broker.admin.create_topics([new])[name].result(WAIT_SECONDS)
        topic.await_partitions(partitions)
        return topic

    def write(self, messages: Iterable[Message], **settings: Any) -> None:
        """Write messages and wait until the broker has them.

        Args:
            messages: Noted in the ledger where they have a value.
            settings: Of the producer, with underscores for dots; what comes in one batch is kept
                in one segment.
        """
        producer = self.producer(**settings)
        for message in messages:
            self.send(producer, message)
        _flush(producer)

    def producer(self, **settings: Any) -> Producer:
        """Return a client that writes, in order and each message once."""
        named = {key.replace("_", "."): value for key, value in settings.items()}
        return Producer(
            {
                "bootstrap.servers": self.broker.address(),
                "enable.idempotence": True,
                "message.max.bytes": LARGEST_MESSAGE_BYTES,
                "linger.ms": 5,
                **QUICK,
                **named,
            }
        )

    def send(self, producer: Producer, message: Message, *, lasts: bool = True) -> None:
        """Hand one message to a client; it is noted if it ``lasts`` and has a value."""

        def note(error: object, delivered: Delivered) -> None:
            assert error is None, error
            partition, offset = delivered.partition(), delivered.offset()
            assert partition is not None
            assert offset is not None
            if lasts and message.value is not None:
                self.ledger.note(partition, offset, content(message.value))

        producer.produce(
            self.name,
            message.value,
            message.key,
            message.partition,
            on_delivery=note,
            timestamp=message.timestamp,
            headers=list(message.headers),
        )
        if len(producer) > QUEUE_FULL:
            producer.poll(0.1)

    @contextmanager
    def transaction(self, name: str, *, lasts: bool = True) -> Iterator[Callable[..., None]]:
        """Write in a transaction that is committed at the end if it ``lasts``, else aborted.

        Yields:
            What writes messages; the broker has them when it returns.
        """
        producer = self.producer(transactional_id=f"{self.name}-{name}")
        producer.init_transactions(WAIT_SECONDS)
        producer.begin_transaction()

        def write(messages: Iterable[Message]) -> None:
            for message in messages:
                self.send(producer, message, lasts=lasts)
            _flush(producer)

        yield write
        if lasts:
            producer.commit_transaction(WAIT_SECONDS)
        else:
            producer.abort_transaction(WAIT_SECONDS)

    def grow(self, partitions: int) -> None:
        """Add partitions up to a number."""
        new = [NewPartitions(self.name, partitions)]
        self.broker.admin.create_partitions(new)[self.name].result(WAIT_SECONDS)
        self.await_partitions(partitions)

    def delete(self) -> None:
        """Delete it and wait until it is gone."""
        admin = self.broker.admin
        admin.delete_topics([self.name])[self.name].result(WAIT_SECONDS)
        await_so(lambda: self.name not in admin.list_topics(timeout=10).topics)

    def alter(self, **settings: object) -> None:
        """Change settings of the topic, named as for ``create``."""
        entries = [
            ConfigEntry(
                key.replace("_", "."), str(value), incremental_operation=AlterConfigOpType.SET
            )
            for key, value in settings.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, self.name, incremental_configs=entries)
        altered = self.broker.admin.incremental_alter_configs([resource])
        altered[resource].result(WAIT_SECONDS)

    def delete_records(self, before: Mapping[int, int]) -> None:
        """Delete the messages of partitions before offsets, as an operator does."""
        places = [TopicPartition(self.name, *place) for place in before.items()]
        for deleted in self.broker.admin.delete_records(places).values():
            deleted.result(WAIT_SECONDS)

    def first_offset(self, partition: int = 0) -> int:
        """Return the offset of the first message there is, or would be."""
        return self._bounds(partition)[0]

    def end_offset(self, partition: int = 0) -> int:
        """Return the offset the next message gets."""
        return self._bounds(partition)[1]

    def await_first_offset(self, offset: int, partition: int = 0) -> None:
        """Wait until retention has deleted all messages before an offset."""
        await_so(lambda: self.first_offset(partition) >= offset)

    def await_partitions(self, count: int) -> None:
        """Wait until the broker tells of a number of partitions and leads all of them."""
        admin = self.broker.admin

        def is_led() -> bool:
            found = admin.list_topics(timeout=10).topics.get(self.name)
            leaders = [each.leader for each in found.partitions.values()] if found else []
            return len(leaders) == count and min(leaders) > 0

        await_so(is_led)

    def _bounds(self, partition: int) -> tuple[int, int]:
        client = Consumer(
            {
                "bootstrap.servers": self.broker.address(),
                "group.id": "bounds",
                "isolation.level": "read_uncommitted",
                **QUICK,
            }
        )
        place = TopicPartition(self.name, partition)
        bounds = client.get_watermark_offsets(place, timeout=WAIT_SECONDS)
        client.close()
        assert bounds is not None
        return bounds


def content(value: bytes) -> Any:
    """Return what a ledger holds of a value: what its JSON says, or its bytes in hexadecimal."""
    try:
        return json.loads(value)
    except ValueError:
        return {"hex": value.hex()}


def _flush(producer: Producer) -> None:
    assert producer.flush(WAIT_SECONDS) == 0, "the broker did not take all messages"


def await_so(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
