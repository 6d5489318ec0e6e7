"""tap-notion over a workspace that is edited between any two requests: nothing is missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from bizon_singer.testing.runs import run
from bizon_taps.notion.ids import row_stream
from bizon_taps.notion.tap import TapNotion
from tests.fakes.http_server import Request
from tests.fakes.notion import Filled, Notion, fill
from tests.proofs.subjects import catalog_of, only

SEEDS = 12
STREAMS = frozenset({"pages", "blocks"})


@pytest.fixture
def notion(notion: Notion) -> Notion:
    """A workspace whose queries give no more than a few rows."""
    notion.result_cap = 5
    return notion


class Editor:
    """Edits a workspace before some of the requests.

    Args:
        notion: The workspace.
        filled: What was in it.
        draw: Decides what happens.

    Attributes:
        count: How often it edited.
        loose: The pages that are no rows.
    """

    def __init__(self, notion: Notion, filled: Filled, draw: Random) -> None:
        """Have edited nothing."""
        self._space, self._filled, self._draw = notion.workspace, filled, draw
        self._left = 25
        self.count = 0
        self.loose = [page.id for page in self._space.of("page") if page.parent != filled.source]

    def __call__(self, _: Request) -> None:
        """Do something, or nothing; after a while, nothing any more."""
        if not self._left or self._draw.random() < 0.5:
            return
        self._left -= 1
        self.count += 1
        # A minute each: more rows of one minute than a query gives would be an error, rightly.
        at = datetime.now(UTC) + timedelta(minutes=self.count)
        rows = [row.id for row in self._space.of("page") if row.parent == self._filled.source]
        row = self._draw.choice(rows)
        what = self._draw.randrange(6)
        if what == 0:
            self._space.add_page(data_source=self._filled.source, title="new", at=at)
        elif what == 1:
            self._space.edit(row, at=at, Points=self.count)
        elif what == 2:
            self._space.add_block(row, "paragraph", f"new {self.count}", at=at)
        elif what == 3 and len(rows) > 3:
            self._space.trash(row)
        elif what == 4:
            self._space.edit(self._draw.choice(self.loose), at=at)
        else:
            block = self._draw.choice(self._space.of("block"))
            self._space.edit(block.id, at=at, text="edited")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_there_in_the_end_was_read(seed: int, notion: Notion) -> None:
    """After a run among edits and one in peace: all rows, pages and blocks, as they are."""
    draw = Random(seed)
    filled = fill(notion.workspace, rows=8)
    for number in range(8):
        notion.workspace.add_page(title=f"Loose {number}")
    rows = row_stream("Tasks", filled.source)
    config = notion.settings(page_size=2, lookback_seconds=0)
    catalog = only(catalog_of(TapNotion, config, STREAMS | {rows}), STREAMS | {rows})
    notion.before_each = editor = Editor(notion, filled, draw)
    first = run(TapNotion, config, catalog=catalog)
    assert first.code == 0, first.sentence
    assert editor.count > 5
    assert {*editor.loose} <= {page["id"] for page in first.records("pages")}
    notion.before_each = lambda _: None
    second = run(TapNotion, config, first.state, catalog)
    assert second.code == 0, second.sentence
    space = notion.workspace
    held = {
        stream: {
            record["id"]: record for done in (first, second) for record in done.records(stream)
        }
        for stream in (rows, *STREAMS)
    }
    live = {row.id: row for row in space.of("page")}
    assert live.keys() <= held["pages"].keys()
    for row in live.values():
        if row.parent == filled.source:
            points = row.body["properties"]["Points"]["number"]
            assert held[rows][row.id]["points"] == points
    there = {
        block.id
        for block in space.of("block")
        if (page := space.page_of(block.id)) is not None and not page.in_trash
    }
    assert there <= held["blocks"].keys()
