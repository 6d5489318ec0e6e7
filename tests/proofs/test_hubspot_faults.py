"""I6, I7, I8 for tap-hubspot: what goes wrong at each kind of request, once and for good.

The table of faults is that of tests/proofs/http_faults.py; here a part of it meets every endpoint
the tap has, and the refusals that are HubSpot's own. Another stream of the run is complete always.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.source import session as session_module
from bizon_taps.hubspot import rates as rates_module
from bizon_taps.hubspot.tap import TapHubSpot
from tests.commands.process import last_state, records, sentence
from tests.fakes.hubspot import Clock, HubSpot, bad_gateway, fill, too_many, unlimited
from tests.fakes.hubspot.access import CLIENT_SECRET, REFRESH_TOKEN, TOKEN
from tests.process.commands import Finished
from tests.proofs.checked_command import CheckedCommand
from tests.proofs.http_faults import BODY_CANARY, FAULTS, Fault
from tests.proofs.subjects import catalog_of, only

RETRY_LIMIT = 2
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAIR = "associations_companies__contacts"
STREAMS = frozenset({"contacts", PAIR, "owners"})
COUNT = 9
PAGES = 3
SECRETS = [TOKEN, CLIENT_SECRET, REFRESH_TOKEN, BODY_CANARY]
KINDS = [
    "reset-before",
    "reset-in-body",
    "cut-gzip",
    "cut-chunked",
    "read-timeout",
    "error-200",
    "html",
    "empty",
    "wrong-type",
    "deep-json",
    "400",
    "401",
    "404",
    "429-none",
    "429-date",
    "429-endless",
    "502",
    "503",
]
FAULT_OF = {fault.kind: fault for fault in FAULTS}
SAYS = {"error-200": "has no list of `results`", "wrong-type": "is no JSON object"}
"""What this tap says of answers it judges itself."""
LIST = r"/crm/objects/[0-9-]+/contacts$"
POSITIONS = {
    # What is spoiled, how many such requests are left alone, the stream, and its records by then.
    "properties": ("/crm/properties/", 0, "contacts", 0),
    "first": (LIST, 0, "contacts", 0),
    "middle": (LIST, 1, "contacts", 3),
    "last": (LIST, 2, "contacts", 6),
    "search": ("/contacts/search$", 1, "contacts", 3),
    "batch": ("/contacts/batch/read$", 1, PAIR, 3),
}
CASES = [
    pytest.param(FAULT_OF[kind], position, id=f"{kind}@{position}")
    for kind in KINDS
    for position in POSITIONS
]


@pytest.fixture(scope="module")
def catalog() -> dict[str, Any]:
    """The streams of a run."""
    with HubSpot(limits=unlimited()) as server:
        found = catalog_of(
            TapHubSpot, server.settings(associations=["companies-contacts"]), STREAMS
        )
    return only(found, STREAMS)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pauses that are made, but for those of nothing."""
    noted: list[float] = []

    def note(seconds: float) -> None:
        if seconds > 0:
            noted.append(seconds)

    monkeypatch.setattr(session_module, "sleep", note)
    monkeypatch.setattr(rates_module, "sleep", note)
    return noted


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """A portal of nine contacts and nine companies, on pages of three."""
    with HubSpot(Clock(NOON), limits=unlimited()) as server:
        server.page_most = COUNT // PAGES
        fill(server.portal, each=COUNT + 1)
        contact = server.portal.ids("contacts")[0]
        for company in server.portal.ids("companies"):
            server.portal.associate("companies", company, "contacts", contact)
        yield server


@pytest.fixture
def runs(
    hubspot: HubSpot, catalog: dict[str, Any], tmp_path: Path
) -> Callable[..., CheckedCommand]:
    """What makes a command line of further settings."""

    def made(**settings: Any) -> CheckedCommand:
        config = {
            "api_config": {"retry_limit": RETRY_LIMIT},
            "associations": ["companies-contacts"],
            "searches_per_second": 100_000,
            **hubspot.settings(),
            **settings,
        }
        return CheckedCommand(TapHubSpot, tmp_path, config, catalog, SECRETS)

    return made


def ids(done: Finished, stream: str) -> list[str]:
    """Return what was written of a stream, an association once."""
    key = "from_id" if stream == PAIR else "id"
    return list(dict.fromkeys(record[key] for record in records(done, stream)))


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("times", [1, None], ids=["once", "for-good"])
@pytest.mark.parametrize(("fault", "position"), CASES)
def test_a_fault_is_survived_or_ends_the_stream(
    fault: Fault,
    position: str,
    times: int | None,
    hubspot: HubSpot,
    runs: Callable[..., CheckedCommand],
) -> None:
    """Every record, or all pages before it with their STATE and one sentence; then the rest."""
    path, spared, stream, before = POSITIONS[position]
    run = runs(**fault.settings)
    state = None
    if position == "search":
        state = last_state(run())
        hubspot.clock.wait(1000)
        for contact in hubspot.portal.ids("contacts"):
            hubspot.portal.change("contacts", contact, {"lastname": "new"})
        hubspot.clock.wait(1000)
    every = hubspot.portal.ids("companies" if stream == PAIR else "contacts")
    assert fault.spoil is not None
    hubspot.spoil(fault.spoil, path=path, times=times, spared=spared)
    done = run(state)
    assert len(ids(done, "owners")) == COUNT + 1
    if times == 1 and fault.heals and fault.kind != "401":  # there is no other token to be had
        assert done.code == 0, done.stderr
        assert ids(done, stream) == every
        return
    assert done.code == fault.code, done.stderr
    assert ids(done, stream) == every[:before]
    assert re.search(SAYS.get(fault.kind, fault.says), sentence(done)), sentence(done)
    assert f"stream '{stream}'" in sentence(done)
    hubspot.heal()
    rest = run(last_state(done))
    assert rest.code == 0, rest.stderr
    assert ids(done, stream) + ids(rest, stream) == every


@pytest.mark.parametrize("path", [LIST, "/crm/properties/", "/contacts/batch/read$"])
def test_the_page_of_a_gateway_is_survived(
    path: str, hubspot: HubSpot, runs: Callable[..., CheckedCommand], pauses: list[float]
) -> None:
    """A 502 of HTML is asked for again, and ends the run with code 5 if it stays."""
    run = runs()
    hubspot.spoil(bad_gateway, path=path, times=RETRY_LIMIT)
    assert run().code == 0
    assert len(pauses) == RETRY_LIMIT
    hubspot.spoil(bad_gateway, path=path, times=None)
    done = run()
    assert done.code == 5
    assert "502" in sentence(done)


def test_a_spent_day_ends_the_run_at_once(
    hubspot: HubSpot, runs: Callable[..., CheckedCommand], pauses: list[float]
) -> None:
    """DAILY is not asked again: the run says when the day of the account ends, and keeps STATE."""
    run = runs()
    hubspot.spoil(too_many("DAILY"), path=LIST, times=None, spared=1)
    done = run()
    assert done.code == 5
    assert pauses == []
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", done.stderr), done.stderr
    asked = [request for request in hubspot.requests if re.search(LIST, request.path)]
    assert len(asked) == 2
    hubspot.heal()
    rest = run(last_state(done))
    assert rest.code == 0
    assert ids(done, "contacts") + ids(rest, "contacts") == hubspot.portal.ids("contacts")


def test_ten_seconds_are_waited_for(
    hubspot: HubSpot, runs: Callable[..., CheckedCommand], pauses: list[float]
) -> None:
    """TEN_SECONDLY_ROLLING without a Retry-After is a pause until the window is over."""
    hubspot.spoil(too_many("TEN_SECONDLY_ROLLING"), path=LIST)
    assert runs()().code == 0
    assert 9 < max(pauses) <= 10  # noted and not made, so that what follows waits for it as well


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("after", [1, 3])
def test_a_token_that_ends_is_renewed(
    after: int, hubspot: HubSpot, runs: Callable[..., CheckedCommand]
) -> None:
    """Revoked in the middle of a run, a token is had anew once, and nothing is lost."""
    run = runs(**hubspot.oauth_settings(stream="contacts"))
    hubspot.before(after + 2, hubspot.access.revoke)
    done = run()
    assert done.code == 0, done.stderr
    assert ids(done, "contacts") == hubspot.portal.ids("contacts")
    assert len(hubspot.access.issued) == 2
    assert [token for token in hubspot.access.issued if token in done.stderr] == []


@pytest.mark.usefixtures("pauses")
def test_a_missing_scope_fails_its_stream_alone(
    hubspot: HubSpot, runs: Callable[..., CheckedCommand]
) -> None:
    """The scope is named, the code is that of credentials, the other streams are complete."""
    hubspot.access.denied = {"crm.objects.contacts.read"}
    done = runs()()
    assert done.code == 3
    assert "crm.objects.contacts.read" in done.stderr
    assert (ids(done, "contacts"), len(ids(done, "owners"))) == ([], COUNT + 1)
