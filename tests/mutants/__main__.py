"""`make mutants`: what mutmut found, as one table; see :mod:`tests.mutants.report`.

It is started in the folder where mutmut ran.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.mutants.report import Mutant, mutants_in, table, verdict


def shown(name: str) -> str:
    """Return the diff of a mutant."""
    command = [str(Path(sys.executable).parent / "mutmut"), "show", name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    mutants: list[Mutant] = [
        mutant
        for path in sorted(Path("mutants").rglob("*.meta"))
        for mutant in mutants_in(path.read_text(), shown)
    ]
    sys.stdout.write(table(mutants))
    sys.exit(verdict(mutants))
