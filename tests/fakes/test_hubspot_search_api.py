"""The search of the made-up HubSpot: what it finds late, what it refuses, and where it ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.hubspot import HubSpot
from tests.fakes.hubspot_asking import CONTACTS, NOON_MS, create, find, get, ids, post


def test_the_index_lags_behind(hubspot: HubSpot) -> None:
    """A change is seen late: until then a search finds what was."""
    one = hubspot.portal.create("contacts", {"email": "old"})
    assert ids(find(hubspot)) == []
    hubspot.clock.wait(1)
    hubspot.portal.change("contacts", one, {"email": "new"})
    two = hubspot.portal.create("contacts")
    (found,) = find(hubspot, properties=["email"]).body["results"]
    assert (found["id"], found["properties"]["email"]) == (one, "old")
    hubspot.portal.archive("contacts", two)
    hubspot.portal.delete("contacts", one)
    hubspot.clock.wait(1)
    assert ids(find(hubspot)) == []


def test_a_search_ends_after_10000_results(hubspot: HubSpot) -> None:
    """However many there are."""
    create(hubspot, 10_001)
    last = find(hubspot, limit=200, after="9800")
    assert (last.body["total"], len(ids(last))) == (10_001, 200)
    assert last.body["paging"]["next"]["after"] == "10000"
    assert find(hubspot, limit=200, after="10000").status == 400
    assert find(hubspot, limit=201).status == 400


def test_ties_of_a_search_are_in_no_order(hubspot: HubSpot) -> None:
    """Records of one moment come in another order than that of their ids."""
    made = create(hubspot, 12)
    tied = ids(find(hubspot, sorts=[{"propertyName": "lastmodifieddate"}], limit=200))
    assert sorted(tied) == made
    assert tied != made
    by_id = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    assert ids(find(hubspot, sorts=by_id, limit=200)) == made


FILTERS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "gt": ({"propertyName": "hs_object_id", "operator": "GT", "value": "9"}, [1]),
    "gte": ({"propertyName": "hs_object_id", "operator": "GTE", "value": "9"}, [0, 1]),
    "lt": ({"propertyName": "annualrevenue", "operator": "LT", "value": "100"}, [0]),
    "eq": ({"propertyName": "email", "operator": "EQ", "value": "B"}, [1]),
    "in": ({"propertyName": "email", "operator": "IN", "values": ["a", "c"]}, [0]),
    "has": ({"propertyName": "lastname", "operator": "HAS_PROPERTY"}, []),
    "has not": ({"propertyName": "lastname", "operator": "NOT_HAS_PROPERTY"}, [0, 1]),
    "between": (
        {
            "propertyName": "lastmodifieddate",
            "operator": "BETWEEN",
            "value": str(NOON_MS + 1),
            "highValue": str(NOON_MS + 60_000),
        },
        [1],
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_compares_by_type(name: str, hubspot: HubSpot) -> None:
    """Ids and numbers by size, dates by milliseconds, words without regard to case."""
    hubspot.portal.create("contacts", {"email": "a", "annualrevenue": "9.5"}, number=9)
    hubspot.clock.wait(1)
    hubspot.portal.create("contacts", {"email": "b", "annualrevenue": "100"}, number=10)
    hubspot.clock.wait(2)
    entry, wanted = FILTERS[name]
    assert sorted(ids(find(hubspot, entry)), key=int) == [["9", "10"][place] for place in wanted]


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [{"propertyName": "x", "operator": "EQ", "value": "1"}]}]},
        {
            "filterGroups": [
                {
                    "filters": [
                        {
                            "propertyName": "createdate",
                            "operator": "GT",
                            "value": "2026-01-01T00:00:00Z",
                        }
                    ]
                }
            ]
        },
        {"filterGroups": [{"filters": []}] * 6},
        {"sorts": ["email", "lastname"]},
        {"archived": True},
        {"associations": ["companies"]},
        {"after": "x"},
    ],
    ids=["property", "date", "groups", "sorts", "archived", "associations", "after"],
)
def test_a_search_refuses_what_it_does_not_know(body: Any, hubspot: HubSpot) -> None:
    """An unknown property, a date in words, too many groups or sorts, an unknown field."""
    assert post(hubspot, f"{CONTACTS}/search", body).status == 400


def test_a_contact_has_two_modified_dates(hubspot: HubSpot) -> None:
    """One is the cursor; the other, which other objects go by, stands still."""
    (one,) = create(hubspot, 1)
    hubspot.portal.change("contacts", one, {"email": "new"})
    found = get(hubspot, f"{CONTACTS}/{one}", properties="hs_lastmodifieddate").body["properties"]
    assert found["lastmodifieddate"] == "2026-03-01T12:00:02.000Z"
    assert found["hs_lastmodifieddate"] == "2026-03-01T12:00:00.000Z"
