"""Where reading a topic goes on: the *next* offset of each partition, as STATE keeps it.

::

    {"topic": "orders", "cluster_id": "…", "topic_id": "…",
     "partitions": {"0": {"offset": 510, "leader_epoch": 3}}}

Next and not last, because offsets have gaps: compacted messages, markers of transactions. The ids
tell a topic that was deleted and made anew, the epoch of the leader one that was cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bizon_singer.errors import StateError

NOT_OURS = "the position in STATE is none of tap-kafka; restore it, or run once with `reset`"


@dataclass(frozen=True, slots=True)
class Place:
    """The next offset of a partition.

    Attributes:
        offset: What is read next.
        leader_epoch: Epoch of the leader that gave the message before it, None if unknown.
    """

    offset: int
    leader_epoch: int | None = None


@dataclass(frozen=True)
class Position:
    """The next offsets of a topic.

    Attributes:
        topic: Its name.
        places: By the number of the partition.
        cluster_id: Which cluster it is of, None if unknown.
        topic_id: Which of all topics that had the name, None if unknown.
    """

    topic: str
    places: Mapping[int, Place]
    cluster_id: str | None = None
    topic_id: str | None = None

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """Read a position this tap has written.

        Raises:
            StateError: It is none of this tap's: STATE was edited, or is that of another tap.
        """
        topic, partitions = state.get("topic"), state.get("partitions")
        ids = state.get("cluster_id"), state.get("topic_id")
        named = all(isinstance(name, str | None) for name in ids)
        if not isinstance(topic, str) or not isinstance(partitions, Mapping) or not named:
            raise StateError(NOT_OURS)
        places = {_number(key): _place(value) for key, value in partitions.items()}
        return cls(topic, places, *ids)

    def to_state(self) -> dict[str, Any]:
        """Return the position as STATE keeps it."""
        ids = {"cluster_id": self.cluster_id, "topic_id": self.topic_id}
        known = {name: value for name, value in ids.items() if value is not None}
        partitions = {str(number): _kept(place) for number, place in sorted(self.places.items())}
        return {"topic": self.topic, **known, "partitions": partitions}


def _number(key: Any) -> int:
    if not isinstance(key, str) or not (key.isascii() and key.isdecimal()):
        raise StateError(NOT_OURS)
    return int(key)


def _place(value: Any) -> Place:
    offset = value.get("offset") if isinstance(value, Mapping) else None
    epoch = value.get("leader_epoch") if isinstance(value, Mapping) else None
    if type(offset) is not int or offset < 0 or type(epoch) not in {int, type(None)}:
        raise StateError(NOT_OURS)
    return Place(offset, epoch)


def _kept(place: Place) -> dict[str, int]:
    if place.leader_epoch is None:
        return {"offset": place.offset}
    return {"offset": place.offset, "leader_epoch": place.leader_epoch}
