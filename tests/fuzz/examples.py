"""How many examples a fuzz target gets, by the profile the environment names.

::

    FUZZ_PROFILE=nightly python -m pytest tests/fuzz      10,000 each, new ones every time
    FUZZ_PROFILE=test                                     few and the same each time (default)

A failure prints the smallest example and the line that replays it.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

NIGHTLY_EXAMPLES: Final = 10_000
_HEALTH: Final = (
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.function_scoped_fixture,
)
settings.register_profile(
    "test", deadline=None, derandomize=True, database=None, suppress_health_check=_HEALTH
)
settings.register_profile(
    "nightly",
    deadline=None,
    print_blob=True,
    suppress_health_check=_HEALTH,
)


def examples(count: int, *, nightly: int = NIGHTLY_EXAMPLES, steps: int = 20) -> settings:
    """Return the settings of a target.

    They are given to each target by name, because any other module may load a profile of its own.

    Args:
        count: Examples in ``make test``.
        nightly: Examples of a nightly run; fewer only where one takes half a second.
        steps: Longest run of a state machine.
    """
    profile = os.environ.get("FUZZ_PROFILE", "test")
    chosen = settings.get_profile(profile)
    if profile == "nightly":
        return settings(chosen, max_examples=nightly, stateful_step_count=steps)
    return settings(chosen, max_examples=count, stateful_step_count=steps)
