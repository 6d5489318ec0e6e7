"""Requests and their answers as an observer sees them, for metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from bizon_singer.source.origin import without_query


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        method: Method of the request.
        url: URL without its query, which may hold private values.
        status: HTTP status; 0 when no answer came.
        seconds: Time from sending to the last byte.
    """

    method: str
    url: str
    status: int
    seconds: float


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
            observer(Exchange(method, without_query(response.url), response.status_code, seconds))

        present: Any = session.hooks.get("response") or []
        others = [present] if callable(present) else list(present)
        # First, for a hook that raises for the status ends the round.
        session.hooks["response"] = [note, *others]
