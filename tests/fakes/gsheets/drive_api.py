"""What Drive tells of a file.

https://developers.google.com/workspace/drive/api/reference/rest/v3
"""

from __future__ import annotations

from typing import Any

from tests.fakes.gsheets.workbook import DAY_ONE, Book

ROOT = "/drive/v3/files"
KINDS = {
    "spreadsheet": "application/vnd.google-apps.spreadsheet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_of(book: Book, fields: str) -> dict[str, Any]:
    """Return the fields that are asked for of a file."""
    everything = {
        "kind": "drive#file",
        "id": book.book_id,
        "name": book.title,
        "mimeType": KINDS[book.kind],
        "createdTime": _moment(DAY_ONE),
        "modifiedTime": _moment(book.modified),
    }
    wanted = fields.split(",") if fields else ["kind", "id", "name", "mimeType"]
    return {name: everything[name] for name in wanted}


def _moment(moment: Any) -> str:
    return str(moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
