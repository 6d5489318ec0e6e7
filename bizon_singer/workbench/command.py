"""The tree of subcommands; each is imported when it is asked for, or asked about.

A new one is a module with a click command called ``command``, and one line in ``MODULES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any

import click

from bizon_singer.config_errors import nearest
from bizon_singer.redact import excerpt
from bizon_singer.workbench.answer import write_lines

PACKAGE = "bizon-singer"
SHOWN_CHARACTERS = 80
HERE = "bizon_singer.workbench"
Tree = Mapping[str, "str | tuple[str, Tree]"]

MODULES: Tree = {
    "source": ("The sources that are installed.", {"list": "source_list"}),
    "stream": ("The streams of a source.", {"list": "stream_list"}),
    "check": "check",
    "preview": "preview",
    "lint": "lint",
    "new": "new",
    "test": "test",
    "state": ("The STATE of a tap.", {"from-bizon": "state_from_bizon"}),
}
"""Modules by subcommand; a group has a sentence and a tree of its own."""

ROOT_HELP = """Try, check and write sources.

A SOURCE is the name of an installed one, as `bizon-singer source list` prints it, or the path of a
.py file. Answers go to stdout, everything else to stderr; --json gives any answer as JSON.

\b
  bizon-singer source list                          what is installed
  bizon-singer check config.json --source hubspot   do settings and credentials work?
  bizon-singer preview contacts -s hubspot -c config.json
"""


class LazyGroup(click.Group):
    """A group whose subcommands are modules.

    Args:
        name: What it is called.
        help: What it says of itself.
        tree: Its subcommands.
    """

    def __init__(self, name: str, help: str, tree: Tree) -> None:  # noqa: A002 - click's own word
        """Print the help when no subcommand is given: the answer to an open question."""
        super().__init__(name, help=help, invoke_without_command=True, callback=_show_help)
        self._tree = tree

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the subcommands, in the order of their use."""
        del ctx
        return list(self._tree)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a subcommand."""
        del ctx
        branch = self._tree.get(cmd_name)
        if branch is None:
            return None
        if isinstance(branch, tuple):
            return LazyGroup(cmd_name, *branch)
        module: Any = import_module(f"{HERE}.{branch}")
        command: click.Command = module.command
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand that is meant; of an unknown one, say which there are."""
        if args and args[0] not in self._tree and not args[0].startswith("-"):
            known = ", ".join(self._tree)
            name = excerpt(args[0], SHOWN_CHARACTERS)
            ctx.fail(f"there is no command {name!r}{nearest(args[0], self._tree, '')}: {known}")
        return super().resolve_command(ctx, args)


@click.pass_context
def _show_help(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        write_lines(context.get_help().splitlines())


root = click.version_option(version(PACKAGE), message="%(prog)s v%(version)s")(
    LazyGroup(PACKAGE, ROOT_HELP, MODULES)
)
