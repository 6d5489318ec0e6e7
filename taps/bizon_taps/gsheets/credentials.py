"""Who the tap is: google-auth signs, the package's session asks for the token.

google-auth is given a transport that sends by :class:`bizon_singer.source.session.Session`, so a
token is fetched with the same time limits, retries and redaction as a sheet is, from the token
endpoint alone, and never over http beyond this machine. It is imported by the first request that
needs a token: what only describes the tap starts without it.

Why google-auth's own ``AuthorizedSession`` is not used: it is another session, which has none of
that, and answers a 401 by a loop of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from requests import PreparedRequest
from requests.auth import AuthBase

from bizon_singer.errors import BizonSingerError, ConfigError, CredentialsError, ProtocolError
from bizon_singer.redact import redact
from bizon_singer.source.auth.authenticators.oauth import REASONS, REFUSALS, Oauth2Authenticator
from bizon_singer.source.config import HttpConfig
from bizon_singer.source.reply import HttpStatusError
from bizon_singer.source.session import Session
from bizon_taps.gsheets.config import TOKEN_URL, GsheetsSourceConfig
from bizon_taps.gsheets.key import SETTING, read_key

SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly"
DRIVE_SCOPE = "https://www.googleapis.com/auth/drive.metadata.readonly"
METADATA_SERVERS = ("http://metadata.google.internal/", "http://169.254.169.254/")
"""Where a machine of Google's cloud has its tokens; they are reached from it alone."""


class TokenAnswer:
    """An answer as google-auth looks at it."""

    def __init__(self, reply: Any) -> None:
        """Keep what it looks at."""
        self.status: int = reply.status_code
        self.headers: Mapping[str, str] = reply.headers
        self.data: bytes = reply.content


class TokenTransport:
    """Sends the requests google-auth makes, each by a session bound to the host it goes to.

    Args:
        http: The limits of the source's session.
        retry_limit: How often a request is tried again.
    """

    def __init__(self, http: HttpConfig, retry_limit: int) -> None:
        """Send nothing yet."""
        self._http = http.model_copy(update={"raise_for_status": True})
        self._retry_limit = retry_limit

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> TokenAnswer:
        """Send one; the time limits are those of the settings.

        Raises:
            BizonSingerError: No answer of use came.
        """
        del timeout
        http = self._http
        if url.startswith(METADATA_SERVERS):
            http = http.model_copy(update={"allow_http": True})
        with Session(http, self._retry_limit) as session:
            try:
                reply: Any = session.request(method, url, data=body, headers=dict(headers or {}))
            except HttpStatusError as error:
                if error.response.status_code not in REFUSALS:
                    raise
                raise _refused(error.response) from None
            # google-auth looks into whatever comes; a server of metadata answers plain texts too.
            if method == "POST" and not isinstance(reply.json(), dict):
                raise _no_token()
            return TokenAnswer(reply)


class Renewing(Protocol):
    """Signs requests, by a token it can fetch anew."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token."""

    def refresh(self) -> None:
        """Fetch a new one."""


class SharedAuthenticator(AuthBase):
    """Signs for one source by what all sources of a run sign with: one token serves them all.

    Args:
        own: Returns it; a source knows its run only once it has been constructed.
    """

    def __init__(self, own: Callable[[], Renewing]) -> None:
        """Ask for nothing yet."""
        self._own = own

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request about to be sent."""
        return self._own()(request)

    def refresh(self) -> None:
        """Fetch a new token; raises what that raises."""
        self._own().refresh()


class GoogleAuthenticator(AuthBase):
    """Signs requests with a token that is always fresh; for several threads at once.

    Args:
        open_credentials: Makes the credentials of google-auth, at the first request.
        transport: Fetches their tokens.
    """

    def __init__(self, open_credentials: Callable[[], Any], transport: TokenTransport) -> None:
        """Fetch nothing yet."""
        self._open = open_credentials
        self._transport = transport
        self._lock = threading.RLock()
        self._credentials: Any = None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request about to be sent, renewing it first if it is due."""
        with self._lock:
            if self._credentials is None or not self._credentials.valid:
                self.refresh()
            request.headers["Authorization"] = f"Bearer {self._credentials.token}"
        return request

    def refresh(self) -> None:
        """Fetch a new token.

        Raises:
            CredentialsError: The token endpoint refused, or google-auth found none to ask with.
            ProtocolError: It answered without a token.
            TransientError: It could not be reached, retries spent.
        """
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - see above

        with self._lock:
            try:
                if self._credentials is None:
                    self._credentials = self._open()
                self._credentials.refresh(self._transport)
            except BizonSingerError:
                raise
            except (GoogleAuthError, ArithmeticError, TypeError, ValueError):
                # The words of google-auth may hold the answer of the endpoint.
                raise _no_token() from None
            token = self._credentials.token
            if not isinstance(token, str) or not token:
                raise _no_token()
            redact.register(token)


def authenticator_of(config: GsheetsSourceConfig) -> Renewing:
    """Return what signs requests: for a user, with the key of a service account, or by default.

    Raises:
        ConfigError: The key is none.
    """
    if config.authentication is not None:
        user = Oauth2Authenticator(config.authentication.params)
        user.use_limits(config.http, config.api_config.retry_limit)
        return user
    transport = TokenTransport(config.http, config.api_config.retry_limit)
    scopes = [SHEETS_SCOPE, *([DRIVE_SCOPE] if config.skip_unchanged else [])]
    if config.service_account_key:
        key = read_key(config.service_account_key)
        key["token_uri"] = config.token_uri or key.get("token_uri") or TOKEN_URL
        return GoogleAuthenticator(lambda: _of_service_account(key, scopes), transport)
    return GoogleAuthenticator(lambda: _of_environment(scopes, config.token_uri), transport)


def _of_service_account(key: Mapping[str, Any], scopes: Sequence[str]) -> Any:
    try:
        from google.oauth2.service_account import Credentials  # noqa: PLC0415 - see above
    except ImportError:
        raise missing_extra() from None
    try:
        return Credentials.from_service_account_info(key, scopes=scopes)
    except (ValueError, TypeError):
        raise ConfigError(
            f"the private key in `{SETTING}` is damaged; give the whole file Google made, line "
            "breaks included"
        ) from None


def _of_environment(scopes: Sequence[str], uri: str | None) -> Any:
    """Return Application Default Credentials.

    https://google-auth.readthedocs.io/en/latest/user-guide.html#application-default-credentials
    """
    try:
        import google.auth  # noqa: PLC0415 - see above
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    except ImportError:
        raise missing_extra() from None
    try:
        # Whether this is a machine of Google's cloud is asked by google-auth's own means, for three
        # seconds: ours would try for minutes. No secret is in that question.
        credentials: Any = google.auth.default(scopes)[0]
    except (GoogleAuthError, ValueError, OSError):
        raise CredentialsError(
            "there are no Application Default Credentials on this machine; set "
            f"`{SETTING}`, or let GOOGLE_APPLICATION_CREDENTIALS name the file of a key"
        ) from None
    redact.register(*filter(None, (getattr(credentials, "refresh_token", None),)))
    if uri is not None and hasattr(credentials, "with_token_uri"):
        credentials = credentials.with_token_uri(uri)
    return credentials


def missing_extra() -> ConfigError:
    """Return the error for an installation without what the tap is built on."""
    return ConfigError(
        "tap-gsheets needs gspread and google-auth; install them with "
        "`pip install 'bizon-singer[gsheets]'`"
    )


def _no_token() -> ProtocolError:
    return ProtocolError(
        "the token endpoint answered no access token with its lifetime; check `token_uri`"
    )


def _refused(reply: Any) -> CredentialsError:
    """Return the error for an endpoint that refuses, with its error code if it is a known one."""
    try:
        answer = reply.json()
    except (BizonSingerError, ValueError):
        answer = None
    code = answer.get("error") if isinstance(answer, dict) else None
    word = code if isinstance(code, str) and code in REASONS else ""
    reason = f"{reply.status_code} {word}".rstrip()
    return CredentialsError(
        f"the token endpoint refused the credentials ({reason}); check that the key in "
        f"`{SETTING}` has not been deleted and that the clock of this machine is right"
    )
