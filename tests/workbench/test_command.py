"""bizon-singer itself: help, version, and command lines that say nothing."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from bizon_singer.workbench.command import HERE, MODULES, Tree, root
from tests.commands.process import assert_refused, write
from tests.process.commands import at_a_terminal, run
from tests.workbench.desk import desk, lines

COMMAND = str(Path(sys.executable).parent / "bizon-singer")


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
    assert desk("--version").stdout.startswith(b"bizon-singer v")


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


def test_a_reader_that_goes_away_is_no_bug() -> None:
    """`bizon-singer … | head -0` ends as a tap does whose target is gone."""
    done = run(["bash", "-c", f"set -o pipefail; {COMMAND} source list | true"])
    assert done.code in {0, 141}  # true may end before or after the one write
    assert "Traceback" not in done.stderr
