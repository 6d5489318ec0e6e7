"""What holds of a source before it is run, and of one run of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from operator import methodcaller
from typing import Any

from bizon_singer.testing import process
from bizon_singer.testing.conformance import rule
from bizon_singer.testing.evidence import (
    ONE_PAGE,
    mixed_types,
    opened,
    raised,
    selected,
    violations,
)
from bizon_singer.testing.recording import Invariant, canonical
from bizon_singer.testing.subject import NotApplicableError, Subject

KEYED = "stream with a key"
UNANNOUNCED, NO_KEY = "RECORD before its SCHEMA", "key "
"""How the checker begins what it says of two breaches that are rules of their own here."""

# Before a run


@rule
def discovery_gives_the_same_catalog_twice(subject: Subject) -> Iterator[str]:
    """Two discoveries over the same account give the same catalog, in the same order.

    Sort what comes from a set or from an API that promises no order.
    """
    catalog = subject.discover()
    first, second = json.dumps(catalog), json.dumps(subject.discover())
    if first != second:
        yield "two catalogs that differ"
    elif process.importable(subject.source_class):
        elsewhere = process.catalogs_of(subject, unlike=catalog)
        if any(first != json.dumps(found) for found in elsewhere):
            yield "another process gives another catalog"


@rule
def the_connection_check_answers(subject: Subject) -> Iterator[str]:
    """check_connection() returns (True, None) for good settings.

    Ask the API for something small with the credentials; return whether it answered, and if not,
    why.
    """

    def fault(answer: Any) -> str | None:
        if not (isinstance(answer, tuple) and len(answer) == 2):  # noqa: PLR2004 - a pair
            return f" answered with {type(answer).__name__}"
        return None if answer[0] is True else f" failed: {answer[1]}"

    yield from _wrong_answers(subject, methodcaller("check_connection"), fault)


@rule
def the_total_is_a_count(subject: Subject) -> Iterator[str]:
    """get_total_records_count() returns a number from 0 on, or None.

    Return None where the API does not tell; an error there hides the progress from the user.
    """

    def fault(total: Any) -> str | None:
        is_count = total is None or (type(total) is int and total >= 0)
        return None if is_count else f" counts {total!r}"

    yield from _wrong_answers(subject, methodcaller("get_total_records_count"), fault)


def _wrong_answers(
    subject: Subject, ask: Callable[[Any], Any], fault: Callable[[Any], str | None]
) -> Iterator[str]:
    """Ask the source of each stream; yield what it raised, or what is wrong with its answer."""
    for stream in selected(subject):
        try:
            with opened(subject, stream) as source:
                seen = fault(ask(source))
        except Exception as error:  # noqa: BLE001 - the user's code, whatever it raises
            seen = f": {raised(error)}"
        if seen is not None:
            yield f"stream {stream.name!r}{seen}"


# One run


@rule
def a_run_completes(subject: Subject) -> Iterator[str]:
    """A run with good settings ends with exit code 0.

    The sentence says which stream and page failed; run the tap itself to see its whole log.
    """
    if subject.first.code:
        yield f"exit code {subject.first.code}: {subject.first.sentence.rstrip('.')}"


@rule
def pagination_ends(subject: Subject) -> Iterator[str]:
    """Every stream comes to a page without next_pagination.

    Return an empty next_pagination with the last page; if the account is only large, give the kit
    a smaller one, or a larger max_pages.
    """
    for stream in subject.unfinished:
        yield f"stream {stream!r} still went on after {subject.settings['max_iterations']} pages"


@rule
def stdout_is_left_alone(subject: Subject) -> Iterator[str]:
    """The source writes nothing to stdout, where the messages are.

    Use logging instead of print; the tap sends prints to stderr, where nobody looks for them.
    """
    if subject.first.printed:
        yield subject.first.printed


@rule
def every_line_is_a_message(subject: Subject) -> Iterator[str]:
    """Every line of stdout is one Singer message in strict JSON.

    A value that JSON cannot hold is converted by the tap; report it if the source gave none.
    """
    if not subject.first.stdout:
        raise NotApplicableError("the first run wrote nothing")
    yield from violations(subject, Invariant.FRAMING)


@rule
def schemas_come_first(subject: Subject) -> Iterator[str]:
    """A SCHEMA comes before the first record of its stream.

    Give a record's stream by the route the source declares.
    """
    subject.with_records()
    yield from violations(subject, Invariant.SCHEMA, UNANNOUNCED)


@rule
def records_fit_their_schema(subject: Subject) -> Iterator[str]:
    """Every record is valid under the SCHEMA before it.

    Declare what the API really sends; a field that may be missing or null is nullable.
    """
    subject.with_records()
    yield from violations(subject, Invariant.SCHEMA, "", UNANNOUNCED, NO_KEY)


@rule
def declared_schemas_hold(subject: Subject) -> Iterator[str]:
    """A schema the source declares need not be widened while it is read.

    Declare every field and each type it may have; or declare no schema, then it is inferred.
    """
    declared = {stream.name for stream in selected(subject) if stream.definition.schema}
    if not declared:
        raise NotApplicableError("no stream declares a schema")
    for warning in subject.with_records(declared, "stream with a declared schema").warnings:
        if "do not fit the declared schema" in warning:
            yield warning.rstrip(".")


@rule
def fields_keep_their_type(subject: Subject) -> Iterator[str]:
    """A field of an inferred schema has one type in all records.

    Convert it in the source, always to the same type; a warehouse column has one.
    """
    inferred = {stream.name for stream in selected(subject) if not stream.definition.schema}
    if not inferred:
        raise NotApplicableError("all streams declare their schema")
    last = {
        message.stream: message.body["schema"]
        for message in subject.with_records(
            inferred, "stream with an inferred schema"
        ).recording.of("SCHEMA")
        if message.stream in inferred
    }
    for stream, schema in last.items():
        for name, kinds in mixed_types(schema):
            yield f"field {name!r} of stream {stream!r} is {' and '.join(kinds)}"


@rule
def keys_are_there(subject: Subject) -> Iterator[str]:
    """Every record has a value for each key of its stream.

    Choose keys that every record has, or give each record an id.
    """
    subject.with_records(subject.keyed, KEYED)
    yield from violations(subject, Invariant.SCHEMA, NO_KEY)


@rule
def keys_are_unique(subject: Subject) -> Iterator[str]:
    """No two records of a run have the same key.

    Make the key of all fields that tell two records apart; a target keeps the last of two only.
    """
    found = subject.with_records(subject.keyed, KEYED)
    for stream, keys in subject.keyed.items():
        values = Counter(
            canonical([record.get(key) for key in keys]) for record in found.records(stream)
        )
        twice = [value for value, count in values.items() if count > 1]
        if twice:
            yield f"{len(twice)} keys of stream {stream!r} came more than once"


@rule
def paginations_are_not_changed(subject: Subject) -> Iterator[str]:
    """A source does not change the pagination it is given.

    Build a new dict for next_pagination.
    """
    _ = subject.first
    if not subject.calls:
        raise NotApplicableError("no page was asked for")
    changed = {(call.stream, call.method) for call in subject.calls if call.changed_pagination}
    for stream, method in sorted(changed):
        yield f"{method}() of stream {stream!r} changed it"


@rule
def paginations_go_into_state(subject: Subject) -> Iterator[str]:
    """Every page that is not the last leaves its next_pagination in STATE.

    Keep to what JSON can hold, and keep secrets and signed URLs out of it.
    """
    if not subject.has_second_page:
        raise NotApplicableError(ONE_PAGE)
    for warning in subject.first.warnings:
        if "stays out of STATE" in warning:
            yield warning.rstrip(".")


@rule
def states_are_whole(subject: Subject) -> Iterator[str]:
    """Every STATE holds all bookmarks, and each page takes its stream further.

    Give a new next_pagination with every page.
    """
    if subject.first.state is None:
        raise NotApplicableError("no STATE was written")
    yield from violations(subject, Invariant.STATE)
    yield from violations(subject, Invariant.PROGRESS)
    yield from violations(subject, Invariant.VERSION)
