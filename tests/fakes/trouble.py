"""What goes wrong at a fake server, and what happens there between two requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.fakes.http_server import Answer, Request

Spoil = Callable[[Answer], Answer]
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


def bad_gateway(good: Answer) -> Answer:
    """Answer as the gateway does: HTML."""
    return replace(good, status=502, body=GATEWAY_PAGE, headers={"Content-Type": "text/html"})


def reset_mid_body(good: Answer) -> Answer:
    """Break the connection halfway through the body."""
    return replace(good, cut=len(good.body) // 2, fate="break")


def slow(good: Answer) -> Answer:
    """Send the end of the answer byte by byte."""
    return replace(good, fate="drip", drip_seconds=0.01)
