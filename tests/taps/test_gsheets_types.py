"""tap-gsheets: every column has the type of all its cells, and no value changes by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.gsheets import Cell, Failed, Gsheets
from tests.taps.gsheets_account import catalog, fields_of, read, rows_of, schemas, table

TEXT = {"type": ["string", "null"]}
INTEGER = {"type": ["integer", "null"]}
NUMBER = {"type": ["number", "null"]}
BOOLEAN = {"type": ["boolean", "null"]}
DATE = {"type": ["string", "null"], "format": "date"}
MOMENT = {"type": ["string", "null"], "format": "date-time"}


@pytest.fixture
def google() -> Iterator[Gsheets]:
    """A Google without spreadsheets."""
    with Gsheets() as server:
        yield server


def noon(day: int) -> datetime:
    """Return noon of a day, as a sheet has it: without a zone."""
    return datetime(2024, 1, day, 12)  # noqa: DTZ001


def sorted_type(field: dict[str, Any]) -> dict[str, Any]:
    """Return a field with its types in one order."""
    return {**field, "type": sorted(field["type"], key=lambda name: name == "null")}


COLUMNS = [
    pytest.param([1, 2, -3], INTEGER, [1, 2, -3], id="integers"),
    pytest.param([1, 2.5], NUMBER, [1, 2.5], id="numbers"),
    pytest.param(["00123", "7"], TEXT, ["00123", "7"], id="digits-as-text"),
    pytest.param([True, False], BOOLEAN, [True, False], id="truths"),
    pytest.param(
        [date(2020, 1, 1), date(1999, 1, 2), date(1899, 12, 29)],
        DATE,
        ["2020-01-01", "1999-01-02", "1899-12-29"],
        id="dates",
    ),
    pytest.param(
        [noon(1), date(2024, 1, 2)],
        MOMENT,
        ["2024-01-01T12:00:00Z", "2024-01-02T00:00:00Z"],
        id="dates-and-times",
    ),
    pytest.param(
        [Cell(45292.5, "DATE")], MOMENT, ["2024-01-01T12:00:00Z"], id="a-date-with-hidden-time"
    ),
    pytest.param(
        [datetime(2024, 1, 1, 23, 59, 59, 999000)],  # noqa: DTZ001
        MOMENT,
        ["2024-01-01T23:59:59.999000Z"],
        id="milliseconds",
    ),
    pytest.param(
        [time(9, 30), time(0), time(23, 59, 59)],
        {**TEXT, "format": "time"},
        ["09:30:00", "00:00:00", "23:59:59"],
        id="times",
    ),
    pytest.param(
        [timedelta(hours=36, minutes=5), timedelta(hours=-1), time(2)],
        TEXT,
        ["36:05:00", "-01:00:00", "02:00:00"],
        id="durations",
    ),
    pytest.param([Cell(0.25, "PERCENT"), Cell(3, "CURRENCY")], NUMBER, [0.25, 3], id="formats"),
    pytest.param([1, "n/a", 2.5, True], TEXT, ["1", "n/a", "2.5", "TRUE"], id="mixed"),
    pytest.param([date(2024, 1, 1), "soon"], TEXT, ["2024-01-01", "soon"], id="dates-and-text"),
    pytest.param([1, None, "", 2], INTEGER, [1, None, None, 2], id="blanks-have-no-say"),
    pytest.param([1, Failed("REF"), 2], INTEGER, [1, None, 2], id="errors-have-no-say"),
    pytest.param([9007199254740993], INTEGER, [9007199254740992], id="as-a-double-has-it"),
    pytest.param(
        [1e25, -1e25], NUMBER, [Decimal("1E+25"), Decimal("-1E+25")], id="beyond-integers"
    ),
    pytest.param([Cell(1e9, "DATE")], INTEGER, [1000000000], id="a-date-beyond-dates"),
    pytest.param([None, None], TEXT, [None, None], id="nothing"),
]


@pytest.mark.parametrize(("values", "field", "given"), COLUMNS)
def test_a_column_has_the_type_of_its_cells(
    google: Gsheets, values: list[Any], field: dict[str, Any], given: list[Any]
) -> None:
    """By the number formats where numbers stand for something else; nothing is rounded."""
    table(google, ["value", "row"], *([value, "x"] for value in values))
    found = fields_of(catalog(google), "sheet1")["value"]
    assert sorted_type(found) == field
    done = read(google, "sheet1")
    assert (done.code, [row["value"] for row in done.records("sheet1")]) == (0, given)
    assert len(schemas(done, "sheet1")) == 1


def test_what_becomes_text_is_said_once_with_a_count(google: Gsheets) -> None:
    """One sentence for all columns of a stream, and a note in the schema."""
    table(google, ["a", "b", "c"], [1, "x", 1], ["y", 2.5, 2], ["z", True, 3])
    done = read(google, "sheet1")
    assert done.warnings == (
        (
            "Stream 'sheet1': columns of text hold other values, which are given as text: `a` (1), "
            "`b` (2)."
        ),
    )
    found = schemas(done, "sheet1")[0]
    assert found["a"]["description"] == "Holds integer and text: all are read as text."
    assert found["b"]["description"] == "Holds boolean, number and text: all are read as text."


def test_errors_are_null_and_listed(google: Gsheets) -> None:
    """In the record by column, and on stderr by cell; an error is not the text of it."""
    table(google, ["id", "share"], [1, Failed("DIVIDE_BY_ZERO")], [2, 0.5], [3, Failed("N_A")])
    done = read(google, "sheet1")
    assert done.records("sheet1") == [
        {"_row_number": 2, "id": 1, "share": None, "_errors": {"share": "DIVIDE_BY_ZERO"}},
        {"_row_number": 3, "id": 2, "share": 0.5},
        {"_row_number": 4, "id": 3, "share": None, "_errors": {"share": "N_A"}},
    ]
    assert done.warnings == (
        "Stream 'sheet1': 2 cells hold errors and are null: B2 (DIVIDE_BY_ZERO), B4 (N_A).",
    )


def test_nothing_is_said_of_columns_that_are_deselected(google: Gsheets) -> None:
    """Neither their errors nor what would become text; a row of theirs alone is still a row."""
    book = table(google, ["id", "share", "mix"], [1, 0.5, 1], [2, 0.7, "x"])
    found = catalog(google, "sheet1")
    book.sheets[0].put(2, 2, Failed("N_A"))
    book.sheets[0].put(4, 2, 0.9)
    entry = next(item for item in found["streams"] if item["tap_stream_id"] == "sheet1")
    for item in entry["metadata"]:
        if item["breadcrumb"][1:] in (["share"], ["mix"]):
            item["metadata"]["selected"] = False
    done = read(google, catalog=found)
    assert (done.code, done.warnings) == (0, ())
    assert done.records("sheet1") == [
        {"_row_number": 2, "id": 1},
        {"_row_number": 3, "id": 2},
        {"_row_number": 4, "id": None},
    ]
    book.sheets[0].put(4, 4, "new")
    again = read(google, catalog=found, key_properties=["share"], skip_unchanged=False)
    assert "row 2: there is no value in `share`" in again.sentence


def test_a_text_that_looks_like_an_error_is_a_text(google: Gsheets) -> None:
    """Somebody has written it."""
    table(google, ["word"], ["#N/A"])
    assert rows_of(google, "sheet1") == [{"_row_number": 2, "word": "#N/A"}]


@pytest.mark.parametrize(
    ("zone", "given"),
    [
        ("America/New_York", "2024-01-01T12:00:00-05:00"),
        ("Asia/Kolkata", "2024-01-01T12:00:00+05:30"),
        ("Etc/GMT", "2024-01-01T12:00:00Z"),
    ],
)
def test_times_are_those_of_the_spreadsheet(google: Gsheets, zone: str, given: str) -> None:
    """A serial number has no zone; the spreadsheet has."""
    book = table(google, ["at"], [noon(1)])
    book.time_zone = zone
    [row] = rows_of(google, "sheet1")
    assert row["at"] == given
    assert datetime.fromisoformat(row["at"]).astimezone(UTC)


def test_a_zone_nobody_knows_is_taken_as_utc_and_said(google: Gsheets) -> None:
    """A wrong zone would be a wrong time."""
    book = table(google, ["at"], [noon(1)])
    book.time_zone = "Mars/Base"
    done = read(google, "sheet1")
    assert done.records("sheet1")[0]["at"] == "2024-01-01T12:00:00Z"
    assert any("'Mars/Base' is not known" in text for text in done.warnings)


def test_the_last_row_of_a_column_decides_as_well(google: Gsheets) -> None:
    """All of it is looked at before the SCHEMA, however many requests that takes."""
    table(google, ["n"], *([number] for number in range(50)), ["fifty"])
    done = read(google, "sheet1", rows_per_request=7)
    assert [row["n"] for row in done.records("sheet1")] == [*map(str, range(50)), "fifty"]
    assert len(schemas(done, "sheet1")) == 1


def test_a_catalog_decides_what_is_given(google: Gsheets) -> None:
    """What a user has made a text there is given as one."""
    table(google, ["zip"], [10115])
    found = catalog(google, "sheet1")
    entry = next(item for item in found["streams"] if item["tap_stream_id"] == "sheet1")
    entry["schema"]["properties"]["zip"] = {"type": ["null", "string"]}
    assert read(google, catalog=found).records("sheet1") == [{"_row_number": 2, "zip": "10115"}]


def test_a_value_no_declared_type_holds_widens_the_schema_first(google: Gsheets) -> None:
    """Edited since discovery: nothing is lost, and the SCHEMA comes before the record."""
    book = table(google, ["n", "day"], [1, date(2024, 1, 1)], [2, date(2024, 1, 2)])
    found = catalog(google, "sheet1")
    book.sheets[0].put(3, 1, "two")
    book.sheets[0].put(3, 3, "new")
    done = read(google, catalog=found)
    assert [(row["n"], row.get("column_c")) for row in done.records("sheet1")] == [
        (1, None),
        ("two", "new"),
    ]
    [wider] = schemas(done, "sheet1")
    assert set(wider["n"]["type"]) == {"integer", "string", "null"}
    assert any("it was widened, nothing is lost" in text for text in done.warnings)
