"""What a source hands over: records, pages and the state of incremental runs."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bizon_singer.iteration import accept_records
from bizon_singer.source.models import (
    ProvenPosition,
    SourceIncrementalState,
    SourceIteration,
    SourceRecord,
    StreamDefinition,
)

MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Tagged(SourceRecord):
    """A record with a field, a default and a method of its own."""

    destination_id: str | None = "a.b.c"
    tags: tuple[str, ...] = ()

    def label(self) -> str:
        """Return something made of both."""
        return f"{self.id}:{','.join(self.tags)}"


class Loud(SourceRecord):
    """A record that does something when it is built."""

    def __post_init__(self) -> None:
        """Spell the id in capitals."""
        self.id = self.id.upper()


class Tenanted(SourceRecord, kw_only=True):
    """A record with a field that must be given."""

    tenant: str


class Redated(SourceRecord):
    """A record that declares the timestamp anew, as a pydantic subclass may."""

    timestamp: datetime | None = None  # type: ignore[assignment]


class Greeting:
    """Something that is no record."""

    def greet(self) -> str:
        """Return a word."""
        return "hello"


class Mixed(Greeting, SourceRecord, gc=True):
    """A record that is something else as well."""


def test_fields_may_be_given_by_name_and_by_position() -> None:
    """Both ways give the same record, in the order of Bizon's fields."""
    named = SourceRecord(id="1", data={"a": 1}, timestamp=MOMENT, destination_id="t")
    assert named == SourceRecord("1", {"a": 1}, MOMENT, "t")
    assert (named.id, named.data, named.timestamp, named.destination_id) == (
        "1",
        {"a": 1},
        MOMENT,
        "t",
    )


def test_the_documented_defaults() -> None:
    """A record needs an id and data; the timestamp is now, with a zone, and nothing is routed."""
    before = datetime.now(UTC)
    record = SourceRecord(id="1", data={})
    assert record.destination_id is None
    assert before <= record.timestamp <= datetime.now(UTC)
    assert record.timestamp.utcoffset() == timedelta(0)


def test_the_default_timestamp_is_one_moment() -> None:
    """Reading it twice gives the same, and it is what the record is written with."""
    record = SourceRecord("1", {})
    assert record.own_timestamp() is None
    first = record.timestamp
    assert record.timestamp is first
    assert record.own_timestamp() is first
    assert [accepted.own_timestamp() for accepted in accept_records([record])] == [first]


def test_every_field_can_be_set() -> None:
    """A source may build a record first and fill it in later."""
    record = SourceRecord("1", {})
    record.id, record.data, record.destination_id = "2", {"b": 2}, "t"
    record.timestamp = MOMENT
    assert record == SourceRecord("2", {"b": 2}, MOMENT, "t")
    record.timestamp = None  # back to the default
    assert record.own_timestamp() is None


def test_looking_at_a_record_does_not_change_what_it_equals() -> None:
    """The moment a default timestamp was read is no part of the record."""
    looked_at, other = SourceRecord("1", {"a": 1}), SourceRecord("1", {"a": 1})
    assert looked_at.timestamp is not None
    assert looked_at == other
    assert other == looked_at
    assert not looked_at != other  # noqa: SIM202 - the operator has a method of its own


@pytest.mark.parametrize(
    "other",
    [
        SourceRecord("2", {}),
        SourceRecord("1", {"a": 1}),
        SourceRecord("1", {}, MOMENT),
        SourceRecord("1", {}, None, "t"),
        Tagged("1", {}, None, None),
        {"id": "1", "data": {}},
        None,
    ],
)
def test_records_differ_in_any_given_field_or_class(other: Any) -> None:
    """Equality compares what was given, timestamps included."""
    assert SourceRecord("1", {}) != other
    assert not SourceRecord("1", {}) == other  # noqa: SIM201 - the operator has its own method


@pytest.mark.parametrize("arguments", [{"id": "1"}, {"data": {}}, {}])
def test_a_missing_field_is_an_error_that_names_it(arguments: dict[str, Any]) -> None:
    """A record without id or data cannot be built."""
    missing = "data" if "id" in arguments else "id"
    with pytest.raises(TypeError, match=missing):
        SourceRecord(**arguments)


def test_an_unknown_argument_is_an_error_that_names_it() -> None:
    """A typo must not route a record to the wrong table without a word."""
    with pytest.raises(TypeError, match="destinaton_id"):
        SourceRecord(id="1", data={}, destinaton_id="t")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="pagination"):
        SourceIteration(pagination={})  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "clone", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
@pytest.mark.parametrize(
    "original",
    [
        SourceRecord("1", {"a": [1]}),
        SourceRecord("1", {"a": [1]}, MOMENT, "t"),
        Tagged("1", {}, tags=("x",)),
        Tenanted("1", {}, tenant="acme"),
        SourceIteration({"cursor": 1}, [SourceRecord("1", {})], {"seq": 2}),
        SourceIncrementalState(MOMENT, {"seq": 2}, "updated_at", MOMENT),
        StreamDefinition("users"),
        ProvenPosition({"seq": 2}, None),
    ],
)
def test_models_can_be_copied_and_pickled(clone: Any, original: Any) -> None:
    """What comes back equals what went in."""
    assert clone(original) == original
    assert type(clone(original)) is type(original)


def test_a_deep_copy_shares_nothing() -> None:
    """Changing the copy changes nothing elsewhere."""
    record = SourceRecord("1", {"a": [1]})
    copy.deepcopy(record).data["a"].append(2)
    assert record.data == {"a": [1]}


def test_a_copy_keeps_the_moment_first_read() -> None:
    """A default timestamp that was looked at is the copy's as well."""
    record = SourceRecord("1", {})
    moment = record.timestamp
    assert copy.deepcopy(record).timestamp == copy.copy(record).timestamp == moment


def test_subclasses_keep_the_default_timestamp() -> None:
    """A subclass of any shape still has a moment of its own, with a zone."""
    built: list[SourceRecord] = [
        Tagged("1", {}),
        Loud("1", {}),
        Tenanted("1", {}, tenant="acme"),
        Redated("1", {}),
        Mixed("1", {}),
    ]
    for record in built:
        assert record.own_timestamp() is None
        assert record.timestamp.utcoffset() == timedelta(0)
        record.timestamp = MOMENT
        assert record.own_timestamp() == MOMENT


def test_subclasses_may_add_fields_defaults_and_methods() -> None:
    """What a subclass declares is there, by name and with its defaults."""
    tagged = Tagged("1", {}, tags=("x", "y"))
    assert (tagged.destination_id, tagged.label()) == ("a.b.c", "1:x,y")
    assert Loud("abc", {}).id == "ABC"
    assert Mixed("1", {}).greet() == "hello"


def test_a_subclass_is_accepted_with_its_page() -> None:
    """A page may hold records of a subclass; their routing counts."""
    (accepted,) = accept_records([Tagged("1", {"a": 1})])
    assert (accepted.id, accepted.data, accepted.destination_id) == ("1", {"a": 1}, "a.b.c")


@pytest.mark.parametrize(
    "model",
    [
        SourceRecord("1", {"mail": "someone@private.example"}),
        Tagged("1", {"mail": "someone@private.example"}),
        SourceIteration({}, [SourceRecord("1", {"mail": "someone@private.example"})]),
    ],
)
def test_a_repr_never_shows_data(model: Any) -> None:
    """Records end up in logs and tracebacks, where private values do not belong."""
    assert "private" not in repr(model)
    assert type(model).__name__ in repr(model)


def test_a_repr_names_the_id_and_the_fields() -> None:
    """Enough is shown to find the record; whatever stands in place of its data."""
    assert repr(SourceRecord("1", {"name": "Alice", "age": 3})) == (
        "SourceRecord(id='1', data={name, age})"
    )
    assert repr(SourceRecord("1", None)) == "SourceRecord(id='1', data={…})"  # type: ignore[arg-type]


def test_an_iteration_needs_nothing() -> None:
    """Without arguments it is an empty last page; its lists are nobody else's."""
    page = SourceIteration()
    assert (page.next_pagination, list(page.records), page.next_state) == (None, [], None)
    assert SourceIteration().records is not page.records


def test_an_iteration_by_position_is_in_the_order_of_bizon() -> None:
    """Where the next page starts comes first, then the records, then the state."""
    records = [SourceRecord("1", {})]
    assert SourceIteration({"a": 1}, records, {"s": 1}) == SourceIteration(
        records=records, next_state={"s": 1}, next_pagination={"a": 1}
    )


def test_an_incremental_state_needs_only_the_last_run() -> None:
    """The rest has the documented defaults."""
    state = SourceIncrementalState(last_run=MOMENT)
    assert (state.state, state.cursor_field, state.run_started_at) == ({}, None, None)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        (datetime(2026, 5, 1, 12), MOMENT),  # noqa: DTZ001 - it is what the test is about
        ("2026-05-01T12:00:00Z", MOMENT),
        ("2026-05-01T12:00:00", MOMENT),
        (MOMENT.astimezone(timezone(timedelta(hours=2))), MOMENT),
    ],
)
def test_times_of_a_state_have_a_zone(given: Any, understood: datetime) -> None:
    """A naive time is UTC and text is ISO 8601, as Bizon takes them."""
    state = SourceIncrementalState(last_run=given, run_started_at=given)
    assert state.last_run == state.run_started_at == understood
    assert state.last_run.tzinfo is not None
