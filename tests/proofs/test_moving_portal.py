"""I4 for tap-hubspot: whatever is edited between any two of its requests, nothing is lost.

Each seed is a schedule: how far the index of the search lags, what is edited when, and which runs
are cut short. The union of a run and the next equals the truth. A schedule is replayed by its id.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.proofs.moving_portal import LOOKBACK_SECONDS, Schedule, discovered, moving_hubspot

SCHEDULES = 200


@pytest.fixture(scope="module")
def catalog() -> dict[str, Any]:
    """The catalog of a portal like those of all schedules."""
    return discovered()


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_a_portal_may_be_edited_at_any_time(seed: int, catalog: dict[str, Any]) -> None:
    """What changed, came, was archived or deleted while a sync ran is right after the next one."""
    draw = Random(seed)
    lag = draw.choice((0, 20, LOOKBACK_SECONDS - 10))
    with moving_hubspot(lag) as hubspot:
        schedule = Schedule(hubspot, catalog, draw)
        for _ in range(draw.randrange(1, 3)):
            cut = {"max_iterations": draw.randrange(1, 4)} if draw.random() < 0.4 else {}
            schedule.run(edits=draw.choice((0.1, 0.3, 0.6)), **cut)
            hubspot.clock.wait(draw.choice((0, 5, 1000)))
        schedule.finish()
        assert schedule.untruths() == []
