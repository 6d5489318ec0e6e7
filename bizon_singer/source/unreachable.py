"""Why no whole answer came, in words, and whether asking again can help.

::

    UnreachableError            requests.ConnectionError
    ├── ConnectTimedOutError    requests.ConnectTimeout
    ├── ReadTimedOutError       requests.ReadTimeout
    ├── BrokenAnswerError       requests' ChunkedEncodingError and ContentDecodingError
    └── CertificateError        requests' SSLError; exit code 6
    UnsendableError             requests' InvalidURL, InvalidHeader, …

Each is the error requests raises for it as well, so a source written for Bizon catches what it
always did.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Self

import requests
import urllib3

from bizon_singer.errors import BizonSingerError, ProtocolError, TransientError, UnsafeError
from bizon_singer.source.body import CorruptBodyError
from bizon_singer.source.origin import can_be_split, without_query

# A name that does not exist will hardly exist in a minute; once more is for a flaky resolver.
UNKNOWN_HOST_TRIES = 2
_UNKNOWN_HOST = frozenset(
    {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME), socket.EAI_FAIL}
)


UNSENDABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
)


class UnreachableError(TransientError, requests.ConnectionError):
    """No whole answer came: no connection, a time-out, a cut or corrupt body.

    Attributes:
        place: Method, origin and path of the request.
        max_tries: How often to try at most, whatever the retry limit; None for no such bound.
        response: None, as there is none.
    """

    advice = "check the address and the network, then run again"

    def __init__(self, reason: str, place: str, max_tries: int | None = None) -> None:
        """Say what happened, and where."""
        TransientError.__init__(self, f"{place}: {reason}; {self.advice}")
        self.place = place
        self.max_tries = max_tries
        self.response = None
        self.request = None

    @classmethod
    def of(cls, error: Exception, method: str, url: str) -> UnreachableError:
        """Make one of an error of requests, urllib3 or the body reader."""
        roots = list(_roots(error))
        kind, reason, max_tries = _judge(error, roots)
        made = kind(reason, f"{method} {without_query(url)}", max_tries)
        # The last of them, which knows the least: urllib3's own text holds the whole URL.
        made.__cause__ = roots[-1]
        return made


class ConnectTimedOutError(UnreachableError, requests.ConnectTimeout):
    """No connection within ``http.connect_timeout_seconds``."""


class ReadTimedOutError(UnreachableError, requests.ReadTimeout):
    """No answer, or no more of it, within ``http.read_timeout_seconds``."""

    advice = "raise `http.read_timeout_seconds` if the API is slow, or run again later"


class BrokenAnswerError(
    UnreachableError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
):
    """An answer began and did not come whole."""

    advice = "run again later with the last STATE"


class CertificateError(UnreachableError, requests.exceptions.SSLError):
    """The server could not prove who it is; nothing was sent."""

    exit_code = UnsafeError.exit_code
    advice = (
        "check the address; for a certificate authority of your own, set REQUESTS_CA_BUNDLE to "
        "its file"
    )


def is_unsendable(error: ValueError, url: str) -> bool:
    """Tell whether requests refused a URL or a header.

    A source's authenticator raises while a request is built as well: errors of ours, where it
    sends requests of its own, and a ValueError that is not about the request.
    """
    return not isinstance(error, BizonSingerError) and (
        isinstance(error, (*UNSENDABLE, UnicodeError)) or not can_be_split(url)
    )


class UnsendableError(
    ProtocolError,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
):
    """A request that cannot be sent: its URL is no URL, or a header is no header."""

    def __init__(self, reason: str, method: str, url: str) -> None:
        """Say why, never with what: a URL or header may hold a secret."""
        ProtocolError.__init__(self, f"a {method} request to {without_query(url)}: {reason}")
        self.response = None
        self.request = None

    @classmethod
    def of(cls, error: Exception, method: str, url: str) -> Self:
        """Make one of an error of requests or http.client."""
        made = cls(_unsendable_reason(error, url), method, url)
        # Its text may show the header: it is no cause to print.
        made.__suppress_context__ = True
        return made


def _unsendable_reason(error: Exception, url: str) -> str:
    if isinstance(error, requests.exceptions.InvalidProxyURL):
        return "the proxy of the environment is no URL; correct HTTPS_PROXY"
    if isinstance(error, requests.exceptions.MissingSchema):
        return "the URL is not absolute; start it with https://"
    bad_url = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
    if isinstance(error, bad_url) or not can_be_split(url):
        return "the URL is not valid; check the base URL"
    return (
        "a header holds a character no header can carry; check `authentication` and the headers "
        "the source sets"
    )


Judgement = tuple[type[UnreachableError], str, int | None]


def _judge(error: Exception, roots: list[BaseException]) -> Judgement:
    """Return the class, the reason and the most tries for what a library raised."""
    if isinstance(error, CorruptBodyError):
        return BrokenAnswerError, str(error), None
    if isinstance(error, requests.exceptions.ProxyError):
        return UnreachableError, "the proxy of the environment cannot be used", None
    for root in roots:
        if isinstance(root, ssl.SSLCertVerificationError):
            return CertificateError, "the server's certificate is not trusted", 1
        if isinstance(root, socket.gaierror):
            tries = UNKNOWN_HOST_TRIES if root.errno in _UNKNOWN_HOST else None
            return UnreachableError, "the host name cannot be resolved", tries
    return _judge_by_type(error, roots)


def _judge_by_type(error: Exception, roots: list[BaseException]) -> Judgement:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return ConnectTimedOutError, "no connection within the time limit", None
    if isinstance(error, requests.exceptions.ReadTimeout):
        return ReadTimedOutError, "no answer within the time limit", None
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return ReadTimedOutError, "the body stopped coming within the time limit", None
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return BrokenAnswerError, "the body was cut off", None
    if isinstance(error, requests.exceptions.SSLError):
        return UnreachableError, "the TLS handshake failed", None
    for root in roots:
        if isinstance(root, ConnectionRefusedError):
            return UnreachableError, "the connection was refused", None
        # RemoteDisconnected is a ConnectionResetError whose server said nothing at all.
        if isinstance(root, ConnectionResetError | BrokenPipeError):
            return UnreachableError, "the server closed the connection without an answer", None
    return UnreachableError, f"the exchange failed ({type(roots[-1]).__name__})", None


def _roots(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it was made of, by cause, context, reason or argument."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
