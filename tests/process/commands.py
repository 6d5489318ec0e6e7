"""Starts commands as a user does, and reads what they wrote.

A tap is forked where that is the same as a start (tests/process/forked.py), unless a test asks for
a fresh one; ``FRESH_STARTS=1`` in the environment asks for all tests.
"""

from __future__ import annotations

import array
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any

from tests.process.forked import Forked, is_same_forked

NUMBERED = Path(__file__).parents[1] / "sources" / "numbered.py"


def command(config: Path, *more: str, script: Path = NUMBERED) -> list[str]:
    """Return the command line of a source file with a config."""
    return [sys.executable, str(script), "--config", str(config), *more]


def write_json(path: Path, value: Any) -> Path:
    """Write a JSON file and return its path."""
    path.write_text(json.dumps(value))
    return path


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def last_line(self) -> str:
        """The last line on stderr."""
        return self.stderr.rstrip().rpartition("\n")[2]


def start(
    arguments: Sequence[str], *, fresh: bool = False, **options: Any
) -> subprocess.Popen[bytes] | Forked:
    """Start a command.

    Args:
        arguments: Its command line.
        fresh: Whether an interpreter is started even where a fork is the same.
        options: As of ``subprocess.Popen``.
    """
    if fresh or not is_same_forked(arguments, **options):
        return subprocess.Popen(arguments, **options)
    return Forked(arguments, **options)


def run(arguments: Sequence[str], *, timeout: float = 60, **options: Any) -> Finished:
    """Run a command to its end.

    Args:
        arguments: Its command line.
        timeout: After so many seconds it is killed.
        options: As of ``Started``.

    Raises:
        subprocess.TimeoutExpired: It was killed.
    """
    started = Started(arguments, **options)
    try:
        return started.finish(timeout)
    except subprocess.TimeoutExpired:
        started.process.kill()
        started.finish()
        raise


def at_a_terminal(
    arguments: list[str], *, shown: str, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a command with a terminal of 100 columns; return its exit code and what it showed there.

    Args:
        arguments: Its command line.
        shown: What goes to the terminal, ``stdout`` or ``stderr``; the other one is dropped.
        env: Its environment; this process's if None.
    """
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = start(
        arguments,
        stdout=there if shown == "stdout" else subprocess.DEVNULL,
        stderr=there if shown == "stderr" else subprocess.DEVNULL,
        env=env,
    )
    os.close(there)
    text = b""
    while True:
        try:
            part = os.read(here, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        text += part
    os.close(here)
    return process.wait(30), text.decode()


def _bytes_in(pipe: int) -> int:
    """Return how many bytes wait in a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


class Started:
    """A command that runs, with a pipe on its stdout.

    Args:
        arguments: Its command line.
        blocking: Whether its end of the pipe blocks.
        stdout: A descriptor or a file in place of the pipe.
        options: As of ``start``: ``fresh``, ``env``, ``cwd``.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        blocking: bool = True,
        stdout: int | IO[Any] | None = None,
        **options: Any,
    ) -> None:
        """Start it; its stderr goes to a file, so that it never stalls on it."""
        self.reading, writing = os.pipe()
        os.set_blocking(writing, blocking)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by finish()
        given = writing if stdout is None else stdout
        self.process = start(arguments, stdout=given, stderr=self._stderr, **options)
        os.close(writing)
        self._taken: list[bytes] = []

    def take(self, count: int) -> bytes:
        """Read up to a number of bytes of its stdout; nothing at the end."""
        part = os.read(self.reading, count)
        self._taken.append(part)
        return part

    def await_log(self, text: str, seconds: float = 30) -> None:
        """Wait until a text stands in its stderr."""
        self._await(lambda: text.encode() in os.pread(self._stderr.fileno(), 1 << 20, 0), seconds)

    def await_full_pipe(self, seconds: float = 30) -> None:
        """Wait until it cannot write any more: nothing has come into its pipe for a while."""
        held = -1

        def is_full() -> bool:
            nonlocal held
            before, held = held, _bytes_in(self.reading)
            return held == before > 0

        self._await(is_full, seconds, pause=0.1)

    def _await(self, is_so: Callable[[], bool], seconds: float, pause: float = 0.01) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, "it did not come to pass"
            time.sleep(pause)

    def hang_up(self) -> None:
        """Close the reading end, as a target that dies."""
        os.close(self.reading)
        self.reading = -1

    def wait(self, seconds: float) -> int:
        """Wait for its end and return the exit code."""
        return self.process.wait(seconds)

    def finish(self, seconds: float = 60) -> Finished:
        """Read the rest, wait for the end, and return everything it wrote.

        Raises:
            subprocess.TimeoutExpired: That takes more seconds.
        """
        end = time.monotonic() + seconds
        if self.reading >= 0:
            while True:
                if not wait([self.reading], max(0, end - time.monotonic())):
                    raise subprocess.TimeoutExpired(self.process.args, seconds)
                if not self.take(1 << 20):
                    break
            self.hang_up()
        code = self.process.wait(max(0, end - time.monotonic()))
        self._stderr.seek(0)
        text = self._stderr.read().decode()
        self._stderr.close()
        return Finished(code, b"".join(self._taken), text)
