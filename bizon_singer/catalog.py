"""Reads a catalog as people and tools really write it.

The Singer SDK drops the user's ``replication-method``, takes ``"selected": "false"`` for true and
reports a broken entry by a traceback. Here a catalog is checked and put into the SDK's terms
before the SDK sees it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from bizon_singer.errors import CatalogError
from bizon_singer.settings import nearest

TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
METHODS = frozenset({"FULL_TABLE", "INCREMENTAL", "LOG_BASED"})
_BOOLEAN_KEYS = ("selected", "selected-by-default")
_WORDS = {"true": True, "false": False}


def read_catalog(raw: Any) -> dict[str, Any]:
    """Return a catalog the Singer SDK understands as its author meant it.

    Args:
        raw: What ``--catalog`` holds.

    Raises:
        CatalogError: It is no catalog, or an entry of it is broken.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("streams"), list):
        raise CatalogError(
            "the catalog is no object with a list `streams`; pass what --discover printed"
        )
    entries = [_entry(copy.deepcopy(item), number) for number, item in enumerate(raw["streams"], 1)]
    names = [entry["tap_stream_id"] for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise CatalogError(f"the catalog has stream {name!r} more than once; keep one")
    return {**raw, "streams": entries}


def _entry(entry: Any, number: int) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise CatalogError(f"entry {number} of the catalog is no object; run --discover again")
    name = entry.get("tap_stream_id") or entry.get("stream")
    if not isinstance(name, str):
        raise CatalogError(
            f"entry {number} of the catalog has no `tap_stream_id`; run --discover again"
        )
    entry["tap_stream_id"] = name
    entry["stream"] = entry.get("stream") or name
    entry["schema"] = _schema(entry.get("schema", {}), name)
    entry["metadata"] = _metadata(entry.get("metadata") or [], name)
    root = next((item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]), None)
    if root is None and "selected" in entry:
        root = {"selected": _boolean(entry["selected"])}
        entry["metadata"].append({"breadcrumb": [], "metadata": root})
    method = entry.get("replication_method")
    if root is not None:
        method = root.get("replication-method") or method or root.get("forced-replication-method")
        entry["replication_key"] = root.get("replication-key") or entry.get("replication_key")
    if method is not None and method not in METHODS:
        raise CatalogError(
            f"stream {name!r} in the catalog has replication method {str(method)[:40]!r}; it is "
            "FULL_TABLE or INCREMENTAL"
        )
    entry["replication_method"] = method
    keys = entry.get("key_properties")
    if keys is not None and not _is_text_list(keys):
        raise CatalogError(
            f"`key_properties` of stream {name!r} in the catalog is no list of names"
        )
    return entry


def _metadata(metadata: Any, stream: str) -> list[dict[str, Any]]:
    problem = f"`metadata` of stream {stream!r} in the catalog"
    if not isinstance(metadata, list):
        raise CatalogError(f"{problem} is no list; run --discover again")
    for item in metadata:
        if (
            not isinstance(item, dict)
            or not _is_text_list(item.get("breadcrumb"))
            or not isinstance(item.get("metadata"), dict)
        ):
            raise CatalogError(
                f"{problem} has an item that is no {{breadcrumb, metadata}}; run --discover again"
            )
        for key in _BOOLEAN_KEYS:
            if key in item["metadata"]:
                item["metadata"][key] = _boolean(item["metadata"][key])
    return metadata


def _boolean(value: Any) -> Any:
    return _WORDS.get(value.lower(), value) if isinstance(value, str) else value


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _schema(schema: Any, stream: str) -> dict[str, Any]:
    if not isinstance(schema, dict) or not isinstance(schema.get("properties", {}), dict):
        raise CatalogError(
            f"the schema of stream {stream!r} in the catalog is no object schema; run --discover "
            "again"
        )
    definitions = {**schema.pop("definitions", {}), **schema.pop("$defs", {})}
    resolved: dict[str, Any] = _resolved(schema, definitions, stream, ())
    return resolved


def _resolved(node: Any, definitions: Mapping[str, Any], stream: str, path: tuple[str, ...]) -> Any:
    """Return a schema node with references replaced and types checked."""
    where = f"the schema of stream {stream!r} in the catalog"
    if isinstance(node, bool):
        return {}
    if not isinstance(node, dict):
        raise CatalogError(f"{where} has a field that is no object; run --discover again")
    if "$ref" in node:
        name = str(node["$ref"]).rsplit("/", 1)[-1]
        if name not in definitions or name in path:
            raise CatalogError(f"{where} refers to {name[:60]!r}, which it does not define")
        return _resolved(definitions[name], definitions, stream, (*path, name))
    declared = node.get("type", [])
    names = [declared] if isinstance(declared, str) else declared
    if not isinstance(names, list) or not all(isinstance(item, str) for item in names):
        raise CatalogError(f"{where} has a `type` that is no type name or list of them")
    unknown = sorted(set(names) - TYPES)
    if unknown:
        raise CatalogError(f"{where} has type {unknown[0][:40]!r}{nearest(unknown[0], TYPES)}")
    for word in ("properties", "patternProperties"):
        if isinstance(node.get(word), dict):
            node[word] = {
                key: _resolved(item, definitions, stream, path) for key, item in node[word].items()
            }
    if isinstance(node.get("items"), (dict, bool)):
        node["items"] = _resolved(node["items"], definitions, stream, path)
    return node


def refuse_unknown(catalog: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a catalog that selects a stream there is not.

    Raises:
        CatalogError: It does; the nearest stream is named.
    """
    names = set(known)
    for entry in catalog["streams"]:
        name = entry["tap_stream_id"]
        if name not in names and is_selected(entry):
            raise CatalogError(
                f"the catalog selects stream {name[:80]!r}, which this tap does not have"
                f"{nearest(name, names)}"
            )


def is_selected(entry: Mapping[str, Any]) -> bool:
    """Tell whether a catalog entry selects its stream."""
    for item in entry["metadata"]:
        if not item["breadcrumb"]:
            root = item["metadata"]
            return bool(root.get("selected", root.get("selected-by-default", False)))
    return True
