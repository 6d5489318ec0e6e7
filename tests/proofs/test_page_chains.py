"""F7: chains of pages of every kind, from the first page to the last STATE, and cut anywhere.

What tests/adapter/test_paginations.py proves of single runs is proven here of all runs together:
what a loop or a lost cursor interrupts is made whole by the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import pytest

from bizon_singer import AbstractSource, SourceIteration, SourceRecord
from bizon_singer.errors import ExpiredCursorError
from bizon_singer.tap import tap_for
from bizon_singer.testing import Terms, canonical, check, prove_resume
from bizon_singer.testing.runs import Run, run

Chain = list[tuple[Any, int, Any]]
"""Pages: the pagination that leads to one, how many records it holds, the pagination it gives."""


class ChainedSource(AbstractSource):
    """Gives the pages of a chain."""

    chain: ClassVar[Chain] = []
    form: ClassVar[Callable[[Any, list[Any]], Any]] = SourceIteration
    gone: ClassVar[set[str]] = set()
    asked: ClassVar[list[Any]] = []

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["things"]

    def get(self, pagination: dict[str, Any] | None = None) -> Any:
        """Give the page a pagination leads to."""
        own = type(self)
        own.asked.append(pagination)
        key = canonical(pagination)
        if key in own.gone:
            raise ExpiredCursorError("the cursor is no longer there; start again")
        for number, (leads_here, count, following) in enumerate(own.chain):
            if canonical(leads_here) == key:
                ids = [f"{number}-{position}" for position in range(count)]
                return own.form(following, [SourceRecord(each, {"page": number}) for each in ids])
        raise LookupError(key)


TAP: Final = tap_for("tap-things", [ChainedSource])


def chained(monkeypatch: pytest.MonkeyPatch, chain: Chain, *gone: Any) -> set[str]:
    """Let the source give a chain, some paginations expired; return the ids of its records."""
    monkeypatch.setattr(ChainedSource, "chain", chain)
    monkeypatch.setattr(ChainedSource, "gone", set(map(canonical, gone)))
    monkeypatch.setattr(ChainedSource, "asked", [])
    return {
        f"{number}-{position}" for number, page in enumerate(chain) for position in range(page[1])
    }


def straight(*paginations: Any, counts: Mapping[int, int] | None = None) -> Chain:
    """Return a chain without a fault; ``counts`` are of pages that do not hold three records."""
    ends = [{}, *paginations, {}]
    sizes = counts or {}
    return [
        (ends[number], sizes.get(number, 3), ends[number + 1]) for number in range(len(ends) - 1)
    ]


def ids_of(done: Run) -> set[str]:
    """Return the ids of the records."""
    return {record["_source_record_id"] for record in done.records()}


STRAIGHT: Final[dict[str, Chain]] = {
    "empty page, then more": straight({"p": 1}, {"p": 2}, counts={1: 0}),
    "empty pages at both ends": straight({"p": 1}, {"p": 2}, counts={0: 0, 2: 0}),
    "empty pages only": straight({"p": 1}, {"p": 2}, counts={0: 0, 1: 0, 2: 0}),
    "short page": straight({"p": 1}, {"p": 2}, counts={1: 1}),
    "has_more with a null cursor": straight({"has_more": True, "after": None}, {"after": "b"}),
    "falsy values": straight({"p": 0}, {"p": ""}, {"p": False}, {"p": None}, {"p": []}, {"p": {}}),
    "another type each time": straight({"p": 1}, {"p": "1"}, {"p": 1.5}, {"p": True}, {"p": [1]}),
    "another name each time": straight({"page": 1}, {"after": "x"}, {"": {"cursor": {"": 0}}}),
    "like a tag of ours": straight(
        {"$type": "date", "value": 5}, {"$type": 1}, {"p": {"$type": 2}}
    ),
    "texts of every kind": straight({"p": "\0\u2028\ud800"}, {"p": "x" * 10_000}, {"\ud800": 1}),
    "numbers of every size": straight({"p": 2**64}, {"p": -(10**30)}, {"p": 5e-324}, {"p": 1e22}),
    "dates and bytes in tuples": straight({"p": (1, b"\xff")}, {"p": {1, 2}}, {3: (None,)}),
}
FORMS: Final[dict[str, Callable[[Any, list[Any]], Any]]] = {
    "iteration": SourceIteration,
    "pagination first": lambda following, records: (following, records),
    "records first": lambda following, records: (records, following),
    "None at the end": lambda following, records: SourceIteration(following or None, records),
    "a generator of dicts": lambda following, records: (
        following,
        ({"id": record.id, "data": record.data} for record in records),
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("chain", STRAIGHT)
def test_a_straight_chain_is_read_whole_and_resumed_from_every_byte(
    chain: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0, every record once, the place in STATE is one the source understands."""
    truth = chained(monkeypatch, STRAIGHT[chain])
    monkeypatch.setattr(ChainedSource, "form", staticmethod(FORMS[form]))
    done = run(TAP)
    assert (done.code, done.warnings) == (0, ())
    assert ids_of(done) == truth
    assert len(done.records()) == len(truth)
    assert done.bookmark("things")["in_progress"] is None

    def resume(state: Any) -> bytes:
        resumed = run(TAP, state=state)
        assert (resumed.code, resumed.warnings) == (0, ())
        return resumed.stdout

    proof = prove_resume(done.stdout, resume, Terms(3, frozenset({"things"})))
    assert proof.violations == ()
    assert proof.proven == proof.prefixes
    assert proof.resumes == len(STRAIGHT[chain]) + 1


A, B, C, D = ({"p": name} for name in "abcd")
LOOPS: Final[dict[str, Chain]] = {
    "the same": [({}, 3, A), (A, 3, A)],
    "two": [({}, 3, A), (A, 3, B), (B, 3, A)],
    "three": [({}, 3, A), (A, 3, B), (B, 3, C), (C, 3, A)],
    "with a tail": [({}, 3, A), (A, 3, B), (B, 3, C), (C, 3, D), (D, 3, C)],
    "empty": [({}, 3, A), (A, 0, B), (B, 0, A)],
    "a null cursor": [({}, 3, A), (A, 3, {"p": None}), ({"p": None}, 3, A)],
}


@pytest.mark.parametrize("resumed_at", [None, 1])
@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_ends_the_stream_and_the_mended_source_goes_on(
    loop: str, resumed_at: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4 within a round; from its STATE the source, once mended, is read to its end."""
    chain = LOOPS[loop]
    chained(monkeypatch, chain)
    state = run(TAP, {"max_iterations": resumed_at}).state if resumed_at else None
    known = {f"0-{position}" for position in range(3)} if state else set()
    done = run(TAP, state=state)
    assert done.code == 4
    assert "the same page again" in done.sentence
    assert check(done.stdout, initial_state=state) == []
    assert len(ChainedSource.asked) <= 2 * len(chain)
    *rest, (last, count, _) = chain
    truth = chained(monkeypatch, [*rest, (last, count, {"p": "new"}), ({"p": "new"}, 2, {})])
    mended = run(TAP, state=done.state)
    assert mended.code == 0
    assert known | ids_of(done) | ids_of(mended) == truth
    assert not ids_of(done) & ids_of(mended)
    assert mended.bookmark("things")["in_progress"] is None
    again = run(TAP, state=mended.state)
    assert ids_of(again) == truth


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_cursor_that_expired_starts_the_stream_again(
    pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One warning, exit code 0, and everything is there."""
    chain = straight(A, B, C, D)
    truth = chained(monkeypatch, chain)
    first = run(TAP, {"max_iterations": pages})
    chained(monkeypatch, chain, chain[pages][0])
    monkeypatch.setattr(ChainedSource, "chain", straight({"q": 1}, {"q": 2}, {"q": 3}, {"q": 4}))
    rest = run(TAP, state=first.state)
    assert rest.code == 0
    assert sum("no longer accepts the page cursor" in text for text in rest.warnings) == 1
    assert check(rest.stdout, initial_state=first.state) == []
    assert ids_of(rest) == truth
    assert rest.bookmark("things")["in_progress"] is None


def test_a_cursor_that_expires_again_and_again_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Past the first page of a resumed run it is the source's: exit code 4, its place is kept."""
    chain = straight(A, B, C)
    truth = chained(monkeypatch, chain)
    first = run(TAP, {"max_iterations": 1})
    chained(monkeypatch, chain, A, B)
    rest = run(TAP, state=first.state)
    assert rest.code == 4
    assert len(ChainedSource.asked) <= 4
    chained(monkeypatch, chain)
    last = run(TAP, state=rest.state)
    assert last.code == 0
    assert ids_of(first) | ids_of(rest) | ids_of(last) == truth
