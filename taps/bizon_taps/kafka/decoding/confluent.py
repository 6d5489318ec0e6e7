"""The API of Confluent's schema registry, which Karapace, Redpanda and Apicurio speak as well.

https://docs.confluent.io/platform/current/schema-registry/develop/api.html
"""

from __future__ import annotations

from typing import Any

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

LARGEST_ID = 2**31 - 1
_ENCODINGS = {
    "AVRO": Encoding.AVRO,
    "JSON": Encoding.JSON_SCHEMA,
    "PROTOBUF": Encoding.PROTOBUF,
}


class ConfluentRegistry(Registry):
    """A registry with Confluent's API."""

    def fetch(self, schema_id: SchemaId) -> Schema:
        """Return a schema by its id or GUID."""
        answer = self._object(_path(schema_id)) if _is_possible(schema_id) else None
        if answer is None:
            raise unknown(schema_id)
        return self._schema(answer)

    def has(self, schema_id: SchemaId) -> bool:
        """Tell whether there is a schema of an id."""
        return _is_possible(schema_id) and self._object(_path(schema_id)) is not None

    def latest(self, topic: str, part: Part) -> Schema | None:
        """Return the newest schema of the subject of a topic."""
        answer = self._object(f"subjects/{segment(f'{topic}-{part}')}/versions/latest")
        return None if answer is None else self._schema(answer)

    def _schema(self, answer: dict[str, Any]) -> Schema:
        # An Avro schema has no type in the answer, for clients older than the other two.
        encoding = _ENCODINGS.get(str(answer.get("schemaType") or "AVRO").upper())
        if encoding is None:
            raise ProtocolError(
                "the schema registry has a schema of a type that is none of AVRO, JSON and "
                "PROTOBUF; remove its topic from `topics`, or set `message_encoding` to bytes"
            )
        return Schema(encoding, _text(answer), self._with_references(_references(answer)))

    def _referenced(self, reference: Reference) -> tuple[str, list[Reference]]:
        answer = self._object(reference.place)
        if answer is None:
            raise missing_reference()
        return _text(answer), _references(answer)


def _is_possible(schema_id: SchemaId) -> bool:
    """Tell whether a registry could have an id; whatever else stands there need not be asked."""
    return not isinstance(schema_id.value, int) or 0 < schema_id.value <= LARGEST_ID


def _path(schema_id: SchemaId) -> str:
    return f"schemas/{'guids' if schema_id.kind is IdKind.GUID else 'ids'}/{schema_id.value}"


def _text(answer: dict[str, Any]) -> str:
    text = answer.get("schema")
    if not isinstance(text, str):
        raise _odd()
    return text


def _references(answer: dict[str, Any]) -> list[Reference]:
    try:
        return [
            Reference(
                str(item["name"]),
                f"subjects/{segment(str(item['subject']))}/versions/{int(item['version'])}",
            )
            for item in answer.get("references") or []
        ]
    except (TypeError, KeyError, ValueError):
        raise _odd() from None


def _odd() -> ProtocolError:
    return ProtocolError(
        "the schema registry did not answer as Confluent's API does; check `schema_registry.url` "
        "and `schema_registry.type`"
    )
