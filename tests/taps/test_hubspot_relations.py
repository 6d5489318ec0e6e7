"""Associations and property history of tap-hubspot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bizon_taps.hubspot.associations import pair_of
from tests.fakes.hubspot import Clock, HubSpot
from tests.taps.hubspot_account import account, asked, bodies, catalog, sync

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAIR = "associations_companies__contacts"
HISTORY = "deals_property_history"


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account whose clock is moved by hand."""
    with account(clock=Clock(NOON)) as served:
        yield served


class TestAssociations:
    """One row for each type of each association."""

    def test_a_row_for_each_type(self, hubspot: HubSpot) -> None:
        """Labels and HubSpot's own type stand side by side; ids are text."""
        contact = hubspot.portal.create("contacts")
        company = hubspot.portal.create("companies")
        hubspot.portal.associate("companies", company, "contacts", contact, "Payer")
        rows = sync(hubspot, PAIR, associations=["companies-contacts"]).records(PAIR)
        assert rows == [
            {
                "from_id": company,
                "to_id": contact,
                "category": "USER_DEFINED",
                "type_id": 31,
                "label": "Payer",
            },
            {
                "from_id": company,
                "to_id": contact,
                "category": "HUBSPOT_DEFINED",
                "type_id": 280,
                "label": None,
            },
        ]

    def test_more_than_500_of_one_object(self, hubspot: HubSpot) -> None:
        """An object with more is asked for again until it has given all; others only once."""
        companies = [hubspot.portal.create("companies") for _ in range(3)]
        for company, count in zip(companies, (3, 1203, 0), strict=True):
            for _ in range(count):
                contact = hubspot.portal.create("contacts")
                hubspot.portal.associate("companies", company, "contacts", contact)
        rows = sync(hubspot, PAIR, associations=["companies-contacts"]).records(PAIR)
        assert len({(row["from_id"], row["to_id"]) for row in rows}) == len(rows) == 1206
        inputs = [len(body["inputs"]) for body in bodies(hubspot, "/contacts/batch/read")]
        assert inputs == [3, 1, 1]

    def test_a_stopped_run_goes_on_inside_of_an_object(self, hubspot: HubSpot) -> None:
        """The cursor of the object is in STATE."""
        company = hubspot.portal.create("companies")
        for _ in range(700):
            contact = hubspot.portal.create("contacts")
            hubspot.portal.associate("companies", company, "contacts", contact)
        settings = {"associations": ["companies-contacts"]}
        found = catalog(hubspot, PAIR, **settings)
        stopped = sync(hubspot, found=found, max_iterations=1, **settings)
        resumed = sync(hubspot, found=found, state=stopped.state, **settings)
        assert (len(stopped.records(PAIR)), len(resumed.records(PAIR))) == (500, 200)

    def test_of_custom_objects(self, hubspot: HubSpot) -> None:
        """A pair may name them, on either side."""
        car = hubspot.portal.add_custom_type("cars")
        contact, mine = hubspot.portal.create("contacts"), hubspot.portal.create(car)
        hubspot.portal.associate("contacts", contact, car, mine)
        streams = (f"associations_contacts__{car}", f"associations_{car}__contacts")
        done = sync(hubspot, *streams, associations=[f"contacts-{car}", f"{car}-contacts"])
        found = [(row["from_id"], row["to_id"]) for name in streams for row in done.records(name)]
        assert found == [(contact, mine), (mine, contact)]

    def test_every_pair_there_is(self, hubspot: HubSpot) -> None:
        """``all`` takes the pairs from the schemas of the objects."""
        found = catalog(hubspot, associations="all")
        names = {entry["stream"] for entry in found["streams"]}
        assert "associations_deals__contacts" in names

    def test_a_part_that_failed_is_no_part_that_is_empty(self, hubspot: HubSpot) -> None:
        """A batch that fails in part for another reason than being gone fails the stream."""
        hubspot.portal.create("companies")
        found = catalog(hubspot, PAIR, associations=["companies-contacts"])
        hubspot.spoil(
            lambda good: replace(
                good,
                body=good.body.replace(b"OBJECT_NOT_FOUND", b"INTERNAL_ERROR").replace(
                    b"NO_ASSOCIATIONS_FOUND", b"TIMEOUT"
                ),
            ),
            path="/batch/read$",
        )
        done = sync(hubspot, found=found, associations=["companies-contacts"])
        assert done.code == 5
        assert "INTERNAL_ERROR" in done.sentence

    @pytest.mark.parametrize(
        ("stream", "names"),
        [
            ("associations_contacts__companies", ("contacts", "companies")),
            ("associations_p1_a__b__contacts", ("p1_a__b", "contacts")),
            ("associations_contacts__p1_a__b", ("contacts", "p1_a__b")),
            ("associations_contacts", None),
            ("contacts", None),
        ],
    )
    def test_the_name_of_a_stream_tells_the_pair(
        self, stream: str, names: tuple[str, str] | None
    ) -> None:
        """Also where a custom object has two underscores in its own name."""
        pair = pair_of(stream)
        assert (pair and (pair[0].name, pair[1].name)) == names


class TestHistory:
    """One row for each version of each property."""

    def test_every_version_is_a_row(self, hubspot: HubSpot) -> None:
        """With where it came from, the oldest first."""
        hubspot.portal.create("deals", {"dealname": "one"})
        hubspot.clock.wait(60)
        hubspot.portal.change("deals", "101", {"dealname": "two"})
        rows = sync(hubspot, HISTORY, property_history=["deals"]).records(HISTORY)
        names = [row for row in rows if row["property"] == "dealname"]
        assert [(row["value"], row["timestamp"][11:16]) for row in names] == [
            ("one", "12:00"),
            ("two", "12:01"),
        ]
        assert names[0]["sourceType"] == "CRM_UI"

    def test_batches_hold_50_objects(self, hubspot: HubSpot) -> None:
        """More is an error of the API; the names of properties travel in the body."""
        for number in range(120):
            hubspot.portal.create("deals", {"dealname": str(number)})
        done = sync(hubspot, HISTORY, property_history=["deals"])
        assert len({row["objectId"] for row in done.records(HISTORY)}) == 120
        assert [len(body["inputs"]) for body in bodies(hubspot, "/batch/read")] == [50, 50, 20]
        lists = asked(hubspot, "/objects/2026-03/deals")
        assert {tuple(request.query) for request in lists} <= {("limit",), ("limit", "after")}

    def test_an_incremental_run_reads_what_changed(self, hubspot: HubSpot) -> None:
        """All versions of objects that changed, and no others."""
        for number in range(3):
            hubspot.portal.create("deals", {"dealname": str(number)})
        hubspot.clock.wait(1000)
        first = sync(hubspot, HISTORY, property_history=["deals"])
        hubspot.clock.wait(1000)
        hubspot.portal.change("deals", "102", {"dealname": "new"})
        hubspot.clock.wait(1000)
        second = sync(hubspot, HISTORY, state=first.state, property_history=["deals"])
        rows = [row for row in second.records(HISTORY) if row["property"] == "dealname"]
        assert [(row["objectId"], row["value"]) for row in rows] == [("102", "1"), ("102", "new")]

    def test_an_incremental_run_reads_more_than_one_batch(self, hubspot: HubSpot) -> None:
        """A search finds 200 objects at once, a batch with history takes 50."""
        first = sync(hubspot, HISTORY, property_history=["deals"])
        for number in range(120):
            hubspot.portal.create("deals", {"dealname": str(number)})
        second = sync(hubspot, HISTORY, state=first.state, property_history=["deals"])
        assert len({row["objectId"] for row in second.records(HISTORY)}) == 120

    def test_versions_of_one_moment_have_keys_that_stay(self, hubspot: HubSpot) -> None:
        """They are counted from the oldest: newer ones do not move them."""
        hubspot.portal.create("deals", {"dealname": "one"})
        hubspot.portal.change("deals", "101", {"dealname": "two"})
        first = sync(hubspot, HISTORY, property_history=["deals"])
        hubspot.portal.change("deals", "101", {"dealname": "three"})
        again = sync(hubspot, HISTORY, property_history=["deals"])
        for done, count in ((first, 2), (again, 3)):
            names = [row for row in done.records(HISTORY) if row["property"] == "dealname"]
            values = ["one", "two", "three"][:count]
            assert [(row["sequence"], row["value"]) for row in names] == list(enumerate(values))
