"""Runs a tap's command inside this process: all of it but the start of an interpreter.

A family of hundreds of cases cannot pay half a second for each. What differs from a process of
its own is only what belongs to a process: descriptor 1 is a file, signals are left alone, and
what the command changes of logging, warnings and known secrets is put back afterwards.
"""

from __future__ import annotations

import io
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from bizon_singer import collector, signals, stdout
from bizon_singer import redact as redact_module
from bizon_singer.cli import main
from bizon_singer.redact import RedactingStream, Redactor
from tests.process.commands import Finished

MakeTap = Callable[[Sequence[str]], Any]


def run_inside(make_tap: MakeTap, *arguments: str, name: str = "tap-bizon") -> Finished:
    """Run a command to its end, as ``cli.main`` does in a process of its own.

    Args:
        make_tap: Gives the tap class for a command line.
        arguments: The command line without the command's own name.
        name: What the command is called until the tap class says so.
    """
    with tempfile.TemporaryFile() as out, _own_process(out.fileno()) as behind:
        code = main(make_tap, arguments, name)
        sys.stderr.flush()
        out.seek(0)
        return Finished(code, out.read(), behind.getvalue())


def loaded_once(make_tap: MakeTap) -> MakeTap:
    """Return ``make_tap`` so that its first answer serves all runs: no class keeps any of them."""
    loaded: list[Any] = []

    def make(arguments: Sequence[str]) -> Any:
        if not loaded:
            loaded.append(make_tap(arguments))
            loaded[0].config_texts = {}
        return loaded[0]

    return make


@contextmanager
def _own_process(descriptor: int) -> Iterator[io.StringIO]:
    """Give a command a stdout, a stderr, loggers and secrets of its own; yields its stderr."""
    behind = io.StringIO()
    stderr = RedactingStream(behind)

    def claim() -> stdout.Writer:
        stdout._current = stdout.Writer(descriptor)
        return stdout._current

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    secrets = dict(vars(redact_module.redact))
    vars(redact_module.redact).update(vars(Redactor()))
    with ExitStack() as stack:
        stack.enter_context(patch.object(stdout, "claim", claim))
        stack.enter_context(patch.object(stdout, "_current", stdout.current()))
        stack.enter_context(patch.object(signals, "install", lambda: None))
        stack.enter_context(patch.object(collector, "freeze", lambda: None))
        for stream in ("stdout", "stderr"):
            stack.enter_context(patch.object(sys, stream, stderr))
        stack.enter_context(patch.object(sys, "excepthook", sys.excepthook))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("default")
        root.handlers[:] = []
        try:
            yield behind
        finally:
            logging.captureWarnings(capture=False)
            root.handlers[:] = handlers
            root.setLevel(level)
            vars(redact_module.redact).update(secrets)
