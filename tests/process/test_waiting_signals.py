"""SIGTERM and SIGINT while a source waits for its API: between two tries, or within a TLS read."""

from __future__ import annotations

import os
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from bizon_singer.testing import read
from tests.fakes.http_server import Answer, HttpServer, Request, json_answer
from tests.process.commands import Started, command, run, write_json

LINKS = Path(__file__).parents[1] / "sources" / "links.py"
EXIT_CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
LIMIT_SECONDS = 5.0
PAGES = 4
HELD_PAGE = 3
ITEMS_OF_PAGES_BEFORE = [1, 2]
WAITS: Mapping[str, Callable[[Answer], Answer]] = {
    "backoff": lambda _: Answer(429, headers={"Retry-After": "60"}),
    "tls-head": lambda _: Answer(fate="hang"),
    "tls-body": lambda good: Answer(200, good.body, good.headers, cut=10, fate="stall"),
}
"""What the source waits for, each longer than a signal may take."""


@dataclass
class Api:
    """An API over TLS with one item a page, which holds up one page until it is told to go on.

    Attributes:
        held: Set once that page was asked for.
        hold: Makes the answer to it of the good one; None once the API is well.
        environment: What a client needs to trust it.
    """

    server: HttpServer
    held: threading.Event
    hold: Callable[[Answer], Answer] | None
    environment: dict[str, str]

    def answer(self, request: Request) -> Answer:
        """Answer with a page."""
        number = int(request.query.get("page", ["1"])[0])
        following = f"/items?page={number + 1}" if number < PAGES else None
        good = json_answer({"items": [{"id": number}], "next": following})
        if number != HELD_PAGE or self.hold is None:
            return good
        self.held.set()
        return self.hold(good)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of this test."""
    return trustme.CA()


@pytest.fixture
def api(authority: trustme.CA, tmp_path: Path) -> Iterator[Api]:
    """The API, on this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(bundle)}
    with HttpServer(tls=context) as server:
        api = Api(server, threading.Event(), None, environment)
        server.then(api.answer)
        yield api


def items_in(recording: bytes) -> list[Any]:
    """Return the ids of the records, in order."""
    return [message.body["record"]["id"] for message in read(recording).of("RECORD")]


@pytest.mark.parametrize("signum", list(EXIT_CODES))
@pytest.mark.parametrize("wait", list(WAITS))
def test_a_source_that_waits_for_its_api_is_not_waited_for(
    tmp_path: Path, api: Api, wait: str, signum: signal.Signals
) -> None:
    """Exit 143 or 130 in time, the STATE of the last page is out, a resumed run gives the rest."""
    api.hold = WAITS[wait]
    config = write_json(tmp_path / "c.json", {"base_url": api.server.url})
    started = Started(command(config, script=LINKS), env=api.environment)
    assert api.held.wait(20)
    # From the request to the wait for its answer, or for the next try. A signal that comes sooner
    # must do the same, so a slow machine cannot make this fail.
    time.sleep(0.3)
    began = time.monotonic()
    started.process.send_signal(signum)
    code = started.wait(LIMIT_SECONDS)
    seconds = time.monotonic() - began
    before = started.finish()
    assert code == EXIT_CODES[signum], before.stderr
    assert seconds < LIMIT_SECONDS
    assert not read(before.stdout).tail
    assert not read(before.stdout).violations
    assert items_in(before.stdout) == ITEMS_OF_PAGES_BEFORE
    last = read(before.stdout).messages[-1]
    assert last.kind == "STATE"
    assert "run again with the last STATE" in before.last_line
    assert "before the page was out" not in before.last_line  # it ended by itself, not by the alarm
    api.hold = None
    state = write_json(tmp_path / "s.json", last.body["value"])
    rest = run(command(config, "--state", str(state), script=LINKS), env=api.environment)
    assert rest.code == 0
    assert items_in(rest.stdout) == list(range(HELD_PAGE, PAGES + 1))
