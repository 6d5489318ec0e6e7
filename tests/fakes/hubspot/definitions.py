"""What a portal says of its own shape: properties, pipelines and the schemas of custom objects."""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.clock import iso
from tests.fakes.hubspot.object_types import ObjectType

FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "bool": "booleancheckbox",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
}


def property_definition(name: str, kind: str, created: int, **fields: Any) -> dict[str, Any]:
    """Return the definition of a property as the API gives it."""
    options = [
        {"label": value.title(), "value": value, "hidden": False, "displayOrder": place}
        for place, value in enumerate(fields.pop("options", ()))
    ]
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize(),
        "type": kind,
        "fieldType": FIELD_TYPES.get(kind, "text"),
        "description": f"What {name} says.",
        "groupName": "information",
        "options": options,
        "createdAt": iso(created),
        "updatedAt": iso(created),
        "hubspotDefined": not name.startswith("custom_"),
        "calculated": False,
        "externalOptions": False,
        "hasUniqueValue": name == "hs_object_id",
        "hidden": False,
        "formField": False,
        "displayOrder": -1,
        "dataSensitivity": "non_sensitive",
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": True,
            "readOnlyValue": name.startswith("hs_"),
        },
        "archived": False,
        **fields,
    }


def born_with(of: ObjectType, created: int) -> dict[str, dict[str, Any]]:
    """Return the definitions an object type has from the start."""
    own = {
        "hs_object_id": "number",
        of.created: "datetime",
        of.modified: "datetime",
        **dict(of.own),
    }
    return {name: property_definition(name, kind, created) for name, kind in own.items()}


def pipeline(name: str, stages: tuple[str, ...], created: int, place: int) -> dict[str, Any]:
    """Return a pipeline with its stages; a default one says it is as old as 1970."""
    rest: dict[str, Any] = {
        "createdAt": iso(created),
        "updatedAt": iso(created),
        "archived": False,
    }
    return {
        "id": name,
        "label": f"{name.capitalize()} pipeline",
        "displayOrder": place,
        "stages": [
            {
                "id": f"{name}-{stage}",
                "label": stage.capitalize(),
                "displayOrder": number,
                "metadata": {"isClosed": str(stage == stages[-1]).lower(), "probability": "0.5"},
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                **rest,
            }
            for number, stage in enumerate(stages)
        ],
        **rest,
    }


def schema(
    of: ObjectType, properties: list[dict[str, Any]], created: int, related: list[ObjectType]
) -> dict[str, Any]:
    """Return the schema of a custom object."""
    name = of.name.partition("_")[2]
    return {
        "id": of.type_id.partition("-")[2],
        "objectTypeId": of.type_id,
        "name": name,
        "fullyQualifiedName": of.name,
        "labels": {"singular": name.title(), "plural": f"{name.title()}s"},
        "primaryDisplayProperty": of.own[0][0] if of.own else "hs_object_id",
        "secondaryDisplayProperties": [],
        "searchableProperties": [],
        "requiredProperties": [],
        "properties": properties,
        "associations": [
            {
                "id": str(number),
                "fromObjectTypeId": of.type_id,
                "toObjectTypeId": other.type_id,
                "name": f"{name}_to_{other.singular}",
            }
            for number, other in enumerate(related, 1)
        ],
        "allowsSensitiveProperties": False,
        "archived": False,
        "createdAt": iso(created),
        "updatedAt": iso(created),
    }
