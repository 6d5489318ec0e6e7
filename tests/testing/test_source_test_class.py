"""``get_source_test_class`` as its user has it: a test file, and pytest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bizon_singer.errors import SourceFileError
from bizon_singer.testing import RULES, get_source_test_class
from tests.docs.test_readme import CHECKOUT, blocks
from tests.testing import library

TEST_FILE = blocks("python")[1]
SOURCE_FILE = """
from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord


class ShelfConfig(SourceConfig):
    base_url: str


class MySource(AbstractSource):
    @staticmethod
    def get_config_class():
        return ShelfConfig

    @staticmethod
    def streams():
        return ["books"]

    def get(self, pagination=None):
        start = (pagination or {}).get("start", 0)
        records = [SourceRecord(str(n), {"title": f"book {n}"}) for n in range(start, start + 4)]
        following = {"start": start + STEP} if start < 8 else {}
        return SourceIteration(records=records, next_pagination=following)
"""


def pytest_of(folder: Path, step: int) -> subprocess.CompletedProcess[str]:
    """Run pytest over a source that takes so large steps, as its author would."""
    (folder / "my_source.py").write_text(SOURCE_FILE.replace("STEP", str(step)))
    (folder / "test_my_source.py").write_text(TEST_FILE)
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "-rfE"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_good_source_passes(tmp_path: Path) -> None:
    """Each rule is a test of that name."""
    done = pytest_of(tmp_path, 4)
    assert done.returncode == 0, done.stdout
    for rule in RULES:
        assert f"test_my_source.py::TestMySource::test_{rule.name} " in done.stdout
    assert re.search(r"::test_a_killed_run_goes_on .*PASSED", done.stdout)


def test_a_flawed_source_fails_with_what_to_do(tmp_path: Path) -> None:
    """Pages that overlap give keys twice."""
    done = pytest_of(tmp_path, 3)
    assert done.returncode == 1
    assert "FAILED test_my_source.py::TestMySource::test_keys_are_unique" in done.stdout
    assert "No two records of a run have the same key. Seen: 3 keys of stream" in done.stdout
    assert "Make the key of all fields that tell two records apart" in done.stdout


def test_a_class_that_is_no_source_is_refused() -> None:
    """By its name, with the reason."""
    with pytest.raises(SourceFileError, match="dict is not derived from AbstractSource"):
        get_source_test_class(dict)


def test_a_rule_that_is_not_there_cannot_be_left_out() -> None:
    """A spelling mistake would judge it after all, or an old name would hide nothing."""
    with pytest.raises(ValueError, match="there is no rule 'keys_are_red'"):
        get_source_test_class(library.Library, skipped=["keys_are_red"])


def test_a_rule_can_be_left_out() -> None:
    """Then the class has no test for it."""
    made = get_source_test_class(library.Library, skipped=["keys_are_unique"])
    assert not hasattr(made, "test_keys_are_unique")
    assert hasattr(made, "test_keys_are_there")


def test_the_document_lists_every_rule() -> None:
    """docs/rules.md says what the rules say, in their order."""
    text = (CHECKOUT / "docs" / "rules.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{rule.name}` | {rule.says} | {rule.mend} |" for rule in RULES]
