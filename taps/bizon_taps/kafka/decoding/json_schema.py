"""A JSON Schema of a registry as one document, what it refers to in its definitions.

A registry keeps each document apart and says by which name one refers to another; the package
resolves references within one document only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from bizon_singer.schema import JsonSchema

_DEFINITIONS = "$defs"
_PREFIX = "reference-"


def bundled(text: str, references: tuple[tuple[str, str], ...]) -> JsonSchema | None:
    """Return a schema with the ones it refers to inside, None if one of them is no schema.

    Args:
        text: The schema.
        references: Names and texts of the schemas it refers to.
    """
    try:
        root = json.loads(text)
        others = {name: json.loads(other) for name, other in references}
        if not isinstance(root, dict):
            return None
        places = _places(others)
        made: JsonSchema = _rewritten(root, "", _id_of(root), places)
        if others:
            inner = {
                f"{_PREFIX}{index}": _rewritten(
                    other, f"/{_DEFINITIONS}/{_PREFIX}{index}", _id_of(other) or name, places
                )
                for index, (name, other) in enumerate(others.items())
            }
            own = made.get(_DEFINITIONS)
            made[_DEFINITIONS] = {**(own if isinstance(own, dict) else {}), **inner}
    except (ValueError, RecursionError):
        return None
    return made


def _places(others: Mapping[str, Any]) -> dict[str, str]:
    """Return where each document will stand, by its name in the registry and by its own."""
    places = {}
    for index, (name, other) in enumerate(others.items()):
        place = f"/{_DEFINITIONS}/{_PREFIX}{index}"
        places[name] = place
        if own := _id_of(other):
            places.setdefault(own.rstrip("#"), place)
    return places


def _id_of(document: Any) -> str:
    own = document.get("$id") if isinstance(document, dict) else None
    return own if isinstance(own, str) else ""


def _rewritten(node: Any, place: str, base: str, places: Mapping[str, str]) -> Any:
    """Return a part of a document with its references as they are in the one made of all."""
    if isinstance(node, list):
        return [_rewritten(item, place, base, places) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _rewritten(item, place, base, places) for key, item in node.items()}
    if isinstance(node.get("$ref"), str):
        made["$ref"] = _target(node["$ref"], place, base, places)
    return made


def _target(reference: str, place: str, base: str, places: Mapping[str, str]) -> str:
    document, _, pointer = reference.partition("#")
    if not document or document == base:
        return f"#{place}{pointer}"
    found = places.get(document, places.get(urljoin(base, document)))
    return reference if found is None else f"#{found}{pointer}"
