"""tap-notion: blocks, comments and markdown, and what is left out of them."""

from __future__ import annotations

import pytest

from tests.fakes.http_server import Request, json_answer
from tests.fakes.notion import Notion, fill
from tests.taps.notion_workspace import ids, now, read

DEEP = 40


def test_a_tree_is_read_depth_first(notion: Notion) -> None:
    """Each block with its page, its parent, its depth and its order."""
    filled = fill(notion.workspace, rows=1)
    (row,) = filled.rows
    found = [record for record in read(notion, "blocks").records() if record["page_id"] == row]
    assert [(record["type"], record["depth"], record["block_order"]) for record in found] == [
        ("toggle", 0, 0),
        ("bulleted_list_item", 1, 0),
        ("paragraph", 2, 0),
        ("hologram", 1, 1),
        ("paragraph", 0, 1),
    ]
    toggle, inner, innermost, hologram, last = found
    assert (toggle["parent_id"], inner["parent_id"]) == (row, toggle["id"])
    assert (innermost["parent_id"], hologram["parent_id"]) == (inner["id"], toggle["id"])
    assert last["parent_id"] == row
    assert hologram["content"] == {"angle": 12}


def test_any_depth_is_read(notion: Notion) -> None:
    """In pages of one, and a long list below each level."""
    parent = notion.workspace.add_page(title="Deep")
    every = []
    for _ in range(DEEP):
        parent = notion.workspace.add_block(parent, "toggle", "x")
        every.append(parent)
    done = read(notion, "blocks", page_size=1)
    assert ids(done) == every
    assert [record["depth"] for record in done.records()] == list(range(DEEP))


def test_a_limit_of_depth_is_kept_and_told(notion: Notion) -> None:
    """What lies deeper is counted."""
    fill(notion.workspace, rows=2)
    done = read(notion, "blocks", max_recursion_depth=2)
    assert {record["depth"] for record in done.records()} == {0, 1}
    assert any("2 below `max_recursion_depth`" in line for line in done.warnings)


def test_pages_in_pages_are_references(notion: Notion) -> None:
    """Their blocks come once, under their own page."""
    home = notion.workspace.add_page(title="Home")
    below = notion.workspace.add_page(title="Below", page=home)
    block = notion.workspace.add_block(below, "paragraph", "text")
    found = [(item["page_id"], item["id"]) for item in read(notion, "blocks").records()]
    assert sorted(found) == sorted([(home, below), (below, block)])


def test_what_is_not_shared_is_told_and_counted(notion: Notion) -> None:
    """A copy of a synced block and an AI block; their own records and all others are there."""
    hidden = notion.workspace.add_page(title="Hidden")
    original = notion.workspace.add_block(hidden, "synced_block", {"synced_from": None})
    notion.workspace.unshare(hidden)
    page = notion.workspace.add_page(title="Page")
    origin = {"synced_from": {"type": "block_id", "block_id": original}}
    copy = notion.workspace.add_block(page, "synced_block", origin)
    clever = notion.workspace.add_block(page, "ai_block", {})
    last = notion.workspace.add_block(page, "paragraph", "last")
    done = read(notion, "blocks")
    assert (done.code, ids(done)) == (0, [copy, clever, last])
    told = "\n".join(done.warnings)
    assert copy in told
    assert clever in told
    assert "2 left out: 1 not given by the API of Notion, 1 not shared" in told


def test_a_synced_copy_has_the_blocks_of_its_original(notion: Notion) -> None:
    """Under each page that shows them, none overwriting the other."""
    first, second = (notion.workspace.add_page(title=title) for title in ("One", "Two"))
    original = notion.workspace.add_block(first, "synced_block", {"synced_from": None})
    inner = notion.workspace.add_block(original, "paragraph", "shown twice")
    origin = {"synced_from": {"type": "block_id", "block_id": original}}
    notion.workspace.add_block(second, "synced_block", origin)
    found = [item for item in read(notion, "blocks").records() if item["id"] == inner]
    assert sorted(item["page_id"] for item in found) == sorted([first, second])


def test_the_whole_tree_of_an_edited_page_is_read_again(notion: Notion) -> None:
    """A deep block moves its page; trees of other pages are left alone."""
    filled = fill(notion.workspace, rows=3)
    first = read(notion, "blocks")
    row = filled.rows[1]
    deep = next(
        record["id"]
        for record in first.records()
        if record["page_id"] == row and record["depth"] == 2
    )
    notion.workspace.edit(deep, at=now(), text="new")
    again = read(notion, "blocks", first.state).records()
    assert {record["page_id"] for record in again} == {row}
    assert len(again) == 5


def test_a_list_of_blocks_whose_cursor_ends_is_read_again(notion: Notion) -> None:
    """The block it names is deleted before the next page is asked for."""
    page = notion.workspace.add_page(title="Page")
    every = [notion.workspace.add_block(page, "paragraph", str(number)) for number in range(9)]

    def throw_away(_: Request) -> None:
        if sum(request.path.endswith("/children") for request in notion.requests) == 2:
            notion.workspace.trash(every[3])

    notion.before_each = throw_away
    done = read(notion, "blocks", page_size=3)
    assert done.code == 0, done.sentence
    assert ids(done) == [block for block in every if block != every[3]]


def test_a_list_of_pages_that_is_asked_again_leaves_none_out(notion: Notion) -> None:
    """A run stops in the first tree, and the page that was to be the last moves to the front."""
    pages = [notion.workspace.add_page(title=str(number)) for number in range(3)]
    every = [notion.workspace.add_block(page, "toggle", "x") for page in pages for _ in range(3)]
    first = read(notion, "blocks", page_size=3, max_iterations=1)
    assert ids(first) == every[-3:]
    notion.workspace.edit(pages[0], at=now())
    rest = read(notion, "blocks", first.state, page_size=3)
    assert rest.code == 0, rest.sentence
    assert sorted({*ids(first), *ids(rest)}) == sorted(every)


def test_comments_of_pages_and_of_blocks_are_read(notion: Notion) -> None:
    """Each with its page; by every run, for a comment edits nothing."""
    filled = fill(notion.workspace, rows=2)
    first = read(notion, "comments")
    assert [record["page_id"] for record in first.records()] == [filled.rows[0]] * 2
    again = read(notion, "comments", first.state)
    assert ids(again) == ids(first)


def test_markdown_that_does_not_fit_comes_as_subtrees(notion: Notion) -> None:
    """Blocks of it are asked for by their ids; one that is not shared is counted."""
    page = notion.workspace.add_page(title="Long")
    notion.workspace.add_block(page, "paragraph", "seen")
    toggle = notion.workspace.add_block(page, "toggle", "cut")
    notion.workspace.add_block(toggle, "paragraph", "below")
    nowhere = "00000000-0000-0000-0000-000000000000"
    notion.truncated[page] = [toggle, nowhere]
    done = read(notion, "page_markdown")
    (record,) = done.records()
    assert record["truncated"] is True
    assert record["subtrees"] == [{"id": toggle, "markdown": "below"}]
    assert any(nowhere in line for line in done.warnings)


@pytest.mark.parametrize("stream", ["blocks", "comments", "page_markdown", "pages"])
@pytest.mark.parametrize("status", [400, 404, 500, 504])
def test_any_other_failure_fails_the_stream(stream: str, status: int, notion: Notion) -> None:
    """There is no log-and-continue: a 404 without the code of Notion is no missing page."""
    fill(notion.workspace, rows=2)
    refused = json_answer({"message": "no"}, status)
    notion.spoil(lambda _: refused, path="/(children|comments|markdown|query)$", times=None)
    done = read(notion, stream, api_config={"retry_limit": 0})
    assert done.code == (5 if status >= 500 else 4)
    assert str(status) in done.sentence


def test_state_stays_small(notion: Notion) -> None:
    """It grows by the depth of a tree, never by the pages that are left."""
    for number in range(60):
        notion.workspace.add_block(notion.workspace.add_page(title=str(number)), "paragraph", "x")
    done = read(notion, "blocks", page_size=1)
    states = list(done.recording.of("STATE"))
    assert len(ids(done)) == 60
    assert max(message.end - message.start for message in states) < 1500
