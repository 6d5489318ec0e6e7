"""A broker and a schema registry for all tests of a worker, and topics for each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.brokers.broker import Broker
from tests.brokers.jars import obstacle
from tests.brokers.registry import Registry
from tests.brokers.topic import Topic

MakeTopic = Callable[..., Topic]


@pytest.fixture(scope="session")
def java() -> None:
    """What servers need, or one line that says why they cannot be started here."""
    reason = obstacle()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def running_broker(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:  # noqa: ARG001 - asked for first
    """One broker a worker: to share one between workers would save less than it costs in care."""
    with Broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture(scope="session")
def registry(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:  # noqa: ARG001 - as above
    """One schema registry a worker, if a test of the worker asks for it."""
    with Registry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture
def broker(running_broker: Broker) -> Broker:
    """A broker that runs, whatever the test before did to it."""
    running_broker.start()
    return running_broker


@pytest.fixture
def make_topic(broker: Broker, request: pytest.FixtureRequest) -> MakeTopic:
    """Create topics that have the test in their names; a broker keeps them to its end."""
    made = 0

    def make(partitions: int = 1, **settings: object) -> Topic:
        nonlocal made
        made += 1
        name = re.sub(r"[^a-z0-9]+", "-", request.node.nodeid.partition("::")[2].lower())
        return Topic.create(broker, f"{name.strip('-')[:200]}-{made}", partitions, **settings)

    return make
