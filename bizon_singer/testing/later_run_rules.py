"""What holds of the runs that follow one another: the same again, cut, killed, resumed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bizon_singer.config_schema import secrets_in
from bizon_singer.testing import process
from bizon_singer.testing.conformance import rule
from bizon_singer.testing.evidence import by_moment, key_of, last_state, proven, rows_of
from bizon_singer.testing.recording import Invariant, read
from bizon_singer.testing.recording_rules import check, secret_forms
from bizon_singer.testing.subject import NotApplicableError, Subject

KILLS = 3
MIN_SECRET_LENGTH = 8
"""A shorter one may be a word that stands in the output by itself."""
MIN_RECORDS = 3
"""Fewer have no middle."""


@rule
def two_runs_give_the_same_records(subject: Subject) -> Iterator[str]:
    """Two runs over the same data give the same records.

    Take ids from the data, never from a counter, a random number or hash(); name fields that tell
    when a record was fetched in volatile_fields.
    """
    first = rows_of(subject.complete.recording.messages, subject.volatile)
    others = {"": subject.again.recording.messages}
    if process.importable(subject.source_class) and subject.elsewhere[0]:
        others[" in another process"] = read(subject.elsewhere[0]).messages
    for where, messages in others.items():
        second = rows_of(messages, subject.volatile)
        for stream in first | second:
            differing = first[stream] ^ second[stream]
            if differing:
                yield f"{len(differing)} records of stream {stream!r} differ{where}"
        if second != first:
            return


@rule
def state_never_runs_ahead(subject: Subject) -> Iterator[str]:
    """What a STATE lets the next run leave out was written before it.

    Let next_pagination point at the first record that was not given yet, never beyond it.
    """
    yield from proven(subject, Invariant.SAFETY)


@rule
def a_resumed_run_is_exact(subject: Subject) -> Iterator[str]:
    """Cut at any byte and resumed from its last STATE, a run gives the records of a whole one.

    Make a page depend on the pagination alone: no counter, cursor or cache of the instance.
    """
    yield from proven(subject, Invariant.RESUME, Invariant.MONOTONE)


@rule
def a_resumed_run_repeats_little(subject: Subject) -> Iterator[str]:
    """A resumed run repeats no more than what was written since its STATE.

    Let the pagination say where the next page starts, and start there.
    """
    yield from proven(subject, Invariant.REPLAY)


@rule
def a_killed_run_goes_on(subject: Subject) -> Iterator[str]:
    """A process that is killed loses nothing: the next run from its last STATE has the rest.

    Keep nothing a page depends on in files or in memory.
    """
    if not process.importable(subject.source_class):
        raise NotApplicableError("no other process can import the class; put it into a module")
    whole = rows_of(subject.complete.recording.messages, subject.volatile)
    draw = random.Random(0)  # noqa: S311 - the same moments in each run
    size = len(subject.complete.stdout)
    for moment in sorted(draw.randrange(1, size) for _ in range(KILLS)):
        written = process.killed_after(moment, subject)
        if not written:  # it would be judged by the run that follows alone
            yield "its process wrote nothing; run the tap by itself to see why"
            return
        rest = subject.run(last_state(written))
        if rest.code:
            yield f"the run after a kill at byte {moment:,} failed: {rest.sentence}"
            continue
        held = rows_of(read(written).messages, subject.volatile)
        for stream, rows in rows_of(rest.recording.messages, subject.volatile).items():
            held[stream] |= rows
        for stream, rows in whole.items():
            lost = rows - held[stream]
            if lost:
                yield f"{len(lost)} records of stream {stream!r} lost by a kill at byte {moment:,}"


@rule
def an_incremental_run_keeps_the_boundary(subject: Subject) -> Iterator[str]:
    """A run from a bookmark gives every record at or after it, those of the same moment too.

    Ask with "at or after" (>=), never with "after" (>): records of one moment come in two pages.
    """
    tried = False
    for stream in subject.incremental():
        key = subject.tap().streams[stream].replication_key
        moments = by_moment(subject.complete.records(stream), key)
        if key is None or len(moments) < MIN_RECORDS:
            continue
        tried = True
        middle = sorted(moments)[len(moments) // 2]
        bookmark = {"replication_key": key, "replication_key_value": middle.isoformat()}
        later = subject.run({"bookmarks": {stream: bookmark}})
        if later.code:
            yield f"stream {stream!r} failed from a bookmark: {later.sentence}"
            continue
        keys = subject.keys[stream]
        given = {key_of(record, keys) for record in later.records(stream)}
        missing = [
            moment
            for moment, records in moments.items()
            if moment >= middle and any(key_of(record, keys) not in given for record in records)
        ]
        if missing:
            where = "at the bookmark itself" if missing == [middle] else "at or after the bookmark"
            yield f"stream {stream!r} left out records {where}"
    if not tried:
        raise NotApplicableError("no incremental stream has three moments in its replication key")


@rule
def an_unchanged_source_is_not_read_again(subject: Subject) -> Iterator[str]:
    """The run after a complete one gives less than everything of an incremental stream.

    Use source_state.last_run (or your own next_state) in get_records_after to ask for changes only.
    """
    counts = {stream: len(subject.complete.records(stream)) for stream in subject.incremental()}
    judged = {stream: count for stream, count in counts.items() if count >= MIN_RECORDS}
    if not judged:
        raise NotApplicableError("no incremental stream gave three records")
    if subject.next.code:
        yield f"the next run failed: {subject.next.sentence}"
        return
    for stream, count in judged.items():
        if len(subject.next.records(stream)) >= count:
            yield f"stream {stream!r} gave all {count:,} records again"


@rule
def secrets_are_not_shown(subject: Subject) -> Iterator[str]:
    """No credential of the settings is in a message, a STATE or a line of the log.

    Keep credentials out of records, paginations and states, and leave logging them to nobody.
    """
    secrets = [text for text in secrets_in(subject.given) if len(text) >= MIN_SECRET_LENGTH]
    if not secrets:
        raise NotApplicableError("the settings hold no credential of eight characters or more")
    for violation in check(subject.first.stdout, complete=False, secrets=secrets):
        if violation.invariant is Invariant.LEAK:
            yield f"{violation.detail}, at byte {violation.offset:,} of stdout"
    if process.importable(subject.source_class):
        _, log = subject.elsewhere
        for number, secret in enumerate(secrets):
            forms = sorted(form for form, text in secret_forms(secret) if text in log)
            if forms:
                yield f"secret number {number}, {forms[0]}, in the log"
