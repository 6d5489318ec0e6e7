"""A token in a header: API keys and bearer tokens."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from requests import PreparedRequest
from requests.auth import AuthBase

from bizon_singer.redact import redact
from bizon_singer.source.auth.authenticators.header import HeaderName, HeaderValue


class TokenAuthParams(BaseModel):
    """Parameters of ``api_key`` and ``bearer``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)

    token: HeaderValue = Field(description="The token itself.", repr=False)
    auth_method: HeaderValue = Field(
        default="Bearer", description="Word before the token; empty sends the token alone."
    )
    auth_header: HeaderName = Field(
        default="Authorization", description="Header that carries the token."
    )


class TokenAuthenticator(AuthBase):
    """Sets ``<auth_header>: <auth_method> <token>`` on every request."""

    def __init__(self, params: TokenAuthParams) -> None:
        """Build the header once."""
        self._header = params.auth_header
        self._value = f"{params.auth_method} {params.token}".strip()
        redact.register(params.token)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header to a request about to be sent."""
        request.headers[self._header] = self._value
        return request
