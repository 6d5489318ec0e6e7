"""What surrounds the CRM in tap-hubspot: owners, pipelines, lists, forms, emails, the account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bizon_taps.hubspot.listings import LISTINGS
from tests.fakes.hubspot import Clock, HubSpot, fill
from tests.fakes.hubspot.portal import DAY_ONE
from tests.taps.hubspot_account import account, asked, catalog, sync

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = tuple(listing.name for listing in LISTINGS)


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account that has something of everything."""
    with account(clock=Clock(NOON)) as served:
        fill(served.portal)
        yield served


def test_every_list_has_rows_that_fit_its_schema(hubspot: HubSpot) -> None:
    """All streams give rows, and no schema had to be widened for one."""
    done = sync(hubspot, *ALL, archived=True)
    assert done.code == 0
    assert {message.stream for message in done.recording.of("RECORD")} == set(ALL)
    assert [text for text in done.warnings if "widened" in text] == []


def test_the_numbered_paths_give_the_same_rows(hubspot: HubSpot) -> None:
    """``api_version: v3`` changes where is asked, not what comes."""
    dated = {name: sync(hubspot, name).records(name) for name in ("owners", "pipelines")}
    done = sync(hubspot, *ALL, api_version="v3")
    assert done.code == 0
    assert {name: done.records(name) for name in dated} == dated
    assert not [request for request in hubspot.requests if "2026" in request.path]


def test_a_list_is_read_to_its_last_page(hubspot: HubSpot) -> None:
    """Cursors, offsets and parents alike: pages of one row give every row once."""
    whole = sync(hubspot, *ALL, archived=True)
    hubspot.page_most = 1
    paged = sync(hubspot, *ALL, archived=True)
    for name in ALL:
        assert paged.records(name) == whole.records(name), name


def test_archived_owners_are_owners(hubspot: HubSpot) -> None:
    """Records refer to them; they are read without the setting ``archived``."""
    owners = sync(hubspot, "owners").records("owners")
    assert [(owner["id"], owner["archived"]) for owner in owners] == [
        ("1", False),
        ("2", False),
        ("3", True),
    ]


@pytest.mark.parametrize(("stream", "kind"), [("forms", "forms"), ("marketing_emails", "emails")])
def test_archived_forms_and_emails_by_the_setting(hubspot: HubSpot, stream: str, kind: str) -> None:
    """``archived`` adds them."""
    hubspot.portal.assets[kind][-1]["archived"] = True
    assert [row["archived"] for row in sync(hubspot, stream).records()] == [False, False]
    rows = sync(hubspot, stream, archived=True).records()
    assert [row["archived"] for row in rows] == [False, False, True]


def test_emails_have_their_statistics(hubspot: HubSpot) -> None:
    """How many were sent and opened stands in the email's own row."""
    rows = sync(hubspot, "marketing_emails").records()
    assert [row["stats"]["counters"] for row in rows] == [
        {"sent": 10 * number, "open": 4 * number} for number in (1, 2, 3)
    ]


def test_pipelines_of_every_object_that_has_them(hubspot: HubSpot) -> None:
    """With their object and stages; the keys tell apart what is called the same."""
    done = sync(hubspot, "pipelines", "pipeline_stages")
    keys = [(row["objectType"], row["id"]) for row in done.records("pipelines")]
    assert keys == [("deals", "default"), ("deals", "renewals"), ("tickets", "support")]
    stages = done.records("pipeline_stages")
    assert [row["id"] for row in stages if row["pipelineId"] == "default"] == [
        "default-open",
        "default-won",
        "default-lost",
    ]


def test_property_definitions_of_custom_objects_too(hubspot: HubSpot) -> None:
    """Every object, with labels and options."""
    rows = sync(hubspot, "property_definitions").records("property_definitions")
    assert {"contacts", "p4242_pets"} <= {row["objectType"] for row in rows}


class TestMemberships:
    """Lists and who is on them."""

    def test_are_read_list_by_list(self, hubspot: HubSpot) -> None:
        """Each list's members, also of an empty one and of one that goes on."""
        segments = hubspot.portal.segments
        segments.add("Nobody", DAY_ONE)
        many = segments.add("Many", DAY_ONE)
        for number in range(600):
            segments.join(many, str(5000 + number), DAY_ONE)
        rows = sync(hubspot, "list_memberships").records("list_memberships")
        assert sorted((int(row["listId"]), int(row["recordId"])) for row in rows) == [
            (number, member)
            for number, members in segments.members.items()
            for member in sorted(members)
        ]

    @pytest.mark.parametrize("pages", range(1, 5))
    def test_a_stopped_run_goes_on_inside_of_a_list(self, hubspot: HubSpot, pages: int) -> None:
        """Whatever page was the last: nothing twice, nothing left out."""
        segments = hubspot.portal.segments
        for name in ("One more", "Another"):
            number = segments.add(name, DAY_ONE)
            for member in range(4):
                segments.join(number, str(5000 + member), DAY_ONE)
        found = catalog(hubspot, "list_memberships")
        hubspot.page_most = 2
        whole = sync(hubspot, found=found).records()
        stopped = sync(hubspot, found=found, max_iterations=pages)
        resumed = sync(hubspot, found=found, state=stopped.state)
        assert [*stopped.records(), *resumed.records()] == whole

    def test_a_list_deleted_meanwhile_does_not_fail_the_stream(self, hubspot: HubSpot) -> None:
        """Its members are gone with it; those of the others come."""
        segments = hubspot.portal.segments
        gone, last = segments.add("Gone", DAY_ONE), segments.add("Last", DAY_ONE)
        for number in (gone, last):
            segments.join(number, "5000", DAY_ONE)
        found = catalog(hubspot, "list_memberships")

        def delete() -> None:
            del segments.lists[int(gone)], segments.members[int(gone)]

        hubspot.before(3, delete)  # account details, lists, then the members of the first
        done = sync(hubspot, found=found)
        assert done.code == 0
        read = {row["listId"] for row in done.records()}
        assert gone not in read
        assert {"1", last} <= read

    def test_lists_that_change_while_they_are_counted_off_are_told(self, hubspot: HubSpot) -> None:
        """An offset may skip one then: a warning says to run again."""
        hubspot.page_most = 1
        hubspot.portal.segments.add("Second", DAY_ONE)
        found = catalog(hubspot, "contact_lists")
        hubspot.before(3, lambda: hubspot.portal.segments.add("Third", DAY_ONE))
        done = sync(hubspot, found=found)
        assert [text for text in done.warnings if "were made or deleted" in text]


class TestEvents:
    """Email events: a window of time, and a cursor."""

    def test_an_incremental_run_asks_for_a_window(self, hubspot: HubSpot) -> None:
        """From the last run, less the lookback, until now."""
        first = sync(hubspot, "email_events")
        assert len(first.records()) == 3
        hubspot.clock.wait(1000)
        hubspot.requests.clear()
        second = sync(hubspot, "email_events", state=first.state, lookback_seconds=60)
        assert second.records() == []
        (request,) = asked(hubspot, "/events")[-1:]
        noon = int(NOON.timestamp() * 1000)
        assert 0 <= noon - 60_000 - int(request.query["startTimestamp"][0]) < 5_000
        assert request.query["endTimestamp"] == [str(noon + 1_000_000)]

    def test_times_are_times(self, hubspot: HubSpot) -> None:
        """Epoch milliseconds become RFC 3339."""
        rows = sync(hubspot, "email_events").records()
        assert min(row["created"] for row in rows) == "2026-01-02T00:00:00Z"


def test_more_lists_than_the_search_gives_is_told(
    hubspot: HubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,000 is the end of HubSpot's search; to stop there in silence would lose the rest."""
    monkeypatch.setattr("bizon_taps.hubspot.rows.MAX_LISTS", 2)
    for number in range(3):
        hubspot.portal.segments.add(str(number), DAY_ONE)
    hubspot.page_most = 1
    done = sync(hubspot, "contact_lists")
    assert done.code == 4
    assert "no more than 2 lists" in done.sentence
