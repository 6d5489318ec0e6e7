"""A PokeAPI of its own: all 49 resources, as lists and in detail, over HTTP on this machine.

::

    with PokeApi(counts={"berry": 250}) as api:
        PokeApiSource(PokeApiSourceConfig(stream="berry", base_url=api.base_url))

As a process it prints its base URL on the first line and serves until it is killed::

    python -m tests.fakes.pokeapi --rows 30

Records are made up, the same on every run, in the shape of real answers; some values are null, some
lists empty. It behaves like the real API behind a mirror: ``next`` and every ``url`` name a
foreign host, a path without its trailing slash is redirected, and a limit of 0 or less means 20.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.pokeapi_records import COUNTS, detail, entry, id_at

ROOT = "/api/v2"
FOREIGN_URL = "https://mirror.invalid/api/v2"
META_HASH = "0123456789abcdef0123456789abcdef01234567"
DEFAULT_LIMIT = 20


Answer = tuple[int, Any]
"""A status and a body: text, or what is sent as JSON."""


@dataclass
class PokeApi:
    """The server; a context manager. Options may be changed while it runs.

    Attributes:
        counts: Rows per resource where they differ from the real API's.
        announced: ``count`` per resource where it lies.
        unlimited: Resources whose lists ignore ``limit``.
        meta_hash: Version of the data; None makes ``/meta/`` a 404.
        overrides: Answers per path below ``/api/v2``, such as ``{"/berry/7/": (500, "down")}``.
        pause_seconds: Wait up to twice as long before a detail, by its id.
        requests: Paths with query of the requests received, in order.
        peak: Most requests answered at the same time so far.
        gather: Answer details only once so many were there at the same time, or two seconds
            have passed.
    """

    counts: dict[str, int] = field(default_factory=dict)
    announced: dict[str, int] = field(default_factory=dict)
    unlimited: set[str] = field(default_factory=set)
    meta_hash: str | None = META_HASH
    overrides: dict[str, Answer] = field(default_factory=dict)
    pause_seconds: float = 0
    requests: list[str] = field(default_factory=list)
    peak: int = 0
    gather: int = 0

    def __post_init__(self) -> None:
        """Take a free port."""
        self._running = 0
        self._lock = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}{ROOT}"

    def __enter__(self) -> Self:
        """Serve in a thread."""
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Serve until stopped."""
        self._server.serve_forever(poll_interval=0.05)

    def answer(self, target: str) -> Answer:
        """Answer the path and query of a GET request."""
        with self._lock:
            self.requests.append(target)
            self._running += 1
            self.peak = max(self.peak, self._running)
            self._lock.notify_all()
        try:
            return self._answer(target)
        finally:
            with self._lock:
                self._running -= 1

    def _answer(self, target: str) -> Answer:
        parts = urlsplit(target)
        path = parts.path.removeprefix(ROOT)
        if not path.endswith("/"):
            return 301, f"{parts.path}/" + (f"?{parts.query}" if parts.query else "")
        if path in self.overrides:
            return self.overrides[path]
        if path == "/meta/" and self.meta_hash is not None:
            return 200, {"deploy_date": "1787356956", "hash": self.meta_hash, "tag": None}
        found = re.fullmatch(r"/([a-z-]+)/(?:(-?[0-9]+)/)?", path)
        if found is None or found[1] not in COUNTS:
            return 404, "Not Found"
        if found[2] is None:
            return 200, self._list(found[1], parse_qs(parts.query))
        return self._detail(found[1], int(found[2]))

    def _detail(self, resource: str, number: int) -> Answer:
        if self.pause_seconds:
            time.sleep(self.pause_seconds * (number % 3))
        with self._lock:
            self._lock.wait_for(lambda: self.peak >= self.gather, timeout=2)
        if number not in (id_at(resource, index) for index in range(self._rows(resource))):
            return 404, "Not Found"
        return 200, detail(resource, number)

    def _list(self, resource: str, query: dict[str, list[str]]) -> dict[str, Any]:
        rows = self._rows(resource)
        limit = _number(query, "limit", DEFAULT_LIMIT)
        limit = limit if limit > 0 else DEFAULT_LIMIT
        offset = max(_number(query, "offset", 0), 0)
        end = rows if resource in self.unlimited else min(offset + limit, rows)
        url = f"{FOREIGN_URL}/{resource}/?limit={limit}&offset="
        return {
            "count": self.announced.get(resource, rows),
            "next": f"{url}{end}" if end < rows else None,
            "previous": f"{url}{max(offset - limit, 0)}" if offset else None,
            "results": [entry(resource, id_at(resource, index)) for index in range(offset, end)],
        }

    def _rows(self, resource: str) -> int:
        return self.counts.get(resource, COUNTS[resource])


def _number(query: dict[str, list[str]], name: str, default: int) -> int:
    try:
        return int(query[name][0])
    except (KeyError, ValueError):
        return default


def _handler_of(api: PokeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer waits 40 ms for an ACK

        def do_GET(self) -> None:
            status, body = api.answer(self.path)
            text = isinstance(body, str)
            content = body.encode() if text else json.dumps(body).encode()
            self.send_response(status)
            if status == 301:
                self.send_header("Location", body)
            self.send_header("Content-Type", "text/plain" if text else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Keep stderr clean; ``requests`` is the log."""

    return Handler


def main() -> None:
    """Print the base URL and serve."""
    parser = argparse.ArgumentParser(description="Serve a made-up PokeAPI on this machine.")
    parser.add_argument("--rows", type=int, help="rows per resource at most")
    parser.add_argument("--meta-hash", default=META_HASH, help="version of the data in /meta/")
    options = parser.parse_args()
    counts = {name: min(count, options.rows or count) for name, count in COUNTS.items()}
    api = PokeApi(counts=counts, meta_hash=options.meta_hash)
    sys.stdout.write(f"{api.base_url}\n")
    sys.stdout.flush()
    api.serve()


if __name__ == "__main__":
    main()
