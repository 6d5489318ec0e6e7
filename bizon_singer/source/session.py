"""The HTTP session of a source: bounded, retried, guarded, and honest about what it received.

It is a ``requests.Session``, so a source uses it as it knows. What differs: connections and
answers have time limits, failures in passing are tried again with full jitter, ``Retry-After`` is
honoured up to a limit, a 401 refreshes the credentials once, redirects and links never leave the
source's origin, and a body is read whole and checked before anybody sees it.

Why not urllib3's own ``Retry``: it sleeps up to six hours for one ``Retry-After``, cannot see a
body that breaks halfway, and cannot refresh credentials between two tries.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import sleep
from typing import Any

import requests
import urllib3
from requests.cookies import extract_cookies_to_jar
from requests.hooks import dispatch_hook
from requests.utils import rewind_body

from bizon_singer.errors import BizonSingerError
from bizon_singer.source.auth.authenticators.oauth import Oauth2Authenticator
from bizon_singer.source.budget import RequestBudget
from bizon_singer.source.config import HttpConfig
from bizon_singer.source.environment import ca_bundle, proxies_for
from bizon_singer.source.exchange import Exchange
from bizon_singer.source.headers import Headers
from bizon_singer.source.origin import (
    Origin,
    OriginGuard,
    origin_of,
    without_query,
)
from bizon_singer.source.redirect import redirected
from bizon_singer.source.reply import (
    FIRST_ERROR_STATUS,
    RETRIED_STATUSES,
    HttpStatusError,
    PassingStatusError,
    RedirectLoopError,
    Reply,
)
from bizon_singer.source.request import RequestTemplates, authenticate
from bizon_singer.source.retry import come_back_later, pauses, retry_after
from bizon_singer.source.transport import ReplyAdapter
from bizon_singer.source.unreachable import UnreachableError, UnsendableError, is_unsendable

UNAUTHORIZED = 401
MAX_REDIRECTS = 5
DEFAULT_RETRY_LIMIT = 10
DEFAULT_POOL_SIZE = 10
ACCEPTED_ENCODINGS = "gzip, deflate"
SENDING = frozenset({"timeout", "allow_redirects", "stream", "verify", "cert", "proxies"})
"""Arguments of a request that say how it is sent, not what it is."""

logger = logging.getLogger("bizon_singer.http")


class Session(requests.Session):
    """The session of one source; its requests may be sent from several threads at once.

    Args:
        http: Limits; the defaults of :class:`HttpConfig` if None.
        retry_limit: How often a request that failed in passing is tried again.
        pool_size: How many connections to a host are kept open: as many as there are threads.

    Attributes:
        observer: Called with an :class:`Exchange` for every answer or failure to get one, in the
            thread that sent the request.
        retried_statuses: Statuses that are tried again; a source may add those its API documents.
        budget: When it may ask; sessions of streams read at once share one.
    """

    def __init__(
        self,
        http: HttpConfig | None = None,
        retry_limit: int = DEFAULT_RETRY_LIMIT,
        *,
        pool_size: int = DEFAULT_POOL_SIZE,
    ) -> None:
        """Open no connection yet."""
        super().__init__()
        self.http = http or HttpConfig()
        self.retry_limit = retry_limit
        self.retried_statuses = RETRIED_STATUSES
        self.observer: Callable[[Exchange], None] | None = None
        self.budget = RequestBudget()
        self._guard = OriginGuard(self.http.allowed_origins, allow_http=self.http.allow_http)
        # requests looks into the environment and ~/.netrc on every call; proxies are looked up
        # once per origin here, and .netrc never: credentials come from the config alone.
        self.trust_env = False
        self._proxies_of: dict[Origin, dict[str, str]] = {}
        self._bundles: dict[Any, str | bool] = {}
        self._renewing = threading.Lock()
        self._templates = RequestTemplates(self)
        self.headers: Headers = Headers(self.headers)  # type: ignore[assignment]
        self.headers["Accept-Encoding"] = ACCEPTED_ENCODINGS
        adapter = ReplyAdapter(pool_maxsize=pool_size)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

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

    def request(  # type: ignore[override]
        self, method: str, url: Any, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Build a request and send it; arguments are those of :meth:`requests.Session.request`.

        Raises:
            UnsendableError: The URL or a header is not valid; see also :meth:`send`.
        """
        if args or not self._builds_as_we_do:
            return super().request(method, url, *args, **kwargs)
        given = {name: value for name, value in kwargs.items() if value is not None}
        sending = {name: given.pop(name) for name in SENDING & given.keys()}
        try:
            prepared = self._templates.build(method.upper(), url, given)
            if prepared is not None:
                self._sign(prepared, self.auth)
        except ValueError as error:
            if is_unsendable(error, str(url)):
                raise UnsendableError.of(error, method, str(url)) from None
            raise
        if prepared is None:
            return super().request(method, url, **kwargs)
        return self.send(prepared, **sending)

    @property
    def _builds_as_we_do(self) -> bool:
        """Whether this class builds the requests, and not a subclass of a source."""
        own = type(self)
        return (
            own.prepare_request is Session.prepare_request
            and own.merge_environment_settings is requests.Session.merge_environment_settings
        )

    def _sign(self, prepared: requests.PreparedRequest, auth: Any) -> None:
        """Put the session's credentials on a request."""
        self._limit(auth)
        # Remembered for a renewal: a request's own authenticator goes before the session's.
        vars(prepared)["auth"] = auth
        authenticate(prepared)

    def _limit(self, auth: Any) -> None:
        """Let an authenticator that sends requests of its own keep to the session's limits."""
        if isinstance(auth, Oauth2Authenticator):
            auth.use_limits(self.http, self.retry_limit)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Build what will be sent, credentials included.

        Raises:
            UnsendableError: The URL or a header is not valid.
        """
        auth = self.auth if request.auth is None else request.auth
        self._limit(auth)
        try:
            prepared = super().prepare_request(request)
        except ValueError as error:
            method, url = request.method or "", str(request.url)
            if is_unsendable(error, url):
                raise UnsendableError.of(error, method, url) from None
            raise
        vars(prepared)["auth"] = auth
        return prepared

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, follow redirects within the origin, and return a checked answer.

        Raises:
            HttpStatusError: The final status is 4xx or 5xx.
            UnreachableError: No whole answer came, and the retries are spent.
            UnsendableError: The request cannot be sent as it is.
            UnsafeError: The request, or a redirect, leads elsewhere, or the body is too large.
        """
        self._guard.check(request.url or "")
        follow = kwargs.pop("allow_redirects", True)
        options = self._options(request.url or "", kwargs)
        history: list[requests.Response] = []
        while True:
            reply = self._hooked(self._send_with_retries(request, options), options)
            if not (follow and reply.is_redirect):
                reply.history = history
                return self._judged(reply)
            if len(history) == MAX_REDIRECTS:
                raise RedirectLoopError(reply, MAX_REDIRECTS)
            reply.close()
            history.append(reply)
            request = redirected(request, reply, self)

    def _options(self, url: str, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return what an adapter is told besides the request."""
        limits = (self.http.connect_timeout_seconds, self.http.read_timeout_seconds)
        timeout = kwargs.get("timeout")
        if timeout is None:
            timeout = limits
        elif isinstance(timeout, tuple):  # None in a tuple would mean to wait for ever
            pairs = zip(timeout, limits, strict=False)
            timeout = tuple(limit if part is None else part for part, limit in pairs)
        verify = kwargs.get("verify", self.verify)
        return {
            "stream": bool(kwargs.get("stream", self.stream)),
            "timeout": timeout,
            "verify": self._bundle(verify) if url.lower().startswith("https:") else True,
            "cert": kwargs.get("cert", self.cert),
            "proxies": {**self._proxies(url), **(kwargs.get("proxies") or self.proxies)},
        }

    def _hooked(self, reply: Reply, options: dict[str, Any]) -> Reply:
        """Show the answer to the source's hooks; one that answers a challenge sends again."""
        hooks = reply.request.hooks
        result = dispatch_hook("response", hooks, reply, **options)  # type: ignore[no-untyped-call]
        return reply if result is reply else self._checked(result, options)

    def _judged(self, reply: Reply) -> Reply:
        """Return an answer of use, raise an error for any other."""
        if reply.status_code < FIRST_ERROR_STATUS or not self.http.raise_for_status:
            return reply
        with contextlib.suppress(BizonSingerError):
            reply.content  # noqa: B018 - whoever catches the error may look at it
        if reply.status_code in self.retried_statuses:
            asked = retry_after(reply.headers)
            raise PassingStatusError(reply, come_back_later(asked) if asked else None)
        raise HttpStatusError(reply)

    def _send_with_retries(
        self, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> Reply:
        """Exchange until an answer is worth returning; renew credentials once on a 401."""
        waits = pauses(self.http.retry_wait_max_seconds)
        renewed = False
        tried = 0
        while True:
            self.await_turn(request)
            outcome = self._exchange(request, options)
            if isinstance(outcome, Reply):
                self.look_at(outcome)
                if outcome.status_code == UNAUTHORIZED and not renewed and self._renew(request):
                    outcome.close()
                    renewed = True
                    if _rewind(request):
                        continue
                if outcome.status_code not in self.retried_statuses:
                    return outcome
            tried += 1
            if self._is_spent(outcome, tried) or not _rewind(request):
                if isinstance(outcome, Reply):
                    return outcome
                raise outcome
            self._pause(outcome, next(waits), tried)

    def await_turn(self, request: requests.PreparedRequest) -> None:
        """Wait until a request may be sent; a subclass knows what else its API counts apart."""
        origin = origin_of(request.url or "")
        seconds = self.budget.reserve(origin, self.http.requests_per_second)
        if seconds > 0:
            sleep(seconds)

    def look_at(self, reply: Reply) -> None:
        """Look at each answer before it is judged or tried again; a subclass may raise to stop."""

    def _is_spent(self, outcome: Reply | UnreachableError, tried: int) -> bool:
        bound = outcome.max_tries if isinstance(outcome, UnreachableError) else None
        return tried > self.retry_limit or (bound is not None and tried >= bound)

    def _pause(self, outcome: Reply | UnreachableError, seconds: float, tried: int) -> None:
        """Wait before the next try.

        Raises:
            PassingStatusError: The API asks for a longer pause than is allowed.
        """
        if isinstance(outcome, Reply):
            outcome.close()
            asked = retry_after(outcome.headers) or 0.0
            if asked > self.http.retry_after_max_seconds:
                raise PassingStatusError(outcome, come_back_later(asked))
            if asked:
                self.budget.pause(origin_of(outcome.url or ""), asked)
            seconds = max(seconds, asked)
            what = f"{outcome.place} answered {outcome.status_code}"
        else:
            what = str(outcome).partition(";")[0]
        logger.warning(
            "%s; trying again in %.1f s (%d of %d).", what, seconds, tried, self.retry_limit
        )
        sleep(seconds)

    def _renew(self, request: requests.PreparedRequest) -> bool:
        """Renew the credentials of a request; False if its authenticator cannot."""
        refresh = getattr(vars(request).get("auth"), "refresh", None)
        if refresh is None:
            return False
        with self._renewing:
            refused = request.headers.get("Authorization")
            authenticate(request)
            # Another thread may have renewed them since the request was built: a second renewal
            # would make the first one's token void where refresh tokens are used once.
            if request.headers.get("Authorization") == refused:
                refresh()
                authenticate(request)
        return True

    def _exchange(
        self, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> Reply | UnreachableError:
        """Send once; return a whole answer, or the failure to get one.

        Raises:
            UnsendableError: The request cannot be sent as it is.
        """
        url, method = request.url or "", request.method or ""
        started = time.monotonic()
        status: int = 0
        headers: Mapping[str, str] = {}
        try:
            # The body is read here in any case, within its limit.
            response = self.get_adapter(url).send(request, **{**options, "stream": True})
            status, headers = response.status_code, response.headers
            response.elapsed = timedelta(seconds=time.monotonic() - started)
            return self._checked(response, options)
        except UnreachableError as error:
            return error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if isinstance(error, ValueError):
                raise UnsendableError.of(error, method, url) from None
            return UnreachableError.of(error, method, url)
        except ValueError as error:  # http.client's, for a header it cannot send
            raise UnsendableError.of(error, method, url) from None
        finally:
            if self.observer is not None:
                seconds = time.monotonic() - started
                place = without_query(url)
                self.observer(Exchange(method, place, status, seconds, headers))

    def _checked(self, response: requests.Response, options: dict[str, Any]) -> Reply:
        """Make a reply of what an adapter gave, read its body and keep its cookies.

        Raises:
            UnreachableError: The body is cut off or corrupt.
            UnsafeError: The body is too large.
        """
        reply = response if isinstance(response, Reply) else Reply.of(response)
        reply.max_body_bytes = self.http.max_body_bytes
        if not options["stream"]:
            reply.content  # noqa: B018 - it is read now, so that it can be asked for again
        if "Set-Cookie" in reply.headers:
            extract_cookies_to_jar(  # type: ignore[no-untyped-call]
                self.cookies, reply.request, reply.raw
            )
        return reply

    def _bundle(self, verify: Any) -> str | bool:
        if verify not in self._bundles:
            self._bundles[verify] = ca_bundle(verify)
        return self._bundles[verify]

    def _proxies(self, url: str) -> dict[str, str]:
        origin = origin_of(url)
        if origin not in self._proxies_of:
            self._proxies_of[origin] = proxies_for(url)
        return self._proxies_of[origin]


def _rewind(request: requests.PreparedRequest) -> bool:
    """Make the body of a request ready to be sent once more; False if it cannot be."""
    if request.body is None or isinstance(request.body, (str, bytes)):
        return True
    try:
        rewind_body(request)
    except requests.exceptions.UnrewindableBodyError:
        return False
    return True
