"""The messages of a Protobuf schema, with all it imports, as Protobuf's own classes.

Each schema has a pool of its own: two schemas of one topic may define the same message
differently. Files nobody registers are brought along: Protobuf's well-known types, Confluent's
decimal, and Google's common types where the package googleapis-common-protos is installed. What an
import has that is used nowhere (custom options, as a rule) need not be there at all.

A schema may be a descriptor in base64 instead of text: clients for Python and others register that,
and Apicurio and Karapace hand out what was registered.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError as ParseError
from google.protobuf.message_factory import GetMessageClass

from bizon_taps.kafka.decoding.error import BrokenSchemaError, DecodeError
from bizon_taps.kafka.decoding.proto_file import parse_proto

MAIN_FILE = "the schema itself"
CONFLUENT_DECIMAL = "confluent.type.Decimal"

_BROUGHT_ALONG = {
    "confluent/type/decimal.proto": """
        syntax = "proto3";
        package confluent.type;
        message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
    """,
    "confluent/types/decimal.proto": """
        syntax = "proto3";
        import public "confluent/type/decimal.proto";
    """,
}
_INSTALLED = ("google/protobuf/", "google/type/")


class ProtoSchema:
    """The messages of a schema.

    Args:
        text: The text of its file.
        references: The paths and texts of the files it imports, each after those it imports.

    Raises:
        DecodeError: One of them is no .proto file, or uses a type that is not there.
    """

    def __init__(self, text: str, references: tuple[tuple[str, str], ...]) -> None:
        """Build them."""
        self._pool = DescriptorPool()
        self._added: set[str] = set()
        self._given = dict(references)
        try:
            for name in self._given:
                self._import(name)
            descriptor = _from_base64(text)
            # Who registers descriptors counts the messages in them, those of maps as well; who
            # registers text counts those that are written.
            self._counts_maps = descriptor is not None
            self._main = _file_of(text, MAIN_FILE)
            self._add(self._main)
        except BrokenSchemaError as error:
            raise DecodeError(f"its schema is no Protobuf schema: {error}") from None
        except (TypeError, KeyError):  # what the pool says holds names of the schema
            raise DecodeError(
                "its schema is no Protobuf schema: it uses a type it does not define, or defines "
                "one twice; is a reference missing?"
            ) from None

    @property
    def file(self) -> FileDescriptor:
        """The file of the schema."""
        return self._pool.FindFileByName(MAIN_FILE)  # type: ignore[no-any-return, no-untyped-call, unused-ignore]

    def message(self, indexes: tuple[int, ...]) -> Descriptor:
        """Return a message by where it stands: among the file's, then among that one's, and so on.

        Raises:
            DecodeError: There is none.
        """
        names = [self._main.package] if self._main.package else []
        messages: Any = self._main.message_type
        for index in indexes:
            counted = [each for each in messages if self._counts_maps or not each.options.map_entry]
            if not 0 <= index < len(counted):
                raise DecodeError("it names a message its schema does not have")
            names.append(counted[index].name)
            messages = counted[index].nested_type
        return self._pool.FindMessageTypeByName(".".join(names))  # type: ignore[no-any-return, no-untyped-call, unused-ignore]

    def named(self, name: str) -> tuple[int, ...] | None:
        """Return where a message of the file stands, None if there is none of that name."""
        names = [message.name for message in self._main.message_type]
        return (names.index(name),) if name in names else None

    def _import(self, name: str) -> None:
        """Add a file and what it imports, if it is there and was not added."""
        if name in self._added:
            return
        self._added.add(name)
        text = self._given.get(name, _BROUGHT_ALONG.get(name))
        if text is not None:
            self._add(_file_of(text, name))
        elif name.startswith(_INSTALLED) and (made := _installed(name)):
            self._add(made)

    def _add(self, file: FileDescriptorProto) -> None:
        imports = list(file.dependency)
        for name in imports:
            self._import(name)
        present = [name for name in imports if self._is_there(name)]
        public = [imports[index] for index in file.public_dependency]
        del file.dependency[:], file.public_dependency[:]
        file.dependency.extend(present)
        file.public_dependency.extend(index for index, name in enumerate(present) if name in public)
        self._pool.AddSerializedFile(file.SerializeToString())  # type: ignore[no-untyped-call, unused-ignore]

    def _is_there(self, name: str) -> bool:
        try:
            self._pool.FindFileByName(name)  # type: ignore[no-untyped-call, unused-ignore]
        except KeyError:
            return False
        return True


def _file_of(text: str, name: str) -> FileDescriptorProto:
    """Return the descriptor of a file, given as text or as a descriptor."""
    file = _from_base64(text)
    if file is None:
        return parse_proto(text, name)
    file.name = name
    # As with text: what a message holds beyond its own fields is counted as unknown.
    del file.extension[:], file.service[:]
    for message in file.message_type:
        _without_extensions(message)
    return file


def _from_base64(text: str) -> FileDescriptorProto | None:
    """Return the descriptor a text is, None if it is a text of a file."""
    try:
        return FileDescriptorProto.FromString(base64.b64decode(text, validate=True) or b"?")
    except (ValueError, ParseError):
        return None


def _without_extensions(message: DescriptorProto) -> None:
    del message.extension[:]
    for inner in message.nested_type:
        _without_extensions(inner)


def _installed(name: str) -> FileDescriptorProto | None:
    """Return a file that an installed package brings."""
    module = name.removesuffix(".proto").replace("/", ".")
    try:
        found = importlib.import_module(f"{module}_pb2")
    except ImportError:
        return None
    return FileDescriptorProto.FromString(found.DESCRIPTOR.serialized_pb)


def parser_of(message: Descriptor) -> Callable[[bytes], Any]:
    """Return the function that reads the bytes of a message."""
    return GetMessageClass(message).FromString
