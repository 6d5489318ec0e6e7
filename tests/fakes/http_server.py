"""An HTTP server on this machine that answers by a script, also in ways no server should.

::

    with HttpServer(Answer(503), json_answer({"id": 1})) as server:
        session.get(server.url + "/items")
        assert [request.target for request in server.requests] == ["/items", "/items"]

Answers are given in order, the last one again and again; ``routes`` has answers of its own for
single paths. An answer may be a function of the request. What goes over the wire is written byte
by byte, so a body can be cut, a chunk left open, or a connection reset.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

Framing = Literal["length", "chunked", "close"]
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
DRIPPED_BYTES = 20


@dataclass(frozen=True)
class Request:
    """A request as it came.

    Attributes:
        target: Path with query; a whole URL when the server is used as a proxy.
        headers: Names in lower case; of a repeated one the last.
        connection: Number of the connection it came by.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the query."""
        return parse_qs(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, list[str]]:
        """The fields of a form sent as the body."""
        return parse_qs(self.body.decode())


@dataclass(frozen=True)
class Answer:
    """What is sent for a request.

    Attributes:
        framing: How the end of the body is told: by its length, by chunks or by closing.
        cut: Close the connection after so many bytes of the framed body.
        fate: ``reset`` breaks the connection instead of an answer, ``drop`` closes it, ``hang``
            never answers, ``stall`` sends head and body as far as ``cut`` and then nothing,
            ``break`` sends so much and then resets the connection, ``drip`` sends the last 20
            bytes one by one.
        raw: Bytes to send instead of all of the above.
        stays: Keep the connection after ``raw``.
        drip_seconds: Pause before each byte of a ``drip``.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: Framing = "length"
    cut: int | None = None
    fate: Literal["", "reset", "drop", "hang", "stall", "break", "drip"] = ""
    raw: bytes | None = None
    stays: bool = False
    drip_seconds: float = 0

    def wire(self, *, is_head: bool = False) -> tuple[bytes, bool]:
        """Return the bytes of the answer, and whether the connection ends with them."""
        if self.raw is not None:
            return self.raw, not self.stays
        framed, headers = self.body, dict(self.headers)
        if self.framing == "length":
            headers.setdefault("Content-Length", str(len(self.body)))
        elif self.framing == "chunked":
            headers["Transfer-Encoding"] = "chunked"
            framed = b"".join(_chunk(self.body[at : at + 1000]) for at in _steps(self.body))
            framed += b"0\r\n\r\n"
        else:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        ends = headers.get("Connection") == "close" or self.cut is not None
        return head + (b"" if is_head else framed[: self.cut]), ends


Script = Answer | Callable[[Request], Answer]


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    """Return an answer that holds a JSON value."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


def redirect(target: str, status: int = 302, **headers: str) -> Answer:
    """Return an answer that leads elsewhere."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, headers={"Location": target, **named})


def _steps(body: bytes) -> range:
    return range(0, len(body), 1000)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Odd"


class HttpServer:
    """The server; a context manager.

    Args:
        answers: Given in order, the last one again and again; 404 if there are none.
        routes: Answers for single paths, given in order as well.
        tls: Serve https, with the certificate in it.

    Attributes:
        url: Where it is, without a slash at the end.
        requests: What came, in order.
        pool: Number of connections opened so far.
    """

    def __init__(
        self,
        *answers: Script,
        routes: Mapping[str, list[Script]] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take a free port."""
        self.requests: list[Request] = []
        self.pool = 0
        self.closing = threading.Event()
        self._answers = list(answers)
        self._routes = {path: list(script) for path, script in (routes or {}).items()}
        self._lock = threading.Lock()
        self._server = ThreadedServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self})
        )
        self.port: int = self._server.server_address[1]
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.port}"
        if tls is not None:  # hands are shaken in the thread of each connection, at its first read
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def __enter__(self) -> Self:
        """Serve in threads."""
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving and let go of whoever hangs."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def targets(self) -> list[str]:
        """Paths with query of the requests received."""
        return [request.target for request in self.requests]

    def then(self, *answers: Script) -> None:
        """Replace the answers still to be given."""
        with self._lock:
            self._answers = list(answers)

    def connect(self) -> int:
        """Count a connection and return its number."""
        with self._lock:
            self.pool += 1
            return self.pool

    def answer(self, request: Request) -> Answer:
        """Note a request and return what the script has for it."""
        with self._lock:
            self.requests.append(request)
            script = self._routes.get(request.path, self._answers)
            answer = (script.pop(0) if len(script) > 1 else script[0]) if script else Answer(404)
        return answer if isinstance(answer, Answer) else answer(request)


class ThreadedServer(socketserver.ThreadingTCPServer):
    """Serves each connection in a thread that does not outlive the test."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Handler(socketserver.StreamRequestHandler):
    """Serves one connection; a subclass names the server it belongs to."""

    disable_nagle_algorithm = True
    owner: HttpServer

    def handle(self) -> None:
        connection = self.owner.connect()
        with contextlib.suppress(OSError):  # the client went away, as some tests want it
            while request := self._read(connection):
                if self._serve(request):
                    return

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def _read(self, connection: int) -> Request | None:
        first = self.rfile.readline().decode("latin-1").split()
        if len(first) < 2:
            return None
        headers = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Request(first[0], first[1], headers, body, connection)

    def _serve(self, request: Request) -> bool:
        """Answer a request; return whether the connection ends."""
        answer = self.owner.answer(request)
        if answer.fate == "reset":
            return self._reset()
        if answer.fate == "drop":
            return True
        if answer.fate == "hang":
            self.owner.closing.wait(5)
            return True
        wire, ends = answer.wire(is_head=request.method == "HEAD")
        dripped = DRIPPED_BYTES if answer.fate == "drip" else 0
        self.wfile.write(wire[: len(wire) - dripped])
        for byte in wire[len(wire) - dripped :]:
            self.owner.closing.wait(answer.drip_seconds)
            self.wfile.write(bytes([byte]))
        if answer.fate == "break":
            return self._reset()
        if answer.fate == "stall":
            self.owner.closing.wait(5)
        return ends or request.headers.get("connection") == "close"

    def _reset(self) -> bool:
        """Break the connection, which ends with it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.connection.close()
        return True
