"""I3 for tap-hubspot with real processes: SIGKILL at random moments, then a run from its STATE."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizon_singer.testing import read
from bizon_taps.hubspot.tap import TapHubSpot
from tests.fakes.http_server import Request
from tests.fakes.hubspot import HubSpot, fill, unlimited
from tests.process.commands import run, write_json
from tests.proofs.subjects import catalog_of, only
from tests.proofs.test_kill import (
    SPAN_SECONDS,
    killed,
    records_of,
    state_arguments,
    tap,
    unfinished_streams,
)

KILLS = int(os.environ.get("KILLS_PER_TAP", "6"))
KILLS_IN_A_STORM = 8
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


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_is_resumed_exactly(
    seed: int, hubspot: HubSpot, arguments: list[str], tmp_path: Path
) -> None:
    """All records are there, at most one page of each stream twice, the last line may be cut."""
    before, code = killed(arguments, random.Random(seed).uniform(0, SPAN_SECONDS))
    assert code in {0, -signal.SIGKILL}
    result = read(before)
    assert {violation.offset for violation in result.violations} <= {len(before) - len(result.tail)}
    rest = run([*arguments, *state_arguments(before, tmp_path)])
    assert rest.code == 0
    assert records_of(before) | records_of(rest.stdout) == truth(hubspot)
    if code == 0:
        return
    again = records_of(before) & records_of(rest.stdout)
    for stream in unfinished_streams(before):
        assert len([key for key in again if key[0] == stream]) <= PAGE_SIZE


def test_a_storm_of_kills_still_comes_to_an_end(
    hubspot: HubSpot, arguments: list[str], tmp_path: Path
) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    draw = random.Random(0)
    seen: set[tuple[str, str]] = set()
    state: list[str] = []
    for _ in range(KILLS_IN_A_STORM):
        recording, _ = killed([*arguments, *state], draw.uniform(0.02, 0.25))
        seen |= records_of(recording)
        state = state_arguments(recording, tmp_path) or state
    last = run([*arguments, *state])
    assert last.code == 0
    assert seen | records_of(last.stdout) == truth(hubspot)
