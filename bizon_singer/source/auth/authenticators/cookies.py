"""Cookies of a session somebody opened in a browser, with the headers that go with them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from requests import PreparedRequest
from requests.auth import AuthBase


class CookiesAuthParams(BaseModel):
    """Parameters of ``cookies``."""

    model_config = ConfigDict(extra="forbid")

    cookies: dict[str, str] = Field(description="Cookie names and values.", repr=False)
    headers: dict[str, str] = Field(
        default_factory=dict, description="Headers to send besides, such as a CSRF token."
    )


class CookiesAuthenticator(AuthBase):
    """Sends the cookies and headers with every request."""

    def __init__(self, params: CookiesAuthParams) -> None:
        """Keep both."""
        self._cookies = params.cookies
        self._headers = params.headers

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add cookies and headers to a request about to be sent."""
        pairs = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        present = request.headers.get("Cookie")
        request.headers["Cookie"] = f"{present}; {pairs}" if present else pairs
        request.headers.update(self._headers)
        return request
