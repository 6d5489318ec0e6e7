"""Runs a source in a thread of its own, one page ahead of the writer.

While a page is checked, encoded and written, the next one is already being fetched; never more
than one, and STATE follows what is written, so a page fetched and not written is just fetched
again. The thread also keeps the process in command of a source that hangs: the main thread waits
with a time limit, and hears a signal while the source is deep in a network read.

All calls to one source come from its one thread, the constructor included, because some clients
(sqlite3, asyncio) insist on that.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from bizon_singer.errors import ProtocolError, TransientError
from bizon_singer.signals import StopRequest

T = TypeVar("T")
PAGES_AHEAD = 1


class _End:
    """Marks the end of what the source gives, with the error that caused it, if any."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class SourceReader(Generic[T]):
    """Iterates over what ``work`` yields, produced in a thread.

    Args:
        work: Makes the iterator; it is called, and iterated, in the thread.
        stop: Asked before each item; a signal ends the waiting at once.
        limit_seconds: Longest wait for one item.
        ahead: How many items may be produced before they are asked for.
    """

    def __init__(
        self,
        work: Callable[[], Iterator[T]],
        *,
        stop: StopRequest,
        limit_seconds: float,
        ahead: int = PAGES_AHEAD,
    ) -> None:
        """Start the thread."""
        self._work = work
        self._stop = stop
        self._limit_seconds = limit_seconds
        # SimpleQueue.put is the one queue operation that is safe in a signal handler.
        self._items: queue.SimpleQueue[T | _End | None] = queue.SimpleQueue()
        # A queue of permits, one per item that may be produced: a Semaphore does the same in
        # Python code, at 30 µs a page.
        self._permits: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(ahead + 1):
            self._permits.put(None)
        self._closed = False
        self.error: BaseException | None = None
        """What the source raised, as opposed to what went wrong while its items were used."""
        self._thread = threading.Thread(target=self._run, name="bizon-source", daemon=True)

    def __iter__(self) -> Iterator[T]:
        """Yield the items in order.

        Raises:
            InterruptedRunError: A signal asked the run to stop.
            TransientError: No item came within the time limit.
            Exception: Whatever the source raised.
        """
        wake = self._wake
        self._stop.add_waker(wake)
        self._thread.start()
        try:
            while True:
                item = self._next()
                if isinstance(item, _End):
                    self.error = item.error
                    if item.error is not None:
                        raise item.error
                    return
                if item is not None:
                    yield item
                    self._permits.put(None)
        finally:
            self._closed = True
            self._permits.put(None)
            self._stop.remove_waker(wake)

    def _next(self) -> T | _End | None:
        self._stop.check()
        try:
            item = self._items.get(timeout=self._limit_seconds)
        except queue.Empty:
            raise TransientError(
                f"the source gave no page for {self._limit_seconds:g} s and was left; see whether "
                "it hangs, or raise `page_timeout_seconds`"
            ) from None
        self._stop.check()
        return item

    def _wake(self) -> None:
        self._items.put(None)

    def _run(self) -> None:
        try:
            for item in self._produce():
                self._items.put(item)
        except Exception as error:  # noqa: BLE001 - it is raised again in the main thread
            self._items.put(_End(error))
        except BaseException as error:  # noqa: BLE001 - meant to end Python; here it ends the stream
            name = (
                "called exit()"
                if isinstance(error, SystemExit)
                else f"raised {type(error).__name__}"
            )
            failure = ProtocolError(f"the source {name}; raise an Exception or return a page")
            failure.__cause__ = error
            self._items.put(_End(failure))
        else:
            self._items.put(_End(None))

    def _produce(self) -> Iterator[T]:
        items = self._work()
        try:
            while True:
                self._permits.get()
                if self._closed:
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
