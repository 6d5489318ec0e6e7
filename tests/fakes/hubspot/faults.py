"""What goes wrong with an answer that would have been good."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.fakes.http_server import Answer, Request
from tests.fakes.hubspot.refusal import rate_limited

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


def too_many(policy: str = "TEN_SECONDLY_ROLLING", **headers: str) -> Spoil:
    """Return a 429 of a policy, often without a word on when to come back."""
    body = json.dumps(rate_limited(policy).body).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda good: replace(good, status=429, body=body, headers={**good.headers, **named})


def bad_gateway(good: Answer) -> Answer:
    """Answer as the gateway does: HTML."""
    return replace(good, status=502, body=GATEWAY_PAGE, headers={"Content-Type": "text/html"})


def reset_mid_body(good: Answer) -> Answer:
    """Break the connection halfway through the body."""
    return replace(good, cut=len(good.body) // 2, fate="break")


def slow(good: Answer) -> Answer:
    """Send the end of the answer byte by byte."""
    return replace(good, fate="drip", drip_seconds=0.01)
