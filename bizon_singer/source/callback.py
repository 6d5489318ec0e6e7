"""Callbacks of a source, kept so that sources written for Bizon import and construct.

Bizon 0.6.4 calls none of them, and neither does this package: a tap cannot know what the target
has written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any


class AbstractSourceCallback(ABC):
    """Told about iterations once a destination has written them, in Bizon."""

    def __init__(self, config: Any = None) -> None:
        """Keep the source's configuration."""
        self.config = config

    @abstractmethod
    def on_iterations_written(self, iterations: Sequence[Any]) -> None:
        """Receive the iterations that were written."""


class NoOpSourceCallback(AbstractSourceCallback):
    """Does nothing."""

    def on_iterations_written(self, iterations: Sequence[Any]) -> None:
        """Ignore the iterations."""
