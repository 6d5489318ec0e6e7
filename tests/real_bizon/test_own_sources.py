"""The sources of the package bizon, each as it is, over a local server in place of its API.

What they do wrong is absorbed where an adapter can: pages that are tuples, a pagination changed in
place, streams that are members of an enumeration, requests in a constructor, text on stdout.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.testing import check
from tests.commands.process import (
    AUTHENTICATION,
    CANARY,
    assert_failed,
    assert_no_secret,
    assert_refused,
    last_state,
    messages,
    records,
    write,
)
from tests.fakes.http_server import Answer, HttpServer, Request, Script, json_answer
from tests.process.commands import Finished, run
from tests.real_bizon.test_real_bizon import TAP, pytestmark, with_bizon

__all__ = ["pytestmark"]

STREAMS = {
    "cycle": ["customers"],
    "dummy": ["creatures", "plants"],
    "gbif": ["occurrence"],
    "hubspot": ["contacts", "companies", "deals"],
    "notion": [
        *("databases", "data_sources", "pages", "blocks", "blocks_markdown", "users"),
        *("all_pages", "all_databases", "all_data_sources", "all_blocks_markdown"),
    ],
    "periscope": ["charts", "dashboards_metadata", "dashboards", "databases", "users", "views"],
    "pokeapi": ["pokemon", "berry", "item"],
    "sana_ai": ["insight_report"],
}


def read(
    folder: Path, server: HttpServer, class_name: str, *arguments: str, **settings: Any
) -> Finished:
    """Run tap-bizon over a source of Bizon's that asks the server."""
    config = {"name": f"pointed:{class_name}", "authentication": AUTHENTICATION, **settings}
    path = write(folder / "config.json", config)
    env = {**os.environ, "LOCAL_API": server.url, "PYTHONPATH": str(Path(__file__).parent)}
    done = run([str(TAP), "--config", path, *arguments], env=env)
    assert check(done.stdout) == []
    assert_no_secret(done)
    return done


def complete(done: Finished) -> list[str]:
    """Return the ids of the records of a run that went well."""
    assert done.code == 0, done.stderr
    assert {mark["in_progress"] for mark in last_state(done)["bookmarks"].values()} == {None}
    return [record["_source_record_id"] for record in records(done)]


# By name


FIND_ALL = """
import json, sys
from bizon_singer.named_source import find_named_source
from bizon_singer.source_class import stream_names

found = {name: [stream_names(item) for item in find_named_source(name)] for name in sys.argv[1:]}
print(json.dumps(found))
"""


def test_sources_are_found_by_name() -> None:
    """All that need no further client, each with its one class: those above it are abstract."""
    done = run([str(TAP.with_name("python")), "-c", FIND_ALL, *STREAMS])
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout) == {name: [streams] for name, streams in STREAMS.items()}


def test_the_dummy_runs_by_its_name(tmp_path: Path) -> None:
    """From a pipeline file as it is in Bizon's documentation."""
    pipeline = f"""
name: test
source:
  name: dummy
  stream: creatures
  authentication: {{type: api_key, params: {{token: {CANARY}}}}}
destination: {{name: logger, config: {{}}}}
"""
    done = with_bizon("--config", write(tmp_path / "pipeline.yml", pipeline))
    assert complete(done) == ["9898", "88787", "98", "3333", "56565"]
    assert_no_secret(done)
    assert_refused(
        with_bizon("--config", write(tmp_path / "c.json", {"name": "dummy"})), "`authentication`"
    )


@pytest.mark.parametrize(("name", "missing"), [("gsheets", "google"), ("kafka", "fastavro")])
def test_a_source_without_its_client_is_refused(tmp_path: Path, name: str, missing: str) -> None:
    """What it needs is named, with the extra of Bizon that has it."""
    done = with_bizon("--config", write(tmp_path / "c.json", {"name": name}))
    assert_refused(done, f"needs {missing}, which is not installed", f"'bizon[{name}]'")


def test_a_name_that_is_none_of_them_is_refused(tmp_path: Path) -> None:
    """The nearest one, and all there are, are said."""
    done = with_bizon("--config", write(tmp_path / "c.json", {"name": "huspot"}))
    words = "no source of the package bizon (did you mean `hubspot`?); it has cycle, dummy, gbif"
    assert_refused(done, words)


# Over a local server


def test_pokeapi(tmp_path: Path) -> None:
    """Its stream stands in a URL, which is a member's value as when it was written."""

    def answer(request: Request) -> Answer:
        if request.path not in {"/pokemon", "/berry", "/item"}:
            return Answer(404)
        offset = int(request.query.get("offset", ["0"])[0])
        more = f"{server.url}{request.path}?offset={offset + 2}" if offset < 2 else None
        names = [f"{request.path[1:]}-{number}" for number in range(offset, offset + 2)]
        return json_answer({"count": 4, "next": more, "results": [{"name": n} for n in names]})

    with HttpServer(answer) as server:
        ids = complete(read(tmp_path, server, "PokeApi"))
    assert ids == [f"{name}-{number}" for name in STREAMS["pokeapi"] for number in range(4)]


def test_gbif(tmp_path: Path) -> None:
    """It takes the value of its stream itself; a run cut short goes on from its STATE."""

    def answer(request: Request) -> Answer:
        first, size = (int(request.query.get(name, ["0"])[0]) for name in ("offset", "limit"))
        results = [{"key": number} for number in range(first, min(first + size, 7))]
        return json_answer({"count": 7, "endOfRecords": first + size >= 7, "results": results})

    with HttpServer(answer) as server:
        first = read(tmp_path, server, "Gbif", page_limit=3, max_iterations=1)
        state = write(tmp_path / "state.json", last_state(first))
        rest = complete(read(tmp_path, server, "Gbif", "--state", state, page_limit=3))
    assert [record["key"] for record in records(first)] == [0, 1, 2]
    assert rest == ["3", "4", "5", "6"]


def hubspot(request: Request) -> Answer:
    """Serve contacts, three of them on two pages; the check of the connection has no chance."""
    if "/properties/" in request.path:
        fields = {"name": "email", "label": "Email", "fieldType": "text", "type": "string"}
        return json_answer({"results": [fields]})
    if request.path.endswith("/search"):
        return json_answer({"total": 3})
    assert request.query["properties"] == ["email"]
    if "after" in request.query:
        return json_answer({"results": [{"id": "3", "properties": {}}]})
    paging = {"next": {"after": "2", "link": "…"}}
    return json_answer({"results": [{"id": "1"}, {"id": "2"}], "paging": paging})


def test_hubspot(tmp_path: Path) -> None:
    """Its last page is a tuple of dicts, its constructor asks the API, its check always fails."""
    with HttpServer(hubspot) as server:
        settings: dict[str, Any] = {"stream": "contacts"}
        done = read(tmp_path, server, "HubSpot", **settings)
        assert_failed(done, "stream 'contacts'", "set check_connection to warn", code=3)
        done = read(tmp_path, server, "HubSpot", check_connection="skip", **settings)
        assert complete(done) == ["1", "2", "3"]
    empty: dict[str, list[Script]] = {"/crm/v3/objects/contacts": [json_answer({"results": []})]}
    with HttpServer(hubspot, routes=empty) as server:
        done = read(tmp_path, server, "HubSpot", check_connection="warn", **settings)
        assert complete(done) == []
        assert [item["type"] for item in messages(done)] == ["SCHEMA", "STATE"]


def test_cycle(tmp_path: Path) -> None:
    """The whole page information is its pagination."""

    def answer(request: Request) -> Answer:
        is_second = b"cursor-1" in request.body
        nodes = [{"id": f"c{number}"} for number in ((3,) if is_second else (1, 2))]
        info = {"hasNextPage": not is_second, "endCursor": "cursor-1", "startCursor": None}
        found = {"edges": [{"cursor": "", "node": node} for node in nodes], "pageInfo": info}
        return json_answer({"data": {"getProductBySlug": {"customers": found}}})

    with HttpServer(answer) as server:
        assert complete(read(tmp_path, server, "Cycle", slug="shop")) == ["c1", "c2", "c3"]


def test_sana_ai(tmp_path: Path) -> None:
    """A report that is ready, as CSV, for a token of OAuth."""
    params = {
        "client_id": "me",
        "client_secret": CANARY,
        "access_token_name": "access_token",
        "expires_in_name": "expires_in",
        "grant_type": "client_credentials",
    }

    def answer(request: Request) -> Answer:
        answers = {
            "/token": json_answer({"access_token": "t", "expires_in": 3600}),
            "/reports/query": json_answer({"data": {"jobId": "7"}}),
            "/reports/jobs/7": json_answer(
                {"data": {"status": "successful", "link": {"url": f"{server.url}/report.csv"}}}
            ),
            "/report.csv": Answer(body=b"name,score\nAda,1\nBob,2\n"),
        }
        return answers[request.path]

    with HttpServer(answer) as server:
        params["token_refresh_endpoint"] = f"{server.url}/token"
        oauth = {"type": "oauth", "params": params}
        done = read(tmp_path, server, "Sana", authentication=oauth, query="q", domain="shop")
        assert complete(done) == ["0", "1"]
    assert [(item["name"], item["score"]) for item in records(done)] == [("Ada", "1"), ("Bob", "2")]


PERISCOPE = {
    "workspace_name": "shop",
    "client_site_id": 1,
    "database_id": 5,
    "x_csrf_token": CANARY,
    "authentication": {
        "type": "cookies",
        "params": {"cookies": {"cf_bm": "a-cookie-1", "periscope_session": "a-cookie-2"}},
    },
}


def periscope(request: Request) -> Answer:
    """Serve twelve dashboards of one chart each."""
    if request.path == "/login_state/dashboards":
        return json_answer({"Dashboard": [{"id": number} for number in range(1, 13)]})
    if request.query["minimum_dashboard_fluid_row"] != ["0"]:
        return json_answer({"Widget": [], "TextBox": []})
    number = int(request.query["current_dashboard"][0])
    return json_answer({"Widget": [{"id": 100 + number, "database_id": 5}], "TextBox": []})


def test_periscope(tmp_path: Path) -> None:
    """It changes the pagination it was given, which must not change the STATE of a page before."""
    with HttpServer(periscope) as server:
        first = read(tmp_path, server, "Periscope", stream="charts", max_iterations=1, **PERISCOPE)
        assert len(records(first)) == 10
        state = write(tmp_path / "state.json", last_state(first))
        rest = read(tmp_path, server, "Periscope", "--state", state, stream="charts", **PERISCOPE)
        assert complete(rest) == ["111", "112"]
    with HttpServer(json_answer({"Dashboard": []})) as server:
        done = read(tmp_path, server, "Periscope", stream="charts", **PERISCOPE)
        assert complete(done) == []  # a tuple again, and no records


def notion(request: Request) -> Answer:
    """Serve two pages of users, a database that is there, and changed pages."""
    if request.path == "/users":
        more = "start_cursor" not in request.query
        return json_answer(
            {"results": [{"id": f"u{1 + (not more)}"}], "has_more": more, "next_cursor": "x"}
        )
    if request.path == "/search":
        edited = "2024-05-01T00:00:00+00:00" if b'"sort"' in request.body else ""
        pages = [{"id": "p1", "object": "page", "last_edited_time": edited}]
        return json_answer({"results": pages, "has_more": False})
    known = request.path == "/databases/d1"
    return json_answer({"id": "d1", "data_sources": []} if known else {}, 200 if known else 404)


def test_notion(tmp_path: Path) -> None:
    """What it passes over without a word is said; seven of its streams go on from a bookmark."""
    with HttpServer(notion) as server:
        assert complete(read(tmp_path, server, "Notion", stream="users")) == ["u1", "u2"]
        databases = {"stream": "databases", "database_ids": ["gone", "d1"]}
        done = read(tmp_path, server, "Notion", **databases)
        assert complete(done) == ["d1"]
        warning = (
            "Stream 'databases': the source passed over 1 answers that were errors (status 404)"
        )
        assert done.stderr.count(warning) == 1
        since = {"bookmarks": {"all_pages": {"last_run": "2024-04-01T00:00:00Z"}}}
        state = write(tmp_path / "state.json", since)
        done = read(tmp_path, server, "Notion", "--state", state, stream="all_pages")
        assert complete(done) == ["p1"]
        assert any(b'"sort"' in request.body for request in server.requests)
