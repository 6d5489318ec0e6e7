"""Reads the partitions of a topic from explicit offsets, without joining a group.

Nobody can take a partition away, so there is no rebalance to survive and no delay to join, and the
offsets in STATE are the only ones that count. https://github.com/confluentinc/librdkafka/blob/master/INTRODUCTION.md
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from bizon_singer.errors import StateError
from bizon_taps.kafka.client import Client
from bizon_taps.kafka.message import Message
from bizon_taps.kafka.opening import Opening
from bizon_taps.kafka.partition import NO_END, Partition
from bizon_taps.kafka.refusals import refusal

logger = logging.getLogger("bizon_singer.kafka")

WAIT_SECONDS = 0.1
"""How long a page waits to be full."""
GONE = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})  # noqa: SLF001 - librdkafka's own errors begin so
CUT_OFF = frozenset({KafkaError._LOG_TRUNCATION})  # noqa: SLF001
HARMLESS = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - it connects again by itself
        KafkaError._MAX_POLL_EXCEEDED,  # noqa: SLF001 - of members of a group
        KafkaError._TRANSPORT,  # noqa: SLF001
    }
)


class TopicReader:
    """Reads some partitions of one topic.

    Args:
        client: Asks the brokers.
        opening: What is known of the topic.
        partitions: What is read, from where to where.
    """

    def __init__(self, client: Client, opening: Opening, partitions: Iterable[Partition]) -> None:
        """Start to fetch what is not done."""
        self._client = client
        self._opening = opening
        self.partitions: dict[int, Partition] = {}
        self._waiting: set[int] = set()
        self.add(partitions)

    def add(self, partitions: Iterable[Partition]) -> None:
        """Read further partitions as well; those before them keep what was fetched of them."""
        new = [partition for partition in partitions if partition.number not in self.partitions]
        self.partitions |= {partition.number: partition for partition in new}
        unread = [partition for partition in new if not partition.is_done]
        self._waiting |= {partition.number for partition in unread}
        if unread:
            self._client.consumer.incremental_assign(list(map(self._start_of, unread)))

    def _start_of(self, partition: Partition) -> TopicPartition:
        where = (self._opening.topic, partition.number, partition.offset)
        if partition.leader_epoch is None:
            return TopicPartition(*where)
        return TopicPartition(*where, leader_epoch=partition.leader_epoch)

    @property
    def is_done(self) -> bool:
        """Whether every partition has reached its end."""
        return not self._waiting

    def fetch(self, most: int) -> list[Message]:
        """Return messages and events, as soon as there are so many or a moment has passed.

        Raises:
            BizonSingerError: The brokers refuse.
        """
        try:
            fetched = self._client.consume(most, WAIT_SECONDS)
        except KafkaException as error:
            raise refusal(error.args[0], "messages were read") from error
        if not fetched:
            self._client.check()
        return fetched

    def end_of(self, partition: Partition) -> int | None:
        """Return where a partition is read up to, else where it ended when it was last fetched."""
        if partition.end != NO_END:
            return partition.end
        where = TopicPartition(self._opening.topic, partition.number)
        known = self._client.consumer.get_watermark_offsets(where, cached=True)
        return known[1] if known is not None and known[1] >= 0 else None

    def finish(self, partition: Partition) -> None:
        """Fetch no more of a partition: what comes after its end is for the next run."""
        if partition.number in self._waiting:
            self._waiting.discard(partition.number)
            where = TopicPartition(self._opening.topic, partition.number)
            self._client.consumer.incremental_unassign([where])

    def hear(self, event: Message, error: KafkaError) -> None:
        """Deal with what came in place of a message.

        Raises:
            BizonSingerError: The partition cannot be read.
        """
        partition = self.partitions.get(event.partition())
        if partition is None or error.code() in HARMLESS:
            return
        code = error.code()
        if code == KafkaError._PARTITION_EOF:  # noqa: SLF001
            # Markers of transactions before the end have offsets, and are no messages.
            partition.offset = max(partition.offset, min(event.offset(), partition.end))
            if partition.is_done:
                self.finish(partition)
        elif partition.number not in self._waiting:
            return
        elif code in GONE:
            self._go_on(partition)
        elif code in CUT_OFF:
            raise self._cut_off(partition)
        elif error.retriable():
            logger.debug("Partition %d: %s; it is tried again.", partition.number, error.name())
        else:
            what = f"partition {partition.number} of topic {self._opening.topic!r} was read"
            raise refusal(error, what)

    def _go_on(self, partition: Partition) -> None:
        """Read a partition from its start whose next messages were removed while it was read."""
        low, _ = self._opening.limits_of(partition.number)
        if partition.offset >= low:
            raise self._cut_off(partition)
        place = self._opening.expired(partition.number, partition.offset, low)
        # The epoch of what is gone would be compared with what is there, and not be found.
        partition.offset, partition.leader_epoch = place.offset, place.leader_epoch
        where = TopicPartition(self._opening.topic, partition.number)
        self._client.consumer.incremental_unassign([where])
        if partition.is_done:
            self._waiting.discard(partition.number)
        else:
            self._client.consumer.incremental_assign([self._start_of(partition)])

    def _cut_off(self, partition: Partition) -> StateError:
        return StateError(
            f"partition {partition.number} of topic {self._opening.topic!r} was cut off or made "
            f"anew before offset {partition.offset} while it was read; compare it with what was "
            "loaded, and set `reset` for one run to read it again"
        )
