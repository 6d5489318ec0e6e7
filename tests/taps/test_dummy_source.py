"""The dummy source: Bizon's two streams, and events that are the same on every run."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest
from pydantic import ValidationError

from bizon_singer.errors import ExpiredCursorError, StateError
from bizon_singer.source.models import SourceIncrementalState
from bizon_singer.source.source import AbstractSource
from bizon_taps.dummy.config import DummySourceConfig
from bizon_taps.dummy.events import EventClock
from bizon_taps.dummy.source import DummySource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bizon_singer.source.models import SourceIteration, SourceRecord

START = datetime(2024, 1, 1, tzinfo=UTC)
LAST_RUN = datetime(2020, 1, 1, tzinfo=UTC)


def dummy(stream: str = "events", **settings: Any) -> DummySource:
    """Build the source as the adapter does, from settings."""
    return DummySource(DummySourceConfig.model_validate({"stream": stream, **settings}))


def pages(
    source: DummySource, state: SourceIncrementalState | None = None
) -> Iterator[SourceIteration]:
    """Read page after page until the pagination is empty."""
    pagination: Any = {}
    while True:
        if state is None:
            page = source.get(pagination)
        else:
            page = source.get_records_after(state, pagination)
        yield page
        pagination = page.next_pagination
        if not pagination:
            return


def records(source: DummySource, state: SourceIncrementalState | None = None) -> list[SourceRecord]:
    """Return the records of all pages."""
    return [record for page in pages(source, state) for record in page.records]


def events(**settings: Any) -> list[dict[str, Any]]:
    """Return the data of all events."""
    return [record.data for record in records(dummy(**settings))]


def ids_after(updated_at: str, **settings: Any) -> list[int]:
    """Return the ids an incremental run gives when earlier ones read up to ``updated_at``."""
    state = SourceIncrementalState(last_run=LAST_RUN, state={"updated_at": updated_at})
    return [record.data["id"] for record in records(dummy(**settings), state)]


def test_streams_are_all_described() -> None:
    """Every stream has a definition, in the order of streams()."""
    definitions = DummySource.stream_definitions()
    assert [definition.name for definition in definitions] == DummySource.streams()
    assert all(definition.description for definition in definitions)


def test_only_events_are_incremental() -> None:
    """Creatures and plants are read in full, although the class can read incrementally."""
    methods = {item.name: item.replication_method for item in DummySource.stream_definitions()}
    assert methods == {"creatures": "FULL_TABLE", "plants": "FULL_TABLE", "events": "INCREMENTAL"}
    assert DummySource.get_records_after is not AbstractSource.get_records_after


@pytest.mark.parametrize("stream", DummySource.streams())
def test_records_fit_their_schema(stream: str) -> None:
    """Every record validates, holds each declared field and no other."""
    (definition,) = (d for d in DummySource.stream_definitions() if d.name == stream)
    assert definition.schema is not None
    schema = dict(definition.schema)
    validator = jsonschema.Draft7Validator(schema)
    for record in records(dummy(stream, count=300)):
        validator.validate(record.data)
        assert list(record.data) == list(schema["properties"])
        assert record.id == str(record.data["id"])


@pytest.mark.parametrize("stream", DummySource.streams())
def test_every_field_but_the_key_may_be_null(stream: str) -> None:
    """A target can load a record of which only the key is known."""
    (definition,) = (d for d in DummySource.stream_definitions() if d.name == stream)
    assert definition.schema is not None
    nullable = {
        name for name, field in definition.schema["properties"].items() if "null" in field["type"]
    }
    assert nullable == set(definition.schema["properties"]) - set(definition.key_properties)


@pytest.mark.parametrize(
    ("stream", "names"),
    [
        ("creatures", ["bizon", "croco", "froggy", "turtle", "poulpo"]),
        ("plants", ["tree", "flower", "cactus", "bamboo", "rose"]),
    ],
)
def test_beings_are_those_of_bizon(stream: str, names: list[str]) -> None:
    """Five records on pages of two, two and one, with Bizon's ids, names, ages and cursors."""
    read = list(pages(dummy(stream)))
    assert [len(list(page.records)) for page in read] == [2, 2, 1]
    assert [page.next_pagination for page in read] == [
        {"cursor": "vfvfvuhfefpeiduzhihxb"},
        {"cursor": "final-cursor"},
        {},
    ]
    data = [record.data for page in read for record in page.records]
    assert [row["name"] for row in data] == names
    assert [row["id"] for row in data] == [9898, 88787, 98, 3333, 56565]
    assert [row["age"] for row in data] == [26, 23, 26, 23, 26]
    assert all(page.next_state is None for page in read)


@pytest.mark.parametrize("stream", ["creatures", "plants"])
def test_beings_after_a_run_are_all_of_them(stream: str) -> None:
    """A forced incremental read of a full-table stream gives what a full read gives."""
    state = SourceIncrementalState(last_run=datetime.now(UTC))
    assert records(dummy(stream), state) == records(dummy(stream))


@pytest.mark.parametrize("pagination", [{"cursor": "other"}, {"cursor": 7}, {"offset": 2}])
def test_unknown_cursor_is_refused(pagination: dict[str, Any]) -> None:
    """A cursor the API never gave out is an expired one, not another page."""
    with pytest.raises(ExpiredCursorError, match="stream creatures"):
        dummy("creatures").get(pagination)


@pytest.mark.parametrize(
    "pagination", [{"offset": -1}, {"offset": "5"}, {"offset": True}, {"cursor": "x"}]
)
def test_unknown_offset_is_refused(pagination: dict[str, Any]) -> None:
    """What is no offset is an expired cursor, not the first page."""
    with pytest.raises(ExpiredCursorError, match="stream events"):
        dummy().get(pagination)


@pytest.mark.parametrize("stream", DummySource.streams())
def test_the_first_page_may_be_asked_for_with_nothing(stream: str) -> None:
    """None and {} both mean the first page."""
    assert dummy(stream).get(None).records == dummy(stream).get({}).records


@pytest.mark.parametrize(("stream", "count"), [("creatures", 5), ("plants", 5), ("events", 1234)])
def test_total_is_the_number_of_records(stream: str, count: int) -> None:
    """The total is what a full read gives."""
    source = dummy(stream, count=1234)
    assert source.get_total_records_count() == count == len(records(source))


def test_connection_is_always_good() -> None:
    """There is nothing to connect to."""
    assert dummy().check_connection() == (True, None)


def test_authentication_is_accepted_and_ignored() -> None:
    """Bizon's config with credentials works, and they go nowhere."""
    settings = {"type": "api_key", "params": {"token": "dummy_key"}}
    source = dummy("creatures", authentication=settings)
    assert source.session.auth is None
    assert len(records(source)) == 5


def test_records_share_nothing() -> None:
    """Changing what was handed out changes no later page."""
    source = dummy(count=50)
    before = orjson.dumps([record.data for record in records(source)])
    for record in records(source):
        record.data["user"]["id"] = None
        record.data["tags"].append("changed")
        record.data.clear()
    assert orjson.dumps([record.data for record in records(source)]) == before


def test_events_never_change() -> None:
    """The same seed gives the same bytes, in every version of this package and of Python."""
    first, *_ = read = events(count=2000, seed=7)
    assert first == {
        "id": 1,
        "name": "brisk bison",
        "type": "refund",
        "amount": 66.12,
        "active": True,
        "user": {"id": 98, "email": "chen.98@example.com", "country": "KE"},
        "tags": ["beta", "test"],
        "created_at": "2023-12-31T23:53:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
    }
    assert hashlib.sha256(orjson.dumps(read)).hexdigest() == (
        "e931258af0cdf6c9656a9ffc5e3f648b006dc5207b2318689ef698b48273426f"
    )


def test_seeds_differ() -> None:
    """Another seed gives other events; the sign of a seed counts."""
    assert len({orjson.dumps(events(seed=seed, count=20)) for seed in (0, 1, -1)}) == 3


def test_pages_depend_on_the_offset_only() -> None:
    """Any page size gives the same events, and a page read alone is the page of the run."""
    whole = events(count=500, page_size=500)
    assert events(count=500, page_size=7) == whole
    page = dummy(count=500, page_size=50).get({"offset": 123})
    assert [record.data for record in page.records] == whole[123:173]
    assert page.next_pagination == {"offset": 173}


def test_a_larger_count_keeps_the_events_there_are() -> None:
    """Events do not depend on how many there are."""
    assert events(count=300)[:100] == events(count=100)


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (5, [5]), (10, [5, 5]), (11, [5, 5, 1])])
def test_the_last_page_ends_the_stream(count: int, sizes: list[int]) -> None:
    """No page follows the last event, and no events are one empty page."""
    read = list(pages(dummy(count=count, page_size=5)))
    assert [len(list(page.records)) for page in read] == sizes


def test_an_offset_past_the_last_event_ends_the_stream() -> None:
    """A resume with a smaller count than before ends well."""
    page = dummy(count=10).get({"offset": 500})
    assert (page.records, page.next_pagination, page.next_state) == ([], {}, None)


def test_events_come_one_a_minute_with_every_seventh_a_tie() -> None:
    """updated_at never goes back, and event 7, 14, … has the time of the one before."""
    for row in events(count=3000):
        minutes = row["id"] - 1 - (row["id"] % 7 == 0)
        assert datetime.fromisoformat(row["updated_at"]) == START + timedelta(minutes=minutes)
        age = datetime.fromisoformat(row["updated_at"]) - datetime.fromisoformat(row["created_at"])
        assert timedelta(0) <= age < timedelta(hours=1)


def test_amounts_have_two_decimals() -> None:
    """An amount is written with at most two decimals."""
    assert all(len(str(row["amount"]).partition(".")[2]) <= 2 for row in events(count=2000))


def test_events_vary() -> None:
    """All types, both truth values and every number of tags turn up."""
    rows = events(count=500)
    assert len({row["type"] for row in rows}) == 5
    assert {row["active"] for row in rows} == {True, False}
    assert {len(row["tags"]) for row in rows} == {0, 1, 2, 3}
    assert all(row["user"]["email"].endswith("@example.com") for row in rows)


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ("2023-05-06", "2023-05-06T00:00:00Z"),
        (date(2023, 5, 6), "2023-05-06T00:00:00Z"),
        ("2023-05-06T07:08:09", "2023-05-06T07:08:09Z"),
        ("2023-05-06T01:08:09+02:00", "2023-05-05T23:08:09Z"),
        ("2023-05-06T07:08:09.25Z", "2023-05-06T07:08:09.250000Z"),
        (datetime(2023, 5, 6, 12, tzinfo=timezone(timedelta(hours=5))), "2023-05-06T07:00:00Z"),
        ("0001-01-02", "0001-01-02T00:00:00Z"),
    ],
)
def test_start_date_dates_the_first_event(given: Any, first: str) -> None:
    """A date or a time, in UTC unless it says otherwise, to the microsecond."""
    row = events(start_date=given, count=1)[0]
    assert row["updated_at"] == first


@pytest.mark.parametrize("given", ["soon", "20240230", 20240101, 1.5, None, True, ["2024-01-01"]])
def test_start_date_is_a_date(given: Any) -> None:
    """A number is no date, and the error says what one looks like, not what was given."""
    with pytest.raises(ValidationError, match="2024-01-01T00:00:00Z") as raised:
        dummy(start_date=given)
    assert str(given) not in raised.value.errors(include_input=False)[0]["msg"]


@pytest.mark.parametrize(
    "settings",
    [
        {"start_date": "0001-01-01"},
        {"start_date": "9999-12-31T23:00:00Z"},
        {"count": 10**30},
        {"start_date": "0001-01-01T00:00:00+10:00"},
    ],
)
def test_events_stay_within_the_calendar(settings: dict[str, Any]) -> None:
    """Events nobody can date are refused with the config, not on page 40,000."""
    with pytest.raises(ValidationError, match="start_date"):
        dummy(**settings)


@pytest.mark.parametrize(
    "settings",
    [{"count": -1}, {"page_size": 0}, {"delay_seconds": -1}, {"delay_seconds": float("nan")}],
)
def test_settings_have_limits(settings: dict[str, Any]) -> None:
    """A setting that makes no sense is refused by its name."""
    with pytest.raises(ValidationError, match=next(iter(settings))):
        dummy(**settings)


def test_settings_are_described() -> None:
    """Every setting explains itself; defaults are JSON."""
    schema = DummySourceConfig.model_json_schema()
    own = set(DummySourceConfig.model_fields) - set(DummySourceConfig.__base__.model_fields)  # type: ignore[union-attr]
    assert own == {"count", "page_size", "seed", "start_date", "delay_seconds"}
    assert all(schema["properties"][name]["description"] for name in own)
    assert schema["properties"]["start_date"]["default"] == "2024-01-01T00:00:00Z"


def test_a_first_incremental_run_reads_everything() -> None:
    """With one start_date for generator and run, all events come; without, get() gives them."""
    start = datetime(2025, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC)
    source = dummy(start_date=start, count=250)
    assert records(source, SourceIncrementalState(last_run=start)) == records(source)


def test_without_a_state_the_last_run_counts() -> None:
    """The start of the last run (or start_date) bounds the read when no event was ever seen."""
    state = SourceIncrementalState(last_run=START + timedelta(minutes=10, seconds=1))
    assert records(dummy(count=20), state)[0].data["id"] == 12


def test_the_state_is_the_latest_event() -> None:
    """Each page gives its last updated_at, so the last page gives the latest of the run."""
    read = list(pages(dummy(count=250)))
    states = [page.next_state for page in read]
    assert states == [{"updated_at": list(page.records)[-1].data["updated_at"]} for page in read]
    assert states[-1] == {"updated_at": max(row["updated_at"] for row in events(count=250))}


def test_nothing_new_keeps_the_state() -> None:
    """A run past the last event gives one empty page and no state."""
    state = SourceIncrementalState(LAST_RUN, {"updated_at": "2030-01-01T00:00:00Z"})
    (page,) = pages(dummy(), state)
    assert (page.records, page.next_pagination, page.next_state) == ([], {}, None)


@pytest.mark.parametrize("count", range(30))
def test_the_next_run_brings_the_new_events_and_the_boundary(count: int) -> None:
    """With a larger count come the events from the last time seen on, ties included."""
    seen = events(count=count + 1)
    last = seen[-1]["updated_at"]
    boundary = [row["id"] for row in seen if row["updated_at"] == last]
    new = list(range(count + 2, count + 12))
    assert ids_after(last, count=count + 11) == boundary + new


def test_an_incremental_run_resumes_by_offset() -> None:
    """The pages after the first follow from the offset, whatever the state says."""
    state = SourceIncrementalState(LAST_RUN, {"updated_at": "2024-01-01T01:00:00Z"})
    source = dummy(count=300, page_size=50)
    read = list(pages(source, state))
    assert read[0].next_pagination == {"offset": 110}
    again = dummy(count=300, page_size=50).get_records_after(state, {"offset": 110})
    assert again.records == read[1].records


@pytest.mark.parametrize("seconds", [0, 7.5, 59.999999])
def test_index_from_is_the_first_event_not_before(seconds: float) -> None:
    """The index found by arithmetic is the one a search finds."""
    clock = EventClock(START)
    times = [datetime.fromisoformat(row["updated_at"]) for row in events(count=120)]
    for minute in range(-3, 100):
        moment = START + timedelta(minutes=minute, seconds=seconds)
        expected = next(index for index, updated in enumerate(times) if updated >= moment)
        assert clock.index_from(moment) == expected


@pytest.mark.parametrize("value", ["yesterday", 5, "", ["2024-01-01"], {}])
def test_a_state_that_is_no_time_is_an_error(value: Any) -> None:
    """A broken state names the field and the remedy instead of reading everything."""
    state = SourceIncrementalState(LAST_RUN, {"updated_at": value})
    with pytest.raises(StateError, match="stream events: `updated_at`"):
        dummy().get_records_after(state, {})


def test_the_delay_comes_before_each_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page of each stream waits; without the setting none does."""
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    for stream in DummySource.streams():
        records(dummy(stream, count=3, page_size=1))
    assert not naps
    for stream in DummySource.streams():
        records(dummy(stream, count=3, page_size=1, delay_seconds=0.25))
    assert naps == [0.25] * 9
