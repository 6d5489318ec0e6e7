"""The two APIs, asked by gspread over the package's session.

The seam: ``gspread.HTTPClient`` takes a ``requests.Session`` and sends everything through its
``request``. It is given :class:`SheetsSession`, which is the package's session, so gspread builds
what is asked (addresses, parameters, quoting) while time limits, retries, the budget all streams
share, redirects, foreign hosts and the checks of a body stay what they are for every tap. Its
``request`` is overridden for one thing: gspread has Google's hosts in its addresses, and
``base_url`` and ``drive_base_url`` take their place.

Why not ``gspread.authorize``: it makes a session of google-auth, without any of that. Why not
gspread's ``BackOffHTTPClient``: it waits on its own, and each stream for itself.

Why a 403 may be tried again: Drive refuses by it, with a reason of ``usageLimits``, what others
call 429 (https://developers.google.com/workspace/drive/api/guides/handle-errors). Quotas are
counted by the minute and project, so all streams of a run wait for half of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bizon_singer.errors import BizonSingerError
from bizon_singer.source.config import HttpConfig
from bizon_singer.source.origin import origin_of, shown
from bizon_singer.source.reply import Reply
from bizon_singer.source.retry import not_retrying, retry_after
from bizon_singer.source.session import Session
from bizon_taps.gsheets.config import DRIVE_URL, SHEETS_URL, GsheetsSourceConfig
from bizon_taps.gsheets.credentials import missing_extra
from bizon_taps.gsheets.key import read_key

FORBIDDEN = 403
TOO_LONG = frozenset({500, 503, 504})
"""What Google answers where a spreadsheet is too much for it in the time a request has, among
others: https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors."""
TOO_MANY = 429
QUOTA_PAUSE_SECONDS = 31.0
"""Two of these are longer than any quota lasts, which is counted by the minute."""
RATE_REASONS = frozenset(
    {
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "sharingRateLimitExceeded",
        "RATE_LIMIT_EXCEEDED",
    }
)

JSON = dict[str, Any]


class SheetsSession(Session):
    """A session of both APIs, that waits for their quotas."""

    def __init__(self, http: HttpConfig, retry_limit: int, *, config: GsheetsSourceConfig) -> None:
        """Belong to the Sheets API, and be allowed to ask Drive."""
        drive = shown(origin_of(config.drive_url))
        limits = {
            "allowed_origins": [*http.allowed_origins, drive],
            "raise_for_status": True,  # the body of an error is no sheet, whatever one wishes
        }
        super().__init__(http.model_copy(update=limits), retry_limit)
        self.belong_to(config.base_url)

    def look_at(self, reply: Reply) -> None:
        """Take a quota that is spent for what it is, and let all streams wait for it."""
        if reply.status_code == FORBIDDEN and reason_of(reply) in RATE_REASONS:
            reply.status_code = TOO_MANY
        if reply.status_code == TOO_MANY and retry_after(reply.headers) is None:
            self.budget.pause(origin_of(reply.url or ""), QUOTA_PAUSE_SECONDS)


def error_of(reply: Reply) -> JSON:
    """Return the ``error`` object of an answer, empty if it has none."""
    try:
        body = reply.json()
    except (BizonSingerError, ValueError):
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def reason_of(reply: Reply) -> str:
    """Return why a request is refused, in Google's word for it; empty if it does not say."""
    error = error_of(reply)
    for name in ("errors", "details"):
        for item in error.get(name) or ():
            reason = item.get("reason") if isinstance(item, dict) else None
            if isinstance(reason, str) and reason:
                return reason
    status = error.get("status")
    return status if isinstance(status, str) else ""


class GoogleApis:
    """The Sheets and the Drive API.

    Args:
        session: Sends the requests, signed.
        config: The settings.
    """

    def __init__(self, session: Session, config: GsheetsSourceConfig) -> None:
        """Ask nothing yet, and import nothing."""
        self._session = session
        self._config = config

    @cached_property
    def _client(self) -> Any:
        """The client of gspread, imported when there is something to ask."""
        try:
            import gspread  # noqa: PLC0415 - it takes half a second, which --help need not wait for
        except ImportError:
            raise missing_extra() from None
        roots = {SHEETS_URL: self._config.base_url, DRIVE_URL: self._config.drive_url}

        class Client(gspread.HTTPClient):
            def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Any:
                for root, own in roots.items():
                    if endpoint.startswith(f"{root}/"):
                        endpoint = own + endpoint.removeprefix(root)
                        break
                return super().request(method, endpoint, *args, **kwargs)

        return Client(None, self._session)  # type: ignore[arg-type] # the session signs

    @property
    def account(self) -> str | None:
        """The address of the service account, None where there is none."""
        given = self._config.service_account_key
        return str(read_key(given)["client_email"]) if given else None

    def spreadsheet(
        self, spreadsheet_id: str, params: Mapping[str, Any], *, is_large: bool = False
    ) -> Reply:
        """Return what the Sheets API says of a spreadsheet.

        Args:
            spreadsheet_id: Of which.
            params: What is wanted.
            is_large: Whether less could be asked for, which is better than the same once more
                where Google took too long.

        Raises:
            HttpStatusError: The status is 400 or more.
        """
        from gspread.urls import SPREADSHEET_URL  # noqa: PLC0415

        with not_retrying(self._session, TOO_LONG if is_large else frozenset()):
            reply: Reply = self._client.request(
                "get", SPREADSHEET_URL % spreadsheet_id, params={**params, "prettyPrint": "false"}
            )
        return reply

    def file(self, spreadsheet_id: str) -> Any:
        """Return what Drive says of a file; raises as :meth:`spreadsheet`."""
        return self._client.get_file_drive_metadata(spreadsheet_id)
