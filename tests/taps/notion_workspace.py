"""tap-notion over a made-up workspace, one stream at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bizon_singer.testing.runs import Run, run
from bizon_taps.notion.ids import row_stream
from bizon_taps.notion.tap import TapNotion
from tests.fakes.notion import Notion


def read(notion: Notion, stream: str, state: Any = None, **settings: Any) -> Run:
    """Read one stream."""
    return run(TapNotion, notion.settings(stream=stream, **settings), state)


def stream_of(notion: Notion, source: str) -> str:
    """Return the name of the stream of a data source's rows."""
    return row_stream(notion.workspace.title(source), source)


def rows(notion: Notion, source: str, state: Any = None, **settings: Any) -> Run:
    """Read the rows of a data source."""
    return read(notion, stream_of(notion, source), state, **settings)


def ids(done: Run) -> list[str]:
    """Return the ids of what was read, each once, in order."""
    return list(dict.fromkeys(record["id"] for record in done.records()))


def now() -> datetime:
    """Return the time of an edit after whatever ran before."""
    return datetime.now(UTC)


def source_with(notion: Notion, **properties: str) -> str:
    """Return a new data source with some properties."""
    database = notion.workspace.add_database("Things", {"Name": "title", **properties})
    return notion.workspace.data_sources_of(database)[0]


def queries(notion: Notion) -> list[bytes]:
    """Return the bodies of the queries of rows that were asked for, in order."""
    return [request.body for request in notion.requests if request.path.endswith("/query")]
