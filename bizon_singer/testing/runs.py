"""One run of a tap in this process, to its end or its failure, and what a user sees of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bizon_singer import stdout
from bizon_singer.errors import BizonSingerError
from bizon_singer.progress import without_bars
from bizon_singer.tap import SourceTap
from bizon_singer.testing.recording import Recording, read
from bizon_singer.testing.stdout_watch import watched_stdout


@dataclass(frozen=True)
class Run:
    """A run that ended.

    Attributes:
        code: What the process would have exited with.
        stdout: The messages it wrote.
        sentence: Why it failed, empty if it did not.
        warnings: What it warned of, in order.
        errors: What it said of each stream that failed, tracebacks left out.
        printed: Says what the source wrote to stdout, where a process has its messages.
    """

    code: int
    stdout: bytes
    sentence: str
    warnings: tuple[str, ...]
    errors: tuple[str, ...]
    printed: str

    @cached_property
    def recording(self) -> Recording:
        """What it wrote, read once."""
        return read(self.stdout)

    @cached_property
    def state(self) -> Any:
        """The last STATE, as a target would hand it to the next run; None without one."""
        found = list(self.recording.of("STATE"))
        return json.loads(self.stdout[found[-1].start : found[-1].end])["value"] if found else None

    def bookmark(self, stream: str) -> Any:
        """Return the bookmark of a stream in the last STATE."""
        return self.state["bookmarks"][stream]

    def records(self, stream: str | None = None) -> list[dict[str, Any]]:
        """Return the records of one stream or of all, in order, numbers exact."""
        return [
            message.body["record"]
            for message in self.recording.of("RECORD")
            if stream in {None, message.stream}
        ]


class _Memory(stdout.Writer):
    """Keeps the messages of a run."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.lines: list[bytes] = []

    def write(self, lines: bytes) -> None:
        """Keep whole lines."""
        self.lines.append(lines)


class _Collector(logging.Handler):
    """Collects what is logged, by level."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: dict[int, list[str]] = {logging.WARNING: [], logging.ERROR: []}

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not text.startswith("    | "):  # a line of a traceback
            self.texts[min(record.levelno, logging.ERROR)].append(text)


def run(
    tap_class: type[SourceTap],
    config: Mapping[str, Any] | None = None,
    state: Any = None,
    catalog: Any = None,
) -> Run:
    """Run a tap as its command would, and never raise for what a command ends with."""
    code, sentence = 0, ""
    collector, memory = _Collector(), _Memory()
    root = logging.getLogger()
    # Only ours: pytest would keep the logs of thousands of runs, and its workers cannot pass on
    # a lone surrogate in one.
    handlers, root.handlers = root.handlers, [collector]
    logging.disable(logging.INFO)
    try:
        with without_bars(), stdout.replaced_by(memory), watched_stdout(pass_on=False) as printed:
            tap_class(config=dict(config or {}), state=state, catalog=catalog).sync_all()
    except BizonSingerError as error:
        code, sentence = error.exit_code, str(error)
    finally:
        logging.disable(logging.NOTSET)
        root.handlers = handlers
    warnings, errors = map(tuple, collector.texts.values())
    return Run(code, b"".join(memory.lines), sentence, warnings, errors, printed.finding)
