"""HTTP Basic authentication (RFC 7617)."""

from __future__ import annotations

import base64

from pydantic import BaseModel, ConfigDict, Field
from requests import PreparedRequest
from requests.auth import AuthBase

from bizon_singer.redact import redact
from bizon_singer.source.auth.authenticators.header import HeaderName, HeaderValue


class BasicHttpAuthParams(BaseModel):
    """Parameters of ``basic``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)

    username: str = Field(description="The user name.")
    password: str = Field(default="", description="The password.", repr=False)
    auth_method: HeaderValue = Field(default="Basic", description="Word before the encoded pair.")
    auth_header: HeaderName = Field(
        default="Authorization", description="Header that carries the pair."
    )


class BasicHttpAuthenticator(AuthBase):
    """Sets ``<auth_header>: <auth_method> base64(username:password)`` on every request."""

    def __init__(self, params: BasicHttpAuthParams) -> None:
        """Build the header once; the pair is encoded as UTF-8 (RFC 7617 section 2.1)."""
        pair = base64.b64encode(f"{params.username}:{params.password}".encode()).decode()
        self._header = params.auth_header
        self._value = f"{params.auth_method} {pair}".strip()
        # Without a password the user name is the secret, as for Stripe's API keys.
        redact.register(params.password or params.username, pair)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header to a request about to be sent."""
        request.headers[self._header] = self._value
        return request
