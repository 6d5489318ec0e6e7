"""Records of a source become records of the stream, in one of three forms, and fit its schema."""

from __future__ import annotations

from collections import UserDict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.errors import ProtocolError
from bizon_singer.iteration import Page, accept_records
from bizon_singer.layout import DATA, DESTINATION, ID, TIMESTAMP, Layout, RecordBuilder, base_schema
from bizon_singer.schema import RecordSchema
from bizon_singer.selection import Selection
from bizon_singer.source.models import SourceRecord
from bizon_singer.values import ValueReader
from tests.adapter.strategies import values

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW_TEXT = "2024-01-02T03:04:05Z"


def page(*records: SourceRecord) -> Page:
    """Return a page of records."""
    return Page(1, accept_records(list(records)), {}, None, NOW)


def builder(
    layout: Layout,
    schema: dict[str, Any] | None = None,
    *,
    deselected: tuple[tuple[str, ...], ...] = (),
    keys: tuple[str, ...] | None = None,
    takes_text: bool = True,
) -> tuple[RecordBuilder, RecordSchema]:
    """Return a builder and the schema it widens."""
    known = RecordSchema(base_schema(layout) if schema is None else schema)
    default = () if layout is Layout.DECLARED else (ID,)
    reader = ValueReader(lambda _field, _what: None)
    keys = default if keys is None else keys
    selection = Selection(deselected)
    return RecordBuilder(layout, known, selection, keys, reader, takes_text=takes_text), known


class TestForms:
    """Declared, flat and envelope."""

    def test_declared_is_the_data(self) -> None:
        """As the source gave it, and nothing else."""
        build, _ = builder(Layout.DECLARED, {"properties": {"a": {"type": "integer"}}})
        assert build.build(page(SourceRecord("1", {"a": 5}))) == ([{"a": 5}], [])

    def test_flat_is_the_data_and_two_columns(self) -> None:
        """Key and time; the fields are inferred, those of the columns known before."""
        build, schema = builder(Layout.FLAT)
        records, changed = build.build(
            page(SourceRecord("1", {"a": 5}), SourceRecord("2", {"b": 1}))
        )
        assert records == [
            {"a": 5, ID: "1", TIMESTAMP: NOW_TEXT},
            {"b": 1, ID: "2", TIMESTAMP: NOW_TEXT},
        ]
        assert changed == ["a", "b"]
        assert list(schema.to_dict()["properties"]) == [ID, TIMESTAMP, "a", "b"]

    def test_flat_has_a_third_column_once_a_record_is_routed(self) -> None:
        """Which is then declared."""
        build, schema = builder(Layout.FLAT)
        assert DESTINATION not in schema.to_dict()["properties"]
        records, changed = build.build(page(SourceRecord("1", {}, None, "table")))
        assert records[0][DESTINATION] == "table"
        assert changed == [DESTINATION]

    def test_envelope_never_changes_its_schema(self) -> None:
        """Whatever the data."""
        build, schema = builder(Layout.ENVELOPE)
        before = schema.to_dict()
        data: dict[Any, Any] = {"a": [{"b": 1.5}], ID: "own", "bytes": b"x", 5: {1}}
        records, changed = build.build(page(SourceRecord("1", data)))
        assert changed == []
        assert schema.to_dict() == before
        assert records == [
            {
                ID: "1",
                TIMESTAMP: NOW_TEXT,
                DESTINATION: None,
                DATA: {"a": [{"b": 1.5}], ID: "own", "bytes": "x", "5": [1]},
            }
        ]

    @pytest.mark.parametrize("column", [ID, TIMESTAMP, DESTINATION])
    def test_a_column_name_in_the_data_is_an_error(self, column: str) -> None:
        """One of the two would be lost."""
        build, _ = builder(Layout.FLAT)
        records = page(SourceRecord("1", {}), SourceRecord("2", {column: 1}, None, "table"))
        with pytest.raises(ProtocolError, match=f"record 2 has a field `{column}` of its own"):
            build.build(records)

    @pytest.mark.parametrize("layout", [Layout.FLAT, Layout.ENVELOPE])
    def test_the_source_s_own_timestamp_is_kept(self, layout: Layout) -> None:
        """Else it is when the page was fetched, one for all."""
        moment = datetime(2020, 1, 1, tzinfo=UTC)
        build, _ = builder(layout)
        records, changed = build.build(page(SourceRecord("1", {}, moment), SourceRecord("2", {})))
        assert [record[TIMESTAMP] for record in records] == [moment, NOW_TEXT]
        assert changed == []


class TestFitting:
    """What leaves fits the schema."""

    def test_a_value_that_needs_converting_does_not_widen(self) -> None:
        """A tuple of a declared array is an array."""
        build, _ = builder(Layout.DECLARED, {"properties": {"a": {"type": "array"}}})
        assert build.build(page(SourceRecord("1", {"a": (1, 2)}))) == ([{"a": [1, 2]}], [])

    def test_a_record_that_does_not_fit_widens(self) -> None:
        """For the whole page, fields named once."""
        build, schema = builder(Layout.DECLARED, {"properties": {"a": {"type": "integer"}}})
        records = [
            SourceRecord(str(n), {"a": value}) for n, value in enumerate((1, "x", 2.5, None))
        ]
        built, changed = build.build(page(*records))
        assert [record["a"] for record in built] == [1, "x", 2.5, None]
        assert changed == ["a"]
        assert all(map(schema.fits, built))
        assert build.build(page(*records))[1] == []

    @given(st.lists(st.dictionaries(st.sampled_from("ab"), values, max_size=2), max_size=4))
    def test_every_record_fits_the_schema_as_it_is_after_the_page(
        self, data: list[dict[str, Any]]
    ) -> None:
        """Whatever is in them."""
        for layout in Layout:
            build, schema = builder(layout)
            records = [SourceRecord(str(number), item) for number, item in enumerate(data)]
            try:
                built, _ = build.build(page(*records))
            except ProtocolError as error:
                assert "two keys" in str(error)  # noqa: PT017
                continue
            assert len(built) == len(data)
            assert all(map(schema.fits, built))

    def test_the_source_s_records_are_not_changed(self) -> None:
        """Neither their data nor the list they came in."""
        inner = {"b": (1,), "c": 1}
        data = {"a": inner, "gone": 1}
        records = [SourceRecord("1", data)]
        build, _ = builder(Layout.FLAT, deselected=(("properties", "gone"), crumb("a", "c")))
        given_page = Page(1, records, {}, None, NOW)
        built, _ = build.build(given_page)
        assert built[0]["a"] == {"b": [1]}
        assert data == {"a": {"b": (1,), "c": 1}, "gone": 1}
        assert data["a"] is inner
        assert records == [SourceRecord("1", data)]


def crumb(*names: str) -> tuple[str, ...]:
    """Return the breadcrumb of a field."""
    return tuple(word for name in names for word in ("properties", name))


class TestSelection:
    """Deselected fields are gone before anything else looks at them."""

    def test_a_deselected_field_is_neither_written_nor_inferred(self) -> None:
        """Nor can its values do harm."""
        build, schema = builder(Layout.FLAT, deselected=(crumb("odd"),))
        records, changed = build.build(page(SourceRecord("1", {"a": 1, "odd": object()})))
        assert "odd" not in records[0]
        assert changed == ["a"]
        assert "odd" not in schema.to_dict()["properties"]

    def test_a_field_inside_an_object_of_another_kind_is_gone_too(self) -> None:
        """A mapping that is no dict becomes one when it is converted."""
        build, _ = builder(Layout.FLAT, deselected=(crumb("a", "secret"),))
        records, _ = build.build(page(SourceRecord("1", {"a": UserDict(secret=1, open=2)})))
        assert records[0]["a"] == {"open": 2}


class TestKeys:
    """A record has its keys."""

    @pytest.mark.parametrize("data", [{}, {"id": None}, {"id": float("nan")}])
    def test_a_record_without_its_key_is_an_error(self, data: dict[str, Any]) -> None:
        """A target could only add it once more with every run."""
        build, _ = builder(Layout.DECLARED, {"properties": {}}, keys=("id",))
        with pytest.raises(ProtocolError, match="record 2 has no `id`, which is a key"):
            build.build(page(SourceRecord("1", {"id": 0}), SourceRecord("2", data)))

    def test_an_empty_key_is_a_key(self) -> None:
        """So are 0 and false."""
        build, _ = builder(Layout.DECLARED, {"properties": {}}, keys=("id",))
        records = [SourceRecord(str(n), {"id": key}) for n, key in enumerate(("", 0, False))]
        assert len(build.build(page(*records))[0]) == 3
