"""One run over a topic: page by page, up to its end or to what stops it before."""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import datetime
from typing import Any

from bizon_singer.errors import BizonSingerError, TransientError
from bizon_singer.source.models import SourceRecord
from bizon_taps.kafka.client import Client
from bizon_taps.kafka.config import IDLE_SECONDS, KafkaSourceConfig, Until
from bizon_taps.kafka.decoding.decoder import decoder_for
from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.json_passing import passing
from bizon_taps.kafka.message import Message
from bizon_taps.kafka.opening import Opening
from bizon_taps.kafka.partition import Partition
from bizon_taps.kafka.position import Position
from bizon_taps.kafka.reader import TopicReader
from bizon_taps.kafka.records import BadMessageError, RecordMaker, error_record
from bizon_taps.kafka.text_records import TextRecordMaker

logger = logging.getLogger("bizon_singer.kafka")

QUIET_SECONDS = 30.0
"""How long messages may be left out before a page without records tells where the run stands."""
BEAT_SECONDS = 900.0
"""How often an endless run says that it lives though nothing comes: see `page_timeout_seconds`."""
LOOK_SECONDS = 60.0
"""How often a run says where it stands, and an endless one looks for new partitions."""


class Clock:
    """Tells how long ago it was made."""

    def __init__(self) -> None:
        """Start now."""
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self._started


class UnreadableMessageError(DecodeError):
    """A message cannot be decoded, and that fails the stream."""


class TopicRun:
    """Reads one topic.

    Args:
        config: The settings.
        client: Asks the brokers.
        topic: Name of the topic.
        session: Asks the schema registry.
        is_for_errors: Whether only the messages that cannot be decoded are wanted.
        takes_text: Whether its records may be JSON text.
    """

    def __init__(
        self,
        config: KafkaSourceConfig,
        client: Client,
        topic: str,
        session: Any,
        *,
        is_for_errors: bool,
        takes_text: bool = False,
    ) -> None:
        """Find the topic and its limits: its end is the one it has now."""
        self._config = config
        self._topic = topic
        self._is_for_errors = is_for_errors
        self._client = client
        key = decoder_for(config.decoding, session, "key")
        value = decoder_for(config.decoding, session, "value")
        self._decoders = (key, value)
        self._maker = (
            TextRecordMaker(topic, config, key, value)
            if takes_text and passing(value) is not value
            else RecordMaker(topic, config, key, passing(value))
        )
        self.opening = Opening(client, config, topic)
        self.opening.look()
        self._clock = Clock()
        self._look = Clock()
        self._checked = Clock()
        self._silence = 0.0
        self._reader: TopicReader | None = None
        self._failure: BizonSingerError | None = None
        self._messages = 0
        self._beats = 0
        self._told: dict[int, int] = {}
        self._owes_start = False
        self.is_over = False

    @property
    def is_started(self) -> bool:
        """Whether it is known where the partitions start."""
        return self._reader is not None

    def start(self, position: Position | None, start_date: datetime | None = None) -> None:
        """Begin where STATE goes on, else where the settings say.

        Raises:
            StateError: What STATE goes on with is gone.
        """
        partitions = self.opening.start(position, start_date)
        self._reader = TopicReader(self._client, self.opening, partitions)
        if position is not None:
            self._told = {number: place.offset for number, place in position.places.items()}
        # What is decided by the clock or by others has to be in STATE before anything happens.
        self._owes_start = position is None and self._config.until is Until.NEVER

    @property
    def reader(self) -> TopicReader:
        """What reads the partitions."""
        assert self._reader is not None  # noqa: S101 - start() comes first
        return self._reader

    def position(self) -> dict[str, Any]:
        """Return the position as it stands; what is before it has been handed over."""
        places = {number: item.place for number, item in self.reader.partitions.items()}
        opening = self.opening
        position = Position(self._topic, places, opening.cluster_id, opening.topic_id).to_state()
        return {**position, "beats": self._beats} if self._beats else position

    def page(self) -> list[SourceRecord]:
        """Return the records of the next messages; none only at the end or after a long silence.

        Raises:
            BizonSingerError: The topic cannot be read further; what could be is handed over.
        """
        records: list[SourceRecord] = []
        if self._owes_start:
            self._owes_start = False
            return records
        waited = Clock()
        while not records:
            if self._failure is not None:
                self._fail()
                break
            if self._is_stopped():
                break
            try:
                self._read(records)
                self._look_around()
            except BizonSingerError as failure:
                self._failure = failure
            if waited.seconds >= BEAT_SECONDS:
                self._beats += 1
                break
            if waited.seconds >= QUIET_SECONDS and self._has_moved():
                break
        if self._failure is None:
            self._is_stopped()
        self._told = {number: item.offset for number, item in self.reader.partitions.items()}
        return records

    def _has_moved(self) -> bool:
        return any(
            self._told.get(number) != item.offset for number, item in self.reader.partitions.items()
        )

    def _fail(self) -> None:
        """Raise what failed, once STATE stands right before it."""
        if self._failure is not None and not self._has_moved():
            raise self._failure

    def _read(self, records: list[SourceRecord]) -> None:
        """Fetch some messages and add the records made of them."""
        most = self._config.batch_size
        if self._config.max_messages is not None:
            most = min(most, self._config.max_messages - self._messages)
        fetch = Clock()
        fetched = self.reader.fetch(most)
        # Only waiting counts: a target may take its time to read.
        self._silence = 0.0 if fetched else self._silence + fetch.seconds
        partitions = self.reader.partitions
        make = self._maker.record
        for message in fetched:
            error = message.error()
            if error is not None:
                self.reader.hear(message, error)
                continue
            partition = partitions[message.partition()]
            offset = message.offset()
            if offset < partition.end:
                try:
                    record = make(message)
                except BadMessageError as bad:
                    record = self._record_of_bad(message, partition, bad)
                else:
                    if record is None:
                        partition.empty += 1
                    elif self._is_for_errors:
                        record = None
                if record is not None:
                    partition.records += 1
                    partition.milliseconds = message.timestamp()[1]
                    records.append(record)
                value = message.value()
                if value is not None:
                    partition.size += len(value)
                partition.offset = offset + 1
                partition.leader_epoch = message.leader_epoch()
                self._messages += 1
            else:  # what is between is a gap
                partition.offset = partition.end
            if partition.offset >= partition.end:
                self.reader.finish(partition)

    def _record_of_bad(
        self, message: Message, partition: Partition, error: BadMessageError
    ) -> SourceRecord | None:
        """Return the record of a message that cannot be decoded, None if it is left out."""
        if self._is_for_errors:
            return error_record(message, self._topic, error)
        if not self._is_left_out(error):
            raise self._failure_of(message, error) from error
        if not partition.bad:
            logger.warning("%s; it is left out.", self._sentence(message, error))
        partition.bad += 1
        return None

    def _is_left_out(self, error: BadMessageError) -> bool:
        is_key = error.part == "key"
        return self._config.skips_bad_messages or (
            is_key and self._config.skip_message_invalid_keys
        )

    def _sentence(self, message: Message, error: BadMessageError) -> str:
        return (
            f"topic {self._topic!r}, partition {message.partition()}, offset {message.offset()}: "
            f"{error}"
        )

    def _failure_of(self, message: Message, error: BadMessageError) -> BizonSingerError:
        return UnreadableMessageError(
            f"{self._sentence(message, error)}; mend the settings that decode it, or set `on_error`"
            " to skip or dead_letter"
        )

    def _is_stopped(self) -> bool:
        """Tell, and say, whether the run ends here.

        Raises:
            TransientError: Nothing came, and the end is not reached.
        """
        reason = self._reason_to_stop()
        if reason and not self.is_over:
            self.is_over = True
            logger.info("Topic %r: %s.", self._topic, reason)
        return self.is_over

    def _reason_to_stop(self) -> str | None:
        config, endless = self._config, self._config.until is Until.NEVER
        if self.reader.is_done and not endless:
            return "its end at the start of the run is reached"
        if config.max_messages is not None and self._messages >= config.max_messages:
            return f"{self._messages} messages are read, as `max_messages` says"
        if (
            config.max_runtime_seconds is not None
            and self._clock.seconds >= config.max_runtime_seconds
        ):
            return "the time `max_runtime_seconds` gives is over"
        patience = config.idle_timeout_seconds or (None if endless else IDLE_SECONDS)
        if patience is None or self._silence < patience:
            return None
        if endless:
            return f"nothing came for {patience:g} s, as `idle_timeout_seconds` says"
        raise TransientError(
            f"topic {self._topic!r} gave nothing for {patience:g} s, and its end is not reached; "
            "see whether its brokers answer, and run again with the last STATE"
        )

    def _look_around(self) -> None:
        """See that the topic is still the one that is read, and say where it stands.

        librdkafka does not tell: of a topic that is deleted nothing more comes, and one made anew
        is read on at the offset of the old one. So it is looked at when nothing comes, at the end,
        and once in a while.

        Raises:
            BizonSingerError: It is gone, or another one has its name.
        """
        patience = self._config.consumer_timeout
        is_silent = self._silence >= patience and self._checked.seconds >= patience
        is_due = self._look.seconds >= LOOK_SECONDS
        is_at_end = self.reader.is_done and self._config.until is Until.END
        if is_silent or is_due or is_at_end:
            self._checked = Clock()
            self.opening.check()
        if not is_due:
            return
        self._look = Clock()
        if self._config.until is Until.NEVER:
            new = self.opening.new_partitions()
            if new:
                logger.info("Topic %r: %d new partitions are read.", self._topic, len(new))
                self.reader.add(new)
        self.log()

    def leave(self) -> None:
        """Fetch no more, and let the client serve another topic."""
        self._client.leave()

    def log(self) -> None:
        """Say of each partition where it stands, and what schemas made of messages leave out."""
        if self._reader is None:
            return
        for partition in self._reader.partitions.values():
            end = self._reader.end_of(partition)
            logger.info("Topic %r, %s.", self._topic, partition.report(end))
        for message, fields in sum(
            (each.left_out for each in self._decoders), Counter[str]()
        ).items():
            logger.info(
                "Topic %r: %d fields of messages of the type `%s` were left out, for their schema "
                "does not have them.",
                self._topic,
                fields,
                message,
            )
