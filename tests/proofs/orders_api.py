"""The API that tests/sources/orders.py reads, with one fault at one position of its answers.

The stream ``orders`` calls it by 127.0.0.1, the stream ``stock`` by localhost: a fault is met by
``orders`` alone. The first token given to ``orders`` expires before its second page, so that a run
renews it halfway.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self
from unittest.mock import patch

import urllib3

from tests.fakes.http_server import Answer, HttpServer, Request, json_answer
from tests.proofs.http_faults import Fault

PAGES = 5
PAGE_SIZE = 3
CANARIES = {
    "client_secret": "client-canary-9d41c7",
    "refresh_token": "refresh-canary-0b7e52",
    "access_token": "access-canary-e61f08",
}
BEFORE = {"check": "first token", "first": "check", "token": "401", "middle": "2", "last": "4"}
"""The answer after which the next connection is the one of a position."""
PAGES_BEFORE = {"check": 0, "first": 0, "token": 1, "middle": 2, "last": 4}
"""Pages that are out when a run ends at a position."""
POSITIONS = tuple(BEFORE)
_POSITION_OF_PAGE = {1: "first", 3: "middle", PAGES: "last"}


def ids_of(pages: range) -> list[int]:
    """Return the ids of the orders on some pages, counted from 1."""
    return [PAGE_SIZE * (page - 1) + place + 1 for page in pages for place in range(PAGE_SIZE)]


class OrdersApi:
    """The server; a context manager.

    Args:
        fault: What goes wrong.
        position: Where: ``check``, ``first``, ``token``, ``middle`` or ``last``.
        times: How often before it heals; None for good.
        change: Changes each faulty answer once more, knowing the request.
    """

    def __init__(
        self,
        fault: Fault,
        position: str,
        times: int | None,
        change: Callable[[Request, Answer], Answer] = lambda _request, answer: answer,
    ) -> None:
        """Take a free port."""
        self._change = change
        self._fault = fault
        self._position = position
        self._lasts = times is None
        self._left = 1 << 30 if times is None else times
        self._is_next = False
        self._issued = 0
        self._lock = threading.Lock()
        self.server = HttpServer(self._answer)

    def __enter__(self) -> Self:
        """Serve."""
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.server.__exit__()

    def heal(self) -> None:
        """Answer well from now on."""
        self._left = 0

    def settings(self) -> dict[str, Any]:
        """Return the settings that lead a run here."""
        return {
            **_place(f"http://127.0.0.1:{self.server.port}"),
            "stream_settings": {"stock": _place(f"http://localhost:{self.server.port}")},
        }

    @contextmanager
    def network(self) -> Iterator[None]:
        """Let connections fail where the fault is one of the connection."""
        connect = urllib3.util.connection.create_connection

        def create_connection(address: tuple[str, int], *rest: Any, **more: Any) -> socket.socket:
            if address[0] == "127.0.0.1" and self._is_next and self._takes_place():
                assert self._fault.error is not None
                raise self._fault.error
            return connect(address, *rest, **more)

        with patch.object(urllib3.util.connection, "create_connection", create_connection):
            yield

    def _takes_place(self) -> bool:
        """Tell whether the fault happens once more."""
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _answer(self, request: Request) -> Answer:
        if request.headers["host"].startswith("localhost"):
            return _good(request, "localhost-canary-1")
        position, good = self._orders(request)
        fault = self._fault
        if fault.error is not None:
            self._is_next = position == BEFORE[self._position]
            return replace(good, headers={**good.headers, "Connection": "close"})
        if fault.spoil is None or position != self._position or not self._takes_place():
            return good
        spoil = (self._lasts and fault.spoil_for_good) or fault.spoil
        return self._change(request, spoil(good))

    def _orders(self, request: Request) -> tuple[str, Answer]:
        """Return the position of a request for ``orders``, and its good answer."""
        if request.path == "/token":
            self._issued += 1
            position = "first token" if self._issued == 1 else "token"
            return position, _good(request, f"{CANARIES['access_token']}-{self._issued}")
        if request.path == "/account":
            return "check", _good(request, "")
        number = int(request.query["page"][0])
        token = request.headers.get("authorization", "")
        has_expired = token.endswith(f"{CANARIES['access_token']}-1")
        if number == 2 and has_expired:
            return "401", json_answer({"error": "expired"}, 401)
        return _POSITION_OF_PAGE.get(number, str(number)), _good(request, "")


def _place(url: str) -> Mapping[str, Any]:
    params = {
        "token_refresh_endpoint": f"{url}/token",
        "client_id": "us",
        "client_secret": CANARIES["client_secret"],
        "refresh_token": CANARIES["refresh_token"],
    }
    return {"base_url": url, "authentication": {"type": "oauth", "params": params}}


def _good(request: Request, token: str) -> Answer:
    if request.path == "/token":
        return json_answer({"access_token": token, "expires_in": 3600})
    if request.path == "/account":
        return json_answer({"id": 1})
    number = int(request.query["page"][0])
    items = [{"id": item, "note": f"number {item}"} for item in ids_of(range(number, number + 1))]
    return json_answer({"items": items, "next": number + 1 if number < PAGES else None})
