"""The garbage collector stands still while modules are imported, and is as it was behind them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.commands import command, run, write_json

STATE = "(gc.isenabled(), gc.get_threshold(), gc.get_freeze_count() > 0)"
BEFORE = [
    "pass",
    "gc.disable()",
    "gc.set_threshold(5000, 7, 3)",
    "gc.set_threshold(0)",
    "gc.freeze()",
]
SOURCE = f"""
import gc, sys
from bizon_singer import AbstractSource, SourceIteration, SourceRecord, run

{{at_import}}

class OneSource(AbstractSource):
    @staticmethod
    def streams():
        return ['one']

    def get(self, pagination=None):
        print('in a run', *{STATE}, file=sys.stderr)
        return SourceIteration(records=[SourceRecord(id='1', data={{{{'n': 1}}}})])

run(OneSource)
"""


def python(code: str) -> str:
    """Return what a program prints in a process of its own, where nothing is imported yet."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("module", ["bizon_singer", "bizon_singer.cli", "bizon_singer.tap"])
def test_an_import_leaves_it_as_it_was(before: str, module: str) -> None:
    """Whatever the program made of it."""
    code = f"import gc; {before}\nprint({STATE})\nimport {module}\nprint({STATE})"
    was, is_now = python(code).splitlines()
    assert is_now == was


@pytest.mark.parametrize("before", BEFORE)
def test_an_import_that_fails_leaves_it_as_it_was(before: str) -> None:
    """A program may catch the error and go on."""
    code = f"""
import gc, sys; {before}
print({STATE})
sys.modules['msgspec'] = None
try:
    import bizon_singer
except ModuleNotFoundError:
    print({STATE})
"""
    was, is_now = python(code).splitlines()
    assert is_now == was


def test_nothing_is_collected_while_the_package_is_imported() -> None:
    """It is what the time of a start went to."""
    code = """
import gc, sys
def note(phase, _):
    if phase == 'start' and 'pydantic' in sys.modules:
        print(hasattr(sys.modules['bizon_singer'], '__all__'))
gc.callbacks.append(note)
import bizon_singer
"""
    assert "False" not in python(code).split()


@pytest.mark.parametrize("runner", ["itself", "tap-bizon"])
@pytest.mark.parametrize(
    ("at_import", "in_a_run"),
    [
        ("", "True {default} True"),
        ("gc.disable()", "False {default} True"),
        ("gc.set_threshold(9000, 5, 5)", "True (9000, 5, 5) True"),
    ],
)
def test_a_source_file_has_the_collector_it_wants(
    tmp_path: Path, runner: str, at_import: str, in_a_run: str
) -> None:
    """A run passes over what was imported, and collects all the rest as ever."""
    source = tmp_path / "one.py"
    source.write_text(SOURCE.format(at_import=at_import))
    if runner == "itself":
        arguments = command(write_json(tmp_path / "c.json", {}), script=source)
    else:
        config = write_json(tmp_path / "c.json", {"source_file_path": str(source)})
        arguments = [str(Path(sys.executable).parent / runner), "--config", str(config)]
    done = run(arguments, fresh=True)
    assert done.code == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("in a run")]
    default = python("import gc; print(gc.get_threshold())").strip()
    assert told == ["in a run " + in_a_run.format(default=default)]
