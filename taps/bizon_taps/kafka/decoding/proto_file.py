"""Reads the text of a .proto file into the descriptor Protobuf is made of.

https://protobuf.dev/reference/protobuf/proto3-spec/ (and proto2-spec, edition-2023-spec)

Why a parser of our own: registries hand out text. protoc comes for Python only with all of gRPC
(grpcio-tools, a compiler that writes files and says on stderr what it does not like), and the
parsers there are in Python go on after a syntax error, so that a broken schema would decode to
something. This one takes what says how bytes are read and skips over what does not: services,
extensions, custom options, reserved names. Names are left as they are written; Protobuf's own
pool resolves them. tests/taps/test_kafka_protobuf_schema.py compares it with protoc.

Maps come last among the messages of a message: the index of a message counts those that are
written, as Confluent's serializer for Java does.
"""

from __future__ import annotations

import re

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    Edition,
    EnumDescriptorProto,
    FeatureSet,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from bizon_taps.kafka.decoding.error import BrokenSchemaError

MAX_NESTING = 32
"""As deep as protoc lets messages be nested."""

_TOKEN = re.compile(
    r"""
    (?P<space> \s+ | //[^\n]* | /\*.*?\*/ )
    | (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?P<word> [A-Za-z_]\w* )
    | (?P<number> 0[xX][0-9A-Fa-f]+ | (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? )
    | (?P<symbol> [{}\[\]()<>;,=.:+/-] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_SCALARS = {
    name: FieldDescriptorProto.Type.Value(f"TYPE_{name.upper()}")
    for name in [
        "double",
        "float",
        "int64",
        "uint64",
        "int32",
        "fixed64",
        "fixed32",
        "bool",
        "string",
        "bytes",
        "uint32",
        "sfixed32",
        "sfixed64",
        "sint32",
        "sint64",
    ]
}
_LABELS = {
    "optional": FieldDescriptorProto.LABEL_OPTIONAL,
    "required": FieldDescriptorProto.LABEL_REQUIRED,
    "repeated": FieldDescriptorProto.LABEL_REPEATED,
}
_DECLARATIONS = frozenset(
    {"message", "enum", "oneof", "option", "extend", "extensions", "reserved"}
)
_OPEN, _CLOSE = frozenset("{[("), frozenset("}])")
_END = ""


def parse_proto(text: str, name: str) -> FileDescriptorProto:
    """Return the descriptor of a file.

    Args:
        text: Its text.
        name: The path others import it by.

    Raises:
        BrokenSchemaError: It is no .proto file.
    """
    return _Parser(_tokens(text), name).file()


def _tokens(text: str) -> list[str]:
    tokens = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise BrokenSchemaError("a character in it has no meaning")
        if found.lastgroup != "space":
            tokens.append(found[0])
        at = found.end()
    return tokens


class _Parser:
    """Reads the tokens of one file, in order."""

    def __init__(self, tokens: list[str], name: str) -> None:
        self._tokens = tokens
        self._at = 0
        self._nesting = 0
        self._file = FileDescriptorProto(name=name)

    # Tokens.

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _take(self) -> str:
        token = self._next()
        if token is _END:
            raise BrokenSchemaError("it ends in the middle")
        self._at += 1
        return token

    def _takes(self, wanted: str) -> bool:
        """Take the next token if it is the one wanted."""
        if self._next() != wanted:
            return False
        self._at += 1
        return True

    def _must(self, wanted: str) -> None:
        if not self._takes(wanted):
            raise BrokenSchemaError(f"a {wanted!r} is missing")

    def _word(self) -> str:
        token = self._take()
        if not (token[0].isalpha() or token[0] == "_"):
            raise BrokenSchemaError("a name is missing")
        return token

    def _name(self) -> str:
        """Take a name of several parts, with or without a point in front."""
        name = "." if self._takes(".") else ""
        name += self._word()
        while self._takes("."):
            name += f".{self._word()}"
        return name

    def _text(self) -> str:
        token = self._take()
        if token[0] not in "\"'":
            raise BrokenSchemaError("a text in quotes is missing")
        return token[1:-1]

    def _number(self) -> int:
        sign = -1 if self._takes("-") else 1
        token = self._take()
        try:
            is_octal = len(token) > 1 and token.isdecimal() and token[0] == "0"
            return sign * int(token, 8 if is_octal else 0)
        except ValueError:
            raise BrokenSchemaError("a whole number is missing") from None

    def _skip(self) -> None:
        """Skip a statement: to its semicolon, or over its block."""
        depth = 0
        while True:
            token = self._take()
            if token in _OPEN:
                depth += 1
            elif token in _CLOSE:
                depth -= 1
                if depth < 0:
                    raise BrokenSchemaError(f"a {token!r} is one too many")
                if depth == 0 and token == "}" and self._next() != ";":  # noqa: S105 - no password
                    return
            elif token == ";" and depth == 0:  # noqa: S105 - no password
                return

    # The file.

    def file(self) -> FileDescriptorProto:
        """Read the whole file."""
        if self._takes("syntax"):
            self._must("=")
            self._file.syntax = self._text()
            self._must(";")
            if self._file.syntax not in {"proto2", "proto3"}:
                raise BrokenSchemaError("its syntax is neither proto2 nor proto3")
        elif self._takes("edition"):
            self._must("=")
            self._edition(self._text())
            self._must(";")
        while self._next() is not _END:
            self._statement()
        return self._file

    def _edition(self, year: str) -> None:
        if f"EDITION_{year}" not in Edition.keys():  # noqa: SIM118 - it is no dict
            raise BrokenSchemaError("its edition is not known")
        self._file.syntax = "editions"
        self._file.edition = Edition.Value(f"EDITION_{year}")

    def _statement(self) -> None:
        word = self._take()
        if word == "import":
            is_public = self._takes("public")
            if not is_public:
                self._takes("weak")
            if is_public:
                self._file.public_dependency.append(len(self._file.dependency))
            self._file.dependency.append(self._text())
            self._must(";")
        elif word == "package":
            self._file.package = self._name()
            self._must(";")
        elif word == "message":
            self._message(self._file.message_type.add())
        elif word == "enum":
            self._enum(self._file.enum_type.add())
        elif word == "option":
            self._option(self._file.options.features)
        elif word in {"service", "extend"}:
            self._skip()
        elif word != ";":
            raise BrokenSchemaError("a statement in it has no meaning")

    # Messages.

    def _message(self, message: DescriptorProto) -> None:
        message.name = self._word()
        self._body(message)

    def _body(self, message: DescriptorProto) -> None:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise BrokenSchemaError(f"its messages are nested deeper than {MAX_NESTING} levels")
        maps: list[DescriptorProto] = []
        self._must("{")
        while not self._takes("}"):
            self._member(message, maps)
        message.nested_type.extend(maps)
        # Last, as the pool wants it: what tells an optional field of proto3 from one that is not.
        for field in message.field:
            if field.proto3_optional:
                field.oneof_index = len(message.oneof_decl)
                message.oneof_decl.add(name=f"_{field.name}")
        self._nesting -= 1

    def _member(self, message: DescriptorProto, maps: list[DescriptorProto]) -> None:
        word = self._next()
        if word == ";":
            self._take()
        elif word in _DECLARATIONS:
            self._take()
            self._declaration(word, message)
        elif word == "map" and self._tokens[self._at + 1 : self._at + 2] == ["<"]:
            self._map(message, maps)
        else:
            self._field(message)

    def _declaration(self, word: str, message: DescriptorProto) -> None:
        if word == "message":
            self._message(message.nested_type.add())
        elif word == "enum":
            self._enum(message.enum_type.add())
        elif word == "oneof":
            self._oneof(message)
        elif word == "option":
            self._option(message.options.features)
        else:
            self._skip()

    def _oneof(self, message: DescriptorProto) -> None:
        index = len(message.oneof_decl)
        message.oneof_decl.add(name=self._word())
        self._must("{")
        while not self._takes("}"):
            if self._takes("option"):
                self._option(None)
            else:
                self._field(message).oneof_index = index

    def _field(self, message: DescriptorProto) -> FieldDescriptorProto:
        label = self._next()
        if label in _LABELS:
            self._take()
        field = message.field.add(label=_LABELS.get(label, FieldDescriptorProto.LABEL_OPTIONAL))
        if label == "optional" and self._file.syntax == "proto3":
            field.proto3_optional = True
        if self._takes("group"):
            return self._group(message, field)
        self._type(field)
        field.name = self._word()
        self._numbered(field)
        self._must(";")
        return field

    def _type(self, field: FieldDescriptorProto) -> None:
        name = self._name()
        if name in _SCALARS:
            field.type = _SCALARS[name]
        else:
            field.type_name = name

    def _numbered(self, field: FieldDescriptorProto) -> None:
        self._must("=")
        number = self._number()
        if not 0 < number < 2**29:
            raise BrokenSchemaError("the number of a field is out of range")
        field.number = number
        self._field_options(field)

    def _group(self, message: DescriptorProto, field: FieldDescriptorProto) -> FieldDescriptorProto:
        """Read a group: a message and a field of it in one."""
        inner = message.nested_type.add(name=self._word())
        field.name = inner.name.lower()
        field.type = FieldDescriptorProto.TYPE_GROUP
        field.type_name = inner.name
        self._numbered(field)
        self._body(inner)
        return field

    def _map(self, message: DescriptorProto, maps: list[DescriptorProto]) -> None:
        self._take()
        self._must("<")
        entry = DescriptorProto()
        entry.options.map_entry = True
        for name, number in (("key", 1), ("value", 2)):
            inner = entry.field.add(name=name, number=number)
            inner.label = FieldDescriptorProto.LABEL_OPTIONAL
            self._type(inner)
            self._must("," if number == 1 else ">")
        field = message.field.add(name=self._word(), label=FieldDescriptorProto.LABEL_REPEATED)
        entry.name = f"{_camel_case(field.name)}Entry"
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = entry.name
        maps.append(entry)
        self._numbered(field)
        self._must(";")

    # Enums.

    def _enum(self, enum: EnumDescriptorProto) -> None:
        enum.name = self._word()
        self._must("{")
        while not self._takes("}"):
            if self._takes("option"):
                if self._next() == "allow_alias":
                    enum.options.allow_alias = True
                self._option(enum.options.features)
            elif self._takes("reserved"):
                self._skip()
            elif not self._takes(";"):
                value = enum.value.add(name=self._word())
                self._must("=")
                number = self._number()
                if not -(2**31) <= number < 2**31:
                    raise BrokenSchemaError("the number of an enum's value is out of range")
                value.number = number
                self._field_options(None)
                self._must(";")

    # Options; of them only features say how bytes are read.

    def _option(self, features: FeatureSet | None) -> None:
        start = self._at
        self._skip()
        self._feature(self._tokens[start : self._at - 1], features)

    def _field_options(self, field: FieldDescriptorProto | None) -> None:
        if not self._takes("["):
            return
        start, depth = self._at, 1
        while depth:
            token = self._take()
            depth += (token in _OPEN) - (token in _CLOSE)
            if depth == 0 or (depth == 1 and token == ","):  # noqa: S105 - no password
                option = self._tokens[start : self._at - 1]
                self._feature(option, None if field is None else field.options.features)
                start = self._at

    def _feature(self, option: list[str], features: FeatureSet | None) -> None:
        """Set a feature of an edition, given as ``features.name = VALUE``."""
        if self._file.syntax != "editions" or features is None:
            return
        if option[:2] != ["features", "."] or option[3:4] != ["="] or len(option) != 5:  # noqa: PLR2004
            return
        known = FeatureSet.DESCRIPTOR.fields_by_name.get(option[2])
        if known is not None and known.enum_type is not None:
            value = known.enum_type.values_by_name.get(option[4])
            if value is not None:
                setattr(features, known.name, value.number)


def _camel_case(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
