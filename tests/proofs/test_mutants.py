"""The proofs are proven: eleven faults in the real adapter, each caught by a rule or a proof.

tests/proofs/test_checker.py seeds the checker's faults into a toy tap; here the adapter itself is
made wrong, one mistake at a time, and what would have to notice is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.bookmark import Bookmark
from bizon_singer.errors import CredentialsError
from bizon_singer.iteration import Page
from bizon_singer.outlet import Outlet
from bizon_singer.page_encoder import PageEncoder
from bizon_singer.redact import Redactor
from bizon_singer.router import Router
from bizon_singer.source.models import SourceRecord
from bizon_singer.source.origin import OriginGuard
from bizon_singer.source_pages import SourcePages
from bizon_singer.stdout import SysStdoutWriter
from bizon_singer.sync import StreamRun
from bizon_singer.tap import RunFailedError, SourceTap, tap_for
from bizon_singer.testing import Invariant, prove_resume, read
from tests.adapter import test_commit
from tests.fakes.http_server import HttpServer, json_answer
from tests.fakes.pokeapi import PokeApi
from tests.proofs import (
    test_foreign_links,
    test_http_faults,
    test_resume,
    test_secrets,
    test_strange_values,
)
from tests.proofs.strange_values import CASES
from tests.proofs.subjects import custom, routed

Mutant = Callable[[pytest.MonkeyPatch], None]
Proof = Callable[[pytest.MonkeyPatch, Path], None]

# What would have to notice


def rule(invariant: Invariant) -> Proof:
    """Return the proof that the checker finds no violation of an invariant."""

    def prove(_patch: pytest.MonkeyPatch, _folder: Path) -> None:
        subject = custom(
            "numbered",
            {"pages": 3, "page_size": 4, "record_bytes": 1},
            page_size=4,
            full_table=frozenset({"evens", "odds"}),
        )
        run = subject.run(subject.first)
        proof = prove_resume(run(None), run, subject.terms)
        assert invariant not in {fault.invariant for fault in proof.violations}

    return prove


def routes(_patch: pytest.MonkeyPatch, _folder: Path) -> None:
    """Prove that every byte prefix of a routed stream is resumed exactly."""
    subject = routed()
    run = subject.run(subject.first)
    assert prove_resume(run(None), run, subject.terms).violations == ()


def every_record(_patch: pytest.MonkeyPatch, _folder: Path) -> None:
    """Prove that what is written is what the source holds."""
    recording = custom("numbered", {}, page_size=4, full_table=frozenset()).run(
        {"pages": 3, "page_size": 4}
    )(None)
    numbers = [message.body["record"]["number"] for message in read(recording).of("RECORD")]
    assert numbers == [*range(12), *range(12)]


def ties(_patch: pytest.MonkeyPatch, _folder: Path) -> None:
    """Prove that the next run repeats the records of the last moment."""
    with PokeApi() as api:
        test_resume.test_an_incremental_run_gives_what_is_new_and_the_boundary_again(api)


def lasting(kind: str) -> Proof:
    """Return the proof of an HTTP fault that lasts."""

    def prove(patch: pytest.MonkeyPatch, folder: Path) -> None:
        pauses: list[float] = []
        patch.setattr("bizon_singer.source.session.sleep", pauses.append)
        fault = test_http_faults.FAULT_OF[kind]
        test_http_faults.test_a_fault_that_lasts(fault, "middle", pauses, folder)

    return prove


def commits(_patch: pytest.MonkeyPatch, _folder: Path) -> None:
    """Prove that a first run commits nothing."""
    test_commit.QueueSource.happened.clear()
    queue = tap_for("tap-queue", [test_commit.QueueSource])
    test_commit.test_nothing_is_committed_without_a_bookmark(queue, None)


def foreign_links(_patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Prove that a next link to another port reaches nobody."""
    with HttpServer() as own, HttpServer(json_answer({"items": [], "next": None})) as foreign:
        test_foreign_links.test_a_next_link_elsewhere_is_refused("port", own, foreign, folder)


def big_integers(patch: pytest.MonkeyPatch, _folder: Path) -> None:
    """Prove that every digit of 2**64 arrives."""
    case = next(case for case in CASES if case.name == "2**64")
    layout = next(iter(test_strange_values.LAYOUTS))
    test_strange_values.test_a_strange_value_arrives_or_is_named(layout, case, patch)


def secrets(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Prove that an API which repeats what it was sent does not make it seen."""
    fault = test_http_faults.FAULT_OF["html"]
    test_secrets.test_an_api_cannot_give_a_secret_away(fault, "bearer", folder, patch)


# The mutants


def state_before_record(patch: pytest.MonkeyPatch) -> None:
    """A page's STATE is written before its records."""

    def write(self: Outlet, lines: bytes, *, with_state: bool = False) -> None:
        del with_state
        self._writer.write(self._bookmarks.line() + lines)

    patch.setattr(Outlet, "write", write)


def skip_last_page(patch: pytest.MonkeyPatch) -> None:
    """The page without a next one is taken for the end itself."""
    encode = PageEncoder.encode

    def skipping(self: PageEncoder, page: Page) -> tuple[bytes, int]:
        return encode(self, page if page.next_pagination else replace(page, records=[]))

    patch.setattr(PageEncoder, "encode", skipping)


def route_a_page_late(patch: pytest.MonkeyPatch) -> None:
    """The records of routes wait for those of the next page: they are not this page's STATE's."""
    encode = Router.encode
    waiting: dict[int, list[SourceRecord]] = {}

    def late(self: Router, page: Page) -> tuple[bytes, int]:
        own = [record for record in page.records if not record.destination_id]
        others = [record for record in page.records if record.destination_id]
        given, waiting[id(self)] = waiting.get(id(self), []), others
        last = [] if page.next_pagination else waiting.pop(id(self))
        return encode(self, replace(page, records=[*own, *given, *last]))

    patch.setattr(Router, "encode", late)


def glue_lines(patch: pytest.MonkeyPatch) -> None:
    """Two messages stand in one line."""
    write = SysStdoutWriter.write

    def gluing(self: SysStdoutWriter, lines: bytes) -> None:
        write(self, lines.replace(b"}\n{", b"}{", 1))

    patch.setattr(SysStdoutWriter, "write", gluing)


def swallow_401(patch: pytest.MonkeyPatch) -> None:
    """A stream whose token is refused counts as complete."""
    end = StreamRun._end

    def swallowing(self: StreamRun, error: Exception | None) -> bool:
        return end(self, None if isinstance(error, CredentialsError) else error)

    patch.setattr(StreamRun, "_end", swallowing)


def exit_0_on_error(patch: pytest.MonkeyPatch) -> None:
    """A run ends well whatever became of its streams."""
    sync_all = SourceTap.sync_all

    def ending_well(self: SourceTap) -> None:
        try:
            sync_all(self)
        except RunFailedError:
            return

    patch.setattr(SourceTap, "sync_all", ending_well)


def commit_early(patch: pytest.MonkeyPatch) -> None:
    """What this run has read is committed, whether a target stored it or not."""
    read_pages = SourcePages.read

    def committing(self: SourcePages, start: Any) -> Iterator[Any]:
        proven = Bookmark(self.stream, {}).proven()
        return read_pages(replace(self, proven=proven), start)

    patch.setattr(SourcePages, "read", committing)


def follow_foreign_next(patch: pytest.MonkeyPatch) -> None:
    """A request goes wherever a link leads."""
    patch.setattr(OriginGuard, "check", lambda *_: None)


def drop_ties(patch: pytest.MonkeyPatch) -> None:
    """The next run starts just after the last moment instead of at it."""
    custom_state = Bookmark._custom_state

    def later(self: Bookmark) -> dict[str, Any]:
        return {
            name: value + timedelta(microseconds=1) if isinstance(value, datetime) else value
            for name, value in custom_state(self).items()
        }

    patch.setattr(Bookmark, "_custom_state", later)


def float_big_ints(patch: pytest.MonkeyPatch) -> None:
    """Integers past 64 bits become floats, as orjson would read them back."""

    def rounded(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: rounded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [rounded(item) for item in value]
        return float(value) if type(value) is int and abs(value) >= 2**63 else value

    encode = PageEncoder.encode

    def rounding(self: PageEncoder, given: Page) -> tuple[bytes, int]:
        records = [SourceRecord(record.id, rounded(record.data)) for record in given.records]
        return encode(self, replace(given, records=records))

    patch.setattr(PageEncoder, "encode", rounding)


def log_a_token(patch: pytest.MonkeyPatch) -> None:
    """What is logged goes out as it is."""
    patch.setattr(Redactor, "__call__", lambda _self, text: text)


MUTANTS: dict[str, tuple[Mutant, Proof]] = {
    "state before record": (state_before_record, rule(Invariant.SAFETY)),
    "route a page late": (route_a_page_late, routes),
    "skip last page": (skip_last_page, every_record),
    "glue lines": (glue_lines, rule(Invariant.FRAMING)),
    "swallow 401": (swallow_401, lasting("401")),
    "exit 0 on error": (exit_0_on_error, lasting("500")),
    "commit early": (commit_early, commits),
    "follow a foreign next": (follow_foreign_next, foreign_links),
    "drop ties": (drop_ties, ties),
    "float big ints": (float_big_ints, big_integers),
    "log a token": (log_a_token, secrets),
}


@pytest.mark.parametrize(("mutant", "prove"), MUTANTS.values(), ids=MUTANTS)
def test_the_adapter_as_it_is_passes(
    mutant: Mutant, prove: Proof, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So that what fails below fails for what is seeded."""
    del mutant
    prove(monkeypatch, tmp_path)


@pytest.mark.parametrize(("mutant", "prove"), MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_is_caught(
    mutant: Mutant, prove: Proof, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the rule or the proof whose matter it is: eleven of eleven."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        prove(monkeypatch, tmp_path)
