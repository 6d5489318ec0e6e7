"""Who may read what: tokens of private apps, tokens that expire, and their scopes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http_server import Request
from tests.fakes.hubspot.clock import Clock, iso
from tests.fakes.hubspot.refusal import Refusal, expired_token, missing_scopes, no_such_token

TOKEN = "pat-eu1-5f1a2b3c-token-canary-e3b0c442"
CLIENT_ID = "client-5f1a2b3c"
CLIENT_SECRET = "client-secret-canary-98fc1c14"
REFRESH_TOKEN = "refresh-canary-9afbf4c8996fb924"
LIFE_SECONDS = 1800


@dataclass
class Access:
    """The tokens of a portal.

    Attributes:
        clock: The time it is.
        denied: Scopes no token has.
        life_seconds: How long a token of the token endpoint lives.
        issued: What the token endpoint gave, in order.
    """

    clock: Clock = field(default_factory=Clock)
    denied: set[str] = field(default_factory=set)
    life_seconds: float = LIFE_SECONDS
    issued: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Hold the token of a private app, which never expires."""
        self._ends: dict[str, int | None] = {TOKEN: None}
        self._numbers = itertools.count(1)

    def revoke(self) -> None:
        """End the life of every token that was issued, now."""
        for token in self.issued:
            self._ends[token] = self.clock.now()

    def check(self, request: Request, scopes: Sequence[str]) -> None:
        """Let a request pass.

        Raises:
            Refusal: It has no token, or one that may not read this: one of the scopes is needed.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self._ends:
            raise no_such_token()
        end = self._ends[token]
        if end is not None and end <= self.clock.now():
            raise expired_token(iso(end))
        if scopes and self.denied.issuperset(scopes):
            raise missing_scopes(*scopes)

    def issue(self, request: Request, portal_id: int) -> dict[str, Any]:
        """Answer the token endpoint: everything stands in the body, nothing in the URL.

        Raises:
            Refusal: It is no request for a token, or not from whom it should be.
        """
        form = {name: values[-1] for name, values in request.form.items()}
        wanted = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        if request.query or form.get("grant_type") != "refresh_token":
            raise Refusal(400, "BAD_REQUEST", "The body must name the grant type.")
        if {name: form.get(name) for name in wanted} != wanted:
            raise Refusal(400, "BAD_CLIENT_ID", "The client is not known.")
        if form.get("refresh_token") != REFRESH_TOKEN:
            raise Refusal(400, "BAD_REFRESH_TOKEN", "The refresh token is not known.")
        token = f"access-canary-27ae41e4-{next(self._numbers)}"
        self._ends[token] = self.clock.now() + round(self.life_seconds * 1000)
        self.issued.append(token)
        return {
            "access_token": token,
            "refresh_token": REFRESH_TOKEN,
            "token_type": "bearer",
            "token_use": "access_token",
            "expires_in": round(self.life_seconds),
            "hub_id": portal_id,
        }
