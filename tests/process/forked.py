"""Commands of the tests as forks of a process that has imported what taps import.

Why: of the 0.7 s of CPU that a short run of a tap takes, 0.6 s are Python starting and importing.
A fork costs 0.1 s, and a proof that kills taps thousands of times needs thousands of runs.

The same as in a process of its own: it is one, with its own pid, which signals reach; arguments,
environment and working directory; the three descriptors and the streams on them, and no other
descriptor; what a script sees of itself (``__main__``, ``sys.path``); it runs from there to its
end as an interpreter does, tracebacks, ``atexit``, threads and exit code included. A pid is not
free as long as its ``Forked`` is there, and no command outlives the tests' process.

What differs: modules are imported already, the collector passes over them, hashes have the seed
of the server, its parent is the server, and the stack has one frame more below the script. So
:func:`is_same_forked` says no where that, or the start itself, would matter, and a test that asks
for ``fresh=True`` gets an interpreter. With ``FRESH_STARTS=1`` in the environment all of them do.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any

from tests.process.fork_server import NUMBER

SERVER = Path(__file__).with_name("fork_server.py")
READ_AT_START = ("GLIBC_", "LANG", "LC_", "LD_", "MALLOC_", "PYTHON", "TQDM_", "TZ")
"""How variables begin that an interpreter, or a module as it is imported, reads once."""
OPTIONS = frozenset({"cwd", "env", "stderr", "stdin", "stdout"})
"""What a fork can be given of what ``subprocess.Popen`` takes."""
Stream = int | IO[Any] | None

_AT_START = dict(os.environ)
"""The environment before any test could change it: the server's."""


def is_same_forked(arguments: Sequence[str], **options: Any) -> bool:
    """Tell whether a command is the same as a fork.

    It is if it is a script of this Python: ``python file.py``, or an installed one whose first line
    names a Python of the same environment. It is not if it is given what only a start can give
    (``preexec_fn``), or an environment in which Python would start in another way; nor on macOS,
    where a process that has loaded the system's frameworks cannot be forked.
    """
    if os.environ.get("FRESH_STARTS") or sys.platform != "linux" or not options.keys() <= OPTIONS:
        return False
    env = options.get("env")
    if _read_at_start(os.environ if env is None else env) != _read_at_start(_AT_START):
        return False
    command, *rest = arguments
    if command == sys.executable:
        return bool(rest) and rest[0].endswith(".py")
    return _is_installed_here(command)


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environment.items() if key.startswith(READ_AT_START)}


@cache
def _is_installed_here(command: str) -> bool:
    """Tell whether a file is a script for a Python that lies where this one does."""
    if not Path(command).is_absolute():
        return False
    with Path(command).open("rb") as file:
        first = file.readline().rstrip()
    python = Path(os.fsdecode(first.removeprefix(b"#!")))
    folder = Path(sys.executable).parent
    return first.startswith(b"#!/") and python.parent.is_dir() and python.parent.samefile(folder)


class Forked:
    """A command that runs as a fork, with what tests use of ``subprocess.Popen``.

    Args:
        arguments: Its command line, one for which :func:`is_same_forked`.
        stdin, stdout, stderr: Descriptors or files; those of this process if None.
        cwd: Its working directory; this process's if None.
        env: Its environment; this process's if None.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Ask for it."""
        self.args = arguments
        self.returncode: int | None = None
        self._talk, theirs = socket.socketpair()
        # Until then the server keeps its zombie, and with it the pid.
        weakref.finalize(self, self._talk.close)
        with theirs, open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - no method for r+b is shorter
            streams = [
                _descriptor(given, number, nothing.fileno())
                for number, given in enumerate((stdin, stdout, stderr))
            ]
            socket.send_fds(_server(os.getpid()), [b"."], [*streams, theirs.fileno()])
        request = {
            "argv": arguments[1:] if arguments[0] == sys.executable else list(arguments),
            "cwd": str(cwd or Path.cwd()),
            "env": dict(os.environ if env is None else env),
        }
        self._talk.sendall(json.dumps(request).encode() + b"\n")
        self.pid = self._told()

    def poll(self) -> int | None:
        """Return the exit code, None if it runs."""
        return self.returncode if not wait([self._talk], 0) else self.wait()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code; that of a signal is negative.

        Raises:
            subprocess.TimeoutExpired: It runs for so many seconds more.
        """
        if self.returncode is None:
            if not wait([self._talk], timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            # Other threads may wait as well: it is left there for them.
            self.returncode = self._told(socket.MSG_PEEK)
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send it a signal; one that ended is not there to hear it."""
        os.kill(self.pid, signum)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def _told(self, flags: int = 0) -> int:
        told = self._talk.recv(NUMBER.size, flags)
        if not told:
            raise ConnectionError("the fork server is no more; see its traceback on stderr")
        number: int = NUMBER.unpack(told)[0]
        return number


def _descriptor(given: Stream, number: int, nothing: int) -> int:
    """Return the descriptor that becomes a command's descriptor of a number."""
    if given is None:
        return number
    if given == subprocess.DEVNULL:
        return nothing
    return given if isinstance(given, int) else given.fileno()


@cache
def _server(tests: int) -> socket.socket:
    """Return where the server of the tests' process of a pid is asked; start it if need be."""
    del tests
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, str(SERVER), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=_AT_START,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
