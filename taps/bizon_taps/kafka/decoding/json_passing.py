"""Passes a JSON object on as the text it is: as its producer wrote it.

Most messages need not become dicts. That a text is JSON and UTF-8 can be told without making a
value of it, and then it is exact by itself: every digit is there, and of a key that is there twice
both. What JSON forbids and producers write all the same (NaN, a byte order mark, raw control
characters, half of a surrogate pair) is no text to pass on: it is decoded, and said in JSON.

What a target makes of a text is its own: readers of JSON take the last of two equal keys, a number
beyond a double's range is infinity to many, and Python's stop near a thousand levels.

Why this is worth a second way: decoding, checking each value and encoding again cost 9 µs for a
message of 1 kB and 24 values, decoding and encoding to compare 4 to 6, this 1.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bizon_singer.source.models import JsonObject
from bizon_taps.kafka.decoding.decoder import Decoder, JsonDecoder
from bizon_taps.kafka.decoding.framing import Headers

_OPENING = ord("{")
_check = msgspec.json.Decoder(msgspec.Raw).decode  # reads all of it, and makes nothing of it


def passed(data: bytes) -> bytes | None:
    """Return an object as a text without line breaks, None where only decoding tells what it is.

    Args:
        data: What may be a JSON text; not empty.
    """
    if data[0] != _OPENING:
        return None
    try:
        _check(data)
        if not data.isascii():
            data.decode()  # Raw does not look at the bytes of a text
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested deeper than readers go
        return None
    # Between values only, for JSON forbids them in a text. Looking twice is faster than `in`.
    if data.find(b"\n") >= 0 or data.find(b"\r") >= 0:
        return msgspec.json.format(data, indent=-1)
    return data


class PassingDecoder(JsonDecoder):
    """Decodes JSON; an object stays the text it is where that is JSON on one line."""

    def decode(self, data: bytes, topic: str, headers: Headers | None = None) -> Any:
        """Return the value of a JSON text."""
        text = passed(data) if data else None
        return super().decode(data, topic, headers) if text is None else JsonObject(text)


def passing(decoder: Decoder) -> Decoder:
    """Return a decoder that passes on what it can, in place of one that decodes JSON alone."""
    return PassingDecoder() if type(decoder) is JsonDecoder else decoder
