"""The process of ``bizon-singer``: from the command line to the exit code."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import NoReturn

from bizon_singer.cli import OneLineFormatter, exit_with, own_process, run_click

NAME = "bizon-singer"


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return the exit code."""

    def work() -> int:
        from bizon_singer.workbench.command import root  # noqa: PLC0415 - after stdout is claimed

        _log_warnings()
        return run_click(root, arguments, NAME)

    return own_process(work, lambda: NAME)


def _log_warnings() -> None:
    """Let warnings through to stderr, and no news of how a run goes: nothing is loaded here."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLineFormatter(logging.Formatter("%(levelname)s | %(message)s")))
    logging.basicConfig(handlers=[handler])
    # Both, for the SDK gives its metrics a level of their own, and a progress bar takes the place
    # of the handler.
    handler.setLevel(logging.WARNING)
    logging.disable(logging.INFO)


def main() -> NoReturn:
    """Run the command and exit."""
    exit_with(run(sys.argv[1:]))
