"""The schema of a stream as records are checked against it, and widened when one does not fit.

Every record is checked before it is written, so a RECORD always validates against the SCHEMA
before it. A record that does not fit is never dropped or bent: the schema grows first (a new
field, another type), all fields nullable, and a new SCHEMA goes out before the record.

Why checks are closures compiled from the schema: validating by walking the schema for each record
(jsonschema, or the Singer SDK's conforming) costs 20 µs and more; one dictionary look-up per field
costs 0.05 µs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

JsonSchema = dict[str, Any]
Check = Callable[[Any], bool]

MAX_INFERRED_DEPTH = 10
"""Objects nested deeper are described as free-form."""
MAX_INFERRED_PROPERTIES = 100
"""A nested object with more fields than this is a map with arbitrary keys: free-form."""

_NONE = type(None)
_TEXT = frozenset({str, UUID, time})
_PYTHON_TYPES: dict[str, frozenset[type]] = {
    "null": frozenset({_NONE}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, Decimal}),
    "string": _TEXT,
    "object": frozenset({dict}),
    "array": frozenset({list}),
}
_FORMAT_TYPES: dict[str | None, frozenset[type]] = {
    "date-time": frozenset({str, datetime}),
    "date": frozenset({str, date}),
    None: _TEXT | {datetime, date},
}
_NOTHING: frozenset[type] = frozenset()
_ANYTHING = frozenset().union(*_PYTHON_TYPES.values(), {datetime, date})
_COMBINING = ("anyOf", "oneOf", "allOf", "$ref", "enum", "const", "not")


def types_of(schema: Mapping[str, Any]) -> set[str]:
    """Return the JSON types a schema allows, empty if it does not say."""
    declared = schema.get("type", ())
    return {declared} if isinstance(declared, str) else set(declared)


def _is_open(schema: Mapping[str, Any]) -> bool:
    """Tell whether anything is accepted as far as this module can tell."""
    return not types_of(schema) or any(word in schema for word in _COMBINING)


def finite(value: Any) -> bool:
    """Tell whether a free-form value needs no conversion at any depth."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and finite(item) for key, item in value.items())
    if kind is list:
        return all(map(finite, value))
    if kind is float:
        return bool(value - value == 0.0)
    return kind in _ANYTHING and not (kind is Decimal and not value.is_finite())


def compile_object(schema: Mapping[str, Any]) -> Check:
    """Compile the check of an object with ``properties``.

    Returns:
        A function that tells whether a dict fits: only known fields (unless
        ``additionalProperties`` is true), each of an allowed type, floats finite.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    compiled = {name: _compile_field(field) for name, field in properties.items()}
    allowed = {name: types for name, (types, _) in compiled.items()}
    deeper = [(name, check) for name, (_, check) in compiled.items() if check is not None]
    numbers = {
        name for name, field in properties.items() if "number" in types_of(field) or _is_open(field)
    }
    if schema.get("additionalProperties") is True:
        return _compile_lenient(allowed, numbers, deeper)

    def fits(record: dict[str, Any]) -> bool:
        try:
            for name, value in record.items():
                kind = type(value)
                if kind not in allowed[name] and not (
                    kind is float and name in numbers and value - value == 0.0
                ):
                    return False
        except KeyError:
            return False
        for name, check in deeper:
            value = record.get(name)
            if value is not None and not check(value):
                return False
        return True

    return fits


def _compile_lenient(
    allowed: dict[str, frozenset[type]], numbers: set[str], deeper: list[tuple[str, Check]]
) -> Check:
    """Compile the check of an object that may hold fields it does not name."""
    checks = dict(deeper)

    def fits(record: dict[str, Any]) -> bool:
        for name, value in record.items():
            known = allowed.get(name)
            if known is None:
                if type(name) is not str or not finite(value):
                    return False
                continue
            number = type(value) is float and name in numbers and finite(value)
            if type(value) not in known and not number:
                return False
            if value is not None and name in checks and not checks[name](value):
                return False
        return True

    return fits


def _compile_field(field: Mapping[str, Any]) -> tuple[frozenset[type], Check | None]:
    """Return the Python types a field may have, and a check of what is inside, if needed."""
    if _is_open(field):
        return _ANYTHING, finite
    names = types_of(field)
    types = frozenset[type]().union(*(_PYTHON_TYPES.get(name, _NOTHING) for name in names))
    if "string" in names:
        types |= _FORMAT_TYPES.get(field.get("format"), _TEXT)
    inside: dict[type, Check] = {}
    if "object" in names:
        free = "properties" not in field
        inside[dict] = finite if free else compile_object(field)
    if "array" in names:
        inside[list] = _compile_items(field.get("items") or {})
    if "number" in names:
        inside[Decimal] = finite
    if not inside:
        return types, None
    if len(types - {_NONE}) == 1 and len(inside) == 1:
        return types, next(iter(inside.values()))

    def check(value: Any) -> bool:
        deeper = inside.get(type(value))
        return deeper is None or deeper(value)

    if inside.keys() == {Decimal}:
        return types, check if Decimal in types else None
    return types, check


def _compile_items(items: Mapping[str, Any]) -> Check:
    if _is_open(items):
        return finite
    types, deeper = _compile_field(items)
    number = "number" in types_of(items)

    def check(values: list[Any]) -> bool:
        for value in values:
            kind = type(value)
            if kind not in types and not (kind is float and number and value - value == 0.0):
                return False
            if deeper is not None and value is not None and not deeper(value):
                return False
        return True

    return check


def infer(value: Any, depth: int = 0) -> JsonSchema:
    """Return the narrowest schema of a plain value, nullable.

    A value that is null gives ``{"type": ["null"]}``: nothing else is known of the field yet.
    """
    if value is None:
        return {"type": ["null"]}
    if isinstance(value, dict):
        if depth >= MAX_INFERRED_DEPTH or len(value) > MAX_INFERRED_PROPERTIES:
            return {"type": ["object", "null"]}
        fields = {name: infer(item, depth + 1) for name, item in value.items()}
        return (
            {"type": ["object", "null"], "properties": fields}
            if fields
            else {
                "type": ["object", "null"],
                "properties": {},
            }
        )
    if isinstance(value, list):
        items: JsonSchema = {}
        for item in value:
            items = merge(items, infer(item, depth + 1)) if items else infer(item, depth + 1)
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
_ORDER = ("boolean", "integer", "number", "string", "array", "object", "null")


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonSchema:
    """Return a schema that accepts whatever either of two schemas accepts."""
    if not old or not new or _is_open(old) or _is_open(new):
        return dict(old) if old and _is_open(old) else {}
    names = types_of(old) | types_of(new)
    if "number" in names:
        names.discard("integer")
    merged: JsonSchema = {
        key: value
        for key, value in old.items()
        if key not in {"format", "properties", "items", "type"}
    }
    merged["type"] = [name for name in _ORDER if name in names]
    if "string" in names:
        text = [side.get("format") for side in (old, new) if "string" in types_of(side)]
        if text[0] is not None and all(item == text[0] for item in text):
            merged["format"] = text[0]
    if "object" in names:
        _merge_properties(merged, old, new)
    if "array" in names:
        lists = [side.get("items") or {} for side in (old, new) if "array" in types_of(side)]
        known = [items for items in lists if items]
        merged["items"] = merge(known[0], known[1]) if len(known) > 1 else dict(*known[:1])
    return merged


def _merge_properties(merged: JsonSchema, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    sides = [side for side in (old, new) if "object" in types_of(side)]
    if any("properties" not in side for side in sides):
        merged.pop("properties", None)
        return
    fields: dict[str, Any] = {}
    for side in sides:
        for name, field in side["properties"].items():
            fields[name] = merge(fields[name], field) if name in fields else field
    declared = sides[0]["properties"]
    if len(fields) > max(MAX_INFERRED_PROPERTIES, len(declared)):
        return
    merged["properties"] = fields


class RecordSchema:
    """The schema of one stream's records, with its compiled check.

    Args:
        schema: Where it starts: declared, from a catalog, or an empty object.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Compile the check."""
        self._schema: JsonSchema = {"type": "object", **schema}
        self._schema["properties"] = dict(schema.get("properties", {}))
        self.fits: Check = compile_object(self._schema)

    def to_dict(self) -> JsonSchema:
        """Return the schema as it stands."""
        return self._schema

    def widen(self, record: Mapping[str, Any]) -> list[str]:
        """Let the schema accept a plain record.

        Returns:
            The top-level fields that had to change, in the record's order.
        """
        fields = self._schema["properties"]
        changed = []
        for name, value in record.items():
            known = fields.get(name)
            seen = infer(value, depth=1)
            if known is None:
                wider = seen
            elif compile_object({"properties": {name: known}})({name: value}):
                continue
            else:
                wider = merge(known, seen)
            if wider != known:
                fields[name] = wider
                changed.append(name)
        if changed:
            self.fits = compile_object(self._schema)
        return changed
