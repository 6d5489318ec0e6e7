"""Messages without a schema: JSON, text and bytes."""

from __future__ import annotations

import base64
import contextlib
import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.errors import ConfigError
from bizon_singer.source.session import Session
from bizon_taps.kafka.decoding.decoder import decoder_for
from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.json_text import MAX_VALUE_DEPTH, read_json
from bizon_taps.kafka.decoding.settings import DecodingSettings, Encoding
from tests.adapter.strategies import plain_json
from tests.taps.kafka_messages import TOPIC, plain_decoder, written


@pytest.mark.parametrize(
    "digits",
    [
        "0",
        "-1",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "1.5",
        "0.1",
        "-0.0",
        "0.12345678901234567890123456789",
        "12345678901234567.89",
        "9" * 4_500,
    ],
)
def test_a_number_is_written_with_the_digits_it_came_with(digits: str) -> None:
    """No digit of a number is lost between the message and the record."""
    value = plain_decoder(Encoding.JSON).decode(f'{{"n": {digits}}}'.encode(), TOPIC)

    assert written(value) == f'{{"n":{digits}}}'.encode()


@pytest.mark.parametrize(
    ("text", "number"),
    [("1E5", 100_000.0), ("1e999", Decimal("1e999")), ("1e-400", Decimal("1e-400"))],
)
def test_a_number_beyond_a_double_is_a_decimal(text: str, number: float | Decimal) -> None:
    """An exponent no double has does not become Infinity or zero."""
    value = read_json(text.encode())

    assert (type(value), value) == (type(number), number)


def test_a_million_digits_are_read_at_once() -> None:
    """A number of a megabyte takes no quadratic time: as an int it took half a minute."""
    assert read_json(b"[" + b"9" * 1_000_000 + b"]")[0] == Decimal("9" * 1_000_000)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\xef\xbb\xbf[1]", [1]),
        (b'"a\nb\x01"', "a\nb\x01"),
        (b'"\\u0000"', "\0"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"a\\udc00"', "a\udc00"),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"null", None),
        (b' "x" ', "x"),
    ],
    ids=["BOM", "raw control", "NUL", "pair", "lone surrogate", "same key", "null", "spaces"],
)
def test_what_producers_write_is_read(data: bytes, value: Any) -> None:
    """JSON that is not quite JSON is read as other readers do."""
    assert plain_decoder(Encoding.JSON).decode(data, TOPIC) == value


def test_nan_is_left_to_the_writer() -> None:
    """NaN and Infinity are read; the writer makes null of them, with a warning."""
    value = plain_decoder(Encoding.JSON).decode(b"[NaN, Infinity]", TOPIC)

    assert math.isnan(value[0])
    assert value[1] == math.inf


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b'{"a": 1} x',
        b"secret",
        b"\xff\xfe",
        b'"\xff"',
        b"[1,]",
        b"1e" + b"9" * 40,
        b"[" * 100_000,
        b"[" * (MAX_VALUE_DEPTH + 2) + b"]" * (MAX_VALUE_DEPTH + 2),
    ],
)
def test_what_is_no_json_is_refused_without_showing_it(data: bytes) -> None:
    """The reason holds nothing of the message."""
    with pytest.raises(DecodeError) as caught:
        plain_decoder(Encoding.JSON).decode(data, TOPIC)

    assert caught.value.exit_code == 4
    assert caught.value.__cause__ is None
    assert "secret" not in caught.value.reason


def test_the_deepest_value_can_be_written() -> None:
    """What the decoder lets through is not too deep for the writer."""
    deepest = b"[" * MAX_VALUE_DEPTH + b"]" * MAX_VALUE_DEPTH

    assert written(read_json(deepest)) == deepest


@given(plain_json)
def test_any_json_comes_back(value: Any) -> None:
    """Whatever the standard library writes is read as what it was."""
    read = read_json(json.dumps(value).encode())

    assert json.dumps(read, default=float) == json.dumps(value)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes end in another error than a DecodeError."""
    for encoding in (Encoding.AUTO, Encoding.JSON, Encoding.TEXT):
        for decoder in (plain_decoder(encoding), plain_decoder(encoding, "key")):
            with contextlib.suppress(DecodeError):
                decoder.decode(data, TOPIC)


def test_text_is_utf_8_and_nothing_else() -> None:
    """Text that is no UTF-8 is refused, not replaced."""
    decoder = plain_decoder(Encoding.TEXT)

    assert decoder.decode("é\0".encode(), TOPIC) == "é\0"
    assert decoder.schema(TOPIC) == {"type": "string"}
    with pytest.raises(DecodeError, match="no UTF-8"):
        decoder.decode(b"\xff", TOPIC)


@given(st.binary())
def test_bytes_are_base64(data: bytes) -> None:
    """Any bytes come back from their base64."""
    decoder = plain_decoder(Encoding.BYTES)

    assert base64.b64decode(decoder.decode(data, TOPIC)) == data
    assert decoder.schema(TOPIC) == {"type": "string", "contentEncoding": "base64"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"k1", "k1"),
        (b"42", "42"),
        (b"null", "null"),
        (b'"42"', "42"),
        (b'{"id": 7}', {"id": 7}),
        (b"[1]", [1]),
        (b"{not json", "{not json"),
        (b"", ""),
    ],
)
def test_a_key_nobody_describes_has_one_type(key: bytes, value: Any) -> None:
    """With `auto` a key is JSON only if it is an object, an array or a quoted text."""
    assert plain_decoder(Encoding.AUTO, "key").decode(key, TOPIC) == value


def test_a_key_that_must_be_json_is() -> None:
    """With Bizon's `utf-8` a key is JSON, and refused if it is none."""
    decoder = plain_decoder(Encoding.JSON, "key")

    assert decoder.decode(b"42", TOPIC) == 42
    with pytest.raises(DecodeError, match="no JSON"):
        decoder.decode(b"k1", TOPIC)


def test_keys_may_have_an_encoding_of_their_own() -> None:
    """`key_encoding` goes before `message_encoding` for keys, and only for keys."""
    settings = DecodingSettings(Encoding.JSON, key_encoding=Encoding.TEXT)

    assert decoder_for(settings, Session(), "key").decode(b"7", TOPIC) == "7"
    assert decoder_for(settings, Session(), "value").decode(b"7", TOPIC) == 7


@pytest.mark.parametrize("encoding", [Encoding.AVRO, Encoding.JSON_SCHEMA, Encoding.PROTOBUF])
def test_an_encoding_with_schemas_needs_a_registry(encoding: Encoding) -> None:
    """Without a registry the settings are refused before anything is read."""
    with pytest.raises(ConfigError, match=r"schema_registry\.url"):
        plain_decoder(encoding)


def test_json_without_a_registry_has_no_schema() -> None:
    """Nobody knows what JSON holds, until it is read."""
    assert plain_decoder(Encoding.AUTO).schema(TOPIC) is None
