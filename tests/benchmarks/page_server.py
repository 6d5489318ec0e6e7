"""A server of pages that costs next to nothing: what a benchmark of readers should measure.

Its answers are JSON made once: ``{"results": [100 records of 15 properties], "next": 7}``. The
reader is another process, so that its CPU seconds are its own.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
import time
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.contacts import PAGE, PAGE_SIZE
from tests.fakes.http_server import ThreadedServer


class PageServer:
    """Serves ``/contacts?after=N`` and every other path alike; a context manager.

    Args:
        records: How many records each stream has.
        latency_seconds: Pause before each answer.
    """

    def __init__(self, records: int, *, latency_seconds: float = 0) -> None:
        """Take a free port."""
        self.records = records
        self.latency_seconds = latency_seconds
        self._results = json.dumps(PAGE, separators=(",", ":")).encode()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadedServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Serve in threads."""
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, target: str) -> bytes:
        """Return the whole answer to a request."""
        if self.latency_seconds:
            time.sleep(self.latency_seconds)
        page = int(parse_qs(urlsplit(target).query).get("after", ["0"])[0]) + 1
        following = page if page * PAGE_SIZE < self.records else None
        body = b'{"results":%b,"next":%b}' % (self._results, json.dumps(following).encode())
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return (head % len(body)).encode() + body


class _Handler(socketserver.StreamRequestHandler):
    """Serves one connection; a subclass names the server it belongs to."""

    disable_nagle_algorithm = True
    owner: Any

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while line := self.rfile.readline():
                length = 0
                while (header := self.rfile.readline()).strip():
                    if header[:15].lower() == b"content-length:":
                        length = int(header[15:])
                self.rfile.read(length)
                self.wfile.write(self.owner.answer(line.split()[1].decode()))
