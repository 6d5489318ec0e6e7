"""An HTTP answer and the errors that stand for answers of no use.

::

    HttpStatusError             requests.HTTPError: a final status of 400 or more, which is also
    ├── CredentialsStatusError  CredentialsError: 401, 403
    ├── PassingStatusError      TransientError: 408, 425, 429, 5xx
    └── RequestStatusError      ProtocolError: any other
    BrokenJsonError             requests' and json's JSONDecodeError
    RedirectLoopError           requests.TooManyRedirects

The errors are requests' own as well, so a source written for Bizon catches what it always did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any, Self

import msgspec
import requests
import urllib3
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers, stream_decode_response_unicode

from bizon_singer.errors import (
    BizonSingerError,
    BrokenBodyError,
    CredentialsError,
    ProtocolError,
    TransientError,
)
from bizon_singer.integers import read_integer
from bizon_singer.redact import excerpt
from bizon_singer.source.body import CHUNK_BYTES, CorruptBodyError, iter_body, read_body
from bizon_singer.source.config import MAX_BODY_BYTES
from bizon_singer.source.connection import Answer
from bizon_singer.source.origin import without_query
from bizon_singer.source.unreachable import UnreachableError

FIRST_ERROR_STATUS = 400
SERVER_ERROR = 500
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""What may pass: RFC 9110, RFC 8470, RFC 6585 and Cloudflare's own 52x."""

_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

_decode = msgspec.json.Decoder().decode


class Reply(requests.Response):
    """A ``requests.Response`` whose ``json()`` keeps big integers exact and names what is wrong.

    Its body is read within a size limit, and a stream that ends too early is an error, also with
    ``stream=True``.
    """

    max_body_bytes = MAX_BODY_BYTES
    answer: Answer | None = None
    _content: Any  # False until it is read
    _content_consumed: bool

    def __init__(self, headers: CaseInsensitiveDict[str] | None = None) -> None:
        """Set what ``requests.Response`` does, but for what costs and is rarely looked at."""
        self._content = False
        self._content_consumed = False
        self._next = None
        self.status_code: Any = None
        self.headers = CaseInsensitiveDict() if headers is None else headers
        self.url: Any = None
        self.history = []
        self.reason: Any = None
        self.elapsed = timedelta(0)
        self.request: Any = None

    @classmethod
    def of(cls, response: requests.Response) -> Self:
        """Make a reply of a response, its body unread or not."""
        reply = cls()
        vars(reply).update(vars(response))
        return reply

    @cached_property
    def raw(self) -> Any:  # type: ignore[override]
        """The answer of urllib3, made when somebody asks for it."""
        return None if self.answer is None else self.answer.whole()

    @cached_property
    def cookies(self) -> RequestsCookieJar:  # type: ignore[override]
        """The cookies this answer sets."""
        jar = RequestsCookieJar()
        extract_cookies_to_jar(jar, self.request, self.raw)  # type: ignore[no-untyped-call]
        return jar

    @cached_property
    def encoding(self) -> str | None:  # type: ignore[override]
        """The encoding the headers declare for a text, None if they do not."""
        return get_encoding_from_headers(self.headers)

    @property
    def place(self) -> str:
        """Method, origin and path, without the query: it may hold private values."""
        return f"{self.request.method} {without_query(self.url or '')}"

    @property
    def content(self) -> bytes:
        """The decoded body.

        Raises:
            UnreachableError: It is cut off or corrupt.
            UnsafeError: It is larger than ``max_body_bytes``.
        """
        if self._content is False:
            if self._content_consumed:
                raise RuntimeError("the body was streamed already; keep what was read of it")
            self._content = self._read()
            self._content_consumed = True
        return self._content or b""

    def _read(self) -> bytes:
        try:
            return read_body(
                self._unread or self.raw,
                max_bytes=self.max_body_bytes,
                method=self.request.method or "",
            )
        except BaseException as error:
            self.close()  # what is left of the body must not be taken for the next answer
            if isinstance(error, (urllib3.exceptions.HTTPError, CorruptBodyError, OSError)):
                failure = self._unreachable(error)
                raise failure from failure.__cause__
            raise

    @property
    def _unread(self) -> Answer | None:
        """The answer as http.client has it, None where somebody asked for urllib3's."""
        return None if "raw" in vars(self) else self.answer

    def close(self) -> None:
        """Let go of the connection; with an unread body it is of no further use."""
        answer = self._unread
        if answer is None:
            super().close()
        else:
            answer.close()

    def _unreachable(self, error: Exception) -> UnreachableError:
        return UnreachableError.of(error, self.request.method or "", self.url or "")

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of requests
        """Yield the body in parts of ``chunk_size`` bytes; raises like ``content``.

        There is no limit on the whole: only a part of it is held in memory.
        """
        if self._content_consumed:
            return super().iter_content(chunk_size, decode_unicode)
        chunks = self._stream(chunk_size or CHUNK_BYTES)
        if not decode_unicode:
            return chunks
        return stream_decode_response_unicode(chunks, self)  # type: ignore[no-untyped-call]

    def _stream(self, chunk_size: int) -> Iterator[bytes]:
        method = self.request.method or ""
        try:
            for part in iter_body(
                self.raw, method=method, chunk_bytes=min(chunk_size, CHUNK_BYTES)
            ):
                for start in range(0, len(part), chunk_size):
                    yield part[start : start + chunk_size]
        except (urllib3.exceptions.HTTPError, CorruptBodyError, OSError) as error:
            self.close()
            failure = self._unreachable(error)
            raise failure from failure.__cause__
        self._content_consumed = True

    def raise_for_status(self) -> None:
        """Raise an error if the status is 400 or more.

        Raises:
            HttpStatusError: It is.
        """
        if self.status_code >= FIRST_ERROR_STATUS:
            raise HttpStatusError(self)

    def json(self, **kwargs: Any) -> Any:
        """Return the body decoded from JSON.

        Integers of any size stay exact, one of more than 4,300 digits as a Decimal. ``kwargs`` go
        to :func:`json.loads`, which is then used.

        Raises:
            BrokenJsonError: The body is empty or no JSON, or is nested too deep to be read.
        """
        body = self.content
        if not kwargs:
            try:
                return _decode(body)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                # The standard library also reads a byte order mark, lone surrogates and NaN,
                # which APIs do send; what it refuses as well is no JSON.
                pass
        try:
            return json.loads(self._json_text(body), **{"parse_int": read_integer, **kwargs})
        except (ValueError, RecursionError) as error:
            # The cause would show the body in a traceback.
            raise BrokenJsonError(self, _position(error)) from None

    def _json_text(self, body: bytes) -> str | bytes:
        """Return the body as the API declares it to be encoded; JSON itself is UTF-8."""
        charset = _CHARSET.search(self.headers.get("Content-Type", ""))
        if charset is None or charset[1].lower().replace("_", "-") in {"utf-8", "utf8"}:
            return body
        try:
            return body.decode(charset[1])
        except LookupError:
            return body


def _position(error: Exception) -> int:
    return error.pos if isinstance(error, json.JSONDecodeError) else 0


class BrokenJsonError(BrokenBodyError, requests.exceptions.JSONDecodeError, json.JSONDecodeError):
    """A body that should be JSON is not. ``doc`` is empty: errors hold no data."""

    def __init__(self, reply: Reply, position: int = 0) -> None:
        """Say which answer it was and what came instead, never its content."""
        kind = _CONTENT_TYPE.match(reply.headers.get("Content-Type", ""))
        size = len(reply.content)
        what = f"{size:,} bytes of {excerpt(kind[0], 60) if kind else 'no content type'}"
        BrokenBodyError.__init__(
            self,
            f"{reply.place} answered {reply.status_code} with "
            f"{what if size else 'an empty body'}, which is no JSON; check the base URL, or try "
            "again later",
        )
        self.msg, self.doc, self.pos = str(self), "", position
        self.lineno = self.colno = 0
        self.response = reply
        self.request = reply.request


class HttpStatusError(BizonSingerError, requests.HTTPError):
    """A final status of 400 or more; made, it is of the subclass that fits the status.

    Args:
        reply: The answer; kept as ``response``.
        advice: What to do; unset, it follows from the status.
    """

    default_advice = ""

    def __new__(cls, reply: Reply, advice: str | None = None) -> Self:  # noqa: ARG004 - as __init__
        """Choose the class by the status, so that ``except TransientError`` catches a 503."""
        kind = _kind_of(reply.status_code) if cls is HttpStatusError else cls
        return super().__new__(kind)  # type: ignore[no-any-return]

    def __init__(self, reply: Reply, advice: str | None = None) -> None:
        """Say which answer it was and what to do."""
        status = reply.status_code
        BizonSingerError.__init__(
            self,
            f"{reply.place} answered {_in_words(status)}; {advice or self._advice(status)}",
        )
        self.response = reply
        self.request = reply.request

    def _advice(self, status: int) -> str:  # noqa: ARG002 - subclasses look at it
        return self.default_advice


class CredentialsStatusError(HttpStatusError, CredentialsError):
    """401 or 403."""

    def _advice(self, status: int) -> str:
        if status == HTTPStatus.UNAUTHORIZED:
            return "check the credentials in `authentication`"
        return "give the credentials of `authentication` the permission for it"


class PassingStatusError(HttpStatusError, TransientError):
    """A status that may pass, and did not within the retries."""

    def _advice(self, status: int) -> str:
        tried = "the retries are spent; " if status in RETRIED_STATUSES else ""
        return f"{tried}run again later with the last STATE"


class RequestStatusError(HttpStatusError, ProtocolError):
    """Any other status of 400 or more."""

    default_advice = "the API does not accept this request; check the settings it is made of"


def _in_words(status: int) -> str:
    # The API's own words for the status are not shown: they may hold anything.
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _kind_of(status: int) -> Any:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return CredentialsStatusError
    if status in RETRIED_STATUSES or status >= SERVER_ERROR:
        return PassingStatusError
    return RequestStatusError


class RedirectLoopError(ProtocolError, requests.TooManyRedirects):
    """An answer redirects again and again."""

    def __init__(self, reply: Reply, limit: int) -> None:
        """Say where."""
        ProtocolError.__init__(
            self,
            f"{reply.place} redirects more than {limit} times; set the base URL to the final "
            "address",
        )
        self.response = reply
        self.request = reply.request
