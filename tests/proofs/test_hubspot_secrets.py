"""I7 for tap-hubspot: no token and no secret is seen, whatever a run or HubSpot does with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.source import session as session_module
from bizon_taps.hubspot import rates as rates_module
from bizon_taps.hubspot.tap import TapHubSpot
from tests.commands.process import write
from tests.fakes.http_server import Answer
from tests.fakes.hubspot import Clock, HubSpot, fill, unlimited
from tests.fakes.hubspot.access import CLIENT_SECRET, REFRESH_TOKEN, TOKEN
from tests.process.commands import Finished
from tests.process.inside import run_inside
from tests.proofs.canaries import leaks
from tests.proofs.http_faults import FAULTS

SECRETS_OF = {"api_key": [TOKEN], "oauth": [CLIENT_SECRET, REFRESH_TOKEN]}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATUSES = [400, 401, 403, 404, 429, 503, 530]


@pytest.fixture(autouse=True)
def _debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show everything there is to show, and wait for nothing."""
    monkeypatch.setenv("LOGLEVEL", "DEBUG")
    for module in (session_module, rates_module):
        monkeypatch.setattr(module, "sleep", lambda _: None)


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """A small portal."""
    with HubSpot(Clock(NOON), limits=unlimited()) as server:
        fill(server.portal)
        yield server


def run(hubspot: HubSpot, login: str, folder: Path, *more: str, **settings: Any) -> Finished:
    """Run the command inside this process, with a secret in every place that has one."""
    made = hubspot.settings() if login == "api_key" else hubspot.oauth_settings()
    settings = {**made, "api_config": {"retry_limit": 1}, **settings}
    config = write(folder / "config.json", settings)
    return run_inside(lambda _: TapHubSpot, "--config", config, *more, name="tap-hubspot")


def every_secret(hubspot: HubSpot) -> list[str]:
    """Return the secrets of any run, and the tokens that were issued."""
    return [secret for own in SECRETS_OF.values() for secret in own] + hubspot.access.issued


def assert_silent(done: Finished, hubspot: HubSpot) -> None:
    """Check that no secret, and no token that was issued, is seen in any spelling."""
    assert leaks(done, *every_secret(hubspot)) == []


@pytest.mark.parametrize("login", SECRETS_OF)
@pytest.mark.parametrize("more", [[], ["--discover"], ["--about"], ["--test"]], ids=" ".join)
def test_a_run_shows_no_secret(
    more: list[str], login: str, hubspot: HubSpot, tmp_path: Path
) -> None:
    """At debug, in STATE, catalog and the description of the tap."""
    done = run(hubspot, login, tmp_path, *more)
    assert done.code == 0, done.stderr
    assert_silent(done, hubspot)


@pytest.mark.parametrize("login", SECRETS_OF)
@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_that_tells_the_token_shows_none(
    status: int, login: str, hubspot: HubSpot, tmp_path: Path
) -> None:
    """Body and headers say what was sent, also where a scope or a category is looked for."""

    def told(good: Answer) -> Answer:
        tokens = [*SECRETS_OF[login], *hubspot.access.issued]
        errors = [{"context": {"requiredGranularScopes": tokens}, "message": tokens}]
        body = {
            "category": tokens[-1],
            "policyName": tokens[-1],
            "errors": errors,
            "message": tokens,
        }
        headers = {**good.headers, "WWW-Authenticate": f'Bearer error="{tokens[0]}"'}
        return replace(good, status=status, body=json.dumps(body).encode(), headers=headers)

    hubspot.spoil(told, path="/objects/", times=None)
    done = run(hubspot, login, tmp_path, stream="contacts")
    assert done.code in {3, 4, 5}
    assert_silent(done, hubspot)


@pytest.mark.parametrize("kind", ["reset-in-body", "html", "error-200", "deep-json"])
def test_a_fault_of_the_token_endpoint_shows_none(
    kind: str, hubspot: HubSpot, tmp_path: Path
) -> None:
    """Where the client's secret itself travels."""
    fault = next(fault for fault in FAULTS if fault.kind == kind)
    assert fault.spoil is not None
    hubspot.spoil(fault.spoil, path="/token$", times=None)
    done = run(hubspot, "oauth", tmp_path, stream="contacts")
    assert done.code in {3, 4, 5}
    assert_silent(done, hubspot)


def test_a_token_is_sent_in_one_header_alone(hubspot: HubSpot, tmp_path: Path) -> None:
    """Never in a URL, where proxies and servers keep it."""
    assert run(hubspot, "oauth", tmp_path, stream="contacts").code == 0
    for request in hubspot.requests:
        others = {name: text for name, text in request.headers.items() if name != "authorization"}
        shown = request.target + json.dumps(others)
        assert [secret for secret in every_secret(hubspot) if secret in shown] == []
