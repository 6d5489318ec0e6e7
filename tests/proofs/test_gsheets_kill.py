"""I3 for tap-gsheets with real processes: SIGKILL at random moments, then a run from its STATE."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizon_singer.testing import read
from bizon_taps.gsheets.tap import TapGsheets
from tests.fakes.gsheets import Gsheets
from tests.fakes.http_server import Request
from tests.process.commands import write_json
from tests.proofs.kills import KILLS_PER_TAP, Key, Victim, tap
from tests.proofs.subjects import catalog_of, only

PER_REQUEST = 4
ROWS = 60
TITLES = ("Orders", "People")
STREAMS = frozenset({"orders", "people"})


@pytest.fixture(scope="module")
def google() -> Iterator[Gsheets]:
    """A Google that takes its time, with two sheets of 60 rows, read four at a time."""

    def pause(_: Request) -> None:
        time.sleep(0.006)

    with Gsheets() as server:
        book = server.book()
        for title in TITLES:
            sheet = book.sheet(title, ["id", "name"], *([n, f"row {n}"] for n in range(ROWS)))
            sheet.row_count = ROWS + 1
        server.before_each = pause
        yield server


@pytest.fixture
def arguments(google: Gsheets, tmp_path: Path) -> list[str]:
    """The command line of a run of two streams, read at once."""
    config = google.oauth_settings(rows_per_request=PER_REQUEST, max_parallel_streams=2)
    catalog = only(catalog_of(TapGsheets, google.oauth_settings(), STREAMS), STREAMS)
    path = write_json(tmp_path / "catalog.json", catalog)
    return [*tap("tap-gsheets", config, tmp_path), "--catalog", str(path)]


def rows_of(recording: bytes) -> list[Key]:
    """Return stream and number of each row that was written whole."""
    records = ((message.stream, message.body["record"]) for message in read(recording).of("RECORD"))
    return [(name, record["_row_number"]) for name, record in records]


TRUTH = {(stream, number) for stream in STREAMS for number in range(2, ROWS + 2)}


@pytest.fixture
def victim(arguments: list[str], tmp_path: Path) -> Victim:
    """The run that is killed."""
    return Victim(arguments, tmp_path, TRUTH, PER_REQUEST, rows_of)


@pytest.mark.parametrize("seed", range(KILLS_PER_TAP))
def test_a_killed_run_is_resumed_exactly(seed: int, victim: Victim) -> None:
    """All rows are there, at most one page of each stream twice, the last line may be cut."""
    victim.assert_resumed_exactly(seed)


def test_a_storm_of_kills_still_comes_to_an_end(victim: Victim) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    victim.assert_survives_a_storm()
