"""I1, I2, I3, I5, I9, I11 for tap-notion: every byte prefix of its output, cut and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bizon_singer.testing import prove_resume, read
from tests.fakes.notion import Filled, Notion, fill
from tests.proofs.subjects import Subject, notion

LAST_RUN = datetime(2026, 6, 1, tzinfo=UTC)
"""Long ago, for what is newer than the lookback is read again by every run."""


@pytest.fixture
def server() -> Iterator[Notion]:
    """A workspace."""
    with Notion() as made:
        yield made


@pytest.fixture
def filled(server: Notion) -> Filled:
    """What is in it: rows over pages and in windows, trees of three levels."""
    server.result_cap = 2
    return fill(server.workspace, rows=3)


def subject_of(server: Notion, filled: Filled, parallel: int) -> Subject:
    """Return the tap, which reads so many streams at once."""
    subject = notion(server, filled.source)
    config = {**subject.first, "max_parallel_streams": parallel}
    return replace(subject, first=config, later=config)


def test_a_first_run_is_resumed_exactly_from_every_byte(server: Notion, filled: Filled) -> None:
    """Nothing lost, at most one page again, the final STATE equal: in the middle of trees too."""
    subject = subject_of(server, filled, 2)
    tap = subject.run(subject.first)
    proof = prove_resume(tap(None), tap, subject.terms)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 10_000
    assert proof.resumes > 10


def test_an_incremental_run_is_resumed_exactly_from_every_byte(
    server: Notion, filled: Filled
) -> None:
    """So is the next one: rows edited, rows that came, and the trees of both."""
    subject = subject_of(server, filled, 1)
    state = list(read(subject.run(subject.first)(None)).of("STATE"))[-1].body["value"]
    for bookmark in state["bookmarks"].values():
        bookmark["last_run"] = LAST_RUN.isoformat()
        bookmark.pop("replication_key_value", None)
    later = LAST_RUN + timedelta(hours=1)
    for row in filled.rows[::3]:
        server.workspace.edit(row, at=later, Points=99)
    server.workspace.add_page(data_source=filled.source, title="new", at=later)
    tap = subject.run(subject.later)
    proof = prove_resume(tap(state), tap, subject.terms, initial_state=state)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 10_000
    assert proof.resumes > 5
