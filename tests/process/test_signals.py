"""SIGTERM and SIGINT: the page is finished, STATE is out, nothing is glued, the code tells."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.signals import GRACE_SECONDS
from bizon_singer.testing import read
from tests.process.commands import Started, command, run, write_json

EXIT_CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
LIMIT_SECONDS = 6.0


def state_of(recording: bytes) -> dict[str, Any]:
    """Return the last STATE of a recording."""
    states = [message.body["value"] for message in read(recording).of("STATE")]
    return states[-1] if states else {}


def numbers_in(recording: bytes) -> set[tuple[str, int]]:
    """Return stream and number of every record."""
    return {
        (message.body["stream"], message.body["record"]["number"])
        for message in read(recording).of("RECORD")
    }


@pytest.mark.parametrize("signum", list(EXIT_CODES))
@pytest.mark.parametrize("record_bytes", [200, 20_000, 1_000_000])
@pytest.mark.parametrize(("reader", "parallel"), [("fast", 1), ("slow", 1), ("fast", 2)])
def test_a_signal_ends_the_run_at_a_page(
    tmp_path: Path, signum: signal.Signals, record_bytes: int, reader: str, parallel: int
) -> None:
    """Whole lines only, exit 143 or 130 in time, and a resumed run gives exactly the rest."""
    settings = {"pages": 60, "page_size": 2, "record_bytes": record_bytes, "page_seconds": 0.03}
    settings["max_parallel_streams"] = parallel
    config = write_json(tmp_path / "c.json", settings)
    started = Started(command(config))
    started.take(1)
    threading.Timer(0.25, started.process.send_signal, (signum,)).start()
    while started.take(1 << 16):
        time.sleep(0.002 if reader == "slow" else 0)
    done = started.finish(LIMIT_SECONDS)
    assert done.code == EXIT_CODES[signum]
    assert not read(done.stdout).tail
    assert not read(done.stdout).violations
    assert "run again with the last STATE" in done.last_line
    assert_resumes_exactly(tmp_path, config, done.stdout, pages=60)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("parallel", [1, 2])
def test_a_signal_ends_a_run_into_a_file_at_a_page(
    tmp_path: Path, seed: int, parallel: int
) -> None:
    """A file always has room, so that the sources write; a signal finds them at any moment."""
    settings = {"pages": 400, "page_size": 2, "page_seconds": 0.002}
    config = write_json(tmp_path / "c.json", settings | {"max_parallel_streams": parallel})
    out = tmp_path / "out.jsonl"
    with out.open("wb") as stdout:
        started = Started(command(config), stdout=stdout)
        deadline = time.monotonic() + LIMIT_SECONDS
        while not out.stat().st_size and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(random.Random(seed).uniform(0, 0.4))
        started.process.send_signal(signal.SIGTERM)
        done = started.finish(LIMIT_SECONDS)
    assert done.code == EXIT_CODES[signal.SIGTERM], done.stderr
    recording = out.read_bytes()
    assert not read(recording).tail
    assert not read(recording).violations
    assert_resumes_exactly(tmp_path, config, recording, pages=400)


def assert_resumes_exactly(tmp_path: Path, config: Path, recording: bytes, pages: int) -> None:
    """A run from the recording's last STATE gives what is missing and nothing else."""
    state = write_json(tmp_path / "s.json", state_of(recording))
    rest = run(command(config, "--state", str(state)))
    assert rest.code == 0
    before, after = numbers_in(recording), numbers_in(rest.stdout)
    assert before | after == {(s, n) for s in ("evens", "odds") for n in range(pages * 2)}
    assert len([pair for pair in before & after if pair[0] == "odds"]) <= 2


@pytest.mark.parametrize("signum", list(EXIT_CODES))
@pytest.mark.parametrize("record_bytes", [20_000, 1_000_000])
def test_a_stalled_reader_does_not_hold_the_process(
    tmp_path: Path, signum: signal.Signals, record_bytes: int
) -> None:
    """With the pipe full, the process ends in time; at most the very last line is cut."""
    settings = {"pages": 60, "page_size": 5, "record_bytes": record_bytes}
    config = write_json(tmp_path / "c.json", settings)
    started = Started(command(config))
    started.take(1)
    started.await_full_pipe()
    began = time.monotonic()
    started.process.send_signal(signum)
    assert started.wait(LIMIT_SECONDS) == EXIT_CODES[signum]
    assert time.monotonic() - began < LIMIT_SECONDS
    done = started.finish()
    whole, _, tail = done.stdout.rpartition(b"\n")
    for line in whole.split(b"\n"):
        assert json.loads(line)["type"] in {"SCHEMA", "RECORD", "STATE"}
    assert b"\n" not in tail
    assert tail == b"" or not is_json(tail)


THREAD_TAKES_SIGNAL = '''
import os, signal, threading, time
from bizon_singer import AbstractSource, SourceIteration, SourceRecord, run

class Source(AbstractSource):
    """Its thread takes the signal, when the pipe is full and the main thread waits."""

    @staticmethod
    def streams():
        return ["things"]

    def get(self, pagination=None):
        page = (pagination or {}).get("page", 0)
        if page == 1:
            time.sleep(1)
            signal.pthread_kill(threading.get_ident(), signal.SIGNUM)
        record = SourceRecord(str(page), {"text": "x" * 200_000})
        return SourceIteration({"page": page + 1}, [record])

run(Source)
'''


@pytest.mark.parametrize("signum", list(EXIT_CODES))
def test_a_signal_another_thread_takes_is_heard(tmp_path: Path, signum: signal.Signals) -> None:
    """The kernel may give it to any thread; the main one is deep in a write nobody reads."""
    script = tmp_path / "source.py"
    script.write_text(THREAD_TAKES_SIGNAL.replace("SIGNUM", signum.name))
    started = Started(command(write_json(tmp_path / "c.json", {}), script=script))
    started.take(1)
    assert started.wait(1 + 2 * LIMIT_SECONDS) == EXIT_CODES[signum]
    started.finish()


def is_json(text: bytes) -> bool:
    """Tell whether a cut line happens to be whole."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    """Nobody has to wait for the grace period."""
    config = write_json(tmp_path / "c.json", {"record_bytes": 1_000_000})
    started = Started(command(config))
    started.take(1)
    started.await_full_pipe()
    began = time.monotonic()
    # Two that are pending at once are one for the kernel, so it is sent until it is heard twice.
    while started.process.poll() is None and time.monotonic() - began < LIMIT_SECONDS:
        started.process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    assert started.wait(0) == 143
    assert time.monotonic() - began < GRACE_SECONDS
    started.finish()


def test_a_source_deep_in_a_wait_does_not_hold_the_process(tmp_path: Path) -> None:
    """The signal is heard while the source sleeps; the last STATE is out already."""
    config = write_json(tmp_path / "c.json", {"page_seconds": 30})
    started = Started(command(config))
    started.await_log("Stream 'evens' is read")
    began = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    assert started.wait(LIMIT_SECONDS) == 143
    assert time.monotonic() - began < GRACE_SECONDS
    assert not read(started.finish().stdout).tail
