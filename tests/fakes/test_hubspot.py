"""The made-up HubSpot behaves as people have seen the real one where documents say nothing.

A tap that is proven against it is proven against these traps.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.fakes.asking import ask
from tests.fakes.hubspot import (
    Clock,
    HubSpot,
    Limits,
    bad_gateway,
    fill,
    reset_mid_body,
    too_many,
)
from tests.fakes.hubspot.access import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.fakes.hubspot_asking import CONTACTS, NOON, NOON_MS, create, find, get, ids, post

# Lists


@pytest.mark.parametrize("path", [CONTACTS, "/crm/v3/objects/contacts", "/crm/objects/2026-09/0-1"])
def test_a_list_goes_on_after_the_record_read_last(path: str, hubspot: HubSpot) -> None:
    """By ids: one that was archived meanwhile is not there, one that came is."""
    made = create(hubspot, 5)
    first = get(hubspot, path, limit=2)
    assert ids(first) == made[:2]
    hubspot.portal.archive("contacts", made[2])
    made.append(hubspot.portal.create("contacts"))
    second = get(hubspot, path, limit=100, after=first.body["paging"]["next"]["after"])
    assert ids(second) == made[3:]
    assert "paging" not in second.body


def test_a_page_may_be_smaller_than_was_asked_for(hubspot: HubSpot) -> None:
    """Where it goes on is what counts, for lists and for the search."""
    made = create(hubspot, 3)
    hubspot.page_most = 2
    by_id = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    for told in (get(hubspot, CONTACTS, limit=100), find(hubspot, limit=200, sorts=by_id)):
        assert ids(told) == made[:2]
        assert told.body["paging"]["next"]["after"]


def test_the_time_is_told_by_every_answer(hubspot: HubSpot) -> None:
    """It is the time of the portal."""
    assert get(hubspot, CONTACTS).headers["date"] == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_archived_records_are_a_list_of_their_own(hubspot: HubSpot) -> None:
    """Each says when it was archived; its modified date stays."""
    one, two = create(hubspot, 2)
    before = get(hubspot, f"{CONTACTS}/{one}").body["updatedAt"]
    hubspot.portal.archive("contacts", one)
    assert ids(get(hubspot, CONTACTS)) == [two]
    (found,) = get(hubspot, CONTACTS, archived="true").body["results"]
    assert (found["id"], found["archived"], found["updatedAt"]) == (one, True, before)
    assert found["archivedAt"] == "2026-03-01T12:00:02.000Z"


def test_unknown_properties_are_dropped_in_silence(hubspot: HubSpot) -> None:
    """And the id and two times come unasked for."""
    create(hubspot, 1)
    (found,) = get(hubspot, CONTACTS, properties="lastname,nonsense").body["results"]
    assert found["properties"].keys() == {
        "lastname",
        "hs_object_id",
        "createdate",
        "lastmodifieddate",
    }


def test_a_history_has_every_value(hubspot: HubSpot) -> None:
    """The newest first, a value that was cleared as an empty one; 50 records at most."""
    (one,) = create(hubspot, 1)
    hubspot.portal.change("contacts", one, {"email": ""})
    (found,) = get(hubspot, CONTACTS, propertiesWithHistory="email").body["results"]
    assert [entry["value"] for entry in found["propertiesWithHistory"]["email"]] == ["", "0@x.org"]
    assert get(hubspot, CONTACTS, propertiesWithHistory="email", limit=50).status == 200
    assert get(hubspot, CONTACTS, propertiesWithHistory="email", limit=51).status == 400
    assert get(hubspot, CONTACTS, limit=101).status == 400


def test_a_long_url_is_refused_in_html(hubspot: HubSpot) -> None:
    """Hundreds of names are too many for one."""
    told = get(hubspot, CONTACTS, properties=",".join(f"a_long_name_{n:04}" for n in range(1000)))
    assert (told.status, told.headers["content-type"]) == (414, "text/html")


def test_associations_inside_of_a_record_are_cut_at_100(hubspot: HubSpot) -> None:
    """An id comes once for each of its types; those of line items have a key with a space."""
    deal = hubspot.portal.create("deals")
    for _ in range(101):
        item = hubspot.portal.create("line_items")
        hubspot.portal.associate("deals", deal, "line_items", item)
    target = f"/crm/objects/2026-03/deals/{deal}"
    page = get(hubspot, target, associations="line_items").body["associations"]["line items"]
    assert len({entry["id"] for entry in page["results"]}) == 100
    assert len(page["results"]) == 200
    assert page["paging"]["next"]["after"]


# Batches


def test_a_batch_names_what_it_could_not_read(hubspot: HubSpot) -> None:
    """207, and the rest in no order."""
    made = create(hubspot, 12)
    body = {"inputs": [{"id": one} for one in [*made, "9"]], "properties": ["email"]}
    told = post(hubspot, f"{CONTACTS}/batch/read", {**body, "propertiesWithHistory": []})
    assert told.status == 207
    assert sorted(ids(told)) == made
    assert ids(told) != made
    assert told.body["numErrors"] == 1
    assert told.body["errors"][0]["context"]["ids"] == ["9"]


@pytest.mark.parametrize(("count", "history", "status"), [(101, [], 400), (51, ["email"], 400)])
def test_a_batch_has_a_most(count: int, history: list[str], status: int, hubspot: HubSpot) -> None:
    """100 records, 50 with history."""
    body = {"properties": [], "propertiesWithHistory": history}
    for size, wanted in ((count, status), (count - 1, 207)):
        inputs = [{"id": str(number)} for number in range(size)]
        told = post(hubspot, f"{CONTACTS}/batch/read", {**body, "inputs": inputs})
        assert told.status == wanted


@pytest.mark.parametrize(
    "path",
    [
        "/crm/associations/2026-03/companies/contacts/batch/read",
        "/crm/v4/associations/0-2/0-1/batch/read",
    ],
)
def test_associations_come_500_of_an_object_at_a_time(path: str, hubspot: HubSpot) -> None:
    """The next page is the same id with a cursor; an object without any is an error of a 207."""
    company, lonely = (hubspot.portal.create("companies") for _ in range(2))
    made = create(hubspot, 501)
    for one in made:
        hubspot.portal.associate("contacts", one, "companies", company, "Boss")
    told = post(hubspot, path, {"inputs": [{"id": company}, {"id": lonely}]})
    (found,) = told.body["results"]
    assert (told.status, len(found["to"])) == (207, 500)
    assert told.body["errors"][0]["context"]["fromObjectId"] == [lonely]
    after = found["paging"]["next"]["after"]
    (rest,) = post(hubspot, path, {"inputs": [{"id": company, "after": after}]}).body["results"]
    assert [entry["toObjectId"] for entry in rest["to"]] == [int(made[-1])]
    labels = [entry["label"] for entry in rest["to"][0]["associationTypes"]]
    assert labels == ["Boss", None]
    assert "paging" not in rest


# Limits, tokens and scopes


def test_too_many_requests_are_refused_by_policy() -> None:
    """The search has a limit of its own, and says nothing of what is left."""
    limits = Limits(per_10_seconds=3, daily=6, searches_per_second=2)
    with HubSpot(Clock(NOON), limits=limits) as hubspot:
        left = [get(hubspot, CONTACTS).headers for _ in range(3)]
        assert [head["x-hubspot-ratelimit-remaining"] for head in left] == ["2", "1", "0"]
        assert get(hubspot, CONTACTS).body["policyName"] == "TEN_SECONDLY_ROLLING"
        searches = [find(hubspot) for _ in range(3)]
        assert [told.status for told in searches] == [200, 200, 429]
        assert searches[2].body["policyName"] == "SECONDLY"
        assert not [name for name in searches[0].headers if "ratelimit" in name]
        hubspot.clock.wait(10)
        assert get(hubspot, CONTACTS).status == 200
        hubspot.clock.wait(10)
        assert get(hubspot, CONTACTS).body["policyName"] == "DAILY"
        assert hubspot.limits.refused == {"TEN_SECONDLY_ROLLING": 1, "SECONDLY": 1, "DAILY": 1}


def test_a_token_lives_half_an_hour(hubspot: HubSpot) -> None:
    """Or shorter, when it is revoked; another is had for the refresh token, which stays."""
    form = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    }

    def renewed() -> str:
        told = ask(hubspot.base_url, "/oauth/v3/token", form=urlencode(form)).body
        assert (told["expires_in"], told["refresh_token"]) == (1800, REFRESH_TOKEN)
        return str(told["access_token"])

    token = renewed()
    assert ask(hubspot.base_url, CONTACTS, token=token).status == 200
    hubspot.clock.wait(1800)
    late = ask(hubspot.base_url, CONTACTS, token=token)
    assert (late.status, late.body["category"]) == (401, "EXPIRED_AUTHENTICATION")
    second = renewed()
    hubspot.access.revoke()
    assert ask(hubspot.base_url, CONTACTS, token=second).status == 401
    query = ask(hubspot.base_url, f"/oauth/v3/token?{urlencode(form)}", form=urlencode(form))
    assert query.status == 400


def test_a_missing_scope_is_named(hubspot: HubSpot) -> None:
    """403, with the scopes one of which is needed."""
    hubspot.access.denied = {"crm.objects.contacts.read"}
    told = get(hubspot, CONTACTS)
    assert (told.status, told.body["category"]) == (403, "MISSING_SCOPES")
    (error,) = told.body["errors"]
    assert error["context"] == {"requiredGranularScopes": ["crm.objects.contacts.read"]}
    assert get(hubspot, "/crm/objects/2026-03/companies").status == 200


# Edits and faults


def test_a_portal_is_edited_between_two_requests(hubspot: HubSpot) -> None:
    """Before the second one is answered, and not sooner."""
    (one,) = create(hubspot, 1)
    hubspot.before(2, lambda: hubspot.portal.archive("contacts", one))
    assert [ids(get(hubspot, CONTACTS)) for _ in range(3)] == [[one], [], []]


def test_faults_come_by_number_or_by_path(hubspot: HubSpot) -> None:
    """Once, or for good until they are healed."""
    fill(hubspot.portal)
    hubspot.spoil(bad_gateway, number=2)
    hubspot.spoil(too_many(Retry_After="1"), path="/owners/", times=None)
    assert [get(hubspot, CONTACTS).status for _ in range(3)] == [200, 502, 200]
    assert get(hubspot, "/crm/owners/2026-03").headers["retry-after"] == "1"
    hubspot.heal()
    assert get(hubspot, "/crm/owners/2026-03").status == 200
    hubspot.spoil(bad_gateway, path="/owners/", spared=1)
    assert [get(hubspot, "/crm/owners/2026-03").status for _ in range(3)] == [200, 502, 200]
    hubspot.spoil(reset_mid_body)
    with pytest.raises(ConnectionError):
        get(hubspot, CONTACTS)


def test_lists_and_their_members_come_by_pages(hubspot: HubSpot) -> None:
    """Lists by offset until there are no more, members by cursor."""
    for number in range(3):
        hubspot.portal.segments.add(f"List {number}", NOON_MS)
    for number in range(251):
        hubspot.portal.segments.join("1", str(number + 1), NOON_MS)
    path = "/crm/v3/lists/search"
    pages = [post(hubspot, path, {"offset": start, "count": 2}).body for start in (0, 2)]
    assert [[entry["listId"] for entry in page["lists"]] for page in pages] == [["1", "2"], ["3"]]
    assert [page["hasMore"] for page in pages] == [True, False]
    members = get(hubspot, "/crm/v3/lists/1/memberships", limit=250).body
    after = members["paging"]["next"]["after"]
    rest = get(hubspot, "/crm/v3/lists/1/memberships", limit=250, after=after).body
    assert [entry["recordId"] for entry in rest["results"]] == ["251"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/email/public/v1/events", "events"),
        ("/email/public/v1/subscriptions/timeline", "timeline"),
    ],
)
def test_version_1_pages_by_an_offset_within_a_window(
    path: str, field: str, hubspot: HubSpot
) -> None:
    """The newest first, what is in the window alone."""
    fill(hubspot.portal)
    rows = hubspot.portal.assets["email_events"]
    window = {"startTimestamp": rows[1]["created"], "endTimestamp": rows[2]["created"] + 1}
    first = get(hubspot, path, limit=1, **window).body
    assert (first["hasMore"], len(first[field])) == (True, 1)
    second = get(hubspot, path, limit=1, offset=first["offset"], **window).body
    assert (second["hasMore"], len(second[field])) == (False, 1)
    assert first[field] != second[field]


def test_submissions_come_the_newest_first(hubspot: HubSpot) -> None:
    """50 at a time at most, after the one read last."""
    fill(hubspot.portal)
    form = hubspot.portal.assets["forms"][0]["id"]
    path = f"/form-integrations/v1/submissions/forms/{form}"
    first = get(hubspot, path, limit=2).body
    after = first["paging"]["next"]["after"]
    rest = get(hubspot, path, limit=50, after=after).body
    times = [entry["submittedAt"] for entry in first["results"] + rest["results"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == 3
    assert get(hubspot, path, limit=51).status == 400
