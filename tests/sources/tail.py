"""A source that goes on after what it has seen, for a run begun by another program.

Entries are numbered from 0; ``seen`` in the custom state says how many an earlier run has had.
"""

from __future__ import annotations

from typing import Any

from bizon.source.config import SourceConfig
from bizon.source.models import SourceIncrementalState, SourceIteration, SourceRecord
from bizon.source.source import AbstractSource


class TailConfig(SourceConfig):
    count: int = 30
    page_size: int = 4


class TailSource(AbstractSource):
    @staticmethod
    def streams() -> list[str]:
        return ["entries", "quiet", "reset", "exhausted"]

    @staticmethod
    def get_config_class() -> type[SourceConfig]:
        return TailConfig

    def get_authenticator(self) -> None:
        return None

    def check_connection(self) -> tuple[bool, None]:
        return True, None

    def get_total_records_count(self) -> None:
        return None

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        return self._page((pagination or {}).get("first", 0), "")

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        first = (pagination or {}).get("first", source_state.state.get("seen", 0))
        began = source_state.run_started_at
        return self._page(first, f"{source_state.last_run:%m-%d %H:%M} {began:%m-%d %H:%M}")

    def _page(self, first: int, since: str) -> SourceIteration:
        after = min(first + self.config.page_size, self.config.count)
        records = [
            SourceRecord(id=str(number), data={"number": number, "since": since})
            for number in range(first, after)
        ]
        more = {"first": after} if after < self.config.count else {}
        return SourceIteration(records=records, next_pagination=more, next_state={"seen": after})
