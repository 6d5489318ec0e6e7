"""What is not selected is neither in the SCHEMA nor in a RECORD, and nothing else is missing."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.selection import Selection

STRING = {"type": "string"}
ORDER = {
    "type": "object",
    "properties": {
        "id": STRING,
        "customer": {
            "type": ["object", "null"],
            "properties": {
                "name": STRING,
                "address": {"properties": {"city": STRING, "zip": STRING}},
            },
        },
        "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": STRING}}},
        "properties": {"type": "object", "properties": {"properties": STRING, "items": STRING}},
    },
}


def order() -> dict[str, Any]:
    """Return a record."""
    return {
        "id": "1",
        "customer": {"name": "Ada", "address": {"city": "Paris", "zip": "75001"}},
        "lines": [{"sku": "a"}],
        "properties": {"properties": "p", "items": "i"},
    }


def crumb(*names: str) -> tuple[str, ...]:
    """Return the breadcrumb of a field."""
    return tuple(word for name in names for word in ("properties", name))


def paths(value: Any, words: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Return the fields of a record by their names, objects opened."""
    if not isinstance(value, Mapping):
        return set()
    found = {(*words, name) for name in value}
    return found.union(*(paths(item, (*words, name)) for name, item in value.items()))


def schema_paths(schema: Mapping[str, Any], words: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Return the fields of a schema by their names."""
    found = set()
    for name, field in schema.get("properties", {}).items():
        found |= {(*words, name)} | schema_paths(field, (*words, name))
    return found


EVERYTHING = paths(order())


@pytest.mark.parametrize(
    ("deselected", "gone"),
    [
        ([crumb("id")], {("id",)}),
        ([crumb("customer", "address", "zip")], {("customer", "address", "zip")}),
        (
            [crumb("customer", "address")],
            {
                ("customer", "address"),
                ("customer", "address", "city"),
                ("customer", "address", "zip"),
            },
        ),
        (
            [crumb("customer", "name"), crumb("customer")],
            {path for path in EVERYTHING if path[0] == "customer"},
        ),
        ([crumb("properties", "properties")], {("properties", "properties")}),
        ([crumb("properties", "items")], {("properties", "items")}),
        ([crumb("nowhere"), crumb("id", "deeper"), crumb("customer", "nowhere")], set()),
        ([("properties", "lines", "items", "properties", "sku")], set()),
        ([(), ("properties",), ("items", "id")], set()),
    ],
)
def test_what_is_deselected_is_gone(
    deselected: list[tuple[str, ...]], gone: set[tuple[str, ...]]
) -> None:
    """From schema and record alike, with all that is inside; arrays stay whole."""
    selection = Selection(deselected)
    assert paths(selection.compile()(order())) == EVERYTHING - gone
    assert schema_paths(selection.pruned(ORDER)) == EVERYTHING - gone
    assert selection.compile()(order()).get("lines") == [{"sku": "a"}]


@given(st.lists(st.sampled_from(sorted(EVERYTHING)), max_size=4), st.randoms())
def test_schema_and_record_agree_in_any_order(paths_: list[tuple[str, ...]], random: Any) -> None:
    """Whichever fields, in whichever order the catalog has them."""
    shuffled = paths_.copy()
    random.shuffle(shuffled)
    record = Selection([crumb(*path) for path in shuffled]).compile()(order())
    schema = Selection([crumb(*path) for path in paths_]).pruned(ORDER)
    expected = {
        path for path in EVERYTHING if not any(path[: len(other)] == other for other in paths_)
    }
    assert paths(record) == schema_paths(schema) == expected


@given(st.lists(st.sampled_from(sorted(EVERYTHING)), max_size=4))
def test_the_source_s_record_and_the_schema_are_not_changed(paths_: list[tuple[str, ...]]) -> None:
    """They belong to others."""
    record, schema = order(), copy.deepcopy(ORDER)
    selection = Selection([crumb(*path) for path in paths_])
    selection.compile()(record)
    selection.pruned(schema)
    assert record == order()
    assert schema == ORDER


def test_everything_is_selected_without_a_deselected_field() -> None:
    """So that the step can be left out."""
    assert Selection([]).is_everything
    assert Selection([()]).is_everything
    assert not Selection([crumb("id")]).is_everything


def test_a_parent_of_another_type_is_left_alone() -> None:
    """A deselected child says nothing of a list, a text or null in its parent's place."""
    drop = Selection([crumb("customer", "name")]).compile()
    for value in (None, "Ada", ["name"], [{"name": "Ada"}]):
        assert drop({"customer": value}) == {"customer": value}
    assert drop({}) == {}
    assert drop({"customer": OrderedDict(name=1, age=2)}) == {"customer": {"age": 2}}


def test_a_free_form_field_of_the_schema_stays_free_form() -> None:
    """A child of it can be deselected, but is not described."""
    schema = {"properties": {"data": {"type": "object"}}}
    selection = Selection([crumb("data", "secret")])
    assert selection.pruned(schema) == schema
    assert selection.compile()({"data": {"secret": 1, "open": 2}}) == {"data": {"open": 2}}
