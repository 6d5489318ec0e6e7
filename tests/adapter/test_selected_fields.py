"""A source is told which fields will be written, so that it need not fetch the others."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from bizon_singer import AbstractSource, SourceIteration, SourceRecord, StreamDefinition
from bizon_singer.tap import tap_for
from bizon_singer.testing.runs import run
from tests.proofs.subjects import catalog_of

TEXT = {"type": ["null", "string"]}
FIELDS = {"id": TEXT, "name": TEXT, "notes": TEXT}


class ThriftySource(AbstractSource):
    """Notes what it is told to fetch."""

    told: ClassVar[list[frozenset[str] | None]] = []
    schema: ClassVar[dict[str, Any] | None] = {"type": "object", "properties": FIELDS}

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["things"]

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare it as the test wants it."""
        return [StreamDefinition("things", cls.schema, ("id",) if cls.schema else ())]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give one record."""
        assert not pagination
        self.told.append(self.selected_fields)
        return SourceIteration({}, [SourceRecord("1", {"id": "1", "name": "one"})])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str] | None]:
    """What the source was told; nothing yet."""
    monkeypatch.setattr(ThriftySource, "told", [])
    return ThriftySource.told


def told_with(catalog: Any = None, **config: Any) -> set[str] | None:
    """Return what a run tells the source."""
    assert run(tap_for("tap-thrifty", [ThriftySource]), config, None, catalog).code == 0
    told = ThriftySource.told[-1]
    return None if told is None else set(told)


@pytest.mark.usefixtures("told")
class TestWhatItIsTold:
    """By what is known of the stream."""

    def test_all_declared_fields(self) -> None:
        """Without a catalog, all are written."""
        assert told_with() == {"id", "name", "notes"}

    def test_those_a_catalog_selects(self) -> None:
        """And the key, whether selected or not."""
        found = catalog_of(tap_for("tap-thrifty", [ThriftySource]), {}, frozenset({"things"}))
        for item in found["streams"][0]["metadata"]:
            if item["breadcrumb"]:
                item["metadata"]["selected"] = item["breadcrumb"][1] == "name"
        assert told_with(found) == {"id", "name"}

    def test_nothing_of_an_open_schema(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Fields it does not name are wanted as well."""
        schema = {"type": "object", "properties": FIELDS, "additionalProperties": True}
        monkeypatch.setattr(ThriftySource, "schema", schema)
        assert told_with() is None

    def test_nothing_of_an_inferred_schema(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its fields are not known before the records are."""
        monkeypatch.setattr(ThriftySource, "schema", None)
        assert told_with() is None

    def test_nothing_of_an_envelope(self) -> None:
        """It holds the data as it is."""
        assert told_with(envelope=True) is None
