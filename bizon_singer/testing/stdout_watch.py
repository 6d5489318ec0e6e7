"""Notes what code of a user writes to stdout: print, ``os.write(1, …)``, child processes."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bizon_singer.redact import excerpt, one_line
from bizon_singer.stdout import STDOUT

SHOWN_CHARACTERS = 300


@dataclass
class Watched:
    """What was written while it was watched.

    Attributes:
        text: All of it, once the watching has ended.
    """

    text: str = ""

    @property
    def finding(self) -> str:
        """What was seen, as a sentence without its end; empty if nothing was."""
        start = one_line(excerpt(self.text, SHOWN_CHARACTERS).strip())
        return f"something wrote to stdout, beginning with {start!r}" if self.text else ""


@contextmanager
def watched_stdout(*, pass_on: bool) -> Iterator[Watched]:
    """Note what is written to file descriptor 1.

    The process's own messages are not among it: they go to the descriptor it has claimed.

    Args:
        pass_on: Whether it goes to stderr in the end, as in a run.
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
            if pass_on and watched.text:
                sys.stderr.write(f"{watched.text.rstrip()}\n")  # what follows has its own line
