"""Which stream is which worksheet: names that follow from titles, and no two alike.

A run's streams ask the same spreadsheets, and each stream has a source of its own. What one has
been told, the others need not ask for again: they share a :class:`Directory`, kept as long as the
budget of requests they share, which is as long as the run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from bizon_singer.config_errors import nearest
from bizon_singer.errors import BizonSingerError, ConfigError, CredentialsError
from bizon_singer.redact import excerpt
from bizon_singer.source.budget import RequestBudget
from bizon_taps.gsheets.client import GoogleApis
from bizon_taps.gsheets.columns import as_sql, unique_names
from bizon_taps.gsheets.config import GsheetsSourceConfig
from bizon_taps.gsheets.credentials import Renewing
from bizon_taps.gsheets.drive import Modified
from bizon_taps.gsheets.spreadsheet import Spreadsheet, Worksheet, fetch_spreadsheet

SPREADSHEETS = "spreadsheets"
WORKSHEETS = "worksheets"
ID_CHARACTERS = 8
SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Sheet:
    """A worksheet and the stream it is.

    Attributes:
        stream: Name of the stream.
    """

    stream: str
    spreadsheet: Spreadsheet
    worksheet: Worksheet


class Directory:
    """The spreadsheets of a run, as they were when it first asked for them."""

    def __init__(self) -> None:
        """Know none."""
        self.modified = Modified()
        self._login: Renewing | None = None
        self._lock = threading.RLock()
        self._known: dict[str, Spreadsheet] = {}

    def spreadsheet(
        self, apis: GoogleApis, config: GsheetsSourceConfig, spreadsheet_id: str
    ) -> Spreadsheet:
        """Return a spreadsheet, asked for once.

        Drive is asked first: of a row that is added between the two questions, the time must not
        be kept, for the grid it is in is not known.
        """
        with self._lock:
            if spreadsheet_id not in self._known:
                if config.skip_unchanged and config.init_pipeline:  # discovery has no use for it
                    self.modified.of(apis, spreadsheet_id)
                self._known[spreadsheet_id] = fetch_spreadsheet(apis, spreadsheet_id)
            return self._known[spreadsheet_id]

    def login(self, make: Callable[[], Renewing]) -> Renewing:
        """Return what signs the requests of the run, made once."""
        with self._lock:
            self._login = self._login or make()
            return self._login

    def forget(self, spreadsheet_id: str) -> None:
        """Ask for a spreadsheet again: it is not what it was."""
        with self._lock:
            self._known.pop(spreadsheet_id, None)

    def sheets(self, apis: GoogleApis, config: GsheetsSourceConfig) -> list[Sheet]:
        """Return every table of every spreadsheet, with the name of its stream."""
        return _named([self.spreadsheet(apis, config, each) for each in config.spreadsheet_ids])

    def find(self, apis: GoogleApis, config: GsheetsSourceConfig, stream: str) -> Sheet:
        """Return the worksheet a stream is.

        Raises:
            ConfigError: There is none of this name.
            BizonSingerError: A spreadsheet cannot be read, and it may be in that one.
        """
        known: list[Spreadsheet] = []
        failure: BizonSingerError | None = None
        for each in config.spreadsheet_ids:
            try:
                known.append(self.spreadsheet(apis, config, each))
            except (ConfigError, CredentialsError) as error:  # the others do not stand back for it
                failure = failure or error
        sheets = _named(known, several=len(config.spreadsheet_ids) > 1)
        for sheet in sheets:
            if sheet.stream == stream:
                return sheet
        if failure is not None:
            raise failure
        raise ConfigError(
            f"there is no worksheet of stream {excerpt(stream, SHOWN_CHARACTERS)!r} any more"
            f"{nearest(stream, [sheet.stream for sheet in sheets], '')}; it may have been renamed "
            "or deleted, run --discover again"
        )


def directory_of(budget: RequestBudget) -> Directory:
    """Return the directory of the run that has a budget."""
    with _LOCK:
        return _DIRECTORIES.setdefault(budget, Directory())


_DIRECTORIES: WeakKeyDictionary[RequestBudget, Directory] = WeakKeyDictionary()
_LOCK = threading.Lock()


def _named(spreadsheets: list[Spreadsheet], *, several: bool | None = None) -> list[Sheet]:
    """Return the tables of spreadsheets with names that are unique, whatever their order."""
    found = [
        (spreadsheet, worksheet)
        for spreadsheet in spreadsheets
        for worksheet in spreadsheet.worksheets
        if worksheet.is_table
    ]
    if several is None:
        several = len(spreadsheets) > 1
    reserved = [[SPREADSHEETS], [WORKSHEETS]]
    names = unique_names([*reserved, *(list(_choices(*pair, several=several)) for pair in found)])
    return [Sheet(name, *pair) for name, pair in zip(names[len(reserved) :], found, strict=True)]


def _choices(spreadsheet: Spreadsheet, worksheet: Worksheet, *, several: bool) -> Iterator[Any]:
    """Yield names of a stream, each longer than the one before; the last is nobody else's."""
    own = as_sql(worksheet.title) or f"sheet_{worksheet.sheet_id}"
    number = f"{own}_{worksheet.sheet_id}"
    if not several:
        yield from (own, number)
        return
    book = as_sql(spreadsheet.title) or "spreadsheet"
    short = spreadsheet.spreadsheet_id[:ID_CHARACTERS]
    yield from (f"{book}__{own}", f"{book}_{short}__{own}", f"{book}_{short}__{number}")
    yield f"{spreadsheet.spreadsheet_id}__{number}"
