"""tap-notion: what a cursor names is gone, and the query it belongs to is asked again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.notion import Notion, fill
from tests.fakes.notion.faults import refuse
from tests.fakes.notion.refusal import invalid
from tests.fakes.notion.workspace import NOON
from tests.taps.notion_workspace import ids, read, source_with, stream_of

ENDED = refuse(invalid("The start_cursor provided is invalid: gone"))
COUNT = 12


def made(notion: Notion, stream: str) -> tuple[str, list[str]]:
    """Fill a list; return the stream it is of and its ids, in the order they are read."""
    space = notion.workspace
    if stream == "blocks":
        page = space.add_page(title="Page")
        return stream, [space.add_block(page, "paragraph", str(number)) for number in range(COUNT)]
    source = source_with(notion) if stream == "rows" else ""
    pages = [
        space.add_page(data_source=source, at=NOON + timedelta(minutes=number))
        for number in range(COUNT)
    ]
    return (stream_of(notion, source), pages) if source else (stream, pages[::-1])


@pytest.mark.parametrize("stream", ["rows", "pages", "blocks"])
@pytest.mark.parametrize("pages", [1, 3])
def test_a_run_that_finds_its_cursor_gone_goes_on(stream: str, pages: int, notion: Notion) -> None:
    """What STATE names was deleted between two runs: its query is asked again, for all others."""
    name, every = made(notion, stream)
    first = read(notion, name, page_size=3, max_iterations=pages)
    assert ids(first) == every[: 3 * pages]
    gone = every[3 * pages]
    notion.workspace.trash(gone)
    rest = read(notion, name, first.state, page_size=3)
    assert (rest.code, rest.warnings) == (0, ()), rest.sentence
    assert sorted({*ids(first), *ids(rest)}) == sorted({*every} - {gone})


@pytest.mark.parametrize(
    ("stream", "path", "spared"), [("users", "/users$", 2), ("comments", "/comments$", 1)]
)
def test_a_list_that_cannot_be_entered_by_its_cursor_is_read_again(
    stream: str, path: str, spared: int, notion: Notion
) -> None:
    """From its beginning, and to its end."""
    filled = fill(notion.workspace, rows=1)
    for number in range(COUNT):
        notion.workspace.add_user(str(number))
        notion.workspace.add_comment(filled.home, str(number))
    whole = ids(read(notion, stream, page_size=3))
    assert len(whole) > COUNT
    notion.spoil(ENDED, path=path, spared=spared)
    done = read(notion, stream, page_size=3)
    assert (done.code, ids(done)) == (0, whole)


def refuse_all(notion: Notion) -> None:
    """Let Notion take none of the cursors it gives."""
    notion.before_each = lambda request: (
        notion.spoil(ENDED) if "start_cursor" in request.target + request.body.decode() else None
    )


def test_rows_are_read_without_a_cursor_that_is_taken(notion: Notion) -> None:
    """Each query starts with the minute of the last row seen."""
    name, every = made(notion, "rows")
    refuse_all(notion)
    done = read(notion, name, page_size=3)
    assert (done.code, ids(done)) == (0, every)


def test_cursors_that_are_never_taken_end_the_stream(notion: Notion) -> None:
    """No endless run: one sentence, exit 4."""
    name, _ = made(notion, "blocks")
    refuse_all(notion)
    done = read(notion, name, page_size=3)
    assert done.code == 4
    assert "refused the cursors" in done.sentence
