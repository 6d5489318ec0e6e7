"""Z9: whatever URL the guard lets pass leads where it says, by two parsers that share nothing.

One reads a URL as RFC 3986 does (appendix B), the other as browsers do (WHATWG): tabs and line
ends vanish, a backslash is a slash, any number of slashes opens a host.
"""

from __future__ import annotations

import re
from typing import Final

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.errors import UnsafeError
from bizon_singer.source.origin import OriginGuard
from tests.fuzz.examples import examples

PORTS: Final = {"http": 80, "https": 443}
Origin = tuple[str, str, int]
_RFC_3986: Final = re.compile(r"(?s)(?:([^:/?#]+):)?(?://([^/?#]*))?")


def by_rfc_3986(url: str) -> Origin | None:
    """Read a URL as RFC 3986 does; None for one that has no http(s) origin."""
    found = _RFC_3986.match(url)
    scheme, authority = found.groups() if found else (None, None)
    return _origin(scheme or "", authority or "")


def by_browsers(url: str) -> Origin | None:
    """Read a URL as browsers do; None for one that has no http(s) origin."""
    text = re.sub(r"[\t\r\n]", "", url.strip("".join(map(chr, range(33))))).replace("\\", "/")
    scheme, colon, rest = text.partition(":")
    authority = re.split(r"[/?#]", rest.lstrip("/"), maxsplit=1)[0]
    return _origin(scheme, authority) if colon else None


def _origin(scheme: str, authority: str) -> Origin | None:
    scheme = scheme.lower()
    place = authority.rpartition("@")[2]
    host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
    host, port = (host, port) if colon else (place, "")
    if scheme not in PORTS or not host or not (port == "" or port.isdecimal()):
        return None
    return scheme, host.strip("[]").lower().removesuffix("."), int(port or PORTS[scheme])


BASES: Final = ("https://api.example.com/v1/", "http://127.0.0.1:8080/", "http://[::1]:99/a")
PIECES: Final = [
    "https:",
    "http:",
    "ftp:",
    "javascript:",
    "HTTPS:",
    "//",
    "/",
    "///",
    "\\",
    "@",
    ":",
    "#",
    "?",
    "%",
    "%00",
    "%2f",
    "%40",
    "%09",
    ".",
    "..",
    "[",
    "]",
    "[::1]",
    "::1",
    "[::ffff:127.0.0.1]",
    "api.example.com",
    "api.example.com.",
    "API.EXAMPLE.COM",
    "evil.example",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "localhost",
    "user",
    "user:pw@",
    ":80",
    ":443",
    ":8080",
    ":99999",
    ":0",
    ":-1",
    ":\u0663",
    "\u3002",
    "\uff0f",
    "\uff20",
    "\u00df",
    "xn--",
    "\u212a",
    "\u2100",
    "v1",
    "&x=",
    ";",
]
STRUCTURAL: Final = ["@", "user@", "user:pw@", "\\", "/", ":", "#", "?", "%40", ".evil.example"]
BLANKS: Final = [" ", "\t", "\r\n", "\x00", "\x7f", "\u2028"]
pieces = st.sampled_from([*BASES, *PIECES, *BLANKS])


@st.composite
def bent(draw: st.DrawFn, base: str) -> str:
    """Draw a base URL with a piece put in, or in place of a part, where parsers differ."""
    ends = [0, *(part.end() for part in re.finditer(r"https?:|//|[]:/]|[^]:/]+", base))]
    start = draw(st.sampled_from(ends))
    stop = draw(st.just(start) | st.sampled_from([end for end in ends if end >= start]))
    piece = draw(st.sampled_from(STRUCTURAL) | st.lists(pieces, max_size=2).map("".join))
    return base[:start] + piece + base[stop:]


def urls(base: str) -> st.SearchStrategy[str]:
    """Return URLs near a base, and some of any pieces at all."""
    any_pieces = st.lists(pieces | st.text(max_size=2), max_size=8).map("".join)
    return st.one_of(bent(base), bent(base), bent(base), any_pieces)


@pytest.mark.parametrize("base", BASES)
@given(st.data())
@examples(500)
def test_a_url_that_passes_leads_home(base: str, data: st.DataObject) -> None:
    """As it is and as requests sends it: one origin by both readings, no user, nothing hidden."""
    url = data.draw(urls(base))
    guard = OriginGuard(allow_http=True)
    guard.belong_to(base)
    home = by_rfc_3986(base)
    for text in (url, _as_sent(url)):
        refusal = _refusal(guard, text)
        if refusal is not None:
            assert refusal.exit_code == 6
            assert len(str(refusal).splitlines()) == 1
            assert "pw" not in str(refusal)
            continue
        assert not re.search(r"[\x00-\x20\x7f\\]", text)
        assert "@" not in (_RFC_3986.match(text) or [""] * 3)[2]
        assert by_rfc_3986(text) == home
        assert by_browsers(text) == home


def _refusal(guard: OriginGuard, url: str) -> UnsafeError | None:
    try:
        guard.check(url)
    except UnsafeError as error:
        return error
    return None


def _as_sent(url: str) -> str:
    """Return a URL as requests would send it, empty if it would not."""
    try:
        return requests.Request("GET", url).prepare().url or ""
    except (requests.RequestException, ValueError):
        return ""


@pytest.mark.parametrize("base", BASES)
def test_both_readings_agree_on_what_is_plain(base: str) -> None:
    """The guard lets it pass, so the property above is not empty."""
    guard = OriginGuard(allow_http=True)
    guard.belong_to(base)
    guard.check(base + "items?after=1")
    assert by_rfc_3986(base) == by_browsers(base) is not None
