"""tap-notion: what is read, as the settings say, and what an integration may not have."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest

from bizon_taps.notion.tap import TapNotion
from tests.fakes.http_server import Request
from tests.fakes.notion import Filled, Notion, fill
from tests.fakes.notion.workspace import NOON
from tests.taps.notion_workspace import ids, now, read, rows, source_with, stream_of

OLD = "2022-06-28"


@pytest.fixture
def filled(notion: Notion) -> Filled:
    """What is in it."""
    return fill(notion.workspace)


def discovered(notion: Notion, **settings: Any) -> dict[str, Any]:
    """Return the catalog, by stream."""
    catalog = TapNotion(config=notion.settings(**settings)).catalog_dict
    return {entry["tap_stream_id"]: entry for entry in catalog["streams"]}


def root_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of a stream."""
    found: dict[str, Any] = next(
        item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]
    )
    return found


def test_everything_shared_is_read(notion: Notion, filled: Filled) -> None:
    """Pages once each, rows too; databases, data sources and users."""
    pages = [thing.id for thing in notion.workspace.of("page")]
    found = [record["id"] for record in read(notion, "pages").records()]
    assert sorted(found) == sorted(pages)
    assert ids(read(notion, "databases")) == [filled.database]
    assert ids(read(notion, "data_sources")) == [filled.source]
    assert len(ids(read(notion, "users"))) == 3


@pytest.mark.parametrize("form", ["{0}", "{1}", "https://www.notion.so/A-base-{1}?v=" + "f" * 32])
def test_a_database_is_read_alone(form: str, notion: Notion, filled: Filled) -> None:
    """Named by its id in any form, or by its address; other rows and pages are not read."""
    notion.workspace.add_page(data_source=source_with(notion))
    named = form.format(filled.database, filled.database.replace("-", ""))
    assert sorted(ids(read(notion, "pages", database_ids=[named]))) == sorted(filled.rows)
    assert ids(read(notion, "databases", database_ids=[named])) == [filled.database]


def test_a_data_source_and_a_page_are_read_alone(notion: Notion, filled: Filled) -> None:
    """A page is not followed to those below it."""
    source = source_with(notion)
    row = notion.workspace.add_page(data_source=source)
    named = {"data_source_ids": [source], "page_ids": [filled.home, filled.rows[0]]}
    assert ids(read(notion, "pages", **named)) == [row, filled.home, filled.rows[0]]
    assert ids(read(notion, "data_sources", **named)) == [source]


@pytest.mark.parametrize("setting", ["database_ids", "data_source_ids", "page_ids"])
@pytest.mark.parametrize("what", ["unknown", "unshared", "of another kind"])
def test_an_id_that_leads_nowhere_is_named(
    what: str, setting: str, notion: Notion, filled: Filled
) -> None:
    """With its setting, exit 2."""
    right = {"database_ids": filled.database, "data_source_ids": filled.source}
    identity = right.get(setting, filled.home)
    if what == "unshared":
        notion.workspace.unshare(identity)
    if what == "unknown":
        identity = "00000000-0000-0000-0000-00000000000a"
    if what == "of another kind":
        identity = filled.home if setting != "page_ids" else filled.database
    done = read(notion, "pages", **{setting: [identity]})
    assert done.code == 2
    assert f"`{setting}` names {identity}" in done.sentence


def test_the_older_version_reads_the_same(notion: Notion, filled: Filled) -> None:
    """Rows of a database, pages and blocks; there are no data sources in it."""
    database = filled.database
    catalog = discovered(notion, notion_version=OLD)
    stream = f"tasks_{database.replace('-', '')}"
    assert stream in catalog
    assert root_of(catalog["data_sources"])["inclusion"] == "unsupported"
    assert ids(read(notion, stream, notion_version=OLD)) == filled.rows
    for name in ("pages", "blocks"):
        assert ids(read(notion, name, notion_version=OLD)) == ids(read(notion, name))


def test_the_older_version_is_told_of_several_data_sources(notion: Notion, filled: Filled) -> None:
    """Which version to set is said, exit 2."""
    notion.workspace.add_data_source(filled.database, "More", {"Name": "title"})
    done = read(notion, "pages", notion_version=OLD, database_ids=[filled.database])
    assert done.code == 2
    assert "2025-09-03" in done.sentence


def test_several_data_sources_of_one_title_are_streams_each(notion: Notion, filled: Filled) -> None:
    """Each with its own rows."""
    other = notion.workspace.add_data_source(filled.database, "Tasks", {"Name": "title"})
    row = notion.workspace.add_page(data_source=other)
    assert {stream_of(notion, filled.source), stream_of(notion, other)} <= set(discovered(notion))
    assert ids(rows(notion, other)) == [row]


@pytest.mark.parametrize(
    ("capability", "stream"), [("read_users", "users"), ("read_comments", "comments")]
)
@pytest.mark.usefixtures("filled")
def test_a_missing_capability_is_told_and_the_rest_goes_on(
    capability: str, stream: str, notion: Notion
) -> None:
    """Discovery lists the stream as unsupported; asked for all the same, it fails alone."""
    notion.capabilities.remove(capability)
    catalog = discovered(notion)
    unsupported = {
        name for name, entry in catalog.items() if root_of(entry)["inclusion"] == "unsupported"
    }
    assert unsupported == {stream}
    done = read(notion, stream)
    assert done.code == 3
    assert "capability" in done.sentence


def test_a_database_that_is_not_shared_is_counted(notion: Notion, filled: Filled) -> None:
    """As one a linked view leads to: its data source is seen and itself is not."""
    other = source_with(notion)
    database = notion.workspace.things[other].parent
    real = notion.workspace.find
    notion.workspace.find = (  # type: ignore[method-assign]
        lambda identity, *kinds: None if identity == database else real(identity, *kinds)
    )
    done = read(notion, "databases")
    assert (done.code, ids(done)) == (0, [filled.database])
    assert any("1 left out" in line for line in done.warnings)


def test_changed_containers_come_with_the_next_run(notion: Notion, filled: Filled) -> None:
    """Their times are written in two forms, and compared as moments."""
    source_with(notion)
    for stream, identity in (("databases", filled.database), ("data_sources", filled.source)):
        first = read(notion, stream)
        assert len(ids(first)) == 2
        assert ids(read(notion, stream, first.state)) == []
        notion.workspace.edit(identity, at=now())
        assert ids(read(notion, stream, first.state)) == [identity]


def test_a_search_whose_cursor_moves_loses_nothing(notion: Notion) -> None:
    """The page it names is edited, or deleted, between two of its pages."""
    every = [
        notion.workspace.add_page(title=str(number), at=NOON + timedelta(minutes=number))
        for number in range(12)
    ]

    def move(_: Request) -> None:
        searches = sum(request.path.endswith("/search") for request in notion.requests)
        if searches == 2:
            notion.workspace.edit(every[8], at=NOON + timedelta(hours=1))
        if searches == 4:
            notion.workspace.trash(every[5])

    notion.before_each = move
    done = read(notion, "pages", page_size=3)
    assert done.code == 0, done.sentence
    assert set(every) - {every[5]} <= set(ids(done))


def test_a_page_that_moves_to_where_the_search_has_been_comes_with_this_run(
    notion: Notion,
) -> None:
    """The oldest is edited before it was reached: what was edited meanwhile is searched again."""
    every = [notion.workspace.add_page(title=str(number)) for number in range(9)]
    notion.before_each = lambda request: (
        notion.workspace.edit(every[0], at=now()) if b"start_cursor" in request.body else None
    )
    done = read(notion, "pages", page_size=3)
    assert done.code == 0, done.sentence
    assert sorted(ids(done)) == sorted(every)


def test_a_search_whose_cursor_leads_back_is_no_endless_one(notion: Notion) -> None:
    """What a cursor names is edited before it is asked for: the same cursors come once more."""
    every = [notion.workspace.add_page(title=str(number)) for number in range(6)]
    minutes = iter(range(1, 4))

    def move(request: Request) -> None:
        cursor = json.loads(request.body or b"{}").get("start_cursor")
        minute = next(minutes, None) if cursor else None
        if minute is not None:
            notion.workspace.edit(cursor, at=NOON + timedelta(minutes=minute))

    notion.before_each = move
    done = read(notion, "pages", page_size=1)
    assert done.code == 0, done.sentence
    assert sorted(ids(done)) == sorted(every)


def test_a_data_source_that_moves_in_the_search_is_found(notion: Notion) -> None:
    """Its rows are a stream: it is edited before the search for data sources reaches it."""
    every = [source_with(notion) for _ in range(4)]
    notion.before_each = lambda request: (
        notion.workspace.edit(every[0], at=now()) if b"start_cursor" in request.body else None
    )
    assert {stream_of(notion, source) for source in every} <= set(discovered(notion, page_size=1))


def test_a_search_in_which_nothing_moves_is_not_walked_twice(notion: Notion) -> None:
    """One more request tells so, also where all was edited a moment before the run."""
    edited = now() - timedelta(minutes=2)
    for number in range(9):
        notion.workspace.add_page(title=str(number), at=edited)
    done = read(notion, "pages", page_size=3)
    assert len(done.records()) == 9
    searched = [request.body for request in notion.requests if request.path.endswith("/search")]
    assert len([body for body in searched if b'"page"' in body and b'"sort"' in body]) == 4


def test_a_search_that_does_not_come_to_rest_is_told(notion: Notion) -> None:
    """Another page is edited before each request: it ends, and says what to do."""
    every = [notion.workspace.add_page(title=str(number)) for number in range(6)]
    edited = cycle(every)
    notion.before_each = lambda _: notion.workspace.edit(next(edited), at=now())
    done = read(notion, "pages", page_size=1)
    assert done.code == 0, done.sentence
    assert any("does not come to rest" in line for line in done.warnings)


def test_nothing_shared_is_told(notion: Notion) -> None:
    """An empty workspace is no silent success."""
    done = read(notion, "pages")
    assert done.code == 0
    assert any("No page is shared" in line for line in done.warnings)
