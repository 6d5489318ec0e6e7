"""Writes pages of records as Singer RECORD lines: the hot path.

One page costs one ``orjson.dumps`` per record and one join; the head and the tail of a line are
the same for the whole page. Measured (tests/benchmarks/records.py): about 1 µs a record of
500 bytes, against 6 µs for the Singer SDK's fastest writer.

U+2028 and U+2029 are legal in JSON but end a line for readers that use ``str.splitlines``; they
are escaped when a page holds one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from bizon_singer.errors import ProtocolError
from bizon_singer.values import MAX_DEPTH, ValueReader, dumps

Record = dict[str, Any]
_SEPARATORS = (
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
    (b"\xc2\x85", b"\\u0085"),
)


def message(value: Mapping[str, Any]) -> bytes:
    """Encode one message other than RECORD as a line.

    Raises:
        ProtocolError: It is nested too deep, or two keys of an object are the same as text.
    """
    return _without_separators(_dump(dict(value), ValueReader(_ignore))) + b"\n"


def _ignore(_field: str, _what: str) -> None:
    """Drop a warning: messages of our own hold nothing of the source's that could be lost."""


class RecordEncoder:
    """Encodes the records of one stream.

    Args:
        stream: Name of the stream in the messages.
        values: Converts what JSON cannot hold as it is.
        version: Version of the table for targets that activate versions, None without.
    """

    def __init__(self, stream: str, values: ValueReader, version: int | None = None) -> None:
        """Build the parts of a line that never change."""
        name = _dump(stream, values)
        self._head = b'{"type":"RECORD","stream":' + name + b',"record":'
        self._version = b"" if version is None else b',"version":%d' % version
        self._values = values

    def encode(self, records: Sequence[Record | bytes], extracted_at: str) -> bytes:
        """Return one line per record.

        Args:
            records: Plain records that fit the stream's schema, or their text.
            extracted_at: When the page was extracted, RFC 3339.
        """
        if not records:
            return b""
        tail = self._version + b',"time_extracted":"' + extracted_at.encode() + b'"}\n'
        try:
            bodies = [item if type(item) is bytes else dumps(item) for item in records]
        except TypeError:
            bodies = [
                item if isinstance(item, bytes) else _dump(item, self._values) for item in records
            ]
        # The ends go on single records, not around the page: a copy less of what may be 100 MB.
        bodies[0] = self._head + bodies[0]
        bodies[-1] += tail
        return _without_separators((tail + self._head).join(bodies))


def _dump(value: Any, values: ValueReader) -> bytes:
    try:
        return dumps(value)
    except TypeError:
        pass
    try:
        with contextlib.suppress(TypeError):
            return dumps(values.exact(value))
        # A text or an integer of a class of its own that holds what `exact` replaces.
        return dumps(values.exact(values.plain(value)))
    except (TypeError, RecursionError) as error:
        raise ProtocolError(
            f"a message is nested deeper than {MAX_DEPTH} levels; shorten it in the source"
        ) from error


def _without_separators(lines: bytes) -> bytes:
    # Looking for one byte costs 1 µs per 50 kB, for a sequence of them 50 µs; almost no page has
    # a byte these sequences start with.
    if lines.isascii():
        return lines
    for separator, escape in _SEPARATORS:
        if separator[:1] in lines and separator in lines:
            lines = lines.replace(separator, escape)
    return lines
