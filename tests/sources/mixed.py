"""A source of several tables at once, for tests of routing.

Of ``count`` events, numbered from 0, every third is an order, every third a user, and the rest
name no table. Orders get a field ``note`` in the middle, and a table of its own, ``late``, appears
with the last events. With ``destinations: false`` no event names a table.
"""

from __future__ import annotations

from typing import Any

from bizon.source.config import SourceConfig
from bizon.source.models import SourceIteration, SourceRecord
from bizon.source.source import AbstractSource

TABLES = (None, "shop.raw.orders", "shop.raw.users")


class MixedConfig(SourceConfig):
    count: int = 30
    page_size: int = 4
    destinations: bool = True


class MixedSource(AbstractSource):
    @staticmethod
    def streams() -> list[str]:
        return ["events"]

    @staticmethod
    def get_config_class() -> type[SourceConfig]:
        return MixedConfig

    def check_connection(self) -> tuple[bool, None]:
        return True, None

    def get_authenticator(self) -> None:
        return None

    def get_total_records_count(self) -> int:
        return self.config.count

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        first = (pagination or {}).get("first", 0)
        after = first + self.config.page_size
        records = [self._event(number) for number in range(first, min(after, self.config.count))]
        following = {"first": after} if after < self.config.count else {}
        return SourceIteration(records=records, next_pagination=following)

    def _event(self, number: int) -> SourceRecord:
        data: dict[str, Any] = {"number": number}
        table = TABLES[number % 3]
        if number >= self.config.count - 2:
            table = "late"
        if table == "shop.raw.orders":
            data["total"] = number / 2
            if number > self.config.count / 2:
                data["note"] = "late in the day"
        return SourceRecord(
            id=str(number), data=data, destination_id=table if self.config.destinations else None
        )
