"""Every value a property has had: one row for each version of each property of an object.

https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide. Objects are found as in
:mod:`bizon_taps.hubspot.objects`; their versions come by batches of 50 ids, the most HubSpot takes
with history. The names of properties are sent in a body there, so that no URL gets too long.

All versions of an object that changed are read again: they have the same keys, and a target that
upserts has each once. ``sequence`` tells versions of one moment apart, counted from the oldest, so
that it never changes when newer ones come.
"""

from __future__ import annotations

from typing import Any

from bizon_singer.errors import ProtocolError
from bizon_singer.source.models import SourceRecord
from bizon_taps.hubspot.objects import ObjectReader
from bizon_taps.hubspot.portal import JSON, ids_of
from bizon_taps.hubspot.values import UntypedError, to_datetime

SUFFIX = "_property_history"
BATCH_LIMIT = 50

KEYS = ("objectId", "property", "timestamp", "sequence")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "objectId": {"type": ["string"]},
        "property": {"type": ["string"]},
        "timestamp": {"type": ["string"], "format": "date-time"},
        "sequence": {"type": ["integer"]},
        "value": {"type": ["null", "string"]},
        "sourceType": {"type": ["null", "string"]},
        "sourceId": {"type": ["null", "string"]},
        "sourceLabel": {"type": ["null", "string"]},
        "updatedByUserId": {"type": ["null", "integer"]},
    },
}


class HistoryReader(ObjectReader):
    """Reads the versions of the properties of one type of CRM object."""

    list_limit = BATCH_LIMIT
    search_limit = BATCH_LIMIT

    @property
    def _listed_names(self) -> list[str]:
        return []

    @property
    def _searched_names(self) -> list[str]:
        return []

    def _records(self, results: list[JSON], *, archived: bool) -> list[SourceRecord]:
        ids = ids_of(results, self._kind.name)
        found = self._portal.batch_read(
            self._kind.path, ids, (), history=self._reader.names, archived=archived
        )
        return [row for result in found.results for row in _versions(result, self._kind.name)]

    def _found(self, results: list[JSON]) -> list[SourceRecord]:
        return self._records(results, archived=False)


def _versions(result: JSON, stream: str) -> list[SourceRecord]:
    """Return the versions of all properties of an object, the oldest first."""
    identity, history = result["id"], result.get("propertiesWithHistory") or {}
    rows: list[SourceRecord] = []
    for name, versions in history.items() if isinstance(history, dict) else ():
        seen: dict[str, int] = {}
        listed: list[Any] = versions if isinstance(versions, list) else []
        for version in reversed(listed):
            moment = _moment(version, stream)
            sequence = seen[moment] = seen.get(moment, -1) + 1
            row = {
                "objectId": identity,
                "property": name,
                "timestamp": moment,
                "sequence": sequence,
                "value": version.get("value"),
                "sourceType": version.get("sourceType"),
                "sourceId": version.get("sourceId"),
                "sourceLabel": version.get("sourceLabel"),
                "updatedByUserId": version.get("updatedByUserId"),
            }
            rows.append(SourceRecord(f"{identity}/{name}/{moment}/{sequence}", row))
    return rows


def _moment(version: Any, stream: str) -> str:
    """Return when a value was set."""
    moment = None
    if isinstance(version, dict):
        try:
            moment = to_datetime(version.get("timestamp") or "")
        except UntypedError:
            moment = None
    if moment is None:
        raise ProtocolError(
            f"{stream}: a version of a property has no `timestamp`; run again later"
        )
    return moment
