"""A message, or an event in its place, as the consumer gives it.

The types of confluent-kafka say of a message that a producer may be making that anything of it may
be missing; one that was consumed is complete. Never test a message for truth: its length is that
of its value, and without one it raises.
"""

from __future__ import annotations

from typing import Protocol

from confluent_kafka import KafkaError

from bizon_taps.kafka.decoding.framing import Headers


class Message(Protocol):
    """What this tap looks at."""

    def error(self) -> KafkaError | None:
        """Return what an event tells, None for a message."""

    def partition(self) -> int:
        """Return the number of the partition."""

    def offset(self) -> int:
        """Return the offset; of the event that a partition has ended, the one it ends before."""

    def leader_epoch(self) -> int | None:
        """Return the epoch of the leader that gave it."""

    def timestamp(self) -> tuple[int, int]:
        """Return whose time it is, and the milliseconds since 1970."""

    def key(self) -> bytes | None:
        """Return the key."""

    def value(self) -> bytes | None:
        """Return the value, None for a tombstone."""

    def headers(self) -> Headers | None:
        """Return the headers in their order."""
