"""The checker passes a right tap, and catches every fault seeded into it."""

from __future__ import annotations

import ast
import base64
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bizon_singer import testing
from bizon_singer.testing import Invariant, Proof, Terms, Violation, check, prove_resume, read
from tests.proofs.reference_tap import CANARY, PAGE_SIZE, Fault, Mode, run

STREAMS = frozenset({"contacts", "deals"})
CAUGHT_BY = {
    Fault.STATE_BEFORE_RECORDS: Invariant.SAFETY,
    Fault.STATE_ONE_PAGE_AHEAD: Invariant.SAFETY,
    Fault.STATE_STEPS_BACK: Invariant.MONOTONE,
    Fault.GLUED_LINES: Invariant.FRAMING,
    Fault.PARTIAL_LINE_THEN_MESSAGE: Invariant.FRAMING,
    Fault.NO_LAST_LINE_END: Invariant.FRAMING,
    Fault.STRAY_PRINT: Invariant.FRAMING,
    Fault.UNKNOWN_TYPE: Invariant.FRAMING,
    Fault.NAN_LITERAL: Invariant.FRAMING,
    Fault.OVERFLOWING_NUMBER: Invariant.FRAMING,
    Fault.LONE_SURROGATE: Invariant.FRAMING,
    Fault.DUPLICATE_KEY: Invariant.FRAMING,
    Fault.RECORD_BEFORE_SCHEMA: Invariant.SCHEMA,
    Fault.SCHEMA_NOT_WIDENED: Invariant.SCHEMA,
    Fault.FIELD_OF_WRONG_TYPE: Invariant.SCHEMA,
    Fault.KEY_MISSING: Invariant.SCHEMA,
    Fault.KEY_NULL: Invariant.SCHEMA,
    Fault.KEY_NOT_IN_SCHEMA: Invariant.SCHEMA,
    Fault.BOOKMARK_PROPERTY_NOT_IN_SCHEMA: Invariant.SCHEMA,
    Fault.DATE_TIME_WITHOUT_ZONE: Invariant.SCHEMA,
    Fault.TIME_EXTRACTED_WITHOUT_ZONE: Invariant.SCHEMA,
    Fault.BOOKMARK_DROPPED: Invariant.STATE,
    Fault.IN_PROGRESS_DELETED: Invariant.STATE,
    Fault.PAGINATION_REPEATED: Invariant.PROGRESS,
    Fault.PAGES_NOT_GROWING: Invariant.PROGRESS,
    Fault.ACTIVATE_VERSION_FIRST: Invariant.VERSION,
    Fault.ACTIVATE_VERSION_UNKNOWN: Invariant.VERSION,
    Fault.VERSIONS_MIXED: Invariant.VERSION,
    Fault.SECRET_IN_RECORD: Invariant.LEAK,
    Fault.SECRET_IN_STATE: Invariant.LEAK,
    Fault.RESUME_REREADS_ALL: Invariant.REPLAY,
    Fault.RESUME_SKIPS_LAST_PAGE: Invariant.RESUME,
    Fault.RESUME_SKIPS_A_TIE: Invariant.RESUME,
    Fault.RESUME_ENDS_ON_OLD_VALUE: Invariant.RESUME,
    Fault.RESUME_ENDS_IN_OTHER_STATE: Invariant.RESUME,
    Fault.RESUME_INVENTS_A_RECORD: Invariant.RESUME,
    Fault.RESUME_DROPS_INPUT_BOOKMARK: Invariant.STATE,
    Fault.RESUME_TAKES_NEW_VERSION: Invariant.RESUME,
}


def prove(mode: Mode, fault: Fault | None = None, state: dict[str, Any] | None = None) -> Proof:
    """Prove the reference tap in one mode, from a STATE value, with a fault or none."""
    full_table = STREAMS if mode is Mode.FULL_TABLE else frozenset[str]()
    terms = Terms(page_size=PAGE_SIZE, full_table=full_table, secrets=(CANARY,))
    tap = partial(run, mode=mode, fault=fault)
    return prove_resume(tap(state), tap, terms, initial_state=state)


def states_of(recording: bytes) -> list[dict[str, Any]]:
    """Give the STATE values as a tap reads them."""
    lines = map(json.loads, recording.splitlines())
    return [line["value"] for line in lines if line["type"] == "STATE"]


def recording_of(value: str, schema: str) -> bytes:
    """Give a recording of one record, whose field ``value`` has this JSON value and schema."""
    head = '{"type": "SCHEMA", "stream": "s", "key_properties": [], "schema": '
    line = '{"type": "RECORD", "stream": "s", "record": {"value": '
    return f'{head}{{"properties": {{"value": {schema}}}}}}}\n{line}{value}}}}}\n'.encode()


def state_line(bookmark: dict[str, Any]) -> bytes:
    """Give a STATE of one stream."""
    state = {"type": "STATE", "value": {"bookmarks": {"s": bookmark}}}
    return json.dumps(state).encode() + b"\n"


def rules(violations: list[Violation] | tuple[Violation, ...]) -> set[Invariant]:
    """Give the rules that are broken."""
    return {violation.invariant for violation in violations}


# The proof.


@pytest.mark.parametrize("mode", Mode)
def test_right_tap_is_proven_at_every_byte(mode: Mode) -> None:
    """Every byte prefix of a right tap resumes, with one resume for each distinct STATE."""
    full = run(None, mode=mode)
    proof = prove(mode)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes == len(full) + 1
    assert proof.resumes == 1 + len(states_of(full))


@pytest.mark.parametrize("mode", Mode)
def test_right_tap_is_proven_from_each_of_its_states(mode: Mode) -> None:
    """A run that was itself resumed can be cut at every byte too."""
    for state in states_of(run(None, mode=mode)):
        assert prove(mode, state=state).violations == ()


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_caught(fault: Fault) -> None:
    """A tap with a seeded fault breaks the rule that the fault is about."""
    mode = Mode.FULL_TABLE if "VERSION" in fault.name else Mode.INCREMENTAL
    assert CAUGHT_BY[fault] in rules(prove(mode, fault).violations)


@pytest.mark.parametrize(
    ("terms", "broken"),
    [
        (Terms(page_size=PAGE_SIZE - 1, full_table=STREAMS), Invariant.REPLAY),
        (
            Terms(page_size={"contacts": PAGE_SIZE, "deals": 6}, full_table=STREAMS),
            Invariant.REPLAY,
        ),
        (Terms(page_size=PAGE_SIZE), Invariant.REPLAY),
        (Terms(PAGE_SIZE, STREAMS, volatile_fields=frozenset()), Invariant.RESUME),
        (Terms(PAGE_SIZE, STREAMS, volatile_state=()), Invariant.RESUME),
    ],
    ids=["page size", "page size of a stream", "full table", "volatile fields", "volatile state"],
)
def test_terms_are_needed(terms: Terms, broken: Invariant) -> None:
    """A right tap breaks terms that are narrower than its own."""
    tap = partial(run, mode=Mode.FULL_TABLE)
    assert rules(prove_resume(tap(None), tap, terms).violations) >= {broken}


def test_lost_record_is_named_at_the_first_cut() -> None:
    """A violation tells the cut, the stream and a record."""
    proof = prove(Mode.INCREMENTAL, Fault.RESUME_SKIPS_A_TIE)
    first_state = next(read(run(None)).of("STATE"))
    assert {found.offset for found in proof.violations} == {first_state.end}
    assert all("Contact 7" in found.detail for found in proof.violations)
    # Cuts before the lost record's own line end are lost, those after it are not.
    line = next(line for line in run(None).splitlines(keepends=True) if b"Contact 7" in line)
    assert proof.prefixes - proof.proven == len(line)


def test_tap_is_given_its_own_copy_of_a_state() -> None:
    """A tap that empties the state it is given does not change what it is judged by."""

    def tap(state: dict[str, Any] | None) -> bytes:
        output = run(state)
        (state or {}).clear()
        return output

    assert prove_resume(run(None), tap, Terms(PAGE_SIZE)).violations == ()


HEAD = (
    b'{"type": "SCHEMA", "stream": "s", "key_properties": [], '
    b'"schema": {"properties": {"n": {"type": "integer"}}}}\n'
)
DONE = {"last_run": "2026-01-01T00:00:00Z", "in_progress": None}


def page(*numbers: int, pages: int = 0, **bookmark: Any) -> bytes:
    """Give a page of a stream without keys, with its STATE: the last one when it has no number."""
    records = [{"type": "RECORD", "stream": "s", "record": {"n": number}} for number in numbers]
    position = {"in_progress": {"pages": pages, "pagination": {"after": pages}}}
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    return lines + state_line({**DONE, **(position if pages else {}), **bookmark})


def prove_second_page(second: bytes, *, resumed: bytes) -> Proof:
    """Prove a run of two pages; a run resumed after the first one writes ``resumed``."""
    full = HEAD + page(1, 2, pages=1) + second

    def tap(state: dict[str, Any] | None) -> bytes:
        if state is None:
            return full
        return HEAD + (resumed if state["bookmarks"]["s"]["in_progress"] else page())

    return prove_resume(full, tap, Terms(page_size=2))


@pytest.mark.parametrize(
    "resumed",
    [page(4), page(3, 4, 5), page(3, 4, last_run=None)],
    ids=["record lost", "record invented", "run not promoted"],
)
def test_stream_without_keys_is_proven_too(resumed: bytes) -> None:
    """Records are compared whole, and a null in STATE is never taken for a time."""
    assert prove_second_page(page(3, 4), resumed=page(3, 4)).violations == ()
    assert Invariant.RESUME in rules(prove_second_page(page(3, 4), resumed=resumed).violations)


def test_record_that_the_run_writes_twice_is_no_replay() -> None:
    """Pages that overlap at the source do not count against the resume."""
    assert prove_second_page(page(1, 2, 3), resumed=page(1, 2, 3)).violations == ()


def test_error_of_a_resumed_run_passes_through() -> None:
    """A tap that cannot read its own STATE fails the proof loudly."""
    with pytest.raises(RuntimeError, match="exit 2"):
        prove_resume(run(None), _broken_tap, Terms(PAGE_SIZE))


def _broken_tap(_state: dict[str, Any] | None) -> bytes:
    message = "exit 2"
    raise RuntimeError(message)


# One recording.


@pytest.mark.parametrize("cut", range(0, 6_000, 97))
def test_cut_recording_of_a_right_tap_is_right(cut: int) -> None:
    """A killed run may end in half a line, and in no other fault."""
    prefix = run(None)[:cut]
    assert check(prefix, complete=False) == []
    assert read(prefix).tail == prefix.rpartition(b"\n")[2]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b" {}",
        b'{"type": "STATE", "value": {"bookmarks": {}}}\r',
        b'{"type": "STATE", "value": []}',
        b'{"type": "RECORD", "record": {}}',
        b'{"type": "record", "stream": "s", "record": {}}',
        b'{"type": "RECORD", "stream": "\xff", "record": {}}',
        b'{"type": "RECORD", "stream": "s", "record": {"value": -Infinity}}',
        b'{"type": "RECORD", "stream": "s", "record": ' + b'{"a": ' * 100_000 + b"}",
    ],
)
def test_bad_line_breaks_framing(line: bytes) -> None:
    """A line that a strict reader refuses breaks I4, at the byte where it begins."""
    first = b'{"type": "ACTIVATE_VERSION", "stream": "s", "version": 1}\n'
    found = read(first + line + b"\n" + first)
    assert [(bad.invariant, bad.offset) for bad in found.violations] == [("I4", len(first))]
    assert len(found.messages) == 2


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ('"2026-02-28T23:59:60.123456789+05:30"', '{"format": "date-time"}'),
        ('"2024-02-29T00:00:00z"', '{"format": "date-time"}'),
        ("null", '{"type": ["string", "null"], "format": "date-time"}'),
        ('"2024-02-29"', '{"format": "date"}'),
        ("9" * 5_000, '{"type": "integer"}'),
        ("1.0", '{"type": "integer"}'),
        ("1.10", '{"type": "number", "multipleOf": 0.01}'),
    ],
)
def test_valid_value_passes(value: str, schema: str) -> None:
    """A value that RFC 3339 or JSON Schema allows is no fault, however many digits it has."""
    assert check(recording_of(value, schema)) == []


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ('"2026-02-28T23:59:59"', '{"format": "date-time"}'),
        ('"2026-02-28 23:59:59Z"', '{"format": "date-time"}'),
        ('"2026-02-28T24:00:00Z"', '{"format": "date-time"}'),
        ('"2026-02-29T00:00:00Z"', '{"format": "date-time"}'),
        ('"2026-13-01"', '{"format": "date"}'),
        ('"2026-1-1"', '{"format": "date"}'),
        ("1.5", '{"type": "integer"}'),
        ("true", '{"type": "integer"}'),
        ("1", '{"type": "unheard of"}'),
        ('1, "other": 2', "{}"),
    ],
)
def test_invalid_value_breaks_the_schema(value: str, schema: str) -> None:
    """A value that its schema does not allow, or a schema that is none, breaks I5."""
    assert rules(check(recording_of(value, schema))) == {Invariant.SCHEMA}


CANARY_BYTES = CANARY.encode()


@pytest.mark.parametrize(
    "leak",
    [
        CANARY_BYTES,
        json.dumps(CANARY).encode(),
        json.dumps(CANARY).replace("/", r"\/").encode(),
        quote(CANARY, safe="").encode(),
        quote(CANARY, safe="").lower().encode(),
        base64.b64encode(CANARY_BYTES),
        base64.b64encode(b"user:" + CANARY_BYTES),
        base64.urlsafe_b64encode(b"a:" + CANARY_BYTES + b"\n"),
    ],
)
def test_secret_is_found_in_every_form(leak: bytes) -> None:
    """A secret breaks I7 in each form it can leave in, and the report does not repeat it."""
    found = check(b"..." + leak, complete=False, secrets=["another", CANARY])
    assert Invariant.LEAK in rules(found)
    assert all(CANARY not in violation.detail for violation in found)


def test_run_begun_anew_may_pass_the_same_pages() -> None:
    """A pagination may come again in another run of the stream, which has another start."""
    position = {"started_at": "2026-01-01T00:00:00Z", "pages": 3, "pagination": {"after": 1.5}}
    again = {**position, "pages": 4}
    anew = {**position, "pages": 1, "started_at": "2026-01-02T00:00:00Z"}
    before = {"bookmarks": {"s": {"in_progress": position}}}
    assert check(state_line({"in_progress": anew}), initial_state=before) == []
    told_first = state_line({"in_progress": position}) + state_line({"in_progress": anew})
    assert check(told_first, initial_state=before) == []
    found = check(state_line({"in_progress": again}), initial_state=before)
    assert rules(found) == {Invariant.PROGRESS}


def test_state_keeps_what_it_was_given() -> None:
    """A bookmark of the input STATE is still in every later one."""
    before = {"bookmarks": {"other": {"in_progress": None}}}
    found = check(state_line({"in_progress": None}), initial_state=before)
    assert [(bad.invariant, bad.stream) for bad in found] == [(Invariant.STATE, "other")]


def test_dropped_bookmark_is_missed_until_it_is_back() -> None:
    """Each STATE without the bookmark is at fault, as each may be the last."""
    other = b'{"type": "STATE", "value": {"bookmarks": {}}}\n'
    found = check(state_line(DONE) + other + other + state_line(DONE))
    assert [violation.invariant for violation in found] == [Invariant.STATE, Invariant.STATE]


@pytest.mark.parametrize("value", ["{}", '{"bookmarks": []}', '{"bookmarks": {"s": 4}}'])
def test_bookmarks_are_objects(value: str) -> None:
    """A STATE without an object of bookmarks cannot be resumed from."""
    line = f'{{"type": "STATE", "value": {value}}}\n'.encode()
    assert rules(check(line)) == {Invariant.STATE}


def test_pages_is_a_number() -> None:
    """A position without a count of its pages cannot be seen to move."""
    assert rules(check(state_line({"in_progress": {"pages": "4"}}))) == {Invariant.PROGRESS}


CHECKER = ("recording", "recording_rules", "resume")
"""The modules of the checker; they may know each other."""


@pytest.mark.parametrize(
    "path",
    [
        *(Path(testing.__file__).parent / f"{name}.py" for name in CHECKER),
        Path(__file__).parent / "reference_tap.py",
    ],
    ids=lambda path: path.name,
)
def test_checker_shares_no_code_with_the_package(path: Path) -> None:
    """The checker and its reference tap stand on the standard library and jsonschema alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    modules = {alias.name for node in imports for alias in node.names}
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules |= {node.module or "" for node in froms}
    modules -= {f"bizon_singer.testing.{name}" for name in CHECKER}
    roots = {module.partition(".")[0] for module in modules}
    assert roots <= {*sys.stdlib_module_names, "jsonschema"}
