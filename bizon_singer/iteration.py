"""The pages of a source: asked for in order, checked, and never the same one twice.

Everything a source may do wrong with a page ends here, in one sentence that names the stream, the
page and the record: a wrong return type, a record without an id, a pagination that loops.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from bizon_singer.encoding import message
from bizon_singer.errors import BizonSingerError, PaginationError, ProtocolError
from bizon_singer.frozen import CannotFreezeError, freeze
from bizon_singer.source.models import SourceRecord

MAX_EMPTY_PAGES = 1000
PAGE_TRIES = 3
EXAMPLE = "return a SourceIteration(records=…, next_pagination=…)"

Pagination = dict[str, Any]
Fetch = Callable[[Pagination], Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One accepted page.

    Attributes:
        number: Position in the stream, from 1, counted across resumes.
        records: Its records, ids and data of the right type.
        next_pagination: Where the next page starts, ``{}`` at the end of the stream.
        next_state: Custom state the source wants kept, None for no change.
        fetched_at: When it was accepted, with time zone.
    """

    number: int
    records: Sequence[SourceRecord]
    next_pagination: Pagination
    next_state: Mapping[str, Any] | None
    fetched_at: datetime


def read_pages(
    fetch: Fetch, *, start: Pagination, pages_before: int, limit: int | None, endless: bool = False
) -> Iterator[Page]:
    """Yield the pages of a stream from a position on.

    Args:
        fetch: Asks the source for the page at a pagination.
        start: Pagination of the first page, ``{}`` for the beginning.
        pages_before: Number of pages read before ``start``, by runs this one resumes.
        limit: Yield at most this many pages, None for all.
        endless: The source has no end (``sync_mode: stream``): an empty page ends the run, and
            its pagination may repeat.

    Raises:
        PaginationError: A pagination came up a second time.
        ProtocolError: The source returned something that is no page.
    """
    pagination = start
    seen = PaginationLog()
    empty_pages = 0
    number = pages_before
    while limit is None or number - pages_before < limit:
        number += 1
        if not endless:
            seen.add(pagination, number)
        page = _accept(_fetch_page(fetch, pagination), number)
        pagination = page.next_pagination
        yield page
        if not (page.records if endless else pagination):
            return
        empty_pages = 0 if page.records else empty_pages + 1
        if empty_pages >= MAX_EMPTY_PAGES:
            raise PaginationError(
                f"{MAX_EMPTY_PAGES} pages in a row held no record, each naming a next one; the "
                "source does not come to an end"
            )


def _fetch_page(fetch: Fetch, pagination: Pagination) -> Any:
    """Ask for a page; a body that came broken is asked for again."""
    for _ in range(PAGE_TRIES - 1):
        try:
            return fetch(copy.deepcopy(pagination))
        except BizonSingerError as error:
            if not error.retry_page:
                raise
    return fetch(copy.deepcopy(pagination))


class PaginationLog:
    """Remembers every pagination of a stream's run, eight bytes each."""

    def __init__(self) -> None:
        """Start empty."""
        self._seen: dict[bytes, int] = {}

    def add(self, pagination: Pagination, number: int) -> None:
        """Note the pagination of a page.

        Raises:
            PaginationError: An earlier page of this run had the same one.
        """
        try:
            text = message({"pagination": freeze(pagination)})
        except CannotFreezeError:
            text = repr(pagination).encode("utf-8", "backslashreplace")
        digest = hashlib.blake2b(text, digest_size=8).digest()
        before = self._seen.setdefault(digest, number)
        if before != number:
            raise PaginationError(
                f"the source asked for the same page again: page {number - 1} gave the pagination "
                f"that had led to page {before}; make `next_pagination` advance, and empty at the "
                "end"
            )


def _accept(iteration: Any, number: int) -> Page:
    """Check what a source returned and make it a page.

    Besides a ``SourceIteration``, of this package or of Bizon, a ``(pagination, records)`` tuple
    is accepted: Bizon's own HubSpot source returns one on its last page.
    """
    if isinstance(iteration, tuple) and len(iteration) == 2:  # noqa: PLR2004
        first, second = iteration
        pagination, records = (first, second) if not isinstance(first, list) else (second, first)
        next_state = None
    elif hasattr(iteration, "records") and hasattr(iteration, "next_pagination"):
        pagination, records = iteration.next_pagination, iteration.records
        next_state = getattr(iteration, "next_state", None)
    else:
        raise ProtocolError(f"the source returned {_kind(iteration)} for a page; {EXAMPLE}")
    if pagination is not None and not isinstance(pagination, Mapping):
        raise ProtocolError(
            f"the source returned {_kind(pagination)} as next_pagination; give a dict, empty at "
            "the end"
        )
    if next_state is not None and not isinstance(next_state, Mapping):
        raise ProtocolError(
            f"the source returned {_kind(next_state)} as next_state; give a dict or None"
        )
    return Page(
        number=number,
        records=accept_records(records),
        next_pagination=copy.deepcopy(dict(pagination)) if pagination else {},
        next_state=copy.deepcopy(dict(next_state)) if next_state is not None else None,
        fetched_at=datetime.now(UTC),
    )


def accept_records(records: Any) -> Sequence[SourceRecord]:
    """Return records whose ids are strings and whose data are dicts.

    Raises:
        ProtocolError: One of them is not; it is named by its position in the page.
    """
    if isinstance(records, (str, bytes, Mapping)) or not hasattr(records, "__iter__"):
        raise ProtocolError(f"the source returned {_kind(records)} as records; give a list")
    accepted = records if isinstance(records, list) else list(records)
    for position, record in enumerate(accepted):
        # Exact types first: they are what nearly all records have, at 0.1 µs a record.
        if (
            type(record) is SourceRecord
            and type(record.id) is str
            and type(record.data) is dict
            and record.destination_id is None
            and record.own_timestamp() is None
        ):
            continue
        if accepted is records:
            accepted = list(records)
        accepted[position] = _accept_record(record, position + 1)
    return accepted


def _accept_record(record: Any, position: int) -> SourceRecord:
    """Make a SourceRecord of a record that is not exactly one already."""
    if isinstance(record, Mapping):
        if "id" not in record:
            raise ProtocolError(
                f"record {position} is a dict without an id; wrap it: SourceRecord(id=…, data=…)"
            )
        return SourceRecord(_text_id(record["id"], position), dict(record))
    if not (hasattr(record, "id") and hasattr(record, "data")):
        raise ProtocolError(
            f"record {position} is {_kind(record)}; give SourceRecord(id=…, data=…)"
        )
    data = record.data
    if not isinstance(data, Mapping):
        raise ProtocolError(f"the data of record {position} is {_kind(data)}; give a dict")
    return SourceRecord(
        _text_id(record.id, position),
        data if type(data) is dict else dict(data),
        _moment(record, position),
        _destination(record, position),
    )


def _text_id(value: Any, position: int) -> str:
    """Return an id as text, with Bizon's coercions: int, bool, bytes and enums are taken."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(
                f"the id of record {position} is bytes that are no UTF-8; give a string"
            ) from error
    raise ProtocolError(f"the id of record {position} is {_kind(value)}; give a string")


def _moment(record: Any, position: int) -> datetime | None:
    value = record.own_timestamp() if isinstance(record, SourceRecord) else record.timestamp
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ProtocolError(
                f"the timestamp of record {position} is no ISO 8601 time; give a datetime"
            ) from error
    if value is None or isinstance(value, datetime):
        return value
    raise ProtocolError(
        f"the timestamp of record {position} is {_kind(value)}; give a datetime or nothing"
    )


def _destination(record: Any, position: int) -> str | None:
    value = getattr(record, "destination_id", None)
    if value is None or isinstance(value, str):
        return value
    raise ProtocolError(
        f"the destination_id of record {position} is {_kind(value)}; give a string or nothing"
    )


def _kind(value: Any) -> str:
    """Return what a value is, never what it holds."""
    return "None" if value is None else f"a {type(value).__name__}"
