"""tap-notion as a user meets it: credentials, permissions and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.process import assert_refused, last_state, records, tap, write
from tests.fakes.http_server import Answer, HttpServer
from tests.fakes.notion import TOKEN, Notion, fill
from tests.process.commands import Finished
from tests.proofs.canaries import leaks


@pytest.fixture
def notion(notion: Notion) -> Notion:
    """A small workspace."""
    fill(notion.workspace, rows=2)
    return notion


def read(folder: Path, config: object, *more: str) -> Finished:
    """Run the command with a config, with everything logged there is to log."""
    path = write(folder / "config.json", config)
    return tap("tap-notion", "--config", path, *more, env={"LOGLEVEL": "DEBUG"})


def test_a_run_reads_what_is_shared(notion: Notion, tmp_path: Path) -> None:
    """Every stream, comments only where they are chosen; the token nowhere."""
    done = read(tmp_path, notion.settings())
    assert done.code == 0
    bookmarks = last_state(done)["bookmarks"]
    assert "comments" not in bookmarks
    assert len(bookmarks) == 7
    assert leaks(done, TOKEN) == []


def test_discovery_needs_no_credentials(tmp_path: Path) -> None:
    """Nor a network: the streams of every workspace are printed."""
    done = read(tmp_path, {"base_url": "http://127.0.0.1:9"}, "--discover")
    assert done.code == 0
    assert len(json.loads(done.stdout)["streams"]) == 7


def test_discovery_twice_is_the_same(notion: Notion, tmp_path: Path) -> None:
    """The rows of a data source are a stream with typed columns; the token is not shown."""
    first = read(tmp_path, notion.settings(), "--discover")
    again = read(tmp_path, notion.settings(), "--discover")
    assert first.stdout == again.stdout
    rows = json.loads(first.stdout)["streams"][-1]
    assert rows["stream"].startswith("tasks_")
    assert (
        rows["schema"]["properties"]["points"]["type"] == ["number", "null"]
        or "number" in (rows["schema"]["properties"]["points"]["type"])
    )
    assert leaks(first, TOKEN) == []


def test_reading_without_credentials_is_refused(notion: Notion, tmp_path: Path) -> None:
    """The setting is named, with an example; nothing is asked."""
    done = read(tmp_path, {"base_url": notion.base_url})
    assert_refused(done, "`authentication` is missing", "api_key")
    assert notion.requests == []


def test_a_wrong_token_is_told(notion: Notion, tmp_path: Path) -> None:
    """Exit 3, one sentence, no token in it."""
    login = {"type": "api_key", "params": {"token": "ntn-wrong-canary"}}
    done = read(tmp_path, notion.settings(authentication=login))
    assert_refused(done, "401", "authentication", code=3)
    assert leaks(done, "ntn-wrong-canary") == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("database_ids", ["not an id"]),
        ("notion_version", "2021-01-01"),
        ("page_size", 101),
        ("max_recursion_depth", 0),
        ("requests_per_second", 0),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    setting: str, value: object, notion: Notion, tmp_path: Path
) -> None:
    """Exit 2, before anything is asked."""
    assert_refused(read(tmp_path, notion.settings(**{setting: value})), setting)
    assert notion.requests == []


def test_an_id_that_is_not_shared_is_named(notion: Notion, tmp_path: Path) -> None:
    """Exit 2, with what to do."""
    identity = "00000000-0000-0000-0000-00000000000a"
    done = read(tmp_path, notion.settings(database_ids=[identity]))
    assert_refused(done, f"`database_ids` names {identity}", "share it")


def test_another_server_at_the_base_url(notion: Notion, tmp_path: Path) -> None:
    """A web page with status 200 is no workspace."""
    page = Answer(200, b"<html>hello</html>", {"Content-Type": "text/html"})
    with HttpServer(page) as server:
        settings = {**notion.settings(stream="pages"), "base_url": server.url}
        assert_refused(read(tmp_path, settings), "text/html", "base URL", code=4)


def test_a_missing_capability_does_not_stop_the_rest(notion: Notion, tmp_path: Path) -> None:
    """Users cannot be read, pages can: that is told, and the exit code is 0."""
    notion.capabilities.clear()
    done = read(tmp_path, notion.settings())
    assert done.code == 0
    assert len(records(done, "pages")) == 4
    assert "'users' cannot be read: users: the integration lacks the capability" in done.stderr
