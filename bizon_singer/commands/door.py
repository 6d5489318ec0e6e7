"""The door of ``bizon-singer``: each subcommand is a module, imported when it is asked for.

A subcommand has a click command as ``command``. What it is asked for goes to stdout by
:func:`bizon_singer.stdout.current`, everything else is logged, and what it raises ends it as it
ends a tap: one CRITICAL sentence and a documented exit code.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence
from typing import ClassVar, NoReturn

import click

from bizon_singer.cli import exit_with
from bizon_singer.cli import main as run_main

NAME = "bizon-singer"
SUBCOMMANDS = {"state": "bizon_singer.commands.state"}
"""The module of each; another subcommand is a line here."""


class _Subcommands(click.Group):
    """Imports a subcommand when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all."""
        del ctx
        return sorted(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one, None if there is none of that name."""
        del ctx
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = importlib.import_module(SUBCOMMANDS[cmd_name]).command
        return command


class _Door:
    """What :func:`bizon_singer.cli.main` needs to know of a command."""

    name: ClassVar[str] = NAME
    cli: ClassVar[click.Command] = _Subcommands(
        NAME, help="Tools around the taps of bizon-singer.", no_args_is_help=False
    )


def _open_door(_arguments: Sequence[str]) -> type[_Door]:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    return _Door


def main() -> NoReturn:
    """Run the command."""
    arguments = sys.argv[1:] or ["--help"]
    exit_with(run_main(_open_door, arguments, NAME))
