"""The paths of the Sheets API that read.

https://developers.google.com/workspace/sheets/api/reference/rest
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.fakes.gsheets import masks
from tests.fakes.gsheets.a1 import Range, parse
from tests.fakes.gsheets.cells_api import PLAIN_FORMAT, grid_data, value_range
from tests.fakes.gsheets.refusal import not_found, of_sheets
from tests.fakes.gsheets.workbook import Book, Sheet
from tests.fakes.http_server import Request

ROOT = "/v4/spreadsheets/"
_PATH = re.compile(r"/v4/spreadsheets/([A-Za-z0-9_-]+)(/values:batchGet|/values/.+)?")
RENDERINGS = frozenset({"FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA"})


def book_id_of(request: Request) -> str:
    """Return which spreadsheet a request is about.

    Raises:
        Refusal: There is no such path.
    """
    found = _PATH.fullmatch(request.path)
    if found is None or request.method != "GET":
        raise not_found()
    return found[1]


def answer(book: Book, request: Request) -> Any:
    """Return the body of an answer about a spreadsheet.

    Raises:
        Refusal: It cannot be answered.
    """
    found = _PATH.fullmatch(request.path)
    assert found is not None
    rest, query = found[2] or "", request.query
    if not rest:
        return spreadsheet(book, query)
    option = query.get("valueRenderOption", ["FORMATTED_VALUE"])[-1]
    dates = query.get("dateTimeRenderOption", ["SERIAL_NUMBER"])[-1]
    dimension = query.get("majorDimension", ["ROWS"])[-1]
    if option not in RENDERINGS:
        raise of_sheets(400, f"Invalid value at 'value_render_option', \"{option}\"")
    if rest == "/values:batchGet":
        areas = [parse(book, text) for text in query.get("ranges", [])]
        ranges = [value_range(area, option, dates, dimension) for area in areas]
        return {"spreadsheetId": book.book_id, "valueRanges": ranges}
    area = parse(book, unquote(rest.removeprefix("/values/")))
    return value_range(area, option, dates, dimension)


def spreadsheet(book: Book, query: dict[str, list[str]]) -> Any:
    """Return a spreadsheet, its cells too where they are asked for.

    Of ``includeGridData`` nothing is heard where there is a mask.
    """
    mask = masks.parse(query["fields"][-1]) if "fields" in query else {}
    with_data = query.get("includeGridData", ["false"])[-1] == "true"
    of_cell: masks.Mask = {}
    if mask:
        wanted = mask.get("sheets")
        with_data = wanted is not None and (not wanted or "data" in wanted)
        of_cell = masks.below(mask, "sheets", "data", "rowData", "values")
    areas = [parse(book, text) for text in query.get("ranges", [])]
    chosen = [sheet for sheet in book.sheets if not areas or sheet in [a.sheet for a in areas]]
    body = {
        "spreadsheetId": book.book_id,
        "properties": {
            "title": book.title,
            "locale": book.locale,
            "autoRecalc": "ON_CHANGE",
            "timeZone": book.time_zone,
            "defaultFormat": PLAIN_FORMAT,
        },
        "sheets": [_sheet(book, sheet, areas, of_cell if with_data else None) for sheet in chosen],
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{book.book_id}/edit",
    }
    return masks.masked(body, mask)


def _sheet(
    book: Book, sheet: Sheet, areas: list[Range], of_cell: masks.Mask | None
) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "sheetId": sheet.sheet_id,
        "title": sheet.title,
        "index": book.sheets.index(sheet),
        "sheetType": sheet.kind,
    }
    if sheet.kind == "GRID":
        grid = {"rowCount": sheet.row_count, "columnCount": sheet.column_count}
        if sheet.frozen_rows:
            grid["frozenRowCount"] = sheet.frozen_rows
        properties["gridProperties"] = grid
    if sheet.is_hidden:
        properties["hidden"] = True
    body: dict[str, Any] = {"properties": properties}
    if of_cell is not None and sheet.kind == "GRID":
        own = [area for area in areas if area.sheet is sheet]
        whole = Range(sheet, 1, 1, sheet.row_count, sheet.column_count)
        body["data"] = [grid_data(area, of_cell) for area in own or [whole]]
    if sheet.merges:
        body["merges"] = [
            {
                "sheetId": sheet.sheet_id,
                "startRowIndex": top - 1,
                "endRowIndex": bottom,
                "startColumnIndex": left - 1,
                "endColumnIndex": right,
            }
            for top, left, bottom, right in sheet.merges
        ]
    return body
