"""I1, I2, I3, I5, I9, I11: every byte prefix of every tap's output, cut there and resumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from bizon_singer.testing import prove_resume, read
from tests.fakes.pokeapi import PokeApi
from tests.proofs.subjects import Subject, custom, dummy, pokeapi, routed


@pytest.fixture(scope="module")
def api() -> Iterator[PokeApi]:
    """A PokeAPI of few entries."""
    with PokeApi(counts={"berry": 20, "characteristic": 13, "item": 12}) as server:
        yield server


def subject_of(name: str, api: PokeApi) -> Subject:
    """Return a subject by its name; ``name*3`` reads three streams at once."""
    name, _, parallel = name.partition("*")
    subject = _subject_of(name, api)
    return replace(
        subject,
        first=with_parallel(subject.first, parallel),
        later=with_parallel(subject.later, parallel),
    )


def with_parallel(config: Mapping[str, Any], parallel: str) -> Mapping[str, Any]:
    """Return a config that reads so many streams at once."""
    return {**config, "max_parallel_streams": int(parallel)} if parallel and config else config


def _subject_of(name: str, api: PokeApi) -> Subject:
    if name == "dummy":
        return dummy()
    if name.startswith("pokeapi"):
        return pokeapi(api, details=name.endswith("details"))
    if name == "routed":
        return routed()
    if name == "numbered":
        streams = frozenset({"evens", "odds"})
        return custom(name, {"pages": 8}, page_size=10, full_table=streams)
    config = {"count": 50, "page_size": 4}
    later = {**config, "count": 90}
    return custom(name, config, page_size=4, full_table=frozenset(), later=later)


SUBJECTS = ["dummy", "pokeapi", "pokeapi-details", "numbered", "ledger", "routed"]
PARALLEL = ["dummy*3", "pokeapi*2", "pokeapi-details*4", "numbered*2"]


@pytest.mark.parametrize("name", SUBJECTS + PARALLEL)
def test_a_first_run_is_resumed_exactly_from_every_byte(name: str, api: PokeApi) -> None:
    """Nothing lost, at most one page again, the final STATE equal."""
    subject = subject_of(name, api)
    run = subject.run(subject.first)
    proof = prove_resume(run(None), run, subject.terms)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 1000
    assert proof.resumes > 5


@pytest.mark.parametrize("name", ["dummy", "ledger", "dummy*3"])
def test_an_incremental_run_is_resumed_exactly_from_every_byte(name: str, api: PokeApi) -> None:
    """The next run, over a source that has moved on, is as exact as the first."""
    subject = subject_of(name, api)
    first = read(subject.run(subject.first)(None))
    state = list(first.of("STATE"))[-1].body["value"]
    run = subject.run(subject.later)
    full = run(state)
    proof = prove_resume(full, run, subject.terms, initial_state=state)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 1000


def test_an_incremental_run_gives_what_is_new_and_the_boundary_again(api: PokeApi) -> None:
    """Forty new entries, and the ties of the last time once more: never one less."""
    subject = subject_of("ledger", api)
    first = read(subject.run(subject.first)(None))
    state = list(first.of("STATE"))[-1].body["value"]
    later = read(subject.run(subject.later)(state))
    numbers = [message.body["record"]["number"] for message in later.of("RECORD")]
    assert numbers == list(range(48, 90))
