"""A source for tests of the process: numbered records of any size, slow or fast, in pages."""

from __future__ import annotations

import time
from typing import Any

from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord, run


class NumberedConfig(SourceConfig):
    """How much to give, and how fast."""

    pages: int = 20
    page_size: int = 10
    record_bytes: int = 200
    page_seconds: float = 0.0


class NumberedSource(AbstractSource):
    """Gives records 0, 1, 2 … of one or two streams."""

    @staticmethod
    def streams() -> list[str]:
        """Two streams, so that STATE holds one bookmark while the other moves."""
        return ["evens", "odds"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Use the settings above."""
        return NumberedConfig

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give one page of numbered records."""
        page = (pagination or {}).get("page", 0)
        time.sleep(self.config.page_seconds)
        size = self.config.page_size
        filler = "x" * self.config.record_bytes
        records = [
            SourceRecord(id=str(number), data={"number": number, "filler": filler})
            for number in range(page * size, (page + 1) * size)
        ]
        more = page + 1 < self.config.pages
        return SourceIteration(records=records, next_pagination={"page": page + 1} if more else {})


if __name__ == "__main__":
    run(NumberedSource)
