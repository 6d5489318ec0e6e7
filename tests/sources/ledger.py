"""An incremental source for proofs: ties, empty pages, Python values in pagination and state.

It is written as for Bizon. The ledger has ``count`` entries; entry i was changed at minute i // 3,
so three entries share each time. A page of entries follows a cursor (a datetime and an id, as a
tuple), and every fourth page is empty.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bizon.source.config import SourceConfig
from bizon.source.models import SourceIncrementalState, SourceIteration, SourceRecord
from bizon.source.source import AbstractSource

START = datetime(2024, 1, 1, tzinfo=UTC)


class LedgerConfig(SourceConfig):
    count: int = 50
    page_size: int = 4


class LedgerSource(AbstractSource):
    @staticmethod
    def streams() -> list[str]:
        return ["entries"]

    @staticmethod
    def get_config_class() -> type[SourceConfig]:
        return LedgerConfig

    def check_connection(self) -> tuple[bool, None]:
        return True, None

    def get_authenticator(self) -> None:
        return None

    def get_total_records_count(self) -> int:
        return self.config.count

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        return self._page(START, pagination)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        since = source_state.state.get("since", START)
        return self._page(since, pagination)

    def _page(self, since: datetime, pagination: dict[str, Any] | None) -> SourceIteration:
        step, cursor = (pagination or {}).get("at", (0, (since, -1)))
        if step % 4 == 3:
            return SourceIteration(records=[], next_pagination={"at": (step + 1, cursor)})
        left = [
            (START + timedelta(minutes=number // 3), number) for number in range(self.config.count)
        ]
        left = [pair for pair in left if pair > cursor]
        page = left[: self.config.page_size]
        records = [
            SourceRecord(
                id=str(number), data={"number": number, "changed": changed, "odd": number % 2}
            )
            for changed, number in page
        ]
        if len(left) <= self.config.page_size:
            return SourceIteration(
                records=records,
                next_pagination={},
                next_state={"since": page[-1][0] if page else since},
            )
        return SourceIteration(records=records, next_pagination={"at": (step + 1, page[-1])})
