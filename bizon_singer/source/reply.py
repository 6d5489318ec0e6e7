"""An HTTP answer that has been read whole, and the errors that stand for the ones that were not.

The errors are requests' own as well, so a source written for Bizon catches what it always did.
"""

from __future__ import annotations

import json
from typing import Any, Self

import msgspec
import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from bizon_singer.errors import (
    BizonSingerError,
    BrokenBodyError,
    CredentialsError,
    ProtocolError,
    TransientError,
)
from bizon_singer.source.origin import origin_of, shown

FORBIDDEN = 403
UNAUTHORIZED = 401
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
MAX_DEPTH = 200

_decode = msgspec.json.Decoder().decode


class Reply(requests.Response):
    """A ``requests.Response`` whose ``json()`` keeps big integers exact and names what is wrong."""

    @classmethod
    def received(cls, request: requests.PreparedRequest, raw: Any) -> Self:
        """Make a reply of a urllib3 answer, its body unread."""
        reply = cls()
        reply.status_code = raw.status
        reply.headers = CaseInsensitiveDict(raw.headers)
        reply.encoding = get_encoding_from_headers(reply.headers)
        reply.raw = raw
        reply.reason = raw.reason
        reply.url = request.url or ""
        reply.request = request
        return reply

    def hold(self, body: bytes) -> None:
        """Take the body read so far as the content."""
        self._content = body
        self._content_consumed = True

    @property
    def place(self) -> str:
        """Method, origin and path, without the query: it may hold private values."""
        return f"{self.request.method} {_without_query(self.url)}"

    def json(self, **kwargs: Any) -> Any:
        """Return the body decoded from JSON.

        Integers of any size stay exact. ``kwargs`` go to :func:`json.loads`, which is then used.

        Raises:
            BrokenJsonError: The body is empty or no JSON, or nested deeper than 200 levels.
        """
        if not kwargs:
            try:
                return _decode(self.content)
            except (msgspec.MsgspecError, RecursionError):
                # The standard library also reads a byte order mark, lone surrogates and NaN,
                # which APIs do send; what it refuses as well is no JSON.
                pass
        try:
            return json.loads(self.content, **kwargs)
        except (ValueError, RecursionError) as error:
            raise BrokenJsonError(self) from error


class BrokenJsonError(BrokenBodyError, requests.exceptions.InvalidJSONError, ValueError):
    """A body that should be JSON is not."""

    def __init__(self, reply: Reply) -> None:
        """Say which answer it was and what came instead, never its content."""
        kind = reply.headers.get("Content-Type", "no content type").partition(";")[0][:60]
        BrokenBodyError.__init__(
            self,
            f"{reply.place} answered {reply.status_code} with {len(reply.content):,} bytes of "
            f"{kind} that are no JSON; check the base URL, or try again later",
        )
        self.response = reply
        self.request = reply.request


class HttpStatusError(BizonSingerError, requests.HTTPError):
    """A final status of 400 or more. ``response`` holds the answer."""

    def __init__(self, reply: Reply) -> None:
        """Derive exit code and advice from the status."""
        status = reply.status_code
        error, advice = _advice(status)
        BizonSingerError.__init__(
            self, f"{reply.place} answered {status} {reply.reason or ''}".rstrip() + f"; {advice}"
        )
        self.exit_code = error.exit_code
        self.response = reply
        self.request = reply.request


def _advice(status: int) -> tuple[type[BizonSingerError], str]:
    if status == UNAUTHORIZED:
        return CredentialsError, "check the credentials in `authentication`"
    if status == FORBIDDEN:
        return CredentialsError, "the credentials lack a permission for it"
    if status == TOO_MANY_REQUESTS or status >= SERVER_ERROR:
        return TransientError, "the retries are spent; run again later with the last STATE"
    return ProtocolError, "the request is not one this API accepts"


class UnreachableError(TransientError, requests.ConnectionError):
    """No whole answer came: no connection, a time-out, a cut or corrupt body."""

    def __init__(self, reason: str, url: str) -> None:
        """Say what happened, and where."""
        self.place = _without_query(url)
        TransientError.__init__(
            self, f"{self.place}: {reason}; check the address and the network, then run again"
        )
        self.response = None
        self.request = None

    @classmethod
    def of(cls, error: Exception, url: str) -> Self:
        """Make one of an error of requests, urllib3 or the body reader."""
        made = cls(_reason(error), url)
        made.__cause__ = error
        return made


def _reason(error: Exception) -> str:
    """Return why no answer came, in words and without the library's object addresses."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection within the time limit"
    if isinstance(error, requests.exceptions.ReadTimeout):
        return "no answer within the time limit"
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS certificate or handshake was refused"
    text = str(error)
    for sign, reason in (
        ("NameResolutionError", "the host name cannot be resolved"),
        ("Connection refused", "the connection was refused"),
        ("Connection reset", "the connection was reset"),
        ("RemoteDisconnected", "the server closed the connection without an answer"),
        ("IncompleteRead", "the body was cut off"),
        ("InvalidChunkLength", "the body was cut off"),
        ("Read timed out", "the body stopped coming within the time limit"),
    ):
        if sign in text:
            return reason
    return text if type(error).__module__.startswith("bizon_singer") else type(error).__name__


def _without_query(url: str) -> str:
    """Return a URL up to its path; an unusable one is not shown at all."""
    try:
        path = url.partition("?")[0].partition("#")[0].split("/", 3)
        return shown(origin_of(url)) + ("/" + path[3] if len(path) > 3 else "")  # noqa: PLR2004
    except BizonSingerError:
        return "a URL"
