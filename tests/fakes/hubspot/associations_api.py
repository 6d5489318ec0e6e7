"""Associations of version 4: by batch and of one object, 500 a page, with labels and types."""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.call import Call, with_paging
from tests.fakes.hubspot.object_types import ObjectType
from tests.fakes.hubspot.objects_api import batch_answer
from tests.fakes.hubspot.portal import Portal
from tests.fakes.hubspot.refusal import not_found, partial_error

BATCH_MOST = 1000
PAGE_MOST = 500


def batch_read(portal: Portal, call: Call) -> Any:
    """The associations of objects with those of another type; who has none is named apart."""
    here = portal.type_of(call.variables["fromObjectType"])
    there = portal.type_of(call.variables["toObjectType"])
    results, errors = [], []
    for entry in call.inputs(BATCH_MOST):
        identity, after = entry["id"], entry.get("after") or "0"
        page = _page(
            portal, here, identity, there, after=after, limit=min(PAGE_MOST, call.page_most)
        )
        if page["results"]:
            paging = {"paging": page["paging"]} if "paging" in page else {}
            results.append({"from": {"id": identity}, "to": page["results"], **paging})
        elif after == "0":
            errors.append(_none(here, identity, there))
    return batch_answer(portal, results, errors)


def of_object(portal: Portal, call: Call) -> Any:
    """The associations of one object with those of another type."""
    here = portal.type_of(call.variables["objectType"])
    there = portal.type_of(call.variables["toObjectType"])
    identity = call.variables["objectId"]
    if not identity.isdecimal() or portal.find(here.name, int(identity)) is None:
        raise not_found(f"object {identity}")
    limit = call.limit(PAGE_MOST, PAGE_MOST)
    return _page(portal, here, identity, there, after=call.text("after", "0"), limit=limit)


def _page(
    portal: Portal, here: ObjectType, identity: str, there: ObjectType, *, after: str, limit: int
) -> dict[str, Any]:
    """Return a page of who an object is associated with, after an id."""
    number = int(identity) if identity.isdecimal() else 0
    found = portal.find(here.name, number)
    related = portal.relations.to(here.name, number, there.name) if found is not None else {}
    left = [
        other
        for other in related
        if other > int(after)
        and (target := portal.find(there.name, other)) is not None
        and target.now.state == "live"
    ]
    results = [
        {
            "toObjectId": other,
            "associationTypes": portal.relations.types(here, there, related[other]),
        }
        for other in left[:limit]
    ]
    return with_paging(results, str(left[limit - 1]) if len(left) > limit else None)


def _none(here: ObjectType, identity: str, there: ObjectType) -> dict[str, Any]:
    context = {
        "fromObjectId": [identity],
        "fromObjectType": [here.name],
        "toObjectType": [there.name],
    }
    error = partial_error("OBJECT_NOT_FOUND", f"{identity} has no {there.name}.", **context)
    return {**error, "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}
