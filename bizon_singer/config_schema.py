"""The settings of a tap as one flat JSON Schema, made from pydantic classes.

It feeds ``--about``, ``--config ENV`` and Meltano's settings. All of them stumble over what
pydantic writes by itself (``$ref``, ``anyOf`` with null, ``default: null``), so it is resolved
and flattened here, and every credential is marked ``secret`` and ``writeOnly``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

JsonSchema = dict[str, Any]

INJECTED = frozenset({"name", "stream", "init_pipeline", "source_file_path"})
"""Fields of a source's configuration the adapter fills in; a user need not, some may."""

_SECRET_NAME = re.compile(
    r"^(token|cookies?|secret|credentials?|api_?key|private_?key|pass(word|wd|phrase)?)$"
    r"|_(secret|password|passwd|passphrase|token|api_?key|private_?key|credentials|credential)$"
    r"|^service_account(_(info|json|key))?$|^(csrf|bearer|access|refresh)_?token$"
    r"|^(sasl_|ssl_key_|key_)password$",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Tell whether a setting of this name holds a credential.

    Whole words are compared: ``token_expiry_date`` or ``token_refresh_endpoint`` are no secrets.
    """
    return _SECRET_NAME.search(name) is not None


def secrets_in(value: Any, *, inside: bool = False) -> Iterable[str]:
    """Yield every text a config holds under the name of a credential."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from secrets_in(item, inside=inside or is_secret_name(str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from secrets_in(item, inside=inside)
    elif inside and isinstance(value, (str, int)) and not isinstance(value, bool):
        yield str(value)


def config_schema(
    adapter: type[BaseModel], config_classes: Iterable[type[BaseModel]]
) -> JsonSchema:
    """Return the schema of a tap's config.

    Args:
        adapter: Settings of the adapter itself.
        config_classes: Settings of its sources; a setting is required if every one requires it.
    """
    properties: JsonSchema = {}
    required: set[str] | None = None
    for config_class in config_classes:
        schema = _flat(config_class)
        own = {name: item for name, item in schema["properties"].items() if name not in INJECTED}
        properties = {**own, **properties}
        needed = set(schema.get("required", ())) - INJECTED
        required = needed if required is None else required & needed
    for name, item in _flat(adapter)["properties"].items():
        properties.setdefault(name, item)
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = sorted(required)
    return schema


def _flat(model: type[BaseModel]) -> JsonSchema:
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    flat: JsonSchema = _resolve(schema, definitions, ())
    flat.setdefault("properties", {})
    return flat


def _resolve(node: Mapping[str, Any], definitions: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return a node without references or alternatives."""
    node = dict(node)
    reference = node.pop("$ref", None)
    if reference is not None:
        name = reference.rsplit("/", 1)[-1]
        if name in path:  # a setting that contains itself: free-form from there on
            return {"type": "object"}
        node = {**definitions.get(name, {}), **node}
        return _resolve(node, definitions, (*path, name))
    for word in ("allOf", "anyOf", "oneOf"):
        if word in node:
            branches = [_resolve(item, definitions, path) for item in node.pop(word)]
            node = {**_joined(branches), **node}
    _drop_noise(node)
    if "properties" in node:
        node["properties"] = {
            name: _marked(name, _resolve(item, definitions, path))
            for name, item in node["properties"].items()
        }
    if isinstance(node.get("items"), Mapping):
        node["items"] = _resolve(node["items"], definitions, path)
    if isinstance(node.get("additionalProperties"), Mapping):
        node["additionalProperties"] = _resolve(node["additionalProperties"], definitions, path)
    if node.get("format") == "password":
        node.update(secret=True, writeOnly=True)
    return node


def _drop_noise(node: JsonSchema) -> None:
    """Remove what pydantic writes for programs, not for people, in place."""
    node.pop("title", None)
    node.pop("discriminator", None)
    if node.get("default", ...) is None or isinstance(node.get("default"), (dict, list)):
        node.pop("default", None)
    if "const" in node:
        node["enum"] = [node.pop("const")]


def _marked(name: str, node: JsonSchema) -> JsonSchema:
    if is_secret_name(name) or node.get("secret"):
        return {**node, "secret": True, "writeOnly": True}
    return node


def _joined(branches: list[JsonSchema]) -> JsonSchema:
    """Join alternatives into one node that accepts what any of them accepts."""
    types: list[str] = []
    joined: JsonSchema = {}
    properties: JsonSchema = {}
    real = [branch for branch in branches if branch.get("type") != "null"]
    for branch in branches:
        declared = branch.get("type", [])
        types += [declared] if isinstance(declared, str) else list(declared)
        properties = {**branch.get("properties", {}), **properties}
    if len(real) == 1:
        joined = dict(real[0])
    else:
        descriptions = [item["description"] for item in real if "description" in item]
        joined = {"description": descriptions[0]} if descriptions else {}
        if properties:
            joined["properties"] = properties
    unique = list(dict.fromkeys(types))
    joined["type"] = unique[0] if len(unique) == 1 else unique
    return {key: value for key, value in joined.items() if value != []}
