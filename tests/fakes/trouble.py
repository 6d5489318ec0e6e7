"""What goes wrong at a fake server, and what happens there between two requests."""

from __future__ import annotations

import json
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from tests.fakes.http_server import Answer, HttpServer, Request

Spoil = Callable[[Answer], Answer]
Change = Callable[[Any], Any]
GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"


@dataclass
class Fault:
    """A fault and when it happens.

    Attributes:
        spoil: Makes the faulty answer of the good one.
        at: Number of the request, counted from the start of the server; None for any.
        path: What is found in the path, as a regular expression.
        left: How often it still happens; None for good.
        spared: How many requests that would meet it are left alone first.
    """

    spoil: Spoil
    at: int | None = None
    path: str = ""
    left: int | None = 1
    spared: int = 0

    def meets(self, request: Request, number: int) -> bool:
        """Tell whether it happens now, and count that."""
        if self.left == 0 or self.at not in {None, number}:
            return False
        if not re.search(self.path, request.path):
            return False
        if self.spared:
            self.spared -= 1
            return False
        self.left = None if self.left is None else self.left - 1
        return True


class Trouble:
    """The faults and events of one server, by the number of the request; not for threads."""

    def __init__(self) -> None:
        """Let nothing go wrong."""
        self.asked = 0
        self._events: dict[int, list[Callable[[], object]]] = {}
        self._faults: list[Fault] = []

    def before(self, number: int, event: Callable[[], object]) -> None:
        """Let something happen before the nth request from now is answered; 1 is the next."""
        self._events.setdefault(self.asked + number, []).append(event)

    def spoil(
        self,
        spoil: Spoil,
        *,
        number: int | None = None,
        path: str = "",
        times: int | None = 1,
        spared: int = 0,
    ) -> None:
        """Let a fault happen.

        Args:
            spoil: Makes the faulty answer of the good one.
            number: Which request from now; 1 is the next, None is any.
            path: What is found in the path, as a regular expression.
            times: How often; None for good.
            spared: How many such requests are left alone first.
        """
        at = None if number is None else self.asked + number
        self._faults.append(Fault(spoil, at, path, times, spared))

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()

    def begin(self) -> None:
        """Count a request, and let happen what is to happen before it."""
        self.asked += 1
        for event in self._events.pop(self.asked, ()):
            event()

    def fault(self, request: Request) -> Spoil | None:
        """Return what is to become of the answer, None if it may be good."""
        fault = next((each for each in self._faults if each.meets(request, self.asked)), None)
        return None if fault is None else fault.spoil


class TroubledServer(ABC):
    """A fake server where something may go wrong or happen at any request; a context manager.

    Attributes:
        base_url: Where it is.
        before_each: Called with each request before it is answered.
        trouble: What goes wrong and what happens.
    """

    def __init__(self) -> None:
        """Take a free port."""
        self.before_each: Callable[[Request], None] = lambda _: None
        self.trouble = Trouble()
        self._lock = threading.RLock()
        self._server = HttpServer(self._answer)
        self.base_url = self._server.url

    def __enter__(self) -> Self:
        """Serve in threads."""
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.__exit__()

    @property
    def requests(self) -> list[Request]:
        """What was asked for, in order."""
        return self._server.requests

    def before(self, number: int, event: Callable[[], object]) -> None:
        """Let something happen before the nth request from now is answered; 1 is the next."""
        with self._lock:
            self.trouble.before(number, event)

    def spoil(self, spoil: Spoil, **when: Any) -> None:
        """Let a fault happen; see :meth:`Trouble.spoil`."""
        with self._lock:
            self.trouble.spoil(spoil, **when)

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self.trouble.heal()

    @abstractmethod
    def good(self, request: Request) -> Answer:
        """Return the answer where nothing goes wrong, which may be a refusal."""

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            self.trouble.begin()
            self.before_each(request)
            good = self.good(request)
            spoil = self.trouble.fault(request)
        return good if spoil is None else spoil(good)


def bad_gateway(good: Answer) -> Answer:
    """Answer as the gateway does: HTML."""
    return replace(good, status=502, body=GATEWAY_PAGE, headers={"Content-Type": "text/html"})


def changed(change: Change) -> Spoil:
    """Return a spoil that changes the JSON of an answer."""

    def spoil(good: Answer) -> Answer:
        return replace(good, body=json.dumps(change(json.loads(good.body))).encode())

    return spoil


def reset_mid_body(good: Answer) -> Answer:
    """Break the connection halfway through the body."""
    return replace(good, cut=len(good.body) // 2, fate="break")


def slow(good: Answer) -> Answer:
    """Send the end of the answer byte by byte."""
    return replace(good, fate="drip", drip_seconds=0.01)
