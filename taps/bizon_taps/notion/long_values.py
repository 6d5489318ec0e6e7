"""Values of properties that are longer than what a page holds of them, read in full.

A page holds 25 items of a title, a text, people or a relation; the rest is to be had property by
property. What is computed from a relation that is cut, formulas and rollups, is asked for as well.
Notion computes no median and no unique values; all values such a rollup is of stand in its place.
https://developers.notion.com/reference/retrieve-a-page-property
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from bizon_taps.notion.columns import WITHOUT_VALUE
from bizon_taps.notion.omissions import NOT_SHARED, UNSUPPORTED, Omissions
from bizon_taps.notion.position import one_more
from bizon_taps.notion.workspace import (
    JSON,
    NotSharedError,
    RefusedCursorError,
    Workspace,
    type_of,
)

ITEMS_OF_A_PAGE = 25
LISTS = frozenset({"title", "rich_text", "people", "relation"})
COMPUTED = frozenset({"formula", "rollup"})

Wanted = Callable[[JSON], bool]


def complete(workspace: Workspace, page: JSON, omissions: Omissions, is_wanted: Wanted) -> None:
    """Read the values a page holds only a part of, and put them in.

    Args:
        workspace: Where to ask.
        page: Is changed in place.
        omissions: Notes the properties of which there is no more than the page holds.
        is_wanted: Tells whether a property is worth a request.
    """
    found = page.get("properties")
    listed = found.values() if isinstance(found, dict) else ()
    properties = [item for item in listed if isinstance(item, dict)]
    cut = [item for item in properties if _is_cut(item)]
    if any(item.get("type") == "relation" for item in cut):
        cut += [item for item in properties if type_of(item) in COMPUTED and item not in cut]
    for item in filter(is_wanted, cut):
        what = f"the whole value of property {item.get('id')} of page {page['id']}"
        try:
            _complete(workspace, page, item)
        except (
            NotSharedError
        ):  # the page was deleted since, or what it is computed of is not shared
            omissions.add(what, NOT_SHARED)
        else:
            if _has_no_value(item):
                omissions.add(what, UNSUPPORTED)


def _is_cut(item: JSON) -> bool:
    kind = type_of(item)
    value = item.get(kind)
    if kind in LISTS:
        is_full = isinstance(value, list) and len(value) >= ITEMS_OF_A_PAGE
        return is_full or item.get("has_more") is True
    if kind != "rollup" or not isinstance(value, dict):
        return False
    array = value.get("array")
    is_full = isinstance(array, list) and len(array) >= ITEMS_OF_A_PAGE
    return is_full or _has_no_value(item)


def _has_no_value(item: JSON) -> bool:
    value = item.get("rollup")
    return isinstance(value, dict) and type_of(value) in WITHOUT_VALUE


def _complete(workspace: Workspace, page: JSON, item: JSON) -> None:
    path = f"pages/{page['id']}/properties/{quote(str(item.get('id')), safe='%')}"
    kind = str(item["type"])
    results, whole = _read(workspace, path)
    if results is None:
        item[kind] = whole.get(kind)
        return
    if kind in LISTS:
        item[kind] = [result.get(kind) for result in results]
        item.pop("has_more", None)
        return
    value = (whole.get("property_item") or {}).get(kind)
    if isinstance(value, dict) and (
        value.get("type") == "array" or (value.get("type") == "unsupported" and results)
    ):
        array = [_in_page_form(result) for result in results]
        value = {"type": "array", "array": array, "function": value.get("function")}
    item[kind] = value


def _read(workspace: Workspace, path: str) -> tuple[list[JSON] | None, JSON]:
    """Return the items of a property, None if it has one value; and the last answer."""
    restarts, cursor, results = 0, "", list[JSON]()
    while True:
        if not cursor:
            results, answer = [], workspace.part(path)
            if answer.get("object") != "list":
                return None, answer
            listed = workspace.listed(answer, path)
        else:
            try:
                listed, answer = workspace.page(path, cursor=cursor)
            except RefusedCursorError:
                restarts, cursor = one_more(restarts, path), ""
                continue
        results += listed.results
        cursor = listed.cursor
        if not cursor:
            return results, answer


def _in_page_form(result: JSON) -> Any:
    """Return an item of a rollup as a page holds it: lists as lists."""
    kind = type_of(result)
    value = result.get(kind)
    return {"type": kind, kind: [value] if kind in LISTS else value}
