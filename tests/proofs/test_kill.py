"""I3 with real processes: SIGKILL at random moments, then a run from the last STATE.

The prefix oracle of test_resume proves all bytes of a recorded run; this shows that a killed
process is such a prefix. A failing case is replayed by its test id, which holds its seed::

    KILLS_PER_TAP=200 python -m pytest tests/proofs/test_kill.py    a night, with longer storms
    KILLS_PER_TAP=6                                                  default
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.testing import read
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.pokeapi import PokeApi
from tests.process.commands import Started, run, write_json
from tests.proofs.subjects import catalog_of

BIN = Path(sys.executable).parent
SOURCES = Path(__file__).parents[1] / "sources"
SPAN_SECONDS = 0.5
SUBJECTS = 5
KILLS_PER_TAP = int(os.environ.get("KILLS_PER_TAP", "6"))
KILLS = SUBJECTS * KILLS_PER_TAP
LIMIT_SECONDS = 300.0
"""What only loses a run that hangs: a nightly one is niced, on a machine that is busy."""
STORMS = max(3, KILLS_PER_TAP // 8)
KILLS_IN_A_STORM = max(12, KILLS_PER_TAP // 10)
LISTS = {"berry": 120, "item": 400, "move": 200}
DETAILS = frozenset({"berry", "nature", "type"})
Key = tuple[str, Any]


@pytest.fixture(scope="module")
def api() -> Iterator[PokeApi]:
    """A PokeAPI that takes its time."""
    with PokeApi(counts=LISTS, pause_seconds=0.004) as server:
        yield server


def tap(name: str, config: dict[str, Any], folder: Path) -> list[str]:
    """Return the command line of an installed tap."""
    return [str(BIN / name), "--config", str(write_json(folder / "c.json", config))]


def pokeapi(config: dict[str, Any], streams: frozenset[str], folder: Path) -> list[str]:
    """Return the command line of tap-pokeapi with some streams selected."""
    catalog = write_json(folder / "catalog.json", catalog_of(TapPokeApi, config, streams))
    return [*tap("tap-pokeapi", config, folder), "--catalog", str(catalog)]


def subject_of(seed: int, api: PokeApi, folder: Path) -> tuple[list[str], int]:
    """Return the command of one of five subjects, and its page size.

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


def records_of(recording: bytes) -> set[Key]:
    """Return stream and key of every whole RECORD of a recording."""
    return {
        (message.body["stream"], record.get("_source_record_id", record.get("id")))
        for message in read(recording).of("RECORD")
        for record in [message.body["record"]]
    }


def unfinished_streams(recording: bytes) -> set[str]:
    """Return the streams the last STATE has in progress; a complete full table is read again."""
    states = [message.body["value"] for message in read(recording).of("STATE")]
    bookmarks = states[-1]["bookmarks"] if states else {}
    return {stream for stream, bookmark in bookmarks.items() if bookmark.get("in_progress")}


def state_arguments(recording: bytes, folder: Path) -> list[str]:
    """Return ``--state`` with the last whole STATE of a recording, or nothing."""
    states = [message.body["value"] for message in read(recording).of("STATE")]
    return ["--state", str(write_json(folder / "s.json", states[-1]))] if states else []


def killed(arguments: list[str], seconds: float) -> tuple[bytes, int]:
    """Run a command and kill it so long after its first byte; return its stdout and code."""
    started = Started(arguments)
    started.take(1)
    timer = threading.Timer(seconds, started.process.send_signal, (signal.SIGKILL,))
    timer.start()
    while started.take(1 << 16):
        pass
    timer.cancel()
    done = started.finish()
    return done.stdout, done.code


_complete: dict[int, set[Key]] = {}


def complete_run(subject: int, arguments: list[str]) -> set[Key]:
    """Return the records of a run nobody kills, from memory after the first time."""
    if subject not in _complete:
        _complete[subject] = records_of(run(arguments, timeout=LIMIT_SECONDS).stdout)
    return _complete[subject]


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_is_resumed_exactly(seed: int, api: PokeApi, tmp_path: Path) -> None:
    """All records are there, at most one page twice, only the last line may be cut."""
    arguments, page_size = subject_of(seed, api, tmp_path)
    moment = random.Random(seed).uniform(0, SPAN_SECONDS)
    before, code = killed(arguments, moment)
    assert code in {0, -signal.SIGKILL}
    result = read(before)
    assert {violation.offset for violation in result.violations} <= {len(before) - len(result.tail)}
    rest = run([*arguments, *state_arguments(before, tmp_path)], timeout=LIMIT_SECONDS)
    assert rest.code == 0
    if code == 0:
        return
    assert records_of(before) | records_of(rest.stdout) == complete_run(seed % SUBJECTS, arguments)
    unfinished = unfinished_streams(before)
    again = [key for key in records_of(before) & records_of(rest.stdout) if key[0] in unfinished]
    assert len(again) <= page_size


@pytest.mark.parametrize("seed", range(STORMS))
def test_a_storm_of_kills_still_comes_to_an_end(seed: int, api: PokeApi, tmp_path: Path) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    number = seed * 7  # each of the subjects in turn, with one stream at a time, two, and three
    arguments, _ = subject_of(number, api, tmp_path)
    draw = random.Random(seed)
    seen: set[Key] = set()
    state: list[str] = []
    for _ in range(KILLS_IN_A_STORM):
        recording, code = killed([*arguments, *state], draw.uniform(0.02, 0.25))
        seen |= records_of(recording)
        state = state_arguments(recording, tmp_path) or state
        if code == 0:
            break
    else:
        last = run([*arguments, *state], timeout=LIMIT_SECONDS)
        assert last.code == 0
        seen |= records_of(last.stdout)
    assert seen == complete_run(number % SUBJECTS, arguments)
