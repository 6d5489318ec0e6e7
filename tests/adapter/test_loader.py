"""A user's source file is loaded as it is: whatever it defines or does wrong."""

from __future__ import annotations

import pickle
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizon_singer import loader
from bizon_singer.errors import SourceFileError
from tests.adapter.source_files import HEAD, as_in_a_new_process, load, names, refusal
from tests.commands.process import source_file


@pytest.fixture(autouse=True)
def _as_in_a_new_process() -> Iterator[None]:
    """Let no test see what another has loaded."""
    with as_in_a_new_process():
        yield


# The file itself


def test_two_files_of_one_name_do_not_meet(tmp_path: Path) -> None:
    """Each path is a module of its own, also with spaces and other letters in it."""
    first = load(tmp_path / "a folder", HEAD + "origin = 1\n")
    second = load(tmp_path / "été", HEAD + "origin = 2\n")
    assert (first.origin, second.origin) == (1, 2)
    assert first.Good is not second.Good
    assert sys.modules[first.__name__] is first


@pytest.mark.parametrize("style", ["absolute", "relative", "home", "dots", "link"])
def test_a_path_may_be_written_in_any_way(
    tmp_path: Path, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absolute, relative to the working directory, with ~, with dots, or through a link."""
    path = source_file(tmp_path, text=HEAD, name="my source.py")
    (tmp_path / "link.py").symlink_to(path)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    written = {
        "absolute": path,
        "relative": "my source.py",
        "home": "~/my source.py",
        "dots": "below/../my source.py",
        "link": "link.py",
    }
    assert loader.load_source_file(written[style]).Good


def test_classes_of_the_file_work_as_anywhere(tmp_path: Path) -> None:
    """Future annotations, dataclasses, enums, named tuples, pickling; and main stays unrun."""
    module = load(
        tmp_path,
        """
        from __future__ import annotations
        from collections import namedtuple
        from dataclasses import dataclass, field
        from enum import Enum
        from typing import NamedTuple, Optional
        from pydantic import BaseModel
        from bizon.source.config import SourceConfig

        class Nested(BaseModel):
            depth: Optional[int] = 1

        class Config(SourceConfig):
            nested: Nested = Nested()
            more: list[Nested] = []

        @dataclass
        class Point:
            x: int
            tags: list[str] = field(default_factory=list)

        class Colour(Enum):
            RED = "red"

        Pair = namedtuple("Pair", "a b")

        class Typed(NamedTuple):
            a: int

        if __name__ == "__main__":
            raise SystemExit("run as a script")
        """,
    )
    config = module.Config(stream="x", nested={"depth": 2}, more=[{"depth": 3}])
    assert config.more[0].depth == 3
    for value in (module.Point(1), module.Colour.RED, module.Pair(1, 2), module.Typed(1), config):
        # It finds a class by its module's name, as pydantic and multiprocessing do.
        assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfword = 'caf\xc3\xa9'\n",
        "# -*- coding: latin-1 -*-\nword = 'café'\n".encode("latin-1"),
        b"word = 'caf\xc3\xa9'\r\n",
    ],
)
def test_the_encodings_python_knows_are_read(tmp_path: Path, content: bytes) -> None:
    """A byte order mark, a declared encoding and Windows line ends are no obstacle."""
    (tmp_path / "my_source.py").write_bytes(content)
    assert loader.load_source_file(str(tmp_path / "my_source.py")).word == "café"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:\n", ["no valid Python", "line 1"]),
        ("x = 1\n  y = 2\n", ["no valid Python", "line 2", "indent"]),
        ("x = 1\0\n", ["null bytes", "mend it"]),
        ("\n\n1 / 0\n", ["raises ZeroDivisionError (line 3)", "mend it"]),
        ("def f():\n    raise ValueError\nf()\n", ["raises ValueError (line 2)"]),
        ("raise ValueError('a\\nb')\n", ["a\\nb"]),
        ("import sys\nsys.exit(0)\n", ["calls exit()", "line 2", "__main__"]),
        ("import no_such_package\n", ["imports no_such_package", "not installed"]),
        ("from os import no_such_name\n", ["ImportError (line 1)", "no_such_name"]),
        ("import side_broken\n", ["no valid Python (line 1 of side_broken.py)"]),
        ("import side_raising\n", ["raises KeyError (line 2 of side_raising.py)"]),
        ("raise ModuleNotFoundError('x')\n", ["raises ModuleNotFoundError (line 1)"]),
        ("def f(): f()\nf()\n", ["raises RecursionError (line 1)"]),
    ],
)
def test_a_file_that_fails_is_explained_with_its_line(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    """One sentence says what is wrong and in which line of which file."""
    (tmp_path / "side_broken.py").write_text("def f(:\n")
    (tmp_path / "side_raising.py").write_text("x = {}\nx['k']\n")
    before = set(sys.modules)
    sentence = refusal(tmp_path, text)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence, sentence
    assert not [name for name in set(sys.modules) - before if name.startswith("bizon_source_")]


def test_a_file_that_breaks_later_leaves_the_one_before(tmp_path: Path) -> None:
    """What pickle and pydantic find by its name is the module that works."""
    good = load(tmp_path, HEAD)
    refusal(tmp_path, "1 / 0\n")
    assert sys.modules[good.__name__] is good


def test_an_interrupt_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    """Control-C while it is imported stops the process, it is not explained away."""
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, "raise KeyboardInterrupt\n")


def test_an_interrupt_that_is_not_from_the_keyboard_is_one(tmp_path: Path) -> None:
    """In a command Control-C only sets a flag, so that the file itself must have raised it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        sentence = refusal(tmp_path, "\nraise KeyboardInterrupt\n")
    finally:
        signal.signal(signal.SIGINT, before)
    assert "raises KeyboardInterrupt (line 2) while it is imported; mend it" in sentence


def test_bytes_that_are_no_text_are_explained(tmp_path: Path) -> None:
    """A file in an undeclared encoding is no valid Python, and it says so."""
    (tmp_path / "my_source.py").write_bytes(b"word = 'caf\xe9'\n")
    with pytest.raises(SourceFileError, match=r"no valid Python.*utf-8"):
        loader.load_source_file(str(tmp_path / "my_source.py"))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", ["no .py file"]),
        ("my_source.txt", ["no .py file"]),
        ("missing.py", ["does not exist", " in "]),
        ("/no/such/folder/x.py", ["does not exist"]),
        ("folder.py", ["is a folder"]),
        ("a\0b.py", ["cannot be read", "null"]),
        ("~nobody-of-this-name/x.py", ["cannot be read", "home"]),
        ("x" * 300 + ".py", ["cannot be read", "too long"]),
        ("loop.py", []),
    ],
)
def test_a_path_that_leads_nowhere_is_explained(
    tmp_path: Path, path: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence names the path, what is wrong with it and the setting to change."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop.py").symlink_to("loop.py")
    with pytest.raises(SourceFileError) as caught:
        loader.load_source_file(path)
    for word in [*words, "set source_file_path"]:
        assert word in str(caught.value)


# The classes in it


def test_all_sources_of_a_file_are_found_in_their_order(tmp_path: Path) -> None:
    """Several sources count, in the order they stand; one under two names counts once."""
    text = HEAD + (
        "class Another(Good):\n"
        "    @staticmethod\n"
        "    def streams(): return ['another']\n"
        "class Helper: pass\n"
        "Alias = Another\n"
    )
    assert names(tmp_path, text) == ["Good", "Another"]


def test_abstract_and_replaced_classes_are_no_sources(tmp_path: Path) -> None:
    """An abstract base is left out, and so is a class whose version gives all its streams."""
    text = HEAD + (
        "from abc import abstractmethod\n"
        "class Base(AbstractSource):\n"
        "    @abstractmethod\n"
        "    def url(self): ...\n"
        "class Version(Good): pass\n"
        "class Mixin:\n"
        "    def get(self, pagination=None): ...\n"
        "class Nameless(Mixin, AbstractSource):\n"
        "    @staticmethod\n"
        "    def streams(): return []\n"
    )
    assert names(tmp_path, text) == ["Version"]


METHODS = {
    "streams": "@staticmethod\n    def streams(): return ['a']",
    "get_config_class": "@staticmethod\n    def get_config_class(): return SourceConfig",
    "get": "def get(self, pagination=None): ...",
}


@pytest.mark.parametrize(
    ("method", "text", "words"),
    [
        ("get", "", "Source does not implement get)"),
        ("streams", "", "Source does not implement streams)"),
        ("streams", "streams = staticmethod(lambda: [])", "gives no streams"),
        ("streams", "streams = staticmethod(lambda: 'a')", "gives a str in streams()"),
        ("streams", "streams = staticmethod(lambda: None)", "gives None in streams()"),
        ("streams", "streams = staticmethod(lambda: [None])", "gives None in streams() that is no"),
        ("streams", "streams = staticmethod(lambda: [''])", "that is no name"),
        ("streams", "streams = staticmethod(lambda: 1/0)", "raises ZeroDivisionError in streams()"),
        ("streams", "def streams(self): return ['a']", "no @staticmethod above streams()"),
        ("get_config_class", "get_config_class = staticmethod(lambda: 1)", "no pydantic class"),
        (
            "get_config_class",
            "get_config_class = staticmethod(lambda: 1/0)",
            "ZeroDivisionError in",
        ),
        ("get_config_class", "def get_config_class(self): ...", "above get_config_class()"),
    ],
)
def test_a_file_without_a_source_says_why(
    tmp_path: Path, method: str, text: str, words: str
) -> None:
    """Each class that could have been one is named with what it lacks."""
    methods = "\n    ".join({**METHODS, method: text}.values())
    head = HEAD.partition("class Good")[0]
    sentence = refusal(
        tmp_path, f"{head}\nclass Source(AbstractSource):\n    {methods}\n    x = 1\n"
    )
    assert words in sentence
    assert "define a class derived from AbstractSource" in sentence


def test_a_file_with_nothing_in_it_says_what_to_write(tmp_path: Path) -> None:
    """No class at all: the sentence tells what there should be."""
    assert "has no source; define a class" in refusal(tmp_path, "x = 1\n")


def test_a_source_that_is_only_imported_is_pointed_out(tmp_path: Path) -> None:
    """Only classes the file defines count; the sentence says where the other one is."""
    source_file(tmp_path, name="side_source.py", text=HEAD)
    sentence = refusal(tmp_path, "from side_source import Good\n")
    assert "Good is only imported, from side_source" in sentence
