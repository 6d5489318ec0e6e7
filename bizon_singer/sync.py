"""The page loop: the one place where records and STATE leave.

For each page: its records are built, checked, encoded and written together with a new SCHEMA if
they needed one before them and the STATE that covers them after them, in one write. So STATE can
neither run ahead of records nor fall a page behind.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from bizon_singer.bookmark import Bookmark, Bookmarks, Intent, Start
from bizon_singer.errors import CredentialsError, ExpiredCursorError, ProtocolError
from bizon_singer.failure import cursor_was_refused
from bizon_singer.iteration import Page, read_pages
from bizon_singer.progress import ProgressBar, RequestTimer
from bizon_singer.reader import PAGES_AHEAD, SourceReader
from bizon_singer.settings import Settings
from bizon_singer.signals import StopRequest
from bizon_singer.source.models import ProvenPosition
from bizon_singer.source.session import Exchange, Session

if TYPE_CHECKING:
    from bizon_singer.stdout import Writer

logger = logging.getLogger("bizon_singer.sync")


class Sink(Protocol):
    """Turns pages of one stream into message lines; :class:`bizon_singer.stream.SourceStream`."""

    def encode_page(self, page: Page) -> tuple[bytes, int]:
        """Return the lines of a page and how many records they hold."""

    def activate_version(self) -> bytes:
        """Return the line that activates the version of a complete table, or nothing."""


@dataclass(frozen=True)
class Opened:
    """A source is constructed and its connection checked.

    Attributes:
        total: Records it expects to give, None if unknown.
    """

    total: int | None


@dataclass(frozen=True)
class RunContext:
    """What all streams of one process share."""

    settings: Settings
    bookmarks: Bookmarks
    writer: Writer
    stop: StopRequest


@dataclass
class StreamRun:
    """One run of one stream.

    Attributes:
        stream: Its name.
        source_class: Reads it; constructed in a thread of its own.
        config: What the source is constructed with.
        intent: What the run wants.
        max_pages: Read at most this many pages.
        max_records: Write at most this many records and no progress (``--test``).
        endless: The source has no end (``sync_mode: stream``).
        count: Called with the number of records of each page written.
        on_start: Called when it is known where the run starts.
        page: Number of the page last asked for, for messages; None before the first.
    """

    stream: str
    source_class: Callable[[Any], Any]
    config: Any
    intent: Intent
    context: RunContext
    sink: Sink
    count: Callable[[int], None]
    on_start: Callable[[Start], None]
    version: int | None = None
    max_pages: int | None = None
    max_records: int | None = None
    endless: bool = False
    page: int | None = None

    def __post_init__(self) -> None:
        """Find the bookmark of the stream."""
        self._adapter = self.context.settings.adapter
        self._bookmark: Bookmark = self.context.bookmarks.stream(self.stream)
        self._state_written_at = time.monotonic()
        self._state_is_written = True
        self._requests = RequestTimer(self.stream)
        self._reader: SourceReader[Opened | Page] | None = None
        self._is_under_way = False

    def run(self) -> None:
        """Read the stream to its end, or as far as the limits allow.

        Raises:
            Exception: Whatever the source raised; all pages before it are written, with STATE.
        """
        start = self._bookmark.begin(self.intent, datetime.now(UTC), self.version)
        try:
            self._run_from(start)
        except Exception as error:
            if not self._cursor_expired(start, error):
                raise
            logger.warning(
                "Stream %r: the API no longer accepts the page cursor in STATE; the stream starts "
                "again from its last bookmark.",
                self.stream,
            )
            self._run_from(self._bookmark.restart(datetime.now(UTC)))

    def came_from_source(self, error: BaseException) -> bool:
        """Tell whether the source raised an error, not the code that writes its pages."""
        return self._reader is not None and self._reader.error is error

    def _cursor_expired(self, start: Start, error: Exception) -> bool:
        """Tell whether a resumed run failed on its very first page for its cursor's sake."""
        first = start.resumed and self.page == start.pages + 1
        return first and (isinstance(error, ExpiredCursorError) or cursor_was_refused(error))

    def _run_from(self, start: Start) -> None:
        self.page = None
        self._is_under_way = False
        self.on_start(start)
        ahead = 0 if self.max_records is not None else PAGES_AHEAD
        self._reader = SourceReader(
            lambda: self._produce(start),
            stop=self.context.stop,
            limit_seconds=self._adapter.page_timeout_seconds,
            ahead=ahead,
        )
        items = iter(self._reader)
        try:
            opened = next(items)
            assert isinstance(opened, Opened)  # noqa: S101 - _produce yields it first
            with ProgressBar(self.stream, opened.total) as bar:
                self._consume(items, bar)
        finally:
            items.close()  # type: ignore[attr-defined] # a generator
            if not self._state_is_written:
                # What is due by the interval is still true, whatever happened.
                with contextlib.suppress(Exception):
                    self._write(b"", state=True)

    def _produce(self, start: Start) -> Iterator[Opened | Page]:
        """Open the source and yield its pages; runs in the source's thread."""
        source = self.source_class(self.config)
        session = getattr(source, "session", None)
        if isinstance(session, Session):
            session.observer = self._observe
        try:
            self._commit(source)
            self._check_connection(source)
            yield Opened(self._total(source))
            if start.source_state is None or self.endless:

                def fetch(pagination: dict[str, Any]) -> Any:
                    return source.get(pagination=pagination)
            else:
                state = start.source_state

                def fetch(pagination: dict[str, Any]) -> Any:
                    return source.get_records_after(source_state=state, pagination=pagination)

            self.page = start.pages + 1
            yield from read_pages(
                fetch,
                start=start.pagination,
                pages_before=start.pages,
                limit=self.max_pages,
                endless=self.endless,
            )
        finally:
            self._requests.log()
            _close(source)

    def _observe(self, exchange: Exchange) -> None:
        place = f"{exchange.method} {exchange.url}"
        self._requests.add(place, exchange.status, exchange.seconds)
        if exchange.server_time is not None and not self._is_under_way:
            self._bookmark.began_before(exchange.server_time - timedelta(seconds=exchange.seconds))

    def _commit(self, source: Any) -> None:
        """Let the source commit what the given STATE proves, if the user asks for it."""
        if self._adapter.commit == "on_start" and self.stream in self.context.bookmarks.given:
            progress = self._bookmark.value.get("in_progress")
            source.proven = ProvenPosition(
                state=self._bookmark.value.get("state") or {},
                pagination=progress.get("pagination") if isinstance(progress, Mapping) else None,
            )
            source.commit()

    def _check_connection(self, source: Any) -> None:
        policy = self._adapter.check_connection
        if policy == "skip":
            return
        try:
            answer = source.check_connection()
            success, reason = answer if isinstance(answer, tuple) else (answer, None)
        except Exception:
            if policy == "error":
                raise
            answer, success, reason = False, False, "the check itself failed"
        if success:
            return
        if answer is None:
            raise ProtocolError(
                "check_connection() of the source returned None; return (True, None), or False and "
                "why not"
            )
        sentence = f"the connection check failed: {str(reason)[:300]}"
        if policy == "error":
            if isinstance(reason, Exception):
                raise reason
            raise CredentialsError(
                f"{sentence}; mend the settings, or set check_connection to warn"
            )
        logger.warning("Stream %r: %s.", self.stream, sentence)

    def _total(self, source: Any) -> int | None:
        """Return how many records are expected; a failure to count them is no failure to read."""
        try:
            total = source.get_total_records_count()
        except Exception as error:  # noqa: BLE001 - the count only feeds the progress bar
            logger.debug("Stream %r cannot count its records: %s", self.stream, error)
            return None
        return total if isinstance(total, int) else None

    def _consume(self, pages: Iterator[Opened | Page], bar: ProgressBar) -> None:
        written = 0
        pages_left = self.max_pages
        for page in pages:
            assert isinstance(page, Page)  # noqa: S101 - Opened came first
            self._is_under_way = True
            self.page = page.number
            if self.max_records is not None and written + len(page.records) >= self.max_records:
                self._write_trial(page, self.max_records - written)
                return
            lines, count = self.sink.encode_page(page)
            ends = not (page.records if self.endless else page.next_pagination)
            if ends:
                lines += self.sink.activate_version()
            # Only once all lines of the page are there may the bookmark move: what is raised
            # before leaves it where the last page written had put it.
            self._bookmark.advance(page.number, page.next_pagination, page.next_state)
            if ends:
                self._bookmark.finish()
            pages_left = None if pages_left is None else pages_left - 1
            self._write(lines, state=ends or pages_left == 0 or self._state_is_due())
            written += count
            self.count(count)
            bar.add(count)
            self.page = page.number + 1
            self.context.stop.check()

    def _write_trial(self, page: Page, limit: int) -> None:
        """Write the first records of a page; a trial keeps no place."""
        part = Page(page.number, page.records[:limit], {}, None, page.fetched_at)
        lines, count = self.sink.encode_page(part)
        self._write(lines, state=True)
        self.count(count)

    def _state_is_due(self) -> bool:
        return time.monotonic() - self._state_written_at >= self._adapter.state_interval_seconds

    def _write(self, lines: bytes, *, state: bool) -> None:
        self._state_is_written = state
        if state:
            lines += self.context.bookmarks.line()
            self._state_written_at = time.monotonic()
        self.context.writer.write(lines)


def _close(source: Any) -> None:
    """Close what a source holds open; a source of other hands may have nothing to close."""
    session = getattr(source, "session", None)
    close = getattr(session, "close", None)
    if callable(close):
        close()
