"""When a spreadsheet was edited last, as Drive tells it, if the credentials let it.

https://developers.google.com/workspace/drive/api/reference/rest/v3/files: any edit of any worksheet
moves ``modifiedTime``. It is asked for before a spreadsheet is read, so what is edited while it is
read is later than the time that is kept, and read by the next run.
"""

from __future__ import annotations

import logging
import threading

from bizon_singer.errors import ProtocolError
from bizon_singer.source.reply import HttpStatusError
from bizon_taps.gsheets.client import FORBIDDEN, GoogleApis

NOT_FOUND = 404
UNAUTHORIZED = 401

logger = logging.getLogger(__name__)


class Modified:
    """When the spreadsheets of a run had been edited last as it began."""

    def __init__(self) -> None:
        """Know nothing."""
        self._lock = threading.RLock()
        self._known: dict[str, str | int] = {}
        self._is_said = False

    def of(self, apis: GoogleApis, spreadsheet_id: str) -> str | None:
        """Return the time as Drive writes it, None where it may not be known.

        Raises:
            HttpStatusError: Drive failed for another reason than that.
            ProtocolError: Its answer has no time.
        """
        with self._lock:
            if spreadsheet_id not in self._known:
                self._known[spreadsheet_id] = _ask(apis, spreadsheet_id)
            known = self._known[spreadsheet_id]
            return known if isinstance(known, str) else None

    def again(self, apis: GoogleApis, spreadsheet_id: str) -> str | None:
        """Ask once more, and forget it: what a run began with stays known; raises as above."""
        moment = _ask(apis, spreadsheet_id)
        return moment if isinstance(moment, str) else None

    def say(self, spreadsheet_id: str) -> None:
        """Say once what it means that Drive does not tell, if it does not."""
        with self._lock:
            status = self._known.get(spreadsheet_id)
            if isinstance(status, int) and not self._is_said:
                self._is_said = True
                logger.warning(
                    "Drive does not tell when spreadsheets were edited (%d), so they are read in "
                    "full by each run; enable the Google Drive API and the scope "
                    "drive.metadata.readonly, or set `skip_unchanged` to false.",
                    status,
                )


def _ask(apis: GoogleApis, spreadsheet_id: str) -> str | int:
    """Return the time, or the status of the refusal to tell it."""
    try:
        file = apis.file(spreadsheet_id)
    except HttpStatusError as error:
        if error.response.status_code not in {FORBIDDEN, NOT_FOUND}:
            raise
        return int(error.response.status_code)
    moment = file.get("modifiedTime") if isinstance(file, dict) else None
    if not isinstance(moment, str) or not moment:
        raise ProtocolError(
            f"spreadsheet {spreadsheet_id!r}: Drive answered without its `modifiedTime`; check "
            "`drive_base_url`, or set `skip_unchanged` to false"
        )
    return moment
