"""Runs whole processes and tells what they cost, start and imports included."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUBJECTS = Path(__file__).parent / "subjects"


@dataclass(frozen=True)
class Cost:
    """What a process took.

    Attributes:
        cpu_seconds: User and system time.
        wall_seconds: Time from start to end.
        peak_mib: Largest resident size, in MiB.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float


def cost_of(arguments: Sequence[str], *, rounds: int = 1, read_page_seconds: float = 0) -> Cost:
    """Run a command and return the least of each figure.

    Args:
        arguments: The command.
        rounds: How often it is run.
        read_page_seconds: How long its reader takes for 64 KiB; 0 sends the output to /dev/null.

    Raises:
        RuntimeError: It failed.
    """
    return least([_run(arguments, read_page_seconds) for _ in range(rounds)])


def least(costs: Sequence[Cost]) -> Cost:
    """Return the least of each figure."""
    return Cost(
        min(cost.cpu_seconds for cost in costs),
        min(cost.wall_seconds for cost in costs),
        min(cost.peak_mib for cost in costs),
    )


def in_turn(commands: Mapping[str, Sequence[str]], *, rounds: int) -> dict[str, Cost]:
    """Run commands in turn, so that a machine that changes its pace does so for all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, arguments in commands.items():
            costs[name].append(cost_of(arguments))
    return {name: least(each) for name, each in costs.items()}


def _run(arguments: Sequence[str], read_page_seconds: float) -> Cost:
    started = time.monotonic()
    target = subprocess.PIPE if read_page_seconds else subprocess.DEVNULL
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(arguments, stdout=target, stderr=log, env=environment())
        watch = _PeakWatch(process.pid)
        if process.stdout is not None:
            while os.read(process.stdout.fileno(), 1 << 16):
                time.sleep(read_page_seconds)
            process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise RuntimeError(log.read().decode()[-2000:])
    wall = time.monotonic() - started
    return Cost(usage.ru_utime + usage.ru_stime, wall, watch.peak_mib())


def environment() -> dict[str, str]:
    """Return the environment of a subject: bytecode is kept, as for an installed package."""
    root = str(Path(__file__).parents[2])
    return {
        **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPATH": root,
    }


class _PeakWatch:
    """The largest resident size of a process, asked of the kernel every few milliseconds.

    What ``wait4`` tells includes the parent's size at the fork.
    """

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._peak_kib = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while "VmHWM:" in (text := self._status.read_text()):
                if "Z (zombie)" in text:
                    return
                self._peak_kib = int(text.partition("VmHWM:")[2].split()[0])
                time.sleep(0.005)

    def peak_mib(self) -> float:
        """Return the peak in MiB; 0 where the kernel has no /proc."""
        self._thread.join(1)
        return self._peak_kib / 1024


def subject(name: str, *arguments: str) -> list[str]:
    """Return the command line of a subject."""
    return [sys.executable, str(SUBJECTS / f"{name}.py"), *arguments]


def config_file(folder: str, config: dict[str, Any], name: str = "config") -> str:
    """Write a config and return its path."""
    path = Path(folder) / f"{name}.json"
    path.write_text(json.dumps(config))
    return str(path)


def row(*cells: str) -> None:
    """Print a row of a Markdown table."""
    print("| " + " | ".join(cells) + " |")


def header(*cells: str) -> None:
    """Print the head of a Markdown table."""
    print()
    row(*cells)
    print("|" + "---|" * len(cells))
