"""One object of the CRM: everything it ever was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.hubspot.clock import iso
from tests.fakes.hubspot.object_types import ObjectType

Values = Mapping[str, str | None]


@dataclass(frozen=True)
class Snapshot:
    """What an object is from one moment on.

    Attributes:
        since: That moment, in milliseconds.
        values: Its properties, without those HubSpot keeps itself.
        modified: What its modified date says; archiving does not move it.
        archived_at: When it was archived, None if it is not.
        state: ``deleted`` is gone from everywhere, but a while not from the index of the search.
    """

    since: int
    values: Values
    modified: int
    archived_at: int | None = None
    state: Literal["live", "archived", "deleted"] = "live"


@dataclass
class CrmObject:
    """An object, by its snapshots from the oldest to the newest."""

    of: ObjectType
    number: int
    snapshots: list[Snapshot] = field(default_factory=list)

    @property
    def now(self) -> Snapshot:
        """What it is."""
        return self.snapshots[-1]

    @property
    def created(self) -> int:
        """When it was created, in milliseconds."""
        return self.snapshots[0].since

    def at(self, moment: int) -> Snapshot | None:
        """Return what it was at a moment; None if it was not there yet."""
        return next((shot for shot in reversed(self.snapshots) if shot.since <= moment), None)

    def value(self, name: str, shot: Snapshot) -> str | None:
        """Return a property, be it HubSpot's own."""
        if name == "hs_object_id":
            return str(self.number)
        if name == self.of.created:
            return iso(self.created)
        if name == self.of.modified:
            return iso(shot.modified)
        if name == "hs_lastmodifieddate":  # a contact's, which is not the cursor and stands still
            return iso(self.created)
        return shot.values.get(name)

    def wire(self, shot: Snapshot, names: Iterable[str] = ()) -> dict[str, Any]:
        """Return it as the API does, with what it gives unasked if nothing is asked for."""
        asked = tuple(names) or self.of.given
        wanted = dict.fromkeys([*asked, "hs_object_id", self.of.created, self.of.modified])
        made: dict[str, Any] = {
            "id": str(self.number),
            "properties": {name: self.value(name, shot) for name in wanted},
            "createdAt": iso(self.created),
            "updatedAt": iso(shot.modified),
            "archived": shot.state == "archived",
        }
        if shot.archived_at is not None:
            made["archivedAt"] = iso(shot.archived_at)
        return made

    def history(self, name: str) -> list[dict[str, Any]]:
        """Return every value a property had, the newest first."""
        found: list[dict[str, Any]] = []
        before = None
        for shot in self.snapshots:
            value = self.value(name, shot)
            if value != before:
                found.append(
                    {
                        "value": value or "",
                        "timestamp": iso(shot.since),
                        "sourceType": "CRM_UI",
                        "sourceId": "userId:1",
                        "updatedByUserId": 1,
                    }
                )
            before = value
        return found[::-1]
