"""What it costs to start: discovery of a static tap, against importing what everybody needs."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.benchmarks.process import header, in_turn, row

ROUNDS = 5


def table() -> None:
    """Print CPU seconds."""
    costs = in_turn(
        {
            "python -c pass": [sys.executable, "-c", "pass"],
            "import singer_sdk": [sys.executable, "-c", "import singer_sdk"],
            "tap-dummy --discover": [str(Path(sys.executable).parent / "tap-dummy"), "--discover"],
        },
        rounds=ROUNDS,
    )
    header("start", "CPU s", "peak memory")
    for name, cost in costs.items():
        row(f"`{name}`", f"{cost.cpu_seconds:.2f}", f"{cost.peak_mib:.0f} MiB")
