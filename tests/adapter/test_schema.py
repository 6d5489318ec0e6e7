"""A record that fits is valid under the schema as it is emitted, and a schema only grows."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import reduce
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, FormatChecker, validators

from bizon_singer.errors import ProtocolError
from bizon_singer.fitting import compile_object, is_date_time
from bizon_singer.schema import (
    MAX_INFERRED_PROPERTIES,
    JsonSchema,
    RecordSchema,
    infer,
    merge,
    structural,
)
from bizon_singer.values import ValueReader, dumps
from tests.adapter.strategies import values

# The judge: jsonschema, with formats checked by rules of our own, as RFC 3339 has them.

DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
FORMATS = FormatChecker(formats=())


def is_day(text: str) -> bool:
    """Tell a day of the calendar."""
    if not re.fullmatch(DAY, text, re.ASCII):
        return False
    try:
        date(*map(int, text.split("-")))
    except ValueError:
        return False
    return True


def is_moment(text: str) -> bool:
    """Tell an RFC 3339 date-time."""
    day, separator, rest = text[:10], text[10:11], text[11:]
    return is_day(day) and separator == "T" and re.fullmatch(TIME, rest, re.ASCII) is not None


@FORMATS.checks("date-time")
def _date_time(value: object) -> bool:
    return not isinstance(value, str) or is_moment(value)


@FORMATS.checks("date")
def _date(value: object) -> bool:
    return not isinstance(value, str) or is_day(value)


@FORMATS.checks("uuid")
def _uuid(value: object) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value.lower()


for _name in ("time", "email", "ipv4", "uri", "hostname", "regex"):
    # A format nobody checked may be anything, so it must not be emitted at all.
    FORMATS.checks(_name)(lambda value: not isinstance(value, str))


def _is_integer(_checker: Any, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


Strict = validators.create(
    meta_schema=Draft7Validator.META_SCHEMA,
    validators=Draft7Validator.VALIDATORS,
    type_checker=Draft7Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
"""Stricter than Draft 7, which takes 1.0 for an integer."""

reader = ValueReader(lambda _field, _what: None)


def as_read(record: dict[str, Any]) -> Any:
    """Return a record as a reader of its line sees it."""
    try:
        line = dumps(record)
    except TypeError:
        line = dumps(reader.exact(record))
    return json.loads(line, parse_float=Decimal)


def is_valid(schema: JsonSchema, record: dict[str, Any]) -> bool:
    """Tell whether a record is valid under an emitted schema, and no field of it is unknown."""
    emitted = json.loads(json.dumps(schema))
    Strict.check_schema(emitted)
    known = Strict(emitted, format_checker=FORMATS).is_valid(as_read(record))
    return known and record.keys() <= emitted["properties"].keys()


# Records and schemas.

names = st.sampled_from(["a", "b", "c"])
datelike = st.one_of(
    st.sampled_from(
        ["", "yesterday", "2024-13-01", "2024-02-30", "2024-01-01", "20240101", "2024-W01-1"]
    ),
    st.datetimes(timezones=st.just(UTC) | st.none()).map(datetime.isoformat),
    st.uuids().map(str),
)
cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5) | st.sampled_from([2**70]),
    st.floats(),
    st.decimals(),
    st.text(max_size=3) | datelike,
    st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(seconds=30)))),
    st.dates(),
    st.uuids(),
)
bodies = st.recursive(
    cells,
    lambda children: st.one_of(
        st.lists(children, max_size=3), st.dictionaries(names, children, max_size=3)
    ),
    max_leaves=8,
)
records = st.dictionaries(names, bodies, max_size=3)

type_names = ["null", "boolean", "integer", "number", "string", "array", "object"]
plain_types = st.sampled_from(type_names) | st.lists(
    st.sampled_from(type_names), min_size=1, max_size=3, unique=True
)


def declared_objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[JsonSchema]:
    """Return schemas as people write them, with all that Draft 7 has."""
    return st.fixed_dictionaries(
        {},
        optional={
            "type": plain_types,
            "description": st.just("A field."),
            "format": st.sampled_from(["date-time", "date", "uuid", "email", "time", "ipv4", "x"]),
            "properties": st.dictionaries(names, children, max_size=2),
            "items": children | st.lists(children, max_size=2),
            "additionalProperties": st.booleans() | children,
            "patternProperties": st.dictionaries(st.just("^a"), children, max_size=1),
            "anyOf": st.lists(children, min_size=1, max_size=2),
            "oneOf": st.lists(children, min_size=1, max_size=2),
            "allOf": st.lists(children, min_size=1, max_size=2),
            "not": children,
            "enum": st.lists(cells.filter(is_json), min_size=1, max_size=2),
            "const": cells.filter(is_json),
            "minimum": st.just(3),
            "maxLength": st.just(1),
            "minItems": st.just(2),
            "required": st.lists(names, max_size=2, unique=True),
            "$ref": st.sampled_from(["#", "#/definitions/a", "#/nowhere", "http://far/away"]),
            "x-note": st.just("kept"),
        },
    )


def is_json(value: Any) -> bool:
    """Tell what a schema may hold as a constant."""
    return value is None or isinstance(value, (bool, int, str))


declared: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.just({}), declared_objects, max_leaves=6
)
schemas = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(names, declared, max_size=3)},
    optional={
        "required": st.just(["a"]),
        "additionalProperties": st.just(False) | st.just(True) | declared,
        "definitions": st.fixed_dictionaries({"a": declared}),
        "anyOf": st.just([{"required": ["b"]}]),
    },
)


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as the builder makes it when it does not fit as it is."""
    converted: dict[str, Any] = reader.plain(record)
    return converted


# The core: what fits is valid, and what does not is made to.


@given(schemas, st.lists(records, max_size=4))
def test_what_fits_is_valid_under_what_is_emitted(
    schema: JsonSchema, given_records: list[dict[str, Any]]
) -> None:
    """Whatever was declared: every RECORD is valid under the SCHEMA before it."""
    known = RecordSchema(schema)
    for record in given_records:
        if not known.fits(record):
            record = plain(record)  # noqa: PLW2901
            if not known.fits(record):
                known.widen(record)
        assert known.fits(record)
        assert is_valid(known.to_dict(), record)


@given(schemas, records)
def test_what_is_left_out_of_a_schema_only_loosens_it(
    schema: JsonSchema, record: dict[str, Any]
) -> None:
    """A record valid under the declared schema is valid under what it comes down to."""
    assume("$ref" not in json.dumps(schema) and not implies_a_type(schema))
    read = as_read(plain(record))
    assume(Strict(json.loads(json.dumps(schema))).is_valid(read))
    assert Strict(structural(schema)).is_valid(read)


def implies_a_type(schema: Any) -> bool:
    """Tell whether fields or items stand without a type, which is taken for theirs."""
    if isinstance(schema, dict):
        implied = "type" not in schema and {"properties", "items"} & schema.keys()
        return bool(implied) or any(map(implies_a_type, schema.values()))
    return isinstance(schema, list) and any(map(implies_a_type, schema))


@given(st.lists(records, max_size=5))
def test_widening_is_monotone(given_records: list[dict[str, Any]]) -> None:
    """After a wider schema, all earlier records are valid still, and still fit."""
    known = RecordSchema({})
    seen = []
    for record in map(plain, given_records):
        known.widen(record)
        seen.append(record)
        for earlier in seen:
            assert known.fits(earlier)
            assert is_valid(known.to_dict(), earlier)


@given(records, records)
def test_a_schema_that_was_given_out_does_not_change(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    """The SDK's maps and a page on its way still hold it."""
    known = RecordSchema({})
    known.widen(plain(first))
    given_out = known.to_dict()
    kept = copy.deepcopy(given_out)
    known.widen(plain(second))
    assert given_out == kept


@given(records)
def test_widening_twice_changes_nothing(record: dict[str, Any]) -> None:
    """The second time, everything fits."""
    known = RecordSchema({})
    record = plain(record)
    known.widen(record)
    assert known.widen(record) == []


@given(st.lists(values.map(lambda value: {"a": value, "b": [value]}), max_size=2))
def test_any_value_can_be_described(odd_records: list[dict[str, Any]]) -> None:
    """Whatever the reader of values makes of it fits after widening."""
    known = RecordSchema({})
    for record in odd_records:
        try:
            converted = plain(record)
        except ProtocolError:
            continue
        known.widen(converted)
        assert known.fits(converted)
        assert is_valid(known.to_dict(), converted)


# Merging.

inferred = bodies.map(lambda body: infer(reader.plain(body)))


def normal(schema: Any) -> Any:
    """Return a schema without the order of its types and fields."""
    if isinstance(schema, dict):
        return {
            key: sorted(value) if key == "type" else normal(value) for key, value in schema.items()
        }
    return schema


@given(inferred, inferred)
def test_merge_is_commutative(first: JsonSchema, second: JsonSchema) -> None:
    """Which of two records came first makes no difference."""
    assert normal(merge(first, second)) == normal(merge(second, first))


@given(inferred, inferred, inferred)
def test_merge_is_associative(first: JsonSchema, second: JsonSchema, third: JsonSchema) -> None:
    """Nor does in which order three are merged."""
    left = merge(merge(first, second), third)
    assert normal(left) == normal(merge(first, merge(second, third)))


@given(inferred)
def test_merge_is_idempotent(schema: JsonSchema) -> None:
    """A schema merged with itself is itself."""
    assert normal(merge(schema, schema)) == normal(schema)


@given(st.lists(bodies, min_size=1, max_size=4))
def test_what_is_inferred_does_not_depend_on_the_order(body_list: list[Any]) -> None:
    """A page read in another order has the same schema."""
    parts = [infer(reader.plain(body)) for body in body_list]
    found = [normal(reduce(merge, order)) for order in permutations(parts)]
    assert all(item == found[0] for item in found)


@given(schemas, schemas, records)
def test_merge_accepts_what_either_side_does(
    first: JsonSchema, second: JsonSchema, record: dict[str, Any]
) -> None:
    """Types are never narrowed."""
    sides = [structural(first), structural(second)]
    record = plain(record)
    if any(compile_object(side)(record) for side in sides):
        merged = merge(*sides)
        assert "properties" not in merged or compile_object(merged)(record)


class TestInference:
    """The narrowest schema of what was seen, nullable."""

    @pytest.mark.parametrize(
        ("value", "schema"),
        [
            (None, {"type": ["null"]}),
            (True, {"type": ["boolean", "null"]}),
            (1, {"type": ["integer", "null"]}),
            (1.5, {"type": ["number", "null"]}),
            (Decimal(1), {"type": ["number", "null"]}),
            ("2024-01-01T00:00:00Z", {"type": ["string", "null"]}),
            (datetime(2024, 1, 1, tzinfo=UTC), {"type": ["string", "null"], "format": "date-time"}),
            (date(2024, 1, 1), {"type": ["string", "null"], "format": "date"}),
            (UUID(int=1), {"type": ["string", "null"]}),
            ([], {"type": ["array", "null"], "items": {"type": ["null"]}}),
            ([1, 1.5], {"type": ["array", "null"], "items": {"type": ["number", "null"]}}),
            ({}, {"type": ["object", "null"], "properties": {}}),
        ],
    )
    def test_of_one_value(self, value: Any, schema: JsonSchema) -> None:
        """A type for each kind of value; a text stays a text, whatever it looks like."""
        assert infer(value) == schema

    def test_arrays_of_mixed_objects(self) -> None:
        """Their items have the fields of all."""
        schema = infer([{"a": 1}, {"a": 1.5, "b": None}, {"b": [{}]}, None])
        fields = schema["items"]["properties"]
        assert fields["a"] == {"type": ["number", "null"]}
        assert fields["b"]["items"] == {"type": ["object", "null"], "properties": {}}

    def test_deep_values_are_free_form(self) -> None:
        """Below ten levels a schema would tell little and grow much."""
        value: Any = {"a": 1}
        for _ in range(50):
            value = [{"a": value}]
        known = RecordSchema({})
        known.widen({"a": value})
        assert known.fits({"a": value})
        assert len(json.dumps(known.to_dict())) < 1000
        lists: Any = 1
        for _ in range(50):
            lists = [lists]
        known.widen({"lists": lists})
        assert known.fits({"lists": lists})
        assert len(json.dumps(known.to_dict())) < 2000

    def test_a_map_with_arbitrary_keys_is_free_form_and_stays_so(self) -> None:
        """More than 100 keys, at once or one by one; then no record changes the schema."""
        known = RecordSchema({})
        changes = [known.widen({"by_day": {f"day {day}": day}}) for day in range(300)]
        assert known.to_dict()["properties"]["by_day"] == {"type": ["object", "null"]}
        assert sum(map(bool, changes)) == MAX_INFERRED_PROPERTIES + 1
        assert known.fits({"by_day": {"anything": [{"at": "all"}]}})
        at_once = RecordSchema({})
        at_once.widen({"by_day": {str(day): day for day in range(101)}})
        assert at_once.to_dict() == known.to_dict()

    def test_a_declared_object_of_many_fields_keeps_them(self) -> None:
        """It is no map, until a field turns up that it does not declare."""
        fields = {f"f{number}": {"type": "string"} for number in range(150)}
        known = RecordSchema({"properties": {"o": {"type": "object", "properties": fields}}})
        known.widen({"o": {"f0": 5}})
        assert len(known.to_dict()["properties"]["o"]["properties"]) == 150
        known.widen({"o": {"new": 5}})
        assert known.to_dict()["properties"]["o"] == {"type": ["object", "null"]}

    def test_an_empty_array_says_nothing_of_its_items(self) -> None:
        """Items first seen later widen the schema; they are not taken for anything."""
        known = RecordSchema({})
        known.widen({"tags": []})
        assert not known.fits({"tags": ["x"]})
        known.widen({"tags": ["x"]})
        known.widen({"tags": [1]})
        assert known.to_dict()["properties"]["tags"]["items"]["type"] == [
            "integer",
            "string",
            "null",
        ]


class TestMerging:
    """Two schemas become one that accepts what either did."""

    def test_integer_and_number_are_number(self) -> None:
        """Which holds both."""
        assert merge(infer(1), infer(0.5)) == {"type": ["number", "null"]}

    def test_a_format_is_dropped_when_texts_are_mixed(self) -> None:
        """And kept beside other types."""
        moment, text = infer(datetime(2024, 1, 1, tzinfo=UTC)), infer("soon")
        assert "format" not in merge(moment, text)
        assert "format" not in merge(merge(moment, text), moment)
        assert "format" not in merge(moment, infer(date(2024, 1, 1)))
        assert merge(moment, infer(1))["format"] == "date-time"

    def test_null_adds_nothing_but_null(self) -> None:
        """A field that was null so far takes the type it has later."""
        assert merge(infer(None), infer("x")) == infer("x")

    def test_descriptions_stay(self) -> None:
        """Of the old one where both have them."""
        old = {"type": "integer", "description": "old"}
        assert merge(old, {"type": "string", "description": "new"})["description"] == "old"
        assert merge({}, {"type": "string", "description": "new"}) == {"description": "new"}

    @pytest.mark.parametrize(
        ("free", "described"),
        [
            ({"type": "array"}, {"type": "array", "items": {"type": "string"}}),
            ({"type": "array", "items": {}}, {"type": "array", "items": {"type": "string"}}),
            ({"type": "object"}, {"type": "object", "properties": {"a": {"type": "string"}}}),
        ],
    )
    def test_what_is_free_form_stays_so(self, free: JsonSchema, described: JsonSchema) -> None:
        """Whatever the other side describes."""
        for merged in (merge(free, described), merge(described, free)):
            assert not merged.get("items")
            assert "properties" not in merged

    def test_what_a_map_does_not_name_may_be_anything(self) -> None:
        """So a field of the other side is not named either."""
        open_map = {"type": "object", "properties": {"a": infer(1)}, "additionalProperties": True}
        strict = {"type": "object", "properties": {"a": infer("x"), "b": infer("x")}}
        merged = merge(open_map, strict)
        assert merged["properties"] == {"a": {"type": ["integer", "string", "null"]}}
        assert merged["additionalProperties"] is True


class TestDeclared:
    """What a declared schema comes down to."""

    @pytest.mark.parametrize(
        ("schema", "kept"),
        [
            (True, {}),
            (False, {}),
            ({}, {}),
            ({"type": "string", "maxLength": 5, "pattern": "^a"}, {"type": "string"}),
            ({"type": ["string"], "enum": ["a"]}, {"type": ["string"]}),
            ({"enum": ["a", None, 1]}, {"type": ["integer", "string", "null"]}),
            ({"const": 5}, {"type": ["integer", "null"]}),
            ({"type": "integer", "minimum": 0, "multipleOf": 2}, {"type": "integer"}),
            ({"type": ["float", "null"]}, {"type": ["null"]}),
            ({"type": "float"}, {}),
            ({"type": []}, {}),
            ({"type": 5}, {}),
            ({"type": "string", "format": []}, {"type": "string"}),
            ({"anyOf": 5, "oneOf": {}, "allOf": "x", "enum": 5}, {}),
            ({"type": "object", "properties": 5}, {"type": "object"}),
            ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date-time"}),
            ({"type": "string", "format": "email"}, {"type": "string"}),
            ({"type": "integer", "format": "date-time"}, {"type": "integer"}),
            (
                {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
                {"type": ["string", "null"], "format": "date-time"},
            ),
            (
                {
                    "anyOf": [
                        {"type": "string", "format": "date-time"},
                        {"type": ["string", "null"]},
                    ]
                },
                {"type": ["string", "null"]},
            ),
            ({"oneOf": [{"type": "integer"}, True]}, {}),
            ({"allOf": [{"maximum": 5}, {"type": "integer"}]}, {"type": "integer"}),
            ({"type": "object", "anyOf": [{"required": ["a"]}]}, {"type": "object"}),
            ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
            ({"items": {"type": "string"}}, {"type": "array", "items": {"type": "string"}}),
            ({"type": "array", "items": [{"type": "string"}]}, {"type": "array", "items": {}}),
            ({"type": "array"}, {"type": "array"}),
            ({"type": "object", "additionalProperties": False}, {"type": "object"}),
            (
                {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
                {"type": "object"},
            ),
            (
                {"type": "object", "properties": {"a": {}}, "patternProperties": {"^b": {}}},
                {"type": "object", "properties": {"a": {}}, "additionalProperties": True},
            ),
            (
                {
                    "type": "string",
                    "description": "d",
                    "title": "t",
                    "x-n": 1,
                    "default": "",
                    "$id": "",
                },
                {"type": "string", "description": "d", "title": "t", "x-n": 1},
            ),
        ],
    )
    def test_only_what_is_checked_is_kept(self, schema: Any, kept: JsonSchema) -> None:
        """And descriptions, which promise nothing."""
        assert structural(schema) == kept

    def test_references_are_resolved(self) -> None:
        """As pydantic writes them; one that goes in circles ends as free-form."""
        node: JsonSchema = {
            "type": "object",
            "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/Node"}},
        }
        schema = {
            "properties": {"head": {"$ref": "#/$defs/Node", "description": "First."}},
            "$defs": {"Node": node},
        }
        head = structural(schema)["properties"]["head"]
        assert head["description"] == "First."
        assert head["properties"] == {"name": {"type": "string"}, "next": {}}

    @pytest.mark.parametrize("reference", ["money.json", "money.json#/a", "#anchor", "money#"])
    def test_a_reference_elsewhere_says_nothing(self, reference: str) -> None:
        """Another document, or a name within this one, is not taken for the whole of this one."""
        schema = {"properties": {"price": {"$ref": reference}, "a": {"type": "string"}}}

        assert structural(schema)["properties"]["price"] == {}

    def test_a_record_s_own_fields_are_always_named(self) -> None:
        """A target drops what the schema does not name, whatever the schema allows."""
        known = RecordSchema({"properties": {}, "additionalProperties": True})
        assert known.to_dict() == {"type": "object", "properties": {}}
        assert not known.fits({"a": 1})
        assert known.widen({"a": 1}) == ["a"]

    def test_a_record_is_an_object(self) -> None:
        """Whatever the declared type."""
        assert RecordSchema({"type": "string"}).to_dict()["type"] == "object"
        assert RecordSchema({"type": ["null", "object"]}).to_dict()["type"] == ["object", "null"]

    def test_the_given_schema_is_not_changed(self) -> None:
        """It belongs to the source or the catalog."""
        schema = {"properties": {"a": {"type": "string"}}}
        RecordSchema(schema).widen({"a": 1, "b": 2})
        assert schema == {"properties": {"a": {"type": "string"}}}


class TestChecks:
    """What fits a type."""

    @pytest.mark.parametrize(
        ("declared_type", "good", "bad"),
        [
            ("null", [None], [0, ""]),
            ("boolean", [True], [0, 1, None]),
            ("integer", [0, 2**70], [True, 1.0, Decimal(1), "1"]),
            ("number", [0, 1.5, Decimal("1.5")], [True, float("nan"), Decimal("NaN"), "1"]),
            ("string", ["", UUID(int=1), date(2024, 1, 1)], [None, 1, b""]),
            ("array", [[], [[1.5, {"a": None}]]], [(), {1}, [float("inf")], [[{"a": (1,)}]]]),
            ("object", [{}, {"a": [1]}], [[], {"a": {"b": b""}}, {"a": [float("nan")]}]),
        ],
    )
    def test_of_each_type(self, declared_type: str, good: list[Any], bad: list[Any]) -> None:
        """Exactly; a value that needs converting does not."""
        fits = RecordSchema({"properties": {"a": {"type": declared_type}}}).fits
        assert [fits({"a": value}) for value in good] == [True] * len(good)
        assert [fits({"a": value}) for value in bad] == [False] * len(bad)

    def test_a_missing_field_fits(self) -> None:
        """Nothing is required."""
        assert RecordSchema({"properties": {"a": {"type": "string"}}, "required": ["a"]}).fits({})

    def test_depth_is_left_to_the_reader_of_values(self) -> None:
        """A value too deep for orjson does not fit; nothing recurses without end."""
        value: Any = {}
        for _ in range(100_000):
            value = {"a": value}
        circle: list[Any] = []
        circle.append(circle)
        fits = RecordSchema({"properties": {"free": {}}}).fits
        assert not fits({"free": value})
        assert not fits({"free": circle})
        while value:  # or its destructor recurses
            value = value["a"]

    def test_a_map_looks_at_the_fields_it_names(self) -> None:
        """Also when a key becomes the name only once it is a text."""
        field = {"properties": {"1": {"type": "string"}}, "additionalProperties": True}
        fits = RecordSchema({"properties": {"map": {"type": "object", **field}}}).fits
        assert fits({"map": {"1": "x", "2": [5]}})
        assert not fits({"map": {"1": 5}})
        assert not fits({"map": {1: 5}})
        assert not fits({"map": {"2": b""}})

    def test_items_of_one_type(self) -> None:
        """An array of typed items, objects among them."""
        items = {"type": ["object", "number", "null"], "properties": {"a": {"type": "string"}}}
        fits = RecordSchema({"properties": {"l": {"type": "array", "items": items}}}).fits
        assert fits({"l": [{"a": "x"}, 1, 1.5, None]})
        assert not fits({"l": [{"a": 1}]})
        assert not fits({"l": [{"b": "x"}]})
        assert not fits({"l": ["x"]})

    @pytest.mark.parametrize(
        ("text", "fits_date_time"),
        [
            ("2024-01-31T23:59:59Z", True),
            ("2024-01-31T23:59:59.123Z", True),
            ("2024-01-31T23:59:59.123456789Z", True),
            ("2024-01-31T23:59:59+05:30", True),
            ("2024-01-31T23:59:59.5-00:00", True),
            ("2024-02-29T00:00:00Z", True),
            ("2023-02-29T00:00:00Z", False),
            ("2024-13-01T00:00:00Z", False),
            ("2024-01-01T24:00:00Z", False),
            ("2024-01-01T00:00:00", False),
            ("2024-01-01T00:00:00.Z", False),
            ("2024-01-01T00:00:00,5Z", False),
            ("2024-01-01T00:00Z", False),
            ("2024-01-01T00:00:00+0100", False),
            ("2024-01-01T00:00:00+01:75", False),
            ("2024-01-01T00:00:00+01:00:30", False),
            ("2024-01-01 00:00:00Z", False),
            ("2024-W01-1T00:00:00Z", False),
            ("20240101T000000Z", False),
            ("٢٠٢٤-01-01T00:00:00Z", False),
            ("2024-01-01", False),
            ("yesterday", False),
            ("", False),
        ],
    )
    def test_a_text_declared_a_time_must_be_one(self, text: str, fits_date_time: bool) -> None:  # noqa: FBT001
        """Else the format is dropped, which no later record brings back."""
        field = {"type": "string", "format": "date-time"}
        known = RecordSchema({"properties": {"at": field}})
        assert known.fits({"at": text}) is fits_date_time is is_moment(text)
        known.widen({"at": text})
        assert known.fits({"at": text})
        assert ("format" in known.to_dict()["properties"]["at"]) is fits_date_time

    @given(st.text("0123456789-:TZ.,+ W", max_size=30) | st.datetimes().map(str))
    def test_a_date_time_is_what_rfc_3339_says(self, text: str) -> None:
        """The quick check and a slow one agree."""
        assert is_date_time(text) == (is_moment(text) and not text.startswith("0000"))

    @given(
        st.datetimes(timezones=st.timezones()), st.sampled_from("TtZz.+- :0"), st.integers(0, 30)
    )
    def test_a_date_time_with_one_character_changed(
        self, moment: datetime, char: str, place: int
    ) -> None:
        """Also close to a right one, they agree."""
        text = moment.isoformat()
        for variant in (
            text,
            text[:place] + char + text[place + 1 :],
            text[:place] + text[place + 1 :],
        ):
            assert is_date_time(variant) == (is_moment(variant) and not variant.startswith("0000"))

    def test_dates_and_uuids_are_checked_too(self) -> None:
        """As their formats have them."""
        fields = {
            "day": {"type": "string", "format": "date"},
            "id": {"type": "string", "format": "uuid"},
        }
        fits = RecordSchema({"properties": fields}).fits
        assert fits({"day": "2024-02-29", "id": str(UUID(int=1)).upper()})
        assert fits({"day": date(2024, 1, 1), "id": UUID(int=1)})
        for day in ("2024-02-30", "20240101", "2024-W01-1", "", "2024-01-01T00:00:00Z"):
            assert not fits({"day": day})
        for identifier in ("", "1", UUID(int=1).hex):
            assert not fits({"id": identifier})

    def test_a_time_with_an_odd_offset_does_not_fit(self) -> None:
        """It is converted first: orjson would move the moment."""
        fits = RecordSchema({"properties": {"at": {"type": "string", "format": "date-time"}}}).fits
        assert fits({"at": datetime(2024, 1, 1, tzinfo=UTC)})
        assert not fits({"at": datetime(2024, 1, 1, tzinfo=timezone(timedelta(seconds=30)))})


def test_widen_names_the_fields_that_changed() -> None:
    """In the record's order, top-level ones."""
    known = RecordSchema({})
    assert known.widen({"b": 1, "a": 1}) == ["b", "a"]
    assert known.widen({"a": 2, "b": 2}) == []
    assert known.widen({"a": 2.5, "b": 1}) == ["a"]
    assert known.widen({"c": {"d": 1}}) == ["c"]
    assert known.widen({"c": {"e": 1}}) == ["c"]
