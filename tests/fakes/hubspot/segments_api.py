"""Endpoints of lists: their search by offset, and the members of one by cursor."""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.call import Call, forward_page
from tests.fakes.hubspot.clock import iso
from tests.fakes.hubspot.portal import Portal
from tests.fakes.hubspot.refusal import invalid, not_found

COUNT_MOST = 500
RESULTS_MOST = 10_000
MEMBERS_MOST = 250


def search_lists(portal: Portal, call: Call) -> Any:
    """Lists by offset, with the additional properties that are asked for."""
    body = call.body
    offset, count = body.get("offset", 0), body.get("count", 20)
    if not isinstance(offset, int) or not isinstance(count, int) or not 0 < count <= COUNT_MOST:
        raise invalid(f"count must be from 1 to {COUNT_MOST}.")
    count = min(count, call.page_most)
    if offset + count > RESULTS_MOST:
        raise invalid(f"Paging ends after {RESULTS_MOST:,} lists.")
    found = [
        entry
        for _, entry in sorted(portal.segments.lists.items())
        if str(body.get("query") or "").lower() in entry["name"].lower()
        and body.get("objectTypeId") in {None, entry["objectTypeId"]}
        and entry["processingType"] in (body.get("processingTypes") or [entry["processingType"]])
        and entry["listId"] in (body.get("listIds") or [entry["listId"]])
    ]
    asked = body.get("additionalProperties") or []
    return {
        "lists": [_with(portal, entry, asked) for entry in found[offset : offset + count]],
        "offset": min(offset + count, len(found)),
        "hasMore": len(found) > offset + count,
        "total": len(found),
    }


def _with(portal: Portal, entry: dict[str, Any], asked: list[str]) -> dict[str, Any]:
    size = len(portal.segments.members[int(entry["listId"])])
    known = {"hs_list_size": str(size), "hs_list_reference_count": "0"}
    return {**entry, "additionalProperties": {name: known[name] for name in asked if name in known}}


def list_memberships(portal: Portal, call: Call) -> Any:
    """The members of a list in the order of their ids."""
    identity = call.variables["listId"]
    members = portal.segments.members.get(int(identity)) if identity.isdecimal() else None
    if members is None:
        raise not_found(f"list {identity}")
    rows = [
        {"recordId": str(record), "membershipTimestamp": iso(moment)}
        for record, moment in members.items()
    ]
    return forward_page(rows, call, default=100, most=MEMBERS_MOST, key="recordId")
