"""The columns of a data source: one for each property, known by its id and named after it.

A property's column is the name of the property in small letters, digits and ``_``. Where that
would be the column of another property too, of a field every row has, or nothing at all, each of
them gets its property's id behind it (as hex digits, so that case never matters): the name of a
column depends on no order, and two properties never share one.

==================================  ============================================================
property                            column
==================================  ============================================================
title, rich_text                    text, without its styles (the stream ``pages`` has them)
number, checkbox                    number, boolean
select, status                      text: the name of the option
multi_select                        array of names
date                                object of ``start``, ``end`` and ``time_zone``
people, files                       array of objects
relation                            array of the ids of pages
url, email, phone_number            text
created_time, last_edited_time      date-time
unique_id                           text, such as ``TASK-12``
formula, rollup                     what was computed, of any type
anything else, also what is to come the value as Notion gives it
==================================  ============================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bizon_taps.notion.ids import slug
from bizon_taps.notion.workspace import JSON, type_of

COLUMN_CHARACTERS = 40
WITHOUT_VALUE = frozenset({"incomplete", "unsupported"})
"""Types of rollups that have no value."""

TEXT: JSON = {"type": ["null", "string"]}
TIME: JSON = {"type": ["null", "string"], "format": "date-time"}
FLAG: JSON = {"type": ["null", "boolean"]}
OBJECT: JSON = {"type": ["null", "object"]}
ANYTHING: JSON = {"type": ["null", "boolean", "number", "string", "array", "object"]}

FIXED: dict[str, JSON] = {
    "id": {"type": ["string"]},
    "created_time": TIME,
    "last_edited_time": TIME,
    "created_by": OBJECT,
    "last_edited_by": OBJECT,
    "parent": OBJECT,
    "icon": OBJECT,
    "cover": OBJECT,
    "url": TEXT,
    "public_url": TEXT,
    "in_trash": FLAG,
    "archived": FLAG,
    "is_archived": FLAG,
    "is_locked": FLAG,
}
"""The fields every row has, of the page it is."""


@dataclass(frozen=True, slots=True)
class Column:
    """The column of a property.

    Attributes:
        name: Its name.
        schema: JSON Schema of its values.
    """

    name: str
    schema: JSON


def columns_of(source: JSON) -> dict[str, Column]:
    """Return the columns of a data source by the ids of their properties."""
    properties: Any = source.get("properties")
    known = {}
    for name, item in properties.items() if isinstance(properties, dict) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            known[item["id"]] = (str(item.get("name") or name), type_of(item))
    names = _names({identity: name for identity, (name, _) in known.items()})
    return {
        identity: Column(
            names[identity],
            {**_schema_of(kind), "description": f"{name} ({kind}, property {identity})"},
        )
        for identity, (name, kind) in known.items()
    }


def _names(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the names of columns by the ids of properties, no two of them equal."""
    plain = {identity: slug(name)[:COLUMN_CHARACTERS] for identity, name in properties.items()}
    marked = {identity for identity, name in plain.items() if not name or name in FIXED}
    while True:
        names = {
            identity: _marked(name, identity) if identity in marked else name
            for identity, name in plain.items()
        }
        counts = Counter(names.values())
        clashing = {identity for identity, name in names.items() if counts[name] > 1} - marked
        if not clashing:
            return names
        marked |= clashing


def _marked(name: str, identity: str) -> str:
    return f"{name or 'property'}_{unquote(identity).encode().hex()}"


def _schema_of(kind: str) -> JSON:
    return _SCHEMAS.get(kind, ANYTHING)


_SCHEMAS: dict[str, JSON] = {
    **dict.fromkeys(("title", "rich_text", "select", "status", "unique_id"), TEXT),
    **dict.fromkeys(("url", "email", "phone_number"), TEXT),
    **dict.fromkeys(("created_time", "last_edited_time"), TIME),
    **dict.fromkeys(("created_by", "last_edited_by"), OBJECT),
    "number": {"type": ["null", "number"]},
    "checkbox": FLAG,
    "multi_select": {"type": ["null", "array"], "items": {"type": ["null", "string"]}},
    "relation": {"type": ["null", "array"], "items": {"type": ["null", "string"]}},
    "people": {"type": ["null", "array"], "items": OBJECT},
    "files": {"type": ["null", "array"], "items": OBJECT},
    "date": {
        "type": ["null", "object"],
        "properties": {"start": TEXT, "end": TEXT, "time_zone": TEXT},
    },
}


# Values


def row_of(page: JSON, columns: Mapping[str, Column]) -> JSON:
    """Return a page as a row; a property that has come since gets a column of its own."""
    row = {name: page[name] for name in FIXED if name in page}
    properties: Any = page.get("properties")
    for name, item in properties.items() if isinstance(properties, dict) else ():
        if isinstance(item, dict):
            column = columns.get(str(item.get("id")))
            named = column.name if column else _marked(slug(name), str(item.get("id")))
            row[named] = value_of(item)
    return row


def value_of(item: JSON) -> Any:
    """Return the value of a property, by the type it says it has."""
    kind = type_of(item)
    value = item.get(kind)
    convert = _CONVERTERS.get(kind)
    return value if value is None or convert is None else convert(value)


def plain_text(value: Any) -> Any:
    """Return a rich text without its styles."""
    if not isinstance(value, list):
        return value
    return "".join(str(part.get("plain_text", "")) for part in value if isinstance(part, dict))


def _name(value: Any) -> Any:
    return value.get("name") if isinstance(value, dict) else value


def _names_of(value: Any) -> Any:
    return [_name(item) for item in value] if isinstance(value, list) else value


def _ids_of(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [item.get("id") if isinstance(item, dict) else item for item in value]


def _unique_id(value: Any) -> Any:
    if not isinstance(value, dict) or value.get("number") is None:
        return None
    prefix, number = value.get("prefix"), value["number"]
    return f"{prefix}-{number}" if prefix else str(number)


def _computed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kind = type_of(value)
    inner = value.get(kind)
    if kind in WITHOUT_VALUE:
        return None
    if kind == "array" and isinstance(inner, list):
        return [value_of(item) if isinstance(item, dict) else item for item in inner]
    return inner


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "title": plain_text,
    "rich_text": plain_text,
    "select": _name,
    "status": _name,
    "multi_select": _names_of,
    "relation": _ids_of,
    "unique_id": _unique_id,
    "formula": _computed,
    "rollup": _computed,
}
