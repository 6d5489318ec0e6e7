"""The properties of an object type: its schema, and records with typed values.

A record is flat: ``id``, ``createdAt``, ``updatedAt``, ``archived``, ``archivedAt`` and ``url`` as
HubSpot names them, then one field for each property. Names of properties are in small letters, so
only a property called ``id``, ``archived`` or ``url`` could clash; it becomes ``property_id``.

Why a value that cannot be typed moves to ``_untyped``, with a warning once for each property: a
field that is a number in one row and text in the next is a column of text in every target, and a
value left out would be lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from bizon_singer.errors import ProtocolError
from bizon_singer.redact import excerpt
from bizon_singer.source.models import SourceRecord
from bizon_taps.hubspot.portal import JSON, Portal, results_of
from bizon_taps.hubspot.values import CONVERTERS, SCHEMAS, TEXT_SCHEMA, WHAT, Convert, UntypedError

logger = logging.getLogger(__name__)

MAX_QUERY_CHARACTERS = 6_000
"""Longest list of names sent in a URL; HubSpot refuses URLs of more than about 16,000 characters
and proxies on the way of 8,000."""
SHOWN_CHARACTERS = 80

UNTYPED = "_untyped"
TEXT = {"type": ["null", "string"]}
TIME = {"type": ["null", "string"], "format": "date-time"}
FLAG = {"type": ["null", "boolean"]}
OWN_FIELDS: dict[str, dict[str, Any]] = {
    "id": {"type": ["string"]},
    "createdAt": TIME,
    "updatedAt": TIME,
    "archived": FLAG,
    "archivedAt": TIME,
    "url": TEXT,
    UNTYPED: {
        "type": ["null", "object"],
        "description": "Values that are not of the type of their property, as HubSpot has them.",
    },
}
"""Fields of every record besides its properties."""


@dataclass(frozen=True)
class Property:
    """A property of an object type.

    Attributes:
        name: Its name in the API.
        kind: Its type, such as ``number``.
        label: What people call it.
    """

    name: str
    kind: str
    label: str

    @property
    def field(self) -> str:
        """Name of its field in a record."""
        return f"property_{self.name}" if self.name in OWN_FIELDS else self.name

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its values."""
        typed = SCHEMAS.get(self.kind, TEXT_SCHEMA)
        return {**typed, "title": self.label} if self.label else dict(typed)


def fetch_properties(portal: Portal, object_path: str) -> list[Property]:
    """Return the properties of an object type; raises as :meth:`Portal.get`."""
    body = portal.get("properties", object=object_path)
    found = []
    for item in results_of(body, "properties"):
        name, kind, label = item.get("name"), item.get("type"), item.get("label")
        if not isinstance(name, str) or not name:
            raise ProtocolError("properties: one has no `name`; run again later")
        found.append(Property(name, str(kind), label if isinstance(label, str) else ""))
    return found


def object_schema(properties: Iterable[Property] | None) -> dict[str, Any]:
    """Return the schema of an object type's records; of unknown properties an open one."""
    if properties is None:
        return {"type": "object", "properties": dict(OWN_FIELDS), "additionalProperties": True}
    fields = {item.field: item.schema for item in properties}
    return {"type": "object", "properties": {**OWN_FIELDS, **fields}}


class RecordReader:
    """Turns objects as the API gives them into typed records.

    Args:
        stream: Name of the stream, for messages.
        properties: What is asked for, and all that a record will hold.
        keeps_untyped: Whether the field for values that cannot be typed will be written.
    """

    def __init__(
        self, stream: str, properties: Sequence[Property], *, keeps_untyped: bool = True
    ) -> None:
        """Compile what is done with each record."""
        self._stream = stream
        self._keeps_untyped = keeps_untyped
        self.names = [item.name for item in properties]
        self._fields = [(item.field, item.name) for item in properties]
        # With a property that gets another name, the values are never the record as they are.
        are_fields = all(item.field == item.name for item in properties)
        self._are_fields = set(self.names) if are_fields else None
        self._typed: list[tuple[str, str, Convert]] = [
            (item.field, item.kind, CONVERTERS[item.kind])
            for item in properties
            if item.kind in CONVERTERS
        ]
        self._warned: set[str] = set()

    @cached_property
    def fits_into_url(self) -> bool:
        """Whether the names may stand in the query of a URL, by its length once encoded."""
        return len(quote(",".join(self.names))) <= MAX_QUERY_CHARACTERS

    def read(self, results: Iterable[JSON]) -> list[SourceRecord]:
        """Return the records of objects, in order.

        Raises:
            ProtocolError: One has no id or no properties.
        """
        return [self._record(result) for result in results]

    def _record(self, result: JSON) -> SourceRecord:
        identity, values = result.get("id"), result.get("properties")
        if not isinstance(identity, str) or not isinstance(values, dict):
            raise ProtocolError(
                f"{self._stream}: a result has no `id` or no `properties`; check `base_url`, or "
                "run again later"
            )
        if values.keys() == self._are_fields:  # as a rule: what was asked for, and nothing else
            data = values
        else:
            value_of: Callable[[str], Any] = values.get
            data = {field: value_of(name) for field, name in self._fields}
        for field, kind, convert in self._typed:
            value = data[field]
            if value is not None:
                try:
                    data[field] = convert(value)
                except UntypedError:
                    self._keep_text(data, field, kind)
        data["id"] = identity
        data["createdAt"] = result.get("createdAt")
        data["updatedAt"] = result.get("updatedAt")
        data["archived"] = result.get("archived")
        data["archivedAt"] = result.get("archivedAt")
        if "url" in result:
            data["url"] = result["url"]
        return SourceRecord(identity, data)

    def _keep_text(self, data: dict[str, Any], field: str, kind: str) -> None:
        data.setdefault(UNTYPED, {})[field] = data[field]
        data[field] = None
        self.tell_of_untyped(field, kind)

    def tell_of_untyped(self, field: str, kind: str) -> None:
        """Warn, once for each property, of values that are not of its type."""
        if field not in self._warned:
            self._warned.add(field)
            kept = "kept as text in" if self._keeps_untyped else "lost; to have their text, select"
            logger.warning(
                "Stream %r, property `%s`: a value is %s; such values are null and %s `%s`.",
                self._stream,
                excerpt(field, SHOWN_CHARACTERS),
                WHAT[kind],
                kept,
                UNTYPED,
            )


def needed(properties: Sequence[Property], fields: frozenset[str] | None) -> list[Property]:
    """Return the properties whose fields will be written; all if it is not known which."""
    if fields is None:
        return list(properties)
    return [item for item in properties if item.field in fields]
