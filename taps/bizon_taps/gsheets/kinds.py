"""Kinds of columns as JSON Schema, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, tzinfo
from typing import Any

from bizon_taps.gsheets.cells import VALUED, Kind, common, text_of

_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.BOOLEAN: {"type": ["null", "boolean"]},
    Kind.INTEGER: {"type": ["null", "integer"]},
    Kind.NUMBER: {"type": ["null", "number"]},
    Kind.STRING: {"type": ["null", "string"]},
    Kind.DATE: {"type": ["null", "string"], "format": "date"},
    Kind.DATETIME: {"type": ["null", "string"], "format": "date-time"},
    Kind.TIME: {"type": ["null", "string"], "format": "time"},
    Kind.DURATION: {"type": ["null", "string"]},
}
_OF_TYPE = {
    "boolean": Kind.BOOLEAN,
    "integer": Kind.INTEGER,
    "number": Kind.NUMBER,
    "string": Kind.STRING,
}
_OF_FORMAT = {"date": Kind.DATE, "date-time": Kind.DATETIME}
AS_TEXT = frozenset({Kind.STRING, Kind.TIME, Kind.DURATION})
"""Kinds whose values are text already."""


def field_of(found: frozenset[Kind], header: str) -> dict[str, Any]:
    """Return the schema of a column from the kinds of its cells.

    Args:
        found: The kinds.
        header: What its header says, where its name does not say the same; else empty.
    """
    valued = sorted(kind for kind in found & VALUED)
    kind = common(valued)
    notes = [header] if header else []
    if kind is Kind.STRING and len(valued) > 1:
        notes.append(f"Holds {', '.join(valued[:-1])} and {valued[-1]}: all are read as text.")
    field = dict(_TYPES[kind])
    return {**field, "description": ". ".join(notes)} if notes else field


def declared_kind(field: Mapping[str, Any] | None) -> Kind | None:
    """Return the kind a field of a schema wants its values in; None for each in its own."""
    if field is None:
        return None
    declared = field.get("type")
    names = {declared} if isinstance(declared, str) else set(declared or ())
    names.discard("null")
    if len(names) != 1:
        return None
    name = names.pop()
    if name == "string" and "format" in field:
        return _OF_FORMAT.get(field["format"], Kind.STRING)
    return _OF_TYPE.get(name)


def fitted(kind: Kind, value: Any, wanted: Kind | None, zone: tzinfo) -> tuple[Any, bool]:
    """Return a value in the kind its column wants, and whether it became text for that.

    One that cannot be had in it stays what it is: the schema grows for it.
    """
    if wanted is Kind.STRING and kind not in AS_TEXT:
        return text_of(kind, value), True
    if wanted is Kind.DATETIME and kind is Kind.DATE:
        return datetime.combine(value, time(), zone), False
    return value, False
