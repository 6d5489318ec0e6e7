"""Objects a source has as JSON text: written as they are, decoded where somebody looks inside."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from bizon_singer import (
    AbstractSource,
    JsonObject,
    SourceIteration,
    SourceRecord,
    StreamDefinition,
)
from bizon_singer.tap import tap_for
from bizon_singer.testing.runs import Run, run

TEXT = b'{"b":1.10,"a":{"n":123456789012345678901234567890,"s":"\xe2\x80\xa8"}}'
VALUE = {
    "b": Decimal("1.10"),
    "a": {"n": 123456789012345678901234567890, "s": "\u2028"},
}
FREE_FORM: dict[str, Any] = {"type": ["object", "null"]}
TYPED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "b": {"type": "number"},
        "a": {
            "type": "object",
            "properties": {"n": {"type": "integer"}, "s": {"type": "string"}},
        },
    },
}


class TextSource(AbstractSource):
    """One message whose value is a JSON text."""

    value: ClassVar[dict[str, Any]] = FREE_FORM

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["messages"]

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare it."""
        fields = {"id": {"type": "string"}, "value": cls.value}
        return [StreamDefinition("messages", {"type": "object", "properties": fields}, ("id",))]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give the message."""
        del pagination
        return SourceIteration(
            {}, [SourceRecord(id="1", data={"id": "1", "value": JsonObject(TEXT)})]
        )


class TypedSource(TextSource):
    """The same, its value described."""

    value: ClassVar[dict[str, Any]] = TYPED


def read(source: type[AbstractSource], catalog: Any = None, **settings: Any) -> Run:
    """Run a source."""
    return run(tap_for("tap-text", [source]), settings, catalog=catalog)


def exact(done: Run) -> Any:
    """Return the one record, numbers exact."""
    (message,) = done.recording.of("RECORD")
    return json.loads(done.stdout[message.start : message.end], parse_float=Decimal)["record"]


def test_a_text_is_written_as_it_is() -> None:
    """Every digit and the order of its keys; only what would split a line is escaped."""
    done = read(TextSource)
    assert TEXT.replace(b"\xe2\x80\xa8", b"\\u2028") in done.stdout
    assert exact(done)["value"] == VALUE
    assert done.warnings == ()


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        (TypedSource, {}),
        (TextSource, {"envelope": True}),
        (TextSource, {"stream_maps": {"messages": {"more": "1"}}}),
    ],
    ids=["typed", "envelope", "mapped"],
)
def test_a_text_is_the_same_value_whoever_looks_inside(
    source: type[AbstractSource], settings: dict[str, Any]
) -> None:
    """A schema with fields, the envelope, a stream map."""
    row = exact(read(source, **settings))
    assert row.get("_source_data", row)["value"] == VALUE


def test_a_field_inside_a_text_can_be_deselected() -> None:
    """It is decoded before it is written."""
    tap = tap_for("tap-text", [TypedSource])
    catalog = tap(config={}).catalog_dict
    crumb = ["properties", "value", "properties", "a"]
    for item in catalog["streams"][0]["metadata"]:
        item["metadata"]["selected"] = item["breadcrumb"] != crumb
    assert exact(read(TypedSource, catalog))["value"] == {"b": Decimal("1.10")}


def test_a_text_fits_no_field_that_takes_no_object() -> None:
    """The schema widens, as for any value."""

    class NumberSource(TextSource):
        value: ClassVar[dict[str, Any]] = {"type": "number"}

    done = read(NumberSource)
    assert exact(done)["value"] == VALUE
    assert "it was widened" in done.warnings[0]


def test_a_text_is_not_shown() -> None:
    """Its values may be private."""
    assert repr(JsonObject(b'{"name":"Ada"}')) == "JsonObject(…)"
