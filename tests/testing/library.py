"""A good source of two streams, and one source for each way to break a rule of the kit."""

from __future__ import annotations

import subprocess
import uuid
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord
from bizon_singer.source.models import SourceIncrementalState, StreamDefinition

PAGE_SIZE = 3
MOMENTS = [f"2026-01-0{1 + number // 2}T00:00:00Z" for number in range(8)]
LOANS: list[dict[str, Any]] = [
    {"id": number, "updated_at": moment} for number, moment in enumerate(MOMENTS)
]
NOTES = [{"id": str(number), "text": f"note {number}"} for number in range(7)]
NOTED_AT = "2026-01-09T00:00:00Z"
LOAN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "updated_at": {"type": "string", "format": "date-time"},
    },
}
Page = tuple[list[dict[str, Any]], dict[str, Any]]


class LibraryConfig(SourceConfig):
    """A token, and a folder for sources that keep files."""

    token: str = ""
    folder: str = ""


class Library(AbstractSource):
    """Loans with a declared schema, two a day, and notes of one day with an inferred one."""

    @staticmethod
    def streams() -> list[str]:
        """Two."""
        return ["loans", "notes"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Take a token."""
        return LibraryConfig

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Describe one of the two."""
        return [StreamDefinition("loans", LOAN_SCHEMA, ("id",), "updated_at")]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give a page."""
        rows = LOANS if self.config.stream == "loans" else NOTES
        return self.page(rows, pagination or {})

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Give a page of what changed."""
        last_run = source_state.last_run.strftime("%Y-%m-%dT%H:%M:%SZ")
        return self.page(self.changed(last_run), pagination or {})

    def changed(self, last_run: str) -> list[dict[str, Any]]:
        """Return what changed since a moment."""
        if self.config.stream == "notes":
            return NOTES if last_run <= NOTED_AT else []
        return [row for row in LOANS if row["updated_at"] >= last_run]

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Return a page of some rows."""
        start = pagination.get("start", 0)
        after = start + PAGE_SIZE
        records = [self.record(row) for row in rows[start:after]]
        following = {"start": after} if after < len(rows) else {}
        return SourceIteration(records=records, next_pagination=following)

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Return a row as a record."""
        return SourceRecord(str(row["id"]), dict(row))


class Unordered(Library):
    """Discovers its streams in another order each time."""

    turns: ClassVar[Any] = count()

    def discover(self) -> list[StreamDefinition]:
        """Turn the list round."""
        found = [StreamDefinition(name) for name in self.streams()]
        return found[:: 1 if next(self.turns) % 2 else -1]


class Closed(Library):
    """Its connection check fails."""

    def check_connection(self) -> tuple[bool, Any | None]:
        """Say no."""
        return False, "closed on Mondays"


class Miscounting(Library):
    """Counts below nothing."""

    def get_total_records_count(self) -> int | None:
        """Count."""
        return -1


class Raising(Library):
    """Raises an error for the second page."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Fail after the first."""
        if pagination:
            raise RuntimeError("the shelf fell over")
        return super().page(rows, pagination)


class Endless(Library):
    """Has always one more page."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Give no records after the last, and go on."""
        start = pagination.get("start", 0)
        found = super().page(rows, pagination)
        return SourceIteration(records=found.records, next_pagination={"start": start + PAGE_SIZE})


class Printing(Library):
    """Prints what it does."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Print."""
        print("a page")  # noqa: T201 - the flaw
        return super().page(rows, pagination)


class Undeclared(Library):
    """Gives a text where it declares a number."""

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Change the type of the key."""
        return SourceRecord(str(row["id"]), {**row, "id": str(row["id"])})


class Changeable(Library):
    """Gives a field as a text and as a number."""

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Add the field."""
        mood = 1 if row["id"] in {"1", 1} else "good"
        return SourceRecord(str(row["id"]), {**row, **({"mood": mood} if "text" in row else {})})


class Keyless(Library):
    """Gives a record without its key."""

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Leave the key of one out."""
        data = {name: value for name, value in row.items() if name != "id" or value != 1}
        return SourceRecord(str(row["id"]), data)


class Repeating(Library):
    """Gives one key to all."""

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Let the key be 1."""
        return SourceRecord("1", {**row, "id": 1})


class Mutating(Library):
    """Changes the pagination it is given."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Leave something in it."""
        found = super().page(rows, pagination)
        pagination["seen"] = True
        return found


class Unsavable(Library):
    """Puts what JSON cannot hold into the pagination."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Add an object."""
        found = super().page(rows, pagination)
        by = {"by": object()} if found.next_pagination else {}
        following = {**(found.next_pagination or {}), **by}
        return SourceIteration(records=found.records, next_pagination=following)


class Random(Library):
    """Makes ids up."""

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Give a new one each time."""
        return SourceRecord(str(uuid.uuid4()), dict(row))


class Hashing(Library):
    """Makes ids of hash(), which is another number in each process."""

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Hash the id."""
        return SourceRecord(str(hash(str(row["id"]))), dict(row))


class Counting(Library):
    """Keeps its place in the instance, and gives a pagination that is one page ahead."""

    place = 0

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Take the pagination for the first page of a run only."""
        start = self.place or pagination.get("start", 0)
        self.place = start + PAGE_SIZE
        found = super().page(rows, {"start": start})
        following = {"start": start + 2 * PAGE_SIZE} if found.next_pagination else {}
        return SourceIteration(records=found.records, next_pagination=following)


class Forgetful(Library):
    """Keeps its place in the instance, and begins again when it is resumed."""

    tokens: ClassVar[Any] = count()
    place = 0

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Ignore the pagination."""
        del pagination
        start, self.place = self.place, self.place + PAGE_SIZE
        found = super().page(rows, {"start": start})
        following = {"token": next(self.tokens)} if found.next_pagination else {}
        return SourceIteration(records=found.records, next_pagination=following)


class Filing(Library):
    """Keeps its place in a file, which a killed process leaves behind."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Go on from the file, if there is one."""
        file = Path(self.config.folder) / self.config.stream
        start = int(file.read_text()) if file.exists() else pagination.get("start", 0)
        found = super().page(rows, {"start": start})
        if found.next_pagination:
            written = file.with_suffix(".new")  # replaced at once: a kill never leaves it empty
            written.write_text(str(start + PAGE_SIZE))
            written.replace(file)
        else:
            file.unlink(missing_ok=True)
        return found


class Strict(Library):
    """Asks for what changed after the last run, not for what changed at that moment."""

    def changed(self, last_run: str) -> list[dict[str, Any]]:
        """Leave the boundary out."""
        return [row for row in super().changed(last_run) if row.get("updated_at") != last_run]


class Eager(Library):
    """Gives everything, whatever changed."""

    def changed(self, last_run: str) -> list[dict[str, Any]]:
        """Give all."""
        del last_run
        return super().changed("")


class Telling(Library):
    """Puts its token into a record."""

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Add it."""
        return SourceRecord(str(row["id"]), {**row, "by": self.config.token})


class Empty(Library):
    """Holds nothing."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Give no record."""
        del rows
        return super().page([], pagination)


class Brief(Library):
    """Gives all it has on one page."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Leave nothing for a second."""
        del pagination
        records = [self.record(row) for row in rows]
        return SourceIteration(records=records, next_pagination={})


class Shut(Library):
    """Raises an error for the first page."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Fail."""
        del rows, pagination
        raise RuntimeError("nobody is in")


class Labelled(Library):
    """Declares a field named `key`, and gives a text where it declares a number."""

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare it."""
        properties = {**LOAN_SCHEMA["properties"], "key": {"type": "integer"}}
        schema = {**LOAN_SCHEMA, "properties": properties}
        return [StreamDefinition("loans", schema, ("id",), "updated_at")]

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Give the text."""
        return SourceRecord(str(row["id"]), {**row, "key": "a"})


class Burning(Library):
    """Raises an error for whatever is asked before a run."""

    closed: ClassVar[int] = 0

    def check_connection(self) -> tuple[bool, Any | None]:
        """Fail."""
        raise KeyError("fire")

    def get_total_records_count(self) -> int | None:
        """Fail."""
        raise KeyError("fire")

    def close(self) -> None:
        """Count."""
        super().close()
        Burning.closed += 1


class Incomparable:
    """Equals nothing, and raises an error for the question, as an array does."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, _: object) -> bool:
        """Refuse to tell."""
        raise ValueError("ambiguous")


class Locked(Library):
    """Puts what nothing can copy or compare into the pagination."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Add a lock."""
        found = super().page(rows, pagination)
        values = {"lock": Lock(), "array": Incomparable(), "object": object(), "ids": [[1]]}
        following = {**(found.next_pagination or {}), **values} if found.next_pagination else {}
        return SourceIteration(records=found.records, next_pagination=following)


class Consuming(Locked):
    """Takes from a list within the pagination, beside a lock."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Take the one there is."""
        found = super().page(rows, pagination)
        if pagination:
            pagination["ids"][0].pop()
        return found


class Echoing(Library):
    """Lets a child process write to stdout."""

    def page(self, rows: list[dict[str, Any]], pagination: dict[str, Any]) -> SourceIteration:
        """Echo."""
        subprocess.run(["echo", "a page"], check=True)
        return super().page(rows, pagination)


class Moody(Library):
    """Gives a field within a field as a text and as a number, and a list of both."""

    def record(self, row: dict[str, Any]) -> SourceRecord:
        """Add the field."""
        today = 1 if row["id"] == "1" else "good"
        mood = {"mood": {"today": today}, "moods": [{"then": today}]}
        return SourceRecord(str(row["id"]), {**row, **(mood if "text" in row else {})})


class Scattered(Library):
    """Has its two streams in a set."""

    @staticmethod
    def streams() -> list[str]:
        """In any order."""
        return list({"loans", "notes"})


class Stirred(Library):
    """Has the fields of a schema in a set."""

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """In any order."""
        fields = LOAN_SCHEMA["properties"]
        properties = {name: fields[name] for name in set(fields)}
        return [StreamDefinition("loans", {**LOAN_SCHEMA, "properties": properties})]
