"""JSON that tap-kafka passes on as text says exactly what came, and is nothing else."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from decimal import Decimal
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizon_singer.errors import ProtocolError
from bizon_singer.source.models import JsonObject
from bizon_singer.values import ValueReader
from bizon_taps.kafka.decoding.decoder import JsonDecoder, TextDecoder
from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.json_passing import PassingDecoder, passed, passing

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inside, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text("abé ", max_size=3), VALUES, max_size=4)
STYLES: list[dict[str, Any]] = [
    {"separators": (",", ":"), "ensure_ascii": False},
    {"separators": (",", ":")},
    {},
    {"indent": 2},
    {"ensure_ascii": False, "indent": "\t"},
]


def exactly(text: bytes) -> Any:
    """Decode JSON with every digit and every pair of an object, as the standard has it."""
    return json.loads(
        text, parse_float=str, parse_int=str, parse_constant=no_json, object_pairs_hook=list
    )


def no_json(name: str) -> NoReturn:
    """Refuse NaN and the infinities."""
    raise ValueError(name)


def is_json(data: bytes) -> bool:
    """Tell whether data are a JSON text in UTF-8 that every reader takes."""
    try:
        exactly(data)
        json.dumps(json.loads(data, parse_int=str), ensure_ascii=False).encode()  # no half pairs
    except ValueError:
        return False
    return not data.startswith(BOM_UTF8)


@given(OBJECTS, st.sampled_from(STYLES))
def test_every_object_is_passed_on_as_it_came(value: dict[str, Any], style: dict[str, Any]) -> None:
    """On one line, equal to the last digit."""
    data = json.dumps(value, **style).encode()
    found = passed(data)
    assert found is not None
    assert exactly(found) == exactly(data)
    assert len(found.splitlines()) == 1
    if "indent" not in style:
        assert found is data


PIECES = st.sampled_from(
    [bytes([byte]) for byte in b'{}[]:,"\\/-+.eEu0129 \t\r\n\x00\x1f\x7f\x80\xc3\xed\xff']
    + [b"null", b"NaN", b"Infinity", b"true", b"\\ud83d", b"\\ude00", b'"a":1,', b"1e999"]
    + [BOM_UTF8]
)


@settings(max_examples=2000)
@given(
    OBJECTS,
    st.sampled_from(STYLES),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 3), st.lists(PIECES, max_size=3)), max_size=4
    ),
)
def test_what_is_passed_on_is_json(
    value: dict[str, Any],
    style: dict[str, Any],
    edits: list[tuple[float, int, list[bytes]]],
) -> None:
    """Whatever is put into a text or taken out of it: an object is passed on if it is JSON."""
    data = json.dumps(value, **style).encode()
    for where, taken, pieces in edits:
        start = int(where * len(data))
        data = data[:start] + b"".join(pieces) + data[start + taken :]
    found = passed(data) if data else None
    assert (found is not None) == (data.startswith(b"{") and is_json(data))
    if found is not None:
        assert exactly(found) == exactly(data)
        assert len(found.splitlines()) == 1


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"b":[true,null,"x y"],"c":{"d":1.5}}',
        b'{"a": 1, "b": [true, null, "x, y: z"], "c": {"d": 1.5}}',
        b'{\n\t"a": 1,\r\n\t"b": []\n}\n',
        '{"é":"ü\u2028"}'.encode(),
        b'{"a":18446744073709551616,"b":-9223372036854775809}',
        b'{"a":0.1234567890123456789,"b":1.10,"c":-0,"d":1e400,"e":1E+99999999999999999999}',
        b'{"a":%b}' % (b"9" * 5000),
        b'{"a":1,"a":1}',
        b'{"a":1,"b":{"c":1,"c":2}}',
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b'{"a":"\\ud83d\\ude00\\u0000\\/"}',
        b"{}",
    ],
    ids=lambda data: repr(data)[:40],
)
def test_most_messages_are_passed_on(data: bytes) -> None:
    """White space, digits, keys that are there twice: all as the producer wrote it."""
    found = passed(data)
    assert found is not None
    assert exactly(found) == exactly(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b'{"\\udc00":1}',
        b'{"a":1',
        b'{"a":1}}',
        b'{"a":"\n"}',
        b'{"a":"\xff"}',
        b'{"\xed\xa0\x80":1}',
        BOM_UTF8 + b"{}",
        b"[1]",
        b'"text"',
        b"1",
        b"\x00",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=lambda data: repr(data)[:40],
)
def test_what_only_decoding_can_tell_is_not_passed_on(data: bytes) -> None:
    """What is no JSON or no UTF-8, no object, or nested deeper than anybody reads."""
    assert passed(data) is None


def test_a_text_that_is_decoded_after_all_is_exact() -> None:
    """Where its fields have types, it is a value like any other."""
    text = b'{"a":1e400,"b":%b,"a":2.10}' % (b"9" * 5000)
    assert plain(text) == {"a": Decimal("2.10"), "b": Decimal("9" * 5000)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"a":1E+99999999999999999999}', "an exponent beyond all bounds; mend it in the source"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "is nested deeper than 200 levels; shorten it"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "is nested too deep to be read; shorten it"),
    ],
    ids=lambda item: str(item)[:20],
)
def test_a_text_that_cannot_be_decoded_after_all_says_why(text: bytes, words: str) -> None:
    """What is JSON and no value."""
    with pytest.raises(ProtocolError, match=words):
        plain(text)


def plain(text: bytes) -> Any:
    """Return the value a field of types makes of a text."""
    return ValueReader(lambda _field, _what: None).plain(JsonObject(text), "value", 0)


def test_only_json_is_passed_on() -> None:
    """And what cannot be, is decoded."""
    decoder = passing(JsonDecoder())
    assert type(decoder) is PassingDecoder
    assert decoder.decode(b'{"a": 1}', "orders") == JsonObject(b'{"a": 1}')
    assert decoder.decode(b'{"a":"\\ud800"}', "orders") == {"a": "\ud800"}
    with pytest.raises(DecodeError, match="empty"):
        decoder.decode(b"", "orders")
    text = TextDecoder()
    assert passing(text) is text
