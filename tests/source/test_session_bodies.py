"""A body is whole and of a bounded size, or it is an error: over the wire and byte by byte."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import requests
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from bizon_singer.errors import ProtocolError, TransientError, UnsafeError
from bizon_singer.source.body import PIECE_BYTES, CorruptBodyError, iter_body, read_body
from tests.fakes.http_server import Answer, json_answer

if TYPE_CHECKING:
    from tests.source.conftest import Open, Serve

LINES = b"".join(b'{"number": %d}\n' % number for number in range(2000))
LIMIT = 64 * 1024 * 1024


def deflate(data: bytes, wbits: int) -> bytes:
    """Compress as zlib does, with the header ``wbits`` stands for."""
    compressor = zlib.compressobj(wbits=wbits)
    return compressor.compress(data) + compressor.flush()


PACKED = {
    "gzip": gzip.compress(LINES),
    "x-gzip": gzip.compress(LINES),
    "deflate": deflate(LINES, zlib.MAX_WBITS),
    "deflate, raw": deflate(LINES, -zlib.MAX_WBITS),
}


def raw_answer(body: bytes, **headers: str) -> urllib3.HTTPResponse:
    """Return an answer as urllib3 gives it, without a network."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return urllib3.HTTPResponse(io.BytesIO(body), headers=named, status=200, preload_content=False)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("coding", [None, *PACKED])
def test_a_whole_body_arrives(
    serve: Serve, session: requests.Session, framing: Any, coding: str | None
) -> None:
    """However it is framed and packed."""
    headers = {} if coding is None else {"Content-Encoding": coding.partition(",")[0].upper()}
    body = LINES if coding is None else PACKED[coding]
    reply = session.get(serve(Answer(200, body, headers, framing)).url)
    assert reply.content == LINES
    assert len(list(reply.iter_lines())) == 2000


CUTS = {
    "plain, shorter than its length": Answer(200, LINES, cut=500),
    "plain, nothing of its length": Answer(200, LINES, cut=0),
    "chunked, within a chunk": Answer(200, LINES, framing="chunked", cut=500),
    "chunked, between chunks": Answer(200, LINES, framing="chunked", cut=1007),
    "chunked, before the last chunk": Answer(200, LINES, framing="chunked", cut=-5),
    "chunked, of an impossible size": Answer(
        raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    ),
    **{
        f"{coding}, {framing}, cut at {cut}": Answer(
            200, body, {"Content-Encoding": coding.partition(",")[0]}, framing, cut
        )
        for coding, body in PACKED.items()
        for framing in ("length", "chunked", "close")
        for cut in (0, 1, len(body) // 2, len(body) - 1)
    },
}


@pytest.mark.parametrize("answer", CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("read", ["at once", "later", "in parts"])
def test_a_body_cut_off_is_an_error(
    serve: Serve,
    session: requests.Session,
    answer: Answer,
    read: str,
) -> None:
    """It is exit code 5, streamed or not, where requests takes half a gzip stream for a whole."""
    server = serve(answer)
    url = f"{server.url}/items?key=canary"
    with pytest.raises(TransientError, match="run again") as caught:  # noqa: PT012
        reply = session.get(url, stream=read != "at once")
        list(reply.iter_content(100)) if read == "in parts" else reply.content
    assert caught.value.exit_code == 5
    assert isinstance(caught.value, requests.exceptions.ChunkedEncodingError)
    assert isinstance(caught.value, requests.exceptions.ContentDecodingError)
    assert f"GET {server.url}/items" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_cut_body_is_asked_for_again(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """Nothing of a broken answer is used; the next whole one is."""
    broken = Answer(200, PACKED["gzip"], {"Content-Encoding": "gzip"}, "close", cut=100)
    server = serve(broken, broken, json_answer({"ok": True}))
    assert open_session(2).get(server.url).json() == {"ok": True}
    assert len(pauses) == 2


@pytest.mark.parametrize("at", [-8, -1, 30])
def test_a_bad_checksum_is_an_error(serve: Serve, session: requests.Session, at: int) -> None:
    """A flipped byte in the data or its checksum does not pass."""
    body = bytearray(PACKED["gzip"])
    body[at] ^= 0x55
    server = serve(Answer(200, bytes(body), {"Content-Encoding": "gzip"}))
    with pytest.raises(TransientError):
        session.get(server.url)


def test_gzip_members_one_after_the_other_are_one_body(
    serve: Serve, session: requests.Session
) -> None:
    """RFC 1952, 2.2; trailing zeros are padding, as for gzip(1)."""
    body = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two") + b"\0" * 9
    server = serve(Answer(200, body, {"Content-Encoding": "gzip"}))
    assert session.get(server.url).content == b"one two"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_follows_the_end_of_a_packed_body_is_an_error(
    serve: Serve, session: requests.Session, coding: str
) -> None:
    """Two answers glued together are no answer."""
    server = serve(Answer(200, PACKED[coding] + b"more", {"Content-Encoding": coding}))
    with pytest.raises(TransientError):
        session.get(server.url)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"", {"Content-Encoding": "gzip"}),
        Answer(200, b"", {"Content-Encoding": "gzip"}, "chunked"),
        Answer(204, b"", {"Content-Encoding": "gzip", "Connection": "close"}, "close"),
    ],
)
def test_no_body_is_whole_where_the_framing_says_so(
    serve: Serve, session: requests.Session, answer: Answer
) -> None:
    """An empty answer may carry the header all the same."""
    assert session.get(serve(answer).url).content == b""


def test_the_answer_to_a_head_has_no_body(serve: Serve, session: requests.Session) -> None:
    """Its length and encoding are those of the body a GET would have."""
    headers = {"Content-Encoding": "gzip", "Content-Length": str(10**12)}
    server = serve(Answer(200, b"", headers))
    assert session.head(server.url).headers["Content-Length"] == str(10**12)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "canary\x1b[2J"])
def test_an_encoding_nobody_asked_for_is_named(
    serve: Serve, open_session: Open, coding: str
) -> None:
    """It is exit code 4 at once: another try would bring the same."""
    server = serve(Answer(200, b"x", {"Content-Encoding": coding}))
    with pytest.raises(ProtocolError, match="encoding") as caught:
        open_session(3).get(server.url)
    assert caught.value.exit_code == 4
    assert "\x1b" not in str(caught.value)
    assert len(server.requests) == 1


def test_only_what_can_be_checked_is_asked_for(serve: Serve, session: requests.Session) -> None:
    """Only gzip and deflate have an end that can be checked."""
    server = serve(json_answer({}))
    session.get(server.url)
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("coding", [None, "gzip"])
def test_a_body_past_the_limit_is_unsafe(
    serve: Serve, open_session: Open, framing: Any, coding: str | None
) -> None:
    """It is exit code 6, names the setting, and is not asked for again."""
    body, headers = (
        (LINES, {}) if coding is None else (PACKED[coding], {"Content-Encoding": coding})
    )
    server = serve(Answer(200, body, headers, framing))
    with pytest.raises(
        UnsafeError, match=r"larger than 30,000 bytes.*http\.max_body_bytes"
    ) as caught:
        open_session(3, max_body_bytes=30_000).get(server.url)
    assert caught.value.exit_code == 6
    assert len(server.requests) == 1


def test_a_body_of_just_the_limit_is_accepted(serve: Serve, open_session: Open) -> None:
    """The limit itself is allowed."""
    server = serve(Answer(200, LINES))
    assert open_session(max_body_bytes=len(LINES)).get(server.url).content == LINES
    with pytest.raises(UnsafeError):
        open_session(max_body_bytes=len(LINES) - 1).get(server.url)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_does_not_fill_the_memory(coding: str) -> None:
    """200 MB in 200 kB are stopped at the limit; the peak is the limit and a little."""
    wbits = 31 if coding == "gzip" else -zlib.MAX_WBITS
    compressor = zlib.compressobj(9, wbits=wbits)
    megabyte = bytes(1 << 20)
    bomb = b"".join([*(compressor.compress(megabyte) for _ in range(200)), compressor.flush()])
    limit = 8 << 20
    tracemalloc.start()
    try:
        with pytest.raises(UnsafeError):
            read_body(raw_answer(bomb, Content_Encoding=coding), max_bytes=limit)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit + 6 * PIECE_BYTES


def test_a_connection_with_half_a_body_is_not_used_again(serve: Serve, open_session: Open) -> None:
    """What is left of a refused body must not be taken for the next answer."""
    server = serve(Answer(200, LINES, framing="chunked"), json_answer({"ok": True}))
    session = open_session(max_body_bytes=10_000)
    with pytest.raises(UnsafeError):
        session.get(server.url)
    assert session.get(server.url).json() == {"ok": True}
    assert server.pool == 2


def test_connections_are_used_again(serve: Serve, session: requests.Session) -> None:
    """A body read to its end leaves the connection for the next request."""
    packed = Answer(200, PACKED["gzip"], {"Content-Encoding": "gzip"})
    server = serve(packed, Answer(200, LINES, framing="chunked"), json_answer({}))
    for _ in range(4):
        session.get(server.url)
    assert server.pool == 1


@given(st.binary(max_size=5000), st.data())
@settings(max_examples=150)
def test_a_packed_body_is_its_content_or_an_error(content: bytes, data: st.DataObject) -> None:
    """Cut anywhere or with a byte changed, it is never something else."""
    coding = data.draw(st.sampled_from(["gzip", "deflate", "raw"]))
    wbits = {"gzip": 31, "deflate": zlib.MAX_WBITS, "raw": -zlib.MAX_WBITS}[coding]
    packed = bytearray(deflate(content, wbits))
    if data.draw(st.booleans()):
        del packed[data.draw(st.integers(0, len(packed) - 1)) :]
        with pytest.raises(CorruptBodyError):
            whole(bytes(packed), coding)
    elif coding != "raw":  # raw deflate has no checksum
        packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
        with contextlib.suppress(CorruptBodyError):
            # gzip's checksum does not cover the time and the system in its own head.
            assert whole(bytes(packed), coding) == content


def whole(packed: bytes, coding: str) -> bytes:
    """Unpack an answer."""
    header = "gzip" if coding == "gzip" else "deflate"
    return read_body(raw_answer(packed, Content_Encoding=header), max_bytes=LIMIT)


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 200))
@settings(max_examples=100)
def test_members_may_be_cut_into_any_chunks(parts: list[bytes], chunk: int) -> None:
    """Where one chunk ends and the next begins changes nothing."""
    packed = b"".join(map(gzip.compress, parts))
    raw = raw_answer(packed, Content_Encoding="gzip", Content_Length=str(len(packed)))
    assert b"".join(iter_body(raw, chunk_bytes=chunk)) == b"".join(parts)


@given(st.binary(max_size=400))
def test_a_body_that_only_says_it_is_packed_never_crashes(body: bytes) -> None:
    """Any bytes are a body or a corrupt one."""
    for coding in ("gzip", "deflate"):
        with contextlib.suppress(CorruptBodyError):
            read_body(raw_answer(body, Content_Encoding=coding), max_bytes=LIMIT)


def test_pieces_that_fill_the_buffer_exactly_are_not_lost() -> None:
    """Output may wait inside zlib when all input is taken."""
    for size in (PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES):
        packed = gzip.compress(bytes(size))
        raw = raw_answer(packed, Content_Encoding="gzip")
        assert len(read_body(raw, max_bytes=LIMIT)) == size


def test_a_streamed_body_is_read_in_parts(serve: Serve, session: requests.Session) -> None:
    """``stream=True`` works as in requests: parts of the size asked for, once."""
    server = serve(Answer(200, PACKED["gzip"], {"Content-Encoding": "gzip"}))
    reply = session.get(server.url, stream=True)
    parts = list(reply.iter_content(1000))
    assert b"".join(parts) == LINES
    assert max(map(len, parts)) == 1000
    with pytest.raises(requests.exceptions.StreamConsumedError):
        list(reply.iter_content(1000))
    with pytest.raises(RuntimeError, match="streamed"):
        reply.content  # noqa: B018


def test_a_streamed_body_may_be_larger_than_the_limit(serve: Serve, open_session: Open) -> None:
    """The limit is on what is held in memory; asked for whole, it holds here as well."""
    server = serve(Answer(200, LINES))
    session = open_session(max_body_bytes=1000)
    with session.get(server.url, stream=True) as reply:
        assert b"".join(reply.iter_content(None)) == LINES
    with session.get(server.url, stream=True) as reply, pytest.raises(UnsafeError):
        reply.content  # noqa: B018


def test_streamed_lines_are_text_where_asked_for(serve: Serve, session: requests.Session) -> None:
    """``iter_lines(decode_unicode=True)`` of requests."""
    lines = [json.dumps({"name": "Zoë"}, ensure_ascii=False)] * 3
    body = "\n".join(lines).encode()
    server = serve(Answer(200, body, {"Content-Type": "application/x-ndjson; charset=utf-8"}))
    reply = session.get(server.url, stream=True)
    assert list(reply.iter_lines(decode_unicode=True)) == lines
