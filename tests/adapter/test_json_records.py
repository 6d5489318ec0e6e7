"""Records a source has as JSON text: written as they are, decoded where somebody looks inside."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from bizon_singer import (
    AbstractSource,
    JsonRecord,
    SourceIteration,
    SourceRecord,
    StreamDefinition,
)
from bizon_singer.errors import ProtocolError
from bizon_singer.iteration import accept_records
from bizon_singer.tap import tap_for
from bizon_singer.testing.runs import Run, run

TEXT = b'{"id":"1","b":1.10,"a":{"n":123456789012345678901234567890,"s":"\xe2\x80\xa8"}}'
VALUE = {
    "id": "1",
    "b": Decimal("1.10"),
    "a": {"n": 123456789012345678901234567890, "s": "\u2028"},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "b": {"type": "number"},
        "a": {
            "type": "object",
            "properties": {"n": {"type": "integer"}, "s": {"type": "string"}},
        },
    },
}


class TextSource(AbstractSource):
    """One record as text, or those a test sets."""

    records: ClassVar[list[SourceRecord]] = [JsonRecord("1", TEXT)]
    schema: ClassVar[dict[str, Any] | None] = SCHEMA

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["messages"]

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare it."""
        keys = ("id",) if cls.schema else ()
        return [StreamDefinition("messages", cls.schema, keys)]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give the records."""
        del pagination
        return SourceIteration({}, self.records)


class UndeclaredSource(TextSource):
    """The same, without a schema."""

    schema = None


def read(source: type[AbstractSource], catalog: Any = None, **settings: Any) -> Run:
    """Run a source."""
    return run(tap_for("tap-text", [source]), settings, catalog=catalog)


def exact(done: Run) -> list[Any]:
    """Return the records, numbers exact."""
    return [
        json.loads(done.stdout[message.start : message.end], parse_float=Decimal)["record"]
        for message in done.recording.of("RECORD")
    ]


def test_a_text_is_written_as_it_is() -> None:
    """Every digit and the order of its keys; only what would split a line is escaped."""
    done = read(TextSource)
    assert TEXT.replace(b"\xe2\x80\xa8", b"\\u2028") in done.stdout
    assert exact(done) == [VALUE]
    assert done.warnings == ()


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        (UndeclaredSource, {}),
        (TextSource, {"envelope": True}),
        (TextSource, {"stream_maps": {"messages": {"more": "1"}}}),
    ],
    ids=["inferred", "envelope", "mapped"],
)
def test_a_text_is_the_same_value_whoever_looks_inside(
    source: type[AbstractSource], settings: dict[str, Any]
) -> None:
    """A schema that is inferred, the envelope, a stream map."""
    (row,) = exact(read(source, **settings))
    assert VALUE.items() <= row.get("_source_data", row).items()


@pytest.mark.parametrize(
    ("crumb", "left"),
    [
        (["properties", "a"], {"id": "1", "b": Decimal("1.10")}),
        (["properties", "a", "properties", "n"], {**VALUE, "a": {"s": "\u2028"}}),
    ],
)
def test_a_field_of_a_text_can_be_deselected(crumb: list[str], left: dict[str, Any]) -> None:
    """It is decoded before it is written, whatever its source made of ``selected_fields``."""
    catalog = tap_for("tap-text", [TextSource])(config={}).catalog_dict
    for item in catalog["streams"][0]["metadata"]:
        item["metadata"]["selected"] = item["breadcrumb"] != crumb
    assert exact(read(TextSource, catalog)) == [left]


def test_a_page_may_hold_texts_and_dicts() -> None:
    """In their order; dicts are checked as ever, and the schema widens for them alone."""

    class MixedSource(TextSource):
        records: ClassVar[list[SourceRecord]] = [
            SourceRecord("0", {"id": "0", "b": "no number"}),
            JsonRecord("1", TEXT),
            SourceRecord("2", {"id": "2", "b": float("nan")}),
        ]

    done = read(MixedSource)
    assert exact(done) == [{"id": "0", "b": "no number"}, VALUE, {"id": "2", "b": None}]
    assert len(done.warnings) == 2


@pytest.mark.parametrize("data", [{"b": 1}, {"id": None}, {"id": float("nan")}])
def test_a_dict_among_texts_needs_its_key(data: dict[str, Any]) -> None:
    """Also where it becomes null on the way; the record is named by its place in the page."""

    class KeylessSource(TextSource):
        records: ClassVar[list[SourceRecord]] = [JsonRecord("1", TEXT), SourceRecord("2", data)]

    done = read(KeylessSource)
    assert (done.code, exact(done)) == (4, [])
    assert "record 2 has no `id`" in done.sentence


@pytest.mark.parametrize("text", ['{"id":"1"}', None, {"id": "1"}])
def test_a_text_is_bytes(text: Any) -> None:
    """Anything else is no text: the record is named, and what is wrong with it."""
    with pytest.raises(ProtocolError, match="the text of record 1 is "):
        accept_records([JsonRecord("1", text)])


def test_a_text_is_a_record_like_any_other() -> None:
    """It can be looked at and compared; its values are not shown."""
    record = JsonRecord("1", b'{"name":"Ada"}', destination_id="table")
    assert record.data == {"name": "Ada"}
    assert record == JsonRecord("1", b'{"name": "Ada"}', destination_id="table")
    assert record != JsonRecord("1", b'{"name":"Bob"}', destination_id="table")
    assert "Ada" not in repr(record)
    assert accept_records([record])[0] is record
