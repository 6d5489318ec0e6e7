"""I1, I2, I3, I5, I9, I11 for tap-gsheets: every byte prefix of its output, cut and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bizon_singer.testing import Terms, prove_resume, read
from bizon_singer.testing.runs import run
from tests.fakes.gsheets import Gsheets, fill
from tests.proofs.subjects import Subject, gsheets


@pytest.fixture
def server() -> Iterator[Gsheets]:
    """A spreadsheet of something of everything, whose grids end with their rows."""
    with Gsheets() as made:
        book = fill(made, orders=10)
        for sheet in book.sheets:
            sheet.row_count = max(len(sheet.rows), 4)
        yield made


def subject_of(server: Gsheets, parallel: int) -> Subject:
    """Return the tap, which reads so many streams at once."""
    subject = gsheets(server)
    config = {**subject.first, "max_parallel_streams": parallel}
    return replace(subject, first=config, later=config)


def terms_of(subject: Subject) -> Terms:
    """Return what the tap promises."""
    return Terms(subject.page_size, subject.full_table)


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_first_run_is_resumed_exactly_from_every_byte(server: Gsheets, parallel: int) -> None:
    """Nothing lost, at most one page again, the final STATE equal."""
    subject = subject_of(server, parallel)
    tap = subject.run(subject.first)
    proof = prove_resume(tap(None), tap, terms_of(subject))
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 5_000
    assert proof.resumes > 5


def test_a_run_after_an_edit_is_resumed_exactly_from_every_byte(server: Gsheets) -> None:
    """So is the next one, which reads all of what was edited."""
    subject = subject_of(server, 1)
    state = list(read(subject.run(subject.first)(None)).of("STATE"))[-1].body["value"]
    [book] = server.books.values()
    book.sheets[0].put(3, 3, "none")
    book.touch()
    tap = subject.run(subject.later)
    proof = prove_resume(tap(state), tap, terms_of(subject), initial_state=state)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 5_000
    assert proof.resumes > 5


def test_chosen_keys_are_held_against_rows_of_earlier_runs(server: Gsheets) -> None:
    """A run that goes on looks at them again: a key that was written is not given twice."""
    subject = gsheets(server)
    settings = {**subject.first, "stream": "orders", "key_properties": ["order_id"]}
    [book] = server.books.values()
    book.sheets[0].put(9, 1, 1)
    first = run(subject.tap_class, {**settings, "max_iterations": 2})
    assert (first.code, len(first.records())) == (0, 5)
    rest = run(subject.tap_class, settings, first.state)
    assert rest.code == 2
    assert "rows 2 and 9 have the same `order_id`" in rest.sentence
