"""Requests and their answers as an observer sees them, for metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

from bizon_singer.source.http_date import server_time
from bizon_singer.source.origin import without_query


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        method: Method of the request.
        url: URL without its query, which may hold private values.
        status: HTTP status; 0 when no answer came.
        seconds: Time from sending to the last byte.
        headers: Headers of the answer, empty when none came.
    """

    method: str
    url: str
    status: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)


class ServerClock:
    """When the first answers were made, by the clock the source dates its changes by."""

    def __init__(self) -> None:
        """Have seen nothing."""
        self.earliest: datetime | None = None
        self.is_settled = False
        """Whether the run is under way: later answers tell nothing of its start."""

    def note(self, exchange: Exchange) -> None:
        """Look at the ``Date`` of an answer; the request was sent before it."""
        moment = server_time(exchange.headers)
        if moment is None:
            return
        sent = moment - timedelta(seconds=exchange.seconds)
        if self.earliest is None or sent < self.earliest:
            self.earliest = sent


def observe(session: Any, observer: Callable[[Exchange], None]) -> None:
    """Let an observer know of every answer a session gets.

    Args:
        session: One of this package; or a plain one a source made itself, which tells of answers
            only, as soon as their head has come; anything else is left alone.
        observer: Called in the thread of the request.
    """
    if hasattr(session, "observer"):
        session.observer = observer
    elif isinstance(session, requests.Session):

        def note(response: requests.Response, *_: Any, **__: Any) -> None:
            method = str(response.request.method)
            seconds = response.elapsed.total_seconds()
            place = without_query(response.url)
            observer(Exchange(method, place, response.status_code, seconds, response.headers))

        present: Any = session.hooks.get("response") or []
        others = [present] if callable(present) else list(present)
        # First, for a hook that raises for the status ends the round.
        session.hooks["response"] = [note, *others]
