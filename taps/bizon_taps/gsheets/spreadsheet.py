"""What a spreadsheet says of itself and its worksheets, and why it could not be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bizon_singer.errors import BizonSingerError, ConfigError, CredentialsError, ProtocolError
from bizon_singer.source.reply import HttpStatusError, Reply
from bizon_taps.gsheets.client import FORBIDDEN, GoogleApis, error_of, reason_of

JSON = dict[str, Any]

BAD_REQUEST = 400
NOT_FOUND = 404
DISABLED = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
GRID = "GRID"
FIELDS = (
    "spreadsheetId,spreadsheetUrl,properties(title,locale,timeZone,autoRecalc),"
    "sheets(properties,merges)"
)


@dataclass(frozen=True)
class Merge:
    """Cells shown as one; its value stands in the first. Counted from 1, ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Worksheet:
    """A worksheet.

    Attributes:
        sheet_id: Its number in the spreadsheet, which stays when it is renamed.
        rows: How many rows its grid has, blank ones included; 0 for what is no grid.
        columns: How many columns.
        properties: All the API says of it.
    """

    sheet_id: int
    title: str
    kind: str
    rows: int
    columns: int
    is_hidden: bool
    properties: JSON
    merges: tuple[Merge, ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether it is made of cells: charts and connected sheets are not."""
        return self.kind == GRID and self.rows > 0 and self.columns > 0


@dataclass(frozen=True)
class Spreadsheet:
    """A spreadsheet."""

    spreadsheet_id: str
    url: str | None
    properties: JSON
    worksheets: tuple[Worksheet, ...] = field(default=())

    @property
    def title(self) -> str:
        """Its name."""
        return str(self.properties.get("title") or "")

    @property
    def time_zone(self) -> str:
        """The zone its times are of, a CLDR name such as America/New_York."""
        return str(self.properties.get("timeZone") or "")


def fetch_spreadsheet(apis: GoogleApis, spreadsheet_id: str) -> Spreadsheet:
    """Ask for a spreadsheet, without its cells.

    Raises:
        ConfigError: There is none of this id, or it is another kind of file.
        CredentialsError: It is not shared with whom the credentials are of.
        ProtocolError: The answer describes no spreadsheet.
    """
    body = ask(apis, spreadsheet_id, {"fields": FIELDS}).json()
    sheets = body.get("sheets") if isinstance(body, dict) else None
    if not isinstance(sheets, list) or body.get("spreadsheetId") != spreadsheet_id:
        raise ProtocolError(
            f"spreadsheet {spreadsheet_id!r}: the answer describes no spreadsheet; check "
            "`base_url`, or run again later"
        )
    try:
        worksheets = tuple(map(_worksheet, sheets))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ProtocolError(
            f"spreadsheet {spreadsheet_id!r}: the answer describes a worksheet without its id or "
            "title; check `base_url`, or run again later"
        ) from None
    properties = body.get("properties")
    return Spreadsheet(
        spreadsheet_id,
        body.get("spreadsheetUrl"),
        properties if isinstance(properties, dict) else {},
        worksheets,
    )


def ask(
    apis: GoogleApis, spreadsheet_id: str, params: Mapping[str, Any], *, is_large: bool = False
) -> Reply:
    """Return an answer of the Sheets API, its refusals explained; raises as above."""
    try:
        return apis.spreadsheet(spreadsheet_id, params, is_large=is_large)
    except HttpStatusError as error:
        reply: Any = error.response
        explained = _explained(reply, spreadsheet_id, apis.account)
        if explained is None:
            raise
        raise explained from error


def _explained(reply: Reply, spreadsheet_id: str, account: str | None) -> BizonSingerError | None:
    where = f"spreadsheet {spreadsheet_id!r}"
    if reply.status_code == NOT_FOUND:
        return ConfigError(f"{where} does not exist; check `spreadsheet_url`")
    if reply.status_code == BAD_REQUEST and error_of(reply).get("status") == "FAILED_PRECONDITION":
        return ConfigError(
            f"{where} is a file of another kind, such as .xlsx; open it in Google Sheets and save "
            "it as a Google spreadsheet"
        )
    if reply.status_code != FORBIDDEN:
        return None
    if reason_of(reply) in DISABLED:
        return CredentialsError(
            f"{where}: the Google Sheets API is not enabled in the project of the credentials; "
            "enable it in the Google Cloud console"
        )
    return CredentialsError(
        f"{where} may not be read with these credentials; share it with "
        f"{account or 'the account they are of'}"
    )


def _worksheet(sheet: Mapping[str, Any]) -> Worksheet:
    properties = dict(sheet["properties"])
    grid = properties.get("gridProperties") or {}
    kind = properties.get("sheetType") or GRID
    is_grid = kind == GRID
    return Worksheet(
        sheet_id=int(properties.get("sheetId", 0)),
        title=str(properties["title"]),
        kind=str(kind),
        rows=int(grid.get("rowCount", 0)) if is_grid else 0,
        columns=int(grid.get("columnCount", 0)) if is_grid else 0,
        is_hidden=bool(properties.get("hidden")),
        properties=properties,
        merges=tuple(_merges(sheet.get("merges") or ())),
    )


def _merges(merges: Sequence[Mapping[str, Any]]) -> list[Merge]:
    # Half open and counted from 0; what is 0 is left out.
    return [
        Merge(
            int(merge.get("startRowIndex", 0)) + 1,
            int(merge.get("startColumnIndex", 0)) + 1,
            int(merge["endRowIndex"]),
            int(merge["endColumnIndex"]),
        )
        for merge in merges
        if "endRowIndex" in merge and "endColumnIndex" in merge
    ]
