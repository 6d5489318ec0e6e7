"""Pages are asked for in order, checked, and none twice; a source's mistake is one sentence."""

from __future__ import annotations

import contextlib
import copy
import re
import threading
import tracemalloc
from collections import UserDict, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.errors import BrokenBodyError, PaginationError, ProtocolError, TransientError
from bizon_singer.iteration import (
    MAX_EMPTY_PAGES,
    PAGE_TRIES,
    Page,
    PaginationLog,
    accept_records,
    read_pages,
)
from bizon_singer.source.models import SourceIteration, SourceRecord
from tests.adapter.strategies import values

ONE = [SourceRecord("1", {"a": 1})]


def pages(
    fetch: Callable[[dict[str, Any]], Any],
    *,
    start: dict[str, Any] | None = None,
    pages_before: int = 0,
    limit: int | None = None,
    endless: bool = False,
) -> Iterator[Page]:
    """Read the pages of a source function."""
    return read_pages(
        fetch, start=start or {}, pages_before=pages_before, limit=limit, endless=endless
    )


def chain(*paginations: Any, records: Any = ONE) -> Callable[[dict[str, Any]], SourceIteration]:
    """Return a source whose pages name these paginations, one after the other."""
    left = list(paginations)
    return lambda _pagination: SourceIteration(left.pop(0), records)


def iter_nothing() -> Iterator[Any]:
    """Return a generator, as a function with a yield in it does."""
    yield from ()


def chain_of(returned: Any) -> Callable[[dict[str, Any]], Any]:
    """Return a source that returns one thing."""
    return lambda _pagination: returned


class TestOrder:
    """From the first page to the last."""

    @pytest.mark.parametrize("end", [{}, None, MappingProxyType({})])
    def test_the_first_page_is_asked_for_with_an_empty_dict(self, end: Any) -> None:
        """Never None; an empty or missing pagination is the end."""
        asked = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            asked.append(pagination)
            return SourceIteration({"page": len(asked)} if len(asked) < 3 else end, ONE)

        read = list(pages(fetch))
        assert asked == [{}, {"page": 1}, {"page": 2}]
        assert [page.number for page in read] == [1, 2, 3]
        assert [page.next_pagination for page in read] == [{"page": 1}, {"page": 2}, {}]
        assert all(page.fetched_at.tzinfo is UTC for page in read)

    def test_a_resumed_run_counts_on(self) -> None:
        """From the pages read before, at the place they led to."""
        asked = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            asked.append(pagination)
            return SourceIteration({}, ONE)

        (page,) = pages(fetch, start={"after": "400"}, pages_before=4)
        assert asked == [{"after": "400"}]
        assert page.number == 5

    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_a_limit_is_exact(self, limit: int) -> None:
        """Bizon fetches one page more; also when the last page is in reach."""
        asked = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            asked.append(pagination)
            return SourceIteration({"n": len(asked)}, ONE)

        assert len(list(pages(fetch, limit=limit, pages_before=10))) == limit
        assert len(asked) == limit
        assert len(list(pages(chain({}), limit=limit))) == 1

    def test_a_page_is_asked_for_only_when_it_is_wanted(self) -> None:
        """No page is fetched ahead here."""
        asked = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            asked.append(pagination)
            return SourceIteration({"n": len(asked)}, ONE)

        next(pages(fetch))
        assert len(asked) == 1

    def test_an_empty_page_with_a_new_pagination_goes_on(self) -> None:
        """Only the pagination ends a stream."""
        read = list(pages(chain({"a": 1}, {"a": 2}, {}, records=[])))
        assert [len(page.records) for page in read] == [0, 0, 0]

    def test_a_thousand_empty_pages_in_a_row_end_it(self) -> None:
        """A page with a record in between starts the count anew."""
        count = 0

        def fetch(_pagination: dict[str, Any]) -> SourceIteration:
            nonlocal count
            count += 1
            return SourceIteration({"n": count}, ONE if count == 500 else [])

        read: list[int] = []
        with pytest.raises(
            PaginationError, match=f"^{MAX_EMPTY_PAGES} pages in a row held no record"
        ):
            read.extend(page.number for page in pages(fetch))
        assert count == 500 + MAX_EMPTY_PAGES

    def test_so_many_empty_pages_and_no_more(self) -> None:
        """Also when there never was a record."""
        numbers = iter(range(10**6))
        read: list[Page] = []
        with pytest.raises(PaginationError) as caught:
            read.extend(pages(lambda _: SourceIteration({"n": next(numbers)}, [])))
        assert len(read) == MAX_EMPTY_PAGES
        assert str(caught.value) == (
            "1000 pages in a row held no record, each naming a next one; the source does not come "
            "to an end"
        )

    def test_an_endless_source_ends_with_an_empty_page(self) -> None:
        """Its pagination may stay the same or be missing."""
        left = [ONE, ONE, []]
        read = list(pages(lambda _: SourceIteration({}, left.pop(0)), endless=True))
        assert [len(page.records) for page in read] == [1, 1, 0]

    def test_a_tenth_page_that_is_the_same_is_one_too_many(self) -> None:
        """Nine are out by then; how to read a table is said."""
        read: list[Page] = []
        with pytest.raises(PaginationError) as caught:
            read.extend(pages(lambda _: SourceIteration({}, ONE), endless=True))
        assert len(read) == 9
        assert str(caught.value) == (
            "the source gave the same records 10 times from its beginning; `sync_mode: stream` is "
            "for queues, leave it out for a source that has an end"
        )

    @pytest.mark.parametrize("pages_in_it", [1, 3])
    def test_a_table_is_no_endless_source(self, pages_in_it: int) -> None:
        """Read as a queue it would start again for ever, its records growing no older."""

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            page = pagination.get("page", 0)
            record = SourceRecord(str(page), {"page": page}, datetime.now(UTC))
            return SourceIteration({"page": page + 1} if page + 1 < pages_in_it else {}, [record])

        read: list[Page] = []
        with pytest.raises(PaginationError, match="the same records 10 times from its beginning"):
            read.extend(pages(fetch, endless=True))

    def test_a_queue_may_repeat_itself_for_a_while(self) -> None:
        """Equal messages follow each other; one that differs is enough."""
        messages = [{"beat": 0}] * 9 + [{"beat": 1}] * 9
        left = [*[[SourceRecord("b", message)] for message in messages], []]
        assert len(list(pages(lambda _: SourceIteration({}, left.pop(0)), endless=True))) == 19


class TestLoops:
    """The same pagination twice is an error that names it."""

    @pytest.mark.parametrize("length", [1, 2, 3, 7, 100])
    @pytest.mark.parametrize("tail", [0, 1, 5])
    def test_of_any_length_and_wherever_they_begin(self, length: int, tail: int) -> None:
        """Found before the page is asked for again, with the two pages that show it."""
        asked: list[dict[str, Any]] = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            asked.append(pagination)
            step = pagination.get("step", 0) + 1
            return SourceIteration({"step": step if step <= tail + length else tail + 1}, ONE)

        message = f"page {tail + length + 1} gave the pagination that had led to page {tail + 2}"
        with pytest.raises(PaginationError, match=message):
            list(pages(fetch))
        assert len(asked) == tail + length + 1

    def test_the_start_of_a_resumed_run_counts(self) -> None:
        """It may not come up again either."""
        with pytest.raises(PaginationError, match=r"page 8 gave .* led to page 7"):
            list(pages(chain({"b": 1}, {"a": 1}), start={"a": 1}, pages_before=6))

    def test_the_order_of_keys_does_not_matter(self) -> None:
        """Equal is equal."""
        with pytest.raises(PaginationError):
            list(pages(chain({"a": 1, "b": 2}, {"b": 2, "a": 1})))

    def test_types_matter(self) -> None:
        """A text, an integer, a tuple and a list are different places."""
        same = [{"a": "1"}, {"a": 1}, {"a": (1,)}, {"a": [1]}, {"a": {1}}, {1: "a"}, {"1": "a"}, {}]
        assert len(list(pages(chain(*same)))) == len(same)

    def test_values_json_cannot_hold_are_compared_by_being_equal(self) -> None:
        """Where they can be: a library's time that does not advance is a loop."""

        class Point(NamedTuple):
            """A value JSON cannot give back."""

            x: int

        with pytest.raises(PaginationError, match=r"page 3 gave .* led to page 2"):
            list(pages(chain({"at": Point(1)}, {"at": Point(2)}, {"at": Point(1)})))

    def test_objects_without_equality_are_taken_for_new_ones(self) -> None:
        """A wrong alarm would stop a source that works; an address may come up again."""

        class Cursor:
            """Looks the same after each page."""

        left = [{"cursor": Cursor()} for _ in range(50)]
        assert len(list(pages(chain(*left, {})))) == 51

    @pytest.mark.parametrize("thing", [threading.Lock(), (row for row in [1])])
    def test_what_has_no_copy_works_too(self, thing: Any) -> None:
        """A lock and a generator are handed on as they are."""
        got = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            got.append(pagination)
            return SourceIteration({"held": thing} if len(got) < 5 else None, ONE)

        assert len(list(pages(fetch))) == 5
        assert all(pagination["held"] is thing for pagination in got[1:])

    def test_comparisons_that_fail_are_no_match(self) -> None:
        """Arrays of numpy have no truth value."""

        class Array:
            """Equals nothing and everything."""

            def __eq__(self, other: object) -> bool:
                raise ValueError

            __hash__ = None  # type: ignore[assignment]

        left = [{"a": Array()} for _ in range(3)]
        assert len(list(pages(chain(*left, {})))) == 4

    def test_a_loop_longer_than_the_memory_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """By a page that is remembered until the number of pages has doubled."""
        monkeypatch.setattr("bizon_singer.iteration.REMEMBERED_PAGES", 10)
        asked = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            asked.append(pagination)
            assert len(asked) < 3 * 500
            return SourceIteration({"page": len(asked) % 500}, ONE)

        with pytest.raises(PaginationError, match="led to page"):
            list(pages(fetch))
        assert len(asked) > 500

    def test_memory_is_small_and_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A hundred bytes and some for each page, and none for those long past."""
        monkeypatch.setattr("bizon_singer.iteration.REMEMBERED_PAGES", 10_000)
        log = PaginationLog()

        def size_after(first: int, last: int) -> int:
            for number in range(first, last):
                log.add({"page": number}, number)
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            assert size_after(1, 9_000) < 150 * 9_000
            assert size_after(9_000, 60_000) < 150 * 2 * 10_000
        finally:
            tracemalloc.stop()


class TestTries:
    """A page whose body came broken is asked for again."""

    @pytest.mark.parametrize("failures", range(PAGE_TRIES + 2))
    def test_three_times_in_all(self, failures: int) -> None:
        """Each time with a fresh copy of the pagination; then the error stands."""
        asked = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            asked.append(copy.deepcopy(pagination))
            pagination["spoilt"] = True
            if len(asked) <= failures:
                raise BrokenBodyError("a body was cut off")
            return SourceIteration({}, ONE)

        if failures < PAGE_TRIES:
            assert len(list(pages(fetch, start={"n": [1]}))) == 1
        else:
            with pytest.raises(BrokenBodyError):
                list(pages(fetch, start={"n": [1]}))
        assert asked == [{"n": [1]}] * min(failures + 1, PAGE_TRIES)

    def test_each_page_has_its_own_tries(self) -> None:
        """Twice broken, each of three pages still comes."""
        asked: defaultdict[int, int] = defaultdict(int)

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            number = pagination.get("n", 0)
            asked[number] += 1
            if asked[number] < PAGE_TRIES:
                raise BrokenBodyError("a body was cut off")
            return SourceIteration({"n": number + 1} if number < 2 else {}, ONE)

        assert len(list(pages(fetch))) == 3

    @pytest.mark.parametrize(
        "error", [TransientError("spent"), ProtocolError("odd"), KeyError("x")]
    )
    def test_other_errors_pass_at_once(self, error: Exception) -> None:
        """The session has retried what could be."""
        asked = []

        def fetch(pagination: dict[str, Any]) -> None:
            asked.append(pagination)
            raise error

        with pytest.raises(type(error)):
            list(pages(fetch))
        assert len(asked) == 1


class TestCopies:
    """What a source gets and gives is its own."""

    def test_what_a_source_does_to_its_pagination_changes_nothing(self) -> None:
        """Neither to the one it got, nor to the one it gave."""
        gave: list[dict[str, Any]] = []
        asked = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            asked.append(copy.deepcopy(pagination))
            for earlier in gave:
                earlier["list"].append("later")
            pagination.setdefault("list", []).append("mine")
            gave.append({"list": [len(asked)]})
            return SourceIteration(gave[-1] if len(asked) < 3 else {}, ONE)

        read = list(pages(fetch))
        assert asked == [{}, {"list": [1]}, {"list": [2]}]
        assert [page.next_pagination for page in read] == [{"list": [1]}, {"list": [2]}, {}]

    def test_nor_to_its_state(self) -> None:
        """Which is kept for the end of the run."""
        state = {"seen": [1]}
        (page,) = pages(lambda _: SourceIteration({}, ONE, state))
        state["seen"].append(2)
        assert page.next_state == {"seen": [1]}

    def test_a_source_may_fill_its_list_anew(self) -> None:
        """The next page is fetched while this one is written."""
        buffer: list[SourceRecord] = []

        def fetch(pagination: dict[str, Any]) -> SourceIteration:
            number = pagination.get("n", 0) + 1
            buffer.clear()
            buffer.append(SourceRecord(str(number), {}))
            return SourceIteration({"n": number} if number < 3 else {}, buffer)

        assert [page.records[0].id for page in list(pages(fetch))] == ["1", "2", "3"]


class Foreign(pydantic.BaseModel):
    """A record as Bizon's own models are."""

    id: str
    data: dict[str, Any]
    timestamp: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    destination_id: str | None = None


class ForeignIteration(pydantic.BaseModel):
    """A page as Bizon's own models are."""

    next_pagination: dict[str, Any]
    records: list[Foreign]
    next_state: dict[str, Any] | None = None


class TestReturns:
    """What counts as a page."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda: SourceIteration({"n": 1}, ONE),
            lambda: SourceIteration(records=tuple(ONE), next_pagination=MappingProxyType({"n": 1})),
            lambda: SourceIteration({"n": 1}, iter(ONE)),
            lambda: SourceIteration({"n": 1}, (record for record in ONE)),
            lambda: SimpleNamespace(next_pagination={"n": 1}, records=ONE),
            lambda: ({"n": 1}, ONE),
            lambda: (ONE, {"n": 1}),
            lambda: ({"n": 1}, (record for record in ONE)),
            lambda: ((record for record in ONE), {"n": 1}),
            lambda: ({"n": 1}, [{"id": 1, "a": 1}]),
            lambda: ForeignIteration(
                next_pagination={"n": 1}, records=[Foreign(id="1", data={"a": 1})]
            ),
        ],
        ids=lambda make: type(make()).__name__,
    )
    def test_a_page_of_any_make(self, make: Callable[[], Any]) -> None:
        """Ours, Bizon's, anything like it, or a tuple either way round."""
        page = next(pages(lambda _: make()))
        assert page.next_pagination == {"n": 1}
        assert page.next_state is None
        assert [record.id for record in page.records] == ["1"]
        assert type(page.records[0]) is SourceRecord

    @pytest.mark.parametrize("returned", [(None, []), ([], None), ({}, []), ([], {})])
    def test_a_tuple_without_a_pagination_is_the_end(self, returned: Any) -> None:
        """Whichever stands first."""
        (page,) = pages(lambda _: returned)
        assert page.records == []

    @pytest.mark.parametrize(
        ("returned", "what"),
        [
            (None, "None for a page"),
            ({"records": [], "next_pagination": {}}, "a dict for a page"),
            ([], "a list for a page"),
            ("canary", "a str for a page"),
            ((1, 2, 3), "a tuple for a page"),
            (iter_nothing(), "a generator for a page"),
            (SourceIteration(["canary"], ONE), "a list as next_pagination"),  # type: ignore[arg-type]
            (SourceIteration("canary", ONE), "a str as next_pagination"),  # type: ignore[arg-type]
            (([], []), "a list as next_pagination"),
            (SourceIteration({}, ONE, "canary"), "a str as next_state"),  # type: ignore[arg-type]
            (SourceIteration({}, None), "None as records"),  # type: ignore[arg-type]
            (SourceIteration({}, "canary"), "a str as records"),  # type: ignore[arg-type]
            (SourceIteration({}, {"id": "x"}), "a dict as records"),  # type: ignore[dict-item]
            (SourceIteration({}, 5), "an int as records"),  # type: ignore[arg-type]
            (({}, None), "None as records"),
            (({}, {}), "a dict as records"),
        ],
    )
    def test_anything_else_is_refused_in_one_sentence(self, returned: Any, what: str) -> None:
        """Which says what it is and what to give, never what it holds."""
        with pytest.raises(ProtocolError) as caught:
            list(pages(lambda _: returned))
        sentence = str(caught.value)
        assert sentence.startswith(f"the source returned {what}; ")
        assert re.search("; (return|give) ", sentence)
        assert "canary" not in sentence
        assert "\n" not in sentence

    @pytest.mark.parametrize("half", [{"records": ONE}, {"next_pagination": {}}])
    def test_half_a_page_is_none(self, half: dict[str, Any]) -> None:
        """It is refused as anything else is."""
        with pytest.raises(ProtocolError, match="the source returned a SimpleNamespace for a page"):
            next(pages(lambda _: SimpleNamespace(**half)))

    def test_a_coroutine_is_refused_with_what_to_do(self) -> None:
        """And closed, or Python would warn of it after the last word."""

        async def get(_pagination: dict[str, Any]) -> SourceIteration:
            return SourceIteration({}, ONE)

        with pytest.raises(ProtocolError) as caught:
            next(pages(get))
        assert str(caught.value) == (
            "the source returned a coroutine for a page; define its method without `async`"
        )

    @given(values)
    def test_no_return_value_is_a_bug_of_ours(self, returned: Any) -> None:
        """Whatever a source returns is a page or a ProtocolError."""
        things: list[Any] = [returned, ({}, returned), (returned, []), ({}, [returned])]
        for thing in things:
            with contextlib.suppress(ProtocolError):
                assert isinstance(next(pages(chain_of(thing))), Page)


class Identifier(Enum):
    """An enum of identifiers."""

    A = "a"


class Word(StrEnum):
    """An enum of texts."""

    B = "b"


def accepted(record: Any) -> SourceRecord:
    """Return what a record becomes as the second of a page."""
    return accept_records([ONE[0], record])[1]


class TestRecords:
    """What counts as a record."""

    @pytest.mark.parametrize(
        ("identifier", "text"),
        [
            ("x", "x"),
            ("", ""),
            (5, "5"),
            (True, "True"),
            (b"\xc3\xa9", "é"),
            (Identifier.A, "a"),
            (Word.B, "b"),
        ],
    )
    def test_an_id_becomes_text_as_in_bizon(self, identifier: Any, text: str) -> None:
        """Exactly a str, so that everything after can rely on it."""
        found = accepted(SourceRecord(identifier, {}))
        assert found.id == text
        assert type(found.id) is str

    @pytest.mark.parametrize(
        ("record", "data"),
        [
            ({"id": 1, "a": 1}, {"id": 1, "a": 1}),
            ({"id": 1, "data": {"a": 1}}, {"a": 1}),
            ({"id": 1, "data": {"a": 1}, "timestamp": None, "destination_id": "t"}, {"a": 1}),
            ({"id": 1, "data": {"a": 1}, "more": 1}, {"id": 1, "data": {"a": 1}, "more": 1}),
            ({"id": 1, "data": 5}, {"id": 1, "data": 5}),
            (SourceRecord("1", UserDict(a=1)), {"a": 1}),  # type: ignore[arg-type]
            (Foreign(id="1", data={"a": 1}), {"a": 1}),
            (SimpleNamespace(id=1, data={"a": 1}), {"a": 1}),
        ],
    )
    def test_a_record_of_any_make(self, record: Any, data: dict[str, Any]) -> None:
        """A dict is the data, or the fields of a record as Bizon takes them."""
        found = accepted(record)
        assert found.id == "1"
        assert found.data == data
        assert type(found.data) is dict

    def test_of_a_record_written_as_a_dict_all_is_kept(self) -> None:
        """As Bizon takes it: its time and its destination are no less than those of an object."""
        found = accepted(
            {"id": 1, "data": {}, "timestamp": "2024-01-01T00:00:00Z", "destination_id": "table"}
        )
        assert found.own_timestamp() == datetime(2024, 1, 1, tzinfo=UTC)
        assert found.destination_id == "table"

    def test_of_a_foreign_record_all_is_kept(self) -> None:
        """Its time and its destination."""
        found = accepted(Foreign(id="1", data={}, destination_id="table"))
        assert found.own_timestamp() == datetime(2024, 1, 1, tzinfo=UTC)
        assert found.destination_id == "table"

    @pytest.mark.parametrize("timestamp", [None, datetime(2024, 1, 1, tzinfo=UTC)])
    @pytest.mark.parametrize("destination_id", [None, "table"])
    @pytest.mark.parametrize("is_read", [False, True])
    def test_a_record_whose_fields_have_their_types_is_itself(
        self, timestamp: datetime | None, destination_id: str | None, *, is_read: bool
    ) -> None:
        """Nearly all are; another made of it costs five times what looking at it does."""
        record = SourceRecord("1", {}, timestamp, destination_id)
        if is_read:
            assert record.timestamp
        assert accepted(record) is record

    @pytest.mark.parametrize(
        ("timestamp", "moment"),
        [
            (None, None),
            ("2024-01-01T00:00:00Z", datetime(2024, 1, 1, tzinfo=UTC)),
            ("2024-01-01", datetime(2024, 1, 1)),  # noqa: DTZ001
            (date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)),
            (1704067200, datetime(2024, 1, 1, tzinfo=UTC)),
            (1704067200.5, datetime(2024, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
            (1704067200000, datetime(2024, 1, 1, tzinfo=UTC)),
            (20_000_000_000, datetime(2603, 10, 11, 11, 33, 20, tzinfo=UTC)),
            (20_000_000_001, datetime(1970, 8, 20, 11, 33, 20, 1000, tzinfo=UTC)),
        ],
    )
    def test_a_timestamp_is_a_time_as_in_bizon(self, timestamp: Any, moment: Any) -> None:
        """Text, a date, or seconds or milliseconds since 1970."""
        assert accepted(SourceRecord("1", {}, timestamp)).own_timestamp() == moment

    @pytest.mark.parametrize(
        ("record", "sentence"),
        [
            (None, "record 2 is None; give SourceRecord"),
            ("canary", "record 2 is a str; give"),
            (("canary", {}), "record 2 is a tuple; give"),
            ({}, "record 2 is a dict without an id; wrap it"),
            (SourceRecord(None, {}), "the id of record 2 is None; give a string"),  # type: ignore[arg-type]
            (SourceRecord(1.5, {}), "the id of record 2 is a float; give"),  # type: ignore[arg-type]
            ({"id": None}, "the id of record 2 is None; give"),
            ({"id": []}, "the id of record 2 is a list; give"),
            (SourceRecord(b"\xff", {}), "the id of record 2 is a bytes that has no text"),  # type: ignore[arg-type]
            (SourceRecord(10**5000, {}), "the id of record 2 is an int that has no text"),  # type: ignore[arg-type]
            (SourceRecord("1", None), "the data of record 2 is None; give a dict"),  # type: ignore[arg-type]
            (SourceRecord("1", ["canary"]), "the data of record 2 is a list; give"),  # type: ignore[arg-type]
            (SourceRecord("1", {}, "canary"), "the timestamp of record 2 is a str that is no time"),  # type: ignore[arg-type]
            (SourceRecord("1", {}, True), "the timestamp of record 2 is a bool; give"),  # type: ignore[arg-type]
            (SourceRecord("1", {}, 1e300), "the timestamp of record 2 is a float that is no time"),  # type: ignore[arg-type]
            (SourceRecord("1", {}, float("nan")), "the timestamp of record 2 is a float that is"),  # type: ignore[arg-type]
            (SourceRecord("1", {}, []), "the timestamp of record 2 is a list; give"),  # type: ignore[arg-type]
            (SourceRecord("1", {}, None, 5), "the destination_id of record 2 is an int; give"),  # type: ignore[arg-type]
            (SimpleNamespace(id=1), "record 2 is a SimpleNamespace; give"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_anything_else_is_refused_and_named(self, record: Any, sentence: str) -> None:
        """By its position in the page, never by what it holds."""
        with pytest.raises(ProtocolError) as caught:
            accepted(record)
        assert str(caught.value).startswith(sentence)
        assert "canary" not in str(caught.value)

    def test_the_source_s_list_and_records_are_not_changed(self) -> None:
        """A record that is not exactly right is replaced by another."""
        record = SourceRecord(5, {})  # type: ignore[arg-type]
        given_list = [record]
        accept_records(given_list)
        assert given_list == [record]
        assert record.id == 5  # type: ignore[comparison-overlap]

    @given(st.lists(st.tuples(st.text(), st.dictionaries(st.text(), st.integers())), max_size=5))
    def test_exact_records_pass_as_they_are(self, rows: list[tuple[str, dict[str, int]]]) -> None:
        """Nearly all do: not one is copied."""
        records = [SourceRecord(identifier, data) for identifier, data in rows]
        found = accept_records(records)
        assert found is not records
        assert all(one is other for one, other in zip(found, records, strict=True))
