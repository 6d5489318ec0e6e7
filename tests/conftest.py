"""What every test needs: secrets of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bizon_singer import redact as redact_module


@pytest.fixture(autouse=True)
def _own_secrets() -> Iterator[None]:
    """Forget the secrets a test registers, in the one registry every module holds."""
    registry = redact_module.redact
    before = dict(vars(registry))
    vars(registry).update(vars(redact_module.Redactor()))
    yield
    vars(registry).update(before)
