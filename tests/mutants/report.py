"""The mutants of the modules a resume stands on: how many of them some test notices.

mutmut makes a small change to a function, such as ``<`` to ``<=``, and runs the tests that come by
it. A mutant is killed when one of them fails, or when it makes them run many times as long as they
should. A survivor is either a missing test, or no change at all (tests/mutants/equivalent.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.mutants.equivalent import EQUIVALENT

LEAST_PERCENT: Final = 85
_SURVIVED: Final = frozenset({0, 33})
"""Exit codes of mutmut's: the tests pass; no test comes by the function."""
_TIMED_OUT: Final = frozenset({-24, 24, 36, 152, 255})


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timeout"
    EQUIVALENT = "equivalent"
    SURVIVED = "survived"
    UNKNOWN = "not run"


@dataclass(frozen=True)
class Mutant:
    """One mutant.

    Attributes:
        name: As ``mutmut show`` takes it.
        diff: What it changes, the lines that begin with ``-`` or ``+``; only of a survivor.
    """

    module: str
    name: str
    fate: Fate
    diff: str = ""


def mutants_in(meta: str, show: Callable[[str], str]) -> Iterable[Mutant]:
    """Yield the mutants of one module.

    Args:
        meta: What mutmut keeps of it.
        show: Gives the diff of a mutant by its name.
    """
    for name, code in json.loads(meta)["exit_code_by_key"].items():
        module = name.split(".")[1]
        if code in _SURVIVED:
            diff = changed_lines(show(name))
            fate = Fate.EQUIVALENT if (module, diff) in EQUIVALENT else Fate.SURVIVED
            yield Mutant(module, name, fate, diff)
        elif code is None:
            yield Mutant(module, name, Fate.UNKNOWN)
        else:
            yield Mutant(module, name, Fate.TIMED_OUT if code in _TIMED_OUT else Fate.KILLED)


def changed_lines(diff: str) -> str:
    """Return the lines of a diff that differ, blanks around them left out."""
    lines = [
        line for line in diff.splitlines() if line[:1] in "-+" and line[:3] not in {"---", "+++"}
    ]
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines if line)


def percent(mutants: Iterable[Mutant]) -> float:
    """Return the share of mutants that are noticed; those that change nothing do not count."""
    count = Counter(mutant.fate for mutant in mutants)
    total = count.total() - count[Fate.EQUIVALENT]
    return 100 * (count[Fate.KILLED] + count[Fate.TIMED_OUT]) / total if total else 0.0


def table(mutants: list[Mutant]) -> str:
    """Return the survivors with what they change, and a line for each module."""
    lines = [
        f"{mutant.name}\n{mutant.diff}\n" for mutant in mutants if mutant.fate is Fate.SURVIVED
    ]
    lines.append("module     mutants" + "".join(f"{fate:>12}" for fate in Fate) + "   noticed")
    for module in [*sorted({mutant.module for mutant in mutants}), "all"]:
        own = [mutant for mutant in mutants if module in {mutant.module, "all"}]
        count = Counter(mutant.fate for mutant in own)
        counts = "".join(f"{count[fate]:>12}" for fate in Fate)
        lines.append(f"{module:<10} {len(own):>7}{counts}   {percent(own):6.1f} %")
    return "\n".join([*lines, ""])


def verdict(mutants: list[Mutant]) -> int:
    """Return the exit code: each module has to be good enough, and all of it to have been run."""
    if not mutants or any(mutant.fate is Fate.UNKNOWN for mutant in mutants):
        return 1
    modules = {mutant.module for mutant in mutants}
    shares = [percent(item for item in mutants if item.module == name) for name in modules]
    return int(min(shares) < LEAST_PERCENT)
