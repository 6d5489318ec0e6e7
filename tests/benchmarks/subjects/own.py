"""The source of a user who wants nothing special: ``self.session``, ``json()``, SourceRecord."""

from typing import Any

from bizon_singer import AbstractSource, SourceIteration, SourceRecord, StreamDefinition, run
from bizon_singer.source.config import SourceConfig
from tests.benchmarks.contacts import SCHEMA


class PagesConfig(SourceConfig):
    """Where the server is and how many streams it has."""

    base_url: str
    count: int = 1


class PagesSource(AbstractSource):
    """Reads the page server."""

    @staticmethod
    def streams() -> list[str]:
        """Eight streams, of which one is read by default."""
        return ["contacts", *(f"contacts_{number}" for number in range(2, 9))]

    @staticmethod
    def get_config_class() -> type[PagesConfig]:
        """Take the server's address."""
        return PagesConfig

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare the schema, as a tap of an API does."""
        return [StreamDefinition(name, SCHEMA, ("id",), "updatedAt") for name in cls.streams()]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Fetch a page."""
        after = (pagination or {}).get("after", 0)
        url = f"{self.config.base_url}/{self.config.stream}"
        page = self.session.get(url, params={"after": after}).json()
        records = [SourceRecord(id=item["id"], data=item) for item in page["results"]]
        following = {"after": page["next"]} if page["next"] else {}
        return SourceIteration(records=records, next_pagination=following)


if __name__ == "__main__":
    run(PagesSource)
