"""A source that is named by its module and class, where the package bizon is not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum, StrEnum
from pathlib import Path

import pytest

from bizon_singer import named_source
from bizon_singer.errors import SourceFileError
from bizon_singer.named_source import find_named_source
from bizon_singer.source_class import format_by_value, stream_names
from tests.commands.process import SOURCE, assert_refused, records, tap, write

PACKAGE = "shop_sources_of_a_test"
RUNS = f"{SOURCE.replace('BODY', '')}\n\nfrom bizon_singer import run\n\nrun(Source)\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with a source written for Bizon, which imports a neighbour."""
    folder = tmp_path / PACKAGE
    write(folder / "__init__.py", "")
    write(folder / "names.py", "from bizon.source.source import AbstractSource as Base\n")
    write(
        folder / "orders.py", f"from .names import Base\n{RUNS}\nclass NoSource(Base):\n    pass\n"
    )
    write(folder / "broken.py", "import bizon.destination.models\n")
    write(folder / "raising.py", "raise ValueError('a\\nb')\n")
    write(folder / "needing.py", "import a_module_nobody_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    finders = list(sys.meta_path)
    yield folder
    sys.meta_path[:] = finders
    named_source._packages.clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.mark.usefixtures("package")
def test_a_class_is_found_by_its_module() -> None:
    """It imports Bizon's names without Bizon, and `run()` at its end waits for its own process."""
    (found,) = find_named_source(f"{PACKAGE}.orders:Source")
    assert stream_names(found) == ["things"]
    assert found.__module__ == f"{PACKAGE}.orders"


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("orders:", "is no name of a class; write it as my_package.my_module:MySource"),
        (":Source", "is no name of a class"),
        ("../x:Source", "is no name of a class"),
        ("no_such_module:Source", "leads to module no_such_module, which is not installed"),
        (f"{PACKAGE}.nothing:Source", f"leads to module {PACKAGE}.nothing, which is not installed"),
        (f"{PACKAGE}.orders:Sourse", "orders has no class Sourse (did you mean `Source`?); mend"),
        (f"{PACKAGE}.orders:Orders", "has no class Orders; it has NoSource, Source; mend the"),
        (f"{PACKAGE}.orders:NoSource", "orders:NoSource does not implement get, streams; `name`"),
        (f"{PACKAGE}.broken:Source", "cannot be imported: the source imports bizon.destination"),
        (f"{PACKAGE}.raising:Source", "raises ValueError while it is imported: a\\nb; mend it"),
        (f"{PACKAGE}.needing:Source", "needs a_module_nobody_has, which is not installed"),
        ("json:JSONDecoder", "json:JSONDecoder is not derived from AbstractSource"),
        ("hubspot", "'hubspot', a source of the package bizon, which is not installed; install"),
    ],
)
def test_a_name_that_leads_to_no_source_is_refused(name: str, words: str) -> None:
    """What there is instead, or what to do, is said."""
    with pytest.raises(SourceFileError) as caught:
        find_named_source(name)
    assert words in str(caught.value)


def test_the_command_takes_a_name(package: Path) -> None:
    """In the setting `name`, when no file is given; also from the environment."""
    env = {"PYTHONPATH": str(package.parent)}
    config = write(package / "c.json", {"name": f"{PACKAGE}.orders:Source"})
    done = tap("tap-bizon", "--config", config, env=env)
    assert done.code == 0, done.stderr
    assert len(records(done, "things")) == 6
    env["TAP_BIZON_NAME"] = "hubspot"
    refused = tap("tap-bizon", "--config", "ENV", env=env, cwd=package)
    assert_refused(refused, "setting `name` says 'hubspot'")
    number = write(package / "c.json", {"name": 7})
    assert_refused(tap("tap-bizon", "--config", number), "`name` must be a string")


def test_a_member_of_a_text_enumeration_is_formatted_as_its_value() -> None:
    """As before Python 3.11, unless its class says how it reads."""

    class Plain(str, Enum):  # noqa: UP042 - what is written for Bizon
        A = "a"

    class Spoken(str, Enum):  # noqa: UP042
        A = "a"

        def __str__(self) -> str:
            return "spoken"

    class Modern(StrEnum):
        A = "a"

    class Number(Enum):
        A = 1

    for member in (Plain.A, Spoken.A, Modern.A, Number.A, "a", None):
        format_by_value(member)
    assert [f"{item}" for item in (Plain.A, Spoken.A, Modern.A)] == ["a", "spoken", "a"]
    assert f"{Plain.A:>3}" == "  a"
    assert Plain.A is Plain("a")
    assert f"{Number.A}" == "Number.A"
