"""Where a redirect may lead: within the origin, and never for a request that changes something."""

from __future__ import annotations

from urllib.parse import urljoin

import requests
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar, merge_cookies
from requests.utils import requote_uri

from bizon_singer.errors import UnsafeError
from bizon_singer.source.origin import origin_of, shown
from bizon_singer.source.reply import Reply
from bizon_singer.source.request import authenticate


def redirected(
    request: requests.PreparedRequest, reply: Reply, session: requests.Session
) -> requests.PreparedRequest:
    """Return the request a redirect leads to.

    Raises:
        UnsafeError: It leads to another origin, or the request would change something.
    """
    if request.method not in {"GET", "HEAD"}:
        raise UnsafeError(
            f"a redirect of {reply.place} was refused; set the base URL to the final address"
        )
    try:
        target = session.get_redirect_target(reply) or ""
        url = urljoin(request.url or "", target.replace(" ", "%20"))
    except ValueError as error:
        raise UnsafeError(
            f"{reply.place} redirects to something that is no URL; set the base URL to the "
            "final address"
        ) from error
    here, there = origin_of(request.url or ""), origin_of(url)
    if here != there:
        raise UnsafeError(
            f"a redirect from {shown(here)} to {shown(there)} was refused; set the base URL to "
            "the final address"
        )
    followed = request.copy()
    followed.url = requote_uri(url)
    # What the answer set, and what the authenticator adds to it, goes along.
    cookies = vars(request).get("_cookies") or RequestsCookieJar()
    extract_cookies_to_jar(cookies, request, reply.raw)  # type: ignore[no-untyped-call]
    merge_cookies(cookies, session.cookies)  # type: ignore[no-untyped-call]
    followed.headers.pop("Cookie", None)
    followed.prepare_cookies(cookies)
    vars(followed)["auth"] = vars(request).get("auth")
    authenticate(followed)
    return followed
