"""A catalog is read as its author meant it, or refused in one sentence."""

from __future__ import annotations

import copy
import io
import json
from contextlib import redirect_stdout
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizon_singer.catalog import is_selected, read_catalog
from bizon_singer.errors import CatalogError
from bizon_singer.redact import one_line
from bizon_singer.tap import RunFailedError
from tests.commands.shop import CATALOG, TAP, entry_of, of, run
from tests.sources.shop import ORDER_SCHEMA, constructed

# What is refused

ORDERS: dict[str, Any] = {"tap_stream_id": "orders", "schema": ORDER_SCHEMA}
DEEP: dict[str, Any] = {}
for _ in range(2000):
    DEEP = {"type": "object", "properties": {"a": DEEP}}


def with_schema(schema: Any) -> dict[str, Any]:
    """Return a catalog whose only stream has this schema."""
    return {"streams": [{**ORDERS, "schema": schema}]}


def with_field(field: Any) -> dict[str, Any]:
    """Return a catalog whose only stream has this field."""
    return with_schema({"type": "object", "properties": {"x": field}})


def with_metadata(breadcrumb: Any, metadata: Any) -> dict[str, Any]:
    """Return a catalog whose only stream has this metadata."""
    item = {"breadcrumb": breadcrumb, "metadata": metadata}
    return {"streams": [{**ORDERS, "metadata": [item]}]}


@pytest.mark.parametrize(
    ("catalog", "words"),
    [
        ([], "the catalog is no object with a list `streams`"),
        ("x", "the catalog is no object"),
        ({}, "the catalog is no object"),
        ({"streams": {}}, "the catalog is no object"),
        ({"streams": [3]}, "entry 1 of the catalog is no object"),
        ({"streams": [ORDERS, {"schema": {}}]}, "entry 2 of the catalog has no `tap_stream_id`"),
        ({"streams": [{"tap_stream_id": 3}]}, "has no `tap_stream_id`"),
        ({"streams": [ORDERS, ORDERS]}, "stream 'orders' more than once"),
        ({"streams": [{"tap_stream_id": "ordres"}]}, "did you mean `orders`?"),
        ({"streams": [{"tap_stream_id": "zzz"}]}, "--discover lists those it has"),
        (with_schema(None), "the schema of stream 'orders' in the catalog is no object"),
        (with_schema({"type": "array"}), "describes no object"),
        (with_schema({"properties": []}), "has `properties` that are no object"),
        (with_schema({"definitions": 3}), "has `definitions` that are no object"),
        (with_schema({"required": "id"}), "has a `required` that is no list"),
        (with_schema(DEEP), "is nested too deep"),
        (with_field(3), "field 'x' in the schema of stream 'orders' in the catalog is no object"),
        (with_field({"type": "str"}), "field 'x' in the schema of stream 'orders' in the catalog"),
        (with_field({"type": "str"}), "has type 'str' (did you mean `string`?)"),
        (with_field({"type": []}), "has a `type` that is no type name"),
        (with_field({"type": None}), "has a `type` that is no type name"),
        (with_field({"type": [["null"]]}), "has a `type` that is no type name"),
        (with_field({"format": []}), "has a `format` that is no text"),
        (with_field({"properties": []}), "has `properties` that are no object"),
        (with_field({"properties": {"y": 3}}), "field 'x.y' in"),
        (with_field({"anyOf": {}}), "has an `anyOf` that is no list"),
        (with_field({"items": "x"}), "is no object"),
        (with_field({"$ref": "#/definitions/nope"}), "refers to 'nope', which is not defined"),
        (
            with_schema({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}),
            "refers to 'a', which contains itself",
        ),
        ({"streams": [{**ORDERS, "metadata": {"a": 1}}]}, "`metadata` of stream 'orders' in"),
        ({"streams": [{**ORDERS, "metadata": [3]}]}, "is no {breadcrumb, metadata}"),
        (with_metadata("x", {}), "is no {breadcrumb, metadata}"),
        (with_metadata([1], {}), "is no {breadcrumb, metadata}"),
        (with_metadata([], []), "is no {breadcrumb, metadata}"),
        (with_metadata(["note"], {}), "which leads to no field"),
        (with_metadata(["properties"], {}), "which leads to no field"),
        (with_metadata([], {"selected": "perhaps"}), "is 'perhaps'; write true or false"),
        (with_metadata([], {"selected": 1}), "is '1'; write true or false"),
        (
            with_metadata(["properties", "note"], {"selected": []}),
            "`selected` of field 'properties.note'",
        ),
        (with_metadata([], {"inclusion": "maybe"}), "has inclusion 'maybe'"),
        (with_metadata([], {"replication-method": "FULL"}), "has replication method 'FULL'"),
        (with_metadata([], {"replication-method": []}), "`replication-method` of stream 'orders'"),
        (with_metadata([], {"replication-key": 3}), "`replication-key` of stream 'orders'"),
        (with_metadata([], {"table-key-properties": "id"}), "is no list of names"),
        ({"streams": [{**ORDERS, "replication_method": []}]}, "`replication_method` of stream"),
        ({"streams": [{**ORDERS, "replication_key": 3}]}, "`replication_key` of stream 'orders'"),
        ({"streams": [{**ORDERS, "key_properties": "id"}]}, "`key_properties` of stream 'orders'"),
        ({"streams": [{**ORDERS, "selected": "x"}]}, "`selected` of stream 'orders' in the"),
    ],
)
def test_a_broken_catalog_is_refused_in_a_sentence(catalog: Any, words: str) -> None:
    """It names the stream and the field, and nothing has been written or constructed by then."""
    constructed.clear()
    with redirect_stdout(io.StringIO()) as written, pytest.raises(CatalogError) as caught:
        TAP(config={}, catalog=catalog).sync_all()
    assert words in str(caught.value)
    assert ";" in str(caught.value) or "did you mean" in str(caught.value)
    assert written.getvalue() == ""
    assert constructed == []


def test_what_is_unknown_but_not_wanted_does_no_harm() -> None:
    """A catalog of yesterday: a stream that is gone, deselected, and a field that is gone."""
    gone: dict[str, Any] = {"tap_stream_id": "gone", "schema": {}, "selected": False}
    catalog = {"streams": [entry_of(CATALOG, "orders"), gone]}
    crumb = {"breadcrumb": ["properties", "gone"], "metadata": {"selected": False}}
    catalog["streams"][0] = {**catalog["streams"][0]}
    catalog["streams"][0]["metadata"] = [*catalog["streams"][0]["metadata"], crumb]
    assert len(of(run(catalog), "RECORD")) == 4


def test_of_two_items_for_one_field_the_later_one_wins() -> None:
    """Whoever appends a line to a catalog means it."""
    catalog = copy.deepcopy(CATALOG)
    metadata = entry_of(catalog, "orders")["metadata"]
    metadata.append({"breadcrumb": ["properties", "note"], "metadata": {"selected": False}})
    metadata.append({"breadcrumb": [], "metadata": {"selected": True}})
    (schema,) = of(run(catalog), "SCHEMA")
    assert "note" not in schema["properties"]
    metadata.append({"breadcrumb": [], "metadata": {"selected": False}})
    assert of(run(catalog), "RECORD") == []


def test_breadcrumbs_into_the_items_of_arrays_are_accepted() -> None:
    """Tools write them; arrays are written whole."""
    crumb = ["properties", "lines", "items", "properties", "sku"]
    messages = run(with_metadata(crumb, {"selected": False}))
    assert of(messages, "RECORD")[0]["lines"] == [{"sku": "x"}]


def test_references_are_resolved_wherever_they_stand() -> None:
    """`$ref` must not leave this process: targets do not resolve it."""
    text = {"type": ["string", "null"]}
    schema = {
        "properties": {
            "id": {"$ref": "#/definitions/number"},
            "note": {"anyOf": [{"$ref": "#/$defs/text"}, {"type": "integer"}]},
            "user": {"additionalProperties": {"$ref": "#/$defs/text"}, "type": "object"},
            "lines": {"type": "array", "items": [{"$ref": "#/$defs/text"}, True]},
        },
        "definitions": {"number": {"type": "integer", "description": "old"}},
        "$defs": {"text": text},
    }
    (entry,) = read_catalog(with_schema(schema))["streams"]
    assert "$ref" not in json.dumps(entry["schema"])
    assert entry["schema"]["properties"]["note"]["anyOf"][0] == text
    assert entry["schema"]["properties"]["lines"]["items"] == {"anyOf": [text, {}]}
    assert len(of(run(with_schema(schema)), "RECORD")) == 4


# Random edits


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value within a JSON value."""
    inside = list(value.items()) if isinstance(value, dict) else []
    inside += list(enumerate(value)) if isinstance(value, list) else []
    return [path, *(found for key, item in inside for found in places(item, (*path, key)))]


PLACES = [path for path in places(CATALOG) if path]
STRANGE: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(["", "x", "false", "string", "orders", "INCREMENTAL", "#/definitions/x"])
    | st.sampled_from([[], {}, [None], [[]], {"": {}}, {"type": "null"}, {"$ref": "#/x"}])
)
EDITS = st.tuples(st.sampled_from(PLACES), st.sampled_from(["set", "delete", "add"]), STRANGE)


def apply(catalog: Any, edit: tuple[tuple[Any, ...], str, Any]) -> None:
    """Change a catalog in place, if the place is still there."""
    path, action, value = edit
    node = catalog
    for step in path[:-1]:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return
    last = path[-1]
    if isinstance(node, dict):
        if action == "delete":
            node.pop(last, None)
        else:
            node[last if action == "set" else f"{last}-2"] = copy.deepcopy(value)
    elif isinstance(node, list) and isinstance(last, int) and last < len(node):
        if action == "delete":
            del node[last]
        elif action == "set":
            node[last] = copy.deepcopy(value)
        else:
            node.append(copy.deepcopy(value))


def assert_names_a_missing_key(error: RunFailedError) -> None:
    """Check that a run failed for the one thing only records can tell: they lack a key."""
    assert "choose other key_properties in the catalog" in str(error)
    assert error.exit_code == 4


def assert_one_line(error: CatalogError) -> None:
    """Check that a refusal is one sentence."""
    assert one_line(str(error)) == str(error)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EDITS, min_size=1, max_size=4))
def test_any_edit_of_a_catalog_ends_well_or_is_explained(edits: list[Any]) -> None:
    """Exit 0 or a CatalogError; what is written is valid, selected streams only."""
    catalog = copy.deepcopy(CATALOG)
    for edit in edits:
        apply(catalog, edit)
    try:
        messages = run(catalog)
    except CatalogError as error:
        assert_one_line(error)
        return
    except RunFailedError as error:
        assert_names_a_missing_key(error)
        return
    known = read_catalog(catalog)["streams"]
    wanted = {entry["tap_stream_id"] for entry in known if is_selected(entry)}
    schemas: dict[str, Any] = {}
    for message in messages:
        if message["type"] == "SCHEMA":
            schemas[message["stream"]] = message
            assert set(message["key_properties"]) <= message["schema"]["properties"].keys()
        elif message["type"] == "RECORD":
            assert message["stream"] in wanted
            jsonschema.validate(message["record"], schemas[message["stream"]]["schema"])
