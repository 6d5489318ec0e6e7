"""tap-notion: from when on a run reads, stream by stream, and how fast it asks."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest

from bizon_singer.testing.runs import run
from bizon_taps.notion.tap import TapNotion
from tests.fakes.notion import Notion, fill
from tests.fakes.notion.workspace import NOON
from tests.taps.notion_workspace import ids, now, read, stream_of

OF_PAGES = ["rows", "pages", "blocks", "page_markdown"]


def pages_of(notion: Notion, stream: str, state: Any = None, **settings: Any) -> tuple[Any, Any]:
    """Return the pages a stream gave something of, each once, and the STATE it ended with."""
    if stream == "rows":
        (source,) = notion.workspace.of("data_source")
        stream = stream_of(notion, source.id)
    done = read(notion, stream, state, **settings)
    assert done.code == 0, done.sentence
    found = [record.get("page_id", record["id"]) for record in done.records()]
    return sorted(set(found)), done.state


@pytest.mark.parametrize("stream", OF_PAGES)
def test_the_next_run_reads_what_was_edited_since(stream: str, notion: Notion) -> None:
    """Rows and other pages, and nothing of those that were left alone."""
    filled = fill(notion.workspace)
    first, state = pages_of(notion, stream)
    assert set(filled.rows) <= set(first)
    assert pages_of(notion, stream, state)[0] == []
    edited = [filled.rows[3]] if stream == "rows" else [filled.rows[3], filled.home]
    for page in edited:
        notion.workspace.edit(page, at=now())
    assert pages_of(notion, stream, state)[0] == sorted(edited)


@pytest.mark.parametrize("stream", OF_PAGES)
def test_the_next_run_keeps_to_what_is_named(stream: str, notion: Notion) -> None:
    """Other pages were edited as well, and are shared; the settings name one database."""
    filled = fill(notion.workspace)
    named = {"database_ids": [filled.database]}
    first, state = pages_of(notion, stream, **named)
    assert first == sorted(filled.rows)
    for page in (filled.home, filled.rows[3]):
        notion.workspace.edit(page, at=now())
    assert pages_of(notion, stream, state, **named)[0] == [filled.rows[3]]


@pytest.mark.parametrize("stream", OF_PAGES)
def test_a_first_run_reads_from_the_start_date(stream: str, notion: Notion) -> None:
    """Each row is a minute younger than the one before, and all other pages are older."""
    filled = fill(notion.workspace)
    start = NOON.replace(minute=2).isoformat()
    found, _ = pages_of(notion, stream, start_date=start, lookback_seconds=0)
    assert found == sorted(filled.rows[2:])


@pytest.mark.parametrize("stream", ["databases", "data_sources"])
def test_containers_are_read_from_the_start_date(stream: str, notion: Notion) -> None:
    """As pages are."""
    filled = fill(notion.workspace)
    start = NOON.replace(minute=2)
    settings = {"start_date": start.isoformat(), "lookback_seconds": 0}
    assert ids(read(notion, stream, **settings)) == []
    identity = filled.database if stream == "databases" else filled.source
    notion.workspace.edit(identity, at=start)
    assert ids(read(notion, stream, **settings)) == [identity]


@pytest.mark.parametrize("stream", ["users", "comments"])
def test_what_has_no_time_of_its_own_is_read_in_full(stream: str, notion: Notion) -> None:
    """By each run, whatever the start date."""
    fill(notion.workspace)
    first = read(notion, stream, start_date=now().isoformat())
    assert ids(first)
    assert ids(read(notion, stream, first.state)) == ids(first)


def test_a_run_asks_as_often_as_notion_takes(notion: Notion, pauses: list[float]) -> None:
    """Three times a second unless a setting says so, all streams together."""
    fill(notion.workspace, rows=2)
    asked: list[float] = []
    notion.before_each = lambda _: asked.append(monotonic() + sum(pauses))
    settings = notion.settings(max_parallel_streams=2)
    del settings["requests_per_second"]
    assert run(TapNotion, settings).code == 0
    assert len(asked) > 30
    # The first one may have come late, by less than the second that is let go here.
    assert asked[-1] - asked[0] > (len(asked) - 1) / 3 - 1
