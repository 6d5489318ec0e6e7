"""The targets: bytes in, an AssertionError or any other exception out if an invariant breaks."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import requests
import urllib3

from bizon_singer.bookmark import FULL_TABLE, INCREMENTAL, Intent
from bizon_singer.errors import BizonSingerError, StateError
from bizon_singer.source.reply import Reply
from bizon_singer.state import Bookmarks
from bizon_taps.pokeapi.page import PageReader

logging.disable(logging.CRITICAL)
NOW: Final = datetime(2026, 11, 22, 7, tzinfo=UTC)
CODINGS: Final = (None, "gzip", "deflate", "gzip, gzip", "br")
CHARSETS: Final = ("", "; charset=utf-8", "; charset=latin-1", "; charset=utf-16", "; charset=idna")
LARGEST_BODY: Final = 1 << 20
READER: Final = PageReader("berry")


def body(data: bytes) -> None:
    """Read an answer; its first two bytes choose how it says it is encoded.

    It is a page of whole entries or an error with a documented exit code, and nothing else; and it
    never grows past the limit.
    """
    if len(data) < 2:
        return
    headers = {"Content-Type": "application/json" + CHARSETS[data[0] % len(CHARSETS)]}
    coding = CODINGS[data[1] % len(CODINGS)]
    if coding:
        headers["Content-Encoding"] = coding
    reply = _reply(data[2:], headers)
    try:
        value = reply.json()
        page = READER.read(value, offset=0, limit=100)
    except BizonSingerError as error:
        _require_sentence(error, 4, 5, 6)
        return
    assert len(reply.content) <= LARGEST_BODY
    assert len(page.entries) == len(value["results"])
    assert page.end == page.count or not page.is_last or len(page.entries) > page.count


def _require_sentence(error: BizonSingerError, *codes: int) -> None:
    assert error.exit_code in codes
    assert len(str(error).splitlines()) == 1


def _reply(data: bytes, headers: dict[str, str]) -> Reply:
    """Return an answer as it comes from the wire, its body unread."""
    reply = Reply()
    reply.raw = urllib3.HTTPResponse(io.BytesIO(data), headers, 200, preload_content=False)
    reply.status_code = 200
    reply.headers.update(headers)
    reply.max_body_bytes = LARGEST_BODY
    reply.request = requests.Request("GET", "https://api.example.com/berry/").prepare()
    reply.url = reply.request.url or ""
    return reply


INTENTS: Final = (
    Intent(FULL_TABLE, "sha256:0"),
    Intent(INCREMENTAL, "sha256:0", replication_key="updatedAt", replication_key_is_time=True),
)


def state(data: bytes) -> None:
    """Run a stream from a STATE: refused, or what it holds is kept and a run can go on from it."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    if value is None:
        return
    try:
        bookmarks = Bookmarks(value)
    except StateError as error:
        _require_sentence(error, 2)
        return
    for number, intent in enumerate(INTENTS):
        mark = bookmarks.stream(("s", "t")[number])
        start = mark.begin(intent, NOW, version=3)
        assert type(start.pages) is int
        assert start.pages >= 0
        assert type(start.pagination) is dict
        assert start.started_at <= NOW
        assert start.source_state is None or start.source_state.last_run <= NOW
        mark.advance(start.pages + 1, {"page": 1}, {"seen": [1]})
        json.loads(bookmarks.line())
        mark.finish()
    found = json.loads(bookmarks.line())["value"]
    assert all(found["bookmarks"][name]["in_progress"] is None for name in ("s", "t"))
    assert Bookmarks(found).line() == bookmarks.line()


TARGETS: Final[dict[str, Callable[[bytes], Any]]] = {"body": body, "state": state}
