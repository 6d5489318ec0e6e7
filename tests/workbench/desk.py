"""The command bizon-singer as a user meets it, and sources to use it on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.commands.process import tap
from tests.process.commands import Finished

HEAD = """
from bizon.source.config import SourceConfig
from bizon.source.models import SourceIncrementalState, SourceIteration, SourceRecord
from bizon.source.source import AbstractSource

def page(*numbers, then=None):
    records = [SourceRecord(id=str(n), data={"n": n}) for n in numbers]
    return SourceIteration(records=records, next_pagination=then or {})
"""


def desk(*arguments: str, **options: Any) -> Finished:
    """Run bizon-singer to its end."""
    return tap("bizon-singer", *arguments, **options)


def answer(done: Finished) -> Any:
    """Return the JSON document that is all of stdout."""
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def lines(done: Finished) -> list[str]:
    """Return the lines on stdout, each without the spaces that align it."""
    return [" ".join(line.split()) for line in done.stdout.decode().splitlines()]


def source(
    folder: Path, body: str, *, name: str = "my_source.py", streams: str = "'things'"
) -> str:
    """Write a source file; ``body`` are the methods of its class, below ``streams``."""
    path = folder / name
    path.write_text(
        f"{HEAD}\nclass Mine(AbstractSource):\n    @staticmethod\n"
        f"    def streams(): return [{streams}]\n{body}"
    )
    return str(path)
