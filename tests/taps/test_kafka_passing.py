"""JSON that tap-kafka passes on as text says exactly what came, and is nothing else."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.source.models import JsonObject
from bizon_taps.kafka.decoding.decoder import JsonDecoder, TextDecoder
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


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dict of pairs whose keys differ."""
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def exactly(text: bytes) -> Any:
    """Decode JSON with every digit, no key being there twice."""
    return json.loads(text, parse_float=Decimal, object_pairs_hook=once)


@given(OBJECTS, st.sampled_from(STYLES))
def test_what_is_passed_on_is_what_came(value: dict[str, Any], style: dict[str, Any]) -> None:
    """Compact, on one line, equal to the last digit."""
    data = json.dumps(value, **style).encode()
    found = passed(data)
    if found is not None:
        assert exactly(found) == exactly(data)
        assert len(found.splitlines()) == 1


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"b":[true,null,"x y"],"c":{"d":1.5}}',
        b'{"a": 1, "b": [true, null, "x, y: z"], "c": {"d": 1.5}}',
        b'{\n\t"a": 1,\r\n\t"b": []\n}\n',
        '{"é":"ü"}'.encode(),
        b'{"a":18446744073709551615,"b":-9223372036854775808}',
        b"{}",
    ],
)
def test_most_messages_are_passed_on(data: bytes) -> None:
    """White space makes no difference, also within texts."""
    found = passed(data)
    assert found is not None
    assert exactly(found) == exactly(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"b":{"c":1,"c":2}}',
        b'{"a":18446744073709551616}',
        b'{"a":0.1234567890123456789}',
        b'{"a":1.10}',
        b'{"a":1e400}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":1',
        b'{"a":1}}',
        b'{"a":"\n"}',
        b'{"a":"\xff"}',
        b"[1]",
        b'"text"',
        b"1",
        b"",
        b'{"a":' * 300 + b"1" + b"}" * 300,
    ],
    ids=lambda data: repr(data)[:40],
)
def test_what_only_decoding_can_tell_is_not_passed_on(data: bytes) -> None:
    """Keys that are there twice, numbers a double would round, what is no JSON, or no object."""
    assert passed(data) is None


def test_only_json_is_passed_on() -> None:
    """And what cannot be, is decoded."""
    decoder = passing(JsonDecoder())
    assert type(decoder) is PassingDecoder
    assert decoder.decode(b'{"a": 1}', "orders") == JsonObject(b'{"a":1}')
    assert decoder.decode(b'{"a":1,"a":2}', "orders") == {"a": 2}
    text = TextDecoder()
    assert passing(text) is text
