"""The settings of a tap as one flat JSON Schema, made from pydantic classes.

It feeds ``--about``, ``--config ENV`` and Meltano's settings. All of them stumble over what
pydantic writes by itself (``$ref``, ``anyOf`` with null, ``default: null``), so it is resolved
and flattened here, and every credential is marked ``secret`` and ``writeOnly``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

JsonSchema = dict[str, Any]

INJECTED = frozenset({"name", "stream", "init_pipeline", "source_file_path"})
"""Fields of a source's configuration the adapter fills in; a user need not, some may."""
_WITHOUT_DEFAULT = frozenset({"sync_mode"})
"""Unset means something else than the default of the class: the best a stream supports."""
_ANY_TYPE = ["string", "number", "integer", "boolean", "object", "array", "null"]

_SECRET_NAME = re.compile(
    r"(^|_)(token|secret|password|passwd|assertion|passphrase|pwd|pat|jwt|dsn|authorization|cookies?"
    r"|credentials?|connection_string|service_account(_(info|json|key))?"
    r"|(api|private|secret|access|signing|encryption|account|shared|subscription|app)_?key)$"
)
_PUBLIC_NAME = re.compile(r"^(type|project_id|client_id|client_email)$|(^|_)(uri|url|domain)$")
_MAY_CARRY = re.compile(r"://[^/]*@|[?#]")
"""What an address with a credential in it has."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+")


def is_secret_name(name: str) -> bool:
    """Tell whether a setting of this name holds a credential.

    Whole words are compared, from the end: ``token_expiry_date`` or ``token_refresh_endpoint``
    are no secrets, ``X-API-Key`` and ``accessToken`` are.
    """
    words = _WORD_BREAK.sub("_", _CAMEL.sub("_", name)).lower()
    return _SECRET_NAME.search(words) is not None


def secrets_in(value: Any, *, inside: bool = False) -> Iterator[str]:
    """Yield every text a config holds under the name of a credential.

    Of a credential that is an object, its type, whose it is and plain addresses are none: hidden,
    they would blot out the same words in every message.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            if inside and _is_public(str(key), item):
                continue
            yield from secrets_in(item, inside=inside or is_secret_name(str(key)))
    elif isinstance(value, list):
        for item in value:
            yield from secrets_in(item, inside=inside)
    elif inside and isinstance(value, (str, int)) and not isinstance(value, bool):
        yield str(value)


def _is_public(name: str, value: Any) -> bool:
    is_plain = isinstance(value, str) and not _MAY_CARRY.search(value)
    return is_plain and _PUBLIC_NAME.search(name) is not None


def declared_secrets(value: Any) -> Iterator[str]:
    """Yield every text a validated config holds in a ``SecretStr`` or ``SecretBytes``."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, BaseModel):
        yield from declared_secrets(dict(value))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from declared_secrets(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from declared_secrets(item)


def is_secret_field(model: type[BaseModel], name: str) -> bool:
    """Tell whether a model declares a field of this name as a ``SecretStr`` or ``SecretBytes``."""
    field = model.model_fields.get(name)
    return field is not None and bool(re.search(r"\bSecret(Str|Bytes)\b", str(field.annotation)))


class _LenientGenerator(GenerateJsonSchema):
    """Describes as free-form what JSON Schema has no word for, such as a callable."""

    def handle_invalid_for_json_schema(self, schema: CoreSchema, error_info: str) -> JsonSchema:
        del schema, error_info
        return {}


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
    takes_any = False
    for config_class in config_classes:
        schema = _flat(config_class)
        takes_any |= schema.get("additionalProperties") is True
        own = {name: item for name, item in schema["properties"].items() if name not in INJECTED}
        properties = {**own, **properties}
        needed = set(schema.get("required", ())) - INJECTED
        required = needed if required is None else required & needed
    for name, item in _flat(adapter)["properties"].items():
        properties.setdefault(name, item)
    for name in _WITHOUT_DEFAULT & properties.keys():
        properties[name].pop("default", None)
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = sorted(required)
    if takes_any:
        schema["additionalProperties"] = True
    return schema


def _flat(model: type[BaseModel]) -> JsonSchema:
    schema = model.model_json_schema(schema_generator=_LenientGenerator)
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
    for word in ("items", "additionalProperties"):
        if isinstance(node.get(word), Mapping):
            node[word] = _resolve(node[word], definitions, path)
    if "prefixItems" in node:  # a tuple: who reads this schema knows lists
        branches = [_resolve(item, definitions, path) for item in node.pop("prefixItems")]
        node["items"] = _joined(branches)
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
    node.setdefault("type", _type_of_values(node.get("enum")))
    if is_secret_name(name) or node.get("secret"):
        # A default an author wrote into the file is a secret as well; --about ends up in public.
        shown = {key: value for key, value in node.items() if key not in {"default", "examples"}}
        return {**shown, "secret": True, "writeOnly": True}
    return node


def _type_of_values(values: Any) -> str | list[str]:
    """Return the type of a setting that names only its values, or anything."""
    if values and all(isinstance(value, str) for value in values):
        return "string"
    return list(_ANY_TYPE)


def _joined(branches: list[JsonSchema]) -> JsonSchema:
    """Join alternatives into one node that accepts what any of them accepts."""
    types: list[str] = []
    joined: JsonSchema = {}
    properties: JsonSchema = {}
    real = [branch for branch in branches if branch.get("type") != "null"]
    for branch in branches:
        declared = branch.get("type", [])
        types += [declared] if isinstance(declared, str) else list(declared)
        for name, node in branch.get("properties", {}).items():
            if name in properties and node.get("default") != properties[name].get("default"):
                properties[name].pop("default", None)
            properties.setdefault(name, dict(node))
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
