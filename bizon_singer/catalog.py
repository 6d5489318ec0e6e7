"""Reads a catalog as people and tools really write it.

The Singer SDK drops the user's ``replication-method``, takes ``"selected": "false"`` for true and
reports a broken entry by a traceback. Here a catalog is checked and put into the SDK's terms
before the SDK sees it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bizon_singer.config_errors import nearest
from bizon_singer.errors import BizonSingerError, CatalogError
from bizon_singer.redact import excerpt

TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
METHODS = frozenset({"FULL_TABLE", "INCREMENTAL", "LOG_BASED"})
INCLUSIONS = frozenset({"available", "automatic", "unsupported"})
RERUN = "run --discover again"
LISTED = "; --discover lists those it has"
SHOWN_CHARACTERS = 80
ROUTED_FROM = "routed-from"
"""Metadata of a stream that no source has: the one its records are read by."""

_BOOLEAN_KEYS = ("selected", "selected-by-default")
_WORDS = {"true": True, "false": False}
_TEXT_KEYS = ("replication-key", "replication-method", "forced-replication-method", "inclusion")
_LIST_KEYS = ("table-key-properties", "view-key-properties", "valid-replication-keys")
_LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf")

Breadcrumb = tuple[str, ...]


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
    try:
        streams = copy.deepcopy(raw["streams"])
        entries = [_entry(item, number) for number, item in enumerate(streams, 1)]
    except RecursionError as error:
        raise CatalogError(f"the catalog is nested too deep to be one; {RERUN}") from error
    names: set[str] = set()
    for entry in entries:
        name = entry["tap_stream_id"]
        if name in names:
            raise CatalogError(f"the catalog has stream {_shown(name)} more than once; keep one")
        names.add(name)
    return {**raw, "streams": entries}


def _shown(value: Any) -> str:
    return repr(excerpt(str(value), SHOWN_CHARACTERS))


def _entry(entry: Any, number: int) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise CatalogError(f"entry {number} of the catalog is no object; {RERUN}")
    name = entry.get("tap_stream_id") or entry.get("stream")
    if not isinstance(name, str):
        raise CatalogError(f"entry {number} of the catalog has no `tap_stream_id`; {RERUN}")
    where = f"stream {_shown(name)} in the catalog"
    entry["tap_stream_id"] = name
    # The source knows a stream by one name; what it is called in the target is for stream maps.
    entry["stream"] = name
    entry["schema"] = read_schema(entry.get("schema", {}), f"the schema of {where}")
    entry["metadata"] = _metadata(entry.get("metadata") or [], where)
    root = _root(entry)
    for key in ("replication_key", "replication_method"):
        if not isinstance(entry.get(key), (str, type(None))):
            raise CatalogError(f"`{key}` of {where} is no text; {RERUN}")
    method = root.get("replication-method") or entry.get("replication_method")
    method = method or root.get("forced-replication-method")
    if method is not None and method not in METHODS:
        raise CatalogError(
            f"{where} has replication method {_shown(method)}; it is FULL_TABLE or INCREMENTAL"
        )
    entry["replication_method"] = method
    entry["replication_key"] = root.get("replication-key") or entry.get("replication_key")
    keys = entry.get("key_properties")
    if keys is not None and not _is_text_list(keys):
        raise CatalogError(f"`key_properties` of {where} is no list of names; {RERUN}")
    return entry


def _root(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of the stream itself, made up where a catalog has none.

    A stream without any is selected. The SDK has it so, and then deselects all its fields.
    """
    for item in entry["metadata"]:
        if not item["breadcrumb"]:
            root: dict[str, Any] = item["metadata"]
            break
    else:
        root = {"selected-by-default": True}
        entry["metadata"].append({"breadcrumb": [], "metadata": root})
    if root.get("selected") is None and "selected" in entry:
        where = f"stream {_shown(entry['tap_stream_id'])} in the catalog"
        root["selected"] = _boolean(entry["selected"], "selected", where)
    return root


def _metadata(metadata: Any, where: str) -> list[dict[str, Any]]:
    """Return checked metadata with one item for each breadcrumb; of two, the later one wins."""
    problem = f"`metadata` of {where}"
    if not isinstance(metadata, list):
        raise CatalogError(f"{problem} is no list; {RERUN}")
    merged: dict[Breadcrumb, dict[str, Any]] = {}
    for item in metadata:
        if (
            not isinstance(item, dict)
            or not _is_text_list(item.get("breadcrumb"))
            or not isinstance(item.get("metadata"), dict)
        ):
            raise CatalogError(
                f"{problem} has an item that is no {{breadcrumb, metadata}}; {RERUN}"
            )
        crumb, values = item["breadcrumb"], item["metadata"]
        if not _leads_to_a_field(crumb):
            raise CatalogError(
                f"{problem} has the breadcrumb {_shown(crumb)}, which leads to no field; write "
                '["properties", "<field>"]'
            )
        place = f"field {_shown('.'.join(crumb))} of {where}" if crumb else where
        _check_values(values, place)
        merged.setdefault(tuple(crumb), {}).update(values)
    return [{"breadcrumb": list(crumb), "metadata": values} for crumb, values in merged.items()]


def _leads_to_a_field(breadcrumb: list[str]) -> bool:
    """Tell whether a breadcrumb goes through properties, or through the items of an array."""
    words = iter(breadcrumb)
    return all(
        word == "items" or (word == "properties" and next(words, None) is not None)
        for word in words
    )


def _check_values(values: dict[str, Any], place: str) -> None:
    """Check the metadata of one breadcrumb and make truth values of words, in place."""
    for key in _BOOLEAN_KEYS:
        if key in values:
            values[key] = _boolean(values[key], key, place)
    for key in _TEXT_KEYS:
        if not isinstance(values.get(key), (str, type(None))):
            raise CatalogError(f"`{key}` of {place} is no text; {RERUN}")
    for key in _LIST_KEYS:
        if values.get(key) is not None and not _is_text_list(values[key]):
            raise CatalogError(f"`{key}` of {place} is no list of names; {RERUN}")
    inclusion = values.get("inclusion")
    if inclusion is not None and inclusion not in INCLUSIONS:
        raise CatalogError(
            f"{place} has inclusion {_shown(inclusion)}; it is available, automatic or unsupported"
        )


def _boolean(value: Any, key: str, place: str) -> bool | None:
    known = _WORDS.get(value.lower()) if isinstance(value, str) else value
    if (known is None and value is not None) or not isinstance(known, (bool, type(None))):
        raise CatalogError(f"`{key}` of {place} is {_shown(value)}; write true or false")
    return known


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


# Schemas


def read_schema(
    schema: Any,
    where: str,
    error_class: type[BizonSingerError] = CatalogError,
    remedy: str = RERUN,
) -> dict[str, Any]:
    """Return an object schema with references replaced and all it says of types checked.

    Args:
        schema: What is said to be one; it is not changed.
        where: What it is called in an error.
        error_class: Error to raise.
        remedy: What to do about one.

    Raises:
        BizonSingerError: It is none; of ``error_class``.
    """
    return _SchemaReader(where, error_class, remedy).read(schema)


class _SchemaReader:
    """Reads one schema."""

    def __init__(self, where: str, error_class: type[BizonSingerError], remedy: str) -> None:
        self._where = where
        self._error_class = error_class
        self._remedy = remedy
        self._definitions: dict[str, Any] = {}

    def read(self, schema: Any) -> dict[str, Any]:
        """Return the schema; see :func:`read_schema`."""
        if not isinstance(schema, Mapping):
            raise self._wrong("is no object")
        for word in ("definitions", "$defs"):
            defined = schema.get(word) or {}
            if not isinstance(defined, Mapping):
                raise self._wrong(f"has `{word}` that are no object")
            self._definitions |= defined
        top = {key: schema[key] for key in schema if key not in {"definitions", "$defs"}}
        resolved: dict[str, Any] = self._node(top, (), "")
        types = _types_of(resolved)
        if types and "object" not in types:
            raise self._wrong("describes no object")
        return resolved

    def _wrong(self, what: str, field: str = "") -> BizonSingerError:
        place = f"field {_shown(field)} in {self._where}" if field else self._where
        return self._error_class(f"{place} {what}; {self._remedy}")

    def _node(self, node: Any, path: tuple[str, ...], field: str) -> Any:
        """Return a node without references; ``path`` names those it is inside of."""
        if isinstance(node, bool):
            return {}
        if not isinstance(node, Mapping):
            raise self._wrong("is no object", field)
        node = dict(node)
        if "$ref" in node:
            name = str(node.pop("$ref")).rsplit("/", 1)[-1]
            if name not in self._definitions:
                raise self._wrong(f"refers to {_shown(name)}, which is not defined", field)
            if name in path:
                raise self._wrong(f"refers to {_shown(name)}, which contains itself", field)
            defined = self._node(self._definitions[name], (*path, name), field)
            return {**defined, **self._node(node, path, field)}
        self._check_words(node, field)
        for word in ("properties", "patternProperties"):
            if word in node:
                if not isinstance(node[word], Mapping):
                    raise self._wrong(f"has `{word}` that are no object", field)
                node[word] = {
                    key: self._node(item, path, f"{field}.{key}" if field else key)
                    for key, item in node[word].items()
                }
        self._read_inner(node, path, field)
        return node

    def _read_inner(self, node: dict[str, Any], path: tuple[str, ...], field: str) -> None:
        """Resolve what stands below a node besides its properties, in place."""
        for word in _LISTS_OF_SCHEMAS:
            if word in node:
                if not isinstance(node[word], list):
                    raise self._wrong(f"has an `{word}` that is no list", field)
                node[word] = [self._node(item, path, field) for item in node[word]]
        if isinstance(node.get("items"), list):  # one schema for each position
            node["items"] = {"anyOf": [self._node(item, path, field) for item in node["items"]]}
        for word in ("items", "not"):
            if word in node:
                node[word] = self._node(node[word], path, field)
        if isinstance(node.get("additionalProperties"), Mapping):
            inner = self._node(node["additionalProperties"], path, field)
            node["additionalProperties"] = inner

    def _check_words(self, node: Mapping[str, Any], field: str) -> None:
        """Check the words of a node that say what a value may be."""
        declared = node.get("type")
        names = [declared] if isinstance(declared, str) else declared
        if "type" in node and (not _is_text_list(names) or not names):
            raise self._wrong("has a `type` that is no type name or list of them", field)
        for name in names or ():
            if name not in TYPES:
                close = nearest(name, TYPES, "")
                raise self._wrong(f"has type {_shown(name)}{close}", field)
        if not isinstance(node.get("format"), (str, type(None))):
            raise self._wrong("has a `format` that is no text", field)
        if "required" in node and not _is_text_list(node["required"]):
            raise self._wrong("has a `required` that is no list of names", field)


def _types_of(schema: Mapping[str, Any]) -> list[str]:
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else declared


def removed_fields(declared: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[Breadcrumb]:
    """Yield the fields of a schema, at any depth, that a user's version of it has no more.

    An object whose properties the user left out is free-form: nothing of it is removed.
    """
    if "properties" not in kept:
        return
    for name, field in declared.get("properties", {}).items():
        own = kept["properties"].get(name)
        if own is None:
            yield ("properties", name)
        else:
            for crumb in removed_fields(field, own):
                yield ("properties", name, *crumb)


# Streams


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
                f"the catalog selects stream {_shown(name)}, which this tap does not have"
                f"{nearest(name, names, LISTED)}"
            )


def root_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a catalog entry's stream itself."""
    root: dict[str, Any] = next(
        item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]
    )
    return root


def is_selected(entry: Mapping[str, Any]) -> bool:
    """Tell whether a catalog entry, as :func:`read_catalog` gives it, selects its stream."""
    root = root_of(entry)
    if root.get("inclusion") in {"unsupported", "automatic"}:
        return bool(root["inclusion"] == "automatic")
    chosen = root.get("selected")
    return bool(root.get("selected-by-default") if chosen is None else chosen)
