"""Asks the made-up HubSpot for contacts, with the token of its portal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.fakes.asking import Told, ask
from tests.fakes.hubspot import HubSpot
from tests.fakes.hubspot.access import TOKEN

CONTACTS = "/crm/objects/2026-03/contacts"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_MS = round(NOON.timestamp() * 1000)


def get(hubspot: HubSpot, target: str, **query: object) -> Told:
    """Ask with the token of the portal."""
    return ask(hubspot.base_url, f"{target}?{urlencode(query)}", token=TOKEN)


def post(hubspot: HubSpot, target: str, body: Any) -> Told:
    """Send JSON with the token of the portal."""
    return ask(hubspot.base_url, target, body, token=TOKEN)


def find(hubspot: HubSpot, *filters: dict[str, Any], **more: Any) -> Told:
    """Search for contacts that pass all filters."""
    groups = [{"filters": list(filters)}] if filters else []
    return post(hubspot, f"{CONTACTS}/search", {"filterGroups": groups, **more})


def ids(told: Told) -> list[str]:
    """Return the ids of an answer."""
    return [entry["id"] for entry in told.body["results"]]


def create(hubspot: HubSpot, count: int) -> list[str]:
    """Create contacts that are in the index."""
    made = [hubspot.portal.create("contacts", {"email": f"{n}@x.org"}) for n in range(count)]
    hubspot.clock.wait(2)
    return made
