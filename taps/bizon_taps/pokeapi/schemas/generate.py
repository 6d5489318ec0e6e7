"""Makes the schema files of this folder from the vendor's OpenAPI description.

::

    python -m bizon_taps.pokeapi.schemas.generate openapi.yml

The description is https://github.com/PokeAPI/pokeapi/blob/master/openapi.yml.

Why its constraints are dropped: it marks as required and never null what answers do leave out or
null, and its lengths and ranges are those of database columns. A target that validates would
refuse good records because of them. What remains is the type of each field, or null.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bizon_taps.pokeapi.resources import RESOURCES

Schema = dict[str, Any]

FOLDER = Path(__file__).parent
COLLECTION_PATH = re.compile(r"/api/v2/([a-z-]+)/")
NULLABLE_TYPE = re.compile(r'\[\s+("\w+"),\s+"null"\s+\]')

UNDESCRIBED = frozenset({"PokemonSprites", "PokemonFormSprites", "TypeSprite"})
"""Parts whose answers hold other fields than described: one per game, and games are added."""

CORRECTIONS = {
    ("pokemon", "held_items"): ("pokemon", "item", "ItemSummary"),
    ("pokemon", "past_types", "types"): ("pokemon", "type", "TypeSummary"),
}
"""Lists described by a part that belongs to another resource: the path of the list, the field its
objects do not have, the one they have instead, and the part that describes it.

The answers' own shape is in https://github.com/PokeAPI/api-data, data/schema/v2/pokemon."""


class UnknownShapeError(ValueError):
    """The description uses a construct this script does not translate."""


def free_form() -> Schema:
    """Return the schema of an object that may hold anything."""
    return {"type": ["object", "null"]}


class Components:
    """The named parts of an OpenAPI description, translated to schemas without references.

    Args:
        parts: The description's ``components.schemas``.
    """

    def __init__(self, parts: Mapping[str, Schema]) -> None:
        """Keep the parts as they are."""
        self._parts = parts

    def record(self, node: Schema) -> Schema:
        """Return the schema of a record: an object whose key ``id`` is always there."""
        properties = {**self.translate(node)["properties"]}
        properties.pop("id", None)
        return {"type": "object", "properties": {"id": {"type": "integer"}, **properties}}

    def translate(self, node: Schema, within: tuple[str, ...] = ()) -> Schema:
        """Return a node with references inlined and null allowed.

        Args:
            node: A schema of the description.
            within: Names of the parts the node lies in; one that comes again is recursive and
                becomes a free-form object.

        Raises:
            UnknownShapeError: The node has several types or none.
        """
        if "$ref" in node:
            return self._referenced(node["$ref"].rpartition("/")[2], within)
        for keyword in ("allOf", "oneOf", "anyOf"):
            if keyword in node:
                return self.translate(_only(node[keyword], within), within)
        kind = _kind(node, within)
        if kind == "array":
            return {"type": ["array", "null"], "items": self.translate(node["items"], within)}
        if kind != "object":
            return {"type": [kind, "null"]}
        if "properties" not in node:
            return free_form()
        properties = {
            name: self.translate(child, within) for name, child in node["properties"].items()
        }
        return {"type": ["object", "null"], "properties": properties}

    def _referenced(self, name: str, within: tuple[str, ...]) -> Schema:
        if name in within or name in UNDESCRIBED:
            return free_form()
        return self.translate(self._parts[name], (*within, name))


def _only(alternatives: list[Schema], within: tuple[str, ...]) -> Schema:
    """Return the one alternative that is not null."""
    real = [alternative for alternative in alternatives if alternative.get("type") != "null"]
    if len(real) != 1:
        raise UnknownShapeError(f"{len(real)} alternatives in {' > '.join(within)}")
    return real[0]


def _kind(node: Schema, within: tuple[str, ...]) -> str:
    """Return the one type of a node besides null."""
    declared = node.get("type", [])
    declared = [declared] if isinstance(declared, str) else declared
    kinds = [kind for kind in declared if kind != "null"]
    if len(kinds) != 1:
        raise UnknownShapeError(
            f"{len(kinds)} types in {' > '.join(within)}; add the part to UNDESCRIBED"
        )
    return str(kinds[0])


def _answer(operation: Schema) -> Schema:
    """Return the schema of an operation's good answer."""
    answer: Schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return answer


def schemas(openapi: Mapping[str, Any]) -> dict[str, dict[str, Schema]]:
    """Return the schemas of each resource: ``{"berry": {"list": …, "detail": …}, …}``.

    Args:
        openapi: The whole description, parsed.

    Raises:
        UnknownShapeError: It has other resources than ``RESOURCES``, or untranslatable shapes.
    """
    paths = openapi["paths"]
    found = {match.group(1) for path in paths if (match := COLLECTION_PATH.fullmatch(path))}
    if differing := (found - {"meta"}) ^ set(RESOURCES):
        raise UnknownShapeError(f"update RESOURCES: {', '.join(sorted(differing))} differ")
    parts = openapi["components"]["schemas"]
    components = Components(parts)
    made = {}
    for resource in RESOURCES:
        listing = paths[f"/api/v2/{resource}/"]["get"]
        detail = paths[f"/api/v2/{resource}/{{id}}/"]["get"]
        envelope = parts[_answer(listing)["$ref"].rpartition("/")[2]]
        made[resource] = {
            "list": components.record(envelope["properties"]["results"]["items"]),
            "detail": components.record(_answer(detail)),
        }
    for (resource, *path), (wrong, right, part) in CORRECTIONS.items():
        fields = made[resource]["detail"]["properties"]
        for name in path:
            fields = fields[name]["items"]["properties"]
        fields.pop(wrong, None)
        fields[right] = components.translate(parts[part])
    return made


def rendered(schemas_of_resource: Mapping[str, Schema]) -> str:
    """Return the text of a schema file; a nullable type stays on its line."""
    text = json.dumps(schemas_of_resource, ensure_ascii=False, indent=1)
    return NULLABLE_TYPE.sub(r'[\1, "null"]', text) + "\n"


def main() -> None:
    """Write the schema files from the OpenAPI file named on the command line."""
    parser = argparse.ArgumentParser(description="Make the schema files from an openapi.yml.")
    parser.add_argument("openapi", type=Path, help="path of PokeAPI's openapi.yml")
    openapi = yaml.safe_load(parser.parse_args().openapi.read_text(encoding="utf-8"))
    for resource, made in schemas(openapi).items():
        (FOLDER / f"{resource}.json").write_text(rendered(made), encoding="utf-8")


if __name__ == "__main__":
    main()
