"""stdout fails in every way it can: one sentence, the documented exit code, no glued line."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from bizon_singer.testing import read
from tests.process.commands import Finished, Started, command, run, write_json


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config with more output than any pipe holds."""
    return write_json(tmp_path / "c.json", {"pages": 50, "page_size": 20, "record_bytes": 500})


@pytest.mark.parametrize("taken", [0, 1, 64, 4096, 100_000])
def test_a_closed_pipe_ends_the_run_quietly(config: Path, taken: int) -> None:
    """Exit 141, one sentence, no traceback, wherever the target stops reading."""
    started = Started(command(config))
    while taken > 0:
        taken -= len(started.take(taken))
    started.hang_up()
    done = started.finish()
    assert done.code == 141
    assert "the target closed the pipe" in done.last_line
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_named(config: Path) -> None:
    """Exit 74, and ENOSPC is said."""
    with Path("/dev/full").open("wb") as full:
        done = run(command(config), stdout=full)
    assert done.code == 74
    assert "ENOSPC" in done.last_line
    assert "CRITICAL" in done.last_line


def test_a_closed_stdout_is_named(config: Path) -> None:
    """With descriptor 1 closed nothing is written anywhere, and exit 74 says why."""
    shell = " ".join(f"'{part}'" for part in command(config)) + " >&-"
    done = run(["sh", "-c", shell])
    assert done.code == 74
    assert "EBADF" in done.last_line
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("limit", [100, 1_000, 10_000, 65_536])
def test_a_file_size_limit_cuts_only_the_last_line(
    tmp_path: Path, config: Path, limit: int
) -> None:
    """Exit 74; what is in the file is whole lines and the start of at most one more."""
    path = tmp_path / "out.jsonl"

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with path.open("wb") as out:
        done = run(command(config), stdout=out, preexec_fn=limit_files)
    assert done.code == 74
    written = path.read_bytes()
    assert len(written) == limit
    whole = written[: len(written) - len(read(written).tail)]
    assert all(json.loads(line)["type"] for line in whole.splitlines())


def test_a_non_blocking_stdout_loses_nothing(config: Path) -> None:
    """A pipe whose writing end is non-blocking (node, some shells) gets every byte."""
    started = Started(command(config), blocking=False)
    while started.take(1000):
        pass
    done = started.finish()
    assert done.code == 0
    recording = read(done.stdout)
    assert not recording.violations
    assert len(list(recording.of("RECORD"))) == 2 * 50 * 20


def test_whatever_a_source_prints_goes_to_stderr(tmp_path: Path) -> None:
    """print, os.write(1), child processes and C code cannot break a message."""
    source = tmp_path / "loud.py"
    source.write_text(
        "import ctypes, os, subprocess, sys\n"
        "from bizon_singer import AbstractSource, SourceIteration, SourceRecord, run\n"
        "class LoudSource(AbstractSource):\n"
        "    @staticmethod\n"
        "    def streams():\n"
        "        print('streams')\n"
        "        return ['a']\n"
        "    def get(self, pagination=None):\n"
        "        print('printed')\n"
        "        sys.stdout.write('written')\n"
        "        os.write(1, b'raw')\n"
        "        subprocess.run(['echo', 'child'])\n"
        "        libc = ctypes.CDLL(None)\n"
        "        libc.puts(b'from C')\n"
        "        libc.fflush(None)\n"
        "        return SourceIteration(records=[SourceRecord(id='1', data={'n': 1})])\n"
        "run(LoudSource)\n"
    )
    done: Finished = run(command(write_json(tmp_path / "c.json", {}), script=source))
    assert done.code == 0
    recording = read(done.stdout)
    assert not recording.violations
    assert len(list(recording.of("RECORD"))) == 1
    for word in ("streams", "printed", "raw", "child", "from C"):
        assert word in done.stderr
