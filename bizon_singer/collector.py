"""The garbage collector stands still while modules are imported.

An import makes tens of thousands of objects and hardly any garbage, and the collector looks through
all of them again and again, and once more when the process ends: a quarter of the CPU time a tap
starts in (tests/benchmarks/start.py).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Collect nothing in the body of a ``with``, and have all as it was behind it.

    The threshold is what is changed: ``gc.isenabled()`` stays what the program made of it, and so
    does a threshold that is set in the body.
    """
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        yield
    finally:
        if gc.get_threshold()[0] == 0:
            gc.set_threshold(*before)
        if gc.get_freeze_count() == 0:
            # To freeze and unfreeze makes everything old without a look at it. All those objects
            # would be looked through at once otherwise, as young ones, which takes 30 ms.
            gc.freeze()
            gc.unfreeze()


def freeze() -> None:
    """Let the collector pass over all there is now: for a process of our own, never for an import.

    What is imported lives as long as the process: each full collection, one at the end of the
    process among them, takes 40 ms less.
    """
    gc.freeze()
