"""The schema of a stream as records are checked against it, and widened when one does not fit.

Every record is checked before it is written, so a RECORD always validates against the SCHEMA
before it. A record that does not fit is never dropped or bent: the schema grows first (a new
field, another type), all fields nullable, and a new SCHEMA goes out before the record.

What is not checked is not declared: of a declared schema, types, fields, items, the formats
``date-time``, ``date`` and ``uuid`` and descriptions are kept; constraints such as ``enum``,
``required`` or ``maxLength`` are left out (:func:`structural`). A tap reports what is there, and
a value that breaks a promise of its schema would stop the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from bizon_singer.fitting import FORMATS, TYPES, Check, compile_object, holds, types_of
from bizon_singer.page_check import PageCheck

JsonSchema = dict[str, Any]

MAX_INFERRED_DEPTH = 10
"""Objects and arrays nested deeper are described as free-form."""
MAX_INFERRED_PROPERTIES = 100
"""A nested object with more fields than this is a map with arbitrary keys: free-form."""

_STRUCTURE = frozenset({"type", "format", "properties", "items", "additionalProperties"})
_ANNOTATIONS = frozenset({"title", "description", "deprecated", "readOnly", "writeOnly"})
_IMPLIED = {"properties": "object", "items": "array"}


# What a declared schema comes down to.


def structural(schema: Any) -> JsonSchema:
    """Return the part of a schema that is checked: it accepts what the schema does, and more.

    References are resolved; alternatives (``anyOf``) become one type that accepts them all.
    Fields or items without a type are taken for an object's or an array's, as they are meant.
    """
    return _structural(schema, schema, ())


def _structural(schema: Any, root: Any, path: tuple[str, ...]) -> JsonSchema:
    if not isinstance(schema, Mapping):
        return {}
    notes = {key: value for key, value in schema.items() if _is_annotation(key, value)}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = None if reference in path else _resolved(reference, root)
        return {**_structural(target, root, (*path, reference)), **notes}
    declared = schema.get("type")
    names = types_of(schema) or {name for key, name in _IMPLIED.items() if key in schema}
    if not names:
        return {**_alternatives(schema, root, path), **notes}
    ordered = [name for name in TYPES if name in names]
    kept: JsonSchema = {"type": ordered if isinstance(declared, (list, tuple)) else ordered[0]}
    if "string" in names and schema.get("format") in FORMATS:
        kept["format"] = schema["format"]
    if "object" in names:
        kept |= _structural_object(schema, root, path)
    if "array" in names and "items" in schema:
        kept["items"] = _structural(schema["items"], root, path)
    return {**kept, **notes}


def _is_annotation(key: Any, value: Any) -> bool:
    known = isinstance(key, str) and (key in _ANNOTATIONS or key.startswith("x-"))
    return known and isinstance(value, (str, int, float))


def _structural_object(
    schema: Mapping[str, Any], root: Any, path: tuple[str, ...]
) -> dict[str, Any]:
    fields = schema.get("properties")
    if not isinstance(fields, Mapping):
        return {}
    more = schema.get("additionalProperties", False)
    is_map = more not in (False, None) or bool(schema.get("patternProperties"))
    if is_map and not fields:
        return {}
    known = {str(name): _structural(field, root, path) for name, field in fields.items()}
    return {"properties": known, **({"additionalProperties": True} if is_map else {})}


def _alternatives(schema: Mapping[str, Any], root: Any, path: tuple[str, ...]) -> JsonSchema:
    """Return what a schema without a type of its own says by other means."""
    for word in ("anyOf", "oneOf"):
        if _listed(schema, word):
            return reduce(merge, (_structural(item, root, path) for item in schema[word]))
    for item in _listed(schema, "allOf"):
        part = _structural(item, root, path)
        if types_of(part):
            return part
    values = _listed(schema, "enum") or ([schema["const"]] if "const" in schema else [])
    return reduce(merge, map(infer, values)) if values else {}


def _listed(schema: Mapping[str, Any], word: str) -> list[Any]:
    value = schema.get(word)
    return value if isinstance(value, list) else []


def _resolved(reference: str, root: Any) -> Any:
    """Return what a reference into the same document points to, None if it is not there."""
    pointer = reference.removeprefix("#")
    if pointer == reference or not (pointer == "" or pointer.startswith("/")):
        return None  # another document, or a name
    node = root
    for name in pointer.split("/")[1:]:
        key = name.replace("~1", "/").replace("~0", "~")
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


# Inference.


def infer(value: Any, depth: int = 0) -> JsonSchema:
    """Return the narrowest schema of a plain value, nullable.

    A value that is null gives ``{"type": ["null"]}``: nothing else is known of the field yet.
    The items of an empty array are described the same way.
    """
    if value is None:
        return {"type": ["null"]}
    if isinstance(value, dict):
        if depth >= MAX_INFERRED_DEPTH or len(value) > MAX_INFERRED_PROPERTIES:
            return {"type": ["object", "null"]}
        fields = {name: infer(item, depth + 1) for name, item in value.items()}
        return {"type": ["object", "null"], "properties": fields}
    if isinstance(value, list):
        if depth >= MAX_INFERRED_DEPTH:
            return {"type": ["array", "null"]}
        items = reduce(merge, (infer(item, depth + 1) for item in value), {"type": ["null"]})
        return {"type": ["array", "null"], "items": items}
    for kinds, schema in _SCALARS:
        if isinstance(value, kinds):
            return {**schema, "type": [*schema["type"], "null"]}
    return {"type": ["string", "null"]}


_SCALARS: tuple[tuple[Any, JsonSchema], ...] = (
    (bool, {"type": ["boolean"]}),
    (int, {"type": ["integer"]}),
    ((float, Decimal), {"type": ["number"]}),
    (datetime, {"type": ["string"], "format": "date-time"}),
    (date, {"type": ["string"], "format": "date"}),
)


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonSchema:
    """Return a schema that accepts whatever either of two schemas accepts.

    Annotations are those of the old one, where both have them.
    """
    sides = (old, new)
    merged: JsonSchema = {
        key: value for side in (new, old) for key, value in side.items() if key not in _STRUCTURE
    }
    if not types_of(old) or not types_of(new):
        return merged
    names = types_of(old) | types_of(new)
    if "number" in names:
        names.discard("integer")
    merged["type"] = [name for name in TYPES if name in names]
    texts = {side.get("format") for side in sides if "string" in types_of(side)}
    if len(texts) == 1 and texts != {None}:
        merged["format"] = texts.pop()
    merged |= _merged_fields([side for side in sides if "object" in types_of(side)])
    arrays = [side for side in sides if "array" in types_of(side)]
    if arrays and all("items" in side for side in arrays):
        merged["items"] = reduce(merge, (side["items"] for side in arrays))
    return merged


def _merged_fields(sides: list[Mapping[str, Any]]) -> JsonSchema:
    """Merge what is said of an object's fields."""
    if not sides or any("properties" not in side for side in sides):
        return {}
    known = [side["properties"] for side in sides]
    fields: dict[str, Any] = {}
    for name in dict.fromkeys(name for properties in known for name in properties):
        fields[name] = reduce(merge, (each[name] for each in known if name in each))
    maps = [side["properties"] for side in sides if side.get("additionalProperties") is True]
    if maps:
        # What a map does not name may be anything in it.
        fields = {
            name: field for name, field in fields.items() if all(name in each for each in maps)
        }
        return {"properties": fields, "additionalProperties": True} if fields else {}
    if len(fields) > max(MAX_INFERRED_PROPERTIES, *map(len, known)):
        return {}
    return {"properties": fields}


class RecordSchema:
    """The schema of one stream's records, with its compiled check.

    Args:
        schema: Where it starts: declared, from a catalog, or an empty object.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Compile the check."""
        self._schema: JsonSchema = {"properties": {}, **structural(schema)}
        self._schema.pop("additionalProperties", None)
        if "object" not in types_of(self._schema):
            self._schema["type"] = "object"
        self.fits: Check = compile_object(self._schema)
        self._page_check = PageCheck(self._schema)

    def all_fit(self, records: list[dict[str, Any]]) -> bool:
        """Tell whether the schema accepts all records of a page."""
        if self._page_check.accepts(records):
            return True
        if not all(map(self.fits, records)):
            return False
        self._page_check.was_wrong()
        return True

    def to_dict(self) -> JsonSchema:
        """Return the schema as it stands; a wider one will be another object."""
        return self._schema

    def widen(self, record: Mapping[str, Any]) -> list[str]:
        """Let the schema accept a plain record.

        Returns:
            The top-level fields that had to change, in the record's order.
        """
        fields = self._schema["properties"]
        wider = {}
        for name, value in record.items():
            seen = infer(value, depth=1)
            if name not in fields:
                wider[name] = seen
            elif not holds(fields[name], value):
                wider[name] = merge(fields[name], seen)
        if wider:
            self._schema = {**self._schema, "properties": {**fields, **wider}}
            self.fits = compile_object(self._schema)
            self._page_check = PageCheck(self._schema)
        return list(wider)
