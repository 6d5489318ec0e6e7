"""F6: whatever value a source returns, wherever in a record and in every layout.

It arrives exactly as documented; or it arrives changed, with one counted warning that names
stream and field; or its stream ends with one sentence and exit code 4, before anything of its
page is out, and no other stream does. A case is replayed by its test id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

import pytest

from bizon_singer import AbstractSource, SourceIteration, SourceRecord, StreamDefinition
from bizon_singer.tap import SourceTap, tap_for
from bizon_singer.testing import canonical, check, read
from bizon_singer.testing.runs import Run, run
from tests.proofs.strange_values import CASES, Case

_TEXT: Final = {"type": ["string", "null"]}
DECLARED: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "value": _TEXT,
        "inside": {"type": ["object", "null"], "properties": {"value": _TEXT}},
        "items": {"type": ["array", "null"], "items": _TEXT},
        "keyed": {"type": ["object", "null"]},
        "moment": {"type": ["string", "null"], "format": "date-time"},
    },
}
"""A schema most values do not fit, so that it has to be widened before their record."""

Place = Callable[[Any], dict[Any, Any]]
POSITIONS: Final[dict[str, tuple[str, Place]]] = {
    "root": ("value", lambda value: {"value": value}),
    "time": ("moment", lambda value: {"moment": value}),
    "nested": ("inside.value", lambda value: {"inside": {"value": value}}),
    "item": ("items", lambda value: {"items": ["a", value]}),
    "key": ("keyed", lambda value: {"keyed": {value: 1}}),
    "name": ("", lambda value: {value: 1}),
}
"""Where a value stands: the field that is named for it, and the data around it.

Each position is a stream of its own.
"""
FIRST_PAGE: Final = {"first"}
SECOND_PAGE: Final = {"plain", "strange", "strange again"}


class StrangeSource(AbstractSource):
    """Two pages; the value is in two records of the second one."""

    make: ClassVar[Callable[[], Any] | None] = None

    @staticmethod
    def streams() -> list[str]:
        """One stream for each position."""
        return list(POSITIONS)

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give a page."""
        if not pagination:
            return SourceIteration({"page": 2}, [SourceRecord("1", {"id": "first"})])
        make, place = type(self).make, POSITIONS[self.config.stream][1]
        records = [SourceRecord("2", {"id": "plain", "value": "v"})]
        for name in ("strange", "strange again"):
            data = place(make()) if make is not None else {}
            records.append(SourceRecord(name, {"id": name, **data}))
        return SourceIteration({}, records)


class DeclaredSource(StrangeSource):
    """The same, with a schema."""

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare it."""
        return [StreamDefinition(name, DECLARED, ("id",)) for name in POSITIONS]


LAYOUTS: Final[dict[str, tuple[type[StrangeSource], type[SourceTap], dict[str, Any]]]] = {
    "declared": (DeclaredSource, tap_for("tap-things", [DeclaredSource]), {}),
    "flat": (StrangeSource, tap_for("tap-things", [StrangeSource]), {}),
    "envelope": (StrangeSource, tap_for("tap-things", [StrangeSource]), {"envelope": True}),
}


_CATALOGS: dict[str, dict[str, dict[str, Any]]] = {}


def entry_of(layout: str, stream: str) -> dict[str, Any]:
    """Return the catalog entry of a stream."""
    if layout not in _CATALOGS:
        _, tap_class, config = LAYOUTS[layout]
        entries = tap_class(config=config).catalog_dict["streams"]
        _CATALOGS[layout] = {entry["tap_stream_id"]: entry for entry in entries}
    return _CATALOGS[layout][stream]


def meant(case: Case, position: str) -> tuple[dict[str, Any] | None, str]:
    """Return the data that must be found, None if it is refused, and what must be warned of."""
    field, place = POSITIONS[position]
    if position in {"key", "name"}:
        if case.key is None:
            return None, ""
        path = f"{field}.{case.key}".removeprefix(".")
        return place(case.key), case.key_warning and f"field `{path}`: {case.key_warning}"
    if case.json is None:
        return None, ""
    line = b'{"type":"RECORD","stream":"s","record":{"v":%s}}\n' % case.json.encode()
    value = next(read(line).of("RECORD")).body["record"]["v"]
    return place(value), case.warning and f"field `{field}`: {case.warning}"


def positions(case: Case) -> list[str]:
    """Return the streams a case can stand in: what has no hash is no key."""
    return [name for name in POSITIONS if name not in {"key", "name"} or case.is_hashable]


def written(done: Run, stream: str, layout: str) -> dict[str, Any]:
    """Return the data of a stream's records by id; none came twice."""
    records = done.records(stream)
    data = [record["_source_data"] if layout == "envelope" else record for record in records]
    by_id = {str(item["id"]): item for item in data}
    assert len(by_id) == len(data)
    return by_id


def assert_arrived(done: Run, stream: str, layout: str, data: dict[str, Any]) -> None:
    """Check that all records of a stream are there, and what two of them hold."""
    found = written(done, stream, layout)
    assert set(found) == FIRST_PAGE | SECOND_PAGE
    for record in (found["strange"], found["strange again"]):
        held = {name: record[name] for name in data}
        assert canonical(held) == canonical(data), stream
    assert done.bookmark(stream)["in_progress"] is None


def assert_refused(done: Run, stream: str, layout: str) -> None:
    """Check that the page before is out, nothing of the page itself, and one sentence why."""
    (sentence,) = (text for text in done.errors if text.startswith(f"stream '{stream}', page 2: "))
    assert len(sentence.splitlines()) == 1
    field = POSITIONS[stream][0]
    assert (f"field `{field}" if field and layout != "envelope" else "") in sentence
    assert set(written(done, stream, layout)) == FIRST_PAGE
    assert done.bookmark(stream)["in_progress"]["pagination"] == {"page": 2}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_strange_value_arrives_or_is_named(
    layout: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly as documented, changed and counted, or refused; what is refused can be mended."""
    source, tap_class, config = LAYOUTS[layout]
    monkeypatch.setattr(source, "make", None)
    streams = positions(case)
    catalog = {"streams": [entry_of(layout, name) for name in streams]}
    monkeypatch.setattr(source, "make", staticmethod(case.make))
    done = run(tap_class, config, None, catalog)
    assert check(done.stdout) == []
    expected_warnings: list[str] = []
    refused = []
    for stream in streams:
        data, warning = meant(case, stream)
        if data is None:
            refused.append(stream)
            assert_refused(done, stream, layout)
            continue
        assert_arrived(done, stream, layout, data)
        if warning:
            inner = "field `_source_data." if layout == "envelope" else "field `"
            once = f"Stream '{stream}', {warning.replace('field `', inner, 1)}"
            expected_warnings += [f"{once}.", f"{once} in 2 records."]
    assert [text for text in done.warnings if " became " in text] == expected_warnings
    assert done.code == (4 if refused else 0)
    if refused:
        monkeypatch.setattr(source, "make", None)
        rest = run(tap_class, config, done.state, catalog)
        assert rest.code == 0
        assert check(rest.stdout, initial_state=done.state) == []
        for stream in refused:
            assert set(written(rest, stream, layout)) == SECOND_PAGE
