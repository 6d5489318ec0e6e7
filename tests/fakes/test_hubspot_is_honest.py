"""The made-up HubSpot answers as HubSpot's own documents say.

They are not part of this project: HUBSPOT_SPECS names their folder, else they are looked for beside
the checkout.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fakes.asking import ask
from tests.fakes.hubspot import HubSpot, Limits, fill
from tests.fakes.hubspot.access import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TOKEN
from tests.fakes.hubspot.object_types import STANDARD
from tests.fakes.hubspot.routes import ROUTES, TOKEN_PATHS
from tests.fakes.openapi import Documents

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
FOLDER = Path(os.environ.get("HUBSPOT_SPECS", CHECKOUT.parent / "shared" / "data" / "hubspot"))
if not FOLDER.is_dir():
    pytest.skip(
        "HubSpot's OpenAPI documents are not here; HUBSPOT_SPECS names their folder",
        allow_module_level=True,
    )

NULLABLE_TEXTS = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
ON_THE_WIRE: dict[str, dict[str, Any]] = {
    # A property without a value is null; the documents of other versions say so.
    "SimplePublicObject.properties": NULLABLE_TEXTS,
    "SimplePublicObjectWithAssociations.properties": NULLABLE_TEXTS,
    # A number, as one of the documents says; the other says text.
    "MultiAssociatedObjectWithLabel.toObjectId": {"type": ["integer", "string"]},
    # An association HubSpot has no word for has a label of null.
    "AssociationSpecWithLabel.label": {"type": ["string", "null"]},
    # A word, as the field of that name in every other error.
    "StandardError.subCategory": {"type": "string"},
}
"""What people have seen HubSpot send otherwise than its documents say."""
UNDOCUMENTED = {"list_submissions", "list_email_events", "list_subscription_changes"} | {
    "list_workflows"
}
"""Endpoints of version 1 and 3 no document is left of."""
VARIABLES = {
    "dated": "2026-03",
    "beta": "2026-09-beta",
    "v1": "v1",
    "v3": "v3",
    "v4": "v4",
    "objectType": "contacts",
    "fromObjectType": "contacts",
    "toObjectType": "companies",
    "objectId": "101",
    "propertyName": "email",
    "listId": "1",
}
OWN_VARIABLES = {"list_pipelines": {"objectType": "deals"}}
QUERIES: dict[str, list[str]] = {
    "list_objects": [
        "?limit=1&properties=email,lastname&propertiesWithHistory=email&associations=companies",
        "?archived=true",
    ],
    "read_object": ["?associations=companies"],
    "list_owners": ["?limit=1", "?archived=true"],
    "list_emails": ["?limit=1&includeStats=true"],
    "list_campaigns": ["?limit=1&properties=hs_name"],
    "list_forms": ["?limit=1", "?archived=true"],
}
BODIES: dict[str, list[Any]] = {
    "search": [{"limit": 1}, {"filterGroups": [], "properties": ["email"], "limit": 200}],
    "batch_read": [
        {"inputs": [{"id": "101"}], "properties": ["email"], "propertiesWithHistory": ["email"]},
        {"inputs": [{"id": "101"}, {"id": "9"}], "properties": [], "propertiesWithHistory": []},
    ],
    "search_lists": [{"offset": 0, "count": 1, "additionalProperties": ["hs_list_size"]}],
}


def every_request() -> Iterator[Any]:
    """Yield each documented endpoint with each way to ask it."""
    for route in ROUTES:
        name = route.endpoint.__name__
        if name in UNDOCUMENTED:
            continue
        path = route.paths[0].format(**VARIABLES | OWN_VARIABLES.get(name, {}))
        if route.method == "POST":
            ways = [(path, body) for body in BODIES[name]]
        else:
            ways = [(f"{path}{query}", None) for query in ["", *QUERIES.get(name, [])]]
        for number, way in enumerate(ways):
            yield pytest.param(*way, id=f"{name}-{number}")


@pytest.fixture(scope="module")
def documents() -> Documents:
    """The documents, read once."""
    return Documents(FOLDER, ON_THE_WIRE)


@pytest.fixture(scope="module")
def hubspot() -> Iterator[HubSpot]:
    """A portal with something of everything."""
    with HubSpot(limits=Limits(per_10_seconds=100_000, searches_per_second=None)) as server:
        fill(server.portal)
        yield server


@pytest.mark.parametrize(("target", "body"), list(every_request()))
def test_an_answer_is_as_documented(
    target: str, body: Any, hubspot: HubSpot, documents: Documents
) -> None:
    """Every field is there, of its type, and none that is not documented."""
    told = ask(hubspot.base_url, target, body, token=TOKEN)
    method, path = ("GET" if body is None else "POST"), target.partition("?")[0]
    assert told.status in {200, 207}, told.text
    assert len(told.text) > 60
    assert documents.violations(method, path, told.status, told.body) == []


@pytest.mark.parametrize("kind", sorted(STANDARD))
def test_each_type_of_object_is_as_documented(
    kind: str, hubspot: HubSpot, documents: Documents
) -> None:
    """By its name and by its number, with its properties and pipelines."""
    for name in (kind, STANDARD[kind].type_id):
        for family in ("objects", "properties", "pipelines"):
            path = f"/crm/{family}/2026-03/{name}"
            told = ask(hubspot.base_url, path, token=TOKEN)
            assert told.status == 200
            assert documents.violations("GET", path, 200, told.body) == []


def test_the_types_of_objects_are_those_there_are() -> None:
    """HubSpot has a document for each, and none for another."""
    lines = (FOLDER / "objects-2026-03.txt").read_text().splitlines()
    named = {line.rpartition("/")[2] for line in lines if line.startswith("/crm/")}
    # Of these there is a document under the number alone; of appointments there is just a scope,
    # and of deal splits a document on how to read those of a deal.
    numbers = {"0-162": "services", "0-3": "deals", "0-410": "courses"}
    numbers["0-420"] = "listings"
    others = {"appointments", "deal_split"}
    assert {numbers.get(name, name) for name in named} | others == STANDARD.keys()


REFUSED: dict[str, tuple[int, str, Any]] = {
    "limit": (400, "/crm/objects/2026-03/contacts?limit=101", None),
    "history": (400, "/crm/objects/2026-03/contacts?limit=51&propertiesWithHistory=email", None),
    "object type": (400, "/crm/objects/2026-03/unicorns", None),
    "object": (404, "/crm/objects/2026-03/contacts/9", None),
    "search": (400, "/crm/objects/2026-03/contacts/search", {"limit": 201}),
    "batch": (400, "/crm/objects/2026-03/contacts/batch/read", {"inputs": []}),
    "scope": (403, "/crm/owners/2026-03", None),
    "list": (404, "/crm/lists/2026-03/99/memberships", None),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_is_as_documented(what: str, hubspot: HubSpot, documents: Documents) -> None:
    """What every error body has."""
    status, target, body = REFUSED[what]
    hubspot.access.denied = {"crm.objects.owners.read"} if what == "scope" else set()
    told = ask(hubspot.base_url, target, body, token=TOKEN)
    assert told.status == status
    method, path = ("GET" if body is None else "POST"), target.partition("?")[0]
    assert documents.violations(method, path, status, told.body) == []


@pytest.mark.parametrize("token", ["", "pat-unknown"])
def test_a_request_without_a_token_is_refused_as_documented(
    token: str, hubspot: HubSpot, documents: Documents
) -> None:
    """Before anything else is looked at."""
    told = ask(hubspot.base_url, "/crm/owners/2026-03", token=token)
    assert told.status == 401
    assert documents.violations("GET", "/crm/owners/2026-03", 401, told.body) == []


def test_a_token_is_given_as_documented(hubspot: HubSpot, documents: Documents) -> None:
    """For a refresh token, by a form."""
    form = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    }
    path = "/oauth/2026-03/token"
    assert path in TOKEN_PATHS
    told = ask(hubspot.base_url, path, form=urlencode(form))
    assert told.status == 200
    assert documents.violations("POST", path, 200, told.body) == []
    refused = ask(hubspot.base_url, path, form=urlencode({**form, "client_secret": "x"}))
    assert refused.status == 400
    assert documents.violations("POST", path, 400, refused.body) == []
