"""One partition of a topic: where it stands in a run, and what was read of it."""

from __future__ import annotations

from dataclasses import dataclass

from bizon_taps.kafka.position import Place
from bizon_taps.kafka.records import moment_of

NO_END = 2**63
"""No offset is as large."""


@dataclass(slots=True)
class Partition:
    """A partition that is read.

    Attributes:
        number: Its number.
        offset: The next offset to read; all before it is dealt with.
        end: The offset it is read up to.
        leader_epoch: Epoch of the leader that gave the last message, None if unknown.
        size: How many bytes the values of its messages had.
        milliseconds: Time of the last message that became a record since 1970; 0 for none.
        records: How many records were made of its messages.
        empty: How many messages without a value were left out.
        bad: How many messages that cannot be decoded were left out.
    """

    number: int
    offset: int
    end: int = NO_END
    leader_epoch: int | None = None
    size: int = 0
    milliseconds: int = 0
    records: int = 0
    empty: int = 0
    bad: int = 0

    @property
    def is_done(self) -> bool:
        """Whether its end is reached."""
        return self.offset >= self.end

    @property
    def place(self) -> Place:
        """Where it stands, for STATE."""
        return Place(self.offset, self.leader_epoch)

    def report(self, end: int | None) -> str:
        """Say where it stands, for the log.

        Args:
            end: Where it ends now, or is read up to; None if unknown.
        """
        behind = "" if end is None else f" of {end}, lag {max(0, end - self.offset)}"
        moment = moment_of(self.milliseconds)
        time = "" if moment is None else f", time {moment.isoformat()}"
        return (
            f"partition {self.number} at offset {self.offset}{behind}{time}: {self.size} bytes, "
            f"{self.records} records, "
            f"{self.empty} messages without value and {self.bad} bad ones left out"
        )
