"""Answers HubSpot should not give: each ends its stream in one sentence, or is seen through."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.http_server import Answer
from tests.fakes.hubspot import Clock, HubSpot, fill
from tests.fakes.trouble import Change, changed
from tests.taps.hubspot_account import account, catalog, sync

HISTORY = "deals_property_history"
PAIR = "associations_companies__contacts"
SETTINGS = {"property_history": ["deals"], "associations": ["companies-contacts"]}


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account that has something of everything."""
    with account(clock=Clock(datetime(2026, 3, 1, 12, tzinfo=UTC))) as served:
        fill(served.portal)
        yield served


def first(*path: str | int, to: Any) -> Change:
    """Return a change of what lies at a path; ``...`` removes it."""

    def change(body: Any) -> Any:
        node = body
        for step in path[:-1]:
            node = node[step]
        if to is ...:
            del node[path[-1]]
        else:
            node[path[-1]] = to
        return body

    return change


@pytest.mark.parametrize(
    ("stream", "path", "change", "words"),
    [
        ("contacts", "/objects/.*/contacts$", first("results", 0, "id", to=7), "no `id`"),
        ("contacts", "/objects/.*s$", first("results", 0, "properties", to=...), "no `properties`"),
        ("contacts", "/properties/", first("results", 0, "name", to=""), "no `name`"),
        ("contacts", "/objects/", lambda body: [body], "no JSON object"),
        ("contacts", "/objects/", first("results", to=[1]), "no list of `results`"),
        (HISTORY, "/deals$", first("results", 0, "id", to=""), "no `id`"),
        (
            HISTORY,
            "/batch/read",
            first("results", 0, "propertiesWithHistory", "dealname", 0, "timestamp", to="then"),
            "no `timestamp`",
        ),
        (PAIR, "/batch/read", first("results", 0, "from", to=...), "whose associations"),
        (PAIR, "/batch/read", first("results", 0, "to", 0, "toObjectId", to=None), "to whom"),
        (PAIR, "/batch/read", first("results", 0, "to", 0, "associationTypes", to=...), "no list"),
        ("owners", "/owners/", first("results", 0, "id", to=None), "no `id`"),
        ("list_memberships", "/search", first("lists", 0, "listId", to=...), "no `listId`"),
        ("email_events", "/events", first("hasMore", to=True), "without an `offset`"),
    ],
)
def test_what_lacks_its_parts_ends_the_stream(
    hubspot: HubSpot, stream: str, path: str, change: Change, words: str
) -> None:
    """Exit 4: nothing is guessed, and nothing is taken for an empty page."""
    found = catalog(hubspot, stream, **SETTINGS)

    def spoiled(body: Any) -> Any:
        body = change(body)
        if stream == "email_events":
            body["offset"] = None
        return body

    hubspot.spoil(changed(spoiled), path=path, times=None)
    done = sync(hubspot, found=found, **SETTINGS)
    assert done.code == 4
    assert words in done.sentence


@pytest.mark.parametrize(("stream", "key"), [(HISTORY, "objectId"), (PAIR, "from_id")])
def test_a_part_that_failed_comes_with_the_next_run(
    hubspot: HubSpot, stream: str, key: str
) -> None:
    """Its page is not written, and STATE is that of the page before: nothing is left out."""
    hubspot.page_most = 1
    for kind, others in (("deals", "companies"), ("companies", "contacts")):
        other = hubspot.portal.ids(others)[0]
        for identity in hubspot.portal.ids(kind):
            hubspot.portal.associate(kind, identity, others, other)
    found = catalog(hubspot, stream, **SETTINGS)
    whole = [row[key] for row in sync(hubspot, found=found, **SETTINGS).records(stream)]
    error = {"category": "INTERNAL_ERROR", "message": "no", "context": {"ids": ["1"]}}

    def failed(good: Answer) -> Answer:
        return replace(
            changed(lambda body: {**body, "results": [], "errors": [error]})(good), status=207
        )

    hubspot.spoil(failed, path="/batch/read", spared=1)
    done = sync(hubspot, found=found, **SETTINGS)
    assert (done.code, "INTERNAL_ERROR" in done.sentence) == (5, True)
    rest = sync(hubspot, found=found, state=done.state, **SETTINGS)
    assert [row[key] for row in [*done.records(stream), *rest.records(stream)]] == whole
    assert done.records(stream)


def test_a_batch_that_fails_without_a_word_is_passing_trouble(hubspot: HubSpot) -> None:
    """What an error of a part is for is not known, so the part may be there."""
    found = catalog(hubspot, PAIR, **SETTINGS)
    hubspot.spoil(changed(lambda body: {**body, "errors": ["no"]}), path="/batch/read")
    done = sync(hubspot, found=found, **SETTINGS)
    assert (done.code, "no category" in done.sentence) == (5, True)


def test_errors_are_errors_without_raise_for_status(hubspot: HubSpot) -> None:
    """``http.raise_for_status: false`` makes no page of a refusal."""
    found = catalog(hubspot, "deals")
    hubspot.access.denied = {"crm.objects.deals.read"}
    done = sync(hubspot, found=found, http={"raise_for_status": False})
    assert done.code == 3


def test_a_refusal_in_html_is_a_refusal(hubspot: HubSpot) -> None:
    """A firewall's 403 has no scopes to name."""
    found = catalog(hubspot, "deals")
    page = b"<html>go away</html>"
    hubspot.spoil(lambda good: replace(good, status=403, body=page), path="/properties/")
    done = sync(hubspot, found=found)
    assert (done.code, "do not include it" in done.sentence) == (3, True)


def test_a_server_that_does_not_date_its_answers(hubspot: HubSpot) -> None:
    """This machine's clock stands in."""
    found = catalog(hubspot, "deals")
    hubspot.spoil(lambda good: replace(good, headers={}), times=None)
    done = sync(hubspot, found=found)
    assert done.bookmark("deals")["state"]["read_until"] > "2026-06"


def test_one_who_archived_says_not_when_is_read(hubspot: HubSpot) -> None:
    """Better twice than never."""
    found = catalog(hubspot, "deals", archived=True)
    hubspot.clock.wait(10_000)
    before = sync(hubspot, found=found, archived=True)
    hubspot.clock.wait(10_000)

    def undated(body: Any) -> Any:
        return {**body, "results": [{**row, "archivedAt": "once"} for row in body["results"]]}

    hubspot.spoil(changed(undated), path="/objects/.*/deals$", times=None)
    done = sync(hubspot, found=found, state=before.state, archived=True)
    assert [record["archived"] for record in done.records("deals")] == [True]


def test_objects_without_the_scope_are_left_out_of_pipelines_visibly(hubspot: HubSpot) -> None:
    """One warning for each object, and for custom ones; the others come."""
    found = catalog(hubspot, "pipelines")
    hubspot.access.denied = {"crm.objects.deals.read", "crm.schemas.custom.read"}
    hubspot.access.denied.add("crm.objects.custom.read")
    done = sync(hubspot, found=found)
    assert {row["objectType"] for row in done.records()} == {"tickets"}
    assert [text for text in done.warnings if "those of deals are left out" in text]
    assert [text for text in done.warnings if "custom objects are left out" in text]


@pytest.mark.parametrize(
    "pagination", [{"phase": "noon"}, {"until": "x"}, {"after": 3}, {"page": 1}, {"pending": []}]
)
def test_a_place_of_another_tap_is_refused(hubspot: HubSpot, pagination: Any) -> None:
    """Exit 2; the setting that starts again is named."""
    found = catalog(hubspot, "deals")
    stopped = sync(hubspot, found=found, max_iterations=1, archived=True)
    state = copy.deepcopy(stopped.state)
    progress = state["bookmarks"]["deals"]["in_progress"]
    progress["pagination"] = pagination
    del progress["digest"]
    done = sync(hubspot, found=found, state=state, archived=True)
    assert done.code == 2
    assert "force_ignore_checkpoint" in done.sentence
