"""The API of Apicurio Registry, versions 2 and 3.

https://www.apicur.io/registry/docs/

The version is that of the URL, or version 3 if the server has it. A schema comes without its
type, but for one header of version 3, so the type is told by the text; only texts that are both
Avro and JSON Schema, such as ``{"type": "string"}``, are looked up.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from bizon_singer.errors import ProtocolError
from bizon_taps.kafka.decoding.framing import IdKind, SchemaId
from bizon_taps.kafka.decoding.registry import (
    Reference,
    Registry,
    Schema,
    missing_reference,
    segment,
    unknown,
)
from bizon_taps.kafka.decoding.settings import Encoding, Part

LARGEST_ID = 2**63 - 1
TYPE_HEADER = "X-Registry-ArtifactType"
DEFAULT_GROUP = "default"

_ENCODINGS = {
    "AVRO": Encoding.AVRO,
    "JSON": Encoding.JSON_SCHEMA,
    "PROTOBUF": Encoding.PROTOBUF,
}
_API = re.compile(r"/apis/registry/(v[23])$")
_ONLY_AVRO = frozenset(
    {"record", "error", "enum", "fixed", "map", "bytes", "int", "long", "float", "double"}
)
_ONLY_JSON_SCHEMA = frozenset({"object", "integer", "number"})


class ApicurioRegistry(Registry):
    """A registry with Apicurio's API."""

    def fetch(self, schema_id: SchemaId) -> Schema:
        """Return a schema by its globalId or contentId."""
        if not _is_possible(schema_id):
            raise unknown(schema_id)
        path = _path(schema_id)
        reply = self._find(f"{self._api}{path}?returnArtifactType=true")
        if reply is None:
            raise unknown(schema_id)
        text = reply.content.decode(errors="replace")
        named = _ENCODINGS.get(reply.headers.get(TYPE_HEADER, ""))
        encoding = named or encoding_told_by(text) or self._looked_up(schema_id)
        references = self._with_references(self._references(path))
        return Schema(encoding, text, references)

    def has(self, schema_id: SchemaId) -> bool:
        """Tell whether there is a schema of an id."""
        return _is_possible(schema_id) and self._find(f"{self._api}{_path(schema_id)}") is not None

    def latest(self, topic: str, part: Part) -> Schema | None:
        """Return the newest schema of the artifact of a topic, in the default group."""
        artifact = f"{_artifact(DEFAULT_GROUP, f'{topic}-{part}')}"
        newest = "meta" if self._is_version_2 else "versions/branch=latest"
        answer = self._object(f"{self._api}{artifact}/{newest}")
        if answer is None:
            return None
        number = answer.get("globalId")
        if not isinstance(number, int):
            raise _odd()
        return self.fetch(SchemaId(IdKind.GLOBAL, number))

    @cached_property
    def _api(self) -> str:
        """The path of the API below the root, with a slash at its end."""
        if _API.search(urlsplit(self._root).path):
            return ""
        info = self._find("apis/registry/v3/system/info", is_probe=True)
        return f"apis/registry/{'v2' if info is None else 'v3'}/"

    @property
    def _is_version_2(self) -> bool:
        return f"{self._root}/{self._api}".rstrip("/").endswith("/v2")

    def _looked_up(self, schema_id: SchemaId) -> Encoding:
        """Return the type of an artifact that has a schema."""
        answer = self._object(f"{self._api}search/artifacts?{schema_id.kind}={schema_id.value}")
        found = (answer or {}).get("artifacts")
        first = found[0] if isinstance(found, list) and found else {}
        kind = first.get("artifactType") or first.get("type")
        if kind not in _ENCODINGS:
            raise ProtocolError(
                f"the schema registry does not say of which type the schema with the {schema_id} "
                "is; set `message_encoding`"
            )
        return _ENCODINGS[kind]

    def _references(self, path: str) -> list[Reference]:
        reply = self._find(f"{self._api}{path}/references")
        listed = [] if reply is None else reply.json()
        try:
            return [
                Reference(
                    str(item["name"]),
                    f"{_artifact(item.get('groupId') or DEFAULT_GROUP, item['artifactId'])}"
                    f"/versions/{segment(str(item['version']))}",
                )
                for item in listed
            ]
        except (TypeError, KeyError, AttributeError):
            raise _odd() from None

    def _referenced(self, reference: Reference) -> tuple[str, list[Reference]]:
        content = "" if self._is_version_2 else "/content"
        reply = self._find(f"{self._api}{reference.place}{content}")
        if reply is None:
            raise missing_reference()
        return reply.content.decode(errors="replace"), self._references(reference.place)


def encoding_told_by(text: str) -> Encoding | None:
    """Return the only language a text can be a schema of, None if it is both Avro and JSON Schema.

    What is no JSON is Protobuf: no other language Kafka's serializers use is.
    """
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError):
        return Encoding.PROTOBUF
    if isinstance(schema, (str, list)):
        return Encoding.AVRO
    if not isinstance(schema, dict) or "$schema" in schema or "type" not in schema:
        return Encoding.JSON_SCHEMA
    kind = schema["type"]
    if isinstance(kind, str) and kind in _ONLY_AVRO:
        return Encoding.AVRO
    if not isinstance(kind, str) or kind in _ONLY_JSON_SCHEMA:
        return Encoding.JSON_SCHEMA
    return None


def _is_possible(schema_id: SchemaId) -> bool:
    """Tell whether a registry could have an id; whatever else stands there need not be asked."""
    return isinstance(schema_id.value, int) and 0 < schema_id.value <= LARGEST_ID


def _path(schema_id: SchemaId) -> str:
    return f"ids/{schema_id.kind}s/{schema_id.value}"


def _artifact(group: Any, artifact: Any) -> str:
    return f"groups/{segment(str(group))}/artifacts/{segment(str(artifact))}"


def _odd() -> ProtocolError:
    return ProtocolError(
        "the schema registry did not answer as Apicurio's API does; check `schema_registry.url` "
        "and `schema_registry.type`"
    )
