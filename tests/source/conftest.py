"""What the tests of the contract share: servers, sessions that do not wait, no environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from bizon_singer.source.config import HttpConfig
from bizon_singer.source.session import Session
from tests.fakes.http_server import HttpServer, Script

# A machine under load is slow now and then; that proves nothing about an example.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")

Serve = Callable[..., HttpServer]
Open = Callable[..., Session]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take proxies and certificate files of the machine out of the way."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.endswith(("_CA_BUNDLE", "SSL_CERT_FILE")):
            monkeypatch.delenv(name)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that stop with the test."""
    running: list[HttpServer] = []

    def start(*answers: Script, **options: Any) -> HttpServer:
        server = HttpServer(*answers, **options)
        running.append(server)
        return server.__enter__()

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture
def open_session() -> Iterator[Open]:
    """Open sessions that close with the test; settings of ``http`` by name."""
    opened: list[Session] = []

    def start(retry_limit: int = 0, pool_size: int = 10, **http: Any) -> Session:
        session = Session(HttpConfig(**http), retry_limit, pool_size=pool_size)
        opened.append(session)
        return session

    yield start
    for session in opened:
        session.close()


@pytest.fixture
def session(open_session: Open) -> Session:
    """Open a session that tries once."""
    return open_session()
