"""SIGTERM and SIGINT: a request to stop at the end of the page, never an action of its own.

The first signal sets a flag and wakes whoever waits; the page being written is finished with its
STATE and the process exits 143 or 130. A second signal, or ``GRACE_SECONDS`` without an end (a
target that has stopped reading), exits at once: what is out is whole lines and the start of at
most one more.

Python runs a handler in the main thread, between two instructions. A signal that another thread
takes, or that comes just before the main thread begins to wait in a write, would be heard only
when that write is over, which with a stalled target is never. So a thread is told of each signal
by the C handler, and interrupts whatever the main thread waits in.

Why nothing is written in the handler: it runs between any two instructions, also in the middle
of a message. The Singer SDK writes STATE there and glued it to half a record in 14 of 14 trials
with a stalled reader.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from bizon_singer.errors import SIGNAL_EXIT_BASE, InterruptedRunError

GRACE_SECONDS = 4.5
HEARD_SECONDS = 0.05
"""As a rule the main thread has heard a signal long before."""


class StopRequest:
    """Whether, and by which signal, the run was asked to stop."""

    def __init__(self) -> None:
        """Start unasked."""
        self.signum: int | None = None
        self._wakers: list[Callable[[], None]] = []

    def add_waker(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` when a stop is asked for; it must be safe in a signal handler."""
        self._wakers.append(wake)
        if self.signum is not None:
            wake()

    def remove_waker(self, wake: Callable[[], None]) -> None:
        """Forget ``wake``."""
        self._wakers.remove(wake)

    def ask(self, signum: int) -> None:
        """Ask the run to stop."""
        self.signum = signum
        for wake in self._wakers:
            wake()

    def check(self) -> None:
        """Raise if the run was asked to stop.

        Raises:
            InterruptedRunError: It was.
        """
        if self.signum is not None:
            raise InterruptedRunError(self.signum)


stop = StopRequest()
"""The request of this process; nobody asks it unless :func:`install` was called."""


def install() -> None:
    """Let SIGTERM and SIGINT ask :data:`stop`; call it from the main thread."""

    def handle(signum: int, _frame: FrameType | None) -> None:
        if stop.signum is not None:
            _exit_now(stop.signum)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, lambda *_: _exit_now(signum))
            signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)
        stop.ask(signum)

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    if hasattr(signal, "pthread_kill"):
        _interrupt_waits()


def _interrupt_waits() -> None:
    """Let no signal go unheard because the main thread waits in a system call."""
    told, telling = os.pipe()
    os.set_blocking(telling, False)
    signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    signal.signal(signal.SIGURG, lambda *_: None)  # it does nothing but to end a wait
    main = threading.main_thread().ident
    assert main is not None  # noqa: S101 - it runs

    def listen() -> None:
        while number := os.read(told, 1):
            if number[0] != signal.SIGURG:
                time.sleep(HEARD_SECONDS)
                signal.pthread_kill(main, signal.SIGURG)

    threading.Thread(target=listen, name="bizon-signals", daemon=True).start()


def _exit_now(signum: int) -> None:
    message = (
        b"CRITICAL stopped by a signal before the page was out; run again with the last STATE\n"
    )
    try:
        os.write(2, message)
    finally:
        os._exit(SIGNAL_EXIT_BASE + signum)
