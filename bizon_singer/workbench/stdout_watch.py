"""Notes what code of a user writes to stdout: print, ``os.write(1, …)``, child processes."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bizon_singer.stdout import STDOUT


@dataclass
class Watched:
    """What was written while it was watched.

    Attributes:
        text: All of it, once the watching has ended.
    """

    text: str = ""


@contextmanager
def watched_stdout() -> Iterator[Watched]:
    """Note what is written to file descriptor 1, and pass it on to stderr at the end.

    The process's own messages are not among it: they go to the descriptor it has claimed.
    """
    watched = Watched()
    with tempfile.TemporaryFile() as file:
        before = os.dup(STDOUT)
        streams = sys.stdout, sys.__stdout__
        os.dup2(file.fileno(), STDOUT)
        own = io.TextIOWrapper(
            os.fdopen(STDOUT, "wb", buffering=0, closefd=False),
            encoding="utf-8",
            errors="backslashreplace",
            write_through=True,
        )
        sys.stdout = sys.__stdout__ = own  # type: ignore[misc]
        try:
            yield watched
        finally:
            sys.stdout, sys.__stdout__ = streams  # type: ignore[misc]
            os.dup2(before, STDOUT)
            os.close(before)
            file.seek(0)
            watched.text = file.read().decode("utf-8", "backslashreplace")
            sys.stderr.write(watched.text)
