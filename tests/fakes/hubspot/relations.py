"""Who is associated with whom, and as what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tests.fakes.hubspot.object_types import ObjectType

KNOWN_TYPE_IDS = {
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("contacts", "deals"): 4,
    ("deals", "contacts"): 3,
    ("companies", "deals"): 342,
    ("deals", "companies"): 341,
    ("deals", "line_items"): 19,
    ("line_items", "deals"): 20,
}
FIRST_OWN_TYPE_ID = 1000
LABEL_TYPE_ID = 31


class Relations:
    """Associations, each known from both of its ends."""

    def __init__(self) -> None:
        """Hold none."""
        self._found: dict[tuple[str, str], dict[int, dict[int, list[str]]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        self._labels: list[str] = []

    def add(
        self, here: ObjectType, number: int, there: ObjectType, other: int, labels: Sequence[str]
    ) -> None:
        """Associate two objects, with labels of the user's besides HubSpot's own."""
        self._labels += [label for label in labels if label not in self._labels]
        for kinds, one, two in (
            ((here.name, there.name), number, other),
            ((there.name, here.name), other, number),
        ):
            kept = self._found[kinds][one].setdefault(two, [])
            kept += [label for label in labels if label not in kept]

    def remove(self, here: str, number: int, there: str, other: int) -> None:
        """Undo an association."""
        self._found[here, there][number].pop(other)
        self._found[there, here][other].pop(number)

    def to(self, here: str, number: int, there: str) -> dict[int, list[str]]:
        """Return the ids an object is associated with, and the labels of each, by id."""
        found = self._found.get((here, there), {}).get(number, {})
        return {other: found[other] for other in sorted(found)}

    def types(self, here: ObjectType, there: ObjectType, labels: list[str]) -> list[dict[str, Any]]:
        """Return the types of an association as the API gives them."""
        pair = (here.name, there.name)
        type_id = KNOWN_TYPE_IDS.get(pair, FIRST_OWN_TYPE_ID + sum(map(ord, "".join(pair))))
        own = {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": None}
        of_user = [
            {
                "category": "USER_DEFINED",
                "typeId": LABEL_TYPE_ID + 2 * self._labels.index(label),
                "label": label,
            }
            for label in labels
        ]
        return [*of_user, own]

    def names(self, here: ObjectType, there: ObjectType, labels: list[str]) -> list[str]:
        """Return the names an association has inside of a record."""
        base = f"{here.singular}_to_{there.singular}"
        return [base, f"{base}_unlabeled", *labels]
