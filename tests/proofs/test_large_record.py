"""F6: a record of 100 MB passes, in memory that is bounded by its size."""

from __future__ import annotations

import sys
from pathlib import Path

from bizon_singer.testing import check
from tests.process.commands import run, write_json

WEIGHED = Path(__file__).parents[1] / "sources" / "weighed.py"
SIZE = 100_000_000
ALLOWED_BESIDES = 64 * 1024 * 1024


def peak_of(size: int, folder: Path) -> tuple[int, bytes]:
    """Run a source whose one record is so large; return its peak memory in bytes, and its stdout.

    A process of its own, because the peak of one that ran other tests says nothing; started
    afresh, because a fork begins with what its server holds.
    """
    config = write_json(folder / f"{size}.json", {"size": size})
    done = run([sys.executable, str(WEIGHED), "--config", str(config)], fresh=True)
    assert done.code == 0, done.stderr
    peaks = [line for line in done.stderr.splitlines() if "PEAK" in line]
    return int(peaks[-1].rpartition(" ")[2]), done.stdout


def test_a_record_of_100_mb_takes_three_times_its_size(tmp_path: Path) -> None:
    """Its text, its line, and one copy on the way; 64 MiB over what any run takes."""
    base, _ = peak_of(1, tmp_path)
    peak, stdout = peak_of(SIZE, tmp_path)
    record = next(line for line in stdout.splitlines() if b'"RECORD"' in line)
    assert len(record) > SIZE
    assert stdout.count(b"\n") == 3
    assert record.count(b"x") >= SIZE
    assert peak - base <= 3 * SIZE + ALLOWED_BESIDES
    assert check(stdout.replace(b"x" * SIZE, b"x")) == []
