"""Cookies of a session somebody opened in a browser, with the headers that go with them."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field
from requests import PreparedRequest
from requests.auth import AuthBase

from bizon_singer.redact import redact
from bizon_singer.source.auth.authenticators.header import HeaderName, HeaderValue

# Not every header is private: "application/json" must stay readable elsewhere.
_PRIVATE_HEADER = re.compile(r"auth|cookie|csrf|key|secret|session|token|xsrf", re.IGNORECASE)


class CookiesAuthParams(BaseModel):
    """Parameters of ``cookies``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    cookies: dict[HeaderName, HeaderValue] = Field(
        description="Cookie names and values.", repr=False
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict,
        description="Headers to send besides, such as a CSRF token.",
        repr=False,
        json_schema_extra={"secret": True, "writeOnly": True},
    )


class CookiesAuthenticator(AuthBase):
    """Sends the cookies and headers with every request.

    A cookie the server has set anew since goes before the one of the settings.
    """

    def __init__(self, params: CookiesAuthParams) -> None:
        """Keep both."""
        self._cookies = params.cookies
        self._headers = params.headers
        redact.register(*params.cookies.values())
        for name, value in params.headers.items():
            if _PRIVATE_HEADER.search(name):
                redact.register(value)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add cookies and headers to a request about to be sent."""
        present = request.headers.get("Cookie") or ""
        names = {pair.partition("=")[0].strip() for pair in present.split(";")}
        own = [f"{name}={value}" for name, value in self._cookies.items() if name not in names]
        cookies = "; ".join(filter(None, [present, *own]))
        if cookies:
            request.headers["Cookie"] = cookies
        request.headers.update(self._headers)
        return request
