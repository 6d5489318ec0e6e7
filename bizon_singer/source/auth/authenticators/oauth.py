"""OAuth 2: an access token, fetched and renewed by a refresh token or client credentials.

The request is the one of RFC 6749 section 6 (and 4.4 for ``client_credentials``): a form, POSTed
to the token endpoint. A rotated refresh token is used from then on; it lives as long as the
process, since a tap has no safe place to write it back to.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field
from requests import HTTPError, PreparedRequest, Response
from requests.auth import AuthBase

from bizon_singer.errors import CredentialsError, ProtocolError
from bizon_singer.redact import redact

if TYPE_CHECKING:
    from bizon_singer.source.config import HttpConfig
    from bizon_singer.source.session import Session

MAX_SKEW_SECONDS = 60.0
SKEW_SHARE = 0.1
LARGEST_SKEW_SHARE = 0.5
DEFAULT_LIFETIME_SECONDS = 3600.0
REFUSALS = frozenset({400, 401, 403})
REASONS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
"""Why an endpoint refuses (RFC 6749, 5.2): words of a fixed list, so they may be shown."""


class Oauth2AuthParams(BaseModel):
    """Parameters of ``oauth``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token_refresh_endpoint: str = Field(description="URL of the token endpoint.")
    client_id: str = Field(description="Identifier of the OAuth client.")
    client_secret: str = Field(description="Secret of the OAuth client.", repr=False)
    refresh_token: str | None = Field(
        default=None, description="Refresh token of the account.", repr=False
    )
    scopes: list[str] | None = Field(default=None, description="Scopes to ask for.")
    token_expiry_date: str | None = Field(
        default=None,
        description="When a token expires that was given elsewhere, RFC 3339; accepted for "
        "Bizon's sake, a token is always fetched.",
    )
    token_expiry_date_format: str | None = Field(
        default=None, description="Format of the expiry the endpoint answers, as for strptime."
    )
    refresh_request_body: dict[str, Any] | None = Field(
        default=None,
        description="Further fields of the refresh request.",
        repr=False,
        json_schema_extra={"secret": True, "writeOnly": True},
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
        ge=0,
        description="Renew this long before the expiry, in seconds, at most half the lifetime; "
        "unset, a tenth of the lifetime, at most 60.",
    )


class Oauth2Authenticator(AuthBase):
    """Sends a bearer token that is always fresh; for requests of several threads at once."""

    def __init__(self, params: Oauth2AuthParams) -> None:
        """Fetch nothing yet."""
        self._params = params
        self._refresh_token = params.refresh_token
        self._access_token: str | None = None
        self._renew_at = 0.0
        self._lock = threading.RLock()
        self._limits: tuple[HttpConfig, int] | None = None
        redact.register(params.client_secret, params.refresh_token or "")

    def use_limits(self, http: HttpConfig, retry_limit: int) -> None:
        """Talk to the token endpoint within the limits of the source's own session."""
        self._limits = http.model_copy(update={"raise_for_status": True}), retry_limit

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request about to be sent, renewing it first if it is due."""
        with self._lock:
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
        with self._lock:
            answer = self._token_answer()
            token = answer.get(self._params.access_token_name)
            if not isinstance(token, str) or not token.strip():
                raise ProtocolError(
                    f"the token endpoint answered without `{self._params.access_token_name}`; "
                    "check `access_token_name` and `response_field_path` in "
                    "`authentication.params`"
                )
            rotated = answer.get("refresh_token")
            if isinstance(rotated, str) and rotated:
                redact.register(rotated)
                self._refresh_token = rotated
            redact.register(token)
            lifetime = self._lifetime(answer.get(self._params.expires_in_name))
            self._access_token = token.strip()
            self._renew_at = time.time() + lifetime - self._skew(lifetime)

    def _skew(self, lifetime: float) -> float:
        """Return how many seconds before its expiry a token is renewed.

        Never more than half its lifetime: each request would fetch a token of its own.
        """
        skew = self._params.expiry_skew_seconds
        if skew is None:
            skew = min(MAX_SKEW_SECONDS, lifetime * SKEW_SHARE)
        return min(skew, lifetime * LARGEST_SKEW_SHARE)

    def _token_answer(self) -> Mapping[str, Any]:
        """Ask the endpoint and return the object that should hold the token."""
        with self._open_session() as session:
            try:
                reply = session.post(self._params.token_refresh_endpoint, data=self._form())
            except HTTPError as error:
                if error.response.status_code not in REFUSALS:
                    raise
                raise _refusal(error.response) from error
            answer = reply.json()
        if _error_code(answer) is not None:  # some say so with status 200
            raise _refusal(reply)
        for step in filter(None, (self._params.response_field_path or "").split("/")):
            answer = _step_into(answer, step)
        if not isinstance(answer, dict):
            raise ProtocolError(
                "the token endpoint answered no JSON object where the token should be; check "
                "`authentication.params.response_field_path`"
            )
        return answer

    def _open_session(self) -> Session:
        from bizon_singer.source.session import Session  # noqa: PLC0415 - the session knows us

        return Session() if self._limits is None else Session(*self._limits)

    def _form(self) -> dict[str, Any]:
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
        return form | (params.refresh_request_body or {})

    def _lifetime(self, value: Any) -> float:
        """Return a lifetime in seconds, from seconds or from a date."""
        if value is None:
            return DEFAULT_LIFETIME_SECONDS
        try:
            lifetime = _seconds_until(value, self._params.token_expiry_date_format)
        except (TypeError, ValueError, OverflowError):
            lifetime = math.nan
        if not math.isfinite(lifetime):
            raise ProtocolError(
                f"the token endpoint answered a `{self._params.expires_in_name}` that is no "
                "number of seconds; set `authentication.params.token_expiry_date_format`"
            )
        return max(0.0, lifetime)


def _seconds_until(value: Any, date_format: str | None) -> float:
    """Return the seconds a lifetime or a date of expiry stands for."""
    if date_format and isinstance(value, str):
        moment = datetime.strptime(value, date_format)  # noqa: DTZ007 - the zone is added below
    else:
        try:
            return float(value)
        except ValueError:
            moment = datetime.fromisoformat(value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.timestamp() - time.time()


def _step_into(answer: Any, step: str) -> Any:
    """Return the item of an object, or of a list by its number; None if there is none."""
    if isinstance(answer, dict):
        return answer.get(step)
    if isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
        return answer[int(step)]
    return None


def _refusal(reply: Response) -> CredentialsError:
    """Return the error for an endpoint that refuses, with its error code if it is a known one."""
    try:
        code = _error_code(reply.json())
    except ValueError:
        code = None
    reason = f"{reply.status_code} {code or ''}".rstrip()
    return CredentialsError(
        f"the token endpoint refused to renew the access token ({reason}); check client_id, "
        "client_secret and refresh_token in `authentication.params`"
    )


def _error_code(answer: Any) -> str | None:
    code = answer.get("error") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and code in REASONS else None
