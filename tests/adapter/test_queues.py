"""Sources that are queues: connections they close, places that outlive settings, no end."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from bizon_singer import (
    AbstractSource,
    SourceConfig,
    SourceIncrementalState,
    SourceIteration,
    SourceRecord,
)
from bizon_singer.errors import TransientError
from bizon_singer.tap import tap_for
from bizon_singer.testing.runs import run


class QueueConfig(SourceConfig):
    """How it is read, which moves nothing in it."""

    position_outlives_settings: ClassVar[bool] = True

    batch_size: int = 2
    failing_at: int | None = None


class QueueSource(AbstractSource):
    """Six items, read from a place on."""

    closed: ClassVar[list[str]] = []

    @staticmethod
    def streams() -> list[str]:
        """One queue."""
        return ["items"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Use the settings above."""
        return QueueConfig

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give the items from the place on, an empty page at the end."""
        place = (pagination or {}).get("place", 0)
        if place == self.config.failing_at:
            raise TransientError("the queue is closed; come back tomorrow")
        following = min(6, place + self.config.batch_size)
        records = [SourceRecord(id=str(number), data={}) for number in range(place, following)]
        kept = {"place": following}
        is_over = following == 6 and self.config.sync_mode != "stream"
        return SourceIteration({} if is_over else kept, records, kept)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Go on from where the last run stood."""
        return self.get(pagination or source_state.state)

    def close(self) -> None:
        """Note it."""
        super().close()
        self.closed.append(self.config.stream)


Tap = tap_for("tap-queue", [QueueSource])


def ids(done: Any) -> list[int]:
    """Return the items a run gave."""
    return [int(row["_source_record_id"]) for row in done.records()]


@pytest.mark.parametrize("failing_at", [None, 0, 4])
def test_a_source_is_closed_however_its_stream_ends(
    failing_at: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its end, and after an error."""
    closed: list[str] = []
    monkeypatch.setattr(QueueSource, "closed", closed)
    run(Tap, {"failing_at": failing_at})
    assert closed == ["items"]


def test_a_place_outlives_settings_where_the_source_says_so() -> None:
    """A run goes on where it stood, with pages of another size."""
    first = run(Tap, {"failing_at": 2})
    second = run(Tap, {"batch_size": 3}, first.state)
    assert (ids(first), ids(second)) == ([0, 1], [2, 3, 4, 5])
    assert second.warnings == ()


def test_an_endless_source_goes_on_from_its_state() -> None:
    """What a complete run has read is not read again by the next one."""
    first = run(Tap, {"sync_mode": "stream"})
    second = run(Tap, {"sync_mode": "stream"}, first.state)
    assert (ids(first), ids(second)) == ([0, 1, 2, 3, 4, 5], [])
    assert second.bookmark("items")["state"] == {"place": 6}
