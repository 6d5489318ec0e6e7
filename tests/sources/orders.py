"""An HTTP source as a good one is written: OAuth, numbered pages, a check that asks the API.

Only a source knows what its API's answers look like, so it is the source that refuses an error
body, ``{}`` or a list with status 200: none of them is a page without orders.
"""

from __future__ import annotations

from typing import Any

from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord, run
from bizon_singer.errors import ProtocolError


class OrdersConfig(SourceConfig):
    base_url: str


class OrdersSource(AbstractSource):
    def __init__(self, config: OrdersConfig) -> None:
        super().__init__(config)
        self.session.belong_to(config.base_url)

    @staticmethod
    def streams() -> list[str]:
        return ["orders", "stock"]

    @staticmethod
    def get_config_class() -> type[OrdersConfig]:
        return OrdersConfig

    def check_connection(self) -> tuple[bool, Any]:
        self._fetch("account", "id")
        return True, None

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        number = (pagination or {}).get("page", 1)
        body = self._fetch(f"{self.config.stream}?page={number}", "items", "next")
        records = [SourceRecord(id=str(item["id"]), data=item) for item in body["items"]]
        following = {} if body["next"] is None else {"page": body["next"]}
        return SourceIteration(records=records, next_pagination=following)

    def _fetch(self, path: str, *fields: str) -> dict[str, Any]:
        body = self.session.get(f"{self.config.base_url}/{path}").json()
        if not isinstance(body, dict) or not body.keys() >= set(fields):
            raise ProtocolError(
                f"/{path.partition('?')[0]} answered without {' and '.join(fields)}; see the "
                "status page of the API, or run again later"
            )
        return body


if __name__ == "__main__":
    run(OrdersSource)
