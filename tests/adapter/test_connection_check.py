"""The connection check of a source meets the same broken answers as its pages do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bizon_taps.pokeapi.tap import TapPokeApi
from tests.commands.process import records, write
from tests.fakes.http_server import Answer, HttpServer, json_answer
from tests.process.inside import run_inside

HTML = Answer(200, b"<html></html>", {"Content-Type": "text/html"})
PAGE = {"count": 1, "next": None, "results": [{"name": "x", "url": "/berry/1/"}]}


@pytest.mark.parametrize(("broken", "code", "requests"), [(1, 0, 3), (2, 0, 4), (3, 4, 3)])
def test_a_check_that_gives_its_error_is_asked_again(
    broken: int, code: int, requests: int, tmp_path: Path
) -> None:
    """tap-pokeapi's does: three broken bodies end a run, fewer do not."""
    with HttpServer(*[HTML] * broken, json_answer(PAGE)) as server:
        config = {"base_url": server.url, "stream": "berry"}
        path = write(tmp_path / "config.json", config)
        done = run_inside(lambda _: TapPokeApi, "--config", path)
        assert done.code == code, done.stderr
        assert len(records(done)) == (code == 0)
        assert len(server.requests) == requests


@pytest.mark.parametrize(("status", "reason"), [(404, "answered 404 Not Found"), (200, "no JSON")])
def test_a_check_that_only_warns_says_why(status: int, reason: str, tmp_path: Path) -> None:
    """Also where the reason is one that was asked for again."""
    broken = Answer(status, b"<html></html>", {"Content-Type": "text/html"})
    with HttpServer(*[broken] * 3, json_answer(PAGE)) as server:
        config = {"base_url": server.url, "stream": "berry", "check_connection": "warn"}
        done = run_inside(lambda _: TapPokeApi, "--config", write(tmp_path / "c.json", config))
    assert f"the connection check failed: GET {server.url}/berry/" in done.stderr
    assert reason in done.stderr
