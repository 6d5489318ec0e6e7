"""What Google's own compiler makes of .proto files."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import google.type
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_tools import protoc

from tests.fakes.schema_registry.store import Content, Store

PUBLISHED = [
    Path(str(files("grpc_tools") / "_proto")),
    *(Path(each).parents[1] for each in google.type.__path__),
]
"""Where the files are that every schema may import."""


def compiled(texts: Mapping[str, str], name: str) -> FileDescriptorSet:
    """Compile a file and all it imports.

    Args:
        texts: Files by their paths.
        name: Path of one of them, or of one that Google publishes.
    """
    with tempfile.TemporaryDirectory() as directory:
        for path, text in texts.items():
            file = Path(directory, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        out = Path(directory, "descriptors.bin")
        roots = [f"-I{root}" for root in (directory, *PUBLISHED)]
        arguments = [*roots, f"--descriptor_set_out={out}", "--include_imports", name]
        assert protoc.main(["protoc", *arguments]) == 0
        return FileDescriptorSet.FromString(out.read_bytes())


def pool_of(texts: Mapping[str, str], name: str) -> DescriptorPool:
    """Return a pool with a file and all it imports."""
    pool = DescriptorPool()
    for file in compiled(texts, name).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def serialized(store: Store, content: Content) -> str:
    """Return a schema as Confluent's registry does for ``format=serialized``: base64."""
    texts = {"main.proto": content.text, **_imported(store, content)}
    file = next(each for each in compiled(texts, "main.proto").file if each.name == "main.proto")
    return base64.b64encode(file.SerializeToString()).decode()


def _imported(store: Store, content: Content) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, subject, number in content.references:
        version = store.version(subject, str(number))
        assert version is not None
        texts |= {name: version.content.text, **_imported(store, version.content)}
    return texts
