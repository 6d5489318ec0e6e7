"""Catalogs out and in: what is discovered, and how a user's choice is followed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.catalog import is_selected, read_catalog, removed_fields
from bizon_singer.errors import CatalogError
from tests.commands.process import messages, records, tap, write
from tests.commands.shop import CATALOG, TAP, discovered, edited, entry_of, of, run, schema_of
from tests.sources.shop import ORDER_SCHEMA, Shop, constructed, order

# Discovery


def test_the_catalog_is_what_the_specification_says() -> None:
    """Inclusion on every field, keys automatic, methods, descriptions; nobody has selected yet."""
    entry = entry_of(CATALOG, "orders")
    by_crumb = {tuple(item["breadcrumb"]): item["metadata"] for item in entry["metadata"]}
    assert by_crumb[()] == {
        "inclusion": "available",
        "selected-by-default": True,
        "table-key-properties": ["id"],
        "valid-replication-keys": ["updated_at"],
        "replication-key": "updated_at",
        "description": "What was bought.",
    }
    assert by_crumb["properties", "id"] == {"inclusion": "automatic"}
    assert by_crumb["properties", "updated_at"] == {"inclusion": "automatic"}
    city = ("properties", "user", "properties", "address", "properties", "city")
    assert by_crumb[city] == {"inclusion": "available"}
    assert entry["schema"] == ORDER_SCHEMA
    assert entry_of(CATALOG, "attic")["metadata"][-1]["metadata"]["selected-by-default"] is False


def test_discovery_keeps_the_order_and_constructs_nothing() -> None:
    """Streams come as streams() names them, twice the same, and no source is made for it."""
    constructed.clear()
    assert discovered() == CATALOG
    assert [entry["tap_stream_id"] for entry in CATALOG["streams"]] == Shop.streams()
    assert constructed == []


def test_a_discovered_catalog_changes_nothing() -> None:
    """Fed back, it gives the very messages a run without catalog gives."""
    volatile = {"time_extracted", "_source_timestamp"}

    def stripped(messages: list[dict[str, Any]]) -> list[Any]:
        kept = [m for m in messages if m["type"] != "STATE"]
        for message in kept:
            for holder in (message, message.get("record", {})):
                for name in volatile & holder.keys():
                    del holder[name]
        return kept

    assert stripped(run(CATALOG)) == stripped(run())


# Selection


@pytest.mark.parametrize(
    ("values", "is_read"),
    [
        ({"selected": True}, True),
        ({"selected": "true"}, True),
        ({"selected": "True"}, True),
        ({"selected": False}, False),
        ({"selected": "false"}, False),
        ({"selected": "FALSE"}, False),
        ({"selected": None}, True),
        ({"selected-by-default": "false"}, False),
        ({"selected-by-default": False, "selected": True}, True),
        ({"inclusion": "unsupported", "selected": True}, False),
        ({"inclusion": "automatic", "selected": False}, True),
    ],
)
def test_a_stream_is_read_if_it_is_selected(values: dict[str, Any], *, is_read: bool) -> None:
    """Words are truth values; a stream that is not selected is not even constructed."""
    constructed.clear()
    catalog = edited(("events", [], {"selected": False}), ("orders", [], values))
    messages = run(catalog)
    assert bool(of(messages, "RECORD")) is is_read
    assert constructed == ["orders"] * is_read
    assert is_selected(entry_of(read_catalog(catalog), "orders")) is is_read


@pytest.mark.parametrize(
    ("entry", "is_read"),
    [
        ({}, True),
        ({"metadata": []}, True),
        ({"metadata": None}, True),
        ({"selected": False}, False),
        ({"selected": "false"}, False),
        ({"selected": True, "metadata": [{"breadcrumb": [], "metadata": {}}]}, True),
        ({"metadata": [{"breadcrumb": [], "metadata": {"inclusion": "available"}}]}, False),
        (
            {"metadata": [{"breadcrumb": ["properties", "note"], "metadata": {"selected": True}}]},
            True,
        ),
    ],
)
def test_a_catalog_written_by_hand_is_understood(entry: dict[str, Any], *, is_read: bool) -> None:
    """Entries without metadata, without the stream's own, with `selected` beside the schema."""
    written = {"streams": [{"tap_stream_id": "orders", "schema": ORDER_SCHEMA, **entry}]}
    records = of(run(written), "RECORD")
    assert records == ([order(number) for number in range(4)] if is_read else [])


def test_a_stream_that_is_not_in_the_catalog_is_not_read() -> None:
    """The catalog is the whole of what is wanted."""
    catalog = {"streams": [entry_of(CATALOG, "orders")]}
    assert {m["stream"] for m in run(catalog) if "stream" in m} == {"orders"}


@pytest.mark.parametrize("word", [False, "false"])
def test_deselected_fields_vanish_from_schema_and_records(word: Any) -> None:
    """At the top and nested."""
    messages = run(
        edited(
            ("orders", ["note"], {"selected": word}),
            ("orders", ["user", "email"], {"selected": word}),
            ("orders", ["user", "address"], {"selected": word}),
        )
    )
    schema = schema_of(messages)
    assert list(schema["properties"]) == ["id", "updated_at", "user", "lines"]
    assert schema["properties"]["user"] == {
        "type": ["object", "null"],
        "properties": {"name": {"type": ["string", "null"]}},
    }
    first = of(messages, "RECORD")[0]
    assert first == {
        "id": 0,
        "updated_at": "2024-01-01T00:00:00Z",
        "user": {"name": "a"},
        "lines": [{"sku": "x"}],
    }


def test_a_deselected_object_takes_its_fields_with_it() -> None:
    """A child cannot be selected when its parent is not."""
    catalog = edited(
        ("orders", ["user"], {"selected": False}), ("orders", ["user", "name"], {"selected": True})
    )
    assert "user" not in schema_of(run(catalog))["properties"]


def test_automatic_fields_stay() -> None:
    """Keys and replication key are written whatever the catalog says."""
    every = [("orders", [name], {"selected": False}) for name in ORDER_SCHEMA["properties"]]
    messages = run(edited(*every))
    assert list(schema_of(messages)["properties"]) == ["id", "updated_at"]
    assert of(messages, "RECORD")[0] == {"id": 0, "updated_at": "2024-01-01T00:00:00Z"}


def test_fields_removed_from_the_catalog_s_schema_are_not_written() -> None:
    """At any depth; keys stay. Meltano's schema extras work this way."""
    catalog = copy.deepcopy(CATALOG)
    properties = entry_of(catalog, "orders")["schema"]["properties"]
    del properties["note"], properties["user"]["properties"]["email"]
    messages = run(catalog)
    schema = schema_of(messages)
    assert "note" not in schema["properties"]
    assert of(messages, "RECORD")[0]["user"] == {"name": "a", "address": {"city": "c"}}


def test_an_object_without_properties_is_free_form() -> None:
    """Leaving them out removes nothing: it says that anything may be in the object."""
    kept = {"properties": {"user": {"type": "object"}, "id": {}}}
    removed = set(removed_fields(ORDER_SCHEMA, kept))
    assert removed == {("properties", name) for name in ("note", "updated_at", "lines")}


def test_a_type_changed_by_the_user_is_taken_and_never_lied_about() -> None:
    """Where records do not fit it, the SCHEMA is widened before them."""
    catalog = copy.deepcopy(CATALOG)
    properties = entry_of(catalog, "orders")["schema"]["properties"]
    properties["note"] = {"type": ["string", "null"], "description": "In my own words."}
    properties["id"] = {"type": "string"}
    messages = run(catalog)
    schema = schema_of(messages)
    assert schema["properties"]["note"] == properties["note"]
    assert schema["properties"]["id"]["type"] == ["integer", "string", "null"]


# Methods and keys


@pytest.mark.parametrize(
    ("values", "method"),
    [
        ({}, "INCREMENTAL"),
        ({"replication-method": "FULL_TABLE"}, "FULL_TABLE"),
        ({"replication-method": "INCREMENTAL"}, "INCREMENTAL"),
        ({"replication-method": "LOG_BASED"}, "INCREMENTAL"),
    ],
)
def test_the_user_s_replication_method_is_followed(values: dict[str, Any], method: str) -> None:
    """As far as the source supports it; Meltano sets it in the metadata."""
    tap = TAP(config={}, catalog=edited(("orders", [], values)))
    assert tap.streams["orders"].replication_method == method


def test_a_forced_method_is_followed() -> None:
    """In catalogs of other tools it stands in the metadata alone."""
    root = {"breadcrumb": [], "metadata": {"forced-replication-method": "FULL_TABLE"}}
    entry: dict[str, Any] = {"tap_stream_id": "orders", "schema": {}, "metadata": [root]}
    tap = TAP(config={}, catalog={"streams": [entry]})
    assert tap.streams["orders"].replication_method == "FULL_TABLE"


def test_the_user_s_replication_key_is_followed() -> None:
    """It is automatic, is in SCHEMA, and is told to the source."""
    catalog = edited(
        ("orders", [], {"replication-key": "note"}), ("orders", ["note"], {"selected": False})
    )
    (message,) = [m for m in run(catalog) if m.get("stream") == "orders" and m["type"] == "SCHEMA"]
    assert message["bookmark_properties"] == ["note"]
    assert "note" in message["schema"]["properties"]


def test_a_replication_key_that_is_no_field_is_refused() -> None:
    """It would tell the source of a field there is not; in a full table nobody asks for it."""
    chosen = {"replication-key": "changed_at"}
    with pytest.raises(CatalogError, match="'changed_at' the replication key of stream 'orders'"):
        run(edited(("orders", [], chosen)))
    full = {**chosen, "replication-method": "FULL_TABLE"}
    assert len(of(run(edited(("orders", [], full))), "RECORD")) == 4


def test_the_user_s_keys_are_followed() -> None:
    """`key_properties` of the entry win; they must be fields."""
    catalog = copy.deepcopy(CATALOG)
    entry_of(catalog, "orders")["key_properties"] = ["note"]
    (message,) = [m for m in run(catalog) if m.get("stream") == "orders" and m["type"] == "SCHEMA"]
    assert message["key_properties"] == ["note"]
    entry_of(catalog, "orders")["key_properties"] = ["nope"]
    with pytest.raises(CatalogError, match="'nope' a key of stream 'orders'"):
        run(catalog)


# As commands


def test_discover_then_catalog_is_a_round_trip(tmp_path: Path) -> None:
    """Without any config; what was discovered, fed back, gives the records of a plain run."""
    found = tap("tap-dummy", "--discover")
    assert found.code == 0
    assert found.stdout == tap("tap-dummy", "--discover").stdout
    catalog = write(tmp_path / "catalog.json", found.stdout.decode())
    assert records(tap("tap-dummy", "--catalog", catalog)) == records(tap("tap-dummy"))


def test_a_choice_is_followed_by_the_command(tmp_path: Path) -> None:
    """`--properties` is the old name of `--catalog`; words are truth values."""
    found = json.loads(tap("tap-dummy", "--discover").stdout)
    for entry in found["streams"]:
        for item in entry["metadata"]:
            if item["breadcrumb"] in ([], ["properties", "age"]):
                item["metadata"]["selected"] = "false"
            if not item["breadcrumb"] and entry["stream"] == "plants":
                item["metadata"]["selected"] = "true"
    done = tap("tap-dummy", "--properties", write(tmp_path / "catalog.json", found))
    assert {m["stream"] for m in messages(done) if "stream" in m} == {"plants"}
    assert [set(record) for record in records(done)] == [{"id", "name"}] * 5
    assert set(messages(done)[0]["schema"]["properties"]) == {"id", "name"}


def test_a_stream_that_is_named_is_read_whole() -> None:
    """By the setting `stream`, also where it is not selected by default: all of its fields."""
    named = of(run(stream="attic"), "RECORD", "attic")
    chosen = of(run(edited(("attic", [], {"selected": True})), stream="attic"), "RECORD", "attic")
    assert named == chosen == [order(number) for number in range(4)]
