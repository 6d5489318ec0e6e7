"""I1, I2, I3, I5, I9, I11 for tap-hubspot: every byte prefix of its output, cut and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bizon_singer.testing import prove_resume, read
from bizon_singer.testing.runs import run
from tests.fakes.hubspot import Clock, HubSpot, fill, unlimited
from tests.proofs.subjects import HUBSPOT_INCREMENTAL, Subject, hubspot

PAGE_SIZE = 3
BEYOND_LOOKBACK_SECONDS = 3600
"""What is newer than the lookback is read again by every run, which is right and not shown here."""


@pytest.fixture
def server() -> Iterator[HubSpot]:
    """A portal whose clock stands, so that everything in it has one modified date."""
    clock = Clock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    with HubSpot(clock, limits=unlimited()) as made:
        made.page_most = PAGE_SIZE
        fill(made.portal, each=8)
        made.clock.wait(BEYOND_LOOKBACK_SECONDS)
        yield made


def subject_of(server: HubSpot, parallel: int) -> Subject:
    """Return the tap, which reads so many streams at once."""
    subject = hubspot(server)
    config = {**subject.first, "max_parallel_streams": parallel}
    return replace(subject, first=config, later=config)


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_first_run_is_resumed_exactly_from_every_byte(server: HubSpot, parallel: int) -> None:
    """Nothing lost, at most one page again, the final STATE equal."""
    subject = subject_of(server, parallel)
    tap = subject.run(subject.first)
    proof = prove_resume(tap(None), tap, subject.terms)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 10_000
    assert proof.resumes > 10


@pytest.mark.parametrize("parallel", [1, 3])
def test_an_incremental_run_is_resumed_exactly_from_every_byte(
    server: HubSpot, parallel: int
) -> None:
    """So is the next one: ties over pages in the window, more in its tail, more archived."""
    subject = subject_of(server, parallel)
    state = list(read(subject.run(subject.first)(None)).of("STATE"))[-1].body["value"]
    portal = server.portal
    server.clock.wait(1)
    for kind, name in (("contacts", "lastname"), ("companies", "domain")):
        for identity in portal.ids(kind):
            portal.change(kind, identity, {name: "new"})
        portal.archive(kind, portal.ids(kind)[0])
    server.clock.wait(BEYOND_LOOKBACK_SECONDS)
    tap = subject.run(subject.later)
    proof = prove_resume(tap(state), tap, subject.terms, initial_state=state)
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 10_000
    assert proof.resumes > 10


def test_an_incremental_run_gives_what_is_new_alone(server: HubSpot) -> None:
    """One changed, one came and one was archived, of eight."""
    subject = hubspot(server)
    state = list(read(subject.run(subject.first)(None)).of("STATE"))[-1].body["value"]
    server.clock.wait(1)
    changed, archived, *_ = server.portal.ids("contacts")
    server.portal.change("contacts", changed, {"lastname": "new"})
    server.portal.archive("contacts", archived)
    came = server.portal.create("contacts")
    server.clock.wait(1)
    done = run(subject.tap_class, subject.later, state, subject.catalog)
    found = [(row["id"], row["archived"]) for row in done.records("contacts")]
    assert sorted(found) == sorted([(changed, False), (came, False), (archived, True)])
    assert all(done.bookmark(stream)["state"]["read_until"] for stream in HUBSPOT_INCREMENTAL)
