"""The made-up Google is what gspread takes for Google, and answers as Google was recorded to.

The recorded answers are those gspread's own tests are run on; they are not part of this project:
GSHEETS_RECORDINGS names their folder, else they are looked for beside the checkout.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import google.auth.transport.requests
import google.oauth2.service_account
import gspread
import pytest
import requests

from tests.fakes.asking import Told, ask
from tests.fakes.gsheets import Book, Cell, Failed, Gsheets, fill
from tests.fakes.gsheets.access import DRIVE, SHEETS

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
FOLDER = Path(os.environ.get("GSHEETS_RECORDINGS", CHECKOUT.parent / "shared" / "data" / "gsheets"))
needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="the recorded answers are not here; GSHEETS_RECORDINGS names their folder",
)
CACTUS = "🌵 test_values_batch_get 1"


@pytest.fixture
def server() -> Iterator[Gsheets]:
    """A Google of its own."""
    with Gsheets() as served:
        yield served


@pytest.fixture
def client(server: Gsheets) -> gspread.Client:
    """Gspread as anybody uses it: google-auth signs, its own session sends."""

    class Client(gspread.HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Any:
            return super().request(
                method, server.base_url + urlsplit(endpoint).path, *args, **kwargs
            )

    key = server.access.key()
    credentials = google.oauth2.service_account.Credentials.from_service_account_info(
        key, scopes=[SHEETS, DRIVE]
    )
    return gspread.authorize(credentials, http_client=Client)


class TestGspread:
    """A client nobody here wrote reads what is there."""

    def test_it_finds_worksheets(self, server: Gsheets, client: gspread.Client) -> None:
        """By titles, in order, hidden ones told apart."""
        book = fill(server)
        found = client.open_by_key(book.book_id)
        titles = ["Orders", "Odd 'headers' 🌵", "Header only", "Empty", "Hidden", "Chart1"]
        assert [sheet.title for sheet in found.worksheets()] == titles
        assert [sheet.title for sheet in found.worksheets(exclude_hidden=True)] == [
            title for title in titles if title != "Hidden"
        ]
        assert (found.title, found.timezone, found.locale) == ("Shop", "America/New_York", "en_US")

    def test_it_reads_values(self, server: Gsheets, client: gspread.Client) -> None:
        """As they are displayed, and as they are."""
        book = server.book()
        book.sheet("It's", ["a", "b", "c"], [1, "00123", date(2020, 1, 1)], [], [2.5, True])
        sheet = client.open_by_key(book.book_id).worksheet("It's")
        unformatted = gspread.utils.ValueRenderOption.unformatted
        assert sheet.get_all_values() == [
            ["a", "b", "c"],
            ["1", "00123", "2020-01-01"],
            ["", "", ""],
            ["2.5", "TRUE", ""],
        ]
        assert sheet.get_all_values(value_render_option=unformatted) == [
            ["a", "b", "c"],
            [1, "00123", 43831],
            ["", "", ""],
            [2.5, True, ""],
        ]
        assert sheet.row_values(2) == ["1", "00123", "2020-01-01"]
        assert sheet.batch_get(["A2:A", "C2"]) == [[["1"], [], ["2.5"]], [["2020-01-01"]]]

    def test_it_learns_when_a_spreadsheet_was_edited(
        self, server: Gsheets, client: gspread.Client
    ) -> None:
        """From Drive."""
        book = fill(server)
        before = client.get_file_drive_metadata(book.book_id)["modifiedTime"]
        book.touch()
        assert client.get_file_drive_metadata(book.book_id)["modifiedTime"] > before

    def test_it_is_refused_as_by_google(self, server: Gsheets, client: gspread.Client) -> None:
        """What is not there, not shared, no spreadsheet, or out of quota."""
        with pytest.raises(gspread.SpreadsheetNotFound):
            client.open_by_key("nothing-of-this-id")
        with pytest.raises(PermissionError):
            client.open_by_key(server.book(shared_with={"somebody else"}).book_id)
        with pytest.raises(gspread.exceptions.APIError, match="not supported"):
            client.open_by_key(server.book(kind="xlsx").book_id)
        server.per_minute = 0
        with pytest.raises(gspread.exceptions.APIError, match="Quota exceeded") as refused:
            client.open_by_key(server.book().book_id)
        assert refused.value.code == 429


def recorded(name: str, number: int) -> tuple[str, Any]:
    """Return path with query and body of the nth exchange of a recording."""
    tape = json.loads((FOLDER / f"{name}.json").read_text())
    exchange = tape["interactions"][number]
    body = exchange["response"]["body"]["string"]
    parts = urlsplit(exchange["request"]["uri"])
    return f"{parts.path}?{parts.query}", json.loads(body)


def told(server: Gsheets, target: str) -> Told:
    """Ask as the recording did."""
    return ask(server.base_url, target, token=token_of(server))


def token_of(server: Gsheets) -> str:
    """Return a token of the service account."""
    credentials = google.oauth2.service_account.Credentials.from_service_account_info(
        server.access.key(), scopes=[SHEETS, DRIVE]
    )
    with requests.Session() as session:
        credentials.refresh(google.auth.transport.requests.Request(session))
    return str(credentials.token)


def book_of(server: Gsheets, target: str, title: str) -> Book:
    """Add the spreadsheet a recording is about."""
    return server.book(title, book_id=target.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1])


def without(value: Any, *names: str) -> Any:
    """Return a value without what nobody reads: colours and fonts."""
    if isinstance(value, dict):
        return {key: without(item, *names) for key, item in value.items() if key not in names}
    return [without(item, *names) for item in value] if isinstance(value, list) else value


@needs_recordings
class TestRecordings:
    """The same question has the same answer, byte for byte of what it means."""

    def test_a_spreadsheet(self, server: Gsheets) -> None:
        """Its worksheets with their ids, grids, and the hidden one."""
        target, body = recorded("SpreadsheetTest.test_worksheets_exclude_hidden", 6)
        book = book_of(server, target, body["properties"]["title"])
        book.sheet("Sheet1")
        book.sheet("finances", row_count=100, column_count=100, sheet_id=1613166149)
        book.sheet("gacha", row_count=100, column_count=100, sheet_id=755875121, is_hidden=True)
        decoration = ("defaultFormat", "spreadsheetTheme")
        assert without(told(server, target).body, *decoration) == without(body, *decoration)

    def test_values_of_several_ranges(self, server: Gsheets) -> None:
        """Ranges are quoted where they need it, whole columns end with the grid."""
        target, body = recorded("SpreadsheetTest.test_values_batch_get", 5)
        book = server.book(book_id=body["spreadsheetId"])
        book.sheet(CACTUS, ["🍇", "🍉", "🍋"], ["🍐", "🍎", "🍓"]).row_count = 10
        assert told(server, target).body == body

    @pytest.mark.parametrize("number", [7, 8, 9], ids=["formatted", "unformatted", "formula"])
    def test_ways_to_render(self, number: int, server: Gsheets) -> None:
        """A date is text, a number, and a number."""
        target, body = recorded("WorksheetTest.test_get_all_records_value_render_options", number)
        book = server.book(book_id=target.split("/")[3])
        book.sheet(
            "Sheet1",
            [Cell(2, formula="=4/2"), date(2020, 1, 1), "string", 53],
            [Cell(1.5, formula="=3/2"), 0.12, date(1999, 1, 2)],
            row_count=2,
            column_count=4,
        )
        book.sheets[0].row_count, book.sheets[0].column_count = 2, 4
        assert told(server, target).body == body

    @pytest.mark.parametrize(
        ("name", "rows"),
        [
            (
                "test_get_all_records_different_header",
                [[], [], ["A1", "B1", "", "D1"], [1, "b2", 1.45], [], ["A4", 0.4, "", 4]],
            ),
            (
                "test_get_all_records_duplicate_keys",
                [["A1", "faff", "C3", "faff"], [1, "b2", 1.45], [], ["A4", 0.4, "", 4]],
            ),
            (
                "test_get_all_records_with_keys_blank",
                [[], ["c", "d", "e", "f"], ["g", "h", "i", "j"], ["k", "l", "m"]],
            ),
        ],
    )
    def test_rows_are_ragged(self, name: str, rows: list[Any], server: Gsheets) -> None:
        """Blank cells and rows at an end are left out, those between are not."""
        number = 7 if name.endswith("blank") else 6
        target, body = recorded(f"WorksheetTest.{name}", number)
        book = server.book(book_id=target.split("/")[3])
        sheet = book.sheet("Sheet1", *rows, row_count=len(rows), column_count=4)
        sheet.column_count = 4
        assert told(server, target).body == body

    def test_a_range_without_values(self, server: Gsheets) -> None:
        """There is no list of values at all."""
        target, body = recorded("WorksheetTest.test_get_all_records_value_render_options", 5)
        book = server.book(book_id=target.split("/")[3])
        book.sheet("Sheet1", row_count=2, column_count=4)
        assert told(server, target).body == body

    def test_a_file_of_drive(self, server: Gsheets) -> None:
        """The fields that were asked for, times with milliseconds and Z."""
        target, body = recorded("ClientTest.test_open_by_key_has_metadata", 2)
        book_of(server, target, body["name"])
        answer = told(server, target).body
        assert answer.keys() == body.keys()
        assert (answer["id"], answer["name"]) == (body["id"], body["name"])
        assert len(answer["modifiedTime"]) == len(body["modifiedTime"])
        assert answer["modifiedTime"].endswith("Z")


class TestGridData:
    """What no recording shows: the data of a grid, as the reference describes it."""

    def test_a_cell_has_what_a_mask_asks_for(self, server: Gsheets) -> None:
        """Value, error and format; a blank cell is empty, and a start of 0 is not said."""
        book = server.book()
        book.sheet("S", ["x", "", Cell(3, "DATE")], [Failed("REF"), True])
        fields = (
            "sheets(data(startRow,startColumn,rowData(values(effectiveValue,"
            "effectiveFormat(numberFormat(type))))))"
        )
        target = f"/v4/spreadsheets/{book.book_id}?ranges='S'!A1:C9&fields={fields}"
        [sheet] = told(server, target).body["sheets"]
        [data] = sheet["data"]
        assert "startRow" not in data
        assert data["rowData"] == [
            {
                "values": [
                    {"effectiveValue": {"stringValue": "x"}, "effectiveFormat": {}},
                    {},
                    {
                        "effectiveValue": {"numberValue": 3},
                        "effectiveFormat": {"numberFormat": {"type": "DATE"}},
                    },
                ]
            },
            {
                "values": [
                    {
                        "effectiveValue": {
                            "errorValue": {
                                "type": "REF",
                                "message": "Reference does not exist.",
                            }
                        },
                        "effectiveFormat": {},
                    },
                    {"effectiveValue": {"boolValue": True}, "effectiveFormat": {}},
                ]
            },
        ]

    def test_a_range_that_begins_beyond_the_grid_is_refused(self, server: Gsheets) -> None:
        """One that ends there is cut off."""
        book = server.book()
        book.sheet("S", ["x"], row_count=5, column_count=2)
        path = f"/v4/spreadsheets/{book.book_id}/values/"
        assert told(server, path + "'S'!A1:Z99").body["range"] == "S!A1:B5"
        refused = told(server, path + "'S'!A6:B9")
        assert refused.status == 400
        assert "exceeds grid limits. Max rows: 5, max columns: 2" in refused.text
