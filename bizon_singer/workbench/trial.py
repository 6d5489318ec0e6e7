"""What shows to be wrong with a source when its first pages are read.

The pages are asked for as a run does it, in a thread of their own and with the checks of a run; but
what the source did is looked at, where a run only makes the best of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from bizon_singer.connection import close_source
from bizon_singer.errors import InterruptedRunError, PaginationError, ProtocolError
from bizon_singer.failure import describe, log_trace
from bizon_singer.frozen import CannotFreezeError, freeze
from bizon_singer.iteration import Page, read_pages
from bizon_singer.layout import Layout
from bizon_singer.reader import iterate
from bizon_singer.source.config import SourceSyncModes
from bizon_singer.source.models import SourceIncrementalState, SourceRecord
from bizon_singer.stream import SourceStream
from bizon_singer.tap import SourceTap
from bizon_singer.testing.watched import copied, differing, same
from bizon_singer.values import ValueReader
from bizon_singer.workbench import rules
from bizon_singer.workbench.failed import StreamFailedError
from bizon_singer.workbench.field_types import FieldTypes
from bizon_singer.workbench.loose_values import loose_values
from bizon_singer.workbench.rules import Finding, Rule

A_DAY = timedelta(days=1)


def try_stream(tap: SourceTap, stream: SourceStream, path: str, pages: int) -> Iterator[Finding]:
    """Read the first pages of a stream and yield what is wrong with them.

    Args:
        tap: The tap of the source.
        stream: One of its streams.
        path: The file of the source, as it was given.
        pages: How many pages to read, and how many of what changed.

    Raises:
        StreamFailedError: It cannot be read, for a reason no rule knows.
        InterruptedRunError: A signal asked to stop.
    """
    adapter = tap.settings.adapter
    trial = _Trial(stream, pages, adapter.start_date or datetime.now(UTC) - A_DAY)
    error: Exception | None = None
    if not stream.can_be_incremental and _asks_for_changes(tap, stream):
        seen = "sync_mode incremental is asked for, but every run reads everything"
        trial.note(rules.NO_INCREMENTAL, seen)
    try:
        for _ in iterate(
            trial.work, stop=tap.run_context.stop, limit_seconds=adapter.page_timeout_seconds
        ):
            pass
    except InterruptedRunError:
        raise
    except Exception as caught:  # noqa: BLE001 - raised below, once it is told what was seen
        what = str(caught).partition(";")[0]
        if caught is trial.raised or not isinstance(caught, ProtocolError):
            error = caught
        elif isinstance(caught, PaginationError):
            trial.note(rules.STUCK, what)
        else:
            trial.note(rules.NO_PAGE, f"{trial.place}: {what}")
    for (rule, method, _), seen in trial.seen.items():
        yield Finding(rule, path, _line(stream.source_class, method, path), seen, stream.name)
    if error is not None:
        failure = describe(error, stream.name, trial.page)
        log_trace(tap.logger, failure)
        raise StreamFailedError(failure) from error


def _asks_for_changes(tap: SourceTap, stream: SourceStream) -> bool:
    mode = tap.settings.of_stream(stream.name, "sync_mode")
    return bool(mode == SourceSyncModes.INCREMENTAL)


def _line(source_class: type[Any], method: str, path: str) -> int | None:
    """Return the line of a method, None if it stands in another file."""
    code = getattr(getattr(source_class, method, None), "__code__", None)
    if code is None or Path(code.co_filename) != Path(path).expanduser().resolve():
        return None
    return int(code.co_firstlineno)


@dataclass
class _Trial:
    """One stream that is tried; all but its results is used in the thread of the source.

    Attributes:
        stream: The stream.
        pages: How many pages are read.
        since: What an incremental run takes for the start of the last one.
        method: The method that is being asked for pages.
        page: Number of the page asked for last.
        seen: What was seen to be wrong, by rule, method and subject (a field, say).
        raised: What the source raised, None if it did not; else the fault is in what it returned.
    """

    stream: SourceStream
    pages: int
    since: datetime
    method: str = "get"
    page: int | None = None
    seen: dict[tuple[Rule, str, str], str] = field(default_factory=dict)
    raised: Exception | None = None

    def __post_init__(self) -> None:
        """Know nothing yet."""
        self._values = ValueReader(self._note_loss)
        self._types = FieldTypes(self.stream.definition.schema)
        self._ids: dict[Any, str] = {}
        self._state: Mapping[str, Any] = {}

    @property
    def place(self) -> str:
        """Which page is being read, for a sentence."""
        return f"page {self.page or 1} of {self.method}()"

    def note(self, rule: Rule, what: str, subject: str = "") -> None:
        """Note something that is wrong; what is so on every page is said once."""
        self.seen.setdefault((rule, self.method, subject), what)

    def work(self) -> Iterator[None]:
        """Read the stream; each page is an item, so that a signal is heard between them."""
        config = self.stream.source_config()
        source = self.stream.source_class(config)
        is_endless = getattr(config, "sync_mode", None) == SourceSyncModes.STREAM
        try:
            first: Page | None = None
            for page in self._read(lambda given: source.get(pagination=given), endless=is_endless):
                first = first or page
                yield
            if first is not None and not is_endless:
                self._compare(first, self._read_again(source))
            yield
            if self.stream.can_be_incremental and not is_endless:
                self.method = "get_records_after"
                self._ids.clear()
                for _ in self._read(lambda given: self._changes(source, given)):
                    yield
        finally:
            close_source(source)

    def _changes(self, source: Any, pagination: dict[str, Any]) -> Any:
        state = SourceIncrementalState(
            last_run=self.since,
            state=dict(self._state),
            cursor_field=self.stream.replication_key,
            run_started_at=datetime.now(UTC),
        )
        return source.get_records_after(source_state=state, pagination=pagination)

    def _read(self, fetch: Any, *, endless: bool = False) -> Iterator[Page]:
        def watched(given: dict[str, Any]) -> Any:
            self.page = (self.page or 0) + 1
            before = copied(given)
            try:
                answer = fetch(given)
            except Exception as error:
                self.raised = error
                raise
            changed = differing(before, given)
            if changed:
                names = ", ".join(changed)
                self.note(rules.MUTATED, f"{self.place} changed the pagination: {names}")
            self._look_at_answer(answer)
            return answer

        self.page = None
        pages = read_pages(watched, start={}, pages_before=0, limit=self.pages, endless=endless)
        for page in pages:
            self._look_at(page)
            yield page

    def _look_at_answer(self, answer: Any) -> None:
        """Look at what a source returned, before it is made a page."""
        if not hasattr(answer, "next_pagination"):
            return  # a tuple, as Bizon's HubSpot source gives, or something a run refuses
        if answer.next_pagination is None:
            self.note(rules.NEXT_IS_NONE, f"{self.place} gives None as next_pagination")
        for name in ("next_pagination", "next_state"):
            value = getattr(answer, name, None)
            if not isinstance(value, Mapping):
                continue
            try:
                what = "" if freeze(value) == value else "is not all JSON: Bizon cannot resume"
            except CannotFreezeError:
                what = "cannot be kept in STATE: a run that was stopped begins again"
            if what:
                self.note(rules.NOT_JSON, f"{name} of {self.place} {what}", name)

    def _look_at(self, page: Page) -> None:
        """Look at the records of a page."""
        if page.next_state is not None:
            self._state = page.next_state
        for position, record in enumerate(page.records, 1):
            place = f"record {position} of page {page.number} of {self.method}()"
            for item, what in loose_values(record.data):
                self.note(rules.NOT_JSON, f"field `{item}` in {place} {what}", item)
            try:
                plain = self._values.plain(record.data)
            except ProtocolError as error:
                self.note(rules.NOT_JSON, f"{place}: {str(error).partition(';')[0]}", "record")
                continue
            for item, before, after in self._types.add(plain, place):
                seen = f"field `{item}` is {before} and, in {place}, {after}"
                self.note(rules.TYPE_CHANGES, seen, item)
            key = self._key_of(record)
            if key is not None and self._ids.setdefault(key, place) != place:
                name = "the id" if self.stream.layout is not Layout.DECLARED else "the key"
                self.note(rules.REPEATED_ID, f"{place} has {name} of {self._ids[key]}")

    def _key_of(self, record: SourceRecord) -> Any:
        """Return what identifies a record in its target, None if nothing does."""
        if self.stream.layout is not Layout.DECLARED:
            return record.id
        keys = tuple(repr(record.data.get(name)) for name in self.stream.primary_keys or ())
        return keys or None

    def _read_again(self, source: Any) -> Page | None:
        pages = read_pages(
            lambda given: source.get(pagination=given), start={}, pages_before=0, limit=1
        )
        return next(islice(pages, 1), None)

    def _compare(self, first: Page, again: Page | None) -> None:
        """Compare two readings of the first page: the same data under other ids."""
        if again is None or self.stream.layout is Layout.DECLARED:
            return
        for position, (one, other) in enumerate(zip(first.records, again.records, strict=False), 1):
            if same(one.data, other.data) and one.id != other.id:
                seen = f"record {position} of page 1 has another id when it is read again"
                self.note(rules.RANDOM_ID, seen)

    def _note_loss(self, name: str, what: str) -> None:
        self.note(rules.NOT_JSON, f"field `{name}` in {self.place}: {what}", name)
