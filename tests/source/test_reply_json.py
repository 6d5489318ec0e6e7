"""``reply.json()``: exact values, or an error that says what came instead."""

from __future__ import annotations

import importlib
import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.errors import BrokenBodyError, ProtocolError
from bizon_singer.integers import MAX_INT_DIGITS
from bizon_singer.source.reply import BrokenJsonError, Reply
from tests.fakes.http_server import Answer, json_answer

if TYPE_CHECKING:
    from tests.source.conftest import Open, Serve

JSON = "application/json"
SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def reply(body: bytes, content_type: str = JSON) -> Reply:
    """Return an answer that holds a body, without a network."""
    made = Reply()
    made.status_code = 200
    made.headers["Content-Type"] = content_type
    made.request = requests.Request("GET", "https://api.example.com/a?key=canary").prepare()
    made.url = made.request.url or ""
    made._content, made._content_consumed = body, True
    return made


@given(VALUES)
def test_any_value_comes_back_as_it_was(value: Any) -> None:
    """What JSON can hold is exact, whatever text or number it is."""
    assert reply(json.dumps(value).encode()).json() == value
    assert (
        reply(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")).json()
        == value
    )


@pytest.mark.parametrize("digits", [18, 19, 20, 25, 4299, 4300, 4301, 1_000_000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_integers_of_any_size_are_exact(digits: int, sign: str) -> None:
    """No float in between; what int() would read in quadratic time, or refuse, is a Decimal."""
    text = sign + "9" * digits
    (value,) = reply(f"[{text}]".encode()).json()
    assert type(value) is (int if len(text) <= MAX_INT_DIGITS else Decimal)
    assert f"{Decimal(value):f}" == text


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "ö"}'.encode("utf-16"), {"a": "ö"}),
        ('{"a": "ö"}'.encode("utf-32"), {"a": "ö"}),
        (b'{"a": "\\ud83d"}', {"a": "\ud83d"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": "\xed\xa0\xbd"}', {"a": "\ud83d"}),
        (b'{"a": 1e999}', {"a": float("inf")}),
        (b'{"a": 1.7976931348623159e308}', {"a": float("inf")}),
        (b'{"a": -Infinity}', {"a": float("-inf")}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b" [1]\n", [1]),
        (b"null", None),
        (b'""', ""),
    ],
)
def test_what_apis_really_send_is_read(body: bytes, value: Any) -> None:
    """A byte order mark, half a surrogate pair, numbers beyond a double."""
    assert reply(body).json() == value


def test_not_a_number_is_read() -> None:
    """Some APIs write NaN; what becomes of it is decided further on."""
    (value,) = reply(b"[NaN]").json()
    assert value != value  # noqa: PLR0124 - that is what makes it NaN


def test_a_declared_charset_is_used_where_the_body_is_no_utf8() -> None:
    """JSON is UTF-8 (RFC 8259, 8.1), yet old APIs say otherwise and mean it."""
    body = '{"a": "é"}'.encode("latin-1")
    assert reply(body, "application/json; charset=ISO-8859-1").json() == {"a": "é"}
    assert reply(body, 'application/json; charset="latin1"').json() == {"a": "é"}
    for declared in (
        "application/json",
        "application/json; charset=utf-8",
        "text/plain; charset=no",
    ):
        with pytest.raises(BrokenJsonError):
            reply(body, declared).json()


def test_utf8_goes_before_what_is_declared() -> None:
    """A default charset of some web server does not spoil a body that is UTF-8."""
    body = '{"a": "é"}'.encode()
    assert reply(body, "application/json; charset=ISO-8859-1").json() == {"a": "é"}


NO_JSON = {
    "empty": b"",
    "blank": b"  \n",
    "html": b"<!doctype html><p>canary",
    "half": b'{"canary": [1, 2',
    "two": b'{"canary": 1}{"a": 2}',
    "a word": b"canary",
    "no utf-8": b'{"canary": "\xff"}',
    "utf-16, half": '{"canary": "x"}'.encode("utf-16")[:-3],
    "control": b'{"canary": "\x00"}',
    "nul": b"\x00\x00\x00\x00",
    "a comma": b'{"canary": 1,}',
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
@pytest.mark.parametrize("content_type", [JSON, "text/html; charset=utf-8", "", "canary \x1b[2J"])
def test_what_is_no_json_says_what_came_instead(body: bytes, content_type: str) -> None:
    """Never an empty page: exit code 4 with place, size and type, without content or query."""
    with pytest.raises(BrokenBodyError) as caught:
        reply(body, content_type).json()
    text = str(caught.value)
    assert caught.value.exit_code == 4
    assert caught.value.retry_page
    assert text.startswith("GET https://api.example.com/a answered 200 with ")
    assert "canary" not in text
    assert "\x1b" not in text
    kind = content_type.partition(";")[0] if "/" in content_type else "no content type"
    assert (f"{len(body):,} bytes of {kind}" if body else "an empty body") in text


def test_an_error_about_json_is_every_librarys_own() -> None:
    """A source may catch requests', json's, simplejson's or simply ``ValueError``."""
    kinds: list[type[Exception]] = [
        requests.exceptions.JSONDecodeError,
        requests.exceptions.InvalidJSONError,
        requests.RequestException,
        json.JSONDecodeError,
        importlib.import_module("simplejson").JSONDecodeError,
        ValueError,
        ProtocolError,
    ]
    for kind in kinds:
        with pytest.raises(kind):
            reply(b"<html>").json()


def test_an_error_about_json_keeps_no_body() -> None:
    """Its ``doc`` is empty, and no cause with the body hangs on it."""
    with pytest.raises(json.JSONDecodeError) as caught:
        reply(b'{"secret": canary}').json()
    assert (caught.value.doc, caught.value.pos) == ("", 11)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("depth", [990, 1_010, 10_000, 100_000, 1_000_000])
@pytest.mark.parametrize("unit", [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_deep_body_is_an_error_or_a_value(depth: int, unit: tuple[bytes, bytes]) -> None:
    """It never ends in a RecursionError, nor in a crash."""
    opening, closing = unit
    body = opening * depth + b"1" + closing * depth
    try:
        value = reply(body).json()
    except BrokenJsonError:
        assert depth > 500
    else:
        assert isinstance(value, list | dict)


def test_arguments_are_those_of_the_standard_library() -> None:
    """``response.json(parse_float=Decimal)`` works as it does in requests."""
    assert reply(b"[1.10]").json(parse_float=Decimal) == [Decimal("1.10")]
    with pytest.raises(BrokenJsonError):
        reply(b"[1.10").json(parse_float=Decimal)


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_an_error_of_ours(body: bytes) -> None:
    """Nothing a server sends raises anything else."""
    try:
        value = reply(body).json()
    except BrokenJsonError:
        with pytest.raises((ValueError, RecursionError)):
            json.loads(body)
    else:
        assert msgspec.json.encode(str(value))


def test_a_web_page_with_status_200_is_exit_code_4(serve: Serve, open_session: Open) -> None:
    """A login page in place of data is no success and no empty page."""
    server = serve(Answer(200, b"<html>log in</html>", {"Content-Type": "text/html"}))
    answer = open_session(3).get(f"{server.url}/items?key=canary")
    with pytest.raises(
        BrokenBodyError, match=r"19 bytes of text/html.*no JSON.*base URL"
    ) as caught:
        answer.json()
    assert caught.value.exit_code == 4
    assert isinstance(caught.value, BrokenJsonError)
    assert caught.value.response is answer
    assert f"GET {server.url}/items answered 200" in str(caught.value)


def test_json_over_the_wire_is_exact(serve: Serve, session: requests.Session) -> None:
    """From the server's bytes to Python's values."""
    value = {"big": 2**64, "huge": 10**30, "text": "ö\u2028", "none": None}
    assert session.get(serve(json_answer(value)).url).json() == value


def test_the_limit_of_python_on_digits_is_left_alone() -> None:
    """Reading a huge integer changes no setting of the process."""
    before = sys.get_int_max_str_digits()
    reply(b"9" * 5000).json()
    assert sys.get_int_max_str_digits() == before
