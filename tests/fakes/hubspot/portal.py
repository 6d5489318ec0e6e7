"""What there is in a portal, and how a test edits it, also while a sync reads it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.hubspot.clock import Clock
from tests.fakes.hubspot.crm_object import CrmObject, Snapshot
from tests.fakes.hubspot.definitions import born_with, pipeline, property_definition
from tests.fakes.hubspot.object_types import STANDARD, ObjectType, custom_type
from tests.fakes.hubspot.people import Accounts
from tests.fakes.hubspot.refusal import invalid
from tests.fakes.hubspot.relations import Relations
from tests.fakes.hubspot.segments import Segments

PORTAL_ID = 4242
FIRST_ID = 101
DAY_ONE = 1_767_225_600_000
"""The first of January 2026: what was there from the start was made then."""


@dataclass
class Portal:
    """The state of an account.

    Attributes:
        clock: The time it is.
        index_lag_seconds: How long a change is not seen by the search.
        types: The object types there are, by name.
        properties: Definitions by object type and name.
        pipelines: Pipelines by object type.
        relations: Who is associated with whom.
        accounts: Owners, users and what is said of the account.
        segments: Lists and their members.
        assets: Things of marketing by kind, such as ``forms``, as the API gives them.
        submissions: Submissions by the id of a form, the oldest first.
    """

    clock: Clock = field(default_factory=Clock)
    index_lag_seconds: float = 0
    types: dict[str, ObjectType] = field(default_factory=lambda: dict(STANDARD))
    properties: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    pipelines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    relations: Relations = field(default_factory=Relations)
    accounts: Accounts = field(default_factory=lambda: Accounts(PORTAL_ID))
    segments: Segments = field(default_factory=Segments)
    assets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    submissions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Set out with the properties every portal has, and the pipelines of deals and tickets."""
        self._objects: dict[str, dict[int, CrmObject]] = {}
        self._numbers = itertools.count(FIRST_ID)
        for of in self.types.values():
            self._born(of)
        self.pipelines["deals"] = [
            pipeline("default", ("open", "won", "lost"), 0, 0),
            pipeline("renewals", ("due", "done"), DAY_ONE, 1),
        ]
        self.pipelines["tickets"] = [pipeline("support", ("new", "closed"), 0, 0)]

    def _born(self, of: ObjectType) -> None:
        self.properties[of.name] = born_with(of, DAY_ONE)
        self._objects[of.name] = {}

    def type_of(self, name: str) -> ObjectType:
        """Return an object type by one of its names in paths."""
        for of in self.types.values():
            if name in {of.name, of.type_id}:
                return of
        raise invalid(f"Unable to infer the object type from: {name}")

    # Objects

    def create(
        self, kind: str, values: Mapping[str, str | None] | None = None, *, number: int = 0
    ) -> str:
        """Create an object now and return its id.

        Args:
            kind: Its type.
            values: Its properties, as the wire has them; each must be defined.
            number: Its id; the next free one if 0.
        """
        number = number or next(self._numbers)
        now = self.clock.now()
        self._check(kind, values or {})
        found = CrmObject(self.types[kind], number, [Snapshot(now, dict(values or {}), now)])
        assert number not in self._objects[kind], f"{kind} {number} is there already"
        self._objects[kind][number] = found
        return str(number)

    def change(self, kind: str, identity: str, values: Mapping[str, str | None]) -> None:
        """Change properties of an object, now."""
        self._check(kind, values)
        found, now = self._objects[kind][int(identity)], self.clock.now()
        after = replace(found.now, since=now, modified=now, values={**found.now.values, **values})
        found.snapshots.append(after)

    def archive(self, kind: str, identity: str) -> None:
        """Archive an object, now; its modified date stays."""
        found, now = self._objects[kind][int(identity)], self.clock.now()
        found.snapshots.append(replace(found.now, since=now, archived_at=now, state="archived"))

    def delete(self, kind: str, identity: str) -> None:
        """Delete an object for good, now."""
        found, now = self._objects[kind][int(identity)], self.clock.now()
        found.snapshots.append(replace(found.now, since=now, state="deleted"))

    def _check(self, kind: str, values: Mapping[str, str | None]) -> None:
        unknown = sorted(values.keys() - self.properties[kind].keys())
        assert not unknown, f"{kind} have no property {unknown}; define it first"

    def find(self, kind: str, number: int) -> CrmObject | None:
        """Return an object that has not been deleted."""
        found = self._objects[kind].get(number)
        return None if found is None or found.now.state == "deleted" else found

    def every(self, kind: str, *, archived: bool = False) -> list[CrmObject]:
        """Return the objects that are live, or those that are archived, in the order of ids."""
        state = "archived" if archived else "live"
        found = self._objects[kind]
        return [found[number] for number in sorted(found) if found[number].now.state == state]

    def ids(self, kind: str, *, archived: bool = False) -> list[str]:
        """Return the ids of what is there."""
        return [str(found.number) for found in self.every(kind, archived=archived)]

    def indexed(self, kind: str) -> Iterator[tuple[CrmObject, Snapshot]]:
        """Yield what the index of the search holds: objects as they were a while ago."""
        moment = self.clock.now() - round(self.index_lag_seconds * 1000)
        for found in self._objects[kind].values():
            shot = found.at(moment)
            if shot is not None and shot.state == "live":
                yield found, shot

    # What objects may have

    def define(self, kind: str, name: str, type_: str = "string", **fields: Any) -> None:
        """Define a property."""
        made = property_definition(name, type_, self.clock.now(), **fields)
        self.properties[kind][name] = made

    def undefine(self, kind: str, name: str) -> None:
        """Archive a property."""
        self.properties[kind][name]["archived"] = True

    def add_custom_type(self, name: str, *, app: int = 0, **own: str) -> str:
        """Add a custom object type, of an app if one is named; return its full name."""
        owner = f"a{app}" if app else f"p{self.accounts.portal_id}"
        of = custom_type(owner, name, len(self.types) + 1000, own)
        self.types[of.name] = of
        self._born(of)
        return of.name

    def associate(
        self, kind: str, identity: str, other: str, other_identity: str, *labels: str
    ) -> None:
        """Associate two objects, in both directions, with labels besides what HubSpot calls it."""
        here, there = self.types[kind], self.types[other]
        self.relations.add(here, int(identity), there, int(other_identity), labels)
