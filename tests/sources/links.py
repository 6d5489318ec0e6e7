"""A source that follows the links its API gives, as they are or relative to the page they stand on.

It is the kind a foreign link is dangerous to; only the session keeps it at home.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord, run


class LinksConfig(SourceConfig):
    base_url: str


class LinksSource(AbstractSource):
    def __init__(self, config: LinksConfig) -> None:
        super().__init__(config)
        self.session.belong_to(config.base_url)

    @staticmethod
    def streams() -> list[str]:
        return ["items"]

    @staticmethod
    def get_config_class() -> type[LinksConfig]:
        return LinksConfig

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        first = f"{self.config.base_url}/items"
        url = urljoin(first, (pagination or {}).get("next", first))
        body = self.session.get(url).json()
        records = [SourceRecord(id=str(item["id"]), data=item) for item in body["items"]]
        following = {"next": body["next"]} if body["next"] else {}
        return SourceIteration(records=records, next_pagination=following)


if __name__ == "__main__":
    run(LinksSource)
