"""I7 for tap-notion: the token is not seen, whatever a run or Notion does with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.source import session as session_module
from bizon_taps.notion.tap import TapNotion
from tests.commands.process import write
from tests.fakes.http_server import json_answer
from tests.fakes.notion import TOKEN, Notion, fill
from tests.process.commands import Finished
from tests.process.inside import run_inside
from tests.proofs.canaries import leaks


@pytest.fixture(autouse=True)
def _debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show everything there is to show, and wait for nothing."""
    monkeypatch.setenv("LOGLEVEL", "DEBUG")
    monkeypatch.setattr(session_module, "sleep", lambda _: None)


@pytest.fixture
def notion(notion: Notion) -> Notion:
    """A small workspace."""
    fill(notion.workspace, rows=2)
    return notion


def run(notion: Notion, folder: Path, *more: str, **settings: Any) -> Finished:
    """Run the command inside this process."""
    config = notion.settings(api_config={"retry_limit": 1}, **settings)
    path = write(folder / "config.json", config)
    return run_inside(lambda _: TapNotion, "--config", path, *more, name="tap-notion")


@pytest.mark.parametrize("more", [[], ["--discover"], ["--about"], ["--test"]], ids=" ".join)
def test_a_run_shows_no_secret(more: list[str], notion: Notion, tmp_path: Path) -> None:
    """At debug, in STATE, catalog and the description of the tap."""
    done = run(notion, tmp_path, *more)
    assert done.code == 0, done.stderr
    assert leaks(done, TOKEN) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 503])
@pytest.mark.parametrize("code", ["validation_error", "restricted_resource", "object_not_found"])
def test_a_refusal_that_tells_the_token_shows_none(
    code: str, status: int, notion: Notion, tmp_path: Path
) -> None:
    """Its body and headers say what was sent, also where the code of an error is looked for."""
    body = {"object": "error", "status": status, "code": code, "message": TOKEN}
    more = {"additional_data": {"error_type": TOKEN}}
    told = json_answer({**body, **more}, status, WWW_Authenticate=f'Bearer error="{TOKEN}"')
    notion.spoil(lambda _: told, path="/children$", times=None)
    done = run(notion, tmp_path, stream="blocks")
    left_out = (status, code) == (404, "object_not_found")
    assert (done.code == 0) is left_out, done.stderr
    assert leaks(done, TOKEN) == []


def test_the_token_is_sent_in_one_header_alone(notion: Notion, tmp_path: Path) -> None:
    """Never in a URL, where proxies and servers keep it."""
    assert run(notion, tmp_path).code == 0
    for request in notion.requests:
        others = {name: text for name, text in request.headers.items() if name != "authorization"}
        assert TOKEN not in request.target + json.dumps(others) + request.body.decode()
