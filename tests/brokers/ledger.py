"""What stands in a topic, or what a run gave of it: each message by partition and offset."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Self

Place = tuple[int, int]
"""Partition and offset."""


class Ledger:
    """Messages by partition and offset, each with its content as a canonical text.

    Two ledgers are compared by their checksums, one a partition: the text of a difference then
    names partitions, ``difference`` the messages themselves.
    """

    def __init__(self) -> None:
        """Nothing has been noted."""
        self._partitions: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self.times: Counter[Place] = Counter()

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, Any]]) -> Self:
        """Note rows of partition, offset and content."""
        made = cls()
        for row in rows:
            made.note(*row)
        return made

    def note(self, partition: int, offset: int, content: Any) -> None:
        """Note a message; noted again, it must be the same.

        Raises:
            AssertionError: Another one stands at its place.
        """
        text = json.dumps(content, sort_keys=True, default=str)  # a Decimal has every digit
        held = self._partitions[partition].setdefault(offset, text)
        assert held == text, f"two messages at partition {partition}, offset {offset}"
        self.times[partition, offset] += 1

    def __or__(self, other: Ledger) -> Ledger:
        """Return what stands in either."""
        return Ledger.of([*self.rows(), *other.rows()])

    def rows(self) -> Iterator[tuple[int, int, Any]]:
        """Give partition, offset and content of all messages, in order."""
        for partition, messages in sorted(self._partitions.items()):
            for offset in sorted(messages):
                yield partition, offset, json.loads(messages[offset])

    def places(self) -> set[Place]:
        """Return the place of every message."""
        return set(self.times)

    def repeated(self) -> set[Place]:
        """Return the places noted more than once."""
        return {place for place, times in self.times.items() if times > 1}

    def only(self, partition: int, start: int = 0, end: int | None = None) -> Ledger:
        """Return the messages of one partition from an offset to before another."""
        rows = (row for row in self.rows() if row[0] == partition and row[1] >= start)
        return Ledger.of(row for row in rows if end is None or row[1] < end)

    def checksums(self) -> dict[int, tuple[int, str]]:
        """Return the number of messages of each partition, and a digest of all of them."""
        sums = {}
        for partition, messages in sorted(self._partitions.items()):
            digest = hashlib.sha256()
            for offset in sorted(messages):
                digest.update(f"{offset} {messages[offset]}\n".encode())
            sums[partition] = (len(messages), digest.hexdigest()[:16])
        return sums
