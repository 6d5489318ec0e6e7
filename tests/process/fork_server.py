"""A process that has imported what taps import, and forks a child for each command it is asked for.

It is run as a script, by ``tests/process/forked.py``, which says what for and what differs. It has
no thread, no handler of a signal, no configured logger, and has run nothing: a child is what an
interpreter is that has imported some modules and is about to run a script. To run it, the child
leaves the server's loop, down to the last line of this file, so that it also ends as one does.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import selectors
import signal
import socket
import struct
import sys
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any, TextIO

IMPORTED = (
    "bizon_singer",
    "bizon_singer.custom",
    "bizon_singer.workbench.command",
    *(f"bizon_taps.{name}.command" for name in ("dummy", "pokeapi", "hubspot", "notion")),
    *(f"bizon_taps.{name}.tap" for name in ("dummy", "pokeapi", "hubspot", "notion")),
    *(f"bizon_taps.{name}.{part}" for name in ("kafka", "gsheets") for part in ("command", "tap")),
)
NUMBER = struct.Struct("i")
"""How a pid, and later an exit code, is told."""
PASSED = 4
"""Descriptors of a request: stdin, stdout, stderr, and a socket to talk of the command."""
LAST_DESCRIPTOR = 1 << 16


class Server:
    """Forks children, and tells the tests' process how each ended.

    Args:
        requests: Where it is asked; at the end of it all children are killed.
    """

    def __init__(self, requests: socket.socket) -> None:
        """Listen."""
        self._requests = requests
        self._ready = selectors.DefaultSelector()
        self._ready.register(requests, selectors.EVENT_READ)
        self._running: set[int] = set()

    def serve(self) -> tuple[list[int], int] | None:
        """Return None when nobody can ask any more; return in each child, what it was passed."""
        while True:
            for key, _ in self._ready.select():
                if key.fileobj is self._requests:
                    _, passed, *_ = socket.recv_fds(self._requests, 1, PASSED)
                    if not passed:
                        self._kill_all()
                        return None
                    if self._fork(passed) == 0:
                        return passed[:3], passed[3]
                else:
                    self._ready.unregister(key.fileobj)
                    self._follow(key.fd, *key.data)

    def _fork(self, passed: list[int]) -> int:
        pid = os.fork()
        if pid == 0:
            self._ready.close()
            self._requests.close()
            return pid
        *streams, talk = passed
        for descriptor in streams:
            os.close(descriptor)
        _tell(talk, pid)
        self._running.add(pid)
        self._ready.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, talk))
        return pid

    def _follow(self, ready: int, pid: int, talk: int) -> None:
        """Go on with a child: it ended, or the test has done with it, and its pid is free."""
        os.close(ready)
        if ready == talk:
            os.waitpid(pid, 0)
            self._running.remove(pid)
            return
        end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert end is not None
        _tell(talk, end.si_status if end.si_code == os.CLD_EXITED else -end.si_status)
        self._ready.register(talk, selectors.EVENT_READ, (pid, talk))

    def _kill_all(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)


def _tell(talk: int, number: int) -> None:
    with suppress(BrokenPipeError):  # the test has dropped the command
        os.write(talk, NUMBER.pack(number))


def become(streams: list[int], talk: int) -> str:
    """Make this process the command that was asked for; return the path of its script."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    with open(talk, "rb", closefd=False) as asked:
        request: dict[str, Any] = json.loads(asked.readline())
    os.closerange(3, LAST_DESCRIPTOR)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    for name in ("stdin", "stdout", "stderr"):
        stream = fresh_stream(name)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = request["argv"]
    sys.orig_argv = [sys.executable, *sys.argv]
    script = os.path.join(os.getcwd(), sys.argv[0])  # noqa: PTH109, PTH118 - as Python does
    sys.path.insert(0, os.path.dirname(os.path.realpath(script)))  # noqa: PTH120 - as above
    main = ModuleType("__main__")
    loader = SourceFileLoader("__main__", script)
    vars(main).update(__builtins__=sys.modules["builtins"], __file__=script, __loader__=loader)
    vars(main).update(__annotations__={}, __cached__=None)
    sys.modules["__main__"] = main
    return script


def fresh_stream(name: str) -> TextIO:
    """Return a stream on its descriptor, as Python made the server's own of that name."""
    like = getattr(sys, f"__{name}__")
    is_read = name == "stdin"
    is_buffered = is_read or not like.write_through
    binary: Any = open(  # noqa: SIM115 - no path; it lives as long as the process
        ("stdin", "stdout", "stderr").index(name),
        "rb" if is_read else "wb",
        buffering=-1 if is_buffered else 0,
        closefd=False,
    )
    raw = binary.raw if is_buffered else binary
    raw.name = f"<{name}>"
    text = io.TextIOWrapper(
        binary,
        encoding=like.encoding,
        errors=like.errors,
        newline="\n",
        line_buffering=not like.write_through and (name == "stderr" or raw.isatty()),
        write_through=like.write_through,
    )
    vars(text)["mode"] = "r" if is_read else "w"
    return text


def main() -> str | None:
    """Serve; return None at the end, and in each child the path of the script to run."""
    # Only blocked, not ignored: it is for the tests, and waits for a child that is not ready yet.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    sys.path.pop(0)
    for module in IMPORTED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    passed = Server(socket.socket(fileno=int(sys.argv[1]))).serve()
    return become(*passed) if passed else None


if __name__ == "__main__":
    _script = main()
    if _script is not None:
        try:
            with open(_script, "rb") as _file:  # noqa: PTH123 - no module more than needed
                _code = compile(_file.read(), _script, "exec", dont_inherit=True)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            exec(_code, vars(sys.modules["__main__"]))
        except BaseException as _error:
            # The line above stands in no traceback of a script; a bare raise does not add it again.
            _error.__traceback__ = _error.__traceback__ and _error.__traceback__.tb_next
            raise
