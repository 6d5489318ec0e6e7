"""Endpoints of CRM objects: the list, one by its id, and batches."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.fakes.hubspot.call import Call, with_paging
from tests.fakes.hubspot.clock import iso
from tests.fakes.hubspot.crm_object import CrmObject
from tests.fakes.hubspot.object_types import ObjectType
from tests.fakes.hubspot.portal import Portal
from tests.fakes.hubspot.refusal import invalid, not_found, partial_error

LIST_MOST = 100
LIST_MOST_WITH_HISTORY = 50
BATCH_MOST = 100
BATCH_MOST_WITH_HISTORY = 50
INLINE_ASSOCIATIONS_MOST = 100


def list_objects(portal: Portal, call: Call) -> Any:
    """Objects in the order of their ids, live or archived, after the one read last."""
    of = portal.type_of(call.variables["objectType"])
    history = call.names("propertiesWithHistory")
    limit = call.limit(10, LIST_MOST_WITH_HISTORY if history else LIST_MOST)
    after = call.text("after", "0")
    if not after.isdecimal():
        raise invalid("after is no cursor of this endpoint.", after=[after])
    left = [
        found
        for found in portal.every(of.name, archived=call.flag("archived"))
        if found.number > int(after)
    ]
    results = [_wire(portal, call, found) for found in left[:limit]]
    more = str(left[limit - 1].number) if len(left) > limit else None
    query = urlencode({"limit": limit, "after": more})
    return with_paging(results, more, f"https://api.hubapi.com{call.request.path}?{query}")


def read_object(portal: Portal, call: Call) -> Any:
    """One object by its id."""
    of = portal.type_of(call.variables["objectType"])
    identity = call.variables["objectId"]
    found = portal.find(of.name, int(identity)) if identity.isdecimal() else None
    if found is None or (found.now.state == "archived") != call.flag("archived"):
        raise not_found(f"object {identity}")
    return _wire(portal, call, found)


def _wire(portal: Portal, call: Call, found: CrmObject) -> dict[str, Any]:
    """Return an object as a list gives it."""
    made = _asked(portal, found, call.names("properties"), call.names("propertiesWithHistory"))
    related: dict[str, Any] = {}
    for name in call.names("associations"):
        other = portal.type_of(name)
        page = _inline(portal, call, found, other)
        if page["results"]:
            related[other.key] = page
    if related:
        made["associations"] = related
    return made


def _asked(
    portal: Portal, found: CrmObject, names: list[str], history: list[str]
) -> dict[str, Any]:
    """Return an object with the properties asked for; unknown ones are dropped in silence."""
    defined = portal.properties[found.of.name]
    known = [name for name in [*names, *history] if name in defined]
    made = found.wire(found.now, known or ["hs_object_id"] if names or history else ())
    if history:
        made["propertiesWithHistory"] = {
            name: found.history(name) for name in history if name in defined
        }
    return made


def _inline(portal: Portal, call: Call, found: CrmObject, other: ObjectType) -> dict[str, Any]:
    """Return the first page of an object's associations, an id once for each type."""
    here = found.of
    related = [
        (number, labels)
        for number, labels in portal.relations.to(here.name, found.number, other.name).items()
        if (target := portal.find(other.name, number)) is not None and target.now.state == "live"
    ]
    shown = related[:INLINE_ASSOCIATIONS_MOST]
    results = [
        {"id": str(number), "type": name}
        for number, labels in shown
        for name in portal.relations.names(here, other, labels)
    ]
    more = str(shown[-1][0]) if len(related) > len(shown) else None
    path = call.request.path.removesuffix(f"/{found.number}")
    link = f"https://api.hubapi.com{path}/{found.number}/associations/{other.name}?after={more}"
    return with_paging(results, more, link)


def batch_read(portal: Portal, call: Call) -> Any:
    """Objects by their ids, in no order; those that are not there are named apart."""
    of = portal.type_of(call.variables["objectType"])
    body = call.body
    for name in ("properties", "propertiesWithHistory"):
        if not isinstance(body.get(name), list):
            raise invalid(f"{name} must be a list.")
    if body.get("idProperty"):
        raise invalid("This portal reads batches by hs_object_id alone.")
    history = body["propertiesWithHistory"]
    inputs = call.inputs(BATCH_MOST_WITH_HISTORY if history else BATCH_MOST)
    state = "archived" if call.flag("archived") else "live"
    results, missing = [], []
    for identity in sorted({entry["id"] for entry in inputs}, key=lambda text: text[::-1]):
        found = portal.find(of.name, int(identity)) if identity.isdecimal() else None
        if found is None or found.now.state != state:
            missing.append(identity)
            continue
        results.append(_asked(portal, found, body["properties"], history))
    return batch_answer(portal, results, _missing_errors(of, missing))


def _missing_errors(of: ObjectType, missing: list[str]) -> list[dict[str, Any]]:
    if not missing:
        return []
    message = f"Some {of.name} could not be read; they may not exist."
    return [partial_error("OBJECT_NOT_FOUND", message, ids=missing)]


def batch_answer(portal: Portal, results: list[Any], errors: list[Any]) -> Any:
    """Return the answer of a batch: 200, or 207 where a part of it failed."""
    now = iso(portal.clock.now())
    body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if not errors:
        return body
    return 207, {**body, "numErrors": len(errors), "errors": errors}
