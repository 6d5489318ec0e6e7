"""Source files written and loaded by a test."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from bizon_singer import loader
from bizon_singer.errors import SourceFileError
from tests.commands.process import source_file

HEAD = """
from bizon.source.config import SourceConfig
from bizon.source.models import SourceIteration, SourceRecord
from bizon.source.source import AbstractSource

class Good(AbstractSource):
    @staticmethod
    def streams(): return ["good"]
    def get(self, pagination=None): return SourceIteration(records=[], next_pagination={})
"""


@contextmanager
def as_in_a_new_process() -> Iterator[None]:
    """Forget the folders and modules a test has loaded."""
    finders, modules = list(sys.meta_path), set(sys.modules)
    yield
    sys.meta_path[:] = finders
    loader._folders.clear()
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def load(folder: Path, text: str, name: str = "my_source.py") -> ModuleType:
    """Write a file and load it."""
    return loader.load_source_file(source_file(folder, name=name, text=textwrap.dedent(text)))


def refusal(folder: Path, text: str, name: str = "my_source.py") -> str:
    """Return the sentence with which a file, or what is in it, is refused."""
    path = source_file(folder, name=name, text=textwrap.dedent(text))
    with pytest.raises(SourceFileError) as caught:
        loader.find_sources(loader.load_source_file(path), path)
    assert name in str(caught.value)
    return str(caught.value)


def names(folder: Path, text: str) -> list[str]:
    """Return the names of the sources found in a file."""
    return [source.__name__ for source in loader.find_sources(load(folder, text), "my_source.py")]
