"""F10: a link, a redirect or a forged STATE that leads elsewhere reaches nobody.

A second server stands where the links lead; not one connection may come to it, let alone a
credential. Subjects are tests/sources/links.py, which follows any link, and tap-pokeapi.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bizon_singer import custom
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.commands.process import last_state, records, sentence, write
from tests.fakes.http_server import Answer, HttpServer, Script, json_answer, redirect
from tests.process.commands import Finished
from tests.process.inside import loaded_once, run_inside
from tests.proofs.canaries import AUTHENTICATIONS, CANARY, authentication, leaks

SOURCE = Path(__file__).parents[1] / "sources" / "links.py"
SETTINGS: dict[str, Any] = {"api_config": {"retry_limit": 0}}
"""Settings of every run; what else a run may be proven with is added here."""

FOREIGN = {
    # Other words for another origin: the sentence names both.
    "port": "http://127.0.0.1:{there}/items",
    "host": "http://localhost:{there}/items",
    "host-port-of-own": "http://localhost:{here}/items",
    "scheme": "https://127.0.0.1:{there}/items",
    "scheme-port-of-own": "https://127.0.0.1:{here}/items",
    "protocol-relative": "//127.0.0.1:{there}/items",
    "ipv6": "http://[::1]:{there}/items",
    "ipv6-mapped": "http://[::ffff:127.0.0.1]:{there}/items",
    "ipv6-own-port": "http://[::1]:{here}/items",
    "whole-number": "http://2130706433:{there}/items",
    "short": "http://127.1:{there}/items",
    "octal": "http://0177.0.0.1:{there}/items",
    "any-address": "http://0.0.0.0:{there}/items",
    "query": "http://127.0.0.1:{there}?@127.0.0.1:{here}/items",
    "fragment": "http://127.0.0.1:{there}#@127.0.0.1:{here}/items",
    "capitals": "HTTP://LOCALHOST:{there}/items",
    "no-port": "http://127.0.0.1/items",
    "dot": "http://localhost.:{there}/items",
    # What can be read in two ways, or hides something, is not read at all.
    "user": "http://127.0.0.1@127.0.0.1:{there}/items",
    "user-of-own": "http://127.0.0.1:{here}@127.0.0.1:{there}/items",
    "user-and-password": "http://us:pw@127.0.0.1:{here}/items",
    "file": "file:///etc/passwd",
    "script": "javascript:alert(1)",
    "ftp": "ftp://127.0.0.1:{there}/items",
    # What requests takes for no URL: exit code 4, but as a redirect 6.
    "encoded-at": "http://127.0.0.1:{here}%40127.0.0.1:{there}/items",
    "blank": "http://127.0.0.1:{there} /items",
    "nul": "http://127.0.0.1:{there}\x00/items",
    "bad-port": "http://127.0.0.1:99999/items",
    # What is a path of the own origin for one parser and another host for some others.
    "backslash": "http://127.0.0.1:{here}\\@127.0.0.1:{there}/items",
    "backslashes": "http:\\\\127.0.0.1:{there}\\items",
    "relative-backslash": "/\\127.0.0.1:{there}/items",
    "many-slashes": "///127.0.0.1:{there}/items",
}
"""Links that lead elsewhere; ``here`` is the port of the source's own API."""
NAMED = frozenset(list(FOREIGN)[: list(FOREIGN).index("user")])
INVALID = frozenset({"encoded-at", "blank", "nul", "bad-port"})
AT_HOME = frozenset({"backslash", "backslashes", "relative-backslash", "many-slashes"})

make_links = loaded_once(custom.make_tap)


@pytest.fixture
def own() -> Iterator[HttpServer]:
    """The API the source belongs to."""
    with HttpServer() as server:
        yield server


@pytest.fixture
def foreign() -> Iterator[HttpServer]:
    """A server that would answer anything."""
    with HttpServer(json_answer({"items": [{"id": 666}], "next": None})) as server:
        yield server


def link_of(name: str, own: HttpServer, foreign: HttpServer) -> str:
    """Return a foreign link by its name."""
    return FOREIGN[name].format(here=own.port, there=foreign.port)


def run_links(folder: Path, own: HttpServer, *more: str, kind: str = "bearer") -> Finished:
    """Run tap-bizon on the source that follows links."""
    login = authentication(kind)
    if kind == "oauth":
        login["params"]["token_refresh_endpoint"] = f"{own.url}/token"
    config = {"source_file_path": str(SOURCE), "base_url": own.url, "authentication": login}
    path = write(folder / "config.json", {**config, **SETTINGS})
    return run_inside(make_links, "--config", path, *more)


def assert_refused(done: Finished, own: HttpServer, foreign: HttpServer, code: int = 6) -> None:
    """Check that nobody was reached, no secret was said, and the run ended for it."""
    assert foreign.pool == 0
    assert done.code == code, done.stderr
    assert leaks(done) == []
    assert f":{own.port}@" not in sentence(done)


def assert_named(done: Finished, own: HttpServer) -> None:
    """Check that the sentence names both origins, and gives no advice to open the door."""
    text = sentence(done)
    assert f"http://127.0.0.1:{own.port}" in text
    assert text.count("://") >= 2, text
    assert "was refused" in text
    assert "allow_http" not in text


def page(number: int, following: str | None) -> Answer:
    """Return a page of one item."""
    return json_answer({"items": [{"id": number}], "next": following})


@pytest.mark.parametrize("name", FOREIGN)
def test_a_next_link_elsewhere_is_refused(
    name: str, own: HttpServer, foreign: HttpServer, tmp_path: Path
) -> None:
    """The page it came with is out; nothing is sent."""
    own.then(page(1, link_of(name, own, foreign)), Answer(404))
    done = run_links(tmp_path, own)
    assert_refused(done, own, foreign, 4 if name in INVALID | AT_HOME else 6)
    assert [record["id"] for record in records(done)] == [1]
    assert len(own.requests) == (2 if name in AT_HOME else 1)
    if name in NAMED:
        assert_named(done, own)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_redirect_elsewhere_is_refused(
    name: str, own: HttpServer, foreign: HttpServer, tmp_path: Path
) -> None:
    """Also where the redirect is on a later page."""
    own.then(page(1, "/items?page=2"), redirect(link_of(name, own, foreign)), Answer(404))
    done = run_links(tmp_path, own)
    assert_refused(done, own, foreign, 4 if name == "many-slashes" else 6)
    assert [record["id"] for record in records(done)] == [1]
    if name in NAMED:
        assert_named(done, own)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_link_out_of_a_forged_state_is_refused(
    name: str, own: HttpServer, foreign: HttpServer, tmp_path: Path
) -> None:
    """STATE is no more trusted than an answer: its link is followed as far, which is nowhere."""
    own.then(page(1, "/items?page=2"), Answer(403))
    state = last_state(run_links(tmp_path, own))
    progress = state["bookmarks"]["items"]["in_progress"]
    progress["pagination"] = {"next": link_of(name, own, foreign)}
    del progress["digest"]
    sent = len(own.requests)
    done = run_links(tmp_path, own, "--state", write(tmp_path / "state.json", state))
    assert_refused(done, own, foreign, 3 if name in AT_HOME else 4 if name in INVALID else 6)
    assert len(own.requests) == sent + (name in AT_HOME)
    assert records(done) == []
    if name in NAMED:
        assert_named(done, own)


@pytest.mark.parametrize("kind", AUTHENTICATIONS)
@pytest.mark.parametrize("where", ["link", "redirect"])
def test_no_credential_of_any_type_goes_along(
    where: str, kind: str, foreign: HttpServer, tmp_path: Path
) -> None:
    """The own API is sent a header, a cookie or a token; the foreign server gets no request."""
    link = f"{foreign.url}/items?key=1"
    answers: dict[str, list[Script]] = {
        "/items": [page(1, link) if where == "link" else redirect(link)],
        "/token": [json_answer({"access_token": CANARY})],
    }
    with HttpServer(routes=answers) as own:
        done = run_links(tmp_path, own, kind=kind)
        assert_refused(done, own, foreign)
        assert_named(done, own)
        headers = own.requests[-1].headers
    assert {"authorization", "x-api-key", "cookie"} & headers.keys()


@pytest.mark.parametrize("name", FOREIGN)
def test_the_pokeapi_tap_is_not_led_astray(
    name: str, own: HttpServer, foreign: HttpServer, tmp_path: Path
) -> None:
    """It takes from ``next`` only that there is more, from STATE only numbers, no redirect."""
    link = link_of(name, own, foreign)
    first = {"count": 2, "next": link, "results": [{"name": "x", "url": f"{link}/berry/1/"}]}
    own.then(json_answer(first), json_answer(first), redirect(link), Answer(404))
    config = {"base_url": own.url, "stream": "berry", "page_size": 1, **SETTINGS}
    arguments = ["--config", write(tmp_path / "config.json", config)]
    done = run_inside(lambda _: TapPokeApi, *arguments)
    assert_refused(done, own, foreign, 4 if name == "many-slashes" else 6)
    assert [record["id"] for record in records(done)] == [1]
    state = last_state(done)
    progress = state["bookmarks"]["berry"]["in_progress"]
    assert progress["pagination"] == {"offset": 1}
    progress["pagination"] = {"offset": link, "next": link}
    del progress["digest"]
    own.then(json_answer(first))
    forged = ["--state", write(tmp_path / "state.json", state)]
    assert_refused(run_inside(lambda _: TapPokeApi, *arguments, *forged), own, foreign, 2)
