"""Lists of records, which HubSpot calls segments today, and who is in them."""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.clock import iso


class Segments:
    """The lists of a portal.

    Attributes:
        lists: As the API gives them, by id.
        members: When each record joined, in milliseconds, by list and record.
    """

    def __init__(self) -> None:
        """Hold none."""
        self.lists: dict[int, dict[str, Any]] = {}
        self.members: dict[int, dict[int, int]] = {}

    def add(self, name: str, moment: int, *, kind: str = "0-1", processing: str = "MANUAL") -> str:
        """Add a list of records of a type and return its id."""
        number = len(self.lists) + 1
        self.lists[number] = {
            "listId": str(number),
            "listVersion": 1,
            "name": name,
            "objectTypeId": kind,
            "processingStatus": "COMPLETE",
            "processingType": processing,
            "createdAt": iso(moment),
            "updatedAt": iso(moment),
            "filtersUpdatedAt": iso(moment),
            "createdById": "1",
            "updatedById": "1",
        }
        self.members[number] = {}
        return str(number)

    def join(self, list_id: str, record_id: str, moment: int) -> None:
        """Put a record on a list."""
        self.members[int(list_id)][int(record_id)] = moment

    def leave(self, list_id: str, record_id: str) -> None:
        """Take a record off a list."""
        del self.members[int(list_id)][int(record_id)]
