"""I3 for tap-gsheets with real processes: SIGKILL at random moments, then a run from its STATE."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.testing import read
from bizon_taps.gsheets.tap import TapGsheets
from tests.fakes.gsheets import Gsheets
from tests.fakes.http_server import Request
from tests.process.commands import run, write_json
from tests.proofs.subjects import catalog_of, only
from tests.proofs.test_kill import SPAN_SECONDS, killed, state_arguments, tap, unfinished_streams

KILLS = int(os.environ.get("KILLS_PER_TAP", "6"))
KILLS_IN_A_STORM = 4
PER_REQUEST = 4
ROWS = 60
TITLES = ("Orders", "People")
STREAMS = frozenset({"orders", "people"})
Key = tuple[str, int]


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


def rows_of(recording: bytes) -> set[Key]:
    """Return stream and number of each row that was written whole."""
    found: set[Key] = set()
    for message in read(recording).of("RECORD"):
        record: dict[str, Any] = message.body["record"]
        found.add((str(message.stream), int(record["_row_number"])))
    return found


TRUTH = {(stream, number) for stream in STREAMS for number in range(2, ROWS + 2)}


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_is_resumed_exactly(seed: int, arguments: list[str], tmp_path: Path) -> None:
    """All rows are there, at most one page of each stream twice, the last line may be cut."""
    moment = random.Random(seed).uniform(0, SPAN_SECONDS)
    before, code = killed(arguments, moment)
    assert code in {0, -signal.SIGKILL}
    result = read(before)
    assert {violation.offset for violation in result.violations} <= {len(before) - len(result.tail)}
    rest = run([*arguments, *state_arguments(before, tmp_path)])
    assert rest.code == 0
    assert rows_of(before) | rows_of(rest.stdout) == TRUTH
    if code == 0:
        return
    again = rows_of(before) & rows_of(rest.stdout)
    for stream in unfinished_streams(before):
        assert len([key for key in again if key[0] == stream]) <= PER_REQUEST


def test_a_storm_of_kills_still_comes_to_an_end(arguments: list[str], tmp_path: Path) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    draw = random.Random(0)
    seen: set[Key] = set()
    state: list[str] = []
    for _ in range(KILLS_IN_A_STORM):
        recording, _ = killed([*arguments, *state], draw.uniform(0.02, 0.25))
        seen |= rows_of(recording)
        state = state_arguments(recording, tmp_path) or state
    last = run([*arguments, *state])
    assert last.code == 0
    assert seen | rows_of(last.stdout) == TRUTH
    assert json.loads(last.stdout.splitlines()[-1])["type"] == "STATE"
