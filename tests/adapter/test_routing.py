"""Records of one source written to several streams, each for the table its destination_id names."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from bizon_singer import router
from bizon_singer.errors import BizonSingerError, ConfigError
from bizon_singer.page_encoder import PageEncoder
from bizon_singer.routes import StreamRoute
from bizon_singer.source.config import SourceConfig
from bizon_singer.source.models import SourceIteration, SourceRecord, StreamDefinition
from bizon_singer.source.source import AbstractSource
from bizon_singer.stream import SourceStream
from bizon_singer.tap import SourceTap, tap_for
from tests.adapter.counting import root
from tests.proofs.subjects import ROUTES, record

Page = list[SourceRecord]


def given(identifier: str, table: str | None = None, **data: Any) -> SourceRecord:
    """Return a record for a table."""
    return SourceRecord(identifier, {"n": int(identifier), **data}, None, table)


class Pages(AbstractSource):
    """Gives the pages set on the class."""

    pages: Sequence[Page] = ()
    told: list[Any] = []  # noqa: RUF012 - shared on purpose, replaced by each test

    @staticmethod
    def streams() -> list[str]:
        """Name one stream."""
        return ["events"]

    def set_streams_config(self, streams: Sequence[Any]) -> None:
        """Note what is told."""
        self.told.append(streams)

    def check_connection(self) -> tuple[bool, None]:
        """Note that the connection is checked."""
        self.told.append("check")
        return True, None

    def get(self, pagination: Any = None) -> SourceIteration:
        """Give one page."""
        page = (pagination or {}).get("page", 0)
        more = {"page": page + 1} if page + 1 < len(self.pages) else {}
        return SourceIteration(more, list(self.pages[page]))


def source(*pages: Page, **members: Any) -> type[Any]:
    """Return a source of some pages."""
    return type("Source", (Pages,), {"pages": pages, "told": [], **members})


class Run:
    """What a tap over some sources wrote."""

    def __init__(self, *sources: type[Any], catalog: Any = None, **config: Any) -> None:
        """Run it to its end."""
        lines = record(tap_for("tap-x", sources), config, catalog=catalog)
        self.messages = [json.loads(line) for line in lines.splitlines()]

    @property
    def kinds(self) -> list[str]:
        """Return type and stream of each message."""
        return [f"{item['type']} {item.get('stream', '')}".strip() for item in self.messages]

    def ids(self, stream: str) -> list[str]:
        """Return the ids written to a stream."""
        found = [m for m in self.messages if m["type"] == "RECORD" and m["stream"] == stream]
        return [item["record"]["_source_record_id"] for item in found]


ORDERS, USERS = (route["destination"]["table_id"] for route in ROUTES)  # type: ignore[index]


def discovered(*sources: type[Any], **config: Any) -> dict[str, Any]:
    """Return the catalog of a tap by stream."""
    streams = tap_for("tap-x", sources)(config=config).catalog_dict["streams"]
    return {entry["tap_stream_id"]: entry for entry in streams}


def selected(entries: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a catalog with these streams selected."""
    for name, entry in entries.items():
        root(entry)["selected"] = name in names
    return {"streams": list(entries.values())}


# Where records go


def test_each_route_is_a_stream_with_its_schema_before_its_first_record() -> None:
    """The page's STATE follows the records of all of them, and tells of the source's stream."""
    run = Run(
        source([given("1", ORDERS), given("2"), given("3", ORDERS)], [given("4", USERS, wide=1)]),
        streams=ROUTES,
    )
    assert run.kinds == [
        *("SCHEMA orders", "RECORD orders", "RECORD orders", "SCHEMA events", "RECORD events"),
        *("STATE", "SCHEMA users", "RECORD users", "STATE"),
    ]
    assert [run.ids(name) for name in ("orders", "events", "users")] == [["1", "3"], ["2"], ["4"]]
    assert run.messages[-1]["value"]["bookmarks"].keys() == {"events"}
    columns = [m["schema"]["properties"] for m in run.messages if m["type"] == "SCHEMA"]
    assert ["wide" in properties for properties in columns] == [False, False, True]


def test_a_route_without_a_record_has_its_schema_at_the_end() -> None:
    """A table that is empty is a table."""
    run = Run(source([given("1")]), streams=ROUTES)
    assert run.kinds == ["SCHEMA events", "RECORD events", "SCHEMA orders", "SCHEMA users", "STATE"]


def test_a_wider_schema_of_a_route_is_written_before_the_record_that_needs_it() -> None:
    """And of that route alone."""
    run = Run(source([given("1", ORDERS), given("2", USERS)], [given("3", ORDERS, wide=1)]))
    assert "_source_destination_id" in run.messages[0]["schema"]["properties"]
    run = Run(
        source([given("1", ORDERS), given("2", USERS)], [given("3", ORDERS, wide=1)]),
        route_records=True,
    )
    assert run.kinds[5:7] == [f"SCHEMA {ORDERS}", f"RECORD {ORDERS}"]
    assert run.kinds.count(f"SCHEMA {USERS}") == 1


def test_a_route_may_lead_to_the_source_s_own_stream() -> None:
    """By its name in `streams`, or because a record names it."""
    own = [{"name": "events", "destination": {"table_id": "a.b.c"}}]
    pages = source([given("1", "a.b.c"), given("2", "events"), given("3"), given("4", "")])
    assert Run(pages, streams=own).ids("events") == ["1", "2", "3", "4"]


def test_a_record_may_name_a_route_by_the_name_of_its_stream() -> None:
    """There is one stream of that name."""
    assert Run(source([given("1", "orders"), given("2", ORDERS)]), streams=ROUTES).ids(
        "orders"
    ) == ["1", "2"]


def test_nothing_is_routed_unless_it_is_asked_for() -> None:
    """Then a page is encoded as ever, and the destination_id is a column."""
    pages = source([given("1", ORDERS)])
    for config in ({}, {"route_records": False, "streams": ROUTES}):
        run = Run(pages, **config)
        assert run.messages[1]["record"]["_source_destination_id"] == ORDERS
        assert run.kinds[1] == "RECORD events"
        stream = tap_for("tap-x", [pages])(config=config).streams["events"]
        assert type(stream) is SourceStream
        assert isinstance(stream._pages, PageEncoder)


# Unknown routes


def test_an_unknown_route_is_a_stream_of_its_name() -> None:
    """Unless told otherwise, nothing is lost."""
    run = Run(source([given("1", "a.b.new"), given("2", ORDERS)]), streams=ROUTES)
    assert run.kinds[:3] == ["SCHEMA a.b.new", "RECORD a.b.new", "SCHEMA orders"]


def test_unknown_routes_are_dropped_on_request(caplog: pytest.LogCaptureFixture) -> None:
    """Each is named once, and how many records there were is said at the end."""
    page = [given("1", "new"), given("2", ORDERS), given("3", "new"), given("4", "other")]
    with caplog.at_level(logging.WARNING):
        run = Run(source(page), streams=ROUTES, unknown_routes="drop")
    assert run.ids("orders") == ["2"]
    assert "RECORD new" not in run.kinds
    once = "Stream 'events': records of the destination_id %r are dropped, as unknown_routes says."
    assert [item.getMessage() for item in caplog.records] == [
        once % "new",
        once % "other",
        "Stream 'events': 3 records of 2 unknown routes were dropped.",
    ]


def failing(*sources: type[Any], **config: Any) -> BizonSingerError:
    """Return the error that ends a run."""
    with pytest.raises(BizonSingerError) as caught:
        Run(*sources, **config)
    return caught.value


def test_an_unknown_route_is_an_error_on_request() -> None:
    """It names the record and what to do."""
    error = failing(source([given("1"), given("2", "new")]), streams=ROUTES, unknown_routes="error")
    assert "page 1: record 2 has the destination_id 'new', which is no route" in str(error)
    assert error.exit_code == 4


def test_unknown_routes_are_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A destination_id that differs by record names no tables."""
    monkeypatch.setattr(router, "MOST_UNKNOWN_ROUTES", 3)
    page = [given(str(number), f"t{number}") for number in range(4)]
    assert Run(source(page[:3]), route_records=True).kinds.count("SCHEMA t0") == 1
    assert "more than 3 values of destination_id" in str(failing(source(page), route_records=True))


def test_two_streams_do_not_write_to_one() -> None:
    """Their schemas would not agree; which two they are is said."""
    other = source([given("1", "shared")], streams=staticmethod(lambda: ["others"]))
    both = [source([given("1", "shared")]), other]
    assert "but stream 'events' writes the stream of that name" in str(
        failing(*both, route_records=True)
    )
    one = source([given("1", "others")])
    assert "but stream 'others' writes" in str(
        failing(one, other, route_records=True, on_stream_error="stop")
    )


def test_a_record_at_fault_is_counted_among_those_of_its_stream() -> None:
    """Its position in the page says nothing of where it went."""
    bad = [given("1", ORDERS), given("2"), given("3", ORDERS, _source_timestamp=1)]
    assert "among those for stream 'orders', record 2 has a field" in str(
        failing(source(bad), streams=ROUTES)
    )


# Catalog


def test_a_catalog_lists_the_known_routes() -> None:
    """Each with the stream its records are read by, and fields of its own where sampled."""
    page = [given("1", ORDERS, total=1), given("2", USERS, mail=""), given("3")]
    entries = discovered(source(page), streams=ROUTES)
    assert list(entries) == ["events", "orders", "users"]
    assert [root(entry).get("routed-from") for entry in entries.values()] == [
        *(None, "events", "events")
    ]
    tap = tap_for("tap-x", [source(page)])
    sampling = tap(
        config={"streams": ROUTES, "discover_sample_records": 3}, setup_mapper=False
    ).catalog_dict["streams"]
    fields = [entry["schema"]["properties"].keys() for entry in sampling]
    assert [[name in known for name in ("total", "mail")] for known in fields] == [
        *([False, False], [True, False], [False, True])
    ]


def test_selection_holds_for_routes_and_for_the_stream_they_are_read_by() -> None:
    """A source's stream is read for the sake of its routes, and not written then."""
    pages = source([given("1", ORDERS), given("2", USERS), given("3")])
    entries = discovered(pages, streams=ROUTES)
    run = Run(pages, catalog=selected(entries, "orders"), streams=ROUTES)
    assert run.kinds == ["SCHEMA orders", "RECORD orders", "STATE"]
    run = Run(pages, catalog=selected(entries, "events", "users"), streams=ROUTES)
    assert {kind for kind in run.kinds if "orders" in kind} == set()
    assert run.ids("events") == ["3"]
    assert Run(pages, catalog=selected(entries), streams=ROUTES).messages == []


def test_a_field_deselected_for_a_stream_is_not_written_by_its_unknown_routes() -> None:
    """Nor by a known route that deselects it itself."""
    pages = source([given("1", "new"), given("2", ORDERS)])
    entries = discovered(pages, streams=ROUTES, discover_sample_records=1)
    for name in ("events", "orders"):
        entries[name]["metadata"].append(
            {"breadcrumb": ["properties", "n"], "metadata": {"selected": False}}
        )
    run = Run(pages, catalog=selected(entries, "events", "orders"), streams=ROUTES)
    records = [message["record"] for message in run.messages if message["type"] == "RECORD"]
    assert [("n" in item) for item in records] == [False, False]


def test_a_route_a_catalog_does_not_know_yet_is_written() -> None:
    """As its source's stream is; a catalog made before the route was added loses nothing."""
    pages = source([given("1", ORDERS), given("2")])
    old = selected(discovered(pages), "events")
    assert Run(pages, catalog=old, streams=ROUTES).ids("orders") == ["1"]


def test_the_source_may_know_its_routes() -> None:
    """From its configuration; they have the schema and the keys it declares.

    Where the catalog depends on the account, it is read back as it was written.
    """
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    definition = StreamDefinition("events", schema, ("n",), routes=("orders", "users"))
    pages = source(
        [given("1", "orders"), given("2"), given("3", "new")], discover=lambda _self: [definition]
    )
    tap = type("Tap", (SourceTap,), {"name": "x", "source_classes": (pages,)})
    tap.dynamic_catalog = True  # type: ignore[attr-defined]
    entries = {e["tap_stream_id"]: e for e in tap(config={}).catalog_dict["streams"]}
    assert entries["orders"]["key_properties"] == ["n"]
    lines = record(tap, {}, catalog=selected(entries, "orders"))
    messages = [json.loads(line) for line in lines.splitlines()]
    kept = [m for m in messages if m["type"] != "STATE"]
    assert [m["stream"] for m in kept] == ["orders", "orders"]
    assert kept[0]["schema"]["properties"].keys() == {"n"}
    everything = record(tap, {})
    assert [json.loads(line).get("stream") for line in everything.splitlines()] == [
        *("orders", "orders", "events", "events", "new", "new", "users", None)
    ]


# The source


def test_a_source_is_told_the_routes_before_it_is_asked() -> None:
    """As objects with attributes, the source's own settings among them, which it may change."""
    routes = [{**ROUTES[0], "source": {"topic": "t", "group": 7}}]
    pages = source([given("1")])
    Run(pages, streams=routes)
    (route,), check = pages.told
    assert check == "check"
    assert isinstance(route, StreamRoute)
    told = route.name, route.source.topic, route.source.group, route.destination.table_id  # type: ignore[attr-defined]
    assert told == ("orders", "t", 7, ORDERS)
    assert (route.source.endpoint, route.destination.record_schema) == (None, None)
    route.destination.table_id = "changed"
    pages.told.clear()
    Run(pages, streams=routes)
    assert pages.told[0][0].destination.table_id == ORDERS
    pages.told.clear()
    Run(pages)
    assert pages.told == ["check"]


def test_a_setting_streams_of_the_source_s_own_is_left_to_it() -> None:
    """It may mean anything."""

    class Config(SourceConfig):
        streams: list[str]

    pages = source([given("1", ORDERS)], get_config_class=staticmethod(lambda: Config))
    assert Run(pages, streams=["a"]).kinds == ["SCHEMA events", "RECORD events", "STATE"]


# The settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([{"name": "a"}], "`streams.0.destination` is missing"),
        ([{"name": "a", "destination": {}}], "`streams.0.destination.table_id` is missing"),
        ([{**ROUTES[0], "table": 1}], "`streams.0.table`"),
        ([*ROUTES, ROUTES[0]], "must not have a `name` twice"),
        ([*ROUTES, {**ROUTES[0], "name": "b"}], "must not have a `destination.table_id` twice"),
        ("orders", "`streams` must be a list"),
    ],
)
def test_what_is_wrong_with_routes_is_said(settings: Any, words: str) -> None:
    """By the setting's path."""
    with pytest.raises(ConfigError) as caught:
        Run(source([]), streams=settings)
    assert words in str(caught.value)


def test_routes_belong_to_one_stream() -> None:
    """Which one has to be known, and none of them may be called like another stream."""
    both = staticmethod(lambda: ["events", "orders"])
    pages = source([given("1", USERS)], streams=both)
    assert "name it in `stream`" in str(failing(pages, streams=ROUTES))
    error = failing(pages, streams=ROUTES, stream="events")
    assert "a route of stream 'events' is called 'orders' like another stream" in str(error)
    assert Run(pages, streams=ROUTES[1:], stream="events").ids("users") == ["1"]
    named = failing(pages, streams=ROUTES[1:], stream="users")
    assert "`stream` names 'users'" in str(named)


# What else there is to a stream


def test_each_route_of_a_complete_table_is_activated() -> None:
    """At its end, with the version of its records."""
    run = Run(
        source([given("1", ORDERS)], [given("2", "new"), given("3")]),
        streams=ROUTES,
        emit_activate_version_messages=True,
    )
    activated = [m for m in run.messages if m["type"] == "ACTIVATE_VERSION"]
    assert [m["stream"] for m in activated] == ["events", "orders", "users", "new"]
    versions = {m["version"] for m in run.messages if "version" in m}
    assert len(versions) == 1


def test_stream_maps_apply_to_routes() -> None:
    """By the name of the route, known or not."""
    maps = {"orders": {"double": "n * 2"}, "new": {"__alias__": "renamed"}}
    run = Run(
        source([given("1", ORDERS), given("2", "new"), given("3")]),
        streams=ROUTES,
        stream_maps=maps,
    )
    records = {m["stream"]: m["record"] for m in run.messages if m["type"] == "RECORD"}
    assert records["orders"]["double"] == 2
    assert records.keys() == {"orders", "renamed", "events"}
    with pytest.raises(ConfigError, match="names stream 'new'"):
        Run(source([]), streams=ROUTES, stream_maps=maps, unknown_routes="drop")
