"""`commit()` is called for what the STATE given at start proves, and for nothing else."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, ClassVar

import pytest

from bizon_singer import AbstractSource, SourceIncrementalState, SourceIteration, SourceRecord
from bizon_singer.tap import SourceTap, tap_for
from bizon_singer.testing import read
from tests.proofs.subjects import record

PAGES = 3
POSITION = {"partitions": {0: 7}, "day": date(2024, 1, 1)}
"""A position JSON cannot hold as it is: whole-number keys and a date."""


class QueueSource(AbstractSource):
    """A stream of three pages that keeps its position in pagination and in next_state."""

    happened: ClassVar[list[Any]] = []

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["messages"]

    def commit(self) -> None:
        """Note what is proven to be stored."""
        assert self.proven is not None
        self.happened.append((dict(self.proven.state), self.proven.pagination))

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give one page."""
        page = (pagination or {}).get("page", 0)
        self.happened.append(page)
        following = {"page": page + 1, **POSITION} if page + 1 < PAGES else {}
        return SourceIteration(following, [SourceRecord(str(page), {"page": page})], POSITION)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Give one page."""
        del source_state
        return self.get(pagination)


@pytest.fixture
def queue() -> type[SourceTap]:
    """A tap over the source, which has not been asked anything."""
    QueueSource.happened.clear()
    return tap_for("tap-queue", [QueueSource])


def states(recording: bytes) -> list[Any]:
    """Return the states a run wrote, as a target would give them back."""
    return [json.loads(json.dumps(item.body["value"])) for item in read(recording).of("STATE")]


COMMITS = {"commit": "on_start"}


def test_a_complete_run_proves_its_state(queue: type[SourceTap]) -> None:
    """The source gets its own values back, before the first page is asked for."""
    (*_, final) = states(record(queue, {}))
    QueueSource.happened.clear()
    record(queue, COMMITS, final)
    assert QueueSource.happened[:2] == [(POSITION, None), 0]


def test_an_unfinished_run_proves_where_its_next_page_starts(queue: type[SourceTap]) -> None:
    """A second page was written, so a third one is proven to come next."""
    (_, second, *_) = states(record(queue, {}))
    QueueSource.happened.clear()
    record(queue, COMMITS, second)
    assert QueueSource.happened[:2] == [({}, {"page": 2, **POSITION}), 2]


@pytest.mark.parametrize("setting", ["reset", "force_ignore_checkpoint"])
def test_what_is_stored_is_stored_whatever_this_run_does(
    queue: type[SourceTap], setting: str
) -> None:
    """A run that starts anew from the beginning takes nothing from the target."""
    (_, second, *_) = states(record(queue, {}))
    QueueSource.happened.clear()
    record(queue, {**COMMITS, setting: True}, second)
    assert QueueSource.happened[:2] == [({}, {"page": 2, **POSITION}), 0]


@pytest.mark.parametrize("state", [None, {}, {"bookmarks": {"messages": {}, "other": {"a": 1}}}])
def test_nothing_is_committed_without_a_bookmark(queue: type[SourceTap], state: Any) -> None:
    """A first run has stored nothing."""
    record(queue, COMMITS, state)
    assert QueueSource.happened == [0, 1, 2]


def test_nothing_is_committed_unless_it_is_asked_for(queue: type[SourceTap]) -> None:
    """The default is never."""
    (*_, final) = states(record(queue, {}))
    QueueSource.happened.clear()
    record(queue, {}, final)
    assert QueueSource.happened == [0, 1, 2]
