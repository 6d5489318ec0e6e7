"""Connections of urllib3 whose answers are http.client's own, which cost a request a fifth less.

urllib3 opens a connection, proves who the server is, sends the request, keeps the time limits and
holds the pool, as ever. What is left out is what nobody here asks for: to wrap the answer in its
``HTTPResponse``, made for reading a body bit by bit, where a page of JSON is read whole; and what
``urlopen`` prepares for redirects, retries and proxies, where a connection is open already.

Whoever asks for urllib3's answer gets it, made of the same one; and so does whoever reads a stream.
An answer framed in a way that urllib3 and http.client do not read alike is urllib3's from the
start, and a request that needs more than to be sent goes through ``urlopen``, as the first of each
connection does.

Why here and not in the adapter: a class of pools is what urllib3 lets itself be given. Libraries
that stand in for servers in tests (responses, pook, vcrpy) replace ``HTTPAdapter.send``,
``urlopen`` and the class of connections, and go on to work.
"""

from __future__ import annotations

import errno
import http.client
import inspect
import logging
import re
import ssl
from collections.abc import Iterator
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.response import assert_header_parsing

from bizon_singer.source.headers import Headers

# What urllib3 leaves as it is of a request line; all else it would encode, or take for a host.
_ENCODED = re.compile(r"/(?!/)(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]++|%[0-9A-F]{2})*+")

# The server may have answered before it closed the connection; macOS says EPROTOTYPE.
_CLOSED_WHILE_SENDING = frozenset({errno.EPIPE, errno.ECONNRESET, errno.EPROTOTYPE})

# What this urllib3 takes to make an answer; 2.2 knows no version_string and no sock_shutdown.
_KNOWN_OPTIONS = inspect.signature(urllib3.HTTPResponse).parameters.keys()

# urllib3 2.8 makes one line of a header that came folded.
_items = getattr(urllib3.connection, "_normalize_header_values", http.client.HTTPMessage.items)

ABORTED = "Connection aborted."

logger = logging.getLogger("bizon_singer.http")


class Answer:
    """An answer whose body is unread; the connection is its own until the body was read.

    Attributes:
        status: HTTP status.
        reason: Words after the status.
        headers: Values of a repeated one are joined by commas.
        retries: What urllib3 notes there.
    """

    version_string = "HTTP/1.1"
    retries: Any = None
    _pool: Any = None
    _connection: Any = None

    def __init__(self, original: http.client.HTTPResponse, options: Any, shutdown: Any) -> None:
        """Take what http.client made; the rest is what urllib3 makes its own answer with."""
        self._original = original
        self._options = options
        self._shutdown = shutdown
        self._whole: urllib3.HTTPResponse | None = None
        items = _items(original.msg)
        self.status = original.status
        self.reason = original.reason
        self.headers = Headers(items)
        if len(self.headers) != len(items):
            self.headers = Headers(urllib3.HTTPHeaderDict(items))

    def __getattr__(self, name: str) -> Any:
        """Be urllib3's answer in all that is not said here, for its ``urlopen`` or who watches."""
        return getattr(self.whole(), name)

    @property
    def length_remaining(self) -> int | None:
        """How many bytes of the body are still to be read, None if nobody knows."""
        return self._original.length

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return bool(self._original.chunked)

    @property
    def is_plain(self) -> bool:
        """Whether http.client finds the end of the body where urllib3 does, and notes a cut."""
        coding = self.headers.get("Transfer-Encoding")
        length = self.headers.get("Content-Length")
        if coding is not None:
            return length is None and coding.lower() == "chunked"
        if length is None:  # to the end of the connection, if there is a body at all
            return self._original.length == 0
        return bool(length.isdecimal())

    def whole(self) -> urllib3.HTTPResponse:
        """Return urllib3's own answer, which has body and connection from now on."""
        if self._whole is None:
            original = self._original
            options = {
                **self._options._asdict(),
                "version_string": self.version_string,
                "sock_shutdown": self._shutdown,
            }
            self._whole = urllib3.HTTPResponse(
                original,
                urllib3.HTTPHeaderDict(_items(original.msg)),
                original.status,
                original.version,
                reason=original.reason,
                pool=self._pool,
                connection=self._connection,
                retries=self.retries,
                original_response=original,
                **{name: options[name] for name in _KNOWN_OPTIONS & options.keys()},
            )
            if original.isclosed():  # read
                self._whole.length_remaining = 0
            self._connection = None
        return self._whole

    def stream(self, amt: int, *, decode_content: bool = False) -> Iterator[bytes]:  # noqa: ARG002 - as urllib3's
        """Yield the body as it came, in parts; then the connection is free.

        Raises:
            urllib3.exceptions.HTTPError: It did not come whole, or not in time.
        """
        if self._whole is not None:
            yield from self._whole.stream(amt, decode_content=False)
            return
        original = self._original
        size = 0
        try:
            while not original.isclosed():
                part = original.read(amt)
                if part:
                    size += len(part)
                    yield part
            if original.length:  # http.client is silent about it
                raise urllib3.exceptions.IncompleteRead(size, original.length)
            self._release()
        except (OSError, http.client.HTTPException) as error:
            raise _named(error, self._pool, f"Connection broken: {error!r}") from error
        finally:
            self.close()  # what is left of the body must not be taken for the next answer

    def close(self) -> None:
        """Give up what is left of the body, and the connection with it; nothing if it was read."""
        if self._whole is not None:
            self._whole.close()
            self._whole.release_conn()
        elif self._connection is not None:
            self._original.close()
            self._connection.close()
            self._release()

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        self._pool._put_conn(connection)  # noqa: SLF001 - as urllib3's own answer does


class _Original(http.client.HTTPResponse):
    """Refuses a chunk of -1 bytes, which http.client would take for all that comes."""

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError("a chunk of less than no bytes")
        return size


class _AnswerConnection(HTTPConnection):
    """A connection that gives such answers."""

    response_class = _Original

    def getresponse(self) -> Any:
        """Read the head of the answer to the request just sent."""
        options: Any = getattr(self, "_response_options", None)
        if options is None or options.preload_content:
            return super().getresponse()
        self._response_options = None
        shutdown = getattr(self.sock, "shutdown", None)
        self.sock.settimeout(self.timeout)
        original = http.client.HTTPConnection.getresponse(self)
        if original.msg.defects:
            _warn_of_broken_head(original.msg)
        answer = Answer(original, options, shutdown)
        return answer if answer.is_plain else answer.whole()


class _AnswerTlsConnection(_AnswerConnection, HTTPSConnection):
    """The same, for https."""


_CLASSES: dict[Any, Any] = {
    HTTPConnection: _AnswerConnection,
    HTTPSConnection: _AnswerTlsConnection,
}


class _AnswerPool(urllib3.HTTPConnectionPool):
    """Opens such connections, unless somebody gave urllib3 another class than its own."""

    @property
    def ConnectionCls(self) -> Any:  # type: ignore[override]  # noqa: N802 - urllib3's name
        """The class of a new connection."""
        usual = super().ConnectionCls
        return _CLASSES.get(usual, usual)

    def urlopen(self, *args: Any, **asked: Any) -> Any:
        """Send a request; over a connection that is open, without more ado.

        Raises:
            urllib3.exceptions.HTTPError: No answer came.
        """
        if not args and _needs_only_sending(**asked):  # requests names all of them
            connection = self._get_conn()
            if isinstance(connection, _AnswerConnection) and not connection.is_closed:
                return self._exchange(connection, **asked)
            self._put_conn(connection)
        return super().urlopen(*args, **asked)

    def _exchange(
        self,
        connection: _AnswerConnection,
        *,
        method: str,
        url: str,
        body: Any,
        headers: Any,
        timeout: Any,
        **options: Any,
    ) -> Any:
        self.num_requests += 1
        try:
            self._validate_conn(connection)
            connection.timeout = timeout.connect_timeout
            try:
                connection.request(
                    method, url, body, headers, preload_content=False, decode_content=False
                )
            except TimeoutError as error:
                raise urllib3.exceptions.ProtocolError(ABORTED, error) from error
            except OSError as error:
                if error.errno not in _CLOSED_WHILE_SENDING:
                    raise
            connection.timeout = timeout.read_timeout
            answer = connection.getresponse()
        except BaseException as error:
            connection.close()
            self._put_conn(connection)
            if isinstance(error, (OSError, http.client.HTTPException)):
                raise _named(error, self, ABORTED) from error
            raise
        # As urllib3 notes them.
        answer._pool, answer._connection = self, connection  # noqa: SLF001
        answer.retries = options["retries"]
        return answer


class _AnswerTlsPool(_AnswerPool, urllib3.HTTPSConnectionPool):  # type: ignore[override]
    """The same, for https."""


POOLS: dict[str, Any] = {"http": _AnswerPool, "https": _AnswerTlsPool}
"""What a ``urllib3.PoolManager`` makes a pool of, by scheme."""


def _needs_only_sending(
    url: str = "",
    body: Any = None,
    retries: Any = None,
    timeout: Any = None,
    *,
    preload_content: bool = True,
    chunked: bool = False,
    **_: Any,
) -> bool:
    """Tell whether a request asks for nothing that only ``urlopen`` does."""
    return (
        isinstance(retries, urllib3.Retry)
        and retries.total == 0
        and retries.read is False
        and not retries.status_forcelist
        and isinstance(timeout, urllib3.Timeout)
        and not (preload_content or chunked)
        and (body is None or isinstance(body, (str, bytes)))
        and _ENCODED.fullmatch(url) is not None
    )


def _named(error: Exception, pool: Any, reason: str) -> urllib3.exceptions.HTTPError:
    """Return urllib3's error for one of a socket or of http.client."""
    if isinstance(error, TimeoutError):
        return urllib3.exceptions.ReadTimeoutError(pool, "", "Read timed out.")
    if isinstance(error, ssl.SSLError):
        return urllib3.exceptions.SSLError(error)
    return urllib3.exceptions.ProtocolError(reason, error)


def _warn_of_broken_head(head: http.client.HTTPMessage) -> None:
    try:
        assert_header_parsing(head)
    except urllib3.exceptions.HeaderParsingError:
        # urllib3 logs the URL and the lines: either may hold a secret.
        logger.warning("An answer has a line in its head that is no header; the rest was ignored.")
