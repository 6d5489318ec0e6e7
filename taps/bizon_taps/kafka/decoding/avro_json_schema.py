"""The JSON Schema of what messages of an Avro schema become."""

from __future__ import annotations

from functools import reduce
from typing import Any

from bizon_singer.schema import JsonSchema, merge
from bizon_taps.kafka.decoding.avro_schema import AvroType

MAX_DESCRIBED = 10_000
BASE64: JsonSchema = {"type": "string", "contentEncoding": "base64"}

_PRIMITIVES: dict[str, str] = {
    "null": "null",
    "boolean": "boolean",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "string": "string",
    "enum": "string",
}
_LOGICAL: dict[str, JsonSchema] = {
    "decimal": {"type": "number"},
    "big-decimal": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "timestamp-millis": {"type": "string", "format": "date-time"},
    "timestamp-micros": {"type": "string", "format": "date-time"},
    "timestamp-nanos": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"},
}


def json_schema_of_avro(schema: AvroType) -> JsonSchema:
    """Return a JSON Schema that accepts every message of an Avro schema.

    Alternatives become one type that accepts them all, as the package's schemas are; what
    contains itself is free-form there, and so is what comes after a great many fields.
    """
    return _Describer().describe(schema, ())


class _Describer:
    """Describes the types of one schema."""

    def __init__(self) -> None:
        self._described = 0

    def describe(self, made: AvroType, around: tuple[AvroType, ...]) -> JsonSchema:
        """Return the schema of a type within others."""
        self._described += 1
        if made.kind == "record":
            return self._record(made, around)
        if made.kind == "union":
            parts: Any = (self.describe(branch, around) for branch in made.branches)
            return reduce(merge, parts) if made.branches else {}
        if made.kind == "array":
            return {"type": "array", "items": self.describe(made.items, around)}
        if made.kind == "map":
            return {
                "type": "object",
                "additionalProperties": self.describe(made.items, around),
            }
        if made.logical:
            return dict(_LOGICAL.get(made.logical, {"type": "string"}))
        if made.kind in {"bytes", "fixed"}:
            return dict(BASE64)
        return {"type": _PRIMITIVES[made.kind]}

    def _record(self, made: AvroType, around: tuple[AvroType, ...]) -> JsonSchema:
        described: JsonSchema = {"type": "object"}
        # Types used twice by types used twice double at each level.
        if made not in around and self._described <= MAX_DESCRIBED:
            inner = (*around, made)
            described["properties"] = {
                name: self.describe(field, inner) for name, field in made.fields
            }
        if made.doc:
            described["description"] = made.doc
        return described
