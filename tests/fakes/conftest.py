"""A portal for the tests of the made-up HubSpot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.hubspot import Clock, HubSpot, Limits
from tests.fakes.hubspot_asking import NOON


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """An empty portal whose clock stands at noon; a search is a second behind."""
    limits = Limits(per_10_seconds=500, daily=2000, searches_per_second=None)
    with HubSpot(Clock(NOON), index_lag_seconds=1, limits=limits) as server:
        yield server
