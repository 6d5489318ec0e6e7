"""Runs sources in threads of their own, each one page ahead of the writer.

While a page waits for the target, the next one is already being fetched; never more than one a
stream, and STATE follows what is written, so a page fetched and not written is just fetched again.
The threads also keep the process in command of a source that hangs: the main thread waits with a
time limit, and hears a signal while a source is deep in a network read.

All calls to one source come from its one thread, the constructor included, because some clients
(sqlite3, asyncio) insist on that. Everything else happens in the main thread, whatever the number
of streams read at once, with one exception: while the main thread waits, a source may write a page
itself, if that makes nobody wait. To hand it over would wake another core for a tenth of a
millisecond of work: of a run of pages of 100 records, a tenth of its CPU went into that
(tests/benchmarks/pages.py).

There is one pen, and who holds it is alone with bookmarks and stdout. The main thread holds it
whenever it does not wait, and keeps it when it has left the inbox; a source only ever tries.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, Self, TypeVar

from bizon_singer.errors import ProtocolError, TransientError
from bizon_singer.signals import StopRequest

T = TypeVar("T")
THREAD = "bizon-source"
PAGES_AHEAD = 1


@dataclass(frozen=True, slots=True)
class End:
    """Comes after the last item of a source, with the error that was the reason, if any."""

    error: Exception | None = None


class SourceReader(Generic[T]):
    """The thread of one source, as an :class:`Inbox` opens it."""

    def __init__(
        self,
        work: Callable[[], Iterator[T]],
        put: Callable[[tuple[SourceReader[T], T | End]], None],
        ahead: int,
        write: Callable[[T], T | None] | None,
        pen: threading.Lock,
    ) -> None:
        """Start the thread; items go to ``write`` or to ``put``."""
        self._work = work
        self._put = put
        self._write = write
        self._pen = pen
        # Two counters, so that each is changed by one thread: the source's, and the main one.
        self._handed_over = 0
        self._dealt_with = 0
        # A queue of permits, one per item that may be produced: a Semaphore does the same in
        # Python code, at 30 µs a page.
        self._permits: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(ahead + 1):
            self._permits.put(None)
        self.is_closed = False
        self.awaited_since = time.monotonic()
        threading.Thread(target=self._run, name=THREAD, daemon=True).start()

    def go_on(self) -> None:
        """Let the source produce one more item: the last one handed over has been dealt with."""
        self._dealt_with += 1
        self._permit()

    def _permit(self) -> None:
        self.awaited_since = time.monotonic()
        self._permits.put(None)

    def close(self) -> None:
        """Ask the thread to end after what it is doing; its items are no longer wanted."""
        self.is_closed = True
        self._permits.put(None)

    def _run(self) -> None:
        try:
            for item in self._produce():
                rest = self._written(item)
                if rest is None:
                    self._permit()
                else:
                    self._handed_over += 1
                    self._put((self, rest))
                del item, rest  # before the next one is fetched: its memory can be used for that
        except Exception as error:  # noqa: BLE001 - it is raised again in the main thread
            end = End(error)
        except BaseException as error:  # noqa: BLE001 - meant to end Python; here it ends the stream
            is_exit = isinstance(error, SystemExit)
            name = "called exit()" if is_exit else f"raised {type(error).__name__}"
            failure = ProtocolError(f"the source {name}; raise an Exception or return a page")
            failure.__cause__ = error
            end = End(failure)
        else:
            end = End()
        self._put((self, end))

    def _written(self, item: T) -> T | None:
        """Write an item if nobody is writing and none is before it; return what is left to do."""
        if self._write is None or self._handed_over != self._dealt_with:
            return item
        if not self._pen.acquire(blocking=False):
            return item
        try:
            return item if self.is_closed else self._write(item)
        finally:
            self._pen.release()

    def _produce(self) -> Iterator[T]:
        items = self._work()
        try:
            while True:
                self._permits.get()
                if self.is_closed:
                    return
                try:
                    item = next(items)
                except StopIteration:
                    return
                yield item
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()


class Inbox(Generic[T]):
    """Where the threads of sources put what they produce; a context manager.

    Args:
        stop: Asked before each item; a signal ends the waiting at once.
        limit_seconds: Longest wait for one item of a source.
    """

    def __init__(self, stop: StopRequest, limit_seconds: float) -> None:
        """Start without any reader."""
        self._stop = stop
        self._limit_seconds = limit_seconds
        # SimpleQueue.put is the one queue operation that is safe in a signal handler.
        self._items: queue.SimpleQueue[tuple[SourceReader[T], T | End] | None] = queue.SimpleQueue()
        self._readers: set[SourceReader[T]] = set()
        self._pen = threading.Lock()
        self._wake = lambda: self._items.put(None)

    def __enter__(self) -> Self:
        """Listen to signals."""
        self._pen.acquire()
        self._stop.add_waker(self._wake)
        return self

    def __exit__(self, *_: object) -> None:
        """Close all readers."""
        self._stop.remove_waker(self._wake)
        for reader in tuple(self._readers):
            self.leave(reader)

    def open(
        self,
        work: Callable[[], Iterator[T]],
        ahead: int = PAGES_AHEAD,
        write: Callable[[T], T | None] | None = None,
    ) -> SourceReader[T]:
        """Start reading a source.

        Args:
            work: Makes the iterator of its items; it is called, and iterated, in the thread.
            ahead: How many items may be produced before they are asked for.
            write: Deals with an item in the thread of the source, which holds the pen; returns
                what it leaves to the main thread, None if nothing.
        """
        reader = SourceReader(work, self._items.put, ahead, write, self._pen)
        self._readers.add(reader)
        return reader

    def leave(self, reader: SourceReader[T]) -> None:
        """Close a reader; nothing of it will be given any more."""
        self._readers.discard(reader)
        reader.close()

    def next(self) -> tuple[SourceReader[T], T | End]:
        """Return the next item of any source, in order for each of them.

        Raises:
            InterruptedRunError: A signal asked the run to stop.
        """
        while True:
            self._stop.check()
            try:
                got = self._waited_for(self._patience())
            except queue.Empty:
                overdue = min(self._readers, key=attrgetter("awaited_since"))
                if self._patience() > 0:
                    continue
                reason = (
                    f"the source gave no page for {self._limit_seconds:g} s and was left; see "
                    "whether it hangs, or raise `page_timeout_seconds`"
                )
                return overdue, End(TransientError(reason))
            if got is not None and not got[0].is_closed:
                self._stop.check()
                return got

    def _waited_for(self, seconds: float) -> tuple[SourceReader[T], T | End] | None:
        """Return what comes next; meanwhile the pen is free.

        Raises:
            queue.Empty: Nothing came within the seconds.
        """
        self._pen.release()
        try:
            return self._items.get(timeout=seconds)
        finally:
            self._pen.acquire()

    def _patience(self) -> float:
        """Return the seconds until the source waited for longest is given up."""
        since = min((reader.awaited_since for reader in self._readers), default=0.0)
        return max(0.0, since + self._limit_seconds - time.monotonic())


def iterate(
    work: Callable[[], Iterator[T]], *, stop: StopRequest, limit_seconds: float
) -> Iterator[T]:
    """Yield what ``work`` yields, produced in a thread.

    Raises:
        InterruptedRunError: A signal asked the run to stop.
        TransientError: No item came within the time limit.
        Exception: Whatever the source raised.
    """
    with Inbox[T](stop, limit_seconds) as inbox:
        reader = inbox.open(work)
        while True:
            _, item = inbox.next()
            if isinstance(item, End):
                if item.error is not None:
                    raise item.error
                return
            yield item
            reader.go_on()
