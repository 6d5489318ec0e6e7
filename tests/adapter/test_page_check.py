"""The attempt to tell of a whole page that it fits: quicker, and nothing else."""

from __future__ import annotations

import copy
from collections import ChainMap, OrderedDict, UserDict
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.encoding import RecordEncoder
from bizon_singer.errors import ProtocolError
from bizon_singer.fitting import are_date_times, is_date_time
from bizon_singer.layout import Layout, RecordBuilder
from bizon_singer.page_check import MAX_FIELDS, MAX_MISSES, PageCheck
from bizon_singer.schema import RecordSchema, structural
from bizon_singer.selection import Selection
from bizon_singer.source.models import JsonObject, SourceRecord
from bizon_singer.values import ValueReader
from tests.adapter.strategies import Color, Size, Word, plain_json, values
from tests.adapter.test_layout import NOW_TEXT, page
from tests.benchmarks.contacts import PAGE, SCHEMA

OBJECT = {"n": {"type": ["integer", "null"]}, "at": {"type": "string", "format": "date-time"}}
FIELDS: list[dict[str, Any]] = [
    {},
    {"type": "string"},
    {"type": ["string", "null"]},
    {"type": ["integer", "boolean", "null"]},
    {"type": "number"},
    {"type": ["string", "null"], "format": "date-time"},
    {"type": "string", "format": "date"},
    {"type": ["string", "integer"], "format": "uuid"},
    {"type": ["object", "null"], "properties": OBJECT},
    {"type": "object", "properties": {"o": {"type": "object", "properties": OBJECT}}},
    {"type": "object", "properties": OBJECT, "additionalProperties": True},
    {"type": ["object", "string"], "properties": OBJECT},
    {"type": "object"},
    {"type": "object", "properties": {}},
    {"type": "array", "items": {"type": "integer"}},
    {"type": "array", "items": {"type": "object", "properties": OBJECT}},
    {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
    {"type": ["array", "null"], "items": {"type": ["object", "null"], "properties": OBJECT}},
    {"type": "array", "items": {"type": "number"}},
    {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    {"type": ["array", "string"], "items": {"type": "integer"}},
    {"type": "array", "items": {"type": "object", "properties": {"o": {"type": "array"}}}},
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "o": {"type": "array", "items": {"type": "object", "properties": OBJECT}}
            },
        },
    },
]


class Text(str):
    """A text of a class of its own."""

    __slots__ = ()


class Whole(int):
    """An integer of a class of its own."""


ODD: list[Any] = [
    None, True, 1, 2**70, 1.0, 0.5, float("nan"), float("-inf"), 10**400, Decimal("1.5"),
    Decimal("NaN"), Decimal("1.5E+400"), "", "x", "2024-01-31T12:00:00Z", "2024-01-31t12:00:00z",
    "2024-01-31 12:00:00Z", "2024-01-31", str(UUID(int=1)), "\ud800", Text("x"), Text("\ud800"),
    Whole(3), Whole(2**70), Color.RED, Color.NUMBER, Size.SMALL, Word.YES, b"x", date(2024, 1, 31),
    datetime(2024, 1, 31, tzinfo=UTC), datetime(2024, 1, 31), UUID(int=1), {}, {"n": 1}, {"n": "1"},  # noqa: DTZ001
    {"at": "2024-01-31T12:00:00Z"}, {"at": "noon"}, {"at": None}, {"o": {"at": "noon"}},
    {"o": MappingProxyType({"n": 1})}, {"o": {"n": 2**70}}, {1: 2}, {Text("n"): 1}, {"\ud800": 1},
    MappingProxyType({"n": 1}), MappingProxyType({"n": "1"}), OrderedDict(n=1), UserDict(n=1),
    ChainMap({"n": 1}), JsonObject(b'{"n":1}'), [], [1], ["1"], [None], (1,), {1}, [{"n": 1}],
    ({"n": 1},), [MappingProxyType({"n": 1})], [{"n": 0.5}], [{"at": "noon"}], [Text("x"), None],
    [None, {"n": 1}], [{"o": [1]}], [{"o": [{"n": 1}]}], [{"o": ({"n": 1},)}], [[1]], [(1,)],
    ("x",), [{"o": [UserDict(n=1)]}], [{"o": [{"at": "noon"}, {"n": Whole(1)}]}], [Whole(1)], [1.5],
    [[]],
]  # fmt: skip


def outcome(
    schema: dict[str, Any],
    pages: list[list[dict[str, Any]]],
    *,
    quick: bool,
    deselected: tuple[tuple[str, ...], ...] = (),
) -> list[Any]:
    """Return what leaves of some pages, with the attempt or without it, and the last schema."""
    known = RecordSchema(schema)
    reader = ValueReader(lambda _field, _what: None)
    build = RecordBuilder(
        Layout.DECLARED, known, Selection(deselected), (), reader, takes_text=True
    )
    encoder = RecordEncoder("s", reader)
    left: list[Any] = []
    for records in pages:
        if not quick:
            known._page_check = PageCheck({"type": "object"})
        given_page = page(*(SourceRecord("1", copy.copy(record)) for record in records))
        try:
            built, changed = build.build(given_page)
            left.append((encoder.encode(built, NOW_TEXT), changed))
        except ProtocolError as error:
            left.append(str(error))
    return [*left, known.to_dict(), dict(reader.losses.counts)]


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_no_value_in_no_field_leaves_otherwise_than_without_it(field: dict[str, Any]) -> None:
    """Alone on its page, and among others: the same lines, the same schema, the same losses."""
    schema = {"properties": {"f": field, "g": {"type": ["string", "null"]}}}
    pages = [[{"f": value}] for value in ODD]
    pages += [
        [{"g": "x"}, {"f": first}, {"f": second, "g": None}]
        for first, second in product(ODD[::6], ODD)
    ]
    for records in pages:
        assert outcome(schema, [records], quick=True) == outcome(schema, [records], quick=False)
    assert outcome(schema, pages, quick=True) == outcome(schema, pages, quick=False)


@given(
    st.lists(st.sampled_from(FIELDS), min_size=3, max_size=3),
    st.lists(
        st.lists(st.dictionaries(st.sampled_from("abcd"), values, max_size=3), max_size=3),
        max_size=3,
    ),
)
def test_whatever_a_source_gives_leaves_as_it_would_without_it(
    fields: list[dict[str, Any]], pages: list[list[dict[str, Any]]]
) -> None:
    """Errors included."""
    schema = {"properties": dict(zip("abc", fields, strict=True))}
    assert outcome(schema, pages, quick=True) == outcome(schema, pages, quick=False)


@given(
    st.lists(st.sampled_from(FIELDS), min_size=3, max_size=3),
    st.lists(st.dictionaries(st.sampled_from("abc"), plain_json, max_size=3), max_size=3),
)
def test_what_json_gave_and_fits_is_accepted(
    fields: list[dict[str, Any]], records: list[dict[str, Any]]
) -> None:
    """It is no quicker way if it is not taken."""
    known = RecordSchema({"properties": dict(zip("abc", fields, strict=True))})
    check = PageCheck(known.to_dict())
    assert check.accepts(records) is all(map(known.fits, records))


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_a_missing_field_is_not_one_that_does_not_fit(field: dict[str, Any]) -> None:
    """Of every kind, on top and inside."""
    check = PageCheck(structural({"type": "object", "properties": {"f": field}}))
    assert check.accepts([{}, {}])


def test_the_pages_of_the_benchmark_are_accepted() -> None:
    """With two date-times and a nested object each; one that is wrong turns its page down."""
    check = PageCheck(structural(SCHEMA))
    assert check.accepts(PAGE)
    for wrong in (
        {**PAGE[0], "createdAt": "noon"},
        {**PAGE[0], "more": 1},
        {**PAGE[0], "id": None},
        {**PAGE[0], "properties": {"property_3": 3}},
    ):
        assert not check.accepts([*PAGE, wrong])


def test_no_struct_is_made_before_a_page_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema may be widened for every record of a page, and discovery only shows it."""
    made: list[str] = []
    make = msgspec.defstruct

    def watched(name: str, *fields: Any, **options: Any) -> Any:
        made.append(name)
        return make(name, *fields, **options)

    monkeypatch.setattr(msgspec, "defstruct", watched)
    known = RecordSchema({"properties": {"a": {"type": "string"}}})
    for number in range(5):
        known.widen({f"f{number}": 1})
    assert made == []
    known.all_fit([{"a": "x"}])
    known.all_fit([{"a": "y"}])
    assert made == ["Record"]


@pytest.mark.parametrize("name", ['"', "\\", "a\nb", "\0", "\ud800"])
def test_a_name_msgspec_cannot_have_leaves_it_to_the_slow_check(name: str) -> None:
    """On top or inside; the record is written all the same."""
    inner = {"type": "object", "properties": {name: {"type": "string"}}}
    for schema, record in (
        (inner, {name: "x"}),
        ({"properties": {"o": inner}}, {"o": {name: "x"}}),
    ):
        assert RecordSchema(schema).all_fit([record])
        assert not RecordSchema(schema).all_fit([{**record, "more": 1}])


def test_an_object_of_many_fields_is_left_to_the_slow_check() -> None:
    """Where it is the record; inside one, that field alone."""
    many = {f"f{number}": {"type": "string"} for number in range(MAX_FIELDS + 1)}
    record = dict.fromkeys(many, "x")
    assert not PageCheck({"properties": many}).accepts([record])
    inside = PageCheck({"properties": {"o": {"type": "object", "properties": many}}})
    assert inside.accepts([{"o": record}])
    assert not inside.accepts([{"o": {**record, "f0": 1}}])


def test_it_is_left_where_pages_fit_that_it_turns_down() -> None:
    """A moment as Python's own in each page: two checks for nothing. The answers stay right."""
    known = RecordSchema({"properties": {"a": {"type": "string"}}})
    odd, usual, wrong = [{"a": UUID(int=1)}], [{"a": "x"}], [{"a": 1}]
    for _ in range(MAX_MISSES * 3):  # as many good ones make up for it
        assert known.all_fit(odd)
        assert known.all_fit(usual)
        assert not known.all_fit(wrong)
    assert known._page_check.accepts(usual)
    for _ in range(MAX_MISSES + 1):
        assert known.all_fit(odd)
    assert not known._page_check.accepts(usual)
    assert known.all_fit(usual)
    assert not known.all_fit(wrong)


@pytest.mark.parametrize("made", [MappingProxyType, UserDict, OrderedDict, ChainMap, dict])
def test_a_deselected_field_does_not_leave_in_any_mapping(made: Any) -> None:
    """A stream's catalog is a promise about what is written."""
    inner = {"shown": {"type": "string"}, "secret": {"type": "string"}}
    schema = {"properties": {"o": {"type": "object", "properties": inner}}}
    hidden = (("properties", "o", "properties", "secret"),)
    records = [{"o": made({"shown": "s", "secret": "canary"})}, {"o": made({"shown": "t"})}]
    for quick in (True, False):
        left = outcome(schema, [records], quick=quick, deselected=hidden)
        assert b"canary" not in left[0][0]
        assert left[0][0].count(b"shown") == 2


MOMENTS = ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00.5Z", "2024-02-29T12:00:00.123Z",
           "2024-02-29T12:00:00+01:00"]  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_column_of_date_times_is_one_of_single_ones(moment: str) -> None:
    """With any one character changed, added or left out, beside right ones."""
    for place in range(len(moment) + 1):
        for char in "0129TtZz.,:+- W٣":
            for variant in (
                moment[:place] + char + moment[place + 1 :],
                moment[:place] + char + moment[place:],
                moment[:place] + moment[place + 1 :],
            ):
                for column in ([variant], [moment, variant], [variant, variant]):
                    assert are_date_times(column) is all(map(is_date_time, column)), column
