"""Google Sheets: each worksheet a stream, and two more of the spreadsheets themselves.

https://developers.google.com/workspace/sheets/api/reference/rest. A run asks once for each
spreadsheet, once for its last edit, and then for rows, as many at once as have 400,000 cells.
Where a worksheet takes several of those, its last edit is asked for again at the end.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from requests.auth import AuthBase

from bizon_singer.config_errors import nearest
from bizon_singer.errors import ConfigError
from bizon_singer.redact import excerpt
from bizon_singer.source.models import SourceIncrementalState, SourceIteration, StreamDefinition
from bizon_singer.source.reply import HttpStatusError
from bizon_singer.source.source import AbstractSource
from bizon_taps.gsheets.client import GoogleApis, SheetsSession
from bizon_taps.gsheets.config import GsheetsSourceConfig
from bizon_taps.gsheets.credentials import SharedAuthenticator, authenticator_of
from bizon_taps.gsheets.directory import SPREADSHEETS, WORKSHEETS, Directory, Sheet, directory_of
from bizon_taps.gsheets.listings import DEFINITIONS, spreadsheet_record, worksheet_records
from bizon_taps.gsheets.position import Position
from bizon_taps.gsheets.rows import SheetRows
from bizon_taps.gsheets.survey import survey
from bizon_taps.gsheets.table import TableReader, frame_of

BAD_REQUEST = 400
OWN_FIELDS = 2
SETTINGS = (
    "header_row",
    "range",
    "key_properties",
    "column_names",
    "convert_column_names_to_sql_format",
)
"""Settings that change the records of a worksheet."""
SHOWN_CHARACTERS = 80

logger = logging.getLogger(__name__)


class GsheetsSource(AbstractSource):
    """Reads one worksheet, or tells of the spreadsheets.

    Args:
        config: The settings; ``config.stream`` names the stream.
    """

    config: GsheetsSourceConfig
    session: SheetsSession

    def __init__(self, config: GsheetsSourceConfig) -> None:
        """Ask nothing yet."""
        super().__init__(config)
        self._apis = GoogleApis(self.session, config)

    @staticmethod
    def streams() -> list[str]:
        """Return the streams any spreadsheet has."""
        return [SPREADSHEETS, WORKSHEETS]

    @staticmethod
    def get_config_class() -> type[GsheetsSourceConfig]:
        """Return the class of the settings."""
        return GsheetsSourceConfig

    @classmethod
    def stream_definitions(cls) -> Sequence[StreamDefinition]:
        """Describe the streams any spreadsheet has."""
        return DEFINITIONS

    def get_session(self) -> SheetsSession:
        """Return a session of both APIs."""
        limit = self.config.api_config.retry_limit
        return SheetsSession(self.config.http, limit, config=self.config)

    def get_authenticator(self) -> AuthBase:
        """Return what signs for all streams of the run."""
        own = authenticator_of(self.config)  # a key that is none is refused before a request
        return SharedAuthenticator(lambda: self._directory.login(lambda: own))

    def discover(self) -> Sequence[StreamDefinition]:
        """Describe every worksheet, its columns typed by all of their cells.

        Raises:
            ConfigError: A setting does not fit a worksheet, or there is none to read.
            CredentialsError: A spreadsheet may not be read.
        """
        return [*DEFINITIONS, *self._surveyed()]

    def _surveyed(self) -> Iterator[StreamDefinition]:
        sheets = self._directory.sheets(self._apis, self.config)
        wanted = self.config.worksheet_name
        chosen = [sheet for sheet in sheets if wanted in {None, sheet.worksheet.title}]
        if wanted is not None and not chosen:
            titles = [sheet.worksheet.title for sheet in sheets]
            raise ConfigError(
                f"setting `worksheet_name` is {excerpt(wanted, SHOWN_CHARACTERS)!r}, which no "
                f"worksheet is called{nearest(wanted, titles, '; set the title of one')}"
            )
        config_of: Callable[[str], Any] = self.config_of or (lambda _: self.config)
        return survey(self._apis, [(sheet, config_of(sheet.stream)) for sheet in chosen])

    def check_connection(self) -> tuple[bool, Any | None]:
        """Ask for the first spreadsheet: the run needs to know of it anyway."""
        if str(self.config.stream) in {SPREADSHEETS, WORKSHEETS}:
            self._directory.spreadsheet(self._apis, self.config, self.config.spreadsheet_ids[0])
        else:
            self._sheet()
        return True, None

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Fetch a page of the stream.

        Args:
            pagination: See :class:`Position`; of the spreadsheets, ``{"done": how many}``.
        """
        stream = str(self.config.stream)
        if stream in {SPREADSHEETS, WORKSHEETS}:
            return self._listing(stream, (pagination or {}).get("done", 0))
        if pagination:
            return self._page(Position.of(pagination))
        return self._page(Position(modified=self._modified()))

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Fetch like ``get``, or nothing if the spreadsheet has not been edited since.

        Args:
            source_state: Its ``state`` is ``{"modified": last edit, "settings": hash}``.
            pagination: As for ``get``.
        """
        if pagination or str(self.config.stream) in {SPREADSHEETS, WORKSHEETS}:
            return self.get(pagination)
        modified = self._modified()
        if modified is not None and source_state.state == self._state(modified):
            logger.info(
                "Stream %r is skipped: its spreadsheet has not been edited since %s.",
                str(self.config.stream),
                modified,
            )
            return SourceIteration(next_state=source_state.state)
        return self._page(Position(modified=modified))

    def _listing(self, stream: str, done: Any) -> SourceIteration:
        """Return the row of a spreadsheet, or those of its worksheets."""
        ids = self.config.spreadsheet_ids
        done = done if type(done) is int and 0 <= done < len(ids) else 0
        spreadsheet = self._directory.spreadsheet(self._apis, self.config, ids[done])
        if stream == SPREADSHEETS:
            records = [spreadsheet_record(spreadsheet, self._modified_of(ids[done]))]
        else:
            sheets = self._directory.sheets(self._apis, self.config)
            records = worksheet_records(spreadsheet, sheets)
        following = {"done": done + 1} if done + 1 < len(ids) else {}
        return SourceIteration(following, records)

    def _page(self, position: Position) -> SourceIteration:
        """Return the records at a position; a worksheet that was renamed is found again."""
        try:
            iteration = self._rows.page(position)
        except HttpStatusError as error:
            if error.response.status_code != BAD_REQUEST:
                raise
            self._directory.forget(self._sheet().spreadsheet.spreadsheet_id)
            vars(self).pop("_rows", None)
            iteration = self._rows.page(position)
        if not iteration.next_pagination:
            was_edited = self._was_edited(position)
            iteration.next_state = self._state(None if was_edited else position.modified)
        return iteration

    def _was_edited(self, position: Position) -> bool:
        """Tell whether the spreadsheet was edited between two requests for its rows; say so.

        The rows of one request are of one moment; of those of several, some may have moved past
        the place the next one began at. That cannot be seen in the rows, but Drive knows of it.
        """
        rows = self._rows
        was_edited = rows.lost_rows
        if not was_edited and not rows.is_of_one_moment and position.modified is not None:
            identity = self._sheet().spreadsheet.spreadsheet_id
            now = self._directory.modified.again(self._apis, identity)
            was_edited = now not in {None, position.modified}
        if was_edited:
            logger.warning(
                "Stream %r: the spreadsheet was edited while it was read, so rows that moved may "
                "be missing or there twice; the next run reads it again.",
                str(self.config.stream),
            )
        return was_edited

    @property
    def _directory(self) -> Directory:
        return directory_of(self.session.budget)

    def _sheet(self) -> Sheet:
        return self._directory.find(self._apis, self.config, str(self.config.stream))

    @cached_property
    def _rows(self) -> SheetRows:
        sheet = self._sheet()
        table = TableReader(
            self._apis,
            sheet.spreadsheet.spreadsheet_id,
            frame_of(sheet.worksheet, self.config),
            self.config.rows_per_request,
            width=self._known_width,
        )
        return SheetRows(sheet, self.config, table, self.stream_schema, self.selected_fields)

    @property
    def _known_width(self) -> int | None:
        """How many columns the catalog knows, which is how wide rows may be expected to be."""
        if self.config.column_names:  # it knows these alone
            return None
        fields = (self.stream_schema or {}).get("properties", {})
        return max(1, len(fields) - OWN_FIELDS) if fields else None

    def _modified(self) -> str | None:
        """Return when the spreadsheet was edited last, None where it is not asked or not told."""
        return self._modified_of(self._sheet().spreadsheet.spreadsheet_id)

    def _modified_of(self, spreadsheet_id: str) -> str | None:
        if not self.config.skip_unchanged:
            return None
        modified = self._directory.modified.of(self._apis, spreadsheet_id)
        self._directory.modified.say(spreadsheet_id)
        return modified

    def _state(self, modified: str | None) -> dict[str, Any]:
        """Return what tells a later run whether it may be skipped; nothing where it may not."""
        if modified is None:
            return {}
        fields = None if self.selected_fields is None else sorted(self.selected_fields)
        chosen = {name: getattr(self.config, name) for name in SETTINGS}
        text = json.dumps([chosen, fields, self.stream_schema], sort_keys=True, default=str)
        return {"modified": modified, "settings": hashlib.sha256(text.encode()).hexdigest()[:16]}
