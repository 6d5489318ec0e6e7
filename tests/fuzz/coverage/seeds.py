"""What the corpora start from: ``python -m tests.fuzz.coverage.seeds FOLDER``."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from pathlib import Path
from typing import Any, Final

PAGE: Final = json.dumps(
    {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [{"name": "cheri", "url": "https://pokeapi.co/api/v2/berry/1/"}],
    }
).encode()
IN_PROGRESS: Final[dict[str, Any]] = {
    "mode": "full_table",
    "started_at": "2026-11-22T06:00:00Z",
    "pages": 2,
    "pagination": {"after": {"$type": "tuple", "value": [1, {"$type": "bytes", "value": "/w=="}]}},
    "next_state": {"since": {"$type": "datetime", "value": "2024-01-01T00:00:00+00:00"}},
    "version": 7,
    "config": "sha256:0",
}
STATE: Final = {
    "version": 1,
    "bookmarks": {
        "s": {"in_progress": IN_PROGRESS, "table_version": 5},
        "t": {
            "last_run": "2026-11-20T06:00:00Z",
            "state": {"at": {"$type": "decimal", "value": "1.5"}},
            "replication_key": "updatedAt",
            "replication_key_value": "2026-11-20T06:00:00Z",
            "updatedAt": "2026-11-20",
            "in_progress": None,
        },
        "other": {"position": 2**70},
    },
}
SEEDS: Final = {
    "body": [
        b"\0\0" + PAGE,
        b"\0\1" + gzip.compress(PAGE),
        b"\0\2" + zlib.compress(PAGE),
        b"\1\0\xef\xbb\xbf" + PAGE,
        b"\3\0" + PAGE.decode().encode("utf-16"),
    ],
    "state": [
        json.dumps(STATE).encode(),
        json.dumps({"type": "STATE", "value": STATE}).encode(),
        b"{}",
    ],
}


def main(folder: Path) -> None:
    """Write the seeds of each target into a folder of its own."""
    for target, seeds in SEEDS.items():
        corpus = folder / target
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds):
            (corpus / f"seed-{number}").write_bytes(seed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
