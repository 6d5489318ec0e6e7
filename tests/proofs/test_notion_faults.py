"""I6, I7, I8 for tap-notion: what goes wrong at each kind of request, once and for good.

The table of faults is that of tests/proofs/http_faults.py; here a part of it meets every endpoint
the tap has. Another stream of the run is complete always.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from bizon_taps.notion.ids import row_stream
from bizon_taps.notion.tap import TapNotion
from tests.commands.process import last_state, records, sentence
from tests.fakes.http_server import Request
from tests.fakes.notion import TOKEN, Filled, Notion, fill
from tests.process.commands import Finished
from tests.proofs.checked_command import CheckedCommand
from tests.proofs.http_faults import BODY_CANARY, FAULTS, Fault
from tests.proofs.subjects import NOTION_FULL_TABLE, NOTION_INCREMENTAL, catalog_of, only

RETRY_LIMIT = 2
SECRETS = [TOKEN, BODY_CANARY]
KINDS = [
    "reset-before",
    "cut-gzip",
    "error-200",
    "html",
    "400",
    "401",
    "404",
    "409",
    "429-date",
    "502",
]
FAULT_OF = {fault.kind: fault for fault in FAULTS}
SAYS = {"error-200": "has no list of `results`"}
"""What this tap says of answers it judges itself."""
HEALS = {"409": (True, 5)}
"""Notion asks for a conflict to be tried again: what passes, and the code of one that stays."""
POSITIONS = {
    # What is spoiled, how many such requests are left alone, and the stream.
    "search": ("/v1/search$", 1, "pages"),
    "query": ("/query$", 1, "pages"),
    "children": ("/children$", 4, "blocks"),
    "comments": ("/v1/comments$", 3, "comments"),
    "users": ("/v1/users$", 0, "users"),
}
CASES = [
    pytest.param(FAULT_OF[kind], position, id=f"{kind}@{position}")
    for kind in KINDS
    for position in POSITIONS
]


@pytest.fixture
def filled(notion: Notion) -> Filled:
    """What is in it."""
    return fill(notion.workspace, rows=3)


@pytest.fixture(scope="module")
def catalog() -> dict[str, Any]:
    """All streams; a workspace that is filled the same way has the same."""
    with Notion() as server:
        rows = row_stream("Tasks", fill(server.workspace, rows=3).source)
        names = NOTION_FULL_TABLE | NOTION_INCREMENTAL | {rows}
        return catalog_of(TapNotion, server.settings(), names)


@pytest.fixture
def runs(
    notion: Notion, filled: Filled, catalog: dict[str, Any], tmp_path: Path
) -> Callable[..., CheckedCommand]:
    """What makes a command line of further settings."""
    rows = row_stream("Tasks", filled.source)

    def made(streams: set[str], **settings: Any) -> CheckedCommand:
        config = {
            **notion.settings(page_size=2),
            "api_config": {"retry_limit": RETRY_LIMIT},
            **settings,
        }
        selected = only(catalog, streams | {rows})
        return CheckedCommand(TapNotion, tmp_path, config, selected, SECRETS)

    return made


def found(done: Finished) -> list[str]:
    """Return what was read, of all streams."""
    return sorted({repr(record) for record in records(done)})


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("times", [1, None], ids=["once", "for-good"])
@pytest.mark.parametrize(("fault", "position"), CASES)
def test_a_fault_is_survived_or_ends_the_stream(
    fault: Fault,
    position: str,
    times: int | None,
    notion: Notion,
    runs: Callable[..., CheckedCommand],
) -> None:
    """Every record, or what came before with its STATE and one sentence; the rest by the next."""
    path, spared, stream = POSITIONS[position]
    run = runs({stream}, **fault.settings)
    every = found(run())
    heals, code = HEALS.get(fault.kind, (fault.heals and fault.kind != "401", fault.code))
    assert fault.spoil is not None
    notion.spoil(fault.spoil, path=path, times=times, spared=spared)
    done = run()
    if times == 1 and heals:
        assert done.code == 0, done.stderr
        assert found(done) == every
        return
    assert done.code == code, done.stderr
    assert re.search(SAYS.get(fault.kind, fault.says), sentence(done)), sentence(done)
    notion.heal()
    rest = run(last_state(done))
    assert rest.code == 0, rest.stderr
    assert sorted({*found(done), *found(rest)}) == every


@pytest.mark.usefixtures("pauses")
def test_every_seventh_request_may_fail(
    notion: Notion, filled: Filled, runs: Callable[..., CheckedCommand]
) -> None:
    """Once each: the output is the faultless one, of all streams."""
    for row in filled.rows[:2]:
        notion.workspace.edit(row, at=notion.workspace.things[row].edited, Who=list("abcdefg") * 5)
    run = runs(set(NOTION_FULL_TABLE | NOTION_INCREMENTAL))
    faultless = records(run())
    kinds = cycle(["502", "reset-before", "429-none", "reset-in-body", "409"])
    notion.requests.clear()

    def fail(_: Request) -> None:
        if len(notion.requests) % 7 == 0:
            spoil = FAULT_OF[next(kinds)].spoil
            assert spoil is not None
            notion.spoil(spoil)

    notion.before_each = fail
    done = run()
    assert done.code == 0, done.stderr
    assert records(done) == faultless
    assert len(notion.requests) > 100
