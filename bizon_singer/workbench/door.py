"""The process of ``bizon-singer``: from the command line to the exit code."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from signal import Signals
from typing import NoReturn

from bizon_singer import collector
from bizon_singer.cli import OneLineFormatter, exit_with, own_process, run_click
from bizon_singer.errors import (
    SIGNAL_EXIT_BASE,
    BizonSingerError,
    InterruptedRunError,
    OutputError,
    TargetClosedError,
)

NAME = "bizon-singer"


class UnansweredError(BizonSingerError):
    """A command ended before its answer was out; there is no STATE to go on from, unlike in a run.

    Args:
        error: What ended it.
    """

    def __init__(self, error: InterruptedRunError | OutputError) -> None:
        """Say so, with the same exit code."""
        if isinstance(error, InterruptedRunError):
            what = f"stopped by {Signals(error.exit_code - SIGNAL_EXIT_BASE).name}"
        elif isinstance(error, TargetClosedError):
            what = "the reader of stdout went away"
        else:
            what = str(error).partition(";")[0]
        super().__init__(f"{what} before the answer was out; nothing was kept, ask again")
        self.exit_code = error.exit_code


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return the exit code."""

    def work() -> int:
        with collector.paused():
            from bizon_singer.workbench.command import root  # noqa: PLC0415 - stdout is claimed
        collector.freeze()

        _log_warnings()
        try:
            return run_click(root, arguments, NAME)
        except (InterruptedRunError, OutputError) as error:
            raise UnansweredError(error) from error

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
