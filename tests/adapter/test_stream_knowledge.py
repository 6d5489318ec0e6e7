"""What a source is told of its streams: the schema they are checked against, and their settings."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from bizon_singer import AbstractSource, SourceIteration, SourceRecord, StreamDefinition
from bizon_singer.source.config import SourceConfig
from bizon_singer.tap import tap_for
from bizon_singer.testing.runs import run
from tests.proofs.subjects import catalog_of

TEXT = {"type": ["null", "string"]}


class ShelfConfig(SourceConfig):
    """How wide a shelf is."""

    width: int = 1


class ShelfSource(AbstractSource):
    """Has two shelves, each as wide as its settings say."""

    told: ClassVar[list[Any]] = []

    @staticmethod
    def streams() -> list[str]:
        """The first shelf alone is known to everybody."""
        return ["upper"]

    @staticmethod
    def get_config_class() -> type[ShelfConfig]:
        """Shelves are wide."""
        return ShelfConfig

    def discover(self) -> list[StreamDefinition]:
        """Describe both by their own settings."""
        assert self.config_of is not None
        widths = {name: self.config_of(name).width for name in ("upper", "lower")}
        return [
            StreamDefinition(
                name,
                {"type": "object", "properties": {f"book_{n}": TEXT for n in range(width)}},
            )
            for name, width in widths.items()
        ]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give one record."""
        assert not pagination
        self.told.append(self.stream_schema)
        return SourceIteration({}, [SourceRecord("1", {})])


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test with nothing told."""
    monkeypatch.setattr(ShelfSource, "told", [])


SETTINGS = {"width": 2, "stream_settings": {"lower": {"width": 3}}}


def test_discovery_knows_the_settings_of_each_stream() -> None:
    """Those of ``stream_settings`` go before those at the top."""
    found = catalog_of(tap_for("tap-shelf", [ShelfSource]), SETTINGS, frozenset())
    widths = [len(entry["schema"]["properties"]) for entry in found["streams"]]
    assert widths == [2, 3]


def test_a_source_knows_the_schema_its_records_are_checked_against() -> None:
    """As the catalog has it, what a user changed there included."""
    tap_class = tap_for("tap-shelf", [ShelfSource])
    found = catalog_of(tap_class, {}, frozenset({"upper"}))
    found["streams"][0]["schema"]["properties"]["book_0"] = {"type": ["null", "integer"]}
    assert run(tap_class, {}, None, found).code == 0
    assert ShelfSource.told[0]["properties"] == {"book_0": {"type": ["integer", "null"]}}


def test_records_of_no_schema_are_not_told_one() -> None:
    """In an envelope a record may hold anything."""
    tap_class = tap_for("tap-shelf", [ShelfSource])
    assert run(tap_class, {"envelope": True, "stream": "upper"}).code == 0
    assert ShelfSource.told == [None]
