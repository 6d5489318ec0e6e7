"""The page loop: the one place where records and STATE leave.

Each page is written together with a new SCHEMA if its records needed one, before them, and the
STATE that covers them, after them, in one write. So STATE can neither run ahead of records nor fall
a page behind.

Several streams may be read at once (``max_parallel_streams``). Their sources work in threads; their
pages are written one whole page after the other, in the order they come, by whoever holds the pen
(:mod:`bizon_singer.reader`). A STATE line holds the bookmarks of all streams, and each of them
moves only with its own page: so it is as exact with eight streams as with one.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

from bizon_singer.bookmark import Bookmark, Intent, Start
from bizon_singer.errors import (
    ExpiredCursorError,
    InterruptedRunError,
    OutputError,
)
from bizon_singer.failure import cursor_was_refused
from bizon_singer.outlet import Outlet
from bizon_singer.progress import ProgressBar
from bizon_singer.reader import PAGES_AHEAD, End, Inbox, SourceReader
from bizon_singer.settings import Settings
from bizon_singer.signals import StopRequest
from bizon_singer.source.budget import RequestBudget
from bizon_singer.source_pages import Opened, PageLines, SourcePages, Unwritable
from bizon_singer.state import Bookmarks

logger = logging.getLogger("bizon_singer.sync")

Item = Opened | PageLines | Unwritable


@dataclass(frozen=True)
class RunContext:
    """What all streams of one process share.

    Attributes:
        settings: Those of the run.
        bookmarks: Where the streams stand.
        outlet: The one way out.
        stop: Whether a signal asked the run to end.
        budget: When sources may ask their host.
        route_owners: The source's stream that writes to a stream, by the name of the latter.
    """

    settings: Settings
    bookmarks: Bookmarks
    outlet: Outlet
    stop: StopRequest
    budget: RequestBudget = field(default_factory=RequestBudget)
    route_owners: dict[str, str] = field(default_factory=dict)

    def open_inbox(self) -> Inbox[Item]:
        """Return a new inbox, to be entered."""
        return Inbox(self.stop, self.settings.adapter.page_timeout_seconds)


class Readable(Protocol):
    """A stream that can be read, as :func:`read_streams` sees it."""

    @property
    def reader(self) -> SourceReader[Item] | None:
        """The thread its source works in."""

    def start(self, inbox: Inbox[Item]) -> bool:
        """Begin to read it; return whether there is something to come."""

    def take(self, item: Item | End) -> bool:
        """Deal with what its source gave; return whether there is more to come."""

    def leave(self, error: BaseException | None) -> None:
        """End reading it, whatever the reason."""


S = TypeVar("S", bound=Readable)


def read_streams(
    streams: Iterable[S], inbox: Inbox[Item], *, parallel: int = 1
) -> Iterator[tuple[S, Exception | None]]:
    """Read streams, some of them at once; yield each as it ends, with what failed it.

    Closing the iterator leaves the streams still being read at the end of their last page.

    Args:
        streams: In the order they are begun.
        inbox: Where their sources put what they read.
        parallel: How many are read at once.

    Raises:
        InterruptedRunError: A signal asked the run to stop.
        OutputError: stdout failed, or the target went away.
    """
    waiting = iter(streams)
    reading: list[S] = []

    def step(stream: S, act: Callable[[], bool]) -> Iterator[tuple[S, Exception | None]]:
        failure = None
        try:
            if act():
                return
        except (InterruptedRunError, OutputError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a source raises ends its stream alone
            failure = error
        reading.remove(stream)
        stream.leave(failure)
        yield stream, failure

    try:
        while True:
            while len(reading) < parallel and (new := next(waiting, None)) is not None:
                reading.append(new)
                yield from step(new, partial(new.start, inbox))
            if not reading:
                return
            reader, item = inbox.next()
            stream = next(stream for stream in reading if stream.reader is reader)
            yield from step(stream, partial(stream.take, item))
    finally:
        for stream in reading:
            stream.leave(sys.exception())


@dataclass
class StreamRun:
    """One run of one stream.

    Attributes:
        source: Its pages, read in a thread of their own.
        intent: What the run wants.
        activate_version: Gives the line that activates the version of a complete table, or nothing.
        count: Called with the number of records of each page written.
        on_start: Called when it is known where the run starts.
        version: Version of the table, if targets are to be told one.
        page: Number of the page last asked for, for messages; None before the first.
        reader: The thread its source works in.
    """

    source: SourcePages
    intent: Intent
    context: RunContext
    activate_version: Callable[[], bytes]
    count: Callable[[int], None]
    on_start: Callable[[Start], None]
    version: int | None = None
    page: int | None = None
    reader: SourceReader[Item] | None = None

    def __post_init__(self) -> None:
        """Find the bookmark of the stream."""
        self.stream = self.source.stream
        self._bookmark: Bookmark = self.context.bookmarks.stream(self.stream)
        self._start: Start | None = None
        self._inbox: Inbox[Item] | None = None
        self._bar: ProgressBar | None = None
        self._pages_left = self.source.max_pages
        self._source_error: Exception | None = None

    def start(self, inbox: Inbox[Item]) -> bool:
        """Decide where to start and open the source."""
        self._inbox = inbox
        self._open(self._bookmark.begin(self.intent, datetime.now(UTC), self.version))
        return True

    def _open(self, start: Start) -> None:
        assert self._inbox is not None  # noqa: S101 - start() comes first
        self.page = None
        self._start = start
        self.on_start(start)
        ahead = 0 if self.source.max_records is not None else PAGES_AHEAD
        self.reader = self._inbox.open(partial(self.source.read, start), ahead, self.write_at_once)

    def take(self, item: Item | End) -> bool:
        """Write a page; begin again where the cursor in STATE has expired.

        Returns:
            Whether there is more to come.

        Raises:
            Exception: Whatever the source raised; all pages before it are written, with STATE.
        """
        assert self.reader is not None  # noqa: S101 - start() comes first
        assert self._start is not None  # noqa: S101 - start() comes first
        if isinstance(item, End):
            return self._end(item.error)
        if isinstance(item, Unwritable):
            raise item.error
        if isinstance(item, Opened):
            if self.source.max_records is None:  # a trial is over before a bar is read
                self._bar = ProgressBar(self.stream, item.total)
            self.page = self._start.pages + 1
        elif not self._write_page(item):
            return False
        self.reader.go_on()
        return True

    def write_at_once(self, item: Item) -> Item | None:
        """Write a page in the thread of its source, if it ends nothing and stdout has room for it.

        Returns:
            What is left to the main thread: the item, or why it could not be written.
        """
        if not isinstance(item, PageLines) or item.is_last or item.is_trial:
            return item
        if self._pages_left == 1 or not self.context.outlet.has_room(item.lines):
            return item
        try:
            self._write_page(item)
        except Exception as error:  # noqa: BLE001 - it is raised again in the main thread
            return Unwritable(error)
        return None

    def _end(self, error: Exception | None) -> bool:
        if error is None:
            return False
        if not self._cursor_expired(error):
            self._source_error = error
            raise error
        logger.warning(
            "Stream %r: the API no longer accepts the page cursor in STATE%s; the stream starts "
            "again from its last bookmark.",
            self.stream,
            f" ({error})" if isinstance(error, ExpiredCursorError) and str(error) else "",
        )
        self._leave_reader()
        self._open(self._bookmark.restart(datetime.now(UTC)))
        return True

    def _cursor_expired(self, error: Exception) -> bool:
        """Tell whether a resumed run failed on its very first page for its cursor's sake."""
        start = self._start
        first = start is not None and start.resumed and self.page == start.pages + 1
        return first and (isinstance(error, ExpiredCursorError) or cursor_was_refused(error))

    def came_from_source(self, error: BaseException) -> bool:
        """Tell whether the source raised an error, not the code that writes its pages."""
        return self._source_error is error

    def leave(self) -> None:
        """Close the source and write the STATE that is owed."""
        self._leave_reader()
        # What is due by the interval is still true, whatever happened.
        with contextlib.suppress(Exception):
            self.context.outlet.settle()

    def _leave_reader(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self._inbox is not None and self.reader is not None:
            self._inbox.leave(self.reader)

    def _write_page(self, page: PageLines) -> bool:
        """Write a page with its STATE; return whether another one is wanted."""
        self.page = page.number
        if page.is_trial:
            self.context.outlet.write(page.lines, with_state=True)
            self._tell(page.count)
            return False
        self._settle_start()
        lines = page.lines
        if page.is_last:
            lines += self.activate_version()
        self._bookmark.advance(page.number, page.next_pagination, page.next_state)
        if page.is_last:
            self._bookmark.finish()
        if self._pages_left is not None:
            self._pages_left -= 1
        self.context.outlet.write(lines, with_state=page.is_last or self._pages_left == 0)
        self._tell(page.count)
        self.page = page.number + 1
        return True

    def _settle_start(self) -> None:
        """Move the start of the run back to where the API's own clock puts it."""
        clock = self.source.clock
        if not clock.is_settled:
            clock.is_settled = True
            if clock.earliest is not None:
                self._bookmark.began_before(clock.earliest)

    def _tell(self, count: int) -> None:
        self.count(count)
        if self._bar is not None:
            self._bar.add(count)
