"""Runs whole processes and tells what they cost, start and imports included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
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


def cost_of(arguments: Sequence[str], *, rounds: int = 1) -> Cost:
    """Run a command to /dev/null and return the least of each figure.

    Raises:
        RuntimeError: It failed.
    """
    costs = [_run(arguments) for _ in range(rounds)]
    return Cost(
        min(cost.cpu_seconds for cost in costs),
        min(cost.wall_seconds for cost in costs),
        min(cost.peak_mib for cost in costs),
    )


def _run(arguments: Sequence[str]) -> Cost:
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise RuntimeError(log.read().decode()[-2000:])
    wall = time.monotonic() - started
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def subject(name: str, *arguments: str) -> list[str]:
    """Return the command line of a subject."""
    return [sys.executable, str(SUBJECTS / f"{name}.py"), *arguments]


def config_file(folder: str, config: dict[str, Any]) -> str:
    """Write a config and return its path."""
    path = Path(folder) / "config.json"
    path.write_text(json.dumps(config))
    return str(path)
