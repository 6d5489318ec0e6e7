"""Reads the body of an HTTP answer, or says why it cannot be trusted.

requests accepts a gzip stream that stops halfway (9,869 of 20,000 lines, no error) and unpacks
without a limit. Here the end of the stream is checked and the decoded size is bounded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bizon_singer.errors import LargeBodyError, ProtocolError
from bizon_singer.redact import excerpt

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from bizon_singer.source.connection import Answer

CHUNK_BYTES = 256 * 1024
PIECE_BYTES = 1024 * 1024
"""Most that is unpacked at once: a bomb is noticed before it fills the memory."""

MAX_LENGTH_DIGITS = 4_000
"""Most that ``int()`` takes are 4,300; a body of so many bytes is too large in any case."""
BODILESS_STATUSES = frozenset({204, 304})
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"
_HEADER_BYTES = 2


class CorruptBodyError(Exception):
    """A body is cut off or fails its checksum; the request may be tried again."""


def read_body(raw: BaseHTTPResponse | Answer, *, max_bytes: int, method: str = "GET") -> bytes:
    """Return the decoded body.

    Args:
        raw: An answer whose body has not been read.
        max_bytes: Largest decoded size accepted, in bytes.
        method: Method of the request; the answer to a HEAD has no body.

    Raises:
        CorruptBodyError: The compressed stream ends early or fails its checksum.
        ProtocolError: The body has an encoding nobody asked for.
        LargeBodyError: The body is larger than ``max_bytes``.
        urllib3.exceptions.HTTPError: The connection broke, or the body is shorter than its
            Content-Length or its chunks say.
    """
    announced = raw.headers.get("Content-Length", "")
    if (
        announced.isdecimal()
        and method != "HEAD"
        and (len(announced) > MAX_LENGTH_DIGITS or int(announced) > max_bytes)
    ):
        raise _too_large(max_bytes)
    pieces: list[bytes] = []
    size = 0
    for piece in iter_body(raw, method=method):
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(max_bytes: int) -> LargeBodyError:
    return LargeBodyError(
        f"the answer is larger than {max_bytes:,} bytes; ask for smaller pages or raise "
        "`http.max_body_bytes`"
    )


def iter_body(
    raw: BaseHTTPResponse | Answer, *, method: str = "GET", chunk_bytes: int = CHUNK_BYTES
) -> Iterator[bytes]:
    """Return the decoded body in parts of at most 1 MiB; raises like :func:`read_body`.

    Args:
        raw: An answer whose body has not been read.
        method: Method of the request.
        chunk_bytes: How much to wait for before a part is decoded.
    """
    header = raw.headers.get("Content-Encoding") or ""
    codings = [name for item in header.split(",") if (name := item.strip().lower())]
    coded = [name for name in codings if name != "identity"]
    chunks = raw.stream(chunk_bytes, decode_content=False)
    if not coded:
        return chunks
    if coded[0] in {"gzip", "x-gzip", "deflate"} and len(coded) == 1:
        length = raw.headers.get("Content-Length")
        # Nothing at all is a whole body only where its length says so.
        is_cut_if_empty = (
            method != "HEAD"
            and length is None
            and not getattr(raw, "chunked", False)
            and raw.status not in BODILESS_STATUSES
        )
        return _inflate(chunks, coded[0], is_cut_if_empty=is_cut_if_empty)
    raise ProtocolError(
        f"the API answered with the encoding {excerpt(header, 40)!r}, which nobody asked for; "
        "remove the source's own Accept-Encoding header"
    )


def _inflate(chunks: Iterator[bytes], coding: str, *, is_cut_if_empty: bool) -> Iterator[bytes]:
    """Yield the decoded parts of a compressed stream.

    Raises:
        CorruptBodyError: It ends before its end mark, or is no such stream.
    """
    inflater: zlib._Decompress | None = None
    head = b""
    try:
        for chunk in chunks:
            data = head + chunk
            if inflater is None:
                if len(data) < _HEADER_BYTES:
                    head = data
                    continue
                inflater, head = zlib.decompressobj(_window_bits(coding, data)), b""
            while data:
                if inflater.eof:
                    data = _next_member(coding, data)
                    if not data:
                        break
                    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
                yield from _pieces(inflater, data)
                data = inflater.unused_data
    except zlib.error as error:
        raise CorruptBodyError("the compressed body is corrupt") from error
    if head or (is_cut_if_empty if inflater is None else not inflater.eof):
        raise CorruptBodyError("the compressed body ends before its end mark")


def _window_bits(coding: str, start: bytes) -> int:
    """Return what zlib must expect, from the first two bytes of a stream.

    ``deflate`` means a zlib stream (RFC 9110, 8.4.1.2), yet some servers send a bare one.
    """
    is_zlib = start[0] & 0x0F == zlib.DEFLATED and (start[0] << 8 | start[1]) % 31 == 0
    if coding == "deflate" and not is_zlib and not start.startswith(_GZIP_MAGIC):
        return _RAW_DEFLATE
    return _GZIP_OR_ZLIB


def _next_member(coding: str, rest: bytes) -> bytes:
    """Return what follows a finished stream: another gzip member, or nothing but padding.

    gzip allows members one after the other (RFC 1952, 2.2), and gzip(1) ignores trailing zeros.
    """
    rest = rest.lstrip(b"\0")
    if rest and coding == "deflate":
        raise CorruptBodyError("the compressed body goes on after its end mark")
    return rest


def _pieces(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Yield what a stream holds up to the end of ``data``, a bounded piece at a time."""
    while True:
        piece = inflater.decompress(data, PIECE_BYTES)
        if piece:
            yield piece
        data = inflater.unconsumed_tail
        # A full piece may leave more inside although all input is taken.
        if inflater.eof or (not data and len(piece) < PIECE_BYTES):
            return
