"""Reads the body of an HTTP answer whole, or says why it cannot be trusted.

requests accepts a gzip stream that stops halfway (9,869 of 20,000 lines, no error) and unpacks
without a limit. Here the end of the stream is checked and the decoded size is bounded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bizon_singer.errors import UnsafeError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

CHUNK_BYTES = 256 * 1024
_AUTO_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class CorruptBodyError(Exception):
    """A body is cut off or fails its checksum; the request may be tried again."""


def read_body(raw: BaseHTTPResponse, *, max_bytes: int) -> bytes:
    """Return the decoded body.

    Args:
        raw: An answer whose body has not been read.
        max_bytes: Largest decoded size accepted, in bytes.

    Raises:
        CorruptBodyError: The compressed stream ends early or fails its checksum.
        UnsafeError: The body is larger than ``max_bytes``.
        urllib3.exceptions.HTTPError: The connection broke, or the body is shorter than its
            Content-Length or its chunks say.
    """
    encoding = (raw.headers.get("Content-Encoding") or "identity").strip().lower()
    chunks = raw.stream(CHUNK_BYTES, decode_content=False)
    if encoding in {"identity", ""}:
        decoded: Iterator[bytes] = iter(chunks)
    elif encoding in {"gzip", "x-gzip", "deflate"}:
        decoded = _inflate(chunks, max_bytes)
    else:
        message = f"the body has an encoding nobody asked for: {encoding[:20]!r}"
        raise CorruptBodyError(message)
    body = bytearray()
    for chunk in decoded:
        body += chunk
        if len(body) > max_bytes:
            raise UnsafeError(
                f"the answer is larger than {max_bytes:,} bytes; ask for smaller pages or raise "
                "`http.max_body_bytes`"
            )
    return bytes(body)


def _inflate(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """Yield the decoded parts of a gzip or zlib stream, each at most ``max_bytes`` + 1 long."""
    inflater = zlib.decompressobj(_AUTO_GZIP_OR_ZLIB)
    started = False
    try:
        for chunk in chunks:
            data = chunk
            while data:
                if inflater.eof:  # gzip allows members one after the other (RFC 1952, 2.2)
                    inflater = zlib.decompressobj(_AUTO_GZIP_OR_ZLIB)
                started = True
                yield inflater.decompress(data, max_bytes + 1)
                data = inflater.unconsumed_tail or inflater.unused_data
    except zlib.error as error:
        raise CorruptBodyError("the compressed body is corrupt") from error
    if started and not inflater.eof:
        raise CorruptBodyError("the compressed body ends before its end mark")
