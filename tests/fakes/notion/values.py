"""Property values of pages, as short as a test writes them and as long as Notion does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.fakes.notion.texts import part, rich_text

MOST_ITEMS = 25
"""A page carries no more of a list; the rest is asked for by the property."""
LISTS = frozenset({"title", "rich_text", "people", "relation"})
UNSUPPORTED = frozenset({"show_unique", "unique", "median"})
"""What Notion does not compute of a rollup: it gives all there is of it instead."""


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
    """Return a value as a page carries it: lists cut at 25 items, and what is counted of them."""
    kind = value["type"]
    if kind == "rollup":
        return {**value, kind: _shortened_rollup(value[kind])}
    if kind not in LISTS:
        return value
    items = value[kind]
    more = {"has_more": len(items) > MOST_ITEMS} if kind == "relation" else {}
    return {**value, kind: items[:MOST_ITEMS], **more}


def _shortened_rollup(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value.get("function") in UNSUPPORTED:
        return _unsupported(value)
    if value["type"] == "array":
        return {**value, "array": value["array"][:MOST_ITEMS]}
    if value.get("function") == "count":
        return {**value, "number": min(value["number"], MOST_ITEMS)}
    return value


def _unsupported(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "unsupported", "unsupported": {}, "function": value["function"]}


def property_items(
    value: dict[str, Any], values: Iterable[dict[str, Any]]
) -> list[dict[str, Any]] | None:
    """Return the items of a property, one by one; None if it has a single value.

    Args:
        value: The property.
        values: All of the page: what a rollup computes is given along with what it is of.
    """
    kind = value["type"]
    if kind in LISTS:
        return [_item(value["id"], kind, part) for part in value[kind]]
    if kind != "rollup" or not isinstance(value[kind], dict):
        return None
    if value[kind]["type"] == "array":
        return [
            _item(value["id"], item["type"], part)
            for item in value[kind]["array"]
            for part in (item[item["type"]] if item["type"] in LISTS else [item[item["type"]]])
        ]
    relations = [item["relation"] for item in values if item["type"] == "relation"]
    return [_item(value["id"], "relation", part) for part in (relations or [[]])[0]]


def _item(identifier: str, kind: str, value: Any) -> dict[str, Any]:
    return {"object": "property_item", "type": kind, "id": identifier, kind: value}


def computed(value: dict[str, Any], *, is_last: bool) -> Any:
    """Return what a list of items says of the whole property; a rollup is told at its end.

    https://developers.notion.com/reference/retrieve-a-page-property
    """
    inner = value[value["type"]]
    if value["type"] != "rollup":
        return {}
    if inner.get("function") in UNSUPPORTED:
        return _unsupported(inner)
    if inner["type"] == "array":
        return {**inner, "array": []}
    unknown = {"type": "incomplete", "incomplete": {}, "function": inner.get("function")}
    return inner if is_last else unknown


def title_of(text: str) -> dict[str, Any]:
    """Return the title of a page that is in no data source."""
    return {"id": "title", "type": "title", "title": rich_text(text)}
