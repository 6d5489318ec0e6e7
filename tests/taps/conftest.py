"""A Kafka cluster for the tests of tap-kafka."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.kafka import Kafka


@pytest.fixture
def kafka() -> Iterator[Kafka]:
    """An empty cluster."""
    with Kafka() as cluster:
        yield cluster
