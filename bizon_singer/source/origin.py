"""Where a source may send its requests: one scheme, host and port, and what the user allows.

An API that hands out ``next`` links, a redirect or a forged STATE could otherwise lead the
credentials to another host (CVE-2018-18074 is one of many). So every request is compared with the
origin the source belongs to, whatever its URL came from.

Why two parsers must agree: the standard library reads a URL for this comparison and urllib3 reads
it for the connection, and a URL they read differently is how such checks are passed by.
"""

from __future__ import annotations

import ipaddress
import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

import requests
import urllib3

from bizon_singer.errors import UnsafeError
from bizon_singer.redact import excerpt

Origin = tuple[str, str, int]
DEFAULT_PORTS = {"http": 80, "https": 443}
SHOWN_CHARACTERS = 200
REMEMBERED_ORIGINS = 256
REMEMBERED_URLS = 32
"""One request asks seven times whose URL it is, at 3 µs each where the query is long."""
_BRACKETED = re.compile(r"\[[^]]*\](?::[0-9]*)?")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_BEFORE_PATH = re.compile(r"[A-Za-z]+://[^/?#]*")


@lru_cache(REMEMBERED_URLS)
def origin_of(url: str) -> Origin:
    """Return the scheme, host and port of an http(s) URL.

    Raises:
        UnsafeError: The URL is no plain http(s) URL: another scheme, user info, a control
            character or a backslash, which parsers read in different ways.
    """
    if _FORBIDDEN.search(url):
        raise UnsafeError(
            "a URL with a blank, control character or backslash was refused; use a plain https URL"
        )
    # What stands before the path decides alone, and a source asks one host again and again: to
    # parse each URL twice would cost a request as much as to send it.
    return _origin_of(url[: path_start(url)] if url.isascii() else url)


def path_start(url: str) -> int:
    """Return where path, query or fragment of an absolute URL begins, its length if nowhere."""
    before = _BEFORE_PATH.match(url)
    return before.end() if before else len(url)


@lru_cache(REMEMBERED_ORIGINS)
def _origin_of(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UnsafeError("a URL that cannot be parsed was refused; use a plain one") from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not parts.hostname:
        # What stands there may be the start of a password.
        raise UnsafeError("a URL of another scheme than https was refused; use https")
    if "@" in parts.netloc:
        raise UnsafeError("a URL that carries user info was refused; use `authentication`")
    if "[" in parts.netloc and _BRACKETED.fullmatch(parts.netloc) is None:
        # urlsplit passes over what stands between the bracket and the port.
        raise UnsafeError("a URL that cannot be parsed was refused; use a plain one")
    host = parts.hostname if parts.hostname.isascii() else _ascii_host(url)
    _require_agreement(url, host, port)
    return scheme, host.removesuffix("."), DEFAULT_PORTS[scheme] if port is None else port


def _ascii_host(url: str) -> str:
    """Return the host as requests encodes it before it connects (IDNA)."""
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(url, None)
    except (requests.RequestException, ValueError) as error:
        raise UnsafeError("a URL with an impossible host was refused; correct it") from error
    return urlsplit(prepared.url or "").hostname or ""


def _require_agreement(url: str, host: str, port: int | None) -> None:
    if not url.isascii():  # it is encoded before urllib3 sees it, and checked again then
        return
    try:
        seen = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError as error:
        raise UnsafeError("a URL that cannot be parsed was refused; use a plain one") from error
    if (seen.host or "").strip("[]").lower() != host or seen.port != port or seen.auth:
        raise UnsafeError("a URL that can be read in two ways was refused; use a plain one")


@lru_cache(REMEMBERED_ORIGINS)
def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(origin: Origin) -> str:
    """Return an origin as a person writes it."""
    scheme, host, port = origin
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}"


def can_be_split(url: str) -> bool:
    """Tell whether a URL has parts at all, whatever they are."""
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def without_query(url: str) -> str:
    """Return a URL up to its path; an unusable one is not shown at all."""
    try:
        origin = origin_of(url)
    except UnsafeError:
        return "a URL"
    # Redacted anew each time: a secret may have become known since.
    return excerpt(_address(origin, url.partition("?")[0].partition("#")[0]), SHOWN_CHARACTERS)


@lru_cache(REMEMBERED_URLS)
def _address(origin: Origin, url: str) -> str:
    return shown(origin) + url[path_start(url) :]


class OriginGuard:
    """Decides whether a request may leave.

    Args:
        allowed: Origins allowed besides the source's own, such as ``https://files.example.com``.
        allow_http: Allow http beyond this machine.

    The source's own origin is ``base_url`` where it sets one, else that of its first request.
    """

    def __init__(self, allowed: Iterable[str] = (), *, allow_http: bool = False) -> None:
        """Start without an origin of its own."""
        self._allowed = {origin_of(url) for url in allowed}
        self._allow_http = allow_http
        self._own: Origin | None = None
        self._passed: tuple[Origin | None, Origin] | None = None
        # Without it, the first requests of two threads could each make an origin the own one.
        self._lock = threading.Lock()

    def belong_to(self, base_url: str) -> None:
        """Make ``base_url``'s origin the source's own.

        Raises:
            UnsafeError: It is no https URL, and http is not allowed for it.
        """
        origin = origin_of(base_url)
        self._refuse_clear_text(origin)
        with self._lock:
            self._own = origin

    def check(self, url: str) -> None:
        """Let a request to ``url`` pass.

        Raises:
            UnsafeError: It leads elsewhere, or would travel in clear text.
        """
        origin = origin_of(url)
        if (self._own, origin) == self._passed:  # as the last request did
            return
        with self._lock:
            if self._own is None:
                self._refuse_clear_text(origin)
                self._own = origin
            own = self._own
        # First of all: that a foreign origin is plain http is no reason to allow http for it.
        if origin != own and origin not in self._allowed:
            raise UnsafeError(
                f"a request to {shown(origin)} was refused: the source belongs to {shown(own)}; "
                f"if it is meant to call both, add {shown(origin)} to `http.allowed_origins`"
            )
        self._refuse_clear_text(origin)
        self._passed = own, origin

    def _refuse_clear_text(self, origin: Origin) -> None:
        scheme, host, _ = origin
        if scheme == "http" and not self._allow_http and not is_loopback(host):
            raise UnsafeError(
                f"{shown(origin)} would be called in clear text; use https, or set "
                "`http.allow_http` to true if you accept that"
            )
