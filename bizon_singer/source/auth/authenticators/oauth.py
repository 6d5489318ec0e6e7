"""OAuth 2: an access token, fetched and renewed by a refresh token or client credentials.

The request is the one of RFC 6749 section 6 (and 4.4 for ``client_credentials``): a form, POSTed
to the token endpoint. A rotated refresh token is used from then on; it lives as long as the
process, since a tap has no safe place to write it back to.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from requests import PreparedRequest
from requests.auth import AuthBase

from bizon_singer.errors import BizonSingerError, CredentialsError, ProtocolError
from bizon_singer.redact import redact

MAX_SKEW_SECONDS = 60.0
SKEW_SHARE = 0.1
DEFAULT_LIFETIME_SECONDS = 3600.0
REFUSALS = frozenset({400, 401, 403})


class Oauth2AuthParams(BaseModel):
    """Parameters of ``oauth``."""

    model_config = ConfigDict(extra="forbid")

    token_refresh_endpoint: str = Field(description="URL of the token endpoint.")
    client_id: str = Field(description="Identifier of the OAuth client.")
    client_secret: str = Field(description="Secret of the OAuth client.", repr=False)
    refresh_token: str | None = Field(
        default=None, description="Refresh token of the account.", repr=False
    )
    scopes: list[str] | None = Field(default=None, description="Scopes to ask for.")
    token_expiry_date: str | None = Field(
        default=None, description="When a token already given expires, RFC 3339."
    )
    token_expiry_date_format: str | None = Field(
        default=None, description="Format of the expiry the endpoint answers, as for strptime."
    )
    refresh_request_body: dict[str, Any] | None = Field(
        default=None, description="Further fields of the refresh request."
    )
    access_token_name: str = Field(
        default="access_token", description="Field of the answer that holds the token."
    )
    expires_in_name: str = Field(
        default="expires_in", description="Field of the answer that holds its lifetime in seconds."
    )
    grant_type: str = Field(default="refresh_token", description="Grant type to use.")
    response_field_path: str | None = Field(
        default=None, description="Path of the object that holds the token, separated by slashes."
    )
    expiry_skew_seconds: float | None = Field(
        default=None,
        description="Renew this long before the expiry, in seconds; unset, a tenth of the "
        "lifetime, at most 60.",
    )


class Oauth2Authenticator(AuthBase):
    """Sends a bearer token that is always fresh."""

    def __init__(self, params: Oauth2AuthParams) -> None:
        """Fetch nothing yet."""
        self._params = params
        self._refresh_token = params.refresh_token
        self._access_token: str | None = None
        self._renew_at = 0.0

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request about to be sent, renewing it first if it is due."""
        if self._access_token is None or time.time() >= self._renew_at:
            self.refresh()
        request.headers["Authorization"] = f"Bearer {self._access_token}"
        return request

    def refresh(self) -> None:
        """Fetch a new access token.

        Raises:
            CredentialsError: The endpoint refused the client or the refresh token.
            ProtocolError: The endpoint's answer holds no token.
            TransientError: The endpoint could not be reached, retries spent.
        """
        answer = self._token_answer()
        token = answer.get(self._params.access_token_name)
        if not isinstance(token, str) or not token:
            raise ProtocolError(
                f"the token endpoint answered without `{self._params.access_token_name}`; check "
                "`authentication.params.access_token_name` and `response_field_path`"
            )
        rotated = answer.get("refresh_token")
        if isinstance(rotated, str) and rotated:
            self._refresh_token = rotated
            redact.register(rotated)
        redact.register(token)
        self._access_token = token
        lifetime = self._lifetime(answer.get(self._params.expires_in_name))
        skew = self._params.expiry_skew_seconds
        if skew is None:
            skew = min(MAX_SKEW_SECONDS, lifetime * SKEW_SHARE)
        self._renew_at = time.time() + lifetime - skew

    def _token_answer(self) -> Mapping[str, Any]:
        from bizon_singer.source.session import Session  # noqa: PLC0415 - the session knows us

        params = self._params
        form: dict[str, Any] = {
            "grant_type": params.grant_type,
            "client_id": params.client_id,
            "client_secret": params.client_secret,
        }
        if self._refresh_token:
            form["refresh_token"] = self._refresh_token
        if params.scopes:
            form["scope"] = " ".join(params.scopes)
        form.update(params.refresh_request_body or {})
        with Session() as session:
            try:
                answer = session.post(params.token_refresh_endpoint, data=form).json()
            except BizonSingerError as error:
                status = getattr(getattr(error, "response", None), "status_code", None)
                if status in REFUSALS:
                    raise CredentialsError(
                        f"the token endpoint refused to renew the access token ({status}); check "
                        "client_id, client_secret and refresh_token in `authentication.params`"
                    ) from error
                raise
        for step in filter(None, (params.response_field_path or "").split("/")):
            answer = answer.get(step) if isinstance(answer, dict) else None
        if not isinstance(answer, dict):
            raise ProtocolError("the token endpoint answered something that is no JSON object")
        return answer

    def _lifetime(self, value: Any) -> float:
        """Return a lifetime in seconds, from seconds or from a date of the given format."""
        if value is None:
            return DEFAULT_LIFETIME_SECONDS
        try:
            if self._params.token_expiry_date_format and isinstance(value, str):
                moment = datetime.strptime(value, self._params.token_expiry_date_format)  # noqa: DTZ007
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                return max(0.0, moment.timestamp() - time.time())
            return float(value)
        except (TypeError, ValueError) as error:
            raise ProtocolError(
                f"the token endpoint answered a `{self._params.expires_in_name}` that is no "
                "number of seconds; set `authentication.params.token_expiry_date_format`"
            ) from error
