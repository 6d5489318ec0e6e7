"""Property values of pages, as short as a test writes them and as long as Notion does."""

from __future__ import annotations

from typing import Any

from tests.fakes.notion.texts import part, rich_text

MOST_ITEMS = 25
"""A page carries no more of a list; the rest is asked for by the property."""
LISTS = frozenset({"title", "rich_text", "people", "relation"})


def schema_of(name: str, identifier: str, definition: str | dict[str, Any]) -> dict[str, Any]:
    """Return a property of a data source; ``number`` is short for one without options."""
    whole = {"type": definition} if isinstance(definition, str) else dict(definition)
    kind = whole["type"]
    base = {"id": identifier, "name": name, "description": None, "type": kind}
    return {**base, kind: {}, **whole}


def value_of(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    """Return the whole value of a property; a list keeps all its items.

    Args:
        schema: The property.
        value: A text for texts, ids for people and relations, else as Notion has it.
    """
    kind = schema["type"]
    return {"id": schema["id"], "type": kind, kind: _inner(kind, value)}


def _inner(kind: str, value: Any) -> Any:
    if kind in {"title", "rich_text"}:
        texts = [value] if isinstance(value, str) else value or []
        return [item if isinstance(item, dict) else part(item) for item in texts if item]
    if kind == "people":
        return [{"object": "user", "id": identifier} for identifier in value or []]
    if kind == "relation":
        return [{"id": identifier} for identifier in value or []]
    if kind in {"select", "status"} and isinstance(value, str):
        return {"id": f"option-{value}", "name": value, "color": "default"}
    if kind == "multi_select" and value is not None:
        return [{"id": f"option-{name}", "name": name, "color": "default"} for name in value]
    if kind == "date" and isinstance(value, str):
        return {"start": value, "end": None, "time_zone": None}
    return value


def shortened(value: dict[str, Any]) -> dict[str, Any]:
    """Return a value as a page carries it: lists cut at 25 items."""
    kind = value["type"]
    if kind not in LISTS:
        return value
    items = value[kind]
    more = {"has_more": len(items) > MOST_ITEMS} if kind == "relation" else {}
    return {**value, kind: items[:MOST_ITEMS], **more}


def property_items(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the items of a list property, one by one."""
    kind = value["type"]
    base = {"object": "property_item", "type": kind, "id": value["id"]}
    return [{**base, kind: item} for item in value[kind]]


def title_of(text: str) -> dict[str, Any]:
    """Return the title of a page that is in no data source."""
    return {"id": "title", "type": "title", "title": rich_text(text)}
