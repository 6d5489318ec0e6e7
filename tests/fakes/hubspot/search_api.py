"""The search: filters, one sort, pages by offset, and an end after 10,000 results.

It reads an index that lags behind, and gives no associations, no history and nothing archived.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, Final

from tests.fakes.hubspot.call import Call, with_paging
from tests.fakes.hubspot.crm_object import CrmObject, Snapshot
from tests.fakes.hubspot.object_types import ObjectType
from tests.fakes.hubspot.portal import Portal
from tests.fakes.hubspot.refusal import invalid

LIMIT_MOST = 200
RESULTS_MOST = 10_000
GROUPS_MOST = 5
FILTERS_MOST = 6
FILTERS_MOST_IN_ALL = 18
BODY_FIELDS: Final[dict[str, type | tuple[type, ...]]] = {
    "filterGroups": list,
    "sorts": list,
    "properties": list,
    "limit": int,
    "after": (str, int),
    "query": str,
}
Hit = tuple[CrmObject, Snapshot]
Key = float | str
Test = Callable[[Hit], bool]


def search(portal: Portal, call: Call) -> Any:
    """Objects that pass the filters, as the index has them."""
    of = portal.type_of(call.variables["objectType"])
    body = _checked(call.body)
    limit, offset = body.get("limit", 10), int(body.get("after") or 0)
    if not 0 < limit <= LIMIT_MOST:
        raise invalid(f"limit must be from 1 to {LIMIT_MOST}.")
    limit = min(limit, call.page_most)
    if offset + limit > RESULTS_MOST:
        raise invalid(f"Paging ends after {RESULTS_MOST:,} results.")
    passes = _any_group(portal, of, body.get("filterGroups", []))
    hits = [hit for hit in portal.indexed(of.name) if passes(hit)]
    _sort(portal, of, hits, body.get("sorts", []))
    defined = portal.properties[of.name]
    asked = body.get("properties", [])
    names = [name for name in asked if name in defined]
    names = names or ["hs_object_id"] if asked else []
    results = [found.wire(shot, names) for found, shot in hits[offset : offset + limit]]
    more = str(offset + limit) if len(hits) > offset + limit else None
    return {"total": len(hits), **with_paging(results, more)}


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a search once each field is known and of its type."""
    for name, value in body.items():
        wanted = BODY_FIELDS.get(name)
        if wanted is None or not isinstance(value, wanted) or isinstance(value, bool):
            raise invalid(f"The search has no {name} like this.")
    if not str(body.get("after") or "0").isdecimal():
        raise invalid("after is an offset.")
    return body


def _any_group(portal: Portal, of: ObjectType, groups: list[Any]) -> Test:
    """Return the test that filter groups make: one of them must pass."""
    sizes = [len(group.get("filters", ())) for group in groups]
    if len(sizes) > GROUPS_MOST or sum(sizes) > FILTERS_MOST_IN_ALL:
        raise invalid("There are too many filters.")
    if not all(0 < size <= FILTERS_MOST for size in sizes):
        raise invalid(f"A group has from 1 to {FILTERS_MOST} filters.")
    tests = [[_test(portal, of, entry) for entry in group["filters"]] for group in groups]
    return lambda hit: not tests or any(all(test(hit) for test in group) for group in tests)


def _test(portal: Portal, of: ObjectType, entry: dict[str, Any]) -> Test:
    """Return the test one filter makes."""
    name = entry.get("propertyName", "")
    kind = kind_of(portal, of, name)
    operator = entry.get("operator")

    def own(hit: Hit) -> Key | None:
        return key_of(kind, hit[0].value(name, hit[1]))

    def given(field: str) -> Key:
        return _operand(kind, name, entry.get(field))

    if operator == "HAS_PROPERTY":
        return lambda hit: own(hit) is not None
    if operator == "NOT_HAS_PROPERTY":
        return lambda hit: own(hit) is None
    if operator in {"IN", "NOT_IN"}:
        wanted = {_operand(kind, name, value) for value in entry.get("values", [])}
        return lambda hit: (own(hit) in wanted) == (operator == "IN")
    if operator == "BETWEEN":
        low, high = given("value"), given("highValue")
        return lambda hit: _holds(own(hit), lambda key: low <= key <= high)
    value = given("value")
    compare: dict[str, Callable[[Any], bool]] = {
        "EQ": lambda key: bool(key == value),
        "NEQ": lambda key: bool(key != value),
        "GT": lambda key: bool(key > value),
        "GTE": lambda key: bool(key >= value),
        "LT": lambda key: bool(key < value),
        "LTE": lambda key: bool(key <= value),
        "CONTAINS_TOKEN": lambda key: str(value).lower() in str(key).lower().split(),
        "NOT_CONTAINS_TOKEN": lambda key: str(value).lower() not in str(key).lower().split(),
    }
    if operator not in compare:
        raise invalid(f"There is no operator {operator}.")
    return lambda hit: _holds(own(hit), compare[operator])


def _holds(key: Key | None, test: Callable[[Any], bool]) -> bool:
    return key is not None and test(key)


def kind_of(portal: Portal, of: ObjectType, name: str) -> str:
    """Return the type of a property; one nobody defined is an error."""
    definition = portal.properties[of.name].get(name)
    if definition is None or definition["archived"]:
        raise invalid(f"There is no property {name}.", propertyName=[name])
    return "number" if name == "hs_object_id" else str(definition["type"])


def key_of(kind: str, value: str | None) -> Key | None:
    """Return what a value of a property is compared by; None for one without a value."""
    if not value:
        return None
    if kind == "number":
        return _number(value)
    if kind in {"date", "datetime"}:
        return float(value) if value.isdecimal() else _milliseconds(value)
    return value.lower()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _milliseconds(text: str) -> float | None:
    try:
        if "T" not in text:
            return datetime.combine(date.fromisoformat(text), time(), UTC).timestamp() * 1000
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None


def _operand(kind: str, name: str, value: Any) -> Key:
    """Return what a filter compares with; of dates it takes milliseconds alone."""
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise invalid(f"The filter of {name} has no value.")
    key = key_of(kind, str(value))
    is_date = kind in {"date", "datetime"}
    if key is None or (is_date and not str(value).isdecimal()):
        raise invalid(f"The filter of {name} has a value of another type.")
    return key


def _sort(portal: Portal, of: ObjectType, hits: list[Hit], sorts: list[Any]) -> None:
    """Sort hits by one property, those that are equal in no order one could rely on."""
    if len(sorts) > 1:
        raise invalid("There is one sort at most.")
    entry = sorts[0] if sorts else {"propertyName": of.created}
    if isinstance(entry, str):
        entry = {
            "propertyName": entry.removeprefix("-"),
            "direction": "DESCENDING" if entry.startswith("-") else "ASCENDING",
        }
    name = entry.get("propertyName", "")
    kind = kind_of(portal, of, name)
    hits.sort(key=lambda hit: zlib.crc32(str(hit[0].number).encode()))
    lowest: Key = -math.inf if kind in {"number", "date", "datetime"} else ""

    def key(hit: Hit) -> Any:
        found = key_of(kind, hit[0].value(name, hit[1]))
        return lowest if found is None else found

    hits.sort(key=key, reverse=entry.get("direction", "ASCENDING") == "DESCENDING")
