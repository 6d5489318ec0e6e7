"""I3 for tap-notion with real processes: SIGKILL at random moments, then a run from its STATE."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizon_taps.notion.tap import TapNotion
from tests.fakes.http_server import Request
from tests.fakes.notion import Notion, fill
from tests.process.commands import write_json
from tests.proofs.kills import KILLS_PER_TAP, Victim, tap
from tests.proofs.subjects import catalog_of, only

PAGE_SIZE = 4
STREAMS = frozenset({"pages", "blocks"})


@pytest.fixture(scope="module")
def notion() -> Iterator[Notion]:
    """A Notion that takes its time, with trees on twelve pages."""

    def pause(_: Request) -> None:
        time.sleep(0.004)

    with Notion() as server:
        fill(server.workspace, rows=12)
        server.before_each = pause
        yield server


@pytest.fixture
def arguments(notion: Notion, tmp_path: Path) -> list[str]:
    """The command line of a run of two streams, read at once."""
    config = notion.settings(page_size=PAGE_SIZE, max_parallel_streams=2)
    catalog = only(catalog_of(TapNotion, notion.settings(), STREAMS), STREAMS)
    path = write_json(tmp_path / "catalog.json", catalog)
    return [*tap("tap-notion", config, tmp_path), "--catalog", str(path)]


def truth(notion: Notion) -> set[tuple[str, str]]:
    """Return stream and id of everything there is: a page in a page is a block as well."""
    space = notion.workspace
    pages = {("pages", page.id) for page in space.of("page")}
    references = {thing.id for page in space.of("page") for thing in space.children(page.id)}
    blocks = {block.id for block in space.of("block")}
    return pages | {("blocks", identity) for identity in references | blocks}


@pytest.fixture
def victim(notion: Notion, arguments: list[str], tmp_path: Path) -> Victim:
    """The run that is killed."""
    return Victim(arguments, tmp_path, truth(notion), PAGE_SIZE)


@pytest.mark.parametrize("seed", range(KILLS_PER_TAP))
def test_a_killed_run_is_resumed_exactly(seed: int, victim: Victim) -> None:
    """All records are there, in the middle of a tree too; the last line may be cut."""
    victim.assert_resumed_exactly(seed)


def test_a_storm_of_kills_still_comes_to_an_end(victim: Victim) -> None:
    """Killed again and again, each run going on where the last one stood, nothing is lost."""
    victim.assert_survives_a_storm()
