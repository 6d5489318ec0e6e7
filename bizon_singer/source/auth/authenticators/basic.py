"""HTTP Basic authentication (RFC 7617)."""

from __future__ import annotations

import base64

from pydantic import BaseModel, ConfigDict, Field
from requests import PreparedRequest
from requests.auth import AuthBase


class BasicHttpAuthParams(BaseModel):
    """Parameters of ``basic``."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(description="The user name.")
    password: str = Field(default="", description="The password.", repr=False)
    auth_method: str = Field(default="Basic", description="Word before the encoded pair.")
    auth_header: str = Field(default="Authorization", description="Header that carries the pair.")


class BasicHttpAuthenticator(AuthBase):
    """Sets ``<auth_header>: <auth_method> base64(username:password)`` on every request."""

    def __init__(self, params: BasicHttpAuthParams) -> None:
        """Build the header once; the pair is encoded as UTF-8 (RFC 7617 section 2.1)."""
        pair = f"{params.username}:{params.password}".encode()
        self._header = params.auth_header
        self._value = f"{params.auth_method} {base64.b64encode(pair).decode()}".strip()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header to a request about to be sent."""
        request.headers[self._header] = self._value
        return request
