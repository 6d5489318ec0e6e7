"""Reads Protobuf messages with closures compiled once per schema.

Protobuf's own C code reads the bytes; what is done here is to make values of its messages.

==========================  ===============================================================
Protobuf                    becomes
==========================  ===============================================================
integers of 64 bits         integers (not text as in Protobuf's JSON: no digit is lost)
bytes                       base64
enum                        the name of its value; a number that has none stays a number
map                         object, keys written as text
a field that is not set     null where Protobuf tells it from its default, else the default
Timestamp                   a moment, see :mod:`.calendar`
Duration                    text, ``1.5s``
wrappers                    their value, or null
Struct, Value, ListValue    the JSON they stand for
FieldMask                   its paths, with commas between
Any                         ``@type`` and its bytes in base64
confluent.type.Decimal      Decimal, every digit kept
==========================  ===============================================================

Why not Protobuf's json_format: it makes text of integers, leaves fields out, and takes ten times
as long.

Fields the schema does not have are left out, as Protobuf does, but counted, and said once per
message type.
"""

from __future__ import annotations

import base64
import logging
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError as ParseError
from google.protobuf.unknown_fields import UnknownFieldSet

from bizon_taps.kafka.decoding.avro_logical import exact_decimal
from bizon_taps.kafka.decoding.calendar import NANOS, moment
from bizon_taps.kafka.decoding.error import DecodeError
from bizon_taps.kafka.decoding.framing import Framed, IdKind
from bizon_taps.kafka.decoding.proto_pool import CONFLUENT_DECIMAL, ProtoSchema, parser_of

logger = logging.getLogger("bizon_singer.kafka")

Make = Callable[[Any], Any]
MAX_INDEXES = 32
_MORE = 0x80
_VARINT_BITS = 32
_NAME_FIELD = b"\x0a"
_FIRST_MESSAGE = (0,)


class ProtobufReader:
    """Reads messages of one schema.

    Args:
        schema: The schema.
        left_out: Counts the fields the schema does not have, by the name of their message.
    """

    def __init__(self, schema: ProtoSchema, left_out: Counter[str]) -> None:
        """Compile nothing yet: a schema may hold many messages."""
        self._schema = schema
        self._left_out = left_out
        self._readers: dict[tuple[int, ...], Callable[[bytes], Any]] = {}

    def read(self, data: bytes, framed: Framed) -> Any:
        """Return the value of a message.

        Raises:
            DecodeError: The bytes are no such message.
        """
        indexes, start = self._which(data, framed)
        read = self._readers.get(indexes) or self._compile(indexes)
        return read(data[start:] if start else data)

    def _which(self, data: bytes, framed: Framed) -> tuple[tuple[int, ...], int]:
        """Return which message of the schema it is, and where it starts."""
        if framed.schema is not None and framed.schema.kind in {IdKind.GLOBAL, IdKind.CONTENT}:
            return self._by_name(data, framed)
        if framed.header is None:
            return _indexes(data, framed.start)
        return (_indexes(framed.header, 0)[0] if framed.header else _FIRST_MESSAGE), framed.start

    def _by_name(self, data: bytes, framed: Framed) -> tuple[tuple[int, ...], int]:
        """Find the name Apicurio writes before a message, as a message of one text, or a header.

        Without either it is the first message, as for Apicurio's own deserializer.
        """
        name, start = _reference(data, framed.start)
        known = self._schema.named(name) if name else None
        if known is not None:
            return known, start
        return self._schema.named(framed.message_type) or _FIRST_MESSAGE, framed.start

    def _compile(self, indexes: tuple[int, ...]) -> Callable[[bytes], Any]:
        message = self._schema.message(indexes)
        parse = parser_of(message)
        make = _Compiler(self._left_out).message(message)

        def read(data: bytes) -> Any:
            try:
                return make(parse(data))
            except ParseError:
                raise DecodeError("it is no Protobuf message of its schema") from None

        self._readers[indexes] = read
        return read


def _indexes(data: bytes, at: int) -> tuple[tuple[int, ...], int]:
    """Read the array of indexes that names a message; a single 0 stands for the first one."""
    if data[at : at + 1] == b"\0":
        return _FIRST_MESSAGE, at + 1
    count, at = _zigzag(data, at)
    if not 0 < count <= MAX_INDEXES:
        raise DecodeError("it names a message its schema does not have")
    indexes = []
    for _ in range(count):
        index, at = _zigzag(data, at)
        indexes.append(index)
    return tuple(indexes), at


def _zigzag(data: bytes, at: int) -> tuple[int, int]:
    number, at = _varint(data, at)
    return (number >> 1) ^ -(number & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, _VARINT_BITS + 3, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < _MORE:
            return number, at
    raise DecodeError("it ends within the indexes of its message")


def _reference(data: bytes, at: int) -> tuple[str, int]:
    """Read the name Apicurio's serializers write; no name if there is none."""
    try:
        size, inner = _varint(data, at)
        end = inner + size
        if data[inner : inner + 1] == _NAME_FIELD:
            length, inner = _varint(data, inner + 1)
            if inner + length == end <= len(data):
                return data[inner:end].decode(), end
    except (DecodeError, UnicodeDecodeError):
        pass
    return "", at


class _Compiler:
    """Compiles the messages of one schema."""

    def __init__(self, left_out: Counter[str]) -> None:
        self._left_out = left_out
        self._makers: dict[str, Make] = {}

    def message(self, message: Descriptor) -> Make:
        """Return the function that makes a value of a message."""
        known = _WELL_KNOWN.get(message.full_name) or self._makers.get(message.full_name)
        if known is not None:
            return known
        fields: list[tuple[str, Make]] = []
        name, left_out = message.full_name, self._left_out

        def make(parsed: Any) -> Any:
            unknown = len(UnknownFieldSet(parsed))  # type: ignore[no-untyped-call, unused-ignore]
            if unknown:
                _count(left_out, name, unknown)
            return {field: make_field(parsed) for field, make_field in fields}

        self._makers[name] = make  # before its fields: it may hold itself
        fields.extend((field.name, self._field(field)) for field in message.fields)
        return make

    def _field(self, field: FieldDescriptor) -> Make:
        name = field.name
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            return self._map(name, entry)
        make = self._value(field)
        if field.is_repeated:
            if make is None:
                return lambda parsed: list(getattr(parsed, name))
            return lambda parsed: [make(item) for item in getattr(parsed, name)]
        if field.has_presence:
            if make is None:
                return lambda parsed: getattr(parsed, name) if parsed.HasField(name) else None
            return lambda parsed: make(getattr(parsed, name)) if parsed.HasField(name) else None
        if make is None:
            return lambda parsed: getattr(parsed, name)
        return lambda parsed: make(getattr(parsed, name))

    def _map(self, name: str, entry: Descriptor) -> Make:
        make = self._value(entry.fields_by_name["value"]) or _same
        is_flag = entry.fields_by_name["key"].type == FieldDescriptor.TYPE_BOOL
        text = _flag_text if is_flag else str

        def make_map(parsed: Any) -> Any:
            entries = getattr(parsed, name)
            return {text(key): make(entries[key]) for key in entries}

        return make_map

    def _value(self, field: FieldDescriptor) -> Make | None:
        """Return what makes a value of one item of a field, None if it is one already."""
        if field.message_type is not None:
            return self.message(field.message_type)
        if field.enum_type is not None:
            names = {
                number: value.name for number, value in field.enum_type.values_by_number.items()
            }
            return lambda number: names.get(number, number)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return _base64
        return _text if field.type == FieldDescriptor.TYPE_STRING else None


def _count(left_out: Counter[str], message: str, fields: int) -> None:
    if message not in left_out:
        logger.warning(
            "A message of the type `%s` holds fields its schema does not have; they are left out "
            "and counted.",
            message,
        )
    left_out[message] += fields


def _same(value: Any) -> Any:
    return value


def _flag_text(key: bool) -> str:  # noqa: FBT001 - the key of a map
    return "true" if key else "false"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _text(value: Any) -> str:
    # In proto2 a text may be any bytes, and Protobuf hands those out that are no UTF-8.
    if not isinstance(value, str):
        raise DecodeError("a text in it is no UTF-8")
    return value


# Types everybody knows.


def _duration(parsed: Any) -> str:
    """Return seconds as Protobuf's JSON has them."""
    nanos = parsed.seconds * NANOS + parsed.nanos
    seconds, fraction = divmod(abs(nanos), NANOS)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{'-' if nanos < 0 else ''}{seconds}{digits}s"


def _json(parsed: Any) -> Any:
    """Return the JSON a ``Value`` stands for."""
    kind = parsed.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    value = getattr(parsed, kind)
    if kind == "struct_value":
        return _struct(value)
    return _list(value) if kind == "list_value" else value


def _struct(parsed: Any) -> Any:
    return {key: _json(parsed.fields[key]) for key in parsed.fields}


def _list(parsed: Any) -> Any:
    return [_json(item) for item in parsed.values]


def _any(parsed: Any) -> Any:
    return {"@type": parsed.type_url, "value": _base64(parsed.value)}


def _decimal(parsed: Any) -> Decimal:
    return exact_decimal(parsed.value, parsed.scale)


def _wrapped(parsed: Any) -> Any:
    return parsed.value


_WELL_KNOWN: dict[str, Make] = {
    "google.protobuf.Timestamp": lambda parsed: moment(parsed.seconds * NANOS + parsed.nanos),
    "google.protobuf.Duration": _duration,
    "google.protobuf.FieldMask": lambda parsed: ",".join(parsed.paths),
    "google.protobuf.Struct": _struct,
    "google.protobuf.Value": _json,
    "google.protobuf.ListValue": _list,
    "google.protobuf.Any": _any,
    "google.protobuf.BytesValue": lambda parsed: _base64(parsed.value),
    **{
        f"google.protobuf.{kind}Value": _wrapped
        for kind in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String")
    },
    CONFLUENT_DECIMAL: _decimal,
}
