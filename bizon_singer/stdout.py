"""The one door by which messages leave: whole lines, in one write, to a descriptor of our own.

``claim`` takes file descriptor 1 for messages and points the old number at stderr, before any
code of the user runs: a ``print``, a child process or a C library then writes to stderr and
cannot break a message (singer-io/tap-pipedrive#76).

Why no buffered file object: after a failed or interrupted write a buffer keeps half a line and
glues the next one to it. Here a failed write closes the door for good, so at most the very last
line is cut, and it has no line end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import sys
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from bizon_singer.errors import OutputError, TargetClosedError
from bizon_singer.redact import RedactingStream

if sys.platform == "linux":
    import fcntl
    import resource
    import termios

STDOUT = 1
STDERR = 2


class Writer:
    """Writes whole lines to one descriptor.

    Args:
        fd: An open descriptor. It may be non-blocking.
    """

    def __init__(self, fd: int) -> None:
        """Start with an open door."""
        self._fd = fd
        self._failure: OutputError | None = None
        self._room = _room_of(fd)

    def write(self, lines: bytes) -> None:
        """Write whole lines, all of them or none after them.

        Raises:
            TargetClosedError: The reader went away.
            OutputError: Any other failure (no space left, closed descriptor, size limit).
        """
        if self._failure is not None:
            raise self._failure
        rest = memoryview(lines)
        while rest:
            try:
                count = os.write(self._fd, rest)
            except BlockingIOError:
                select.select((), (self._fd,), ())
                continue
            except OSError as error:
                self._failure = _output_error(error)
                raise self._failure from error
            rest = rest[count:]

    def room(self) -> int:
        """Return how many bytes can be written without waiting for a reader, 0 if nobody knows."""
        return self._room()

    def isatty(self) -> bool:
        """Tell whether a person reads what is written."""
        return os.isatty(self._fd)

    def columns(self) -> int:
        """Return how wide the terminal is to which is written."""
        return os.get_terminal_size(self._fd).columns


class SysStdoutWriter(Writer):
    """Writes to whatever ``sys.stdout`` is at that moment, for use inside another program."""

    def __init__(self) -> None:
        """Bind to no descriptor."""
        super().__init__(-1)

    def write(self, lines: bytes) -> None:
        """Write whole lines to ``sys.stdout``, whatever stands there now."""
        sys.stdout.write(lines.decode())
        sys.stdout.flush()

    def isatty(self) -> bool:
        """Tell whether ``sys.stdout`` is a terminal."""
        return sys.stdout.isatty()

    def columns(self) -> int:
        """Return how wide the terminal on ``sys.stdout`` is."""
        return os.get_terminal_size(sys.stdout.fileno()).columns


def _room_of(fd: int) -> Callable[[], int]:
    """Return what tells how many bytes a descriptor takes at once."""
    try:
        status = os.fstat(fd)
    except OSError:
        return lambda: 0
    if stat.S_ISREG(status.st_mode) or status.st_rdev == Path(os.devnull).stat().st_rdev:
        return lambda: sys.maxsize
    if sys.platform == "linux" and stat.S_ISFIFO(status.st_mode):
        return partial(_room_in_pipe, fd)
    return lambda: 0


def _room_in_pipe(fd: int) -> int:
    """Return how many bytes a pipe takes for certain.

    It is made of memory pages (pipe(7)), of which the first may be half read; and as a write that
    does not fit into what is left of the last one begins another, each may be half empty.
    """
    held = array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, held)
    size = fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
    return max(0, size - 2 * (held[0] + resource.getpagesize())) if held[0] else size


def _output_error(error: OSError) -> OutputError:
    if error.errno == errno.EPIPE:
        return TargetClosedError(
            "the target closed the pipe; see its own log, then run again with the last STATE "
            "it printed"
        )
    name = errno.errorcode.get(error.errno or 0, "error")
    return OutputError(
        f"stdout could not be written ({name}: {os.strerror(error.errno or 0)}); make room or "
        "open it, then run again with the last STATE the target printed"
    )


def claim() -> Writer:
    """Take stdout for messages; everything else printed from now on goes to stderr.

    Returns:
        The writer of this process.

    Raises:
        OutputError: Descriptor 1 is closed.
    """
    global _current  # noqa: PLW0603 - a process has one stdout
    try:
        private = os.dup(STDOUT)
    except OSError as error:
        raise _output_error(error) from error
    os.set_inheritable(private, False)
    os.dup2(STDERR, STDOUT)
    stderr = RedactingStream(_text_stream())
    # Under both names: who writes to the stream a process started with means the same one.
    sys.stderr = sys.__stderr__ = stderr  # type: ignore[misc, assignment]
    sys.stdout = sys.__stdout__ = stderr  # type: ignore[misc, assignment]
    _current = Writer(private)
    return _current


def _text_stream() -> TextIO:
    """Return a line-buffered text stream on stderr; a closed stderr is replaced by nothing."""
    try:
        os.fstat(STDERR)
    except OSError:
        return Path(os.devnull).open("w", encoding="utf-8")
    return os.fdopen(
        STDERR, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )


_current: Writer = SysStdoutWriter()


def current() -> Writer:
    """Return the writer of this process: the claimed one, else one on ``sys.stdout``."""
    return _current


@contextlib.contextmanager
def replaced_by(writer: Writer) -> Iterator[None]:
    """Let another writer stand in for this process's, as tests do that run taps in theirs."""
    global _current  # noqa: PLW0603 - a process has one stdout
    before, _current = _current, writer
    try:
        yield
    finally:
        _current = before
