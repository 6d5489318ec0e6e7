"""What the rules look at: parts of recordings, in a form that can be compared."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from bizon_singer.connection import close_source
from bizon_singer.failure import describe
from bizon_singer.place import parse_time
from bizon_singer.stream import SourceStream
from bizon_singer.testing.recording import Invariant, Message, canonical, read
from bizon_singer.testing.recording_rules import check
from bizon_singer.testing.subject import NotApplicableError, Subject

ONE_PAGE = "no stream has a second page; give the kit more records, or smaller pages"

Rows = defaultdict[str, set[str]]
"""Records as texts, by stream."""


def selected(subject: Subject) -> list[SourceStream]:
    """Return the streams a run reads.

    Raises:
        NotApplicableError: There are none.
    """
    found = [stream for stream in subject.tap().streams.values() if stream.selected]
    if not found:
        raise NotApplicableError("no stream is selected")
    return found


@contextmanager
def opened(subject: Subject, stream: SourceStream) -> Iterator[Any]:
    """Give the source of a stream, made and closed as a run does it."""
    settings = stream.run_context.settings
    source = settings.open_source(subject.source_class, stream.source_config())
    try:
        yield source
    finally:
        close_source(source)


def raised(error: Exception) -> str:
    """Return what a source raised, for a finding."""
    return describe(error, "", None).sentence.partition(";")[0]


def violations(
    subject: Subject, invariant: Invariant, about: str = "", *others: str
) -> Iterator[str]:
    """Yield what breaks an invariant in the first run.

    Args:
        subject: The source.
        invariant: The invariant.
        about: What the finding must begin with.
        others: What it must not begin with: findings of other rules.
    """
    for violation in check(subject.first.stdout):
        said = violation.detail
        wanted = violation.invariant is invariant and said.startswith(about)
        if wanted and not said.startswith(others):
            where = f"stream {violation.stream!r}, " if violation.stream else ""
            yield f"{where}byte {violation.offset:,}: {said}"


def proven(subject: Subject, *invariants: Invariant) -> Iterator[str]:
    """Yield what breaks invariants where the first run is cut and resumed.

    Raises:
        NotApplicableError: Nothing does, but no cut was in the middle of a stream.
    """
    seen: set[str] = set()
    for violation in subject.proof.violations:
        where = f"stream {violation.stream!r}, " if violation.stream else ""
        if violation.invariant in invariants and where not in seen:
            seen.add(where)  # a fault shows at every byte from its own on: once is enough
            yield f"{where}cut at byte {violation.offset:,}: {violation.detail}"
    if not seen and not subject.has_second_page:
        raise NotApplicableError(ONE_PAGE)


def rows_of(messages: Iterable[Message], volatile_fields: Collection[str]) -> Rows:
    """Return the records among messages, without fields that differ from run to run."""
    rows: Rows = defaultdict(set)
    for message in messages:
        if message.kind == "RECORD":
            fields = message.body["record"].items()
            record = {name: value for name, value in fields if name not in volatile_fields}
            rows[message.stream].add(canonical(record))
    return rows


def last_state(written: bytes) -> Any:
    """Return the last whole STATE of what a run wrote, as a target would keep it; None without."""
    found = list(read(written).of("STATE"))
    return json.loads(written[found[-1].start : found[-1].end])["value"] if found else None


def key_of(record: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Return the key of a record; the whole record where there are no keys."""
    names = list(keys) or sorted(record)
    return canonical([record.get(name) for name in names])


def by_moment(
    records: Iterable[Mapping[str, Any]], key: str | None
) -> dict[datetime, list[Mapping[str, Any]]]:
    """Return records by the time in one of their fields, without those that have none there."""
    found: dict[datetime, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        moment = parse_time(record.get(key)) if key else None
        if moment is not None:
            found[moment].append(record)
    return found


def mixed_types(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the paths of the fields that hold more than one type, and these types.

    What a list holds is a field as well, ``[]`` at the end of its path.
    """
    declared = schema.get("type", ())
    kinds = {declared} if isinstance(declared, str) else set(declared)
    kinds -= {"null"}
    if "number" in kinds:
        kinds -= {"integer"}
    if len(kinds) > 1:
        yield path, sorted(kinds)
    for name, field in schema.get("properties", {}).items():
        yield from mixed_types(field, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from mixed_types(schema["items"], f"{path}[]")
