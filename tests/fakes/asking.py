"""Asks a fake server as plainly as can be, without the package that is tested."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Told:
    """What a server answered.

    Attributes:
        headers: By their names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        """The JSON value it sent."""
        return json.loads(self.text)


def ask(
    url: str, target: str, body: Any = None, *, token: str = "", form: str | None = None
) -> Told:
    """Send a request: GET, or POST with JSON or a form.

    Args:
        url: Where the server is.
        target: Path and query.
        body: What to send as JSON.
        token: What to send as the bearer.
        form: An encoded form to send instead of JSON.
    """
    sent = json.dumps(body) if body is not None else form
    kind = "application/json" if body is not None else "application/x-www-form-urlencoded"
    headers = {"Content-Type": kind} if sent is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        connection.request("GET" if sent is None else "POST", target, sent, headers)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Told(answer.status, named, answer.read().decode())
