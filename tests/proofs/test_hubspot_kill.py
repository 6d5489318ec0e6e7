"""I3 for tap-hubspot with real processes: SIGKILL at random moments, then a run from its STATE."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizon_taps.hubspot.tap import TapHubSpot
from tests.fakes.http_server import Request
from tests.fakes.hubspot import HubSpot, fill, unlimited
from tests.process.commands import write_json
from tests.proofs.kills import KILLS_PER_TAP, Victim, tap
from tests.proofs.subjects import catalog_of, only

PAGE_SIZE = 4
STREAMS = frozenset({"contacts", "companies"})


@pytest.fixture(scope="module")
def hubspot() -> Iterator[HubSpot]:
    """A HubSpot that takes its time, with 60 contacts and companies on pages of four."""

    def pause(_: Request) -> None:
        time.sleep(0.006)

    with HubSpot(limits=unlimited()) as server:
        server.page_most = PAGE_SIZE
        fill(server.portal)
        for number in range(60):
            server.portal.create("contacts", {"lastname": f"Contact {number}"})
            server.portal.create("companies", {"domain": f"{number}.example"})
        server.before_each = pause
        yield server


@pytest.fixture
def arguments(hubspot: HubSpot, tmp_path: Path) -> list[str]:
    """The command line of a run of two streams, read at once."""
    config = hubspot.settings(searches_per_second=100_000, archived=True, max_parallel_streams=2)
    catalog = only(catalog_of(TapHubSpot, hubspot.settings(), STREAMS), STREAMS)
    path = write_json(tmp_path / "catalog.json", catalog)
    return [*tap("tap-hubspot", config, tmp_path), "--catalog", str(path)]


def truth(hubspot: HubSpot) -> set[tuple[str, str]]:
    """Return stream and id of everything there is."""
    return {
        (kind, identity)
        for kind in STREAMS
        for archived in (False, True)
        for identity in hubspot.portal.ids(kind, archived=archived)
    }


@pytest.fixture
def victim(hubspot: HubSpot, arguments: list[str], tmp_path: Path) -> Victim:
    """The run that is killed."""
    return Victim(arguments, tmp_path, truth(hubspot), PAGE_SIZE)


@pytest.mark.parametrize("seed", range(KILLS_PER_TAP))
def test_a_killed_run_is_resumed_exactly(seed: int, victim: Victim) -> None:
    """All records are there, at most one page of each stream twice, the last line may be cut."""
    victim.assert_resumed_exactly(seed)


def test_a_storm_of_kills_still_comes_to_an_end(victim: Victim) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    victim.assert_survives_a_storm()
