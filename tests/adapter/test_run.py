"""What a run does, seen on stdout: modes, limits, failing streams, versions, stream maps."""

from __future__ import annotations

import copy
import io
import logging
from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from pydantic import Field

from bizon_singer import (
    AbstractSource,
    SourceConfig,
    SourceIncrementalState,
    SourceIteration,
    SourceRecord,
    StreamDefinition,
)
from bizon_singer.errors import ExpiredCursorError, TransientError
from bizon_singer.tap import RunFailedError, SourceTap, tap_for
from bizon_singer.testing import check, read
from tests.proofs.subjects import record

PAGES = 4


class ShopConfig(SourceConfig):
    """Which streams fail, and where."""

    failing: dict[str, int] = Field(default_factory=dict)
    token: str = ""


class ShopSource(AbstractSource):
    """Three streams of four pages of two records; orders can be read incrementally."""

    calls: ClassVar[list[tuple[str, Any]]] = []

    @staticmethod
    def streams() -> list[str]:
        """Three streams."""
        return ["orders", "users", "items"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Use the settings above."""
        return ShopConfig

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare two of them; items has an inferred schema."""
        fields = {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}}
        time = {"type": ["string", "null"], "format": "date-time"}
        orders = {"type": "object", "properties": {**fields, "changed": time}}
        users = {"type": "object", "properties": fields}
        return [
            StreamDefinition("orders", orders, ("id",), "changed"),
            StreamDefinition("users", users, ("id",), replication_method="FULL_TABLE"),
        ]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give one page of everything."""
        return self._page("get", pagination or {})

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Give one page of what changed."""
        return self._page(source_state, pagination or {})

    def _page(self, how: Any, pagination: dict[str, Any]) -> SourceIteration:
        stream = self.config.stream
        self.calls.append((stream, copy.deepcopy((how, pagination))))
        page = pagination.get("page", 0)
        if self.config.failing.get(stream) == page:
            raise TransientError("the shop is closed; come back tomorrow")
        records = [
            SourceRecord(str(number), {"id": number, "name": f"{stream} {number}"})
            for number in (page * 2, page * 2 + 1)
        ]
        more = page + 1 < PAGES
        return SourceIteration(
            records=records,
            next_pagination={"page": page + 1} if more else {},
            next_state={"seen": page},
        )


@pytest.fixture
def shop() -> type[SourceTap]:
    """A tap over the shop, which has not been asked anything."""
    ShopSource.calls.clear()
    return tap_for("tap-shop", [ShopSource])


def bookmarks_of(recording: bytes) -> dict[str, Any]:
    """Return the bookmarks of the last STATE."""
    states = [message.body["value"] for message in read(recording).of("STATE")]
    bookmarks: dict[str, Any] = states[-1]["bookmarks"]
    return bookmarks


def state_of(bookmarks: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state with some bookmarks."""
    return {"version": 1, "bookmarks": dict(bookmarks)}


def count_of(recording: bytes) -> dict[str, int]:
    """Return the number of records per stream."""
    counts: dict[str, int] = {}
    for message in read(recording).of("RECORD"):
        counts[message.body["stream"]] = counts.get(message.body["stream"], 0) + 1
    return counts


def failing(tap_class: type[SourceTap], config: dict[str, Any]) -> tuple[bytes, RunFailedError]:
    """Run a tap that must fail; return what it wrote and the failure."""
    with redirect_stdout(io.StringIO()) as written, pytest.raises(RunFailedError) as caught:
        tap_class(config=config).sync_all()
    return written.getvalue().encode(), caught.value


class TestModes:
    """First runs, later runs, resumed runs."""

    def test_streams_come_in_the_order_of_streams(self, shop: type[SourceTap]) -> None:
        """Not by name, as the SDK sorts them; every message is valid."""
        recording = record(shop, {})
        assert check(recording) == []
        assert list(count_of(recording)) == ["orders", "users", "items"]
        assert set(count_of(recording).values()) == {8}

    def test_a_first_incremental_run_reads_everything(self, shop: type[SourceTap]) -> None:
        """Without a bookmark and without start_date, get() is called."""
        record(shop, {"stream": "orders"})
        assert {how for _, (how, _) in shop.source_classes[0].calls} == {"get"}

    def test_start_date_is_where_a_first_incremental_run_starts(
        self, shop: type[SourceTap]
    ) -> None:
        """get_records_after is called with it, and with the start of this run."""
        record(shop, {"stream": "orders", "start_date": "2024-05-01"})
        state = shop.source_classes[0].calls[0][1][0]
        assert state.last_run == datetime(2024, 5, 1, tzinfo=UTC)
        assert state.cursor_field == "changed"
        assert state.run_started_at is not None

    def test_a_later_run_gets_what_the_last_complete_one_left(self, shop: type[SourceTap]) -> None:
        """last_run is the start of that run, state its last next_state."""
        first = bookmarks_of(record(shop, {"stream": "orders"}))
        assert first["orders"]["state"] == {"seen": 3}
        assert first["orders"]["replication_key"] == "changed"
        shop.source_classes[0].calls.clear()
        record(shop, {"stream": "orders"}, state_of(first))
        state = shop.source_classes[0].calls[0][1][0]
        assert state.last_run == datetime.fromisoformat(first["orders"]["last_run"])
        assert state.state == {"seen": 3}

    def test_exactly_max_iterations_pages_are_read(self, shop: type[SourceTap]) -> None:
        """The run ends well, keeps its place and promotes nothing; the next goes on."""
        recording = record(shop, {"stream": "users", "max_iterations": 3})
        bookmark = bookmarks_of(recording)["users"]
        assert count_of(recording) == {"users": 6}
        assert "last_run" not in bookmark
        assert bookmark["in_progress"]["pagination"] == {"page": 3}
        rest = record(shop, {"stream": "users"}, state_of({"users": bookmark}))
        assert count_of(rest) == {"users": 2}
        assert bookmarks_of(rest)["users"]["in_progress"] is None

    def test_a_limit_that_is_the_end_completes_the_stream(self, shop: type[SourceTap]) -> None:
        """Four pages of four are all there is."""
        bookmark = bookmarks_of(record(shop, {"stream": "users", "max_iterations": 4}))["users"]
        assert bookmark["in_progress"] is None

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"failing": {"none": 1}}, "its settings have changed"),
            ({"sync_mode": "full_refresh"}, "this is a full_table one"),
            ({"force_ignore_checkpoint": True}, "force_ignore_checkpoint"),
        ],
    )
    def test_an_unfinished_run_that_no_longer_fits_starts_again(
        self,
        shop: type[SourceTap],
        change: dict[str, Any],
        word: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Other settings, another mode or the user's word drop its progress, with a warning."""
        bookmarks = bookmarks_of(record(shop, {"stream": "orders", "max_iterations": 2}))
        with caplog.at_level(logging.WARNING):
            recording = record(shop, {"stream": "orders", **change}, state_of(bookmarks))
        assert count_of(recording) == {"orders": 8}
        assert word in caplog.text

    def test_new_credentials_do_not_make_a_run_start_again(self, shop: type[SourceTap]) -> None:
        """A token is not what decides which records there are."""
        bookmarks = bookmarks_of(record(shop, {"stream": "orders", "max_iterations": 2}))
        recording = record(shop, {"stream": "orders", "token": "other"}, state_of(bookmarks))
        assert count_of(recording) == {"orders": 4}

    def test_reset_reads_everything_once_more(self, shop: type[SourceTap]) -> None:
        """The bookmark is as if it had never been."""
        bookmarks = bookmarks_of(record(shop, {"stream": "orders"}))
        shop.source_classes[0].calls.clear()
        record(shop, {"stream": "orders", "reset": True}, state_of(bookmarks))
        assert shop.source_classes[0].calls[0][1] == ("get", {})

    def test_bookmarks_of_other_streams_are_kept(self, shop: type[SourceTap]) -> None:
        """Of streams not in this run, and of streams this tap does not know."""
        other = {"anything": [1, {"a": None}]}
        bookmarks = bookmarks_of(record(shop, {"stream": "users"}, state_of({"gone": other})))
        assert bookmarks["gone"] == other


class TestExpiredCursor:
    """A page cursor of STATE that the API no longer accepts."""

    def test_the_stream_starts_again_from_its_last_bookmark(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """With a warning, and only if it is the first page of a resumed run."""

        class Expiring(ShopSource):
            def _page(self, how: Any, pagination: dict[str, Any]) -> SourceIteration:
                if pagination.get("page") == 2 and not self.calls:
                    self.calls.append(("expired", None))
                    raise ExpiredCursorError("the cursor is gone")
                return super()._page(how, pagination)

        tap_class = tap_for("tap-shop", [Expiring])
        progress = bookmarks_of(record(tap_class, {"stream": "users", "max_iterations": 2}))
        Expiring.calls.clear()
        recording = record(tap_class, {"stream": "users"}, state_of(progress))
        assert count_of(recording) == {"users": 8}
        assert "no longer accepts" in caplog.text


class TestFailingStreams:
    """One stream fails, the others go on."""

    def test_the_others_are_complete_and_the_failed_one_keeps_its_place(
        self, shop: type[SourceTap]
    ) -> None:
        """The exit code is the failure's; its records before it are out, with STATE."""
        recording, failure = failing(shop, {"failing": {"users": 2}})
        assert check(recording) == []
        assert failure.exit_code == 5
        assert "stream 'users', page 3" in str(failure)
        assert "1 of 3 streams failed" in str(failure)
        assert count_of(recording) == {"orders": 8, "users": 4, "items": 8}
        assert bookmarks_of(recording)["users"]["in_progress"]["pagination"] == {"page": 2}
        assert bookmarks_of(recording)["items"]["in_progress"] is None

    def test_on_stream_error_stop_ends_the_run(self, shop: type[SourceTap]) -> None:
        """Streams after the failing one are not read."""
        recording, _ = failing(shop, {"failing": {"users": 0}, "on_stream_error": "stop"})
        assert set(count_of(recording)) == {"orders"}


class TestState:
    """When STATE is written."""

    def test_a_long_interval_writes_it_at_the_end_of_each_stream(
        self, shop: type[SourceTap]
    ) -> None:
        """Records go out page by page all the same."""
        recording = record(shop, {"state_interval_seconds": 3600})
        states = list(read(recording).of("STATE"))
        assert len(states) <= 4
        assert bookmarks_of(recording)["items"]["in_progress"] is None

    def test_a_failure_writes_the_state_that_was_held_back(self, shop: type[SourceTap]) -> None:
        """What is written is covered, even if the interval has not passed."""
        recording, _ = failing(
            shop, {"state_interval_seconds": 3600, "failing": {"orders": 2}, "stream": "orders"}
        )
        assert bookmarks_of(recording)["orders"]["in_progress"]["pagination"] == {"page": 2}


class TestVersions:
    """ACTIVATE_VERSION: last, and one version across resumes."""

    CONFIG: ClassVar[dict[str, Any]] = {"stream": "users", "emit_activate_version_messages": True}

    def test_it_comes_after_the_last_record_of_a_complete_table(
        self, shop: type[SourceTap]
    ) -> None:
        """All records carry the version that is activated."""
        recording = record(shop, self.CONFIG)
        assert check(recording) == []
        kinds = [message.kind for message in read(recording).messages]
        assert kinds[-2:] == ["ACTIVATE_VERSION", "STATE"]

    def test_a_resumed_table_keeps_its_version(self, shop: type[SourceTap]) -> None:
        """Else the target would delete the first half."""
        first = record(shop, {**self.CONFIG, "max_iterations": 2})
        assert not list(read(first).of("ACTIVATE_VERSION"))
        rest = record(shop, self.CONFIG, state_of(bookmarks_of(first)))
        versions = {
            message.body["version"]
            for recording in (first, rest)
            for kind in ("RECORD", "ACTIVATE_VERSION")
            for message in read(recording).of(kind)
        }
        assert len(versions) == 1

    def test_incremental_streams_have_none(self, shop: type[SourceTap]) -> None:
        """Rows an incremental run does not give are still there."""
        recording = record(shop, {**self.CONFIG, "stream": "orders"})
        assert not list(read(recording).of("ACTIVATE_VERSION"))
        assert not any("version" in message.body for message in read(recording).of("RECORD"))


class TestStreamMaps:
    """The SDK's transforms take the slower path and give the same values."""

    def paths(self, tap: SourceTap) -> set[str]:
        """Return the paths its streams take."""
        return {stream.path_taken for stream in tap.streams.values()}

    def test_the_fast_path_is_taken_without_maps(self, shop: type[SourceTap]) -> None:
        """Nothing to map, nothing to flatten."""
        assert self.paths(shop(config={})) == {"fast"}

    def test_no_maps_at_all_may_be_said_as_null(self, shop: type[SourceTap]) -> None:
        """As tools write a setting that is not set."""
        assert count_of(record(shop, {"stream_maps": None})) == count_of(record(shop, {}))

    def test_both_paths_give_the_same_records(self, shop: type[SourceTap]) -> None:
        """A map that changes nothing changes nothing."""
        maps: dict[str, Any] = {name: {} for name in ("orders", "users", "items")}
        config = {"stream_maps": maps}
        assert self.paths(shop(config=config)) == {"mapped"}
        fast, mapped = record(shop, {}), record(shop, config)
        assert check(mapped) == []
        assert bodies(fast) == bodies(mapped)

    def test_maps_rename_filter_and_add(self, shop: type[SourceTap]) -> None:
        """As users of the Singer SDK know them."""
        config: dict[str, Any] = {
            "stream": "users",
            "stream_maps": {
                "users": {"__alias__": "people", "__filter__": "id > 2", "upper": "name.upper()"}
            },
        }
        recording = record(shop, config)
        assert check(recording) == []
        assert count_of(recording) == {"people": 5}
        first = next(iter(read(recording).of("RECORD"))).body["record"]
        assert first["upper"] == "USERS 3"

    def test_flattening_takes_nested_fields_apart(self) -> None:
        """Schema and record alike, also when the schema grows."""

        class Nested(ShopSource):
            def _page(self, how: Any, pagination: dict[str, Any]) -> SourceIteration:
                page = super()._page(how, pagination)
                for item in page.records:
                    item.data["user"] = {"name": "x", f"page_{pagination.get('page', 0)}": True}
                return page

        config = {"stream": "items", "flattening_enabled": True, "flattening_max_depth": 2}
        recording = record(tap_for("tap-shop", [Nested]), config)
        assert check(recording) == []
        first = next(iter(read(recording).of("RECORD"))).body["record"]
        assert first["user__name"] == "x"
        last = list(read(recording).of("SCHEMA"))[-1].body["schema"]["properties"]
        assert {"user__page_0", "user__page_3"} <= set(last)


def bodies(recording: bytes) -> list[dict[str, Any]]:
    """Return the records of a recording without what changes between runs."""
    volatile = {"_source_timestamp"}
    return [
        {key: value for key, value in message.body["record"].items() if key not in volatile}
        for message in read(recording).of("RECORD")
    ]


class TestSchemas:
    """Declared, inferred and widened."""

    def test_an_empty_stream_has_a_schema_and_a_state(self) -> None:
        """Its table is to be there, and its run is to be remembered."""

        class Empty(ShopSource):
            def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
                del pagination
                return SourceIteration()

        recording = record(tap_for("tap-shop", [Empty]), {})
        kinds = {(message.kind, message.stream) for message in read(recording).messages}
        assert {("SCHEMA", name) for name in ("orders", "users", "items")} <= kinds
        assert all(mark["last_run"] for mark in bookmarks_of(recording).values())

    def test_a_field_the_declared_schema_lacks_is_not_lost(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A wider SCHEMA comes before the first record that needs it, and it is said."""

        class Moved(ShopSource):
            def _page(self, how: Any, pagination: dict[str, Any]) -> SourceIteration:
                page = super()._page(how, pagination)
                if pagination.get("page") == 2:
                    next(iter(page.records)).data.update(name=7, added=[{"a": 1.5}])
                return page

        recording = record(tap_for("tap-shop", [Moved]), {"stream": "users"})
        assert check(recording) == []
        schemas = list(read(recording).of("SCHEMA"))
        assert len(schemas) == 2
        assert "name" in schemas[1].body["schema"]["properties"]
        assert "do not fit the declared schema" in caplog.text

    def test_the_envelope_never_needs_another_schema(self, shop: type[SourceTap]) -> None:
        """Whatever is in the data, it is one object column."""
        recording = record(shop, {"envelope": True})
        assert check(recording) == []
        assert len(list(read(recording).of("SCHEMA"))) == 3
        body = next(iter(read(recording).of("RECORD"))).body["record"]
        assert body["_source_data"] == {"id": 0, "name": "orders 0"}
        assert body["_source_record_id"] == "0"
