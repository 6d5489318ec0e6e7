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

from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.http_server import Answer, Framing, HttpServer, json_answer
from tests.fuzz.edits import edited
from tests.fuzz.examples import examples
from tests.proofs.checker import check
from tests.proofs.runs import run

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


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Draw an answer: bytes, JSON near the real one, compressed and damaged, framed in any way."""
    text = json.dumps(edited(draw(st.data()), LAST)).encode()
    body = draw(st.one_of(st.just(text), st.just(text), st.binary(max_size=50), _damaged(text)))
    headers = {"Content-Type": draw(st.sampled_from(["application/json", "text/html", "", "\xff"]))}
    coding = draw(st.sampled_from(["", "", "gzip", "deflate", "x-gzip", "br", "gzip, gzip"]))
    if coding:
        headers["Content-Encoding"] = coding
        packed = gzip.compress(body) if "gzip" in coding else zlib.compress(body)
        body = draw(st.one_of(st.just(packed), _damaged(packed), st.just(body)))
    framing = draw(st.sampled_from(FRAMINGS))
    cut = draw(st.none() | st.none() | st.integers(0, len(body) + 5))
    status = draw(st.sampled_from([200, 200, 200, 200, 201, 204, 206, 299]))
    return Answer(status, body, headers, framing, cut)


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
    body = answer.body
    try:
        for name in answer.headers.get("Content-Encoding", "").split(","):
            if "gzip" in name:
                body = gzip.decompress(body)
            elif "deflate" in name:
                body = zlib.decompress(body, 47 if body[:1] in (b"\x78", b"\x1f") else -15)
        value = json.loads(body)
    except (ValueError, OSError, EOFError, zlib.error):
        return None
    results = value.get("results") if isinstance(value, dict) else None
    return results if isinstance(results, list) else None


@given(answer=answers())
@examples(150)
def test_a_body_is_a_page_or_ends_the_stream(api: Berries, answer: Answer) -> None:
    """Exit code 0 with all its records, or 4, 5 or 6 with none of them, within five seconds."""
    api.second = answer
    config = {
        "base_url": api.server.url,
        "stream": "berry",
        "page_size": 2,
        "check_connection": "skip",
        "api_config": {"retry_limit": 0},
        "http": {"max_body_bytes": LARGEST_BODY, "read_timeout_seconds": LIMIT_SECONDS},
    }
    started = time.monotonic()
    done = run(TapPokeApi, config)
    assert time.monotonic() - started < LIMIT_SECONDS
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
