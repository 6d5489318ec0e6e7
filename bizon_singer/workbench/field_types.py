"""Which types the fields of a stream have had so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

NUMBER = "a number"
NAMES = {
    "string": "text",
    "integer": NUMBER,
    "number": NUMBER,
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
"""What the types of JSON Schema are called; a column of numbers holds integers as well."""
MAX_DEPTH = 10
MAX_FIELDS = 2_000
"""An object whose keys are data has any number of fields."""


class FieldTypes:
    """Remembers the first type of each field, by its path.

    Args:
        schema: JSON Schema the source declares, None if it declares none.
    """

    def __init__(self, schema: Mapping[str, Any] | None) -> None:
        """Know what is declared."""
        self._known: dict[str, tuple[frozenset[str], str]] = {}
        self._declare(schema or {}, "")

    def _declare(self, schema: Mapping[str, Any], path: str) -> None:
        declared = schema.get("type", [])
        types = {declared} if isinstance(declared, str) else set(declared)
        names = frozenset(NAMES[item] for item in types - {"null"} if item in NAMES)
        if path and names:
            self._known[path] = names, f"declared to be {' or '.join(sorted(names))}"
        for name, field in schema.get("properties", {}).items():
            if isinstance(field, Mapping):
                self._declare(field, _joined(path, name))
        items = schema.get("items")
        if isinstance(items, Mapping):
            self._declare(items, _items_of(path))
        elif "array" in types:
            self._known[_items_of(path)] = frozenset(NAMES.values()), "declared to be anything"

    def add(self, record: Mapping[str, Any], place: str) -> Iterator[tuple[str, str, str]]:
        """Note the types in a record; yield field, former type and new one where they differ.

        Each field is told once.
        """
        for path, value in _leaves(record, "", 0):
            kind = _kind(value)
            if kind is None or (path not in self._known and len(self._known) >= MAX_FIELDS):
                continue
            kinds, before = self._known.setdefault(path, (frozenset({kind}), f"{kind} in {place}"))
            if kind not in kinds:
                self._known[path] = kinds | {kind}, before
                if len(kinds) == 1 or before.startswith("declared"):
                    yield path, before, kind


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _items_of(path: str) -> str:
    return f"{path}[]"


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the fields of an object and of those in it, and the items of a list as one field."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        inside = ((_joined(path, name), inner) for name, inner in value.items())
    else:
        inside = ((_items_of(path), inner) for inner in value)
    for name, inner in inside:
        yield name, inner
        if isinstance(inner, (Mapping, list)):
            yield from _leaves(inner, name, depth + 1)


def _kind(value: Any) -> str | None:
    """Return the name of a value's type as a target sees it, None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return NAMES["boolean"]
    if isinstance(value, (int, float, Decimal)):
        return NUMBER
    if isinstance(value, Mapping):
        return NAMES["object"]
    return NAMES["array"] if isinstance(value, list) else NAMES["string"]
