"""The server of made-up Google Sheets, Drive and a token endpoint, all on one host.

Its answers are held against recorded ones, and gspread reads them
(``tests/fakes/test_gsheets_is_honest.py``).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from tests.fakes.gsheets import drive_api, sheets_api
from tests.fakes.gsheets.access import (
    CLIENT_ID,
    CLIENT_SECRET,
    DRIVE,
    DRIVE_SCOPES,
    EMAIL,
    REFRESH_TOKEN,
    SHEETS,
    SHEETS_SCOPES,
    Access,
)
from tests.fakes.gsheets.refusal import (
    Refusal,
    drive_quota_spent,
    no_permission,
    not_found,
    of_drive,
    other_kind,
    quota_spent,
)
from tests.fakes.gsheets.workbook import Book
from tests.fakes.http_server import Answer, Request
from tests.fakes.trouble import TroubledServer

A_MINUTE = 60.0
METADATA = "/computeMetadata/v1/"
"""Where a machine of Google's cloud is told who it is."""


class Gsheets(TroubledServer):
    """The server; a context manager.

    Attributes:
        books: The spreadsheets, by their ids.
        access: Accounts and tokens.
        now: Tells the seconds by which requests are counted; a test may set another.
        per_minute: How many requests of each API a minute has; None for any number.
    """

    def __init__(self) -> None:
        """Take a free port."""
        super().__init__()
        self.access = Access(f"{self.base_url}/token")
        self.books: dict[str, Book] = {}
        self.per_minute: int | None = None
        self.now: Callable[[], float] = lambda: 0.0
        self._counted: dict[str, deque[float]] = {"sheets": deque(), "drive": deque()}

    @property
    def paths(self) -> list[str]:
        """What was asked for, without the query."""
        return [request.path for request in self.requests]

    def book(self, title: str = "Shop", **more: Any) -> Book:
        """Add a spreadsheet."""
        number = len(self.books) + 1
        made = Book(more.pop("book_id", f"{number}made-up-book_{'x' * 20}{number}"), title, **more)
        self.books[made.book_id] = made
        return made

    def settings(self, *books: Book, **more: Any) -> dict[str, Any]:
        """Return the settings that lead a tap to spreadsheets here, all of them by default."""
        ids = [book.book_id for book in books] or list(self.books)
        where: dict[str, Any] = (
            {"spreadsheet_url": f"https://docs.google.com/spreadsheets/d/{ids[0]}/edit#gid=0"}
            if len(ids) == 1
            else {"spreadsheet_urls": ids}
        )
        key = json.dumps(self.access.key())
        return {"base_url": self.base_url, "service_account_key": key, **where, **more}

    def oauth_settings(self, *books: Book, **more: Any) -> dict[str, Any]:
        """Return the settings that lead a tap here as a user of an app."""
        params = {
            "token_refresh_endpoint": self.access.token_uri,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
        }
        settings = self.settings(*books, **more)
        del settings["service_account_key"]
        return {**settings, "authentication": {"type": "oauth", "params": params}}

    def good(self, request: Request) -> Answer:
        """Return the answer where nothing goes wrong, which may be a refusal."""
        try:
            status, body = 200, self._body(request)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        pretty = request.query.get("prettyPrint", ["true"])[-1] == "true"
        text = json.dumps(body, ensure_ascii=False, indent=2 if pretty else None)
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "Date": formatdate(usegmt=True),
            "Vary": "Origin, X-Origin, Referer",
            "Metadata-Flavor": "Google",
        }
        return Answer(status, text.encode(), headers)

    def _body(self, request: Request) -> Any:
        if request.path == "/token" and request.method == "POST":
            return self.access.issue(request)
        if request.path == "/" or request.path.startswith(METADATA):
            return self._metadata(request)
        if request.path.startswith(drive_api.ROOT):
            return self._file(request)
        holder = self.access.holder(request, SHEETS_SCOPES)
        book = self.books.get(sheets_api.book_id_of(request))
        self._count("sheets", quota_spent)
        if book is None:
            raise not_found()
        if book.shared_with is not None and holder not in book.shared_with:
            raise no_permission()
        if book.kind != "spreadsheet":
            raise other_kind()
        return sheets_api.answer(book, request)

    def _metadata(self, request: Request) -> Any:
        """Answer as the server of metadata does, which no other machine can ask."""
        if request.headers.get("metadata-flavor") != "Google":
            raise not_found()
        path = request.path.removeprefix(METADATA)
        if path == "/":  # whether it is there is all that is asked
            return {}
        if path == "instance/service-accounts/default/":
            return {"email": EMAIL, "aliases": ["default"], "scopes": [SHEETS, DRIVE]}
        if path.startswith("instance/service-accounts/") and path.endswith("/token"):
            return self.access.issue_to(EMAIL, frozenset({SHEETS, DRIVE}))
        raise not_found()

    def _file(self, request: Request) -> Any:
        try:
            holder = self.access.holder(request, DRIVE_SCOPES)
        except Refusal as refusal:
            if refusal.status != 403:
                raise
            message = "Insufficient Permission: Request had insufficient authentication scopes."
            raise of_drive(403, message, "insufficientPermissions") from None
        self._count("drive", drive_quota_spent)
        identity = request.path.removeprefix(f"{drive_api.ROOT}/")
        book = self.books.get(identity)
        if book is None or (book.shared_with is not None and holder not in book.shared_with):
            raise of_drive(404, f"File not found: {identity}.", "notFound")
        return drive_api.file_of(book, request.query.get("fields", [""])[-1])

    def _count(self, api: str, refusal: Callable[[], Refusal]) -> None:
        """Count a request.

        Raises:
            Refusal: The minute has had its requests.
        """
        if self.per_minute is None:
            return
        now, counted = self.now(), self._counted[api]
        while counted and counted[0] <= now - A_MINUTE:
            counted.popleft()
        if len(counted) >= self.per_minute:
            raise refusal()
        counted.append(now)
