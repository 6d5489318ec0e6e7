"""A page is whole lines, one message each, that any reader can take apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.encoding import RecordEncoder, message
from bizon_singer.errors import ProtocolError
from bizon_singer.fitting import compile_object
from bizon_singer.values import ValueReader
from tests.adapter.strategies import LINE_ENDS, plain_json, texts

AT = "2024-01-01T00:00:00Z"
FREE = compile_object({"properties": {"f": {}}})


def encoder(name: str = "s", version: int | None = None) -> RecordEncoder:
    """Return an encoder that warns nobody."""
    return RecordEncoder(name, ValueReader(lambda _field, _what: None), version)


def test_a_line_is_a_record_message() -> None:
    """With its stream, its record, when it was extracted, and a version if there is one."""
    assert encoder().encode([{"a": 1}], AT) == (
        b'{"type":"RECORD","stream":"s","record":{"a":1},"time_extracted":"2024-01-01T00:00:00Z"}\n'
    )
    lines = encoder(version=7).encode([{"a": 1}, {}], AT).splitlines()
    assert [json.loads(line)["version"] for line in lines] == [7, 7]
    assert [json.loads(line)["record"] for line in lines] == [{"a": 1}, {}]


def test_no_record_is_no_line() -> None:
    """Not even an empty one."""
    assert encoder().encode([], AT) == b""


@given(st.lists(plain_json, max_size=5), texts)
def test_as_many_lines_as_records(page: list[Any], name: str) -> None:
    """By whatever a reader takes for a line end; lines end with a newline and are UTF-8."""
    records = [{"f": value} for value in page]
    try:
        text = encoder(name).encode(records, AT).decode()
    except ProtocolError as error:
        assert "two keys" in str(error)  # noqa: PT017 - lone surrogates in both
        return
    assert len(text.splitlines()) == text.count("\n") == len(records)
    for line in text.splitlines():
        assert json.loads(line)["type"] == "RECORD"


@pytest.mark.parametrize("end", LINE_ENDS)
def test_what_ends_a_line_elsewhere_is_escaped(end: str) -> None:
    """In values, keys, stream names and in other messages."""
    text = encoder(f"s{end}").encode([{f"k{end}": f"v{end}"}], AT).decode()
    assert len(text.splitlines()) == 1
    assert json.loads(text)["record"] == {f"k{end}": f"v{end}"}
    assert json.loads(text)["stream"] == f"s{end}"
    other = message({"type": "SCHEMA", "stream": f"s{end}"}).decode()
    assert len(other.splitlines()) == 1
    assert json.loads(other)["stream"] == f"s{end}"


def test_one_odd_record_leaves_the_others_as_they_are() -> None:
    """A page with a big integer or a lone surrogate is encoded record by record."""
    page: list[dict[str, Any]] = [{"a": 1.5}, {"a": 2**70}, {"a": "\ud800"}, {"a": Decimal("0.10")}]
    lines = encoder().encode(page, AT).decode().splitlines()
    found = [json.loads(line, parse_float=Decimal)["record"]["a"] for line in lines]
    assert found == [Decimal("1.5"), 2**70, "\ufffd", Decimal("0.10")]
    assert '"a":0.10}' in lines[3]


def test_a_record_that_only_slipped_through_is_an_error_not_a_crash() -> None:
    """No check lets it pass, but if one did, the run must not end as a bug of ours."""
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    with pytest.raises(ProtocolError, match="nested deeper than 200 levels"):
        encoder().encode([{"f": deep}], AT)
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ProtocolError, match="nested deeper"):
        message({"value": deep})
    while isinstance(deep, list):  # or its destructor recurses
        deep = deep[0]


def test_a_message_is_one_line_of_json() -> None:
    """Integers of any size are exact, lone surrogates replaced; the value is not changed."""
    value = {
        "type": "STATE",
        "value": {"n": 2**70, "t": "\ud800", "at": datetime(2024, 1, 1, tzinfo=UTC)},
    }
    line = message(value)
    assert line.endswith(b"}\n")
    assert json.loads(line)["value"] == {"n": 2**70, "t": "\ufffd", "at": "2024-01-01T00:00:00Z"}
    assert value["value"]["n"] == 2**70  # type: ignore[index]


@given(st.recursive(st.none() | st.integers(), lambda children: st.lists(children, max_size=2)))
def test_whatever_fits_can_be_encoded(value: Any) -> None:
    """What the free-form check accepts, orjson writes or ``exact`` does."""
    if FREE({"f": value}):
        assert encoder().encode([{"f": value}], AT)
