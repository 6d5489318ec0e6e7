"""Whether a record fits a schema: checks compiled once, run for every record.

Why closures: validating by walking the schema for each record (jsonschema, or the Singer SDK's
conforming) costs 20 µs and more; one dictionary look-up per field costs 0.06 µs, and a text that
is declared a date-time 0.35 µs. Most pages never come here: :mod:`bizon_singer.page_check` tells at
once that all their records fit. Checking by column in Python was tried, by the types of the fields
and by the shapes of records: a tenth faster, which did not pay for a second form of every check.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from bizon_singer.moments import has_rfc3339_offset
from bizon_singer.source.models import JsonObject
from bizon_singer.values import MAX_DEPTH, is_writable

Check = Callable[[Any], bool]

TYPES = ("boolean", "integer", "number", "string", "array", "object", "null")
FORMATS = ("date-time", "date", "uuid")
"""The formats that are checked."""

_NONE = type(None)


def types_of(schema: Mapping[str, Any]) -> set[str]:
    """Return the JSON types a schema allows, empty if it does not say."""
    declared = schema.get("type", ())
    names = (declared,) if isinstance(declared, str) else declared
    if not isinstance(names, (list, tuple)):
        return set()
    return {name for name in names if name in TYPES}


_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_parse_moment = datetime.fromisoformat
_WHOLE_SECONDS = len("2024-01-31T12:00:00Z")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")


def is_date_time(text: str) -> bool:
    """Tell whether a text is an RFC 3339 date-time."""
    # One slice looks at five places, in two thirds of the time the pattern takes; whatever else
    # fromisoformat understands (weeks, hours alone, decimal commas) differs in one of them.
    places = text[7:20:3]
    if (
        places != "-T::Z"
        and (places != "-T::." or text[-1] != "Z" or text[-2] == ".")
        and _DATE_TIME.fullmatch(text) is None
    ):
        return False
    try:
        _parse_moment(text)
    except ValueError:
        return False
    return True


def are_date_times(texts: list[str]) -> bool:
    """Tell whether all texts are RFC 3339 date-times; of many that look alike, in half the time."""
    lengths = set(map(len, texts))
    if len(lengths) != 1 or not _look_alike("".join(texts), lengths.pop()):
        return all(map(is_date_time, texts))
    try:
        deque(map(_parse_moment, texts), maxlen=0)
    except ValueError:
        return False
    return True


def _look_alike(texts: str, length: int) -> bool:
    """Tell whether texts of one length are ``____-__-__T__:__:__Z``, with or without a fraction."""
    if length < _WHOLE_SECONDS or length == _WHOLE_SECONDS + 1:
        return False
    count = len(texts) // length
    marks = {7: "-", 10: "T", 13: ":", 16: ":", 19: ".", length - 1: "Z"}
    return all(texts[place::length] == mark * count for place, mark in marks.items())


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10 and text[7] == "-"  # noqa: PLR2004 - not 20240131 or 2024-W05-3


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def is_plain(value: Any, depth: int = 0) -> bool:
    """Tell whether a dict or list of any form needs no conversion at any depth.

    Keys are not looked at: orjson refuses those that are no strings, see ``ValueReader.exact``.
    """
    if depth > MAX_DEPTH:
        return False
    for item in value.values() if type(value) is dict else value:
        kind = type(item)
        if kind not in _PLAIN:
            if kind is dict or kind is list:
                if not is_plain(item, depth + 1):
                    return False
            elif kind not in _TO_CHECK or not _TO_CHECK[kind](item):
                return False
    return True


_TEXT: frozenset[type] = frozenset({str, UUID})
_PLAIN: frozenset[type] = _TEXT | {int, bool, _NONE, date, JsonObject}
_TO_CHECK: dict[type, Check] = {
    float: math.isfinite,
    Decimal: is_writable,
    datetime: has_rfc3339_offset,
}


class Field(NamedTuple):
    """What a field may hold: types whose every value fits, and types with a check of values."""

    plain: frozenset[type]
    inside: dict[type, Check]


_ANYTHING = Field(_PLAIN, {**_TO_CHECK, dict: is_plain, list: is_plain})
_OF_TYPE: dict[str, Field] = {
    "null": Field(frozenset({_NONE}), {}),
    "boolean": Field(frozenset({bool}), {}),
    "integer": Field(frozenset({int}), {}),
    "number": Field(frozenset({int}), {float: math.isfinite, Decimal: is_writable}),
}
_OF_FORMAT: dict[Any, Field] = {
    "date-time": Field(frozenset(), {str: is_date_time, datetime: has_rfc3339_offset}),
    "date": Field(frozenset({date}), {str: _is_date}),
    "uuid": Field(frozenset({UUID}), {str: _is_uuid}),
}
_FREE_FORM = Field(frozenset({JsonObject}), {})
_ANY_TEXT = Field(_TEXT | {date}, {datetime: has_rfc3339_offset})


def compile_object(schema: Mapping[str, Any]) -> Check:
    """Compile the check of an object with ``properties``.

    Args:
        schema: As :func:`structural` gives it.

    Returns:
        A function that tells whether a dict fits: only known fields (unless
        ``additionalProperties`` is true), each of an allowed type and form.
    """
    fields = {name: compile_field(field) for name, field in schema.get("properties", {}).items()}
    if schema.get("additionalProperties") is True:
        return _compile_map(fields)
    plain = {name: field.plain for name, field in fields.items()}
    inside = {name: field.inside for name, field in fields.items()}

    def fits(record: dict[str, Any]) -> bool:
        try:
            for name, value in record.items():
                kind = type(value)
                if kind not in plain[name] and not inside[name][kind](value):
                    return False
        except KeyError:  # of an unknown field, or of a type it must not have
            return False
        return True

    return fits


def _compile_map(fields: Mapping[str, Field]) -> Check:
    """Compile the check of an object that may hold fields it does not name."""

    def fits(record: dict[str, Any]) -> bool:
        return all(
            isinstance(name, str) and _holds(fields.get(name, _ANYTHING), value)
            for name, value in record.items()
        )

    return fits


def _holds(field: Field, value: Any) -> bool:
    kind = type(value)
    return kind in field.plain or (kind in field.inside and field.inside[kind](value))


def hold_all(field: Field, values: list[Any]) -> bool:
    """Tell whether a field may hold all of some values: the items of an array, a column."""
    kinds = set(map(type, values))
    for kind in kinds - field.plain:
        check = field.inside.get(kind)
        if check is None:
            return False
        column: list[Any] = (
            values if len(kinds) == 1 else [item for item in values if type(item) is kind]
        )
        if not (are_date_times(column) if check is is_date_time else all(map(check, column))):
            return False
    return True


def holds(schema: Mapping[str, Any], value: Any) -> bool:
    """Tell whether a field of some schema may hold a value."""
    return _holds(compile_field(schema), value)


def compile_field(schema: Mapping[str, Any]) -> Field:
    """Compile the check of one field."""
    names = types_of(schema)
    if not names:
        return _ANYTHING
    parts = [_OF_TYPE[name] for name in names if name in _OF_TYPE]
    if "string" in names:
        parts.append(_OF_FORMAT.get(schema.get("format"), _ANY_TEXT))
    inside: dict[type, Check] = {}
    for part in parts:
        inside |= part.inside
    if "object" in names:
        inside[dict] = compile_object(schema) if "properties" in schema else is_plain
        if "properties" not in schema:
            parts.append(_FREE_FORM)
    if "array" in names:
        inside[list] = _compile_items(schema.get("items") or {})
    return Field(frozenset[type]().union(*(part.plain for part in parts)), inside)


def _compile_items(schema: Mapping[str, Any]) -> Check:
    if not types_of(schema):
        return is_plain
    field = compile_field(schema)
    return lambda values: hold_all(field, values)
