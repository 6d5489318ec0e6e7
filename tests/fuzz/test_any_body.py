"""Z4: any body of an HTTP answer is a whole page, or ends the stream with nothing of it out."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.testing import check
from bizon_singer.testing.runs import run
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.http_server import Answer, Framing, HttpServer, json_answer
from tests.fuzz.edits import edited
from tests.fuzz.examples import examples

LIMIT_SECONDS: Final = 5
LARGEST_BODY: Final = 100_000
FRAMINGS: Final[tuple[Framing, ...]] = ("length", "chunked", "close")


def page(first: int) -> dict[str, Any]:
    """Return a page of two of four berries."""
    results = [
        {"name": f"berry {number}", "url": f"https://pokeapi.co/api/v2/berry/{number}/"}
        for number in (first, first + 1)
    ]
    following = f"https://pokeapi.co/api/v2/berry/?offset={first + 1}" if first < 3 else None
    return {"count": 4, "next": following, "previous": None, "results": results}


FIRST: Final = json_answer(page(1))
LAST: Final = page(3)


class Berries:
    """A PokeAPI whose second page is what a test says."""

    def __init__(self) -> None:
        """Start with a page that is in order."""
        self.second = json_answer(LAST)
        self.server = HttpServer(
            lambda request: FIRST if request.query["offset"] == ["0"] else self.second
        )


@pytest.fixture(scope="module")
def api() -> Iterator[Berries]:
    """The API."""
    made = Berries()
    with made.server:
        yield made


CODINGS: Final = ("gzip", "deflate", "x-gzip", "br", "gzip, gzip")
statuses = st.sampled_from([200, 200, 200, 200, 201, 204, 206, 299])
kinds = st.sampled_from(["application/json", "text/html", "", "\xff"])


@st.composite
def plain_answers(draw: st.DrawFn) -> Answer:
    """Draw an answer of JSON near the real one, or of any bytes, framed in any way."""
    text = json.dumps(edited(draw(st.data()), LAST)).encode()
    body = draw(st.just(text) | st.binary(max_size=50) | _damaged(text))
    cut = draw(st.none() | st.integers(0, len(body) + 5))
    headers = {"Content-Type": draw(kinds)}
    return Answer(draw(statuses), body, headers, draw(st.sampled_from(FRAMINGS)), cut)


@st.composite
def packed_answers(draw: st.DrawFn) -> Answer:
    """Draw the real page compressed and damaged, or said to be compressed in some other way."""
    body = json.dumps(LAST).encode()
    packed = draw(st.sampled_from([gzip.compress(body), zlib.compress(body)]))
    sent = draw(st.just(packed) | _damaged(packed) | st.just(body))
    headers = {
        "Content-Type": "application/json",
        "Content-Encoding": draw(st.sampled_from(CODINGS)),
    }
    return Answer(200, sent, headers, draw(st.sampled_from(FRAMINGS)))


@st.composite
def _damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """Draw a body with a bit turned over, a part gone, twice, or something behind it."""
    at = draw(st.integers(0, max(len(body) - 1, 0)))
    flipped = bytes([body[at] ^ (1 << draw(st.integers(0, 7)))]) if body else b""
    return draw(
        st.sampled_from(
            [
                body[:at] + flipped + body[at + 1 :],
                body[:at],
                body[at:],
                body[: -draw(st.integers(1, 8))],  # of gzip, its checksum and its length
                body + body,
                body + b"\0\0",
                body + b"{}",
                b"\xef\xbb\xbf" + body,
                body.replace(b'"count": 4', b'"count": 4e0'),
            ]
        )
    )


def meant(answer: Answer) -> list[Any] | None:
    """Return the results an answer holds for a lenient reader, None if it holds no page."""
    coding = answer.headers.get("Content-Encoding")
    body = answer.body if coding is None else unpacked(answer.body)
    try:
        value = json.loads(body or b"")
    except ValueError:
        return None
    results = value.get("results") if isinstance(value, dict) else None
    return results if isinstance(results, list) else None


def unpacked(body: bytes) -> bytes | None:
    """Return what a compressed body holds, None if its end or its checksum is not there."""
    for wbits in (zlib.MAX_WBITS + 32, -zlib.MAX_WBITS):
        reader = zlib.decompressobj(wbits)
        try:
            found = reader.decompress(body)
        except zlib.error:
            continue
        if reader.eof:
            more = reader.unused_data.lstrip(b"\0")
            return found + (unpacked(more) or b"") if more else found
    return None


@given(answer=plain_answers() | packed_answers())
@examples(150)
def test_a_body_is_a_page_or_ends_the_stream(api: Berries, answer: Answer) -> None:
    """Exit code 0 with all its records, or 4, 5 or 6 with none, within five seconds of CPU."""
    api.second = answer
    config = {
        "base_url": api.server.url,
        "stream": "berry",
        "page_size": 2,
        "check_connection": "skip",
        "api_config": {"retry_limit": 0},
        "http": {"max_body_bytes": LARGEST_BODY, "read_timeout_seconds": LIMIT_SECONDS},
    }
    started = time.process_time()  # the CPU's, for a machine may stand still for as long
    done = run(TapPokeApi, config)
    assert time.process_time() - started < LIMIT_SECONDS
    assert check(done.stdout) == []
    ids = [record["id"] for record in done.records("berry")]
    assert ids[:2] == [1, 2]
    if done.code == 0:
        results = meant(answer)
        assert results is not None
        assert len(ids) == 2 + len(results)
        found = [record.get("url") for record in done.records("berry")[2:]]
        assert found == [entry["url"] for entry in results]
    else:
        assert done.code in {4, 5, 6}, done.errors
        assert len(done.sentence.splitlines()) == 1
        assert ids == [1, 2]
        assert done.bookmark("berry")["in_progress"]["pagination"] == {"offset": 2}
