"""The HTTP session of a source: bounded, retried, guarded, and honest about what it received.

It is a ``requests.Session``, so a source uses it as it knows. What differs: connections and
answers have time limits, failures in passing are tried again with full jitter, ``Retry-After`` is
honoured up to a limit, a 401 refreshes the credentials once, redirects and links never leave the
source's origin, and a body is read whole and checked before anybody sees it.

Why not urllib3's own ``Retry``: it sleeps up to six hours for one ``Retry-After``, cannot see a
body that breaks halfway, and cannot refresh credentials between two tries.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urljoin

import backoff
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from requests.utils import get_environ_proxies

from bizon_singer.errors import TransientError, UnsafeError
from bizon_singer.source.body import CorruptBodyError, read_body
from bizon_singer.source.config import HttpConfig
from bizon_singer.source.origin import OriginGuard, origin_of, shown
from bizon_singer.source.reply import HttpStatusError, Reply, UnreachableError

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 524})
MAX_REDIRECTS = 5
DEFAULT_RETRY_LIMIT = 10
ACCEPTED_ENCODINGS = "gzip, deflate"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, for metrics.

    Attributes:
        url: URL without its query, which may hold private values.
        status: HTTP status; 0 when no answer came.
        seconds: Time from sending to the last byte.
    """

    method: str
    url: str
    status: int
    seconds: float


class ReplyAdapter(HTTPAdapter):
    """Turns urllib3 answers into :class:`Reply` objects."""

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> Reply:
        """Wrap an answer whose body is still unread."""
        return Reply.received(req, resp)


class Session(requests.Session):
    """The session of one source.

    Args:
        http: Limits; the defaults of :class:`HttpConfig` if None.
        retry_limit: How often a request that failed in passing is tried again.

    Attributes:
        observer: Called with an :class:`Exchange` for every answer or failure to get one.
    """

    def __init__(
        self, http: HttpConfig | None = None, retry_limit: int = DEFAULT_RETRY_LIMIT
    ) -> None:
        """Open no connection yet."""
        super().__init__()
        self.http = http or HttpConfig()
        self.retry_limit = retry_limit
        self.observer: Callable[[Exchange], None] | None = None
        self._guard = OriginGuard(self.http.allowed_origins, allow_http=self.http.allow_http)
        # requests looks into the environment and ~/.netrc on every call; proxies are looked up
        # once per origin here, and .netrc never: credentials come from the config alone.
        self.trust_env = False
        self._ca_bundle: str | bool = (
            os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True
        )
        self._proxies_of: dict[tuple[str, str, int], Any] = {}
        self.headers["Accept-Encoding"] = ACCEPTED_ENCODINGS
        self.mount("https://", ReplyAdapter())
        self.mount("http://", ReplyAdapter())

    def belong_to(self, base_url: str) -> None:
        """Bind the session to the origin of ``base_url``; requests elsewhere are refused.

        Raises:
            UnsafeError: ``base_url`` is not https (or http to this machine).
        """
        self._guard.belong_to(base_url)

    def call(
        self, method: str, url: str, content_type: str = "application/json", **kwargs: Any
    ) -> requests.Response:
        """Send a request with a content type, as Bizon's session offers it."""
        headers = {"Content-Type": content_type, **(kwargs.pop("headers", None) or {})}
        return self.request(method.upper(), url, headers=headers, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, follow redirects within the origin, and return a checked answer.

        Raises:
            HttpStatusError: The final status is 4xx or 5xx.
            UnreachableError: No whole answer came, and the retries are spent.
            TransientError: The API asks for a longer pause than is allowed.
            UnsafeError: The request, or a redirect, leads elsewhere, or the body is too large.
        """
        reply = self._send_with_retries(request, kwargs)
        for _ in range(MAX_REDIRECTS):
            target = self.get_redirect_target(reply) if reply.is_redirect else None
            if target is None or not kwargs.get("allow_redirects", True):
                return self._judged(reply)
            request = self._redirected(request, target)
            reply = self._send_with_retries(request, kwargs)
        raise UnsafeError(f"{reply.place} redirects more than {MAX_REDIRECTS} times")

    def _redirected(
        self, request: requests.PreparedRequest, target: str
    ) -> requests.PreparedRequest:
        if request.method not in {"GET", "HEAD"}:
            raise UnsafeError(f"a redirect of a {request.method} request was refused")
        url = urljoin(request.url or "", target)
        if origin_of(url) != origin_of(request.url or ""):
            raise UnsafeError(
                f"a redirect from {shown(origin_of(request.url or ''))} to "
                f"{shown(origin_of(url))} was refused; set the base URL to the final address"
            )
        followed = request.copy()
        followed.url = url
        return followed

    def _judged(self, reply: Reply) -> Reply:
        if reply.status_code >= 400 and self.http.raise_for_status:  # noqa: PLR2004
            raise HttpStatusError(reply)
        return reply

    def _send_with_retries(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any]
    ) -> Reply:
        """Exchange until an answer is worth returning; refresh credentials once on a 401."""
        self._guard.check(request.url or "")
        refreshed = False
        pauses = self._pauses()
        tries = 0
        while True:
            outcome = self._exchange(request, kwargs)
            if isinstance(outcome, Reply):
                if outcome.status_code == 401 and not refreshed:  # noqa: PLR2004
                    refreshed = True
                    if self._refresh(request):
                        continue
                if outcome.status_code not in RETRIED_STATUSES:
                    return outcome
            tries += 1
            if tries > self.retry_limit:
                if isinstance(outcome, Reply):
                    return outcome
                raise outcome
            self._pause(outcome, next(pauses))

    def _pauses(self) -> Iterator[float]:
        """Yield pauses in seconds: full jitter below 1, 2, 4 … up to the limit (backoff)."""
        limits = backoff.expo(base=2, factor=1, max_value=self.http.retry_wait_max_seconds)
        for limit in limits:
            if limit is not None:
                yield backoff.full_jitter(limit)

    def _pause(self, outcome: Reply | UnreachableError, seconds: float) -> None:
        asked = _retry_after(outcome) if isinstance(outcome, Reply) else None
        if asked is not None and asked > self.http.retry_after_max_seconds:
            raise TransientError(_come_back_later(outcome, asked))
        time.sleep(max(seconds, asked or 0))

    def _refresh(self, request: requests.PreparedRequest) -> bool:
        """Renew the credentials of the session and the request; False if they cannot be."""
        refresh = getattr(self.auth, "refresh", None)
        if refresh is None:
            return False
        refresh()
        request.prepare_auth(self.auth)
        return True

    def _exchange(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any]
    ) -> Reply | UnreachableError:
        """Send once; return a whole answer, or the failure to get one."""
        url = request.url or ""
        started = time.monotonic()
        status = 0
        try:
            reply = self.get_adapter(url).send(
                request,
                stream=True,
                timeout=kwargs.get("timeout")
                or (self.http.connect_timeout_seconds, self.http.read_timeout_seconds),
                verify=self._ca_bundle,
                cert=self.cert,
                proxies=self._proxies(url),
            )
            assert isinstance(reply, Reply)  # noqa: S101 - the adapters mounted above build it
            status = reply.status_code
            if not kwargs.get("stream"):
                reply.hold(read_body(reply.raw, max_bytes=self.http.max_body_bytes))
        except (requests.RequestException, urllib3.exceptions.HTTPError, CorruptBodyError) as error:
            return UnreachableError.of(error, url)
        finally:
            if self.observer is not None:
                seconds = time.monotonic() - started
                place = url.partition("?")[0]
                self.observer(Exchange(request.method or "", place, status, seconds))
        jar = self.cookies
        assert isinstance(jar, CookieJar)  # noqa: S101 - requests types it more loosely
        extract_cookies_to_jar(jar, request, reply.raw)  # type: ignore[no-untyped-call]
        return reply

    def _proxies(self, url: str) -> Any:
        origin = origin_of(url)
        if origin not in self._proxies_of:
            self._proxies_of[origin] = get_environ_proxies(url)
        return {**self._proxies_of[origin], **self.proxies}


def _retry_after(reply: Reply) -> float | None:
    """Return the pause asked for in seconds (RFC 9110, 10.2.3), None if there is no usable one."""
    value = reply.headers.get("Retry-After")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return seconds if seconds >= 0 else None


def _come_back_later(outcome: Reply | UnreachableError, seconds: float) -> str:
    place = outcome.place
    try:
        when = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M UTC")
    except OverflowError:
        when = "its Retry-After has passed"
    return f"{place} asks to wait {seconds:,.0f} s; run again with the last STATE after {when}"
