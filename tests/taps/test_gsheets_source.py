"""tap-gsheets: which streams there are, what a run asks for, and what it reads again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bizon_singer.testing.runs import Run, run
from bizon_taps.gsheets import table as table_module
from bizon_taps.gsheets.table import CELLS_PER_CHUNK
from bizon_taps.gsheets.tap import TapGsheets
from tests.fakes.gsheets import Book, Gsheets, fill
from tests.fakes.gsheets.a1 import parse
from tests.fakes.gsheets.access import DRIVE
from tests.fakes.gsheets.faults import refuse
from tests.fakes.gsheets.refusal import of_drive, quota_spent
from tests.taps.gsheets_account import FAST, catalog, fields_of, read, rows_of, schemas, table

ROWS = 50_000
EDITED = (
    "Stream 'sheet1': the spreadsheet was edited while it was read, so rows that moved may be "
    "missing or there twice; the next run reads it again."
)


@pytest.fixture
def google() -> Iterator[Gsheets]:
    """A Google without spreadsheets."""
    with Gsheets() as server:
        yield server


def streams_of(google: Gsheets, **more: Any) -> dict[str, bool]:
    """Return the streams there are, and whether each is read by default."""
    found = catalog(google, **more)
    selected = {}
    for entry in found["streams"]:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        selected[entry["tap_stream_id"]] = root["metadata"]["selected-by-default"]
    return selected


def asked(google: Gsheets) -> list[str]:
    """Return the paths that were asked for, but for tokens."""
    return [path for path in google.paths if path != "/token"]


def most_cells(google: Gsheets) -> int:
    """Return how many cells of the first worksheet the largest request has asked for."""
    [book] = google.books.values()
    texts = [text for request in google.requests for text in request.query.get("ranges", ())]
    areas = [parse(book, text) for text in texts]
    return max((each.bottom - each.top + 1) * (each.right - each.left + 1) for each in areas)


class TestStreams:
    """A worksheet is a stream; its name follows from its title."""

    def test_each_table_is_one(self, google: Gsheets) -> None:
        """A hidden one is not read by default, a chart is none."""
        fill(google)
        assert streams_of(google) == {
            "spreadsheets": True,
            "worksheets": True,
            "orders": True,
            "odd_headers": True,
            "header_only": True,
            "empty": True,
            "hidden": False,
        }

    def test_names_are_never_shared(self, google: Gsheets) -> None:
        """Titles that read the same have the number of the sheet behind them, both of them."""
        book = google.book()
        for number, title in enumerate(["Q1", "q1!", "🌵", "Worksheets", "Q2"], 11):
            book.sheet(title, ["a"], sheet_id=number)
        assert list(streams_of(google))[2:] == ["q1_11", "q1_12", "sheet_13", "worksheets_14", "q2"]
        book.sheets.reverse()
        assert list(streams_of(google))[2:] == ["q2", "worksheets_14", "sheet_13", "q1_12", "q1_11"]

    def test_several_spreadsheets_stand_before_their_worksheets(self, google: Gsheets) -> None:
        """Also those of one title, and worksheets of one number."""
        for title in ("Shop", "Shop", "Bank"):
            google.book(title).sheet("Sheet1", ["a"], [title])
        names = list(streams_of(google))[2:]
        one, two = (book.book_id[:8] for book in list(google.books.values())[:2])
        assert names == [f"shop_{one}__sheet1", f"shop_{two}__sheet1", "bank__sheet1"]
        assert [row["a"] for row in rows_of(google, names[1])] == ["Shop"]
        assert [row["a"] for row in rows_of(google, names[2])] == ["Bank"]

    def test_one_worksheet_may_be_all(self, google: Gsheets) -> None:
        """By its title, as Bizon wants it."""
        fill(google)
        names = streams_of(google, worksheet_name="Odd 'headers' 🌵")
        assert list(names) == ["spreadsheets", "worksheets", "odd_headers"]

    @pytest.mark.parametrize("title", ["It's", "A1", "a!b", "R1C1", "'", "x:y", "Ünï 🌵", " pad "])
    def test_any_title_can_be_read(self, google: Gsheets, title: str) -> None:
        """It is quoted always: a sheet may be called as a cell is."""
        book = google.book()
        book.sheet("Other", ["a"], ["wrong"])
        book.sheet(title, ["a"], ["right"], sheet_id=7)
        name = list(streams_of(google))[-1]
        assert rows_of(google, name) == [{"_row_number": 2, "a": "right"}]

    def test_spreadsheets_and_worksheets_tell_of_themselves(self, google: Gsheets) -> None:
        """A row each, with the stream of a worksheet."""
        book = fill(google)
        done = read(google)
        [row] = done.records("spreadsheets")
        assert (row["title"], row["time_zone"]) == ("Shop", "America/New_York")
        assert row["modified_at"] == "2026-03-01T12:00:00.000Z"
        sheets = done.records("worksheets")
        assert [(sheet["title"], sheet["stream"]) for sheet in sheets] == [
            ("Orders", "orders"),
            ("Odd 'headers' 🌵", "odd_headers"),
            ("Header only", "header_only"),
            ("Empty", "empty"),
            ("Hidden", "hidden"),
            ("Chart1", None),
        ]
        assert {sheet["spreadsheet_id"] for sheet in sheets} == {book.book_id}

    def test_one_spreadsheet_that_is_gone_holds_up_no_other(self, google: Gsheets) -> None:
        """With a catalog: its streams fail, those of the others are read."""
        shop, bank = google.book("Shop"), google.book("Bank")
        shop.sheet("Sheet1", ["a"], [1])
        bank.sheet("Sheet1", ["a"], [2])
        found = catalog(google, "shop__sheet1", "bank__sheet1")
        settings = google.oauth_settings()
        shop.shared_with = {"somebody else"}
        done = run(TapGsheets, {**settings, **FAST}, None, found)
        assert (done.code, done.records()) == (3, [{"_row_number": 2, "a": 2}])
        assert "stream 'shop__sheet1'" in done.sentence
        assert shop.book_id in done.sentence


class TestRequests:
    """Few and large ones."""

    def test_a_large_sheet_takes_five(self, google: Gsheets) -> None:
        """50,000 rows of six columns: discovery two, reading three; with a catalog, three."""
        book = google.book()
        header = ["id", "sku", "price", "paid", "note", "n"]
        sheet = book.sheet("Big", header, row_count=ROWS + 1, column_count=6)
        sheet.column_count = 6
        lines = [[n, f"s{n}", 1.5, True, "x", 1] for n in range(100)]
        sheet.fill(*lines)
        sheet.rows += sheet.rows[1:] * (ROWS // len(lines) - 1)
        done = run(TapGsheets, {**google.oauth_settings(), **FAST, "stream": "big"})
        assert (done.code, done.stdout.count(b'"RECORD"')) == (0, ROWS)
        assert len(asked(google)) == 5
        assert done.stdout.count(b'"STATE"') >= ROWS * 6 // CELLS_PER_CHUNK

    def test_an_answer_is_taken_page_by_page(
        self, google: Gsheets, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each with a STATE a run goes on from, by another request; blank rows are passed over."""
        monkeypatch.setattr(table_module, "CELLS_PER_CHUNK", 4)
        rows = [[number, "x"] if number % 5 else [] for number in range(20)]
        table(google, ["n", "t"], *rows)
        found = catalog(google, "sheet1")
        first = read(google, catalog=found, max_iterations=3)
        assert [row["n"] for row in first.records()] == [1, 2, 3, 4]
        assert len(asked(google)) == 3
        rest = read(google, state=first.state, catalog=found)
        assert [row["n"] for row in first.records() + rest.records()] == [
            number for number in range(20) if number % 5
        ]
        assert len(asked(google)) == 3 + 3 + 1  # and once more for edits in between

    def test_discovery_looks_at_small_worksheets_together(self, google: Gsheets) -> None:
        """As many as have the cells of one request; each of them is as if it were alone."""
        book = google.book()
        for number in range(40):
            sheet = book.sheet(f"It's 🌵 {number}", [f"c{number}", "y"], [number, "a"])
            sheet.row_count = 500 if number % 7 else 9
        own = {"it_s_3": {"header_row": 600}}
        found = read(google, "it_s_0", stream_settings=own)
        assert found.code == 0
        assert "Stream 'it_s_3' cannot be read" in found.warnings[0]
        assert len(asked(google)) == 1 + 2 + 3
        listed = catalog(google, stream_settings=own)
        for number in range(40):
            fields = list(fields_of(listed, f"it_s_{number}"))
            assert fields == ([f"c{number}", "y"] if number != 3 else [])

    def test_streams_of_a_run_share_what_they_were_told(self, google: Gsheets) -> None:
        """The spreadsheet, its last edit and the token are asked for once, rows by each."""
        book = google.book()
        for title in "abcde":
            book.sheet(title, ["x"], [1])
        found = catalog(google, *"abcde")
        assert read(google, catalog=found).code == 0
        assert len(asked(google)) == 2 + 5
        assert google.paths.count("/token") == 1

    def test_a_request_has_no_more_rows_than_it_is_told(self, google: Gsheets) -> None:
        """Every page is one, with a STATE."""
        table(google, ["x"], *([number] for number in range(10)), row_count=11)
        google.books[next(iter(google.books))].sheets[0].row_count = 11
        found = catalog(google, "sheet1")
        done = read(google, catalog=found, rows_per_request=3)
        assert [row["x"] for row in done.records()] == list(range(10))
        assert len(asked(google)) == 2 + 4 + 1
        assert len(list(done.recording.of("STATE"))) == 4

    def test_blank_rows_take_few(self, google: Gsheets) -> None:
        """A grid has many of them, whatever one request may hold: each asks for twice as many."""
        book = table(google, ["x"], [1])
        book.sheets[0].put(3000, 1, 2)
        book.sheets[0].row_count = 20_000
        found = catalog(google, "sheet1")
        done = read(google, catalog=found, rows_per_request=2)
        assert [(row["_row_number"], row["x"]) for row in done.records()] == [(2, 1), (3000, 2)]
        assert len(asked(google)) < 40

    def test_one_column_of_many_asks_for_no_more_cells(self, google: Gsheets) -> None:
        """They come with all the others."""
        table(google, ["x"], [1], row_count=200_000)
        found = catalog(google, "sheet1", column_names=["x"])
        assert read(google, catalog=found, column_names=["x"]).code == 0
        assert most_cells(google) <= 4 * 400_000

    def test_rows_that_become_wider_do_not_burst_a_request(self, google: Gsheets) -> None:
        """However narrow the ones before, or the columns of a catalog: the grid may be full."""
        table(google, ["x"], [1], row_count=900_000)
        assert read(google, "sheet1").code == 0
        assert most_cells(google) <= 4 * 400_000


class TestReadingAgain:
    """What was not edited is not read."""

    def test_an_unchanged_spreadsheet_is_skipped(self, google: Gsheets) -> None:
        """Drive is asked, no row is; after an edit all is read again."""
        book = fill(google)
        first = read(google, "orders")
        found = catalog(google, "orders")
        again = read(google, state=first.state, catalog=found)
        assert (again.code, again.records()) == (0, [])
        assert [path.split("/")[1] for path in asked(google)] == ["drive", "v4"]
        book.sheets[0].put(2, 3, 99)
        book.touch()
        assert len(read(google, state=again.state, catalog=found).records()) == 4

    def test_other_settings_read_it_again(self, google: Gsheets) -> None:
        """Records would not be the same."""
        fill(google)
        state = read(google, "orders").state
        assert read(google, "orders", state).records() == []
        assert len(read(google, "orders", state, header_row=2).records()) == 3
        assert len(read(google, "orders", state, column_names=["note"]).records()) == 4
        assert len(read(google, "orders", state, skip_unchanged=False).records()) == 4

    def test_without_the_scope_all_is_read_and_that_is_said_once(self, google: Gsheets) -> None:
        """Not by each stream."""
        google.access.denied = {DRIVE}
        fill(google)
        first = read(google)
        again = read(google, state=first.state)
        assert again.code == 0
        assert len(again.records("orders")) == 4
        told = [text for text in again.warnings if "Drive does not tell" in text]
        assert len(told) == 1
        assert "drive.metadata.readonly" in told[0]

    def test_an_edit_while_it_is_read_is_read_by_the_next_run(self, google: Gsheets) -> None:
        """The time that is kept is that of before."""
        book = table(google, ["x"], *([number] for number in range(9)))
        sheet = book.sheets[0]
        found = catalog(google, "sheet1")

        def insert() -> None:
            sheet.rows.insert(1, [*sheet.rows[1]])
            sheet.put(2, 1, 100)
            book.touch()

        google.before(5, insert)  # token, spreadsheet, Drive, rows, and then
        first = read(google, catalog=found, rows_per_request=4)
        assert first.code == 0
        assert 100 not in [row["x"] for row in first.records()]
        second = read(google, state=first.state, catalog=found)
        assert [row["x"] for row in second.records()] == [100, *range(9)]

    @pytest.mark.parametrize("number", range(1, 6))
    def test_a_row_that_is_added_at_any_moment_is_read(self, number: int, google: Gsheets) -> None:
        """By this run or by the next, whichever two requests it comes between."""
        book = table(google, ["x"], [1], row_count=2)
        sheet = book.sheets[0]
        sheet.row_count = 2
        found = catalog(google, "sheet1")

        def add() -> None:
            sheet.fill([2])
            book.touch()

        google.before(number, add)
        first = read(google, catalog=found)
        if number > 4:
            add()
        second = read(google, state=first.state, catalog=found)
        assert {row["x"] for row in first.records() + second.records()} == {1, 2}

    def test_all_versions_of_a_table_may_be_told(self, google: Gsheets) -> None:
        """A full table is one, so that targets remove rows that are gone."""
        table(google, ["x"], [1])
        done = read(google, "sheet1", skip_unchanged=False, emit_activate_version_messages=True)
        kinds = [message.body["type"] for message in done.recording.messages]
        assert "ACTIVATE_VERSION" in kinds


class TestEdits:
    """A sheet is edited while it is read."""

    @pytest.fixture
    def book(self, google: Gsheets) -> Book:
        """Nine rows."""
        return table(google, ["x", "y"], *([number, "t"] for number in range(9)))

    def read_with(self, google: Gsheets, event: Any, **more: Any) -> Run:
        """Read three rows at a time; the event happens before the second request for rows."""
        found = catalog(google, "sheet1", **more)
        google.before(5, event)
        return read(google, catalog=found, rows_per_request=3, **more)

    def test_a_renamed_worksheet_is_found_again(self, google: Gsheets, book: Book) -> None:
        """Its stream is not: the next run says so."""

        def rename() -> None:
            book.sheets[0].title = "Other"

        done = self.read_with(google, rename)
        assert done.code == 2
        assert "no worksheet of stream 'sheet1' any more" in done.sentence
        assert len(done.records()) == 2
        book.sheets[0].title = "Sheet1"
        rest = read(google, state=done.state, catalog=catalog(google, "sheet1"), rows_per_request=3)
        assert [row["x"] for row in done.records() + rest.records()] == list(range(9))

    def test_deleted_rows_end_it_early(self, google: Gsheets, book: Book) -> None:
        """The grid is smaller than it was: what is there is read, and all by the next run."""

        def shrink() -> None:
            del book.sheets[0].rows[4:]
            book.sheets[0].row_count = 4

        done = self.read_with(google, shrink)
        assert (done.code, [row["x"] for row in done.records()]) == (0, [0, 1, 2])
        assert done.warnings == (EDITED,)
        again = read(google, state=done.state, catalog=catalog(google, "sheet1"))
        assert [row["x"] for row in again.records()] == [0, 1, 2]

    @pytest.mark.parametrize("runs", [1, 2])
    def test_an_edit_is_told_of(self, runs: int, google: Gsheets, book: Book) -> None:
        """Rows moved between two requests: one is missing until the next run, which reads all."""
        book.sheets[0].row_count = 10
        found = catalog(google, "sheet1")

        def delete() -> None:
            del book.sheets[0].rows[1]
            book.touch()

        def part(state: Any = None, **more: Any) -> Run:
            return read(google, state=state, catalog=found, rows_per_request=5, **more)

        if runs == 2:
            first = part(max_iterations=1)
            assert first.warnings == ()
            delete()
            done = part(first.state)
        else:
            google.before(5, delete)  # token, Drive, spreadsheet, rows, and then
            first = done = part()
        assert done.code == 0
        assert 4 not in [row["x"] for row in first.records() + done.records()]
        assert done.warnings == (EDITED,)
        healed = part(done.state)
        assert [row["x"] for row in healed.records()] == list(range(1, 9))
        assert healed.warnings == ()
        assert part(healed.state).records() == []

    def test_a_key_that_moves_is_not_one_of_two(self, google: Gsheets, book: Book) -> None:
        """The same row twice, pushed down by another: that is an edit and no mistake in a key."""

        def insert() -> None:
            book.sheets[0].rows.insert(1, [*book.sheets[0].rows[1]])
            book.sheets[0].put(2, 1, 100)
            book.touch()

        done = self.read_with(google, insert, key_properties=["x"])
        assert (done.code, done.warnings) == (0, (EDITED,))
        assert [row["x"] for row in done.records()] == [0, 1, 1, 2, 3, 4, 5, 6, 7, 8]

    def test_the_rows_of_one_request_are_of_one_moment(self, google: Gsheets, book: Book) -> None:
        """An edit before or after it is no matter: nothing is said, nor Drive asked again."""
        found = catalog(google, "sheet1")
        google.before(4, book.touch)
        done = read(google, catalog=found)
        assert (done.code, done.warnings, len(done.records())) == (0, (), 9)
        assert len(asked(google)) == 3

    @pytest.mark.usefixtures("book")
    def test_where_drive_tells_nothing_each_run_reads_all(self, google: Gsheets) -> None:
        """No edit can be told of then, and none is kept from the next run."""
        found = catalog(google, "sheet1")
        google.access.denied = {DRIVE}
        google.access.revoke()
        done = read(google, catalog=found, rows_per_request=3)
        [told] = done.warnings
        assert "Drive does not tell" in told
        assert sum(path.startswith("/drive/") for path in google.paths) == 1
        assert len(read(google, state=done.state, catalog=found).records()) == 9

    def test_columns_that_move_take_their_names_along(self, google: Gsheets, book: Book) -> None:
        """Rows come with the header of their own moment."""

        def swap() -> None:
            for row in book.sheets[0].rows:
                row.reverse()

        done = self.read_with(google, swap)
        assert [row["x"] for row in done.records()] == list(range(9))
        assert {row["y"] for row in done.records()} == {"t"}

    def test_another_kind_of_value_comes_behind_a_wider_schema(
        self, google: Gsheets, book: Book
    ) -> None:
        """Declared as integers by discovery."""
        done = self.read_with(google, lambda: book.sheets[0].put(6, 1, "five"))
        assert [row["x"] for row in done.records()] == [0, 1, 2, 3, "five", 5, 6, 7, 8]
        first, wider = schemas(done, "sheet1")
        assert set(first["x"]["type"]) == {"integer", "null"}
        assert set(wider["x"]["type"]) == {"integer", "string", "null"}


class TestKeys:
    """Columns that identify a row, where somebody chose them."""

    def test_they_are_those_of_the_stream(self, google: Gsheets) -> None:
        """And never null there."""
        table(google, ["ID", "x"], ["a", 1], ["b", 2])
        done = read(google, "sheet1", key_properties=["id"])
        [schema] = done.recording.of("SCHEMA")
        assert schema.body["key_properties"] == ["id"]
        assert schema.body["schema"]["properties"]["id"]["type"] == ["string"]
        assert [row["_row_number"] for row in done.records()] == [2, 3]

    @pytest.mark.parametrize("rows_per_request", [2, 50])
    def test_two_rows_with_one_key_end_the_stream(
        self, google: Gsheets, rows_per_request: int
    ) -> None:
        """Named, with code 2, also where they come in two requests; pages before are written."""
        table(google, ["id"], ["a"], ["b"], ["c"], ["a"], ["d"])
        settings = {"key_properties": ["id"], "rows_per_request": rows_per_request}
        done = read(google, "sheet1", **settings)
        assert done.code == 2
        assert "worksheet 'Sheet1': rows 2 and 5 have the same `id`" in done.sentence
        again = read(google, "sheet1", done.state, **settings)
        assert again.code == 2
        assert "rows 2 and 5" in again.sentence

    def test_a_row_without_its_key_ends_the_stream(self, google: Gsheets) -> None:
        """Named by its number."""
        table(google, ["id", "x"], ["a", 1], ["", 2])
        done = read(google, "sheet1", key_properties=["id"])
        assert done.code == 2
        assert "row 3: there is no value in `id`" in done.sentence

    def test_a_blank_column_may_be_none(self, google: Gsheets) -> None:
        """It has no name anybody gave it, and no value: the first row is one without its key."""
        table(google, ["id", "", "x"], ["a", "", 1])
        done = read(google, "sheet1", key_properties=["column_b"])
        assert done.code == 2
        assert "row 2: there is no value in `column_b`" in done.sentence


class TestQuotas:
    """Refused for a minute, not for good."""

    def test_the_quota_of_a_minute_is_waited_out(
        self, google: Gsheets, pauses: list[float]
    ) -> None:
        """Half a minute at a time, by all streams: two tries are enough."""
        fill(google)
        google.now = lambda: sum(pauses)
        google.per_minute = 2
        done = read(google)
        assert (done.code, len(done.records("orders"))) == (0, 4)
        assert max(pauses) >= 29
        assert sum(pauses) > 2 * 60

    @pytest.mark.parametrize("reason", ["userRateLimitExceeded", "rateLimitExceeded"])
    def test_drive_says_it_by_a_403(
        self, reason: str, google: Gsheets, pauses: list[float]
    ) -> None:
        """Of the domain usageLimits; any other 403 is no reason to wait."""
        fill(google)
        google.spoil(refuse(of_drive(403, "Slow down", reason, "usageLimits")), path="/drive/")
        done = read(google, "orders")
        assert (done.code, len(done.records())) == (0, 4)
        assert done.bookmark("orders")["state"]["modified"] == "2026-03-01T12:00:00.000Z"
        assert max(pauses) >= 29

    def test_a_quota_that_stays_ends_the_run(self, google: Gsheets, pauses: list[float]) -> None:
        """With code 5, and what to do."""
        fill(google)
        google.spoil(refuse(quota_spent()), path="/v4/", times=None)
        done = read(google)
        assert done.code == 5
        assert "429" in done.sentence
        assert len(pauses) >= 2


class TestTokens:
    """Fetched when they are needed."""

    def test_one_that_ends_is_renewed(self, google: Gsheets) -> None:
        """Once, in the middle of a run."""
        table(google, ["x"], *([number] for number in range(9)))
        found = catalog(google, "sheet1")
        issued = len(google.access.issued)
        google.before(5, google.access.revoke)
        done = read(google, catalog=found, rows_per_request=3)
        assert (done.code, [row["x"] for row in done.records()]) == (0, list(range(9)))
        assert len(google.access.issued) == issued + 2


class TestStrangeAnswers:
    """What is no answer to the question is never taken for blank cells."""

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"sheets": []},
            {"sheets": [{"properties": {"sheetId": 5}, "data": [{}]}]},
            {"sheets": [{"properties": {}}]},
            {"sheets": [{"properties": {}, "data": [{"startRow": 7}]}]},
            {"sheets": [{"properties": {}, "data": [{"startColumn": 1}]}]},
            {"sheets": [{"properties": {}, "data": [{"rowData": [{"values": ["x"]}]}]}]},
            {"sheets": [{"data": [{"rowData": [{"values": [{"effectiveValue": 1}]}]}]}]},
        ],
        ids=repr,
    )
    def test_cells_that_are_not_those_asked_for_end_the_stream(
        self, body: Any, google: Gsheets
    ) -> None:
        """With code 4, and the place to look at."""
        table(google, ["x"], [1])
        found = catalog(google, "sheet1")
        text = json.dumps(body).encode()
        google.spoil(lambda good: replace(good, body=text), path="/v4/", times=None, spared=1)
        done = read(google, catalog=found)
        assert (done.code, done.records()) == (4, [])
        assert "does not hold the cells that were asked for; check `base_url`" in done.sentence

    @pytest.mark.parametrize(
        "body",
        [{}, {"spreadsheetId": "other", "sheets": []}, {"sheets": {}}, [], {"sheets": [{}]}],
        ids=repr,
    )
    def test_a_spreadsheet_that_is_none_ends_the_run(self, body: Any, google: Gsheets) -> None:
        """Before anything is written."""
        book = table(google, ["x"], [1])
        if isinstance(body, dict) and body.get("sheets") == [{}]:
            body = {**body, "spreadsheetId": book.book_id}
        text = json.dumps(body).encode()
        google.spoil(lambda good: replace(good, body=text), path="/v4/", times=None)
        done = read(google)
        assert (done.code, done.stdout) == (4, b"")
        assert book.book_id in done.sentence

    def test_drive_without_a_time_ends_the_stream(self, google: Gsheets) -> None:
        """It is not taken for a spreadsheet that never changes."""
        table(google, ["x"], [1])
        google.spoil(lambda good: replace(good, body=b'{"id": "x"}'), path="/drive/", times=None)
        done = read(google, "sheet1")
        assert (done.code, done.records()) == (4, [])
        assert "`modifiedTime`" in done.sentence
