"""The server of a made-up HubSpot: a portal, its tokens and limits, and what goes wrong.

Its answers are proven against HubSpot's own documents (``tests/fakes/test_hubspot_is_honest.py``);
where those are silent, it does what people have seen the real one do.
"""

from __future__ import annotations

import json
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from tests.fakes.http_server import Answer, Request
from tests.fakes.hubspot.access import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TOKEN, Access
from tests.fakes.hubspot.clock import Clock
from tests.fakes.hubspot.limits import Limits
from tests.fakes.hubspot.portal import Portal
from tests.fakes.hubspot.refusal import Refusal
from tests.fakes.hubspot.routes import TOKEN_PATHS, find
from tests.fakes.trouble import TroubledServer

TARGET_MOST = 16_200
TOO_LONG_PAGE = b"<html><head><title>414 Request-URI Too Large</title></head></html>"


class HubSpot(TroubledServer):
    """The server; a context manager.

    Args:
        clock: The time it is; that of this machine by default.
        index_lag_seconds: How long a change is not seen by the search.
        limits: How much may be asked for; what a Pro account may by default.

    Attributes:
        portal: What there is, to be edited at any time.
        access: Its tokens and their scopes.
        target_most: How long path and query may be.
        page_most: Give no more than so many results at once, whatever is asked for; as the real
            one may, whose pages end where it says so.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        index_lag_seconds: float = 0,
        limits: Limits | None = None,
    ) -> None:
        """Take a free port."""
        super().__init__()
        self.clock = clock or Clock()
        self.portal = Portal(self.clock, index_lag_seconds)
        self.access = Access(self.clock)
        self.limits = limits or Limits()
        self.target_most = TARGET_MOST
        self.page_most = 1 << 30

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the settings that lead a tap here, by the token of a private app."""
        login = {"type": "api_key", "params": {"token": TOKEN}}
        return {"base_url": self.base_url, "authentication": login, **more}

    def oauth_settings(self, **more: Any) -> dict[str, Any]:
        """Return the settings that lead a tap here, by tokens that expire."""
        params = {
            "token_refresh_endpoint": f"{self.base_url}/oauth/2026-03/token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
        }
        return self.settings(authentication={"type": "oauth", "params": params}, **more)

    def good(self, request: Request) -> Answer:
        """Return the answer where nothing goes wrong, which may be a refusal."""
        if len(request.target) > self.target_most:
            return Answer(414, TOO_LONG_PAGE, {"Content-Type": "text/html"})
        is_search = request.path.startswith("/crm/") and request.path.endswith("/search")
        try:
            status, body = self._body(request, is_search=is_search)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        headers = {"Content-Type": "application/json;charset=utf-8", "Date": self._date()}
        if not is_search and request.path not in TOKEN_PATHS:
            headers |= self.limits.headers()
        return Answer(status, json.dumps(body).encode(), headers)

    def _date(self) -> str:
        """Return the time as every server tells it: in whole seconds."""
        return formatdate(self.clock.now() // 1000, usegmt=True)

    def _body(self, request: Request, *, is_search: bool) -> tuple[int, Any]:
        if request.path in TOKEN_PATHS and request.method == "POST":
            return 200, self.access.issue(request, self.portal.accounts.portal_id)
        self.access.check(request, ())
        self.limits.count(self.clock, is_search=is_search)
        route, call = find(request)
        for scopes in route.needs(self.portal, call):
            self.access.check(request, scopes)
        found = route.endpoint(self.portal, replace(call, page_most=self.page_most))
        return found if isinstance(found, tuple) else (200, found)
