"""Incremental runs of tap-hubspot: the window, the walk by id, and what happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bizon_taps.hubspot.crm_objects import STANDARD
from tests.fakes.hubspot import Clock, HubSpot
from tests.taps.hubspot_account import account, asked, bodies, catalog, ids, sync

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account whose clock is moved by hand, and whose search index is up to date."""
    with account(clock=Clock(NOON)) as served:
        yield served


def filters(body: Any) -> dict[str, str]:
    """Return the filters of a search by property and operator."""
    (group,) = body["filterGroups"]
    return {
        f"{item['propertyName']} {item['operator']}": item["value"] for item in group["filters"]
    }


def later(hubspot: HubSpot, seconds: float = 1000) -> None:
    """Let time pass."""
    hubspot.clock.wait(seconds)


def create_deals(hubspot: HubSpot, count: int) -> None:
    """Create deals, with the ids from 101 on as nothing else is made."""
    for number in range(count):
        hubspot.portal.create("deals", {"dealname": str(number)})


class TestWindow:
    """Which objects an incremental run reads."""

    def test_only_what_changed_is_read(self, hubspot: HubSpot) -> None:
        """What was there before and did not change is not read again."""
        for number in range(5):
            hubspot.portal.create("deals", {"dealname": str(number)})
        later(hubspot)
        first = sync(hubspot, "deals")
        later(hubspot)
        hubspot.portal.change("deals", "103", {"dealname": "new"})
        hubspot.portal.create("deals", {"dealname": "created"})
        later(hubspot)
        second = sync(hubspot, "deals", state=first.state)
        assert ids(second, "deals") == [103, 106]

    def test_contacts_are_told_by_their_own_property(self, hubspot: HubSpot) -> None:
        """``lastmodifieddate``: their ``hs_lastmodifieddate`` stands still."""
        hubspot.portal.create("contacts", {"email": "a@example.com"})
        later(hubspot)
        first = sync(hubspot, "contacts")
        later(hubspot)
        hubspot.portal.change("contacts", "101", {"email": "b@example.com"})
        later(hubspot)
        assert ids(sync(hubspot, "contacts", state=first.state), "contacts") == [101]

    def test_the_window_is_closed_and_walked_by_id(self, hubspot: HubSpot) -> None:
        """Three filters in one group, sorted by id, always the first page."""
        hubspot.page_most = 2
        first = sync(hubspot, "deals", lookback_seconds=60)
        began = hubspot.clock.now()
        later(hubspot)
        create_deals(hubspot, 5)
        found = catalog(hubspot, "deals", lookback_seconds=60)
        second = sync(hubspot, found=found, state=first.state, lookback_seconds=60)
        assert ids(second, "deals") == [101, 102, 103, 104, 105]
        searches = bodies(hubspot, "/search")
        assert {body["after"] for body in searches} == {"0"}
        assert {body["sorts"][0]["propertyName"] for body in searches} == {"hs_object_id"}
        window = [filters(body) for body in searches]
        assert window[0].keys() == {"hs_lastmodifieddate GTE", "hs_lastmodifieddate LTE"}
        # The Date of an answer is in whole seconds, and the request was sent before it.
        start = int(window[0]["hs_lastmodifieddate GTE"])
        assert 0 <= began // 1000 * 1000 - 60_000 - start < 5_000
        assert [item.get("hs_object_id GT") for item in window] == [None, "102", "104", None]
        # The tail: what changed since the run began.
        upper = int(window[0]["hs_lastmodifieddate LTE"])
        assert window[3] == {"hs_lastmodifieddate GTE": str(upper + 1)}

    def test_start_date_bounds_the_first_run(self, hubspot: HubSpot) -> None:
        """With it, a first run searches instead of listing everything."""
        hubspot.portal.create("deals", {"dealname": "old"})
        later(hubspot, 86_400)
        hubspot.portal.create("deals", {"dealname": "new"})
        done = sync(hubspot, "deals", start_date="2026-03-02T00:00:00Z")
        assert ids(done, "deals") == [102]

    @pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:10Z"])
    def test_a_start_date_before_there_was_a_hubspot(self, hubspot: HubSpot, date: str) -> None:
        """It asks from 1970 on: filters are milliseconds since then, and never negative."""
        hubspot.portal.create("deals", {"dealname": "old"})
        assert ids(sync(hubspot, "deals", start_date=date), "deals") == [101]
        assert filters(bodies(hubspot, "/search")[0])["hs_lastmodifieddate GTE"] == "0"

    def test_a_broken_note_of_the_last_run_is_ignored(self, hubspot: HubSpot) -> None:
        """``last_run`` still says where to go on."""
        first = sync(hubspot, "deals")
        first.state["bookmarks"]["deals"]["state"]["read_until"] = "yesterday"
        assert sync(hubspot, "deals", state=first.state).code == 0

    def test_a_clock_ahead_of_hubspots_loses_nothing(self, hubspot: HubSpot) -> None:
        """The bookmark is HubSpot's time; this machine is far ahead of the portal's clock."""
        first = sync(hubspot, "deals")
        later(hubspot, 1)
        hubspot.portal.create("deals", {"dealname": "right after"})
        assert first.bookmark("deals")["last_run"] < "2026-03-01T12:00:01"
        assert ids(sync(hubspot, "deals", state=first.state), "deals") == [101]

    def test_what_the_index_did_not_have_yet_is_read_by_the_next_run(self) -> None:
        """The lookback is longer than the index lags behind."""
        with account(clock=Clock(NOON), index_lag_seconds=30) as hubspot:
            first = sync(hubspot, "deals")
            later(hubspot)
            hubspot.portal.create("deals", {"dealname": "just now"})
            second = sync(hubspot, "deals", state=first.state)
            assert ids(second, "deals") == []
            later(hubspot, 60)
            assert ids(sync(hubspot, "deals", state=second.state), "deals") == [101]

    def test_results_out_of_order_are_an_error(self, hubspot: HubSpot) -> None:
        """Walked by id, a page in another order would hide objects."""
        first = sync(hubspot, "deals")
        later(hubspot)
        for number in range(2):
            hubspot.portal.create("deals", {"dealname": str(number)})
        found = catalog(hubspot, "deals")
        hubspot.spoil(
            lambda good: replace(good, body=good.body.replace(b'"id": "101"', b'"id": "999"')),
            path="/search$",
        )
        done = sync(hubspot, found=found, state=first.state)
        assert done.code == 4
        assert "order of `hs_object_id`" in done.sentence


class TestTies:
    """More objects with one modified date than a search gives."""

    def test_the_limit_of_results_is_never_met(
        self, hubspot: HubSpot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each is read once, though a query gives 10 results at most and all have one date."""
        monkeypatch.setattr("tests.fakes.hubspot.search_api.RESULTS_MOST", 10)
        hubspot.page_most = 3
        first = sync(hubspot, "deals")
        later(hubspot)
        create_deals(hubspot, 40)
        later(hubspot)
        monkeypatch.setattr("bizon_taps.hubspot.objects.ObjectReader.search_limit", 3)
        second = sync(hubspot, "deals", state=first.state)
        assert ids(second, "deals") == list(range(101, 141))


class TestMeanwhile:
    """What happens while a run reads."""

    def test_an_object_that_always_changes_is_read_by_every_run(self, hubspot: HubSpot) -> None:
        """It leaves the window before it is reached; the tail has it."""
        hubspot.page_most = 2
        first = sync(hubspot, "deals")
        later(hubspot)
        create_deals(hubspot, 5)
        later(hubspot)
        found = catalog(hubspot, "deals")

        def touch(request: Any) -> None:
            if request.path.endswith("/search"):
                hubspot.clock.wait(1)
                hubspot.portal.change("deals", "105", {"dealname": str(hubspot.clock.now())})

        hubspot.before_each = touch
        done = sync(hubspot, found=found, state=first.state)
        assert set(ids(done, "deals")) == {101, 102, 103, 104, 105}

    def test_a_stopped_run_goes_on_inside_the_window(self, hubspot: HubSpot) -> None:
        """From the last id, within the same window; nothing is read twice or left out."""
        hubspot.page_most = 2
        first = sync(hubspot, "deals")
        later(hubspot)
        create_deals(hubspot, 5)
        later(hubspot)
        found = catalog(hubspot, "deals")
        stopped = sync(hubspot, found=found, state=first.state, max_iterations=1)
        assert ids(stopped, "deals") == [101, 102]
        upper = filters(bodies(hubspot, "/search")[0])["hs_lastmodifieddate LTE"]
        later(hubspot)
        hubspot.requests.clear()
        resumed = sync(hubspot, found=found, state=stopped.state)
        assert ids(resumed, "deals") == [103, 104, 105]
        assert filters(bodies(hubspot, "/search")[0])["hs_lastmodifieddate LTE"] == upper


class TestArchived:
    """``archived: true``."""

    def test_archived_objects_come_with_the_time(self, hubspot: HubSpot) -> None:
        """After the live ones, each with ``archivedAt``."""
        for number in range(3):
            hubspot.portal.create("deals", {"dealname": str(number)})
        hubspot.portal.archive("deals", "102")
        records = sync(hubspot, "deals", archived=True).records("deals")
        assert [(row["id"], row["archived"]) for row in records] == [
            ("101", False),
            ("103", False),
            ("102", True),
        ]
        assert records[2]["archivedAt"] == "2026-03-01T12:00:00.000Z"

    def test_without_the_setting_they_are_not_read(self, hubspot: HubSpot) -> None:
        """No request asks for them."""
        hubspot.portal.create("deals", {"dealname": "gone"})
        hubspot.portal.archive("deals", "101")
        assert sync(hubspot, "deals").records("deals") == []
        assert not [request for request in asked(hubspot, "/deals") if "archived" in request.query]

    def test_an_incremental_run_reads_those_archived_since(self, hubspot: HubSpot) -> None:
        """Archiving does not move the modified date, yet the next run has it; older ones not."""
        for number in range(3):
            hubspot.portal.create("deals", {"dealname": str(number)})
        hubspot.portal.archive("deals", "101")
        later(hubspot)
        first = sync(hubspot, "deals", archived=True)
        later(hubspot)
        hubspot.portal.archive("deals", "103")
        later(hubspot)
        second = sync(hubspot, "deals", state=first.state, archived=True)
        assert [(row["id"], row["archived"]) for row in second.records("deals")] == [("103", True)]

    def test_every_object_has_those_archived_since(self, hubspot: HubSpot) -> None:
        """The next run of each type of object, custom ones too, has the one archived, no other."""
        names = {kind.name: hubspot.portal.type_of(kind.path).name for kind in STANDARD.values()}
        custom = hubspot.portal.add_custom_type("cars")
        names[custom] = custom
        made = {
            stream: [hubspot.portal.create(kind) for _ in "12"] for stream, kind in names.items()
        }
        later(hubspot)
        first = sync(hubspot, *names, archived=True)
        later(hubspot)
        for stream, kind in names.items():
            hubspot.portal.archive(kind, made[stream][0])
        later(hubspot)
        second = sync(hubspot, *names, state=first.state, archived=True)
        for stream in names:
            assert [row["id"] for row in first.records(stream)] == made[stream]
            (row,) = second.records(stream)
            assert (row["id"], row["archived"]) == (made[stream][0], True)
            assert row["archivedAt"] == "2026-03-01T12:33:20.000Z"

    @pytest.mark.parametrize("settings", [{}, {"start_date": "2026-03-01T12:10:00Z"}])
    def test_the_setting_may_come_later(self, hubspot: HubSpot, settings: dict[str, Any]) -> None:
        """The first run that has it reads all archived objects, the next what came since."""
        create_deals(hubspot, 3)
        hubspot.portal.archive("deals", "101")
        later(hubspot)
        first = sync(hubspot, "deals", **settings)
        later(hubspot)
        second = sync(hubspot, "deals", state=first.state, archived=True, **settings)
        assert ids(second, "deals") == [101]
        later(hubspot)
        hubspot.portal.archive("deals", "102")
        third = sync(hubspot, "deals", state=second.state, archived=True, **settings)
        assert ids(third, "deals") == [102]

    def test_archived_while_the_live_list_is_read(self, hubspot: HubSpot) -> None:
        """The archived list comes later, so that its row is the last word."""
        hubspot.page_most = 2
        for number in range(5):
            hubspot.portal.create("deals", {"dealname": str(number)})
        found = catalog(hubspot, "deals", archived=True)
        hubspot.before(5, lambda: hubspot.portal.archive("deals", "101"))
        last = {
            row["id"]: row for row in sync(hubspot, found=found, archived=True).records("deals")
        }
        assert last["101"]["archived"] is True
        assert len(last) == 5
