"""The types of an Avro schema, parsed once and resolved by name.

https://avro.apache.org/docs/1.12.0/specification/

A schema is a tree of :class:`AvroType`; a named type that is used again is the same object, so a
recursive schema is a cycle. Schemas a registry refers to are parsed first, into the same names.
As the specification asks, a logical type that is unknown or does not fit its type is ignored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from bizon_taps.kafka.decoding.error import BrokenSchemaError, DecodeError

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
MAX_SCHEMA_DEPTH = 100
UUID_BYTES = 16
DURATION_BYTES = 12

_LOGICAL_TYPES = {
    "date": "int",
    "time-millis": "int",
    "time-micros": "long",
    "timestamp-millis": "long",
    "timestamp-micros": "long",
    "timestamp-nanos": "long",
    "local-timestamp-millis": "long",
    "local-timestamp-micros": "long",
    "local-timestamp-nanos": "long",
    "big-decimal": "bytes",
}


@dataclass(eq=False)
class AvroType:
    """A type of a schema.

    Attributes:
        kind: A primitive's name, or record, enum, array, map, union or fixed.
        logical: Its logical type, empty without one that fits.
        fields: Names and types of a record's fields.
        branches: What a union may hold; the one item type of an array or map.
        symbols: Texts of an enum.
        size: Bytes of a fixed.
        scale: Digits after the point of a decimal.
        doc: What its author says of it.
    """

    kind: str
    logical: str = ""
    fields: list[tuple[str, AvroType]] = field(default_factory=list)
    branches: list[AvroType] = field(default_factory=list)
    symbols: list[str] = field(default_factory=list)
    size: int = 0
    scale: int = 0
    doc: str = ""
    is_recursive: bool = False

    @property
    def items(self) -> AvroType:
        """What an array or a map holds."""
        return self.branches[0]


def parse_avro(text: str, references: list[str]) -> AvroType:
    """Parse a schema.

    Args:
        text: The schema.
        references: The schemas whose types it uses, each after those it uses itself.

    Raises:
        DecodeError: One of them is no Avro schema.
    """
    parser = _Parser()
    try:
        for reference in references:
            parser.parse(json.loads(reference), "", 0)
        return parser.parse(json.loads(text), "", 0)
    except (ValueError, RecursionError):
        raise DecodeError("its schema is no JSON") from None
    except BrokenSchemaError as error:
        raise DecodeError(f"its schema is no Avro schema: {error}") from None


class _Parser:
    """Parses schemas that share their names."""

    def __init__(self) -> None:
        self._named: dict[str, AvroType] = {}
        self._open: list[AvroType] = []

    def parse(self, schema: Any, namespace: str, depth: int) -> AvroType:
        """Return the type a JSON value stands for.

        Args:
            schema: The JSON value.
            namespace: Of the named type around it.
            depth: How deep it stands in the schema.
        """
        if depth > MAX_SCHEMA_DEPTH:
            raise BrokenSchemaError(f"it is nested deeper than {MAX_SCHEMA_DEPTH} levels")
        if isinstance(schema, str):
            return self._by_name(schema, namespace)
        if isinstance(schema, list):
            branches = [self.parse(branch, namespace, depth + 1) for branch in schema]
            return AvroType("union", branches=branches)
        if not isinstance(schema, dict):
            raise BrokenSchemaError("a type is neither text nor list nor object")
        kind = schema.get("type")
        if not isinstance(kind, str):
            return self.parse(kind, namespace, depth + 1)
        if kind in {"record", "error", "enum", "fixed"}:
            return self._named_type(schema, kind, namespace, depth)
        if kind in {"array", "map"}:
            inner = schema.get("items" if kind == "array" else "values")
            return AvroType(kind, branches=[self.parse(inner, namespace, depth + 1)])
        if kind in PRIMITIVES:
            return _with_logical(AvroType(kind), schema)
        return self._by_name(kind, namespace)

    def _by_name(self, name: str, namespace: str) -> AvroType:
        if name in PRIMITIVES:
            return AvroType(name)
        known = self._named.get(_full(name, namespace)) or self._named.get(name)
        if known is None:
            raise BrokenSchemaError("it uses a type it does not define; is a reference missing?")
        if known in self._open:
            known.is_recursive = True
        return known

    def _named_type(
        self, schema: dict[str, Any], kind: str, namespace: str, depth: int
    ) -> AvroType:
        name = schema.get("name")
        if not isinstance(name, str) or not name:
            raise BrokenSchemaError("a named type has no name")
        own = schema.get("namespace")
        full = _full(name, own if isinstance(own, str) else namespace)
        made = AvroType("record" if kind == "error" else kind, doc=_doc(schema))
        self._named[full] = made
        if made.kind == "record":
            self._open.append(made)
            made.fields = self._fields(schema.get("fields"), full.rpartition(".")[0], depth)
            self._open.pop()
        elif made.kind == "enum":
            made.symbols = _symbols(schema.get("symbols"))
        else:
            made.size = _size(schema.get("size"))
            _with_logical(made, schema)
        return made

    def _fields(self, fields: Any, namespace: str, depth: int) -> list[tuple[str, AvroType]]:
        if not isinstance(fields, list):
            raise BrokenSchemaError("a record has no list of fields")
        parsed: dict[str, AvroType] = {}
        for item in fields:
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str) or name in parsed:
                raise BrokenSchemaError("a field has no name, or that of another field")
            parsed[name] = self.parse(item.get("type"), namespace, depth + 1)
        return list(parsed.items())


def _full(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _doc(schema: dict[str, Any]) -> str:
    doc = schema.get("doc")
    return doc if isinstance(doc, str) else ""


def _symbols(symbols: Any) -> list[str]:
    if not isinstance(symbols, list) or not all(isinstance(item, str) for item in symbols):
        raise BrokenSchemaError("an enum has no list of symbols")
    return symbols


def _size(size: Any) -> int:
    if not _is_count(size):
        raise BrokenSchemaError("a fixed has no size")
    return size


def _with_logical(made: AvroType, schema: dict[str, Any]) -> AvroType:
    """Set the logical type, if the schema names one that fits."""
    logical = schema.get("logicalType")
    if logical == "decimal" and made.kind in {"bytes", "fixed"}:
        scale, precision = schema.get("scale", 0), schema.get("precision")
        if _is_count(scale) and _is_count(precision) and scale <= precision > 0:
            made.logical, made.scale = logical, scale
    elif logical == "uuid":
        if made.kind == "string" or (made.kind == "fixed" and made.size == UUID_BYTES):
            made.logical = logical
    elif logical == "duration":
        if made.kind == "fixed" and made.size == DURATION_BYTES:
            made.logical = logical
    elif isinstance(logical, str) and _LOGICAL_TYPES.get(logical) == made.kind:
        made.logical = logical
    return made


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
