"""STATE says where a stream stands, a run concludes no more from it, and nothing in it is lost."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizon_singer.bookmark import (
    FULL_TABLE,
    INCREMENTAL,
    Bookmark,
    Intent,
    Start,
)
from bizon_singer.errors import StateError
from bizon_singer.moments import rfc3339
from bizon_singer.place import digest_of, parse_time
from bizon_singer.redact import Redactor
from bizon_singer.state import Bookmarks
from tests.adapter.strategies import Color, plain_json, texts

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
EARLIER = datetime(2024, 1, 1, tzinfo=UTC)
CONFIG = "sha256:0123"
FULL = Intent(FULL_TABLE, CONFIG)
CHANGES = Intent(INCREMENTAL, CONFIG, replication_key="updatedAt", replication_key_is_time=True)


def bookmark(value: dict[str, Any] | None = None) -> Bookmark:
    """Return the bookmark of a stream as a run finds it in STATE."""
    state = {"bookmarks": {"s": value or {}}}
    return Bookmarks(json.loads(json.dumps(state))).stream("s")


def again(mark: Bookmark) -> Bookmark:
    """Return a bookmark as the next run finds it, by way of a line and a target."""
    return bookmark(json.loads(json.dumps(mark.value)))


def progress(**changes: Any) -> dict[str, Any]:
    """Return an in_progress as this version writes it."""
    value = {
        "mode": INCREMENTAL,
        "started_at": "2026-11-22T06:00:00Z",
        "pages": 4,
        "pagination": {"after": "400"},
        "next_state": {"seq": 6},
        "version": None,
        "config": CONFIG,
    }
    value["digest"] = digest_of(value["pagination"], value["next_state"])
    return {**value, **changes}


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What was warned of."""
    caplog.set_level(logging.WARNING)
    return caplog


class TestFirstRun:
    """A stream without a bookmark."""

    @pytest.mark.parametrize("intent", [FULL, CHANGES], ids=["full", "incremental"])
    def test_starts_at_the_beginning(self, intent: Intent) -> None:
        """With get(), which has no state to be asked with."""
        mark = bookmark()
        start = mark.begin(intent, NOW)
        assert start == Start(NOW, None, {}, 0, resumed=False, version=None)
        assert mark.value == {"in_progress": None}

    def test_or_at_the_start_date(self) -> None:
        """As if a run had completed then."""
        intent = Intent(INCREMENTAL, CONFIG, "updatedAt", start_date=EARLIER)
        state = bookmark().begin(intent, NOW).source_state
        assert state is not None
        assert (state.last_run, state.run_started_at, state.state) == (EARLIER, NOW, {})
        assert state.cursor_field == "updatedAt"

    def test_a_full_table_has_no_start_date(self) -> None:
        """It is the whole table."""
        assert (
            bookmark().begin(Intent(FULL_TABLE, CONFIG, start_date=EARLIER), NOW).source_state
            is None
        )


class TestACompletedRun:
    """Finishing promotes what was in progress."""

    def test_the_bookmark_is_the_start_of_the_run(self) -> None:
        """Not its end, and not the largest value seen."""
        mark = bookmark()
        mark.begin(CHANGES, NOW)
        mark.advance(1, {"after": "1"}, {"seq": 1})
        mark.advance(2, {}, {"seq": 2})
        mark.finish()
        assert mark.value == {
            "last_run": "2026-11-22T07:00:00Z",
            "state": {"seq": 2},
            "replication_key": "updatedAt",
            "replication_key_value": "2026-11-22T07:00:00Z",
            "in_progress": None,
        }

    def test_the_next_run_goes_on_from_there(self) -> None:
        """With the state the source gave last."""
        mark = bookmark()
        mark.begin(CHANGES, NOW)
        kept: dict[Any, Any] = {"since": date(2024, 1, 1), 5: (1, 2)}
        mark.advance(1, {}, kept)
        mark.finish()
        state = again(mark).begin(CHANGES, LATER).source_state
        assert state is not None
        assert (state.last_run, state.run_started_at) == (NOW, LATER)
        assert state.state == kept

    def test_without_a_new_state_the_old_one_stays(self) -> None:
        """As Bizon has it."""
        mark = bookmark({"last_run": rfc3339(EARLIER), "state": {"seq": 1}})
        mark.begin(CHANGES, NOW)
        mark.advance(1, {"after": "1"}, None)
        mark.finish()
        assert mark.value["state"] == {"seq": 1}

    @pytest.mark.parametrize("state", [None, 5, [], "x"])
    def test_a_state_that_is_none_is_replaced(self, state: Any) -> None:
        """By an empty object."""
        mark = bookmark({"state": state})
        mark.begin(FULL, NOW)
        mark.finish()
        assert mark.value["state"] == {}

    def test_a_full_run_sets_the_bookmark_for_an_incremental_one(self) -> None:
        """Which then has where to go on from."""
        mark = bookmark()
        mark.begin(FULL, NOW)
        mark.finish()
        state = again(mark).begin(CHANGES, LATER).source_state
        assert state is not None
        assert state.last_run == NOW

    def test_a_replication_key_that_is_no_time_has_no_value(self) -> None:
        """There is none to give."""
        mark = bookmark()
        mark.begin(Intent(INCREMENTAL, CONFIG, "seq"), NOW)
        mark.finish()
        assert mark.value["replication_key"] == "seq"
        assert "replication_key_value" not in mark.value

    def test_nothing_is_promoted_before(self) -> None:
        """A run that fails leaves the last bookmark."""
        mark = bookmark({"last_run": rfc3339(EARLIER), "state": {"seq": 1}})
        mark.begin(CHANGES, NOW)
        mark.advance(1, {"after": "1"}, {"seq": 9})
        assert mark.value["last_run"] == rfc3339(EARLIER)
        assert mark.value["state"] == {"seq": 1}


class TestResuming:
    """An unfinished run goes on."""

    @pytest.mark.parametrize("intent", [FULL, CHANGES], ids=["full", "incremental"])
    def test_from_its_last_page(self, intent: Intent) -> None:
        """Values JSON cannot hold included; it keeps its start, and its pages count on."""
        mark = bookmark({"last_run": rfc3339(EARLIER), "state": {"seq": 1}})
        mark.begin(intent, NOW, version=7)
        mark.advance(1, {"a": 1}, {"seq": 5})
        mark.advance(2, {"at": date(2024, 1, 1), "key": (1, {2})}, None)
        mark = again(mark)
        start = mark.begin(intent, LATER, version=8)
        assert start.resumed
        assert start.pagination == {"at": date(2024, 1, 1), "key": (1, {2})}
        assert (start.started_at, start.pages, start.version) == (NOW, 2, 7)
        if intent is CHANGES:
            assert start.source_state is not None
            assert start.source_state.last_run == EARLIER
            assert start.source_state.run_started_at == NOW
            assert start.source_state.state == {"seq": 1}
        mark.finish()
        assert mark.value["last_run"] == rfc3339(NOW)
        assert mark.value["state"] == {"seq": 5}

    @pytest.mark.parametrize("left", [3, 7, 9])
    def test_a_table_begun_anew_has_a_larger_version(self, left: int) -> None:
        """Than what the target has seen, finished or not, whatever the clock says."""
        mark = bookmark(
            {"table_version": 5, "in_progress": progress(mode=FULL_TABLE, version=left)}
        )
        forget = dataclasses.replace(FULL, forget_progress=True)
        assert mark.begin(forget, NOW, version=4).version == max(left, 5) + 1
        mark.finish()
        assert mark.value["table_version"] == max(left, 5) + 1
        assert again(mark).begin(FULL, NOW, version=100).version == 100

    def test_the_smallest_version_is_one(self) -> None:
        """Nought has been seen by the target as any other number has."""
        assert bookmark({"table_version": 0}).begin(FULL, NOW, version=0).version == 1

    def test_a_run_without_versions_starts_none(self) -> None:
        """Whatever an earlier one had activated: its records would be dropped as old ones."""
        assert bookmark({"table_version": 5}).begin(FULL, NOW).version is None

    @pytest.mark.parametrize("left", ["7", True, None, -1, 2**62, 10**30, 1.5])
    def test_a_version_that_is_none_is_not_counted_on(self, left: Any) -> None:
        """STATE is edited by people."""
        assert bookmark({"table_version": left}).begin(FULL, NOW, version=4).version == 4

    def test_any_number_of_times(self) -> None:
        """Version, start and state are those of the first."""
        mark = bookmark()
        mark.begin(FULL, NOW, version=7)
        mark.advance(1, {"page": 1}, {"seq": 1})
        for page in range(2, 6):
            mark = again(mark)
            start = mark.begin(FULL, NOW + timedelta(days=page), version=page)
            assert (start.started_at, start.pages, start.version) == (NOW, page - 1, 7)
            mark.advance(page, {"page": page}, None)
        mark.finish()
        assert mark.value["state"] == {"seq": 1}
        assert mark.value["last_run"] == rfc3339(NOW)

    def test_without_a_version_it_goes_on_without(self) -> None:
        """Half of the table is already out under none."""
        mark = bookmark({"in_progress": progress(mode=FULL_TABLE)})
        assert mark.begin(FULL, NOW, version=8).version is None

    @pytest.mark.parametrize(
        ("changes", "intent", "reason"),
        [
            ({}, Intent(INCREMENTAL, "sha256:other"), "its settings have changed"),
            ({}, FULL, "it was a incremental run and this is a full_table one"),
            ({"mode": "canary"}, FULL, "it was a different run and this is a full_table one"),
            (
                {},
                Intent(INCREMENTAL, CONFIG, forget_progress=True),
                "force_ignore_checkpoint is set",
            ),
            ({"pagination": {"$type": "date", "value": "x"}}, CHANGES, "cannot be read"),
            ({"pagination": {"$type": "tuple", "value": []}}, CHANGES, "cannot be read"),
            ({"next_state": {"$type": "x"}}, CHANGES, "cannot be read"),
            ({"pagination": {"after": "400", "page": 7}}, CHANGES, "is a mix of two"),
            ({"next_state": {"seq": 6, "old": 1}}, CHANGES, "is a mix of two"),
            ({"pagination": {"after": 2**70}}, CHANGES, "is a mix of two"),
            ({"pagination": None}, CHANGES, "not one this version writes"),
            ({"pagination": ["canary"]}, CHANGES, "not one this version writes"),
            ({"next_state": ["canary"]}, CHANGES, "not one this version writes"),
            ({"pages": -1}, CHANGES, "not one this version writes"),
            ({"pages": True}, CHANGES, "not one this version writes"),
            ({"pages": "4"}, CHANGES, "not one this version writes"),
            ({"version": "7"}, CHANGES, "not one this version writes"),
            ({"version": True}, CHANGES, "not one this version writes"),
            ({"started_at": "canary"}, CHANGES, "not one this version writes"),
            ({"started_at": None}, CHANGES, "not one this version writes"),
            ({"started_at": "0001-01-01T00:00:00+14:00"}, CHANGES, "not one this version writes"),
        ],
    )
    def test_not_when_it_no_longer_fits(
        self,
        changes: dict[str, Any],
        intent: Intent,
        reason: str,
        warnings: pytest.LogCaptureFixture,
    ) -> None:
        """The stream starts again from its bookmark, and the reason is said."""
        mark = bookmark({"last_run": rfc3339(EARLIER), "in_progress": progress(**changes)})
        start = mark.begin(intent, NOW, version=8)
        assert (start.resumed, start.pages, start.pagination) == (False, 0, {})
        assert (start.started_at, start.version) == (NOW, 8)
        assert mark.value["in_progress"] is None
        assert reason in warnings.text
        assert "canary" not in warnings.text
        assert len(warnings.records) == 1
        mark.finish()
        assert mark.value["last_run"] == rfc3339(NOW)
        assert mark.value["state"] == {}

    @pytest.mark.parametrize("value", [5, "x", [1], True, {}, {"pages": 4}])
    def test_not_from_what_is_no_place(
        self, value: Any, warnings: pytest.LogCaptureFixture
    ) -> None:
        """Whatever stands there."""
        mark = bookmark({"in_progress": value})
        assert not mark.begin(CHANGES, NOW).resumed
        assert "not one this version writes" in warnings.text

    def test_from_a_place_of_an_earlier_version_of_this_tap(self) -> None:
        """One without a digest, or that a person wrote."""
        place = progress()
        del place["digest"]
        assert bookmark({"in_progress": place}).begin(CHANGES, NOW).resumed

    def test_not_from_a_place_that_began_in_the_future(
        self, warnings: pytest.LogCaptureFixture
    ) -> None:
        """When its first page was read is not known; what changed since could be missed."""
        mark = bookmark({"in_progress": progress(started_at="2030-01-01T00:00:00Z")})
        start = mark.begin(CHANGES, NOW)
        assert not start.resumed
        assert start.started_at == NOW
        assert "it began in the future" in warnings.text
        mark.finish()
        assert mark.value["last_run"] == rfc3339(NOW)

    def test_by_way_of_a_reader_that_keeps_decimals_exact(self) -> None:
        """Its Decimals are floats again, and the digest still matches."""
        mark = bookmark()
        mark.begin(FULL, NOW)
        mark.advance(1, {"score": 0.1, "big": 1e22}, {"n": 1.5})
        text = json.dumps({"bookmarks": {"s": mark.value}})
        exact = Bookmarks(json.loads(text, parse_float=Decimal)).stream("s")
        start = exact.begin(FULL, LATER)
        assert start.resumed
        assert start.pagination == {"score": 0.1, "big": 1e22}


class TestReset:
    """``reset`` forgets the bookmark as a whole."""

    INTENT = Intent(INCREMENTAL, CONFIG, "updatedAt", forget_all=True)

    def test_everything_is_read_once_more(self) -> None:
        """Also what another tap left, and what is in progress."""
        mark = bookmark(
            {
                "last_run": rfc3339(EARLIER),
                "state": {"seq": 1},
                "updatedAt": "2024-01-01T00:00:00Z",
                "replication_key_value": "2024-01-01T00:00:00Z",
                "in_progress": progress(),
                "theirs": 1,
            }
        )
        start = mark.begin(self.INTENT, NOW)
        assert (start.source_state, start.resumed, start.pagination) == (None, False, {})
        assert mark.value["theirs"] == 1

    def test_keys_become_null_and_are_not_removed(self) -> None:
        """A merge of states keeps what is removed, and ignores an empty object."""
        before = {"last_run": rfc3339(EARLIER), "state": {"seq": 1}, "updatedAt": "2024-01-01"}
        mark = bookmark(before)
        mark.begin(self.INTENT, NOW)
        assert before.keys() <= mark.value.keys()
        assert all(mark.value[key] is None for key in before)

    def test_no_key_is_added(self) -> None:
        """A cursor that another tap never left has no place in the bookmark."""
        mark = bookmark({"theirs": 1})
        mark.begin(self.INTENT, NOW)
        assert "updatedAt" not in mark.value

    def test_without_a_new_state_the_old_one_is_gone(self) -> None:
        """Or the source would go on from it after all."""
        mark = bookmark({"state": {"seq": 1}})
        mark.begin(self.INTENT, NOW)
        mark.finish()
        assert mark.value["state"] == {}


class TestRestart:
    """The API no longer accepts the cursor a run was resumed from."""

    def test_starts_from_the_last_bookmark(self) -> None:
        """Under the version its half is already out with, at a new time."""
        mark = bookmark({"last_run": rfc3339(EARLIER), "in_progress": progress(version=7)})
        assert mark.begin(CHANGES, NOW, version=8).resumed
        start = mark.restart(LATER)
        assert (start.resumed, start.pages, start.pagination) == (False, 0, {})
        assert (start.version, start.started_at) == (7, LATER)
        assert start.source_state is not None
        assert start.source_state.last_run == EARLIER
        mark.finish()
        assert mark.value["last_run"] == rfc3339(LATER)
        assert mark.value["state"] == {}

    def test_says_again_nothing_it_said(self, warnings: pytest.LogCaptureFixture) -> None:
        """The bookmark of another tap is worth one line."""
        mark = bookmark({"updatedAt": "2024-01-01T00:00:00Z", "in_progress": progress()})
        mark.begin(CHANGES, NOW)
        mark.restart(NOW)
        assert warnings.messages == [
            "Stream 's' goes on from the 'updatedAt' another tap left in its bookmark."
        ]


class TestForeign:
    """The bookmark of another tap is taken over: people move here without a re-sync."""

    @pytest.mark.parametrize("key", ["replication_key_value", "updatedAt"])
    @pytest.mark.parametrize(
        ("value", "moment"),
        [
            ("2024-01-01T00:00:00.000000Z", EARLIER),
            ("2024-01-01T02:00:00+02:00", EARLIER),
            ("2024-01-01", EARLIER),
            ("2024-01-01 00:00:00", EARLIER),
        ],
    )
    def test_a_time_is_where_the_first_run_starts(
        self, key: str, value: str, moment: datetime, warnings: pytest.LogCaptureFixture
    ) -> None:
        """Said once; its own keys stay."""
        mark = bookmark({key: value, "replication_key": "updated"})
        state = mark.begin(CHANGES, NOW).source_state
        assert state is not None
        assert state.last_run == moment
        assert warnings.text.count(f"goes on from the '{key}' another tap left") == 1
        assert mark.value[key] == value

    @pytest.mark.parametrize(
        "value", [5, 1704067200000, "canary", "20240101", "", [1], {"a": 1}, True]
    )
    def test_what_is_no_time_is_said_and_not_used(
        self, value: Any, warnings: pytest.LogCaptureFixture
    ) -> None:
        """The stream is read from the start date, or whole."""
        assert bookmark({"replication_key_value": value}).begin(CHANGES, NOW).source_state is None
        assert "'replication_key_value' that is no time" in warnings.text
        assert "canary" not in warnings.text
        intent = Intent(INCREMENTAL, CONFIG, start_date=EARLIER)
        state = bookmark({"replication_key_value": value}).begin(intent, NOW).source_state
        assert state is not None
        assert state.last_run == EARLIER

    def test_the_cursor_field_is_used_where_the_value_is_no_time(self) -> None:
        """One of the two is enough."""
        value = {"replication_key_value": 5, "updatedAt": "2024-01-01T00:00:00Z"}
        state = bookmark(value).begin(CHANGES, NOW).source_state
        assert state is not None
        assert state.last_run == EARLIER

    def test_our_own_bookmark_comes_first(self) -> None:
        """What was taken over once is the past."""
        mark = bookmark({"last_run": rfc3339(NOW), "updatedAt": "2024-01-01T00:00:00Z"})
        state = mark.begin(CHANGES, LATER).source_state
        assert state is not None
        assert state.last_run == NOW

    @pytest.mark.parametrize("key", ["state", "last_run", "in_progress", "replication_key"])
    def test_our_own_keys_are_no_cursor(self, key: str, warnings: pytest.LogCaptureFixture) -> None:
        """Whatever a stream calls its replication key."""
        mark = bookmark({"state": {"a": 1}, "replication_key": "2024-01-01"})
        assert mark.begin(Intent(INCREMENTAL, CONFIG, key), NOW).source_state is None
        assert not warnings.records

    def test_a_full_table_takes_none(self, warnings: pytest.LogCaptureFixture) -> None:
        """It has no use for one."""
        assert bookmark({"updatedAt": "2024-01-01"}).begin(FULL, NOW).source_state is None
        assert not warnings.records


class TestOddBookmarks:
    """What a bookmark should not hold is said, and harms nothing."""

    @pytest.mark.parametrize("key", ["last_run", "updatedAt"])
    def test_a_bookmark_in_the_future_is_not_believed(
        self, key: str, warnings: pytest.LogCaptureFixture
    ) -> None:
        """Changes until then would never be asked for, nor those of before this run."""
        assert bookmark({key: "2030-01-01T00:00:00Z"}).begin(CHANGES, NOW).source_state is None
        assert "lies in the future" in warnings.text
        intent = dataclasses.replace(CHANGES, start_date=EARLIER)
        state = bookmark({key: "2030-01-01T00:00:00Z"}).begin(intent, NOW).source_state
        assert state is not None
        assert state.last_run == EARLIER

    @pytest.mark.parametrize("value", [5, "yesterday", {}, [], "9999-12-31T23:59:59-14:00"])
    def test_a_last_run_that_is_no_time_is_ignored(
        self, value: Any, warnings: pytest.LogCaptureFixture
    ) -> None:
        """The stream is read whole, which is said."""
        assert bookmark({"last_run": value}).begin(CHANGES, NOW).source_state is None
        assert "`last_run` in the bookmark of stream 's' is no time" in warnings.text

    @pytest.mark.parametrize(
        "value", [5, [1], "x", {"$type": "date", "value": 5}, {"$type": "set"}]
    )
    def test_a_state_that_cannot_be_read_is_ignored(
        self, value: Any, warnings: pytest.LogCaptureFixture
    ) -> None:
        """The source gets an empty one, which is said."""
        state = (
            bookmark({"last_run": "2024-01-01", "state": value}).begin(CHANGES, NOW).source_state
        )
        assert state is not None
        assert state.state == {}
        assert "`state` in the bookmark of stream 's' cannot be read" in warnings.text

    def test_the_source_s_copy_of_the_state_is_its_own(self) -> None:
        """What it does to it changes nothing in STATE."""
        mark = bookmark({"last_run": "2024-01-01", "state": {"seen": [1]}})
        state = mark.begin(CHANGES, NOW).source_state
        assert state is not None
        state.state["seen"].append(2)
        assert mark.value["state"] == {"seen": [1]}


class TestKeptOut:
    """What must not or cannot be in STATE is not."""

    @pytest.fixture(autouse=True)
    def _secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        redact = Redactor()
        redact.register("canary-s3cr3t")
        monkeypatch.setattr("bizon_singer.bookmark.redact", redact)

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            ({"next": "https://api.example/?token=canary-s3cr3t"}, "holds a secret"),
            ({"next": "https://user:word@api.example/"}, "holds a secret"),
            ({"cursor": iter(())}, "holds values JSON cannot give back"),
            ({"color": Color.RED}, "holds values JSON cannot give back"),
        ],
    )
    def test_a_pagination_leaves_the_last_good_one(
        self, value: dict[str, Any], reason: str, warnings: pytest.LogCaptureFixture
    ) -> None:
        """Said once; a resumed run repeats pages from there instead of all."""
        mark = bookmark()
        mark.begin(FULL, NOW)
        mark.advance(1, value, None)
        assert mark.value["in_progress"] is None
        mark.advance(2, {"after": "2"}, None)
        mark.advance(3, value, None)
        assert mark.value["in_progress"]["pages"] == 2  # type: ignore[index]
        assert "canary" not in json.dumps(mark.value)
        assert "word@" not in json.dumps(mark.value)
        assert warnings.text.count(f"The pagination of stream 's' {reason}") == 1
        start = again(mark).begin(FULL, LATER)
        assert (start.pages, start.pagination) == (2, {"after": "2"})

    @pytest.mark.parametrize(
        "value", [{"t": "canary-s3cr3t"}, {"canary-s3cr3t": 1}, {"c": Color.RED}]
    )
    def test_a_next_state_leaves_the_state_of_the_run_before(
        self, value: dict[str, Any], warnings: pytest.LogCaptureFixture
    ) -> None:
        """The next run does the work again."""
        mark = bookmark({"state": {"seq": 1}})
        mark.begin(CHANGES, NOW)
        mark.advance(1, {"after": "1"}, value)
        assert mark.value["in_progress"]["next_state"] is None
        mark.finish()
        assert mark.value["state"] == {"seq": 1}
        assert "canary" not in json.dumps(mark.value)
        assert warnings.text.count("The next_state of stream 's' holds") == 1


def merged(old: Any, new: Any) -> Any:
    """Merge two states as Meltano does: objects key by key, anything else by replacing."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merged(old.get(key), item) for key, item in new.items()}}
    return new


class TestMerging:
    """Meltano can merge each STATE into the last instead of replacing it."""

    def run(
        self, stored: dict[str, Any], *paginations: dict[str, Any], finish: bool
    ) -> dict[str, Any]:
        """Run a stream by some pages, merging each STATE into what is stored."""
        marks = Bookmarks(copy.deepcopy(stored))
        mark = marks.stream("s")
        start = mark.begin(FULL, NOW)
        for page, pagination in enumerate(paginations, start.pages + 1):
            mark.advance(page, pagination, {f"seen {page}": page})
            stored = merged(stored, json.loads(marks.line())["value"])
        if finish:
            mark.finish()
            stored = merged(stored, json.loads(marks.line())["value"])
        return stored

    def test_a_finished_run_leaves_no_place_behind(self) -> None:
        """in_progress is null, never removed."""
        stored = self.run({}, {"after": "777"}, finish=False)
        assert Bookmarks(stored).stream("s").begin(FULL, NOW).pagination == {"after": "777"}
        stored = self.run(stored, {"after": "888"}, finish=True)
        assert stored["bookmarks"]["s"]["in_progress"] is None
        assert not Bookmarks(stored).stream("s").begin(FULL, NOW).resumed

    def test_a_mix_of_two_places_is_none(self, warnings: pytest.LogCaptureFixture) -> None:
        """The stream starts again instead of at a place that never was."""
        stored = self.run({}, {"after": "1"}, {"offset": 5}, finish=False)
        assert stored["bookmarks"]["s"]["in_progress"]["pagination"] == {"after": "1", "offset": 5}
        assert not Bookmarks(stored).stream("s").begin(FULL, NOW).resumed
        assert "a mix of two" in warnings.text


class TestState:
    """The state as a whole."""

    @pytest.mark.parametrize(
        ("state", "sentence"),
        [
            (
                [],
                (
                    "the state is a list, not an object; pass the object a STATE message "
                    "carries as `value`"
                ),
            ),
            ("canary", "the state is a string, not an object"),
            (5, "the state is a number"),
            (True, "the state is a boolean"),
            ({"bookmarks": []}, "`bookmarks` in the state is a list, not an object; restore it"),
            ({"singer_state": {"bookmarks": 1}}, "`bookmarks` in the state is a number"),
            ({"bookmarks": "canary"}, "`bookmarks` in the state is a string"),
            (
                {"bookmarks": {"s": None}},
                "the bookmark of stream 's' in the state is null, not an object; restore",
            ),
            (
                {"bookmarks": {"s": "2024-01-01"}},
                "the bookmark of stream 's' in the state is a string",
            ),
            ({"bookmarks": {"s": [1]}}, "the bookmark of stream 's' in the state is a list"),
            ({"version": 2}, "the state has version 2, this tap knows 1; update the tap"),
            ({"version": "1"}, "`version` in the state is a string, not a whole number; restore"),
            ({"version": True}, "`version` in the state is a boolean"),
            ({"version": None}, "`version` in the state is null"),
            ({"version": 1.0}, "`version` in the state is a number, not a whole number"),
            ({"type": "STATE", "value": {"version": 9}}, "the state has version 9"),
        ],
    )
    def test_what_is_none_is_refused(self, state: Any, sentence: str) -> None:
        """In one sentence, before any output."""
        with pytest.raises(StateError) as caught:
            Bookmarks(state)
        assert str(caught.value).startswith(sentence)
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("opening", ["[", '{"a":'])
    @pytest.mark.parametrize("depth", [260, 900])
    def test_what_could_not_be_written_again_is_refused(self, opening: str, depth: int) -> None:
        """At the start, not after the first page."""
        closing = {"[": "]", "{": "}"}[opening[0]]
        deep = json.loads(opening * depth + "1" + closing * depth)
        for state in ({"theirs": deep}, {"bookmarks": {"s": {"state": deep}}}):
            with pytest.raises(StateError, match="nested too deep"):
                Bookmarks(state)

    def test_no_state_is_an_empty_one(self) -> None:
        """Also a null, as some orchestrators write it, and bookmarks that are null."""
        for state in (None, {}, {"bookmarks": None}):
            assert Bookmarks(state).value == {"version": 1, "bookmarks": {}}

    def test_a_whole_state_message_is_taken_apart(self) -> None:
        """People keep the last line of a tap."""
        line = {"type": "STATE", "value": {"bookmarks": {"s": {"last_run": "2024-01-01"}}}}
        assert Bookmarks(line).stream("s").value == {"last_run": "2024-01-01"}

    @pytest.mark.parametrize("state", [{"type": "STATE"}, {"value": {"bookmarks": {"s": {}}}}])
    def test_half_a_state_message_is_none(self, state: dict[str, Any]) -> None:
        """It is a state with keys nobody knows, which stay."""
        assert Bookmarks(state).value == {**state, "version": 1, "bookmarks": {}}

    def test_what_meltano_prints_of_a_state_is_taken_apart(self) -> None:
        """`meltano state get` gives it in an object of its own, `meltano state set` takes it so."""
        printed = {"singer_state": {"bookmarks": {"s": {"last_run": "2024-01-01"}}}}
        assert Bookmarks(printed).stream("s").value == {"last_run": "2024-01-01"}

    def test_a_state_without_bookmarks_is_noticed(self) -> None:
        """Unless it says nothing of where a stream stands."""
        assert Bookmarks({"s": {"last_run": "2024-01-01"}, "completed": {}}).unread() == [
            "completed",
            "s",
        ]
        for state in (
            None,
            {"currently_syncing": "s", "version": 1},
            {"theirs": 1, "bookmarks": {"s": {}}},
        ):
            assert Bookmarks(state).unread() == []

    def test_what_is_not_known_stays(self) -> None:
        """Keys at the top, streams not in this run, keys of a bookmark; digit by digit."""
        state = {
            "currently_syncing": "s",
            "theirs": {"n": 2**70, "f": 1.5, "t": "\u2028"},
            "bookmarks": {"other": {"at": [1]}, "s": {"odd": {"a": None}}},
        }
        marks = Bookmarks(copy.deepcopy(state))
        mark = marks.stream("s")
        mark.begin(FULL, NOW)
        mark.advance(1, {}, None)
        mark.finish()
        value = json.loads(marks.line())["value"]
        assert value["currently_syncing"] == "s"
        assert value["theirs"] == state["theirs"]
        assert value["bookmarks"]["other"] == {"at": [1]}
        assert value["bookmarks"]["s"]["odd"] == {"a": None}

    def test_the_given_state_is_not_changed(self) -> None:
        """It belongs to whoever gave it."""
        state: dict[str, Any] = {"bookmarks": {"s": {"in_progress": progress()}}}
        before = copy.deepcopy(state)
        Bookmarks(state).stream("s").begin(FULL, NOW)
        assert state == before

    def test_unknown_streams_are_named(self) -> None:
        """Those with something in their bookmark."""
        marks = Bookmarks({"bookmarks": {"b": {"x": 1}, "a": {"x": 1}, "known": {"x": 1}, "c": {}}})
        assert marks.unknown(["known"]) == ["a", "b"]
        assert marks.given == {"a", "b", "known"}

    def test_a_stream_has_one_bookmark(self) -> None:
        """Which is part of the line."""
        marks = Bookmarks()
        marks.stream("s").begin(FULL, NOW)
        assert marks.stream("s") is marks.stream("s")
        assert json.loads(marks.line()) == {
            "type": "STATE",
            "value": {"version": 1, "bookmarks": {"s": {"in_progress": None}}},
        }


class TestProven:
    """What the given STATE proves, for a source that commits."""

    def test_state_and_pagination_are_as_the_source_gave_them(self) -> None:
        """Thawed, not as STATE writes them."""
        mark = bookmark()
        mark.begin(FULL, NOW)
        mark.advance(1, {"offsets": {0: 5}}, {"at": date(2024, 1, 1)})
        mark.finish()
        mark.begin(FULL, LATER)
        mark.advance(1, {"offsets": {0: 9}}, None)
        proven = again(mark).proven()
        assert proven.state == {"at": date(2024, 1, 1)}
        assert proven.pagination == {"offsets": {0: 9}}

    def test_nothing_proves_nothing(self) -> None:
        """An empty bookmark, or one that cannot be read."""
        for value in ({}, {"in_progress": None}, {"in_progress": 5, "state": []}):
            proven = bookmark(value).proven()
            assert (proven.state, proven.pagination) == ({}, None)


class TestTimes:
    """Times of a bookmark."""

    @given(st.datetimes(timezones=st.timezones()))
    def test_written_and_read_they_are_the_same(self, moment: datetime) -> None:
        """In UTC, with a Z."""
        try:
            text = rfc3339(moment)
        except OverflowError:  # the first and the last day of the calendar
            return
        assert text.endswith("Z")
        assert parse_time(text) == moment.astimezone(UTC)

    def test_a_naive_one_is_utc(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not of this machine's zone."""
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert rfc3339(datetime(2024, 1, 1)) == "2024-01-01T00:00:00Z"  # noqa: DTZ001
        assert parse_time("2024-01-01T00:00:00") == EARLIER
        assert parse_time("2024-01-01T00:00:00+00:00") == EARLIER
        zone = timezone(timedelta(hours=2))
        assert rfc3339(datetime(2024, 1, 1, 2, tzinfo=zone)) == "2024-01-01T00:00:00Z"
        monkeypatch.undo()
        time.tzset()

    @given(texts | st.integers() | st.none() | st.text("0123456789-:TZW+. ", max_size=25))
    def test_anything_else_is_none(self, value: Any) -> None:
        """Never an error."""
        moment = parse_time(value)
        assert moment is None or moment.tzinfo is UTC


odd_bookmarks = st.fixed_dictionaries(
    {},
    optional={
        "last_run": plain_json | st.just("2024-01-01T00:00:00Z"),
        "state": plain_json,
        "updatedAt": plain_json | st.just("2024-01-01"),
        "replication_key": plain_json,
        "replication_key_value": plain_json,
        "in_progress": plain_json
        | st.fixed_dictionaries(
            {"mode": st.just(INCREMENTAL), "config": st.just(CONFIG)},
            optional={
                "started_at": plain_json | st.just("2024-01-01T00:00:00Z"),
                "pages": plain_json | st.integers(),
                "pagination": plain_json | st.dictionaries(texts, plain_json, max_size=2),
                "next_state": plain_json | st.dictionaries(texts, plain_json, max_size=2),
                "version": plain_json | st.integers(),
            },
        ),
        "theirs": plain_json,
    },
)
intents = st.builds(
    Intent,
    mode=st.sampled_from([FULL_TABLE, INCREMENTAL]),
    config=st.just(CONFIG),
    replication_key=st.sampled_from([None, "updatedAt", "state", "pages"]),
    replication_key_is_time=st.booleans(),
    start_date=st.none() | st.just(EARLIER),
    forget_progress=st.booleans(),
    forget_all=st.booleans(),
)


class TestFuzz:
    """Any STATE at all."""

    @given(plain_json | st.fixed_dictionaries({"bookmarks": plain_json, "other": plain_json}))
    def test_any_json_is_a_state_or_a_state_error(self, state: Any) -> None:
        """A usable state keeps its keys, and its line can be parsed."""
        try:
            marks = Bookmarks(state)
        except StateError:
            return
        value = json.loads(marks.line())["value"]
        if isinstance(state, dict) and state.get("type") != "STATE":
            assert len(value.keys() - {"bookmarks", "version"}) == len(
                state.keys() - {"bookmarks", "version"}
            )
            assert len(value["bookmarks"]) == len(state.get("bookmarks") or {})
        marks.stream("s").begin(CHANGES, NOW)
        assert json.loads(marks.line())["value"]["bookmarks"]["s"]["in_progress"] is None or state

    @given(odd_bookmarks, intents, st.dictionaries(texts, plain_json, max_size=2))
    @settings(suppress_health_check=[HealthCheck.too_slow])
    def test_any_bookmark_of_a_stream_can_be_run_from(
        self, value: dict[str, Any], intent: Intent, pagination: dict[str, Any]
    ) -> None:
        """A whole run from it raises nothing but StateError, and its lines can be parsed."""
        try:
            marks = Bookmarks({"bookmarks": {"s": value}})
        except StateError:
            return
        mark = marks.stream("s")
        start = mark.begin(intent, NOW, version=3)
        assert type(start.pages) is int
        assert start.pages >= 0
        assert type(start.pagination) is dict
        assert start.started_at <= NOW
        assert start.version is None or type(start.version) is int
        if start.source_state is not None:
            assert type(start.source_state.state) is dict
            assert start.source_state.last_run.tzinfo is not None
        mark.advance(start.pages + 1, pagination, pagination)
        json.loads(marks.line())
        mark.finish()
        found = json.loads(marks.line())["value"]["bookmarks"]["s"]
        assert found["in_progress"] is None
        assert parse_time(found["last_run"]) == start.started_at
        assert ("theirs" in found) == ("theirs" in value)
        following = again(mark).begin(CHANGES, LATER).source_state
        assert following is not None
        assert following.last_run == start.started_at
