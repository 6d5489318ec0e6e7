"""Pages from memory through the whole adapter to /dev/null, against the Singer SDK's record path.

Both read the same records (15 properties, about 500 bytes) in one process, in turn, and are timed
by CPU seconds; the ratio is what counts, machines are noisy. STATE goes out after every page.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from typing import Any

from singer_sdk import Stream, Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter

from bizon_singer import AbstractSource, SourceIteration, SourceRecord, StreamDefinition, stdout
from bizon_singer.tap import SourceTap
from tests.benchmarks.contacts import PAGE, PAGE_SIZE, SCHEMA
from tests.benchmarks.process import header, row

RECORDS = 100_000
ROUNDS = 3


class MemorySource(AbstractSource):
    """Gives the same page again and again."""

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["contacts"]

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare the schema, as a tap of an API does."""
        return [StreamDefinition("contacts", SCHEMA, ("id",), "updatedAt")]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Build the records of a page, as a source does from decoded JSON."""
        page = (pagination or {}).get("page", 0) + 1
        records = [SourceRecord(item["id"], item) for item in PAGE]
        more = page * PAGE_SIZE < RECORDS
        return SourceIteration(records=records, next_pagination={"page": page} if more else {})


class MemoryTap(SourceTap):
    """The adapter."""

    name = "tap-memory"
    source_classes = (MemorySource,)


class SdkStream(Stream):
    """The Singer SDK's own path."""

    name = "contacts"
    schema = SCHEMA
    primary_keys = ("id",)
    replication_key = "updatedAt"
    STATE_MSG_FREQUENCY = PAGE_SIZE

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        """Give the same records."""
        del context
        for _ in range(RECORDS // PAGE_SIZE):
            for item in PAGE:
                yield {**item, "properties": dict(item["properties"])}


class SdkTap(Tap):
    """A plain tap with the SDK's fastest writer."""

    name = "tap-sdk"
    message_writer_class = MsgSpecWriter

    def discover_streams(self) -> list[Stream]:
        """One stream."""
        return [SdkStream(self)]


def catalog(*deselected: tuple[str, ...]) -> dict[str, Any]:
    """Return the catalog with some fields deselected."""
    found: dict[str, Any] = MemoryTap(config={}).catalog_dict
    entry = found["streams"][0]
    entry["metadata"] = [
        item for item in entry["metadata"] if tuple(item["breadcrumb"]) not in deselected
    ] + [{"breadcrumb": list(crumb), "metadata": {"selected": False}} for crumb in deselected]
    return found


DESELECTED = (("properties", "archived"), ("properties", "properties", "properties", "property_3"))


def cpu_seconds(run: Callable[[], None]) -> float:
    """Return the least CPU time of some runs."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def ours(**options: Any) -> Callable[[], None]:
    """Return a run of the adapter to /dev/null."""

    def run() -> None:
        with open(os.devnull, "wb") as null:  # noqa: PTH123 - a descriptor is what is wanted
            stdout._current = stdout.Writer(null.fileno())
            MemoryTap(config={}, **options).sync_all()

    return run


def sdks(**options: Any) -> Callable[[], None]:
    """Return a run of the SDK's tap to /dev/null."""

    def run() -> None:
        with open(os.devnull, "w") as null:  # noqa: PTH123
            from contextlib import redirect_stdout  # noqa: PLC0415

            with redirect_stdout(null):
                SdkTap(config={}, **options).sync_all()

    return run


def table() -> None:
    """Print CPU microseconds a record and the ratios."""
    header(
        f"{RECORDS:,} records from memory to /dev/null, a STATE per page",
        "SDK, msgspec, CPU µs a record",
        "bizon-singer",
        "ratio",
    )
    with open(os.devnull, "w") as null, redirect_stderr(null):  # noqa: PTH123
        rows = [
            ("all fields selected", cpu_seconds(sdks()), cpu_seconds(ours())),
            (
                "one root and one nested field deselected",
                cpu_seconds(sdks(catalog=catalog(*DESELECTED))),
                cpu_seconds(ours(catalog=catalog(*DESELECTED))),
            ),
        ]
    for name, theirs, own in rows:
        microseconds = [value / RECORDS * 1e6 for value in (theirs, own)]
        row(name, *(f"{value:.2f}" for value in microseconds), f"{theirs / own:.1f}")
