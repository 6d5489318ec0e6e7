"""The pages of a source: asked for in order, checked, and never the same one twice.

Everything a source may do wrong with a page ends here, in one sentence that names the stream, the
page and the record: a wrong return type, a record without an id, a pagination that loops.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import partial
from typing import Any, TypeVar

import orjson

from bizon_singer.errors import BizonSingerError, PaginationError, ProtocolError, kind_of
from bizon_singer.frozen import CannotFreezeError, freeze
from bizon_singer.source.models import JsonRecord, SourceRecord, stored_data, stored_timestamp

MAX_EMPTY_PAGES = 1000
PAGE_TRIES = 3
MAX_SAME_PAGES = 10
REMEMBERED_PAGES = 50_000
REMEMBERED_OBJECTS = 100
EXAMPLE = "return a SourceIteration(records=…, next_pagination=…)"
RECORD_FIELDS = frozenset({"id", "data", "timestamp", "destination_id"})
LARGEST_EPOCH_SECONDS = 2e10
"""A larger number is taken for milliseconds, as pydantic does and so Bizon (the year 2603)."""

_STORED = frozenset({datetime, tuple})
_UNSHARED = frozenset({str, int, float, bool, type(None)})
"""Types whose values nobody can change."""

T = TypeVar("T")
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
        PaginationError: A pagination came up a second time, or an endless source is none.
        ProtocolError: The source returned something that is no page.
    """
    pagination = start
    seen = PaginationLog()
    starts = RestartLog()
    empty_pages = 0
    number = pages_before
    seen.add(start, number + 1)
    while limit is None or number - pages_before < limit:
        number += 1
        page = _accept(ask(partial(_fetch_page, fetch, pagination)), number)
        if endless and not pagination:
            starts.add(page.records)
        pagination = page.next_pagination
        if pagination and not endless:
            # Before the page is written: STATE must not lead the next run into the loop.
            seen.add(pagination, number + 1)
        is_empty = not page.records
        yield page
        del page  # before the next one is fetched: its memory can be used for that
        if is_empty if endless else not pagination:
            return
        empty_pages = empty_pages + 1 if is_empty else 0
        if empty_pages >= MAX_EMPTY_PAGES:
            raise PaginationError(
                f"{MAX_EMPTY_PAGES} pages in a row held no record, each naming a next one; the "
                "source does not come to an end"
            )


def _fetch_page(fetch: Fetch, pagination: Pagination) -> Any:
    return fetch(_copied(pagination))


def ask(question: Callable[[], T]) -> T:
    """Return what a source answers; a body that came broken is asked for again.

    Args:
        question: Calls the source.
    """
    for _ in range(PAGE_TRIES - 1):
        try:
            return question()
        except BizonSingerError as error:
            if not error.retry_page:
                raise
    return question()


def _copied(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy that shares nothing with a source, or its values if they have no copy."""
    if set(map(type, mapping.values())) <= _UNSHARED:  # as most: 1 µs a page in place of 6
        return dict(mapping)
    try:
        return copy.deepcopy(dict(mapping))
    except Exception:  # noqa: BLE001 - an open cursor, a lock, a generator; the run can do with it
        return dict(mapping)


class PaginationLog:
    """Remembers the paginations of a stream's run, in bounded memory (about 12 MB).

    The last 50,000 to 100,000 are known one by one. Older ones are forgotten, but for one that is
    replaced whenever the number of pages has doubled: a longer loop comes back to it (Brent 1980).
    """

    def __init__(self) -> None:
        """Start empty."""
        self._pages = 0
        self._recent: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}
        self._anchor: tuple[bytes, int] = (b"", 0)
        self._objects: deque[tuple[Pagination, int]] = deque(maxlen=REMEMBERED_OBJECTS)

    def add(self, pagination: Pagination, number: int) -> None:
        """Note the pagination of a page.

        Raises:
            PaginationError: An earlier page of this run had the same one.
        """
        try:
            text = orjson.dumps(freeze(pagination), option=orjson.OPT_SORT_KEYS)
        except CannotFreezeError:
            before = self._note_object(pagination, number)
        else:
            before = self._note(hashlib.blake2b(text, digest_size=8).digest(), number)
        if before:
            raise PaginationError(
                f"the source asked for the same page again: page {number - 1} gave the pagination "
                f"that had led to page {before}; make `next_pagination` advance, and empty at the "
                "end"
            )

    def _note(self, digest: bytes, number: int) -> int | None:
        """Remember a pagination; return the page that had it before."""
        before = self._recent.get(digest) or self._older.get(digest)
        if before is None and digest == self._anchor[0]:
            before = self._anchor[1]
        if before is None:
            self._pages += 1
            self._recent[digest] = number
            if self._pages.bit_count() == 1:
                self._anchor = (digest, number)
            if len(self._recent) >= REMEMBERED_PAGES:
                self._older, self._recent = self._recent, {}
        return before

    def _note_object(self, pagination: Pagination, number: int) -> int | None:
        """Remember a pagination with values that have no text, known by being equal."""
        try:
            own = copy.deepcopy(pagination)
            before = next((page for seen, page in self._objects if seen == own), None)
        except Exception:  # noqa: BLE001 - no copy or no comparison: it may be a new one
            return None
        self._objects.append((own, number))
        return before


class RestartLog:
    """Tells a queue, which hands out each record once, from a table read again and again.

    Both may give an empty pagination; a run of ``sync_mode: stream`` over a table would never end.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._before: Sequence[SourceRecord] = ()
        self._times = 1

    def add(self, records: Sequence[SourceRecord]) -> None:
        """Note the records of a page that was asked for without a pagination.

        Raises:
            PaginationError: They are those of the pages before it.
        """
        same = len(records) == len(self._before) and all(
            new.id == old.id and new.data == old.data
            for new, old in zip(records, self._before, strict=True)
        )
        self._times = self._times + 1 if same and records else 1
        self._before = records
        if self._times >= MAX_SAME_PAGES:
            raise PaginationError(
                f"the source gave the same records {MAX_SAME_PAGES} times from its beginning; "
                "`sync_mode: stream` is for queues, leave it out for a source that has an end"
            )


def _accept(iteration: Any, number: int) -> Page:
    """Check what a source returned and make it a page."""
    pagination, records, next_state = _parts(iteration)
    if not _may_be_pagination(pagination):
        raise ProtocolError(
            f"the source returned {kind_of(pagination)} as next_pagination; give a dict, empty at "
            "the end"
        )
    if next_state is not None and not isinstance(next_state, Mapping):
        raise ProtocolError(
            f"the source returned {kind_of(next_state)} as next_state; give a dict or None"
        )
    return Page(
        number=number,
        records=accept_records(records),
        next_pagination=_copied(pagination) if pagination else {},
        next_state=_copied(next_state) if next_state is not None else None,
        fetched_at=datetime.now(UTC),
    )


def _parts(iteration: Any) -> tuple[Any, Any, Any]:
    """Return pagination, records and state of what a source returned.

    Besides a ``SourceIteration``, of this package or of Bizon, a ``(pagination, records)`` tuple
    is accepted: Bizon's own HubSpot source returns one on its last page.
    """
    if hasattr(iteration, "records") and hasattr(iteration, "next_pagination"):
        state = getattr(iteration, "next_state", None)
        return iteration.next_pagination, iteration.records, state
    if isinstance(iteration, tuple) and len(iteration) == 2:  # noqa: PLR2004
        first, second = iteration
        return (first, second, None) if _may_be_pagination(first) else (second, first, None)
    if inspect.iscoroutine(iteration):
        iteration.close()  # Python would warn, after the last word of the run
        raise ProtocolError(
            "the source returned a coroutine for a page; define its method without `async`"
        )
    raise ProtocolError(f"the source returned {kind_of(iteration)} for a page; {EXAMPLE}")


def _may_be_pagination(value: Any) -> bool:
    return value is None or isinstance(value, Mapping)


def accept_records(records: Any) -> Sequence[SourceRecord]:
    """Return records whose ids are strings and whose data are dicts, in a list of their own.

    The list is copied because the source's own may be filled anew with the next page, which is
    fetched while this one is written.

    Raises:
        ProtocolError: One of them is not; it is named by its position in the page.
    """
    if isinstance(records, (str, bytes, Mapping)) or not hasattr(records, "__iter__"):
        raise ProtocolError(f"the source returned {kind_of(records)} as records; give a list")
    accepted = list(records)
    for position, record in enumerate(accepted):
        # Exact types first: they are what nearly all records have, at 0.1 µs a record.
        if not (
            (
                type(record.data) is dict
                if type(record) is SourceRecord
                else type(record) is JsonRecord and type(stored_data(record)) is bytes
            )
            and type(record.id) is str
            and ((route := record.destination_id) is None or type(route) is str)
            and ((moment := stored_timestamp(record)) is None or type(moment) in _STORED)
        ):
            accepted[position] = _accept_record(record, position + 1)
    return accepted


def _accept_record(record: Any, position: int) -> SourceRecord:
    """Make a SourceRecord of a record that is not exactly one already.

    A dict is a record's data, or its four fields by name, as Bizon takes it.
    """
    if isinstance(record, JsonRecord) and type(text := stored_data(record)) is not bytes:
        raise ProtocolError(f"the text of record {position} is {kind_of(text)}; give bytes")
    if isinstance(record, SourceRecord):
        given = (record.id, record.data, record.own_timestamp(), record.destination_id)
    elif isinstance(record, Mapping):
        if "id" not in record:
            raise ProtocolError(
                f"record {position} is a dict without an id; wrap it: SourceRecord(id=…, data=…)"
            )
        is_whole = record.keys() <= RECORD_FIELDS and isinstance(record.get("data"), Mapping)
        whole = record if is_whole else {"id": record["id"], "data": record}
        given = (whole["id"], whole["data"], whole.get("timestamp"), whole.get("destination_id"))
    elif hasattr(record, "id") and hasattr(record, "data"):
        moment = getattr(record, "timestamp", None)
        given = (record.id, record.data, moment, getattr(record, "destination_id", None))
    else:
        raise ProtocolError(
            f"record {position} is {kind_of(record)}; give SourceRecord(id=…, data=…)"
        )
    identifier, data, moment, destination = given
    if not isinstance(data, Mapping):
        raise ProtocolError(f"the data of record {position} is {kind_of(data)}; give a dict")
    return SourceRecord(
        _text_id(identifier, position),
        data if type(data) is dict else dict(data),
        _moment(moment, position),
        _destination(destination, position),
    )


def _text_id(value: Any, position: int) -> str:
    """Return an id as text, with Bizon's coercions: int, bool, bytes and enums are taken."""
    if isinstance(value, Enum):
        value = value.value
    try:
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return str(value)
        if isinstance(value, bytes):
            return value.decode()
    except ValueError as error:
        raise ProtocolError(
            f"the id of record {position} is {kind_of(value)} that has no text; give a string"
        ) from error
    raise ProtocolError(f"the id of record {position} is {kind_of(value)}; give a string")


def _moment(value: Any, position: int) -> datetime | None:
    """Return a timestamp as a time, with Bizon's coercions: ISO 8601 text, a date, an epoch."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            is_seconds = abs(value) <= LARGEST_EPOCH_SECONDS
            return datetime.fromtimestamp(value if is_seconds else value / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ProtocolError(
            f"the timestamp of record {position} is {kind_of(value)} that is no time; give a "
            "datetime, or ISO 8601 text"
        ) from error
    raise ProtocolError(
        f"the timestamp of record {position} is {kind_of(value)}; give a datetime or nothing"
    )


def _destination(value: Any, position: int) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ProtocolError(
        f"the destination_id of record {position} is {kind_of(value)}; give a string or nothing"
    )
