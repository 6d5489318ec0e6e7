"""The JSON Schema of what messages of a Protobuf schema become."""

from __future__ import annotations

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from bizon_singer.schema import JsonSchema, merge
from bizon_taps.kafka.decoding.avro_json_schema import BASE64, MAX_DESCRIBED
from bizon_taps.kafka.decoding.proto_pool import CONFLUENT_DECIMAL

_NULL: JsonSchema = {"type": ["null"]}
_OF_TYPE: dict[int, JsonSchema] = {
    FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.CPPTYPE_ENUM: {"type": "string"},
    FieldDescriptor.CPPTYPE_FLOAT: {"type": "number"},
    FieldDescriptor.CPPTYPE_DOUBLE: {"type": "number"},
    FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
}
_WELL_KNOWN: dict[str, JsonSchema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array"},
    "google.protobuf.BytesValue": BASE64,
    "google.protobuf.StringValue": {"type": "string"},
    "google.protobuf.BoolValue": {"type": "boolean"},
    "google.protobuf.DoubleValue": {"type": "number"},
    "google.protobuf.FloatValue": {"type": "number"},
    **{
        f"google.protobuf.{kind}Value": {"type": "integer"}
        for kind in ("Int64", "UInt64", "Int32", "UInt32")
    },
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string"}, "value": BASE64},
    },
    CONFLUENT_DECIMAL: {"type": "number"},
}


def json_schema_of_protobuf(message: Descriptor) -> JsonSchema:
    """Return a JSON Schema that accepts every message of a type.

    What contains itself is free-form there, and so is what comes after a great many fields.
    """
    return _Describer().message(message, ())


class _Describer:
    """Describes the types of one schema."""

    def __init__(self) -> None:
        self._described = 0

    def message(self, message: Descriptor, around: tuple[str, ...]) -> JsonSchema:
        """Return the schema of a message within others."""
        known = _WELL_KNOWN.get(message.full_name)
        if known is not None:
            return dict(known)
        if message.full_name in around or self._described > MAX_DESCRIBED:
            return {"type": "object"}
        inner = (*around, message.full_name)
        return {
            "type": "object",
            "properties": {field.name: self._field(field, inner) for field in message.fields},
        }

    def _field(self, field: FieldDescriptor, around: tuple[str, ...]) -> JsonSchema:
        self._described += 1
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            value = self._value(entry.fields_by_name["value"], around)
            return {"type": "object", "additionalProperties": value}
        value = self._value(field, around)
        if field.is_repeated:
            return {"type": "array", "items": value}
        return merge(value, _NULL) if field.has_presence else value

    def _value(self, field: FieldDescriptor, around: tuple[str, ...]) -> JsonSchema:
        if field.message_type is not None:
            return self.message(field.message_type, around)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return dict(BASE64)
        return dict(_OF_TYPE.get(field.cpp_type, {"type": "integer"}))
