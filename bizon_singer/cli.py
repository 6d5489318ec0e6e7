"""The door of every command: it owns the process, so that a tap only has to read and write.

stdout is claimed before any code of a source is imported, signals become a request to stop, and
whatever ends the run becomes one CRITICAL line and a documented exit code.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from bizon_singer import collector, signals, stdout
from bizon_singer.errors import BizonSingerError, SourceFileError, UsageError
from bizon_singer.loader import is_loading
from bizon_singer.redact import one_line, redact
from bizon_singer.source_class import why_no_source

if TYPE_CHECKING:
    import click

    from bizon_singer.tap import SourceTap

ANSWERS = frozenset({"--help", "--version", "--about"})
"""Options whose answer is text for a person, on stdout."""


class OneLineFormatter(logging.Formatter):
    """Keeps one event on one line, whatever a message holds (CWE-117).

    A traceback, shown at debug only, follows on lines of its own, each with a bar in front.
    """

    def __init__(self, inner: logging.Formatter) -> None:
        """Wrap the formatter a handler has."""
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Format an event; its traceback is formatted apart."""
        trace, record.exc_info = record.exc_info, None
        record.exc_text = None
        text = one_line(self._inner.format(record))
        if not trace or trace[0] is None:
            return text
        lines = "".join(traceback.format_exception(*trace)).rstrip().splitlines()
        return "\n".join([text, *(f"    | {one_line(line)}" for line in lines)])


def main(
    make_tap: Callable[[Sequence[str]], type[SourceTap]],
    arguments: Sequence[str],
    name: str = "bizon-singer",
) -> int:
    """Run a tap's command and return its exit code.

    Args:
        make_tap: Gives the tap class; it may import code of the user.
        arguments: The command line without the command's own name.
        name: What the command is called until the tap class says so.
    """

    def work() -> int:
        nonlocal name
        with collector.paused():
            tap_class = make_tap(arguments)
        collector.freeze()
        name = tap_class.name
        return _run(tap_class, arguments)

    return own_process(work, lambda: name)


def own_process(work: Callable[[], int], name: Callable[[], str]) -> int:
    """Do the work of a command and return its exit code, whatever happens.

    Args:
        work: Gives the exit code; stdout is claimed before it is called.
        name: What the command is called, for the sentence that says what failed.
    """
    try:
        stdout.claim()
        signals.install()
        return work()
    except BizonSingerError as error:
        return _critical(name(), str(error), error.exit_code)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else UsageError.exit_code
    except BaseException as error:  # noqa: BLE001 - the last resort of the process
        _print_trace(error)
        return _critical(
            name(),
            f"this is a bug ({type(error).__name__}); please report it with the lines above",
            BizonSingerError.exit_code,
        )


def _run(tap_class: type[SourceTap], arguments: Sequence[str]) -> int:
    command = tap_class.cli
    for handler in logging.getLogger().handlers:
        handler.setFormatter(OneLineFormatter(handler.formatter or logging.Formatter()))
    return run_click(command, arguments, tap_class.name)


def run_click(command: click.Command, arguments: Sequence[str], name: str) -> int:
    """Run a command line that click reads; return its exit code.

    Raises:
        UsageError: It cannot be understood.
    """
    import click  # noqa: PLC0415 - after stdout is claimed

    if ANSWERS & set(arguments):
        sys.stdout = _AnswerStream()
    try:
        code = command.main(args=list(arguments), prog_name=name, standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        raise UsageError(f"{error.format_message().rstrip('.')}; see --help") from error
    return code if isinstance(code, int) else 0


class _AnswerStream:
    """Stands in for ``sys.stdout`` while an answer for a person is printed."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Write text to the real stdout."""
        stdout.current().write(redact(text).encode())
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def isatty(self) -> bool:
        """Say that no colours are wanted."""
        return False


def _print_trace(error: BaseException) -> None:
    for line in "".join(traceback.format_exception(error)).rstrip().splitlines():
        print(f"    | {one_line(line)}", file=sys.stderr)  # noqa: T201 - stderr, by intent


def _critical(name: str, sentence: str, code: int) -> int:
    logger = logging.getLogger(name)
    text = f"{name}: {one_line(sentence)}"
    if logging.getLogger().handlers:
        logger.critical("%s", text)
    else:
        print(f"CRITICAL {text}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
    return code


def exit_with(code: int) -> NoReturn:
    """End the process, also while a source's thread is still deep in a read."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # a descriptor that was closed at start
                stream.flush()
    except OSError:  # a source closed it; Python would fail once more and exit 120
        os._exit(code)
    if any(thread.name == "bizon-source" for thread in threading.enumerate()):
        os._exit(code)
    sys.exit(code)


def run_tap(tap_class: Callable[[], type[SourceTap]]) -> NoReturn:
    """Run a tap's command for its console script and exit.

    Args:
        tap_class: Imports and returns the tap class; it is called once stdout is claimed, and
            nothing is collected meanwhile.
    """
    exit_with(main(lambda _arguments: tap_class(), sys.argv[1:]))


def run(source_class: type[Any], *, name: str | None = None) -> None:
    """Run one source class as a tap: the last line of a custom tap.

    It ends the process. Only while tap-bizon loads the file it stands in, it does nothing.

    Args:
        source_class: An ``AbstractSource``.
        name: Name of the tap; ``QuakeSource`` is ``tap-quake`` by default.
    """
    if is_loading():
        return

    def make(_arguments: Sequence[str]) -> type[SourceTap]:
        from bizon_singer.tap import tap_for  # noqa: PLC0415 - singer-sdk takes 0.3 s to import

        reason = why_no_source(source_class)
        if reason is not None:
            raise SourceFileError(f"{_class_name(source_class)} {reason}; run() needs a source")
        return tap_for(own_name, [source_class])

    own_name = name or tap_name(source_class)
    exit_with(main(make, sys.argv[1:], own_name))


def _class_name(source_class: Any) -> str:
    """Return the name of a class, and what else is given instead of one."""
    if isinstance(source_class, type):
        return source_class.__name__
    return f"an instance of {type(source_class).__name__}"


def tap_name(source_class: type[Any]) -> str:
    """Return the tap's name for a source class: ``QuakeSource`` gives ``tap-quake``."""
    own = source_class if isinstance(source_class, type) else type(source_class)
    stem = own.__name__.removesuffix("Source") or own.__name__
    return "tap-" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", stem).lower()
