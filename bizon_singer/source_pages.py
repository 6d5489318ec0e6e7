"""A source from its construction to its last page: what happens in its own thread.

A page is made lines in the thread that fetched it, right after it came: its values are still in
the processor's cache then. Handed over to the main thread first, they were not, and encoding a
page took several times as long (tests/benchmarks/pages.py).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bizon_singer.bookmark import Start
from bizon_singer.connection import check_connection, close_source
from bizon_singer.iteration import Page, read_pages
from bizon_singer.progress import RequestTimer
from bizon_singer.source.budget import RequestBudget
from bizon_singer.source.exchange import Exchange, ServerClock, observe
from bizon_singer.source.models import ProvenPosition
from bizon_singer.source.session import Session

FIRST_ERROR_STATUS = 400

logger = logging.getLogger("bizon_singer.sync")


@dataclass(frozen=True)
class Opened:
    """A source is constructed and its connection checked.

    Attributes:
        total: Records it expects to give, None if unknown.
    """

    total: int | None


@dataclass(frozen=True, slots=True)
class PageLines:
    """A page as it is written.

    Attributes:
        number: Position in the stream, from 1, counted across resumes.
        lines: Its RECORDs, a SCHEMA before them if they need one.
        count: How many records they hold.
        next_pagination: Where the next page starts.
        next_state: Custom state the source wants kept, None for no change.
        is_last: Whether the stream ends with it.
        is_trial: Whether it ends a trial, which keeps no place.
    """

    number: int
    lines: bytes
    count: int
    next_pagination: Mapping[str, Any]
    next_state: Mapping[str, Any] | None
    is_last: bool
    is_trial: bool = False


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A page that could not be made lines, or whose lines could not be written.

    Attributes:
        error: Why; the source raised nothing.
    """

    error: Exception


@dataclass(frozen=True)
class SourcePages:
    """The pages of one source from a place on.

    Attributes:
        stream: Name of the stream, for messages.
        source_class: Constructed with ``config``.
        config: What the source is constructed with.
        encode: Makes lines of a page; returns them and how many records they hold.
        check_connection: What a failing check does: ``error``, ``warn`` or ``skip``.
        budget: When the source may ask its host; all streams of a run share it.
        proven: What the source may commit before its first page, None if nothing.
        max_pages: Read at most this many pages.
        max_records: Give at most this many records, as a trial that keeps no place (``--test``).
        endless: The source has no end (``sync_mode: stream``).
        clock: What the API says of the time, as the first answers come.
        selected_fields: Fields that will be written, None for all.
        stream_schema: What the records are checked against, None where they are not.
    """

    stream: str
    source_class: Callable[[Any], Any]
    config: Any
    encode: Callable[[Page], tuple[bytes, int]]
    check_connection: str
    budget: RequestBudget
    proven: ProvenPosition | None = None
    max_pages: int | None = None
    max_records: int | None = None
    endless: bool = False
    selected_fields: frozenset[str] | None = None
    stream_schema: Mapping[str, Any] | None = None
    clock: ServerClock = field(default_factory=ServerClock)
    _refusals: Counter[int] = field(default_factory=Counter, init=False, repr=False)

    def read(self, start: Start) -> Iterator[Opened | PageLines | Unwritable]:
        """Open the source and yield its pages as lines.

        Args:
            start: Where the run starts.

        Raises:
            CredentialsError: The connection check failed, and that is an error.
            ProtocolError: The source returned something that is no page.
            Exception: Whatever the source raises.
        """
        requests = RequestTimer(self.stream)
        source = self.source_class(self.config)
        session = getattr(source, "session", None)
        observe(session, partial(self._observe, requests))
        if isinstance(session, Session):
            session.budget = self.budget
        if hasattr(source, "selected_fields"):
            source.selected_fields = self.selected_fields
        if hasattr(source, "stream_schema"):
            source.stream_schema = self.stream_schema
        try:
            if self.proven is not None:
                source.proven = self.proven
                source.commit()
            check_connection(source, self.stream, on_failure=self.check_connection)
            yield Opened(self._total(source))
            self._refusals.clear()  # what the check and the count met is known
            pages = read_pages(
                self._fetch(source, start),
                start=start.pagination,
                pages_before=start.pages,
                limit=self.max_pages,
                endless=self.endless,
            )
            yield from self._encoded(pages)
            if not isinstance(session, Session):
                self._warn_of_refusals()
        finally:
            requests.log()
            close_source(source)

    def _encoded(self, pages: Iterator[Page]) -> Iterator[PageLines | Unwritable]:
        """Make lines of pages, up to where a trial ends."""
        left = self.max_records
        for page in pages:
            is_trial = left is not None and len(page.records) >= left
            if is_trial:
                page = replace(page, records=page.records[:left], next_pagination={})  # noqa: PLW2901
            try:
                lines, count = self.encode(page)
            except Exception as error:  # noqa: BLE001 - it is raised again in the main thread
                yield Unwritable(error)
                return
            is_last = not (page.records if self.endless else page.next_pagination)
            encoded = PageLines(
                page.number, lines, count, page.next_pagination, page.next_state, is_last, is_trial
            )
            left = None if left is None else left - count
            del page, lines  # before the next one is fetched: its memory can be used for that
            yield encoded
            if is_trial:
                return
            del encoded

    def _observe(self, requests: RequestTimer, exchange: Exchange) -> None:
        requests.add(f"{exchange.method} {exchange.url}", exchange.status, exchange.seconds)
        if exchange.status >= FIRST_ERROR_STATUS:
            self._refusals[exchange.status] += 1
        if not self.clock.is_settled:
            self.clock.note(exchange)

    def _warn_of_refusals(self) -> None:
        """Tell of answers that were errors, where the source went on as if there were none.

        A session of this package raises for them; one a source made itself may leave it to the
        source, and some catch what they raise, log it, and leave the records out.
        """
        if self._refusals:
            logger.warning(
                "Stream %r: the source passed over %d answers that were errors (status %s); "
                "records may be missing.",
                self.stream,
                self._refusals.total(),
                ", ".join(map(str, sorted(self._refusals))),
            )

    def _fetch(self, source: Any, start: Start) -> Callable[[Mapping[str, Any]], Any]:
        """Return how a page is asked for: in full, or what changed since the last run."""
        state = start.source_state
        if state is None or (self.endless and not state.state):
            return lambda pagination: source.get(pagination=pagination)
        return lambda pagination: source.get_records_after(
            source_state=state, pagination=pagination
        )

    def _total(self, source: Any) -> int | None:
        """Return how many records are expected; a failure to count them is no failure to read."""
        try:
            total = source.get_total_records_count()
        except Exception as error:  # noqa: BLE001 - the count only feeds the progress bar
            logger.debug("Stream %r cannot count its records: %s", self.stream, error)
            return None
        return total if isinstance(total, int) else None
