"""tap-notion: answers that are whole, and not what was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.http_server import Request
from tests.fakes.notion import Filled, Notion, fill
from tests.fakes.notion.faults import refuse
from tests.fakes.notion.refusal import invalid
from tests.fakes.trouble import Change, changed
from tests.taps.notion_workspace import ids, read, source_with

OLD = "2022-06-28"


@pytest.fixture
def filled(notion: Notion) -> Filled:
    """What is in the workspace."""
    return fill(notion.workspace, rows=2)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("stream", "path", "change", "says"),
    [
        ("users", "/users$", lambda body: [body], "users: the answer is no JSON object"),
        ("users", "/users$", lambda _: {}, "users: the answer has no list of `results`"),
        ("users", "/users$", lambda body: {**body, "results": ["Ada"]}, "no list of `results`"),
        ("users", "/users$", lambda body: {**body, "results": [{}]}, "a result has no `id`"),
        (
            "users",
            "/users$",
            lambda body: {**body, "has_more": True, "next_cursor": None},
            "announces more without a cursor",
        ),
        (
            "pages",
            "/search$",
            lambda body: {**body, "request_status": {"type": "incomplete"}},
            "more of the kind data_source than Notion gives; name what to read in `database_ids`",
        ),
    ],
)
def test_what_cannot_be_an_answer_ends_the_stream(
    stream: str, path: str, change: Change, says: str, notion: Notion
) -> None:
    """One sentence, exit 4; never a stream that ends early and well."""
    notion.spoil(changed(change), path=path, times=None)
    settings = {"check_connection": "skip"}
    done = read(notion, stream, **settings)
    assert done.code == 4
    assert says in done.sentence


def test_an_id_of_another_kind_is_named(notion: Notion, filled: Filled) -> None:
    """Where Notion says what it is, and not that there is nothing: the setting is told as well."""
    other = refuse(invalid(f"Provided ID {filled.home} is a page, not a database."))
    notion.spoil(other, path="/databases/", times=None)
    done = read(notion, "pages", database_ids=[filled.home])
    assert done.code == 2
    assert f"`database_ids` names {filled.home}, which Notion says is none" in done.sentence


def test_a_data_source_of_a_database_that_is_not_shared_is_counted(
    notion: Notion, filled: Filled
) -> None:
    """The database names it; its other data source is read."""
    hidden = notion.workspace.add_data_source(filled.database, "Hidden", {"Name": "title"})
    notion.before_each = lambda request: (
        notion.workspace.unshare(hidden) if request.path.endswith(hidden) else None
    )
    done = read(notion, "pages", database_ids=[filled.database])
    assert (done.code, sorted(ids(done))) == (0, sorted(filled.rows))
    assert any(f"leaves out data source {hidden}" in line for line in done.warnings)


def test_data_sources_that_are_found_in_part_are_asked_for(notion: Notion, filled: Filled) -> None:
    """A search that leaves their properties out, as Notion may."""

    def shorten(body: Any) -> Any:
        short = [{"object": item["object"], "id": item["id"]} for item in body["results"]]
        return {**body, "results": short}

    def spoil(request: Request) -> None:
        if request.path.endswith("/search") and b"data_source" in request.body:
            notion.spoil(changed(shorten))

    notion.before_each = spoil
    (record,) = read(notion, "data_sources").records()
    assert record["id"] == filled.source
    assert "Points" in record["properties"]


def test_the_older_version_has_no_data_sources(notion: Notion, filled: Filled) -> None:
    """Chosen all the same, their stream says which version to set; exit 2."""
    assert filled.source
    done = read(notion, "data_sources", notion_version=OLD)
    assert done.code == 2
    assert "set `notion_version` to 2025-09-03" in done.sentence


@pytest.mark.parametrize("stream", ["databases", "data_sources"])
def test_many_containers_are_read_in_parts(stream: str, notion: Notion) -> None:
    """Each once, however few are asked for at once."""
    sources = [source_with(notion) for _ in range(5)]
    databases = [notion.workspace.things[source].parent for source in sources]
    done = read(notion, stream, page_size=2)
    found = [record["id"] for record in done.records()]
    assert found == sorted(databases if stream == "databases" else sources)


def test_comments_of_a_block_that_is_gone_are_counted(notion: Notion, filled: Filled) -> None:
    """It was in the list of blocks; all other comments come."""
    toggle = notion.workspace.children(filled.rows[0])[0].id

    def unshare(request: Request) -> None:
        if request.path.endswith("/comments") and toggle in request.target:
            notion.workspace.unshare(toggle)

    notion.before_each = unshare
    done = read(notion, "comments")
    assert (done.code, len(done.records())) == (0, 1)
    assert any(f"leaves out the comments of block {toggle}" in line for line in done.warnings)
