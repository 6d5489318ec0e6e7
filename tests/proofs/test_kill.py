"""I3 with real processes: SIGKILL at random moments, then a run from the last STATE.

The prefix oracle of test_resume proves all bytes of a recorded run; this shows that a killed
process is such a prefix.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.pokeapi import PokeApi
from tests.process.commands import run, write_json
from tests.proofs.kills import KILLS_PER_TAP, LIMIT_SECONDS, Key, Victim, ids_of, tap
from tests.proofs.subjects import catalog_of

SOURCES = Path(__file__).parents[1] / "sources"
SUBJECTS = 5
KILLS = SUBJECTS * KILLS_PER_TAP
STORMS = max(3, KILLS_PER_TAP // 8)
LISTS = {"berry": 120, "item": 400, "move": 200}
DETAILS = frozenset({"berry", "nature", "type"})


@pytest.fixture(scope="module")
def api() -> Iterator[PokeApi]:
    """A PokeAPI that takes its time."""
    with PokeApi(counts=LISTS, pause_seconds=0.004) as server:
        yield server


def pokeapi(config: dict[str, Any], streams: frozenset[str], folder: Path) -> list[str]:
    """Return the command line of tap-pokeapi with some streams selected."""
    catalog = write_json(folder / "catalog.json", catalog_of(TapPokeApi, config, streams))
    return [*tap("tap-pokeapi", config, folder), "--catalog", str(catalog)]


def subject_of(seed: int, api: PokeApi, folder: Path) -> tuple[list[str], int]:
    """Return the command line of one of five subjects, and its page size.

    Every third of each subject's runs reads one stream at a time, two, or three.
    """
    config: dict[str, Any] = {"max_parallel_streams": 1 + seed // SUBJECTS % 3}
    subject = seed % SUBJECTS
    if subject == 0:
        config |= {"count": 200, "page_size": 10, "delay_seconds": 0.02}
        return tap("tap-dummy", config, folder), 10
    if subject == 1:
        config |= {"base_url": api.base_url, "page_size": 3}
        return pokeapi(config, frozenset(LISTS), folder), 3
    if subject == 2:
        config |= {"base_url": api.base_url, "page_size": 8, "details": True, "detail_workers": 2}
        return pokeapi(config, DETAILS, folder), 8
    if subject == 3:
        config |= {"source_file_path": str(SOURCES / "ledger.py"), "count": 3000, "page_size": 20}
        return tap("tap-bizon", config, folder), 20
    config |= {"pages": 20, "page_size": 5, "record_bytes": 20_000, "page_seconds": 0.015}
    path = write_json(folder / "c.json", config)
    return [sys.executable, str(SOURCES / "numbered.py"), "--config", str(path)], 5


_complete: dict[int, set[Key]] = {}


def victim(number: int, api: PokeApi, folder: Path) -> Victim:
    """Return a subject whose truth is what a run gives that nobody kills."""
    arguments, page_size = subject_of(number, api, folder)
    subject = number % SUBJECTS
    if subject not in _complete:
        _complete[subject] = {*ids_of(run(arguments, timeout=LIMIT_SECONDS).stdout)}
    return Victim(arguments, folder, _complete[subject], page_size)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_is_resumed_exactly(seed: int, api: PokeApi, tmp_path: Path) -> None:
    """All records are there, at most one page twice, only the last line may be cut."""
    victim(seed, api, tmp_path).assert_resumed_exactly(seed)


@pytest.mark.parametrize("seed", range(STORMS))
def test_a_storm_of_kills_still_comes_to_an_end(seed: int, api: PokeApi, tmp_path: Path) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    number = seed * 7  # each of the subjects in turn, with one stream at a time, two, and three
    victim(number, api, tmp_path).assert_survives_a_storm(seed)
