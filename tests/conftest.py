"""What tests of all folders share: secrets of their own, pauses noted and not made, a Notion."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from time import monotonic

import pytest

from bizon_singer import redact as redact_module
from bizon_singer.source import budget as budget_module
from bizon_singer.source import session as session_module
from tests.fakes.notion import Notion


@pytest.fixture(autouse=True)
def _own_secrets() -> Iterator[None]:
    """Forget the secrets a test registers, in the one registry every module holds."""
    registry = redact_module.redact
    before = dict(vars(registry))
    vars(registry).update(vars(redact_module.Redactor()))
    yield
    vars(registry).update(before)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pauses between tries instead of making them; the clock jumps over them."""
    noted: list[float] = []
    monkeypatch.setattr(session_module, "sleep", noted.append)
    monkeypatch.setattr(budget_module, "monotonic", lambda: monotonic() + sum(noted))
    return noted


@pytest.fixture
def notion() -> Iterator[Notion]:
    """An empty workspace of a Notion."""
    with Notion() as server:
        yield server


@pytest.fixture(autouse=True)
def no_collection_within_a_recursion(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let no garbage of other tests be collected where the stack is nearly full, and fail there."""
    if "deep" not in request.node.name:
        yield
        return
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
