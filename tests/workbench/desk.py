"""The command bizon-singer as a user meets it, and sources to use it on."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bizon_singer.workbench import door
from tests.adapter.source_files import as_in_a_new_process
from tests.commands.process import tap
from tests.process.commands import Finished
from tests.process.inside import _own_process

COMMAND = str(Path(sys.executable).parent / "bizon-singer")
HEAD = """
from bizon.source.config import SourceConfig
from bizon.source.models import SourceIncrementalState, SourceIteration, SourceRecord
from bizon.source.source import AbstractSource

def page(*numbers, then=None):
    records = [SourceRecord(id=str(n), data={"n": n}) for n in numbers]
    return SourceIteration(records=records, next_pagination=then or {})
"""


def desk(*arguments: str, cwd: Path | None = None, **environment: str) -> Finished:
    """Run bizon-singer to its end inside this process, from its door to its exit code.

    The start of an interpreter, with all it imports, would cost each time what the answer does not.

    Args:
        arguments: The command line.
        cwd: The folder it is run in.
        environment: Added to this process's.
    """
    own, level = logging.getLogger("bizon_singer"), logging.getLogger("bizon_singer").level
    with (
        tempfile.TemporaryFile() as out,
        as_in_a_new_process(),
        chdir(cwd or Path.cwd()),
        patch.dict(os.environ, environment),
        _own_process(out.fileno()) as behind,
    ):
        try:
            code = door.run(arguments)
        finally:
            logging.disable(logging.NOTSET)
            own.setLevel(level)
        sys.stderr.flush()
        out.seek(0)
        return Finished(code, out.read(), behind.getvalue())


def process(*arguments: str, **options: Any) -> Finished:
    """Run bizon-singer as a process of its own: one that takes longer than this hangs."""
    return tap("bizon-singer", *arguments, **{"timeout": 300, **options})


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
