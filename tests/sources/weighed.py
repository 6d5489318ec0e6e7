"""A source of one record of any size, which says at the end how much memory the run took."""

from __future__ import annotations

import atexit
import resource
import sys
from typing import Any

from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord, run


class WeighedConfig(SourceConfig):
    """How large the record is, in bytes."""

    size: int = 1


class WeighedSource(AbstractSource):
    """Gives the record."""

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["things"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Use the setting above."""
        return WeighedConfig

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give one page."""
        del pagination
        data = {"text": "x" * self.config.size}
        return SourceIteration(records=[SourceRecord(id="1", data=data)])


def say_peak() -> None:
    """Write the largest amount of memory this process had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bytes_each = 1 if sys.platform == "darwin" else 1024
    sys.stderr.write(f"PEAK {peak * bytes_each}\n")


if __name__ == "__main__":
    atexit.register(say_peak)
    run(WeighedSource)
