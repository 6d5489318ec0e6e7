"""The text of Protobuf schemas, compared with what protoc makes of it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from hypothesis import given
from hypothesis import strategies as st

from bizon_taps.kafka.decoding.error import BrokenSchemaError, DecodeError
from bizon_taps.kafka.decoding.proto_file import parse_proto
from bizon_taps.kafka.decoding.proto_pool import ProtoSchema
from tests.fakes.schema_registry.protoc import PUBLISHED, pool_of

PROTO3 = """
/* Everything a message may
   hold. */ syntax = "proto3"; // of proto3
package shop.v1;
import public "google/protobuf/timestamp.proto";
import weak "google/protobuf/any.proto";
import 'google/protobuf/descriptor.proto';
option java_package = "com.example; {";
option (custom).of = { a: 1; b { c: "}" } };
extend google.protobuf.FieldOptions { string remark = 50000; };
message Order {
  option deprecated = false;
  reserved 4, 10 to 20, 1000 to max;
  reserved "foo", 'bar';
  enum Kind {
    option allow_alias = true; KIND_UNSPECIFIED = 0; A = 1; B = 0x1 [deprecated = true]; NEG = -5;
    reserved 7; reserved "SEVEN"; ;
  }
  map<string, Inner> by_name = 5 [deprecated = true];
  map<bool, Kind> kind_of = 500;
  message Inner { int64 x = 1; repeated Inner more = 2; Kind kind = 3; Order.Kind other = 010; }
  int64 id = 1;
  optional string note = 2;
  repeated double w = 3 [packed = false, json_name = "w[]", (remark) = "a, b", (o) = { a: [1, 2] }];
  oneof choice { option (x) = true; string s = 6; Inner i = 7; }
  google.protobuf.Timestamp at = 8;
  .shop.v1.Order.Kind kind = 9;
  optional Kind maybe = 21;
  optional Far far = 22;
  .shop.v1.message.Text text = 23;
  bytes message = 24; fixed32 reserved = 25; sfixed64 map = 26; sint32 group = 27;
  v1.extensions.E extension = 28;
}
message Far {
  enum Kind { FAR = 0; } Kind kind = 1; v1.Order order = 2; message Empty {} Empty e = 3;
}
service S {
  rpc Get (Order) returns (stream Order) { option (x).y = "}"; }; rpc P(Far) returns (Far);
}
enum Kind { TOP = 0; }
"""
TYPES = """
syntax = "proto3";
package shop.v1.%s;
message Text { string text = 1; }
enum E { ZERO = 0; }
"""
PROTO2 = """
message M {
  required int32 a = 1 [default = -7];
  optional group Part = 2 { optional int32 b = 1; repeated group Deep = 3 { optional bool c = 1; } }
  extensions 100 to 199, 1000 to max;
  optional Kind kind = 3 [default = ONE];
  repeated uint32 packed = 4 [packed = true];
  enum Kind { ONE = 1; TWO = 2; }
  extend M { optional int32 inner = 150; }
  oneof choice { group Other = 5 { optional string d = 1; } bytes e = 6; }
  optional double f = 7 [default = -inf];
  optional string g = 8 [default = "\\"x\\'; }"];
}
extend M { optional int32 outer = 100; }
"""
EDITION = """
edition = "2023";
package shop;
option features.enum_type = CLOSED;
message M {
  int32 explicit = 1;
  int32 implicit = 2 [features.field_presence = IMPLICIT];
  M inner = 3 [features.message_encoding = DELIMITED];
  repeated int32 many = 4 [features.repeated_field_encoding = EXPANDED];
  Kind kind = 5;
  enum Kind { option features.enum_type = OPEN; ZERO = 0; ONE = 1; }
}
"""


def shown(message: Descriptor) -> list[Any]:
    """Return all that tells how the bytes of a message are read, and of those inside it."""
    fields = [
        (
            field.number,
            field.name,
            field.type,
            field.is_repeated,
            field.is_required,
            field.has_presence,
            field.message_type and field.message_type.full_name,
            field.enum_type and (field.enum_type.full_name, field.enum_type.is_closed),
            field.containing_oneof and field.containing_oneof.name,
        )
        for field in sorted(message.fields, key=_number)
    ]
    inside = sorted(message.nested_types, key=_name)
    enums = sorted(message.enum_types, key=_name)
    is_map = message.GetOptions().map_entry
    return [message.full_name, is_map, fields, *map(shown, inside), *map(shown_enum, enums)]


def shown_enum(enum: EnumDescriptor) -> list[Any]:
    """Return the names and numbers of an enum."""
    return [enum.full_name, [(value.name, value.number) for value in enum.values]]


def _number(field: FieldDescriptor) -> int:
    return field.number


def _name(described: Any) -> str:
    return str(described.name)


def by_protoc(name: str, **texts: str) -> list[Any]:
    """Return what protoc makes of the messages of a file."""
    pool = pool_of({f"{key}.proto": text for key, text in texts.items()}, name)
    messages = pool.FindFileByName(name).message_types_by_name.values()
    return [shown(message) for message in sorted(messages, key=_name)]


def by_us(text: str, references: tuple[tuple[str, str], ...] = ()) -> list[Any]:
    """Return what our parser makes of them."""
    schema = ProtoSchema(text, references)
    messages = schema.file.message_types_by_name.values()
    return [shown(message) for message in sorted(messages, key=_name)]


@pytest.mark.parametrize("text", [PROTO2, EDITION], ids=["proto2", "edition"])
def test_protoc_agrees(text: str) -> None:
    """Every message, field and enum is what protoc makes of it."""
    assert by_us(text) == by_protoc("main.proto", main=text)


def test_protoc_agrees_on_imports_and_scopes() -> None:
    """Names are resolved from the innermost scope outwards, through imports of imports."""
    message, extensions = TYPES % "message", TYPES % "extensions"
    main = PROTO3.replace("import weak", 'import "both.proto";\nimport weak')
    main = main.replace('option (custom).of = { a: 1; b { c: "}" } };', "")
    main = main.replace("option (x) = true; ", "").replace(", (o) = { a: [1, 2] }", "")
    main = main.replace('option (x).y = "}";', "")
    both = 'syntax = "proto3"; import public "m.proto"; import public "e.proto";'
    texts = {"m": message, "e": extensions, "both": both}
    references = tuple((f"{name}.proto", text) for name, text in texts.items())

    assert by_us(main, references) == by_protoc("main.proto", main=main, **texts)
    # And custom options, which would have to be defined for protoc, change nothing.
    whole = PROTO3.replace("import weak", 'import "both.proto";\nimport weak')
    assert by_us(whole, references) == by_us(main, references)


@pytest.mark.parametrize(
    "path",
    sorted(
        str(path.relative_to(root))
        for root in PUBLISHED
        for path in root.glob("google/[pt]*/*.proto")
    ),
)
def test_protoc_agrees_on_what_google_publishes(path: str) -> None:
    """The well-known types and the common types, descriptor.proto among them."""
    source = next(root / path for root in PUBLISHED if (root / path).exists())

    assert by_us(source.read_text()) == by_protoc(path)


@pytest.mark.parametrize(
    "text",
    [
        "message",
        "message {",
        "message M {",
        "message M { int32 a = 1 }",
        "message M { int32 a = x; }",
        "message M { int32 a = 0; }",
        "message M { int32 a = 536870912; }",
        "message M { int32 a = 1.5; }",
        "message M { int32 = 1; }",
        "message M { int32 a = 1 [deprecated = true; }",
        "message M } {",
        "message M { Unknown a = 1; }",
        "message M { int32 a = 1; int32 b = 1; }",
        "message M {} message M {}",
        "message M { map<string> a = 1; }",
        "message M { map<string, int32 a = 1; }",
        "enum E { A = 99999999999; }",
        "enum E { A = -; }",
        'syntax = "proto4";',
        "syntax = proto3;",
        'edition = "1999";',
        'import "x"',
        "import x;",
        "package ;",
        "{}",
        "option a = );",
        "message M { string a = 1; } §",
        '"',
        "/*",
        "message A { " * 40 + "}" * 40,
    ],
)
def test_a_schema_that_is_none_is_said_to_be_none(text: str) -> None:
    """A broken schema is a reason not to decode; never is a part of it taken for the whole."""
    with pytest.raises(DecodeError, match="no Protobuf schema"):
        ProtoSchema(text, ())


def test_an_import_that_is_not_there_matters_only_if_it_is_used() -> None:
    """A file of custom options need not be registered, a file of types must be."""
    unused = 'syntax = "proto3"; import "options.proto"; message M { int32 a = 1 [(o) = 1]; }'
    used = 'syntax = "proto3"; import "types.proto"; message M { Type a = 1; }'

    assert by_us(unused)[0][2][0][:2] == (1, "a")
    with pytest.raises(DecodeError, match="a reference missing"):
        ProtoSchema(used, ())
    assert by_us(used, (("types.proto", 'syntax = "proto3"; message Type {}'),))


def test_files_that_google_publishes_need_not_be_registered() -> None:
    """Confluent's registry takes them as known; one that is not installed is not there."""
    text = 'syntax = "proto3"; import "google/type/money.proto"; message M { %s price = 1; }'
    unknown = (
        'syntax = "proto3"; import "google/type/of_tomorrow.proto"; message M { int32 a = 1; }'
    )

    assert by_us(text % "google.type.Money")[0][2][0][6] == "google.type.Money"
    assert by_us(unknown)[0][2][0][:2] == (1, "a")


def test_imports_in_a_circle_end() -> None:
    """Two files that import each other are no schema, and no endless loop."""
    first = ("a.proto", 'syntax = "proto3"; import "b.proto"; message A {}')
    second = ("b.proto", 'syntax = "proto3"; import "a.proto"; message B {}')

    assert by_us('syntax = "proto3"; import "a.proto"; message M { A a = 1; }', (first, second))


WORDS = """
message enum oneof option extend reserved map group optional repeated syntax
= { } [ ] < > ( ) ; , . 1 -1 0x1 "proto3" int32 string M a
"""


@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS.split())).map(" ".join)))
def test_any_text_is_a_schema_or_none(text: str) -> None:
    """No text ends in another error, nor in a loop."""
    with contextlib.suppress(DecodeError):
        ProtoSchema(text, ())


@given(st.data())
def test_a_schema_cut_off_is_none(data: st.DataObject) -> None:
    """The beginning of a file is a file only where a statement ends."""
    cut = data.draw(st.integers(0, len(PROTO2) - 1))

    with contextlib.suppress(BrokenSchemaError):
        file = parse_proto(PROTO2[:cut], "main.proto")
        assert not file.message_type or cut > PROTO2.index("extend M { optional int32 outer") - 3
