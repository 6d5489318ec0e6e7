"""I7 for tap-gsheets: no private key, token or secret is seen, whatever a run or Google does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.source import session as session_module
from bizon_taps.gsheets.tap import TapGsheets
from tests.commands.process import write
from tests.fakes.gsheets import Gsheets, fill
from tests.fakes.gsheets.access import CLIENT_SECRET, KEY_ID, REFRESH_TOKEN, private_pem
from tests.fakes.http_server import Answer
from tests.process.commands import Finished
from tests.process.inside import run_inside
from tests.proofs.canaries import leaks
from tests.proofs.http_faults import FAULTS

LOGINS = ["text", "object", "file", "environment", "oauth"]
STATUSES = [400, 401, 403, 404, 429, 503]


@pytest.fixture(autouse=True)
def _debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show everything there is to show, and wait for nothing."""
    monkeypatch.setenv("LOGLEVEL", "DEBUG")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
    monkeypatch.setattr(session_module, "sleep", lambda _: None)


@pytest.fixture
def google() -> Iterator[Gsheets]:
    """A small spreadsheet."""
    with Gsheets() as server:
        fill(server)
        yield server


def run(google: Gsheets, login: str, folder: Path, *more: str, **settings: Any) -> Finished:
    """Run the command inside this process, with a secret in every place that has one."""
    made = google.oauth_settings() if login == "oauth" else google.settings()
    if login == "environment":
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = write(
            folder / "key.json", google.access.key()
        )
        del made["service_account_key"]
    if login == "object":
        made["service_account_key"] = google.access.key()
    elif login == "file":
        made["service_account_key"] = write(folder / "key.json", google.access.key())
    settings = {**made, "api_config": {"retry_limit": 1}, **settings}
    config = write(folder / "config.json", settings)
    return run_inside(lambda _: TapGsheets, "--config", config, *more, name="tap-gsheets")


def secrets(google: Gsheets) -> list[str]:
    """Return everything that must not be seen: each line of the private key, and the tokens."""
    lines = private_pem().splitlines()[1:-1]
    issued = [token.text for token in google.access.issued]
    return [KEY_ID, CLIENT_SECRET, REFRESH_TOKEN, lines[0], lines[len(lines) // 2], *issued]


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize(
    "more", [[], ["--discover"], ["--about"]], ids=["run", "discover", "about"]
)
def test_a_run_shows_no_secret(
    more: list[str], login: str, google: Gsheets, tmp_path: Path
) -> None:
    """At debug, in STATE, catalog and the description of the tap."""
    done = run(google, login, tmp_path, *more)
    assert done.code == 0, done.stderr
    assert leaks(done, *secrets(google)) == []


@pytest.mark.parametrize("login", ["text", "oauth"])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("path", ["/v4/", "/token$"])
def test_a_refusal_that_tells_a_secret_shows_none(
    path: str, status: int, login: str, google: Gsheets, tmp_path: Path
) -> None:
    """Body and headers say what was sent, also where a reason or an error is looked for."""

    def told(good: Answer) -> Answer:
        known = " ".join([private_pem(), *secrets(google)])
        reason = {"reason": known, "domain": known}
        body = {
            "error": {"status": known, "message": known, "errors": [reason], "details": [reason]},
            "error_description": known,
        }
        headers = {**good.headers, "WWW-Authenticate": f'Bearer error="{KEY_ID}"'}
        return replace(good, status=status, body=json.dumps(body).encode(), headers=headers)

    google.spoil(told, path=path, times=None)
    done = run(google, login, tmp_path, stream="orders")
    assert done.code in {2, 3, 4, 5}
    assert leaks(done, *secrets(google)) == []


@pytest.mark.parametrize("login", ["text", "oauth"])
@pytest.mark.parametrize("kind", ["reset-in-body", "html", "error-200", "deep-json", "empty"])
def test_a_fault_of_the_token_endpoint_shows_none(
    kind: str, login: str, google: Gsheets, tmp_path: Path
) -> None:
    """Where a signed assertion, or the client's secret itself, travels."""
    fault = next(fault for fault in FAULTS if fault.kind == kind)
    assert fault.spoil is not None
    google.spoil(fault.spoil, path="/token$", times=None)
    done = run(google, login, tmp_path, stream="orders")
    assert done.code in {3, 4, 5}, done.stderr
    assert leaks(done, *secrets(google)) == []
    assert "Traceback" not in done.stderr


def test_a_token_is_sent_in_one_header_alone(google: Gsheets, tmp_path: Path) -> None:
    """Never in a URL, where proxies and servers keep it."""
    assert run(google, "text", tmp_path, stream="orders").code == 0
    for request in google.requests:
        others = {name: text for name, text in request.headers.items() if name != "authorization"}
        shown = request.target + json.dumps(others)
        assert [secret for secret in secrets(google) if secret in shown] == []


@pytest.mark.parametrize("setting", ["base_url", "drive_base_url", "token_uri"])
def test_no_secret_leaves_over_plain_http(setting: str, google: Gsheets, tmp_path: Path) -> None:
    """Neither a token nor an assertion, to no host but this machine: code 6, nothing sent."""
    done = run(google, "text", tmp_path, stream="orders", **{setting: "http://example.invalid"})
    assert done.code == 6, done.stderr
    assert "in clear text" in done.stderr
    assert leaks(done, *secrets(google)) == []
