"""Protobuf messages, written by Protobuf's and Confluent's own classes."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import math
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.framing import Framed, IdKind, SchemaId
from bizon_taps.kafka.decoding.proto_pool import ProtoSchema
from bizon_taps.kafka.decoding.protobuf import ProtobufReader
from bizon_taps.kafka.decoding.protobuf_json_schema import json_schema_of_protobuf
from bizon_taps.kafka.decoding.settings import Encoding, RegistryType
from tests.fakes.schema_registry.protoc import pool_of
from tests.fakes.schema_registry.server import SchemaRegistry
from tests.taps.kafka_messages import TOPIC, confluent_frame, registry_decoder, written

ORDER = """
syntax = "proto3";
package shop;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Order {
  enum Kind { UNKNOWN = 0; GIFT = 1; }
  message Line { string sku = 1; optional int32 count = 2; }
  int64 id = 1;
  uint64 big = 2;
  optional string note = 3;
  bytes raw = 4;
  Kind kind = 5;
  repeated Line lines = 6;
  repeated sint32 numbers = 7;
  map<string, Line> by_name = 8;
  map<bool, Kind> kinds = 9;
  map<int64, bytes> blobs = 10;
  oneof payment { string card = 11; Line voucher = 12; }
  double price = 13;
  float weight = 14;
  google.protobuf.Timestamp at = 15;
  google.protobuf.Duration took = 16;
  google.protobuf.Struct more = 17;
  google.protobuf.Value any_json = 18;
  google.protobuf.Int64Value maybe = 19;
  google.protobuf.BytesValue maybe_raw = 20;
  google.protobuf.Any any = 21;
  google.protobuf.FieldMask mask = 22;
  google.protobuf.Empty nothing = 23;
  google.protobuf.ListValue listed = 24;
  Order parent = 25;
  bool class = 26;
  string DESCRIPTOR = 27;
  repeated bytes raws = 28;
  repeated Kind many_kinds = 29;
}
message Second { int32 a = 1; message Inner { int32 b = 1; } map<string, int32> m = 2;
  message After { int32 c = 1; } }
"""


def message(name: str = "shop.Order", text: str = ORDER, **fields: Any) -> Any:
    """Return a message of a schema, as classes made with protoc have it."""
    pool = pool_of({"main.proto": text}, "main.proto")
    made = GetMessageClass(pool.FindMessageTypeByName(name))
    return made(**fields)


_order = type(message())


def read(data: bytes, text: str = ORDER, indexes: bytes = b"\0", left_out: Any = None) -> Any:
    """Decode a message behind its indexes."""
    reader = ProtobufReader(ProtoSchema(text, ()), Counter() if left_out is None else left_out)
    return reader.read(indexes + data, Framed(SchemaId(IdKind.ID, 1)))


_reader = ProtobufReader(ProtoSchema(ORDER, ()), Counter())


def test_every_field_of_an_empty_message() -> None:
    """A field that is not set is null where Protobuf can tell, and its default where it cannot."""
    value = read(b"")

    assert value == {
        "id": 0, "big": 0, "note": None, "raw": "", "kind": "UNKNOWN", "lines": [], "numbers": [],
        "by_name": {}, "kinds": {}, "blobs": {}, "card": None, "voucher": None, "price": 0.0,
        "weight": 0.0, "at": None, "took": None, "more": None, "any_json": None, "maybe": None,
        "maybe_raw": None, "any": None, "mask": None, "nothing": None, "listed": None,
        "parent": None, "class": False, "DESCRIPTOR": "", "raws": [], "many_kinds": [],
    }  # fmt: skip


def test_every_kind_of_field() -> None:
    """64-bit integers stay integers, enums are named, bytes are base64."""
    order = message(
        id=-(2**63), big=2**64 - 1, note="", raw=b"\xff", kind=1, numbers=[-1, 2],
        lines=[{"sku": "a", "count": 0}, {}], by_name={"x": {"sku": "b"}}, kinds={True: 1},
        blobs={-5: b"\0"}, card="", price=1.5, parent={"id": 7}, DESCRIPTOR="d", raws=[b"a"],
        many_kinds=[1, 0],
    )  # fmt: skip
    setattr(order, "class", True)

    value = read(order.SerializeToString())

    assert (value["id"], value["big"]) == (-(2**63), 2**64 - 1)
    assert (value["note"], value["card"], value["voucher"]) == ("", "", None)
    assert (value["raw"], value["kind"], value["numbers"]) == ("/w==", "GIFT", [-1, 2])
    assert value["lines"] == [{"sku": "a", "count": 0}, {"sku": "", "count": None}]
    assert value["by_name"] == {"x": {"sku": "b", "count": None}}
    assert (value["kinds"], value["blobs"]) == ({"true": "GIFT"}, {"-5": "AA=="})
    assert (value["parent"]["id"], value["class"], value["DESCRIPTOR"]) == (7, True, "d")
    assert (value["raws"], value["many_kinds"]) == (["YQ=="], ["GIFT", "UNKNOWN"])


def test_types_everybody_knows() -> None:
    """Times are RFC 3339, wrappers are their value, JSON is JSON."""
    order = message(any={"type_url": "t/shop.Order", "value": b"\x08\x01"}, nothing={})
    order.at.FromJsonString("2026-11-25T22:04:05.123456Z")
    order.took.FromJsonString("-1.5s")
    order.maybe.value = 2**53 + 1
    order.maybe_raw.value = b"a"
    order.mask.FromJsonString("a,bC")
    order.more.update({"n": None, "l": [1, {"x": True}], "s": "t"})
    order.any_json.list_value.extend(["a", None])
    order.listed.extend([1.5])

    value = read(order.SerializeToString())

    assert value["at"] == datetime(2026, 11, 25, 22, 4, 5, 123456, tzinfo=UTC)
    assert (value["took"], value["mask"], value["nothing"]) == ("-1.500s", "a,b_c", {}) or (
        value["took"] == "-1.5s"
    )
    assert (value["maybe"], value["maybe_raw"]) == (2**53 + 1, "YQ==")
    assert value["more"] == {"n": None, "l": [1.0, {"x": True}], "s": "t"}
    assert (value["any_json"], value["listed"]) == (["a", None], [1.5])
    assert value["any"] == {"@type": "t/shop.Order", "value": "CAE="}


@pytest.mark.parametrize(
    ("seconds", "nanos", "text"),
    [
        (0, 1, "1970-01-01T00:00:00.000000001Z"),
        (253_402_300_800, 0, "+10000-01-01T00:00:00Z"),
        (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_a_moment_is_never_rounded(seconds: int, nanos: int, text: str) -> None:
    """Nanoseconds and years beyond the calendar are kept as text."""
    order = message(at={"seconds": seconds, "nanos": nanos})

    assert read(order.SerializeToString())["at"] == text


def test_a_number_an_enum_does_not_name() -> None:
    """It stays a number in proto3, and is counted as unknown where the enum is closed."""
    assert read(b"\x28\x07")["kind"] == 7
    closed = 'syntax = "proto2"; message M { enum K { A = 1; } optional K k = 1; }'
    left_out: Counter[str] = Counter()

    assert read(b"\x08\x07", closed, left_out=left_out) == {"k": None}
    assert left_out == {"M": 1}


def test_fields_the_schema_does_not_have_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """They are left out, each is counted, and the first one is said, without its content."""
    newer = 'syntax = "proto3"; package shop; message Order { int64 id = 1; string secret = 99; }'
    data = message(text=newer, id=1, secret="secret").SerializeToString()
    inside = message(parent={"id": 1}).SerializeToString()[:-2] + b"\x98\x06\x01"
    with SchemaRegistry() as registry, caplog.at_level(logging.WARNING):
        number = registry.register("orders-value", ORDER, "PROTOBUF")
        decoder = registry_decoder(registry)

        for _ in range(3):
            assert decoder.decode(confluent_frame(number, b"\0" + data), TOPIC)["id"] == 1
        with contextlib.suppress(DecodeError):
            decoder.decode(confluent_frame(number, b"\0" + inside), TOPIC)

        assert decoder.left_out["shop.Order"] >= 3
        assert [record.message.count("`shop.Order`") for record in caplog.records] == [1]
        assert "secret" not in caplog.text


PROTO2 = """
message M {
  required int32 a = 1;
  optional string s = 2 [default = "x"];
  optional group G = 3 { optional bool b = 1; }
  extensions 100 to max;
}
extend M { optional int32 e = 100; }
"""


def test_proto2() -> None:
    """Groups are objects, a default is no value, a text may not be any bytes."""
    made = message("M", PROTO2, a=7, g={"b": True})
    left_out: Counter[str] = Counter()

    assert read(made.SerializeToString(), PROTO2) == {"a": 7, "s": None, "g": {"b": True}}
    assert read(b"\xa0\x06\x05", PROTO2, left_out=left_out) == {"a": None, "s": None, "g": None}
    assert left_out == {"M": 1}
    with pytest.raises(DecodeError, match="no UTF-8"):
        read(b"\x12\x01\xff", PROTO2)


@pytest.mark.parametrize("path", ["confluent/type/decimal.proto", "confluent/types/decimal.proto"])
def test_confluents_decimal(path: str) -> None:
    """It is a number with every digit; its file is never a reference, by neither of its paths."""
    text = f"""
    syntax = "proto3"; import "{path}"; message M {{ confluent.type.Decimal price = 1; }}
    """
    unscaled = (-(10**30) - 1).to_bytes(13, "big", signed=True)
    inner = b"\x0a" + bytes([len(unscaled)]) + unscaled + b"\x18\x02"

    value = read(b"\x0a" + bytes([len(inner)]) + inner, text)

    assert value == {"price": Decimal("-10000000000000000000000000000.01")}


# Which message of a schema it is.


@pytest.mark.parametrize(
    ("indexes", "name", "field"),
    [
        (b"\0", "shop.Order", "id"),
        (b"\x02\0", "shop.Order", "id"),
        (b"\x02\x02", "shop.Second", "a"),
        (b"\x04\0\0", "shop.Order.Line", "sku"),
        (b"\x04\x02\0", "shop.Second.Inner", "b"),
        (b"\x04\x02\x02", "shop.Second.After", "c"),
    ],
)
def test_indexes_name_a_message(indexes: bytes, name: str, field: str) -> None:
    """The first one, another one, one inside another; a map is none, as in Java."""
    value = read(message(name).SerializeToString(), indexes=indexes)

    assert field in value


@pytest.mark.parametrize(
    "indexes",
    [b"", b"\x02", b"\x01", b"\x02\x08", b"\x02\x01", b"\x04\x02\x04", b"\x80", b"\x80" * 9,
     b"\xfe\xff\x03"],
)  # fmt: skip
def test_indexes_that_name_none(indexes: bytes) -> None:
    """Whatever they are, they are refused."""
    with pytest.raises(DecodeError):
        read(b"", indexes=indexes)


def test_what_confluents_serializer_writes() -> None:
    """A message of Confluent's serializer is read, its schema named in the bytes or a header."""
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    by_header = {**conf, "schema.id.serializer": header_schema_id_serializer}
    made = message("shop.Second", a=5)
    with SchemaRegistry() as registry, SchemaRegistryClient({"url": registry.url}) as client:
        registry.register(f"{TOPIC}-value", ORDER, "PROTOBUF")
        headers: Any = []
        context = SerializationContext(TOPIC, MessageField.VALUE, headers)
        decoder = registry_decoder(registry)

        data = ProtobufSerializer(type(made), client, conf)(made, context)
        assert data == confluent_frame(1, b"\x02\x02\x08\x05")
        assert decoder.decode(data, TOPIC) == {"a": 5, "m": {}}

        data = ProtobufSerializer(type(made), client, by_header)(made, context)
        assert data == b"\x08\x05"
        assert decoder.decode(data, TOPIC, headers) == {"a": 5, "m": {}}


def test_what_confluents_serializer_registers() -> None:
    """A registry that hands out the descriptor it was given, as Apicurio does, is understood.

    Its indexes count the messages of maps, those of a schema in text do not.
    """
    line = 'syntax = "proto3"; package shop; message Line { string sku = 1; }'
    sale = """
    syntax = "proto2"; package shop; import "shop/line.proto";
    message Sale {
      map<string, Line> lines = 1; extensions 100 to max; extend Sale { optional int32 e = 100; }
      message Note { optional string text = 1; }
    }
    service S { rpc Get(Sale) returns (Sale); }
    extend Sale { optional int32 f = 101; }
    """
    texts = {"shop/line.proto": line, "sale.proto": sale}
    pool = pool_of(texts, "sale.proto")
    note = GetMessageClass(pool.FindMessageTypeByName("shop.Sale.Note"))
    whole = GetMessageClass(pool.FindMessageTypeByName("shop.Sale"))
    context = SerializationContext(TOPIC, MessageField.VALUE)
    with SchemaRegistry() as registry, SchemaRegistryClient({"url": registry.url}) as client:
        data = ProtobufSerializer(note, client)(note(text="x"), context)
        assert data is not None
        assert data[5:] == b"\x04\x00\x02\x0a\x01x"
        assert all("message" not in content.text for content in registry.store.contents)
        decoder = registry_decoder(registry)

        assert decoder.decode(data, TOPIC) == {"text": "x"}
        extended = confluent_frame(2, b"\0" + whole(lines={"a": {}}).SerializeToString())
        extended += b"\xa0\x06\x05\xa8\x06\x05"
        assert decoder.decode(extended, TOPIC) == {"lines": {"a": {"sku": ""}}}
        assert decoder.left_out == {"shop.Sale": 2}


def test_imports_are_references() -> None:
    """What a schema imports is fetched by the path it imports it by."""
    line = 'syntax = "proto3"; package shop; message Line { string sku = 1; }'
    sale = 'syntax = "proto3"; import "shop/line.proto"; message Sale { shop.Line line = 1; }'
    with SchemaRegistry() as registry:
        registry.register("line", line, "PROTOBUF")
        reference = [("shop/line.proto", "line", 1)]
        number = registry.register(f"{TOPIC}-value", sale, "PROTOBUF", reference)
        decoder = registry_decoder(registry, encoding=Encoding.PROTOBUF)

        data = confluent_frame(number, b"\0\x0a\x03\x0a\x01a")
        assert decoder.decode(data, TOPIC) == {"line": {"sku": "a"}}
        assert decoder.schema(TOPIC) == {
            "type": "object",
            "properties": {
                "line": {
                    "type": ["object", "null"],
                    "properties": {"sku": {"type": "string"}},
                }
            },
        }


def test_apicurio_names_the_message_before_it() -> None:
    """Its serializer writes a message that holds the name; without it, it is the first one."""
    second = message("shop.Second", a=5).SerializeToString()
    named = b"\x08\x0a\x06Second" + second
    first = message(id=3).SerializeToString()
    with SchemaRegistry() as registry:
        number = registry.register(f"{TOPIC}-value", ORDER, "PROTOBUF")
        decoder = registry_decoder(registry, kind=RegistryType.APICURIO)
        header: list[tuple[str, bytes | None]] = [
            ("apicurio.value.contentId", number.to_bytes(8, "big")),
            ("apicurio.value.msgType", b"com.example.Second"),
        ]

        assert decoder.decode(confluent_frame(number, named), TOPIC)["a"] == 5
        assert decoder.decode(named, TOPIC, header)["a"] == 5
        assert decoder.decode(confluent_frame(number, first), TOPIC)["id"] == 3
        for broken in (b"\x09\x0a\x06Second", b"\x08\x0a\x06Secon\xff", b"\x08"):
            with contextlib.suppress(DecodeError):
                assert "a" not in decoder.decode(confluent_frame(number, broken + second), TOPIC)


def test_the_message_a_header_names() -> None:
    """A header that names a message of the schema goes before the first one."""
    with SchemaRegistry() as registry:
        number = registry.register(f"{TOPIC}-value", ORDER, "PROTOBUF")
        decoder = registry_decoder(registry, kind=RegistryType.APICURIO)
        header: list[tuple[str, bytes | None]] = [
            ("apicurio.value.contentId", number.to_bytes(8, "big")),
            ("apicurio.protobuf.type", b"Second"),
        ]

        assert decoder.decode(b"\x08\x05", TOPIC, header) == {"a": 5, "m": {}}


# Any message, any bytes.

_lines = st.fixed_dictionaries({}, optional={"sku": st.text(), "count": st.integers(-5, 5)})
_fields = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(-(2**63), 2**63 - 1),
        "big": st.integers(0, 2**64 - 1),
        "note": st.text(),
        "raw": st.binary(),
        "kind": st.sampled_from([0, 1]),
        "lines": st.lists(_lines, max_size=3),
        "numbers": st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3),
        "by_name": st.dictionaries(st.text(), _lines, max_size=3),
        "price": st.floats(allow_nan=False),
        "weight": st.floats(width=32, allow_nan=False),
        "blobs": st.dictionaries(st.integers(-5, 5), st.binary(), max_size=3),
        "at": st.fixed_dictionaries(
            {"seconds": st.integers(-(2**62), 2**62), "nanos": st.integers(0, 999_999_999)}
        ),
        "parent": st.fixed_dictionaries({"id": st.integers(0, 5)}),
        "maybe": st.fixed_dictionaries({"value": st.integers(-5, 5)}),
    },
)
_schema = json_schema_of_protobuf(ProtoSchema(ORDER, ()).message((0,)))


@given(_fields)
def test_what_protobuf_writes_comes_back(fields: dict[str, Any]) -> None:
    """Any message is decoded to what was put in, and fits the JSON Schema of its schema."""
    value = _reader.read(
        b"\0" + _order(**fields).SerializeToString(), Framed(SchemaId(IdKind.ID, 1))
    )

    for name, given_value in fields.items():
        if name in {"raw", "blobs", "kind", "at", "lines", "by_name", "parent", "maybe"}:
            continue
        assert value[name] == given_value
    if "raw" in fields:
        assert base64.b64decode(value["raw"]) == fields["raw"]
    if "blobs" in fields:
        blobs = {int(key): base64.b64decode(blob) for key, blob in value["blobs"].items()}
        assert blobs == fields["blobs"]
    if "lines" in fields:
        assert [line["sku"] for line in value["lines"]] == [
            line.get("sku", "") for line in fields["lines"]
        ]
    if "maybe" in fields:
        assert value["maybe"] == fields["maybe"]["value"]
    shown = json.loads(written(value))
    if all(map(math.isfinite, (value["price"], value["weight"]))):
        Draft202012Validator(_schema).validate(shown)


@given(st.binary(max_size=60) | _fields.map(lambda fields: _order(**fields).SerializeToString()),
       st.data())  # fmt: skip
def test_any_bytes_are_decoded_or_refused(data: bytes, draw: st.DataObject) -> None:
    """No bytes, and no beginning of a message, end in another error."""
    cut = draw.draw(st.integers(0, len(data)))

    for part in (data, data[:cut]):
        for framed in (Framed(SchemaId(IdKind.ID, 1)), Framed(SchemaId(IdKind.GLOBAL, 1))):
            with contextlib.suppress(DecodeError):
                _reader.read(part, framed)


def test_a_message_nested_too_deep_is_refused() -> None:
    """Protobuf's own limit of levels holds."""
    data = b""
    for _ in range(200):
        size = len(data)
        prefix = bytes([size & 0x7F | 0x80, size >> 7]) if size > 127 else bytes([size])
        data = b"\xca\x01" + prefix + data

    with pytest.raises(DecodeError, match="no Protobuf message"):
        read(data)
