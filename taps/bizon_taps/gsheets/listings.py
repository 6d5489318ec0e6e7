"""The streams that tell of the spreadsheets themselves, and of all their worksheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bizon_singer.source.models import SourceRecord, StreamDefinition
from bizon_taps.gsheets.directory import SPREADSHEETS, WORKSHEETS, Sheet
from bizon_taps.gsheets.spreadsheet import Spreadsheet

_TEXT = {"type": ["null", "string"]}
_NUMBER = {"type": ["null", "integer"]}
_FLAG = {"type": ["null", "boolean"]}

DEFINITIONS = (
    StreamDefinition(
        SPREADSHEETS,
        {
            "type": "object",
            "properties": {
                "spreadsheet_id": {"type": "string"},
                "title": _TEXT,
                "url": _TEXT,
                "locale": _TEXT,
                "time_zone": _TEXT,
                "auto_recalc": _TEXT,
                "modified_at": {**_TEXT, "format": "date-time"},
            },
        },
        key_properties=("spreadsheet_id",),
        replication_method="FULL_TABLE",
        description="The spreadsheets, with locale, time zone and, as Drive tells it, last edit.",
    ),
    StreamDefinition(
        WORKSHEETS,
        {
            "type": "object",
            "properties": {
                "spreadsheet_id": {"type": "string"},
                "sheet_id": {"type": "integer"},
                "title": _TEXT,
                "stream": _TEXT,
                "index": _NUMBER,
                "sheet_type": _TEXT,
                "hidden": _FLAG,
                "row_count": _NUMBER,
                "column_count": _NUMBER,
                "frozen_row_count": _NUMBER,
                "frozen_column_count": _NUMBER,
                "right_to_left": _FLAG,
            },
        },
        key_properties=("spreadsheet_id", "sheet_id"),
        replication_method="FULL_TABLE",
        description="The worksheets of the spreadsheets, charts included, with their streams.",
    ),
)


def spreadsheet_record(spreadsheet: Spreadsheet, modified: str | None) -> SourceRecord:
    """Return what is known of a spreadsheet."""
    properties = spreadsheet.properties
    data = {
        "spreadsheet_id": spreadsheet.spreadsheet_id,
        "title": properties.get("title"),
        "url": spreadsheet.url,
        "locale": properties.get("locale"),
        "time_zone": properties.get("timeZone"),
        "auto_recalc": properties.get("autoRecalc"),
        "modified_at": modified,
    }
    return SourceRecord(spreadsheet.spreadsheet_id, data)


def worksheet_records(spreadsheet: Spreadsheet, sheets: Sequence[Sheet]) -> list[SourceRecord]:
    """Return what is known of the worksheets of a spreadsheet.

    Args:
        spreadsheet: It.
        sheets: The tables of all spreadsheets, with their streams.
    """
    streams = {
        sheet.worksheet.sheet_id: sheet.stream
        for sheet in sheets
        if sheet.spreadsheet.spreadsheet_id == spreadsheet.spreadsheet_id
    }
    records = []
    for worksheet in spreadsheet.worksheets:
        properties = worksheet.properties
        grid: dict[str, Any] = properties.get("gridProperties") or {}
        data = {
            "spreadsheet_id": spreadsheet.spreadsheet_id,
            "sheet_id": worksheet.sheet_id,
            "title": worksheet.title,
            "stream": streams.get(worksheet.sheet_id),
            "index": properties.get("index"),
            "sheet_type": worksheet.kind,
            "hidden": worksheet.is_hidden,
            "row_count": grid.get("rowCount"),
            "column_count": grid.get("columnCount"),
            "frozen_row_count": grid.get("frozenRowCount", 0),
            "frozen_column_count": grid.get("frozenColumnCount", 0),
            "right_to_left": bool(properties.get("rightToLeft")),
        }
        identity = f"{spreadsheet.spreadsheet_id}/{worksheet.sheet_id}"
        records.append(SourceRecord(identity, data))
    return records
