"""Where a source may send its requests: one scheme, host and port, and what the user allows.

An API that hands out ``next`` links, a redirect or a forged STATE could otherwise lead the
credentials to another host (CVE-2018-18074 is one of many). So every request is compared with the
origin the source belongs to, whatever its URL came from.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from bizon_singer.errors import UnsafeError

Origin = tuple[str, str, int]
DEFAULT_PORTS = {"http": 80, "https": 443}
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


def origin_of(url: str) -> Origin:
    """Return the scheme, host and port of an http(s) URL.

    Raises:
        UnsafeError: The URL is no plain http(s) URL: another scheme, user info, a control
            character or a backslash, which parsers read in different ways.
    """
    if _FORBIDDEN.search(url):
        raise UnsafeError("a URL with a blank, control character or backslash is refused")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UnsafeError("a URL that cannot be parsed is refused") from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not parts.hostname:
        raise UnsafeError(f"a URL of scheme {scheme!r} is refused; use https")
    if "@" in parts.netloc:
        raise UnsafeError("a URL that carries user info is refused; use `authentication`")
    return scheme, parts.hostname.lower().rstrip("."), port or DEFAULT_PORTS[scheme]


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

    def belong_to(self, base_url: str) -> None:
        """Make ``base_url``'s origin the source's own.

        Raises:
            UnsafeError: It is no https URL, and http is not allowed for it.
        """
        origin = origin_of(base_url)
        self._refuse_clear_text(origin)
        self._own = origin

    def check(self, url: str) -> None:
        """Let a request to ``url`` pass.

        Raises:
            UnsafeError: It leads elsewhere, or would travel in clear text.
        """
        origin = origin_of(url)
        self._refuse_clear_text(origin)
        if self._own is None:
            self._own = origin
        if origin != self._own and origin not in self._allowed:
            raise UnsafeError(
                f"a request to {shown(origin)} was refused: the source belongs to "
                f"{shown(self._own)}; if it is meant to call both, add "
                f"{shown(origin)} to `http.allowed_origins`"
            )

    def _refuse_clear_text(self, origin: Origin) -> None:
        scheme, host, _ = origin
        if scheme == "http" and not self._allow_http and not is_loopback(host):
            raise UnsafeError(
                f"{shown(origin)} would be called in clear text; use https, or set "
                "`http.allow_http` to true if you accept that"
            )
