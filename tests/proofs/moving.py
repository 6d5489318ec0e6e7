"""An API whose rows change while time passes, a source of it, and a target that loads both.

Three streams: ``orders`` gives what changed since the last run in the order of ids, the order in
which a wrong clock loses most; ``events`` in the order of change, with ties; ``shops`` is a full
table. The truth is what the API holds; a target that loaded all runs must hold it, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import pytest

from bizon_singer import (
    AbstractSource,
    SourceConfig,
    SourceIncrementalState,
    SourceIteration,
    SourceRecord,
    StreamDefinition,
    sync,
)
from bizon_singer.tap import tap_for
from bizon_singer.testing import check
from bizon_singer.testing.runs import Run, run
from tests.fakes.http_server import HttpServer

START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE_SIZE: Final = 2
Row = dict[str, Any]
STREAMS: Final = ("orders", "events", "shops")
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "changed": {"type": ["string", "null"], "format": "date-time"},
        "amount": {"type": ["integer", "null"]},
    },
}


class MovingApi:
    """What there is, and the time it is.

    Attributes:
        now: The true time.
        rows: Rows by stream and id.
        schema: What the source declares of its streams, None for nothing.
        names: What the source calls its streams.
    """

    def __init__(self) -> None:
        """Start with five rows a stream."""
        self.now = START
        self.rows: dict[str, dict[int, Row]] = {stream: {} for stream in STREAMS}
        self.schema: dict[str, Any] | None = SCHEMA
        self.names = {stream: stream for stream in STREAMS}
        self._events: dict[tuple[str, int], Callable[[], None]] = {}
        self._asked: dict[str, int] = defaultdict(int)
        for number in range(5):
            self.put(number)

    def wait(self, **time: float) -> None:
        """Let time pass, such as ``hours=1``."""
        self.now += timedelta(**time)

    def put(self, *ids: int, **fields: Any) -> None:
        """Add or change a row in every stream, now."""
        for rows, number in ((rows, number) for rows in self.rows.values() for number in ids):
            rows[number] = {"id": number, "changed": self.now, "amount": number, **fields}

    def remove(self, *ids: int) -> None:
        """Remove a row from every stream; nobody is told."""
        for rows in self.rows.values():
            for number in ids:
                del rows[number]

    def at_page(self, stream: str, page: int, event: Callable[[], None]) -> None:
        """Let something happen when the nth page of a stream is asked for, counted from now."""
        self._events[stream, self._asked[stream] + page] = event

    def page(self, stream: str, since: datetime | None, after: Any) -> list[Row]:
        """Give one row more than a page, of what changed since, after a place."""
        self._asked[stream] += 1
        self._events.pop((stream, self._asked[stream]), lambda: None)()
        rows = [
            row for row in self.rows[stream].values() if since is None or row["changed"] >= since
        ]
        rows.sort(key=lambda row: self.place(stream, row))
        rest = [row for row in rows if after is None or self.place(stream, row) > after]
        return rest[: PAGE_SIZE + 1]

    def place(self, stream: str, row: Row) -> tuple[Any, ...]:
        """Return what a row is ordered by."""
        return (row["changed"], row["id"]) if stream == "events" else (row["id"],)


class MovingSource(AbstractSource):
    """Reads the API of a test."""

    api: ClassVar[MovingApi]

    @classmethod
    def streams(cls) -> list[str]:
        """Name the streams as the API does today."""
        return list(cls.api.names.values())

    @staticmethod
    def get_config_class() -> type[Any]:
        """Have a setting that decides which rows there are."""
        return FilteredConfig

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare what the API says of its rows today."""
        if cls.api.schema is None:
            return [StreamDefinition(name, replication_key="changed") for name in cls.streams()]
        return [
            StreamDefinition(
                name,
                cls.api.schema,
                ("id",),
                "changed",
                replication_method="FULL_TABLE" if stream == "shops" else None,
            )
            for stream, name in cls.api.names.items()
        ]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give a page of everything."""
        return self._page(None, pagination)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Give a page of what changed since the last run began."""
        return self._page(source_state.last_run, pagination)

    def _page(self, since: datetime | None, pagination: dict[str, Any] | None) -> SourceIteration:
        api = type(self).api
        stream = next(own for own, name in api.names.items() if name == self.config.stream)
        found = api.page(stream, since, (pagination or {}).get("after"))
        rows = [row for row in found[:PAGE_SIZE] if row["id"] >= self.config.from_id]
        records = [SourceRecord(str(row["id"]), dict(row)) for row in rows]
        more = len(found) > PAGE_SIZE
        following = {"after": api.place(stream, found[PAGE_SIZE - 1])} if more else {}
        return SourceIteration(following, records)


class FilteredConfig(SourceConfig):
    """A setting that decides which rows there are."""

    from_id: int = 0


class DatedSource(MovingSource):
    """The same, by HTTP: each page costs a request, whose answer says what time it is."""

    server: ClassVar[HttpServer]

    def _page(self, since: datetime | None, pagination: dict[str, Any] | None) -> SourceIteration:
        assert self.session.get(f"{self.server.url}/rows").json() == []
        return super()._page(since, pagination)


TAP: Final = tap_for("tap-moving", [MovingSource])
DATED_TAP: Final = tap_for("tap-moving", [DatedSource])


class Clock:
    """Stands in for ``datetime`` where a run asks for the time: the API's, and an error."""

    def __init__(self, api: MovingApi) -> None:
        """Go right."""
        self._api = api
        self.off = timedelta(0)

    def now(self, zone: Any) -> datetime:
        """Return what this machine takes for the time."""
        return (self._api.now + self.off).astimezone(zone)


class Replica:
    """A target, and the STATE it gives back."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.rows: dict[str, dict[int, Row]] = defaultdict(dict)
        self._versions: dict[str, dict[int, int | None]] = defaultdict(dict)
        self.state: Any = None

    def load(self, done: Run) -> None:
        """Take over what a run wrote."""
        for message in done.recording.messages:
            if message.kind == "RECORD":
                record = message.body["record"]
                row = record.get("_source_data") or {
                    name: value for name, value in record.items() if not name.startswith("_source_")
                }
                self.rows[message.stream][row["id"]] = row
                self._versions[message.stream][row["id"]] = message.body.get("version")
            elif message.kind == "ACTIVATE_VERSION":
                self._drop_older(message.stream, message.body["version"])
        self.state = done.state or self.state

    def _drop_older(self, stream: str, version: int) -> None:
        """Drop the rows of smaller versions, as the targets of the Singer SDK do."""
        versions = self._versions[stream]
        for number in [key for key, has in versions.items() if has is None or has < version]:
            del versions[number], self.rows[stream][number]


class Scene:
    """An API, a clock, a tap and a target."""

    def __init__(self, api: MovingApi, clock: Clock) -> None:
        """Set out before the first run."""
        self.tap_class = TAP
        self.api = api
        self.clock = clock
        self.replica = Replica()

    def run(
        self, config: Any = None, catalog: Any = None, *, code: int = 0, minutes: int = 60
    ) -> Run:
        """Run the tap from the last STATE, some time later, and load what it wrote."""
        self.api.wait(minutes=minutes)
        done = run(self.tap_class, config, self.replica.state, catalog)
        assert done.code == code, (done.sentence, done.errors)
        assert check(done.stdout, initial_state=self.replica.state) == []
        self.replica.load(done)
        return done

    def catalog(self) -> dict[str, Any]:
        """Discover."""
        found: dict[str, Any] = TAP(config={}).catalog_dict
        return found

    def assert_true(self, streams: Iterable[str] = STREAMS) -> None:
        """Check that the target holds the truth, and that nothing is left to do."""
        for stream in streams:
            name = self.api.names[stream]
            assert self.replica.rows[name] == {
                number: written(row) for number, row in self.api.rows[stream].items()
            }, stream
            bookmark = self.replica.state["bookmarks"][name]
            assert bookmark["in_progress"] is None
            assert datetime.fromisoformat(bookmark["last_run"]) <= self.api.now + max(
                self.clock.off, timedelta(0)
            )


def written(row: Row) -> Row:
    """Return a row as a reader finds it."""
    return {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in row.items()
    }


@contextmanager
def scene_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Set a scene in which the package's clock is the scene's."""
    api = MovingApi()
    monkeypatch.setattr(MovingSource, "api", api, raising=False)
    clock = Clock(api)
    monkeypatch.setattr(sync, "datetime", clock)
    yield Scene(api, clock)
