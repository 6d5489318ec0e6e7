"""tap-gsheets: every column of any header is kept, under a name that follows from the header."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_taps.gsheets.columns import Naming
from tests.fakes.gsheets import Gsheets
from tests.taps.gsheets_account import catalog, fields_of, read, rows_of, table


@pytest.fixture
def google() -> Iterator[Gsheets]:
    """A Google without spreadsheets."""
    with Gsheets() as server:
        yield server


COMMON = ["a", "A", "a_2", "", " ", "column_b", "Column C", "_row_number", "2024", "Ä", "ä"]
"""What collides: as it stands, in another case, numbered, or with names of the tap's own."""
HEADERS = [
    (["SKU Code", "TRUE", "a/b", "Prix (€)", "Größe"], "sku_code true a_b prix große", "words"),
    (["Name", "name", "NAME"], "name name_2 name_3", "twins"),
    (["a", "", "a", "a_2"], "a column_b a_2 a_2_2", "duplicates"),
    (["", "", ""], "column_a column_b column_c", "blank"),
    (["column_b", ""], "column_b column_b_2", "a-name-of-ours"),
    (["_row_number", "_errors"], "row_number errors", "columns-of-ours"),
    ([2024, 0.5, True, date(2024, 1, 31)], "_2024 _0_5 true _2024_01_31", "no-texts"),
    (["  padded  ", "two\nlines", "tab\tbed"], "padded two_lines tab_bed", "blanks-inside"),
    (["%", "🌵", "-"], "column_a column_b column_c", "no-letters"),
    (["Имя", "名前", "اسم"], "имя 名前 اسم", "other-scripts"),
]


@pytest.mark.parametrize(("header", "names"), [pytest.param(h, n, id=i) for h, n, i in HEADERS])
def test_a_header_gives_names(google: Gsheets, header: list[Any], names: str) -> None:
    """In lower case, of letters, digits and underscores, no two alike; all values are there."""
    values = list(range(1, len(header) + 1))
    table(google, header, values)
    [row] = rows_of(google, "sheet1", header_row=1)
    assert {name: value for name, value in row.items() if name != "_row_number"} == dict(
        zip(names.split(), values, strict=True)
    )
    assert list(fields_of(catalog(google, header_row=1), "sheet1")) == names.split()


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["SKU Code", "a/b", "Größe"], ["SKU Code", "a/b", "Größe"]),
        (["Name", "name", " Name "], ["Name", "name_2", "Name_3"]),
        (["two\nlines", "", "2024"], ["two lines", "column_B", "2024"]),
        (["_row_number", "_Errors", "x"], ["_row_number_2", "_Errors_2", "x"]),
    ],
)
def test_names_may_stay_as_the_header_spells_them(
    google: Gsheets, header: list[str], names: list[str]
) -> None:
    """But for blanks; what differs in case alone is still told apart."""
    table(google, header, [1, 2, 3])
    [row] = rows_of(google, "sheet1", convert_column_names_to_sql_format=False)
    assert row == {"_row_number": 2, **dict(zip(names, [1, 2, 3], strict=True))}


@given(
    header=st.lists(st.text(max_size=6) | st.sampled_from(COMMON), max_size=8),
    as_sql=st.booleans(),
)
def test_any_header_gives_each_column_a_name_of_its_own(header: list[str], *, as_sql: bool) -> None:
    """However it is spelt: no two names are alike where case is folded, and each run's are one."""
    naming, again = Naming(as_sql=as_sql), Naming(as_sql=as_sql)
    columns = [*naming.columns(1, header), naming.blank(len(header) + 1)]
    assert [column.number for column in columns] == list(range(1, len(header) + 2))
    names = {column.name.casefold() for column in columns}
    assert len(names) == len(columns)
    assert names.isdisjoint({"", "_row_number", "_errors"})
    assert again.columns(1, header) == columns[:-1]


def test_rows_may_be_wider_or_shorter_than_the_header(google: Gsheets) -> None:
    """A stray cell on the right has a column of its own; what is not there is null."""
    table(google, ["a", "b"], [1], [1, 2, 3], [], ["", "", "", "far"])
    assert rows_of(google, "sheet1") == [
        {"_row_number": 2, "a": 1, "b": None, "column_c": None, "column_d": None},
        {"_row_number": 3, "a": 1, "b": 2, "column_c": 3, "column_d": None},
        {"_row_number": 5, "a": None, "b": None, "column_c": None, "column_d": "far"},
    ]


def test_each_row_has_all_columns_however_few_are_asked_for_at_once(google: Gsheets) -> None:
    """A cell that was emptied is null: of a column that is missing a target may keep the old."""
    table(google, ["a"], [1, 2], [3], [4], [5])
    at_once = rows_of(google, "sheet1")
    assert [row["column_b"] for row in at_once] == [2, None, None, None]
    assert rows_of(google, "sheet1", rows_per_request=2) == at_once


def test_a_table_may_begin_anywhere(google: Gsheets) -> None:
    """The first row that is not blank names the columns; blank columns before them are none."""
    table(google, [], [], ["", "", "id", "name"], ["", "", 1, "Ada"])
    assert rows_of(google, "sheet1") == [{"_row_number": 4, "id": 1, "name": "Ada"}]


def test_the_header_may_be_any_row(google: Gsheets) -> None:
    """What stands above it is no part of the table."""
    table(google, ["Report of March"], ["id", "name"], [1, "Ada"])
    assert rows_of(google, "sheet1", header_row=2) == [{"_row_number": 3, "id": 1, "name": "Ada"}]


def test_there_may_be_no_header(google: Gsheets) -> None:
    """Columns are named by their letters, and the first row is one of values."""
    table(google, [1, "Ada"], [2, "Grace"])
    assert rows_of(google, "sheet1", header_row=0) == [
        {"_row_number": 1, "column_a": 1, "column_b": "Ada"},
        {"_row_number": 2, "column_a": 2, "column_b": "Grace"},
    ]


@pytest.mark.parametrize(
    ("area", "rows"),
    [
        ("B2:C3", [{"_row_number": 3, "b": 1, "c": 2}]),
        ("B2:C", [{"_row_number": 3, "b": 1, "c": 2}, {"_row_number": 4, "b": 4, "c": 5}]),
        ("$B$2:$B$3", [{"_row_number": 3, "b": 1}]),
        ("c2:d99", [{"_row_number": 3, "c": 2, "d": 3}, {"_row_number": 4, "c": 5, "d": 6}]),
    ],
)
def test_a_range_is_all_that_is_read(
    google: Gsheets, area: str, rows: list[dict[str, Any]]
) -> None:
    """Its first row names the columns; an end beyond the worksheet is that of the worksheet."""
    table(google, ["x"], ["a", "b", "c", "d"], [0, 1, 2, 3], [9, 4, 5, 6])
    assert rows_of(google, "sheet1", range=area) == rows


def test_a_header_above_the_range_names_its_columns(google: Gsheets) -> None:
    """Rows between the two are left out."""
    table(google, ["a", "b"], [1, 2], [3, 4], [5, 6])
    assert rows_of(google, "sheet1", header_row=1, range="B3:B") == [
        {"_row_number": 3, "b": 4},
        {"_row_number": 4, "b": 6},
    ]


def test_a_merged_header_names_all_of_its_columns(google: Gsheets) -> None:
    """Its value stands in the first cell alone; each column has it, numbered."""
    table(google, ["id", "Sales", "", "note"], [1, 2, 3, "x"], merges=[(1, 2, 1, 3)])
    assert rows_of(google, "sheet1") == [
        {"_row_number": 2, "id": 1, "sales": 2, "sales_2": 3, "note": "x"}
    ]


def test_a_merged_header_names_columns_of_a_range_it_begins_before(google: Gsheets) -> None:
    """In the request that finds the header as in those that know it."""
    rows = [[number, number * 10, number * 100, "x"] for number in range(4)]
    table(google, ["id", "Sales", "", "note"], *rows, merges=[(1, 2, 1, 3)])
    found = rows_of(google, "sheet1", range="C1:D", rows_per_request=2)
    assert found == [{"_row_number": n + 2, "sales": n * 100, "note": "x"} for n in range(4)]


def test_a_header_merged_downwards_names_its_column(google: Gsheets) -> None:
    """Also where the header is the second of two rows, and in each request."""
    rows = [[number, number * 10, number * 100] for number in range(5)]
    table(google, ["id", "Sales", ""], ["", "2023", "2024"], *rows, merges=[(1, 1, 2, 1)])
    found = rows_of(google, "sheet1", header_row=2, rows_per_request=2)
    assert [row["id"] for row in found] == [0, 1, 2, 3, 4]
    assert found[4] == {"_row_number": 7, "id": 4, "_2023": 40, "_2024": 400}


@pytest.mark.parametrize("rows", [[], [["a", "b"]]], ids=["empty", "header-only"])
def test_a_sheet_without_rows_gives_a_schema_and_a_state(google: Gsheets, rows: list[Any]) -> None:
    """So that the table is made, and the run goes on."""
    table(google, *rows)
    done = read(google, "sheet1")
    assert done.code == 0
    kinds = [message.body["type"] for message in done.recording.messages]
    assert kinds == ["SCHEMA", "STATE"]
    assert done.bookmark("sheet1")["in_progress"] is None


def test_single_columns_may_be_read(google: Gsheets) -> None:
    """By their names, or as the header spells them."""
    table(google, ["Order ID", "Note", "Price"], [1, "x", 2.5])
    assert rows_of(google, "sheet1", column_names=["Order ID", "price"]) == [
        {"_row_number": 2, "order_id": 1, "price": 2.5}
    ]


def test_settings_may_differ_by_worksheet(google: Gsheets) -> None:
    """In the catalog as in the records."""
    book = google.book()
    book.sheet("One", ["a"], [1])
    book.sheet("Two", ["title"], ["b"], [2])
    own = {"two": {"header_row": 2, "key_properties": ["b"]}}
    done = read(google, stream_settings=own)
    assert done.records("one") == [{"_row_number": 2, "a": 1}]
    assert done.records("two") == [{"_row_number": 3, "b": 2}]
    found = catalog(google, stream_settings=own)
    keys = {item["tap_stream_id"]: item["key_properties"] for item in found["streams"]}
    assert (keys["one"], keys["two"]) == (["_row_number"], ["b"])
