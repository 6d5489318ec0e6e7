"""A portal that is edited between any two requests of a sync, by a schedule drawn from a seed.

The truth is what the portal holds in the end; a target that loaded all runs must hold it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from bizon_singer.testing import check
from bizon_singer.testing.runs import Run, run
from bizon_taps.hubspot.tap import TapHubSpot
from tests.fakes.hubspot import Clock, HubSpot, unlimited
from tests.fakes.hubspot.clock import iso
from tests.fakes.hubspot.crm_object import CrmObject
from tests.fakes.hubspot.portal import PORTAL_ID, Portal
from tests.proofs.subjects import catalog_of, only

START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE_SIZE: Final = 3
PETS: Final = f"p{PORTAL_ID}_pets"
NAME_OF: Final = {"contacts": "lastname", "deals": "dealname", PETS: "pet_name"}
PAIR: Final = "associations_contacts__deals"
HISTORY: Final = "deals_property_history"
STREAMS: Final = (*NAME_OF, PAIR, HISTORY)
LOOKBACK_SECONDS: Final = 300
Row = dict[str, Any]


def settings_of(hubspot: HubSpot, **more: Any) -> dict[str, Any]:
    """Return the settings of every run."""
    return hubspot.settings(
        associations=["contacts-deals"],
        property_history=["deals"],
        searches_per_second=100_000,
        lookback_seconds=LOOKBACK_SECONDS,
        **more,
    )


def moving_hubspot(index_lag_seconds: float) -> HubSpot:
    """Return a server of small pages, whose clock is moved by hand."""
    hubspot = HubSpot(Clock(START), index_lag_seconds=index_lag_seconds, limits=unlimited())
    hubspot.page_most = PAGE_SIZE
    hubspot.portal.add_custom_type("pets", pet_name="string")
    return hubspot


def discovered() -> dict[str, Any]:
    """Return the catalog all schedules share."""
    with moving_hubspot(0) as hubspot:
        catalog = catalog_of(TapHubSpot, settings_of(hubspot), frozenset(STREAMS))
    return only(catalog, STREAMS)


class Editor:
    """Edits a portal at random, the same for the same seed.

    Args:
        portal: What is edited.
        draw: Where chance comes from.
    """

    def __init__(self, portal: Portal, draw: Random) -> None:
        """Put something into the portal."""
        self._portal = portal
        self._draw = draw
        self._count = 0
        for kind in NAME_OF:
            for _ in range(draw.randrange(3 * PAGE_SIZE)):
                self._create(kind)

    def edit(self) -> None:
        """Create, change, archive or delete an object, or associate two."""
        edits: list[Callable[[str], None]] = [
            self._create,
            self._change,
            self._change,
            self._archive,
            self._delete,
            self._associate,
        ]
        self._draw.choice(edits)(self._draw.choice(list(NAME_OF)))

    def _name(self, kind: str) -> dict[str, str]:
        self._count += 1
        return {NAME_OF[kind]: f"name {self._count}"}

    def _create(self, kind: str) -> None:
        self._portal.create(kind, self._name(kind))

    def _some(self, kind: str) -> list[str]:
        return self._draw.sample(ids := self._portal.ids(kind), min(len(ids), 1))

    def _change(self, kind: str) -> None:
        for identity in self._some(kind):
            self._portal.change(kind, identity, self._name(kind))

    def _archive(self, kind: str) -> None:
        for identity in self._some(kind):
            self._portal.archive(kind, identity)

    def _delete(self, kind: str) -> None:
        for identity in self._some(kind):
            self._portal.delete(kind, identity)

    def _associate(self, _: str) -> None:
        # Most are of one contact, so that it has more than a page of them.
        contacts = self._portal.ids("contacts")[:1] + self._some("contacts")
        for deal in self._portal.ids("deals") if contacts else ():
            if self._draw.random() < 0.5:
                labels = self._draw.choice([(), ("Payer",)])
                contact = self._draw.choice(contacts)
                self._portal.associate("contacts", contact, "deals", deal, *labels)


class Replica:
    """A target, and the STATE it gives back."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.rows: dict[str, dict[tuple[Any, ...], Row]] = {stream: {} for stream in STREAMS}
        self.state: Any = None

    def load(self, done: Run) -> None:
        """Take over what a run wrote."""
        keys = {
            message.stream: message.body["key_properties"]
            for message in done.recording.of("SCHEMA")
        }
        for message in done.recording.of("RECORD"):
            record = message.body["record"]
            key = tuple(record[name] for name in keys[message.stream])
            self.rows[message.stream][key] = record
        self.state = done.state or self.state

    @property
    def is_complete(self) -> bool:
        """Whether no stream is to be resumed."""
        bookmarks = self.state["bookmarks"].values() if self.state else [{"in_progress": {}}]
        return all(bookmark["in_progress"] is None for bookmark in bookmarks)


class Schedule:
    """A portal, its editor, a tap and a target; a seed decides what happens.

    Args:
        hubspot: The server, which is running.
        catalog: The streams of which some are read.
        draw: Where chance comes from.
    """

    def __init__(self, hubspot: HubSpot, catalog: Mapping[str, Any], draw: Random) -> None:
        """Set out before the first run."""
        self.hubspot = hubspot
        self.replica = Replica()
        self._draw = draw
        self._streams = draw.sample(STREAMS, 3)
        self._catalog = only(catalog, self._streams)
        self._archived = draw.random() < 0.5
        self._settings = settings_of(hubspot, archived=self._archived)
        self._editor = Editor(hubspot.portal, draw)

    def run(self, *, edits: float, **settings: Any) -> Run:
        """Run the tap from the last STATE and load what it wrote.

        Args:
            edits: How likely an edit is before each request.
            settings: Settings of this run alone.
        """

        def move(_: object) -> None:
            self.hubspot.clock.wait(self._draw.choice((0, 0, 0.007, 1, 4)))
            while self._draw.random() < edits:
                self._editor.edit()

        self.hubspot.before_each = move
        done = run(TapHubSpot, {**self._settings, **settings}, self.replica.state, self._catalog)
        assert done.code == 0, (done.sentence, done.errors)
        assert check(done.stdout, initial_state=self.replica.state) == []
        self.replica.load(done)
        return done

    def finish(self) -> None:
        """Complete what is in progress while edits go on, then run once more without any."""
        while not self.replica.is_complete:
            self.run(edits=0.3)
        self.hubspot.clock.wait(self.hubspot.portal.index_lag_seconds)
        self.run(edits=0)

    def untruths(self) -> list[str]:
        """Return what the target holds otherwise than the portal."""
        wrong = {PAIR: self._lost_associations, HISTORY: self._lost_versions}
        return [
            untruth
            for stream in self._streams
            for untruth in (wrong[stream]() if stream in wrong else self._wrong_objects(stream))
        ]

    def _wrong_objects(self, kind: str) -> list[str]:
        portal, rows = self.hubspot.portal, self.replica.rows[kind]
        objects = portal.every(kind)
        objects += portal.every(kind, archived=True) if self._archived else []
        held = {found.number: rows.get((str(found.number),)) for found in objects}
        return [
            f"{kind} {found.number} is {held[found.number]}"
            for found in objects
            if not _is_true(held[found.number], found)
        ]

    def _lost_associations(self) -> list[str]:
        held = {(row["from_id"], row["to_id"]) for row in self.replica.rows[PAIR].values()}
        related = _associations(self.hubspot.portal)
        return [f"association {pair} is missing" for pair in related if pair not in held]

    def _lost_versions(self) -> list[str]:
        rows = self.replica.rows[HISTORY].values()
        held = {(row["objectId"], row["value"]) for row in rows if row["property"] == "dealname"}
        return [
            f"version {version['value']} of deal {found.number} is missing"
            for found in self.hubspot.portal.every("deals")
            for version in found.history("dealname")
            if (str(found.number), version["value"]) not in held
        ]


def _is_true(row: Row | None, found: CrmObject) -> bool:
    if row is None:
        return False
    name = NAME_OF[found.of.name]
    is_archived = found.now.state == "archived"
    archived_at = row["archivedAt"] if found.now.archived_at is None else iso(found.now.archived_at)
    return (
        row[name] == found.now.values[name]
        and row["archived"] == is_archived
        and row["archivedAt"] == archived_at
        and (row["archivedAt"] is None) != is_archived
        and row["updatedAt"] == iso(found.now.modified)
    )


def _associations(portal: Portal) -> list[tuple[str, str]]:
    live = set(portal.ids("deals"))
    return [
        (str(found.number), str(other))
        for found in portal.every("contacts")
        for other in portal.relations.to("contacts", found.number, "deals")
        if str(other) in live
    ]
