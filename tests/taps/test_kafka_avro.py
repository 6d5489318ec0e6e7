"""Avro messages: every type of the specification, and bytes that are no message."""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import json
import struct
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bizon_taps.kafka.decoding.avro import compile_avro
from bizon_taps.kafka.decoding.avro_json_schema import json_schema_of_avro
from bizon_taps.kafka.decoding.avro_schema import parse_avro
from bizon_taps.kafka.decoding.error import DecodeError
from tests.taps.kafka_messages import avro, written

Json = Any


def decoded(schema: Json, data: bytes, *references: Json) -> Any:
    """Decode a message of a schema, from its first byte."""
    parsed = parse_avro(json.dumps(schema), [json.dumps(each) for each in references])
    return compile_avro(parsed)(data, 0)


def there_and_back(schema: Json, value: Any) -> Any:
    """Encode a value with fastavro and decode it."""
    return decoded(schema, avro(schema, value))


def logical(kind: str, logical_type: str, **more: Any) -> Json:
    """Return a schema with a logical type."""
    return {"type": kind, "logicalType": logical_type, **more}


def record(**fields: Json) -> Json:
    """Return the schema of a record."""
    listed = [{"name": name, "type": inner} for name, inner in fields.items()]
    return {"type": "record", "name": "R", "namespace": "shop", "fields": listed}


# Any schema with a value of it, as fastavro takes it and as it must come back.

_names = (f"n{number}" for number in itertools.count())
_leaves: list[tuple[Json, st.SearchStrategy[Any]]] = [
    ("null", st.none()),
    ("boolean", st.booleans()),
    ("int", st.integers(-(2**31), 2**31 - 1)),
    ("long", st.integers(-(2**63), 2**63 - 1)),
    ("double", st.floats(allow_nan=False)),
    ("float", st.floats(width=32, allow_nan=False)),
    ("string", st.text(max_size=80)),
    ("bytes", st.binary(max_size=80)),
]


@st.composite
def _schemas(draw: st.DrawFn, depth: int = 0) -> tuple[Json, Any, Any]:
    """Draw a schema, a value for fastavro, and what it is decoded to."""
    kind = draw(st.integers(0, 7 if depth < 3 else 1))
    if kind <= 1:
        schema, values = draw(st.sampled_from(_leaves))
        value = draw(values)
        return schema, value, _plain(value)
    if kind == 2:
        size = draw(st.integers(1, 20))
        name = f"{next(_names)}"
        value = draw(st.binary(min_size=size, max_size=size))
        return {"type": "fixed", "name": name, "size": size}, value, _plain(value)
    if kind == 3:
        symbols = ["A", "B", "C"]
        value = draw(st.sampled_from(symbols))
        return {"type": "enum", "name": f"{next(_names)}", "symbols": symbols}, value, value
    inner, value, plain = draw(_schemas(depth + 1))
    if kind == 4:
        count = 0 if _is_empty(inner) else draw(st.integers(0, 3))
        return {"type": "array", "items": inner}, [value] * count, [plain] * count
    if kind == 5:
        keys = draw(st.lists(st.text(max_size=3), unique=True, max_size=3))
        return (
            {"type": "map", "values": inner},
            dict.fromkeys(keys, value),
            dict.fromkeys(keys, plain),
        )
    if kind == 6 and inner != "null" and not isinstance(inner, list):
        nullable = ["null", inner] if draw(st.booleans()) else [inner, "null"]
        is_null = draw(st.booleans())
        return nullable, None if is_null else value, None if is_null else plain
    second, more, plain_more = draw(_schemas(depth + 1))
    fields = [{"name": "a", "type": inner}, {"name": "b", "type": second}]
    schema = {"type": "record", "name": f"{next(_names)}", "fields": fields}
    return schema, {"a": value, "b": more}, {"a": plain, "b": plain_more}


def _is_empty(schema: Json) -> bool:
    if isinstance(schema, dict) and schema["type"] == "record":
        return all(_is_empty(field["type"]) for field in schema["fields"])
    return bool(schema == "null")


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@given(_schemas())
def test_what_fastavro_writes_comes_back(example: tuple[Json, Any, Any]) -> None:
    """Any value of any schema is decoded to itself, and fits the JSON Schema of its schema."""
    schema, value, plain = example

    read = there_and_back(schema, value)

    assert read == plain
    described = json_schema_of_avro(parse_avro(json.dumps(schema), []))
    Draft202012Validator(described).validate(read)


@given(_schemas(), st.data())
def test_a_message_cut_off_is_refused(example: tuple[Json, Any, Any], data: st.DataObject) -> None:
    """No beginning of a message is taken for a message, nor one with a byte more."""
    schema, value, _plain_value = example
    whole = avro(schema, value)
    cut = data.draw(st.integers(0, max(len(whole) - 1, 0)))

    for broken in ([whole[:cut]] if whole else []) + [whole + b"\0"]:
        with pytest.raises(DecodeError):
            decoded(schema, broken)


@given(_schemas(), st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused(example: tuple[Json, Any, Any], data: bytes) -> None:
    """No bytes end in another error than a DecodeError."""
    schema = example[0]
    with contextlib.suppress(DecodeError):
        decoded(schema, data)


# Logical types.

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT = datetime(2026, 11, 25, 22, 4, 5, 678_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schema", "value", "read"),
    [
        (logical("int", "date"), date(2026, 11, 25), "2026-11-25"),
        (logical("int", "time-millis"), time(22, 4, 5, 678_000), "22:04:05.678000"),
        (logical("long", "time-micros"), time(22, 4), "22:04:00"),
        (logical("long", "timestamp-millis"), AT, "2026-11-25T22:04:05.678000Z"),
        (logical("long", "timestamp-micros"), AT, "2026-11-25T22:04:05.678000Z"),
        (
            logical("long", "timestamp-micros"),
            EPOCH - timedelta(microseconds=1),
            "1969-12-31T23:59:59.999999Z",
        ),
        (
            logical("long", "local-timestamp-millis"),
            AT.replace(tzinfo=None),
            "2026-11-25T22:04:05.678000",
        ),
        (
            logical("long", "local-timestamp-micros"),
            AT.replace(tzinfo=None),
            "2026-11-25T22:04:05.678000",
        ),
        (
            logical("bytes", "decimal", precision=50, scale=30),
            Decimal("-12345678901234567890.123456789012345678901234567890"),
            Decimal("-12345678901234567890.123456789012345678901234567890"),
        ),
        (
            logical("fixed", "decimal", name="d", size=8, precision=10, scale=2),
            Decimal("0.10"),
            Decimal("0.10"),
        ),
        (logical("string", "uuid"), uuid.UUID(int=7), str(uuid.UUID(int=7))),
    ],
)
def test_a_logical_type_is_what_it_means(schema: Json, value: Any, read: Any) -> None:
    """Times are RFC 3339, decimals keep every digit."""
    result = there_and_back(schema, value)

    assert read in (result, json.loads(written(result)))


@pytest.mark.parametrize(
    ("schema", "number", "read"),
    [
        (
            logical("long", "timestamp-nanos"),
            1_700_000_000_123_456_789,
            "2023-11-14T22:13:20.123456789Z",
        ),
        (
            logical("long", "timestamp-nanos"),
            1_700_000_000_123_456_000,
            "2023-11-14T22:13:20.123456Z",
        ),
        (logical("long", "local-timestamp-nanos"), 1, "1970-01-01T00:00:00.000000001"),
        (logical("long", "timestamp-millis"), 2**63 - 1, "+292278994-08-17T07:12:55.807000Z"),
        (logical("long", "timestamp-millis"), -(2**63), "-292275055-05-16T16:47:04.192000Z"),
        (logical("long", "timestamp-micros"), 253_402_300_800_000_000, "+10000-01-01T00:00:00Z"),
        (logical("int", "date"), -719_163, "+0000-12-31"),
        (logical("int", "date"), 2**31 - 1, "+5881580-07-11"),
    ],
)
def test_a_time_beyond_the_calendar_is_written_out(schema: Json, number: int, read: str) -> None:
    """Moments datetime cannot hold are text of the moment, never an error or another moment."""
    plain = schema["type"]

    assert json.loads(written(decoded(schema, avro(plain, number)))) == read


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_moment_of_the_calendar_is_a_datetime(moment: datetime) -> None:
    """Microseconds since the epoch are the moment they count to, before 1970 as well."""
    micros = (moment - EPOCH) // timedelta(microseconds=1)

    assert decoded(logical("long", "timestamp-micros"), avro("long", micros)) == moment
    local = decoded(logical("long", "local-timestamp-micros"), avro("long", micros))
    assert datetime.fromisoformat(local) == moment.replace(tzinfo=None)


def test_what_fastavro_does_not_write() -> None:
    """UUIDs and durations in a fixed, and decimals that bring their own scale."""
    raw = uuid.UUID(int=7).bytes
    in_fixed = logical("fixed", "uuid", name="u", size=16)
    assert decoded(in_fixed, raw) == str(uuid.UUID(int=7))

    duration = logical("fixed", "duration", name="u", size=12)
    assert decoded(duration, struct.pack("<III", 1, 2, 3004)) == "P1M2DT3.004S"

    big = logical("bytes", "big-decimal")
    inner = avro("bytes", (12345).to_bytes(2, "big")) + avro("int", 3)
    assert decoded(big, avro("bytes", inner)) == Decimal("12.345")
    for broken in (b"", b"\x02", inner + b"\0"):
        with pytest.raises(DecodeError, match="big-decimal"):
            decoded(big, avro("bytes", broken))


@pytest.mark.parametrize(
    "schema",
    [
        logical("bytes", "decimal", scale=2),
        logical("bytes", "decimal", precision=2, scale=3),
        logical("bytes", "decimal", precision=2, scale=-1),
        logical("bytes", "decimal", precision=True),
        logical("bytes", "timestamp-millis"),
        logical("bytes", "of-tomorrow"),
        logical("bytes", "uuid"),
        {"type": "bytes", "logicalType": 7},
    ],
)
def test_a_logical_type_that_does_not_fit_is_ignored(schema: Json) -> None:
    """As the specification asks: the bytes are bytes then."""
    assert decoded(schema, avro("bytes", b"\x07")) == "Bw=="


@pytest.mark.parametrize("millis", [-1, 86_400_000])
def test_a_time_of_day_is_within_a_day(millis: int) -> None:
    """A time of day that is none is refused."""
    with pytest.raises(DecodeError, match="not within a day"):
        decoded(logical("int", "time-millis"), avro("int", millis))


def test_a_decimal_has_an_end() -> None:
    """A number whose digits would take minutes to find is refused at once."""
    schema = logical("bytes", "decimal", precision=10)

    with pytest.raises(DecodeError, match="5,000 digits"):
        decoded(schema, avro("bytes", b"\x7f" * 1_000_000))


# Unions, names, references.


def test_the_branch_of_a_union_decides_what_a_number_means() -> None:
    """A date and a long in one union are told apart, though both are integers."""
    schema = ["null", logical("int", "date"), "long", "string"]

    assert decoded(schema, b"\x00") is None
    assert decoded(schema, b"\x02" + avro("int", 1)) == date(1970, 1, 2)
    assert decoded(schema, b"\x04" + avro("long", 1)) == 1
    assert decoded(schema, b"\x06" + avro("string", "x")) == "x"
    for unknown in (b"\x08", b"\x01"):
        with pytest.raises(DecodeError, match="branch"):
            decoded(schema, unknown)


def test_a_named_type_is_known_in_its_namespace() -> None:
    """A name without a namespace is that of the type around it."""
    point = {"type": "fixed", "name": "Point", "size": 1}
    inner = {"type": "record", "name": "geo.Place", "fields": [{"name": "at", "type": point}]}
    schema = record(place=inner, again="geo.Place", at="geo.Point")

    assert decoded(schema, b"abc") == {
        "place": {"at": "YQ=="},
        "again": {"at": "Yg=="},
        "at": "Yw==",
    }


def test_a_reference_brings_its_types_along() -> None:
    """What another schema of the registry defines can be used by name."""
    currency = {"type": "enum", "name": "shop.Currency", "symbols": ["EUR", "USD"]}
    money = {
        "type": "record",
        "name": "shop.Money",
        "fields": [{"name": "cents", "type": "long"}, {"name": "in", "type": "Currency"}],
    }

    read = decoded(record(price="Money"), b"\x0e\x02", currency, money)

    assert read == {"price": {"cents": 7, "in": "USD"}}
    with pytest.raises(DecodeError, match="does not define"):
        decoded(record(price="Money"), b"\x0e\x02")


LIST = {
    "type": "record",
    "name": "Node",
    "fields": [{"name": "next", "type": ["null", "Node"]}],
}


def test_a_recursive_schema_is_followed_as_far_as_it_can_be_written() -> None:
    """A list of 100,000 nodes is refused; fastavro ends the process on it with SIGSEGV."""
    assert decoded(LIST, b"\x02\x02\x00") == {"next": {"next": {"next": None}}}
    for levels in (250, 100_000):
        with pytest.raises(DecodeError, match="nested deeper"):
            decoded(LIST, b"\x02" * levels + b"\x00")


def test_a_recursive_schema_is_free_form_where_it_repeats() -> None:
    """Its JSON Schema ends, and takes what it leads to."""
    described = json_schema_of_avro(parse_avro(json.dumps(LIST), []))

    assert described == {
        "type": "object",
        "properties": {"next": {"type": ["object", "null"]}},
    }


# Bytes that would cost more than they are.


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ("bytes", avro("long", 2**62)),
        ("bytes", b"\x01"),
        ("string", b"\x81\x01" + b"x" * 64),
        ("string", b"\x81\x81\x01" + b"x" * 8256),
        ("string", avro("long", 2**62)),
        ({"type": "array", "items": "int"}, avro("long", 2**62)),
        ({"type": "array", "items": "int"}, avro("long", -(2**63)) + avro("long", 1)),
        ({"type": "array", "items": "null"}, avro("long", 3) + b"\0\0\0\0"),
        ({"type": "array", "items": record(a="null")}, avro("long", 3) + b"\0\0\0\0"),
        ({"type": "map", "values": "null"}, avro("long", 2**62)),
        ("long", b"\xff" * 11),
        ("long", b"\xff" * 9 + b"\x7f"),
        ("int", avro("long", 2**31)),
        ("boolean", b"\x02"),
        (["null", "string"], b"\x04"),
        (["string", "null"], b"\x01"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, b"\x01"),
        ("string", b"\x02\xff"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, b"\x02"),
        ({"type": "map", "values": "int"}, b"\x04\x02a\x02\x02a\x04\x00"),
    ],
)
def test_what_no_message_holds_is_refused_at_once(schema: Json, data: bytes) -> None:
    """Huge counts cost neither time nor memory, negative lengths and odd values are no values."""
    with pytest.raises(DecodeError):
        decoded(schema, data)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 127, 128, 8_191, 8_192, 1_048_575, 1_048_576])
def test_a_text_of_any_length(size: int) -> None:
    """Lengths of one, two and more bytes, where each begins and ends."""
    assert there_and_back("string", "x" * size) == "x" * size


@pytest.mark.parametrize("bits", range(0, 64, 7))
def test_a_number_of_any_length(bits: int) -> None:
    """Numbers of one to ten bytes, where each begins and ends."""
    for number in (2**bits - 1, -(2**bits), 2**bits // 2):
        assert there_and_back("long", number) == number


def test_an_array_in_blocks_with_sizes() -> None:
    """A negative count is followed by the size of its block."""
    long_ones = avro("long", 100) + avro("long", 200)
    data = avro("long", -2) + avro("long", len(long_ones)) + long_ones + b"\x02\x06" + b"\0"

    assert decoded({"type": "array", "items": "int"}, data) == [100, 200, 3]


def test_types_used_twice_by_types_used_twice_end() -> None:
    """The JSON Schema of a schema that doubles at every level does not grow without a limit."""
    types: list[Json] = [{"type": "record", "name": "T0", "fields": []}]
    for level in range(1, 40):
        fields = [{"name": name, "type": f"T{level - 1}"} for name in "ab"]
        types.append({"type": "record", "name": f"T{level}", "fields": fields})
    *references, last = (json.dumps(each) for each in types)

    parsed = parse_avro(last, references)

    assert len(json.dumps(json_schema_of_avro(parsed))) < 2_000_000
    with pytest.raises(DecodeError, match="no bytes"):
        decoded({"type": "array", "items": "T39"}, b"\x02\0", *types)


# Schemas that are none.


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "7",
        "null",
        '"unknown"',
        "[" * 200 + '"int"' + "]" * 200,
        "[" * 100_000,
        '{"type": "record", "fields": []}',
        '{"type": "record", "name": "R"}',
        '{"type": "record", "name": "R", "fields": [7]}',
        json.dumps({"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}] * 2}),
        '{"type": "enum", "name": "E", "symbols": "A"}',
        '{"type": "fixed", "name": "F", "size": -1}',
        '{"type": "fixed", "name": "F"}',
        '{"type": "array"}',
        '{"type": 7}',
    ],
)
def test_a_schema_that_is_none_is_said_to_be_none(text: str) -> None:
    """A broken schema is a reason not to decode, never a bug."""
    with pytest.raises(DecodeError, match="its schema is no"):
        parse_avro(text, [])


@given(
    st.recursive(
        st.none()
        | st.integers()
        | st.text(max_size=3)
        | st.sampled_from(["record", "int", "array"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "name", "fields", "items", "values", "symbols", "size"]),
                inner,
            )
        ),
    )
)
def test_any_json_is_a_schema_or_none(value: Json) -> None:
    """No JSON that stands for a schema ends in another error."""
    with contextlib.suppress(DecodeError):
        compile_avro(parse_avro(json.dumps(value), []))


def test_fastavro_agrees_with_itself() -> None:
    """The messages these tests are made of are what fastavro reads as well."""
    schema = record(a=["null", "string"], b={"type": "map", "values": "long"})
    value = {"a": "x", "b": {"k": 7}}

    data = avro(schema, value)

    assert fastavro.schemaless_reader(io.BytesIO(data), fastavro.parse_schema(schema)) == value
    assert decoded(schema, data) == value
