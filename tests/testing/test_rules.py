"""Every rule of the kit: kept by a good source, and broken by one that has the flaw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bizon_singer import page_encoder, schema
from bizon_singer.bookmark import Bookmark
from bizon_singer.encoding import RecordEncoder
from bizon_singer.layout import RecordBuilder
from bizon_singer.testing import (
    RULES,
    Rule,
    Status,
    Subject,
    examine,
    later_run_rules,
    process,
    single_run_rules,
)
from bizon_singer.testing.conformance import judge
from tests.testing import library

TOKEN = "b3arer-of-the-library"

Seed = Callable[[pytest.MonkeyPatch], None]


def no_seed(_patch: pytest.MonkeyPatch) -> None:
    """Leave the adapter as it is: the flaw is the source's."""


def broken_lines(patch: pytest.MonkeyPatch) -> None:
    """Let the adapter write what is no JSON."""
    encode = RecordEncoder.encode

    def encoded(self: RecordEncoder, *arguments: Any) -> bytes:
        return encode(self, *arguments).replace(b'"time_extracted"', b'NaN,"time_extracted"')

    patch.setattr(RecordEncoder, "encode", encoded)


def no_schema(patch: pytest.MonkeyPatch) -> None:
    """Let the adapter keep the SCHEMA to itself."""
    patch.setattr(page_encoder.PageEncoder, "_due_schema", lambda *_, **__: b"")


def no_check(patch: pytest.MonkeyPatch) -> None:
    """Let the adapter take every record as one that fits."""
    patch.setattr(schema, "compile_object", lambda _: lambda _: True)


def no_keys(patch: pytest.MonkeyPatch) -> None:
    """Let the adapter ask for no key."""
    patch.setattr(RecordBuilder, "_require", lambda *_: None)


def standing_still(patch: pytest.MonkeyPatch) -> None:
    """Let the adapter count no pages."""
    advance = Bookmark.advance
    patch.setattr(Bookmark, "advance", lambda self, _, *rest: advance(self, 1, *rest))


@dataclass(frozen=True)
class Flaw:
    """A source that breaks a rule, and what the finding says."""

    source_class: type[Any]
    words: str
    seed: Seed = no_seed


FLAWS = {
    "discovery_gives_the_same_catalog_twice": Flaw(library.Unordered, "two catalogs that differ"),
    "the_connection_check_answers": Flaw(library.Closed, "closed on Mondays"),
    "the_total_is_a_count": Flaw(library.Miscounting, "'loans' counts -1"),
    "a_run_completes": Flaw(library.Raising, "the shelf fell over"),
    "pagination_ends": Flaw(library.Endless, "'loans' still went on after 20 pages"),
    "stdout_is_left_alone": Flaw(library.Printing, "beginning with 'a page"),
    "every_line_is_a_message": Flaw(library.Library, "byte", broken_lines),
    "schemas_come_first": Flaw(library.Library, "RECORD before its SCHEMA", no_schema),
    "records_fit_their_schema": Flaw(library.Undeclared, "$.id breaks 'type'", no_check),
    "declared_schemas_hold": Flaw(library.Undeclared, "values of `id` do not fit"),
    "fields_keep_their_type": Flaw(library.Changeable, "'mood' of stream 'notes' is"),
    "keys_are_there": Flaw(library.Keyless, "key 'id' is missing or null", no_keys),
    "keys_are_unique": Flaw(library.Repeating, "1 keys of stream 'loans' came more than once"),
    "paginations_are_not_changed": Flaw(library.Mutating, "get() of stream 'loans' changed it"),
    "paginations_go_into_state": Flaw(library.Unsavable, "stays out of STATE"),
    "states_are_whole": Flaw(library.Library, "pages did not grow", standing_still),
    "two_runs_give_the_same_records": Flaw(library.Random, "records of stream 'notes' differ"),
    "state_never_runs_ahead": Flaw(library.Counting, "covered by a STATE before them"),
    "a_resumed_run_is_exact": Flaw(library.Counting, "lost"),
    "a_resumed_run_repeats_little": Flaw(library.Forgetful, "repeated"),
    "a_killed_run_goes_on": Flaw(library.Filing, "lost by a kill"),
    "an_incremental_run_keeps_the_boundary": Flaw(library.Strict, "at the bookmark itself"),
    "an_unchanged_source_is_not_read_again": Flaw(library.Eager, "gave all 8 records again"),
    "secrets_are_not_shown": Flaw(library.Telling, "secret number 0, raw"),
}


def subject_of(source_class: type[Any], folder: Path) -> Subject:
    """Return a source with its settings."""
    return Subject(source_class, {"token": TOKEN, "folder": str(folder)}, max_pages=20)


def test_every_rule_has_its_flaw() -> None:
    """No rule is there that was never seen to fail, and each says what to do."""
    assert [rule.name for rule in RULES] == list(FLAWS)
    assert len(RULES) >= 12
    for rule in RULES:
        assert rule.says.endswith("."), rule.name
        assert rule.mend.endswith("."), rule.name


def test_every_rule_that_is_written_is_judged() -> None:
    """RULES names each: one left out would hold of nothing."""
    modules = single_run_rules, later_run_rules
    written = [item for module in modules for item in vars(module).values()]
    assert [item for item in written if isinstance(item, Rule)] == list(RULES)


def test_a_good_source_keeps_every_rule(tmp_path: Path) -> None:
    """None is skipped, so each was really judged."""
    outcomes = list(examine(subject_of(library.Library, tmp_path)))
    assert [str(outcome) for outcome in outcomes if outcome.status is not Status.PASSED] == []
    assert len(outcomes) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_flaw_is_seen(rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule fails, and says itself, what was seen and how to mend it."""
    flaw = FLAWS[rule.name]
    flaw.seed(monkeypatch)
    outcome = judge(rule, subject_of(flaw.source_class, tmp_path))
    assert outcome.status is Status.FAILED
    assert flaw.words in outcome.seen
    assert str(outcome) == f"{rule.says} Seen: {outcome.seen}. {rule.mend}"
    assert TOKEN not in str(outcome)


BEFORE_A_RUN = {
    "discovery_gives_the_same_catalog_twice",
    "the_connection_check_answers",
    "the_total_is_a_count",
}
WITHOUT_RECORDS = {
    "a_run_completes",
    "pagination_ends",
    "stdout_is_left_alone",
    "every_line_is_a_message",
    "paginations_are_not_changed",
    "states_are_whole",
}
WITHOUT_A_SECOND_PAGE = {
    "paginations_go_into_state",
    "state_never_runs_ahead",
    "a_resumed_run_is_exact",
    "a_resumed_run_repeats_little",
}


def by_status(source_class: type[Any], folder: Path) -> dict[Status, set[str]]:
    """Return the names of the rules by what became of them."""
    found: dict[Status, set[str]] = {status: set() for status in Status}
    for outcome in examine(subject_of(source_class, folder)):
        found[outcome.status].add(outcome.rule.name)
    return found


def test_no_rule_of_records_passes_where_there_are_none(tmp_path: Path) -> None:
    """It is skipped: an empty account shows nothing of what its records would break."""
    found = by_status(library.Empty, tmp_path)
    assert found[Status.FAILED] == set()
    assert found[Status.PASSED] == BEFORE_A_RUN | WITHOUT_RECORDS | {"secrets_are_not_shown"}


def test_no_rule_passes_on_a_run_that_wrote_nothing(tmp_path: Path) -> None:
    """What failed on its first page has shown neither an end nor a STATE."""
    found = by_status(library.Shut, tmp_path)
    assert found[Status.FAILED] == {"a_run_completes"}
    judged = {"stdout_is_left_alone", "paginations_are_not_changed", "secrets_are_not_shown"}
    assert found[Status.PASSED] == BEFORE_A_RUN | judged


def test_no_rule_of_resuming_passes_where_nothing_can_be_resumed(tmp_path: Path) -> None:
    """With one page a stream there is no place in the middle of one."""
    found = by_status(library.Brief, tmp_path)
    assert found[Status.SKIPPED] == WITHOUT_A_SECOND_PAGE


def test_a_stream_that_is_not_there_is_told() -> None:
    """A spelling mistake would leave nothing to read, and nothing to find fault with."""
    subject = Subject(library.Library, {}, streams=["loans", "note"])
    for outcome in examine(subject):
        assert outcome.status is not Status.PASSED or outcome.rule.name in BEFORE_A_RUN
    outcome = judge(RULES[3], subject)
    assert outcome.status is Status.FAILED
    assert outcome.seen == "there is no stream 'note' (did you mean `notes`?)"


def test_a_field_called_key_is_a_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit in it is no key that is missing: each finding is of one rule."""
    no_check(monkeypatch)
    subject = subject_of(library.Labelled, tmp_path)
    rules = {rule.name: rule for rule in RULES}
    assert "$.key breaks 'type'" in judge(rules["records_fit_their_schema"], subject).seen
    assert judge(rules["keys_are_there"], subject).status is Status.PASSED


@pytest.mark.parametrize("name", ["the_connection_check_answers", "the_total_is_a_count"])
def test_what_a_source_raises_is_a_finding(name: str) -> None:
    """And whatever it opened is closed again."""
    rule = next(rule for rule in RULES if rule.name == name)
    library.Burning.closed = 0
    outcome = judge(rule, Subject(library.Burning, {}))
    assert outcome.status is Status.FAILED
    assert "stream 'loans': the source raised KeyError: 'fire'" in outcome.seen
    assert library.Burning.closed == len(library.Burning.streams())


def test_a_pagination_that_cannot_be_copied_is_no_failure_of_the_kit(tmp_path: Path) -> None:
    """It may hold a lock: the run reads on, and the rule about STATE says what is wrong."""
    found = by_status(library.Locked, tmp_path)
    assert {"a_run_completes", "paginations_are_not_changed"} <= found[Status.PASSED]
    assert "paginations_go_into_state" in found[Status.FAILED]


def test_a_change_beside_what_cannot_be_copied_is_seen(tmp_path: Path) -> None:
    """In a list within the pagination, too: the lock next to it is no excuse."""
    rule = next(rule for rule in RULES if rule.name == "paginations_are_not_changed")
    outcome = judge(rule, subject_of(library.Consuming, tmp_path))
    assert outcome.seen == (
        "get() of stream 'loans' changed it; get() of stream 'notes' changed it"
    )


def test_stdout_is_watched_below_python_too(tmp_path: Path) -> None:
    """A child process, a C library or os.write has the descriptor, and no sys.stdout."""
    rule = next(rule for rule in RULES if rule.name == "stdout_is_left_alone")
    outcome = judge(rule, subject_of(library.Echoing, tmp_path))
    assert outcome.status is Status.FAILED
    assert "something wrote to stdout, beginning with 'a page" in outcome.seen


def test_a_field_within_a_field_keeps_its_type(tmp_path: Path) -> None:
    """It is a column as well, where a target flattens, one in a list too; its path names it."""
    rule = next(rule for rule in RULES if rule.name == "fields_keep_their_type")
    outcome = judge(rule, subject_of(library.Moody, tmp_path))
    assert outcome.status is Status.FAILED
    assert "field 'mood.today' of stream 'notes' is" in outcome.seen
    assert "field 'moods[].then' of stream 'notes' is" in outcome.seen


@pytest.mark.parametrize("source_class", [library.Scattered, library.Stirred])
def test_an_order_that_only_another_process_sees_is_found(
    source_class: type[Any], tmp_path: Path
) -> None:
    """That of a set of texts stays as long as a process does; two have the same in every second."""
    rule = next(rule for rule in RULES if rule.name == "discovery_gives_the_same_catalog_twice")
    outcome = judge(rule, subject_of(source_class, tmp_path))
    assert outcome.status is Status.FAILED
    assert outcome.seen == "another process gives another catalog"


def test_records_that_only_another_process_gives_are_found(tmp_path: Path) -> None:
    """hash() of a text is a number of the process."""
    rule = next(rule for rule in RULES if rule.name == "two_runs_give_the_same_records")
    outcome = judge(rule, subject_of(library.Hashing, tmp_path))
    assert outcome.status is Status.FAILED
    assert outcome.seen == "14 records of stream 'notes' differ in another process"


@pytest.mark.parametrize("last_byte", [1, 300, 700])
def test_a_kill_is_at_its_byte(tmp_path: Path, last_byte: int) -> None:
    """However little the source writes: a pipe would hold all of it before a kill from outside."""
    subject = subject_of(library.Library, tmp_path)
    assert len(process.killed_after(last_byte, subject)) == last_byte
