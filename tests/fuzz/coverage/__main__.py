"""Coverage-guided fuzzing of what comes from outside: ``python -m tests.fuzz.coverage TARGET``.

Run by ``make fuzz``, in an environment of its own. Atheris watches which lines of the package an
input reaches and keeps those that reach new ones, in the corpus folder given on its command line;
an input that breaks an invariant is written to a file ``…-crash-…`` and replayed by passing it.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["bizon_singer", "bizon_taps"]):
    from tests.fuzz.coverage.targets import TARGETS


def main() -> None:
    """Fuzz the target that is named first; the rest of the command line is libFuzzer's."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"the first argument must be one of {', '.join(TARGETS)}")
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
