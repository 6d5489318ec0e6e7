"""Where each partition of a topic starts and ends in a run, found out before anything is read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from confluent_kafka import TopicPartition

from bizon_singer.errors import ConfigError, StateError, TransientError
from bizon_taps.kafka.client import Client
from bizon_taps.kafka.config import KafkaSourceConfig, OnOffsetExpired, Start, Until
from bizon_taps.kafka.partition import NO_END, Partition
from bizon_taps.kafka.position import Place, Position
from bizon_taps.kafka.refusals import refusal

logger = logging.getLogger("bizon_singer.kafka")

SHOWN_PARTITIONS = 20


@dataclass
class Opening:
    """Asks the brokers of one topic, and decides.

    Attributes:
        client: Asks them.
        config: What is wanted.
        topic: Name of the topic.
        partitions: Numbers of the partitions this process reads, in order.
        cluster_id: Which cluster it is, None if it does not say.
        topic_id: Which of all topics that had the name, None if the cluster does not say.
        limits: The first offset of each partition, and the one after the last.
    """

    client: Client
    config: KafkaSourceConfig
    topic: str
    partitions: list[int] = field(default_factory=list)
    cluster_id: str | None = None
    topic_id: str | None = None
    limits: dict[int, tuple[int, int]] = field(default_factory=dict)

    def look(self) -> None:
        """Find the topic, its partitions and their limits.

        Raises:
            ConfigError: There is no such topic, or it has none of the partitions that are asked
                for.
            BizonSingerError: The brokers refuse, or do not answer.
        """
        numbers, has_controller = self._numbers()
        wanted = self.config.partitions or ()
        missing = [number for number in wanted if number not in numbers]
        if missing:
            raise ConfigError(
                f"topic {self.topic!r} has no partition {missing[0]}, only 0 to "
                f"{max(numbers)}; correct `partitions`"
            )
        self.partitions = [number for number in numbers if self.config.reads_partition(number)]
        self.cluster_id = self.client.ask(
            "the id of the cluster was asked for", self.client.consumer.cluster_id
        )
        if has_controller:
            self.topic_id = self.client.topic_id(self.topic)
        self.limits = {number: self.limits_of(number) for number in self.partitions}

    def _numbers(self) -> tuple[list[int], bool]:
        """Return the partitions the topic has, and whether the cluster has a controller to ask."""
        what = f"topic {self.topic!r} was looked for"
        metadata = self.client.ask(
            what, lambda seconds: self.client.consumer.list_topics(self.topic, timeout=seconds)
        )
        found = metadata.topics[self.topic]
        if found.error is not None:
            raise refusal(found.error, what)
        return sorted(found.partitions), metadata.controller_id in metadata.brokers

    def check(self) -> None:
        """See whether the topic is still the one that is read: a reader is not told.

        Raises:
            ConfigError: It is gone.
            StateError: Another one has its name.
        """
        try:
            _, has_controller = self._numbers()
            knows = has_controller and self.topic_id is not None
            found = self.client.topic_id(self.topic) if knows else None
        except TransientError:  # its brokers are away, and may come back
            return
        if found not in {None, self.topic_id}:
            raise StateError(
                f"topic {self.topic!r} was made anew while it was read; set `reset` for one run to "
                "read the new one from its start"
            )

    def limits_of(self, number: int) -> tuple[int, int]:
        """Return the first offset of a partition and the one after the last committed one."""
        partition = TopicPartition(self.topic, number)
        low, high = self.client.ask(
            f"the limits of partition {number} of topic {self.topic!r} were asked for",
            lambda seconds: self.client.limits(partition, seconds),
        )
        return low, high

    def new_partitions(self) -> list[Partition]:
        """Return partitions that came since, each from its first offset on."""
        new: list[Partition] = []
        try:
            for number in self._numbers()[0]:
                if number not in self.limits and self.config.reads_partition(number):
                    self.limits[number] = self.limits_of(number)
                    new.append(self._partition(number, self._low(number)))
        except TransientError:  # its brokers are away, and may come back; so will the question
            logger.debug("Topic %r: new partitions could not be looked for.", self.topic)
        return new

    def start(self, position: Position | None, start_date: datetime | None) -> list[Partition]:
        """Return the partitions, each where it starts.

        Args:
            position: Where STATE goes on, None without.
            start_date: What ``start_date`` says, if nothing else does.

        Raises:
            StateError: The messages STATE goes on with are gone, or it is of another topic.
        """
        places = self._first(start_date) if position is None else self._following(position)
        return [self._partition(number, places[number]) for number in self.partitions]

    def _partition(self, number: int, place: Place) -> Partition:
        end = self.limits[number][1] if self.config.until is Until.END else NO_END
        return Partition(number, place.offset, end, place.leader_epoch)

    # Without a place in STATE

    def _first(self, start_date: datetime | None) -> dict[int, Place]:
        start, moment = self.config.start, self.config.start_timestamp
        if start_date is not None and "start" not in self.config.model_fields_set:
            start, moment = Start.TIMESTAMP, start_date
        if start is Start.LATEST:
            return {number: Place(self.limits[number][1]) for number in self.partitions}
        if start is Start.TIMESTAMP and moment is not None:
            return self._at(moment)
        if start is Start.COMMITTED:
            return self._committed()
        return {number: self._low(number) for number in self.partitions}

    def _low(self, number: int) -> Place:
        return Place(self.limits[number][0])

    def _at(self, moment: datetime) -> dict[int, Place]:
        """Return the first messages not older than a moment; the end where there are none."""
        milliseconds = max(0, int(moment.timestamp() * 1000))
        asked = [TopicPartition(self.topic, number, milliseconds) for number in self.partitions]
        found = self.client.ask(
            "offsets were looked up by time",
            lambda seconds: self.client.consumer.offsets_for_times(asked, timeout=seconds),
        )
        return {
            item.partition: Place(self._high(item) if item.offset < 0 else item.offset)
            for item in self._without_error(found)
        }

    def _high(self, item: TopicPartition) -> int:
        return self.limits[item.partition][1]

    def _committed(self) -> dict[int, Place]:
        """Return what the group has committed, else the first offsets."""
        asked = [TopicPartition(self.topic, number) for number in self.partitions]
        found = self.client.ask(
            "the offsets the group has committed were asked for",
            lambda seconds: self.client.consumer.committed(asked, timeout=seconds),
        )
        places = {
            item.partition: Place(item.offset)
            for item in self._without_error(found)
            if item.offset >= 0
        }
        kept = self._checked(places, "the group's committed offset")
        return {number: kept.get(number) or self._low(number) for number in self.partitions}

    def _without_error(self, found: Iterable[TopicPartition]) -> list[TopicPartition]:
        items = list(found)
        for item in items:
            if item.error is not None:
                what = f"partition {item.partition} of topic {self.topic!r} was looked up"
                raise refusal(item.error, what)
        return items

    # With a place in STATE

    def _following(self, position: Position) -> dict[int, Place]:
        if position.topic != self.topic:
            raise StateError(
                f"the position in STATE is one of topic {position.topic!r}, not of {self.topic!r}; "
                "give the stream another name (`destination_id`), or set `reset` for one run"
            )
        self._tell_of_others(position)
        if self._is_other(position):
            return {number: self._low(number) for number in self.partitions}
        # A cluster that cannot say it now is no reason to forget it.
        self.cluster_id = self.cluster_id or position.cluster_id
        self.topic_id = self.topic_id or position.topic_id
        own = {
            number: position.places[number]
            for number in self.partitions
            if number in position.places
        }
        places = self._checked(own, "STATE")
        new = [number for number in self.partitions if number not in places]
        if new:
            logger.info(
                "Topic %r: %d partitions are new, and read from their start.", self.topic, len(new)
            )
        return {number: places.get(number) or self._low(number) for number in self.partitions}

    def _tell_of_others(self, position: Position) -> None:
        others = sorted(position.places.keys() - set(self.partitions))
        if others:
            logger.warning(
                "Topic %r: STATE has offsets of partitions this process does not read (%s); they "
                "are dropped, so that a stale one never comes back.",
                self.topic,
                ", ".join(map(str, others[:SHOWN_PARTITIONS])),
            )

    def _is_other(self, position: Position) -> bool:
        """Tell whether the topic is another one than STATE knows, of the same name.

        Raises:
            StateError: It is, and that is an error.
        """
        ids = (
            ("cluster", position.cluster_id, self.cluster_id),
            ("topic", position.topic_id, self.topic_id),
        )
        for kind, then, now in ids:
            if then is not None and now is not None and then != now:
                sentence = (
                    f"topic {self.topic!r} is not the one STATE knows: its {kind} has another id, "
                    "and the offsets in STATE mean nothing there"
                )
                self._fail_or_tell(sentence, "it is read from its start")
                return True
        return False

    def _checked(self, places: Mapping[int, Place], where: str) -> dict[int, Place]:
        """Return places that are still there; see ``on_offset_expired``."""
        return {number: self._kept(number, place, where) for number, place in places.items()}

    def _kept(self, number: int, place: Place, where: str) -> Place:
        low, high = self.limits[number]
        if low <= place.offset <= high:
            return place
        which = f"partition {number} of topic {self.topic!r}"
        if place.offset < low:
            return self.expired(number, place.offset, low, where)
        self._fail_or_tell(
            f"{which} ends at offset {high}, before {place.offset}, where {where} goes on: the "
            "topic was made anew or cut off",
            f"it is read from its start, {low}",
        )
        return Place(low)

    def expired(self, number: int, offset: int, low: int, where: str = "reading") -> Place:
        """Return where a partition goes on whose next messages are gone.

        Raises:
            StateError: That is an error.
        """
        self._fail_or_tell(
            f"partition {number} of topic {self.topic!r} starts at offset {low}, after {offset}, "
            f"where {where} goes on: {low - offset} offsets are gone",
            f"it is read from {low}",
        )
        return Place(low)

    def _fail_or_tell(self, what: str, effect: str) -> None:
        if self.config.on_offset_expired is OnOffsetExpired.FAIL:
            raise StateError(f"{what}; to go on all the same, set `on_offset_expired` to earliest")
        logger.warning("%s; %s.", what[0].upper() + what[1:], effect)
