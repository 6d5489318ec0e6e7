"""Associations: which object is related to which, and as what.

https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide. The objects of one side
are listed, a hundred at a time, and their associations are read in one batch. An object with more
than 500 comes back with a cursor, and is asked for again with it until it has given all.

One row is one type of one association: two records may be related as "Employer" and as "Partner"
at once. Rows are keyed by both ids, the category and the number of the type.

Why the stream is always read in full: associating two records need not move the modified date of
either (https://github.com/airbytehq/airbyte/issues/44554).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bizon_singer.errors import ProtocolError
from bizon_singer.source.models import SourceIteration, SourceRecord
from bizon_taps.hubspot.crm_objects import CrmObject, find_object
from bizon_taps.hubspot.objects import LIST_LIMIT
from bizon_taps.hubspot.portal import (
    JSON,
    Portal,
    ids_of,
    next_cursor,
    refuse_failed_parts,
    results_of,
)
from bizon_taps.hubspot.position import Position

PREFIX = "associations_"
BETWEEN = "__"

KEYS = ("from_id", "to_id", "category", "type_id")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "from_id": {"type": ["string"]},
        "to_id": {"type": ["string"]},
        "category": {"type": ["string"]},
        "type_id": {"type": ["integer"]},
        "label": {"type": ["null", "string"]},
    },
}


def stream_of(pair: tuple[CrmObject, CrmObject]) -> str:
    """Return the name of the stream of a pair."""
    return f"{PREFIX}{pair[0].name}{BETWEEN}{pair[1].name}"


def pair_of(stream: str) -> tuple[CrmObject, CrmObject] | None:
    """Return the pair of a stream, None if the name is none of such a stream.

    A custom object may have two underscores in its own name, so every place to split is tried.
    """
    if not stream.startswith(PREFIX):
        return None
    names = stream.removeprefix(PREFIX)
    at = names.find(BETWEEN)
    while at > 0:
        here, there = find_object(names[:at]), find_object(names[at + len(BETWEEN) :])
        if here is not None and there is not None:
            return here, there
        at = names.find(BETWEEN, at + 1)
    return None


class AssociationReader:
    """Reads the associations of one pair of types.

    Args:
        portal: The account.
        pair: From which type to which.
    """

    def __init__(self, portal: Portal, pair: tuple[CrmObject, CrmObject]) -> None:
        """Ask nothing yet."""
        self._portal = portal
        self._here, self._there = pair
        self._stream = stream_of(pair)

    def get(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return the associations of a page of objects, or what was still to come of some."""
        position = Position.of(pagination) if pagination else Position()
        if position.pending:
            inputs = [{"id": key, "after": after} for key, after in position.pending.items()]
            following: str | None = position.after
        else:
            page = self._portal.page(
                "objects", after=position.after, limit=LIST_LIMIT, object=self._here.path
            )
            inputs = [{"id": identity} for identity in ids_of(page.results, self._stream)]
            following = page.after
        records, pending = self._read(inputs) if inputs else ([], {})
        if not pending and following is None:
            return SourceIteration({}, records)
        place = replace(position, after=following, pending=pending)
        return SourceIteration(place.pagination(), records)

    def _read(self, inputs: list[dict[str, str]]) -> tuple[list[SourceRecord], dict[str, str]]:
        """Return the associations of some objects, and the cursors of those that have more."""
        body = self._portal.post(
            "associations",
            {"inputs": inputs},
            object=self._here.path,
            other=self._there.path,
        )
        refuse_failed_parts(body, self._stream)
        records: list[SourceRecord] = []
        pending: dict[str, str] = {}
        for result in results_of(body, self._stream):
            source = result.get("from")
            identity = source.get("id") if isinstance(source, dict) else None
            if identity is None:
                raise self._broken("a result does not say whose associations it holds")
            after = next_cursor(result, self._stream)
            if after is not None:
                pending[str(identity)] = after
            for target in results_of(result, self._stream, "to"):
                records += self._rows(str(identity), target)
        return records, pending

    def _rows(self, from_id: str, target: JSON) -> list[SourceRecord]:
        """Return a row for each type of an association; the id is text in some versions."""
        to_id = target.get("toObjectId")
        if isinstance(to_id, bool) or not isinstance(to_id, str | int):
            raise self._broken("an association does not say to whom")
        rows = []
        for kind in results_of(target, self._stream, "associationTypes"):
            category, type_id = kind.get("category"), kind.get("typeId")
            row = {
                "from_id": from_id,
                "to_id": str(to_id),
                "category": category,
                "type_id": type_id,
                "label": kind.get("label"),
            }
            rows.append(SourceRecord(f"{from_id}/{to_id}/{category}/{type_id}", row))
        return rows

    def _broken(self, what: str) -> ProtocolError:
        return ProtocolError(f"{self._stream}: {what}; check `base_url`, or run again later")
