"""What a portal says of its own shape: properties, pipelines, schemas of custom objects."""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.call import Call
from tests.fakes.hubspot.definitions import schema
from tests.fakes.hubspot.object_types import STANDARD, ObjectType
from tests.fakes.hubspot.portal import DAY_ONE, Portal
from tests.fakes.hubspot.refusal import not_found


def list_properties(portal: Portal, call: Call) -> Any:
    """All properties of an object type, those that are or those that were."""
    of = portal.type_of(call.variables["objectType"])
    archived = call.flag("archived")
    found = portal.properties[of.name].values()
    return {"results": [entry for entry in found if entry["archived"] == archived]}


def read_property(portal: Portal, call: Call) -> Any:
    """One property by its name."""
    of = portal.type_of(call.variables["objectType"])
    name = call.variables["propertyName"]
    if name not in portal.properties[of.name]:
        raise not_found(f"property {name}")
    return portal.properties[of.name][name]


def list_pipelines(portal: Portal, call: Call) -> Any:
    """The pipelines of an object type with their stages; none for most types."""
    of = portal.type_of(call.variables["objectType"])
    return {"results": portal.pipelines.get(of.name, [])}


def list_schemas(portal: Portal, call: Call) -> Any:
    """The schemas of custom objects."""
    custom = [of for name, of in portal.types.items() if name not in STANDARD]
    return {"results": [] if call.flag("archived") else [_schema(portal, of) for of in custom]}


def read_schema(portal: Portal, call: Call) -> Any:
    """The schema of one object type."""
    return _schema(portal, portal.type_of(call.variables["objectType"]))


def _schema(portal: Portal, of: ObjectType) -> dict[str, Any]:
    properties = list(portal.properties[of.name].values())
    return schema(of, properties, DAY_ONE, [portal.types["contacts"]])
