"""A source from its construction to its last page: what happens in its own thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from requests import RequestException

from bizon_singer.bookmark import Start
from bizon_singer.errors import BizonSingerError, CredentialsError, ProtocolError
from bizon_singer.iteration import Page, ask, read_pages
from bizon_singer.progress import RequestTimer
from bizon_singer.redact import excerpt
from bizon_singer.source.budget import RequestBudget
from bizon_singer.source.exchange import Exchange, observe
from bizon_singer.source.models import ProvenPosition
from bizon_singer.source.session import Session

SHOWN_CHARACTERS = 300

logger = logging.getLogger("bizon_singer.sync")


@dataclass(frozen=True)
class Opened:
    """A source is constructed and its connection checked.

    Attributes:
        total: Records it expects to give, None if unknown.
    """

    total: int | None


@dataclass(frozen=True)
class SourcePages:
    """The pages of one source from a place on.

    Attributes:
        stream: Name of the stream, for messages.
        source_class: Constructed with ``config``.
        config: What the source is constructed with.
        check_connection: What a failing check does: ``error``, ``warn`` or ``skip``.
        budget: When the source may ask its host; all streams of a run share it.
        proven: What the source may commit before its first page, None if nothing.
        max_pages: Read at most this many pages.
        endless: The source has no end (``sync_mode: stream``).
        selected_fields: Fields that will be written, None for all.
    """

    stream: str
    source_class: Callable[[Any], Any]
    config: Any
    check_connection: str
    budget: RequestBudget
    proven: ProvenPosition | None = None
    max_pages: int | None = None
    endless: bool = False
    selected_fields: frozenset[str] | None = None

    def read(self, start: Start) -> Iterator[Opened | Page]:
        """Open the source and yield its pages.

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
        observe(session, partial(_observe, requests))
        if isinstance(session, Session):
            session.budget = self.budget
        if hasattr(source, "selected_fields"):
            source.selected_fields = self.selected_fields
        try:
            if self.proven is not None:
                source.proven = self.proven
                source.commit()
            self._check(source)
            yield Opened(self._total(source))
            yield from read_pages(
                self._fetch(source, start),
                start=start.pagination,
                pages_before=start.pages,
                limit=self.max_pages,
                endless=self.endless,
            )
        finally:
            requests.log()
            _close(source)

    def _fetch(self, source: Any, start: Start) -> Callable[[Mapping[str, Any]], Any]:
        """Return how a page is asked for: in full, or what changed since the last run."""
        state = start.source_state
        if state is None or self.endless:
            return lambda pagination: source.get(pagination=pagination)
        return lambda pagination: source.get_records_after(
            source_state=state, pagination=pagination
        )

    def _check(self, source: Any) -> None:
        if self.check_connection == "skip":
            return
        try:
            answer = ask(lambda: _answer_of_check(source))
        except Exception as error:
            if self.check_connection == "error":
                raise
            known = isinstance(error, BizonSingerError)
            answer = False, error if known else "the check itself failed"
        success, reason = _parts(answer)
        if success:
            return
        if self.check_connection == "error" and isinstance(
            reason, (BizonSingerError, RequestException)
        ):
            raise reason
        sentence = f"the connection check failed: {excerpt(str(reason), SHOWN_CHARACTERS)}"
        if self.check_connection == "error":
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


def _observe(requests: RequestTimer, exchange: Exchange) -> None:
    requests.add(f"{exchange.method} {exchange.url}", exchange.status, exchange.seconds)


def _answer_of_check(source: Any) -> Any:
    """Return what a source's connection check answers.

    Raises:
        BizonSingerError: The reason it gives is an error that may be gone when it is asked again.
    """
    answer = source.check_connection()
    if isinstance(answer, (tuple, list)):
        for reason in answer[1:]:
            if not answer[0] and isinstance(reason, BizonSingerError) and reason.retry_page:
                raise reason
    return answer


def _parts(answer: Any) -> tuple[bool, Any]:
    """Return whether a connection check succeeded, and why not: ``(True, None)`` or just a bool."""
    if isinstance(answer, (tuple, list)) and len(answer) == 2:  # noqa: PLR2004
        return bool(answer[0]), answer[1]
    if isinstance(answer, bool):
        return answer, None
    kind = "None" if answer is None else f"a {type(answer).__name__}"
    raise ProtocolError(
        f"check_connection() of the source returned {kind}; return (True, None), or False and why "
        "not"
    )


def _close(source: Any) -> None:
    """Close what a source holds open; a source of other hands may have nothing to close."""
    session = getattr(source, "session", None)
    close = getattr(session, "close", None)
    if callable(close):
        close()
