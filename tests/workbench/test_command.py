"""bizon-singer itself: help, version, and command lines that say nothing."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from bizon_singer.errors import InterruptedRunError
from bizon_singer.workbench.command import HERE, MODULES, Tree, root
from bizon_singer.workbench.door import UnansweredError
from tests.commands.process import assert_refused, write
from tests.process.commands import Started, at_a_terminal, run
from tests.workbench.desk import COMMAND, desk, lines, process, source


def leaves(tree: Tree, *path: str) -> list[tuple[str, ...]]:
    """Return the subcommands there are, as they are typed."""
    found = []
    for name, branch in tree.items():
        found += leaves(branch[1], *path, name) if isinstance(branch, tuple) else [(*path, name)]
    return found


@pytest.mark.parametrize("path", leaves(MODULES), ids=" ".join)
def test_every_subcommand_explains_itself(path: tuple[str, ...]) -> None:
    """On stdout, with its options; each option says what it does."""
    done = CliRunner().invoke(root, [*path, "--help"], prog_name="bizon-singer")
    assert done.exit_code == 0
    assert f"Usage: bizon-singer {' '.join(path)}" in " ".join(done.stdout.split())
    branch = MODULES[path[0]]
    module = branch[1][path[1]] if isinstance(branch, tuple) else branch
    command = import_module(f"{HERE}.{module}").command
    assert all(option.help for option in command.params if option.param_type_name == "option")
    assert command.help.partition("\n")[0]


@pytest.mark.parametrize("arguments", [(), ("--help",), ("source",)])
def test_an_open_question_is_answered_by_the_help(arguments: tuple[str, ...]) -> None:
    """It lists the subcommands, on stdout."""
    done = desk(*arguments)
    assert (done.code, done.stderr) == (0, "")
    assert "Commands:" in lines(done)


def test_the_version_is_that_of_the_package() -> None:
    """As the taps say theirs."""
    assert process("--version").stdout.startswith(b"bizon-singer v")


def test_a_command_line_that_cannot_be_read_is_refused() -> None:
    """What was not understood, what there is, and where to read on."""
    assert_refused(desk("chek"), "no command 'chek'", "did you mean `check`?", "--help")
    assert_refused(desk("stream", "lst"), "no command 'lst'", "did you mean `list`?")
    assert_refused(desk("check", "--sorce", "dummy"), "No such option", "--help")


def test_colours_are_for_terminals_that_want_them(tmp_path: Path) -> None:
    """None into a file, none with NO_COLOR; see no-color.org."""
    command = [COMMAND, "check", write(tmp_path / "c.json", {}), "-s", "dummy"]
    code, shown = at_a_terminal(command, shown="stdout", env={"TERM": "xterm"})
    assert code == 0
    assert "\x1b[32mok\x1b[0m" in shown
    for env in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in at_a_terminal(command, shown="stdout", env=env)[1]
    assert b"\x1b" not in run(command).stdout


@pytest.mark.parametrize(
    "command", [["preview", "things", "-s"], ["check", "-s"], ["test"], ["lint", "-c", "{}"]]
)
def test_a_signal_ends_any_command(tmp_path: Path, command: list[str]) -> None:
    """While a source hangs: 130 and one sentence, no answer, no traceback.

    A machine too busy to end it within the grace has another sentence, which begins the same. The
    source hangs for ten minutes and not for ever: if the signal is not heard, the test fails, and
    nobody else would end the process.
    """
    body = """
    def get(self, pagination=None):
        import sys, time
        print("waiting", file=sys.stderr)
        time.sleep(600)
"""
    config = write(tmp_path / "c.json", {})
    words = [config if word == "{}" else word for word in command]
    started = Started([COMMAND, *words, source(tmp_path, body)])
    started.await_log("waiting", seconds=120)
    started.process.send_signal(signal.SIGINT)
    done = started.finish(120)
    assert_refused(done, "stopped by", code=130)


def test_the_signal_is_named() -> None:
    """A run has a STATE to go on from, an answer has none."""
    assert str(UnansweredError(InterruptedRunError(signal.SIGTERM))) == (
        "stopped by SIGTERM before the answer was out; nothing was kept, ask again"
    )


def test_a_reader_that_goes_away_is_told() -> None:
    """As `bizon-singer … | true` may have it: 141, as for a tap whose target is gone."""
    reading, writing = os.pipe()
    os.close(reading)
    done = run([COMMAND, "source", "list"], stdout=writing)
    os.close(writing)
    assert_refused(done, "the reader of stdout went away", code=141)


def test_a_full_disk_is_told() -> None:
    """74, as for a tap."""
    with Path("/dev/full").open("wb") as full:
        done = run([COMMAND, "source", "list"], stdout=full)
    assert_refused(done, "stdout could not be written (ENOSPC", "ask again", code=74)
