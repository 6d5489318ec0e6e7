"""The session itself: what a source uses of requests works, bounded and without surprises."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from bizon_singer.errors import (
    BrokenBodyError,
    TransientError,
    UnsafeError,
)
from bizon_singer.source.config import SourceConfig
from bizon_singer.source.exchange import Exchange
from bizon_singer.source.reply import (
    HttpStatusError,
)
from bizon_singer.source.transport import ReplyAdapter
from tests.fakes.http_server import Answer, Request, json_answer
from tests.source.test_auth_headers import PlainSource

if TYPE_CHECKING:
    from bizon_singer.source.session import Session
    from tests.source.conftest import Open, Serve

OK = json_answer({"ok": True})


def echo(request: Request) -> Answer:
    """Answer with what came."""
    return json_answer(
        {
            "method": request.method,
            "target": request.target,
            "type": request.headers.get("content-type"),
            "body": request.body.decode(),
        }
    )


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_every_method_of_requests_works(serve: Serve, session: Session, method: str) -> None:
    """The verbs a source knows."""
    answer = getattr(session, method)(f"{serve(echo).url}/a", params={"x": "1"}).json()
    assert (answer["method"], answer["target"]) == (method.upper(), "/a?x=1")


def test_the_call_of_bizons_session(serve: Serve, session: Session) -> None:
    """Any method in any case, a content type, and what requests takes besides."""
    url = serve(echo).url
    assert session.call("get", url).json()["type"] == "application/json"
    posted = session.call("POST", url, "text/plain", data="hello").json()
    assert (posted["method"], posted["type"], posted["body"]) == ("POST", "text/plain", "hello")
    assert session.call("delete", url, json={"a": 1}).json()["body"] == '{"a": 1}'
    headers = {"Content-Type": "application/xml"}
    assert (
        session.call("put", url, data="<a/>", headers=headers).json()["type"] == "application/xml"
    )
    assert "Content-Type" not in session.headers


@pytest.mark.parametrize(
    ("answer", "reason", "kind"),
    [
        (Answer(fate="hang"), "no answer within the time limit", requests.ReadTimeout),
        (
            Answer(200, b"half of it", {"Content-Length": "100"}, fate="stall"),
            "the body stopped coming",
            requests.Timeout,
        ),
    ],
)
def test_silence_has_a_limit(
    serve: Serve, open_session: Open, answer: Answer, reason: str, kind: type[Exception]
) -> None:
    """A server that says nothing is left after ``http.read_timeout_seconds``."""
    server = serve(answer)
    started = time.monotonic()
    with pytest.raises(TransientError, match=reason) as caught:
        open_session(read_timeout_seconds=0.1).get(server.url)
    assert time.monotonic() - started < 2
    assert isinstance(caught.value, kind)
    assert caught.value.exit_code == 5


def test_a_connection_has_a_limit(open_session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ``http.connect_timeout_seconds``, and requests' own ConnectTimeout."""
    asked: list[Any] = []

    def hang(_address: Any, timeout: Any, **_: Any) -> Any:
        asked.append(timeout)
        raise TimeoutError

    monkeypatch.setattr("urllib3.util.connection.create_connection", hang)
    with pytest.raises(requests.ConnectTimeout, match="no connection within the time limit"):
        open_session(connect_timeout_seconds=3).get("https://api.invalid/")
    assert asked == [3]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({}, (10, 60)),
        ({"timeout": None}, (10, 60)),
        ({"timeout": 5}, 5),
        ({"timeout": (1, 2)}, (1, 2)),
        ({"timeout": (None, 2)}, (10, 2)),
        ({"timeout": (1, None)}, (1, 60)),
    ],
)
def test_no_request_is_without_a_limit(
    serve: Serve, open_session: Open, given: dict[str, Any], used: Any
) -> None:
    """A source may set limits of its own; None is never for ever."""
    session = open_session()
    seen: list[Any] = []

    class Watching(ReplyAdapter):
        def send(self, *args: Any, **kwargs: Any) -> Any:
            seen.append(kwargs["timeout"])
            return super().send(*args, **kwargs)

    session.mount("http://", Watching())
    session.get(serve(OK).url, **given)
    assert seen == [used]


def test_cookies_of_the_server_are_kept(serve: Serve, session: Session) -> None:
    """They are on the answer, in the session, and in the next request."""
    server = serve(json_answer({}, Set_Cookie="sid=abc; Path=/"), OK)
    reply = session.get(server.url)
    assert reply.cookies["sid"] == "abc"
    assert session.cookies["sid"] == "abc"
    session.get(server.url)
    assert server.requests[1].headers["cookie"] == "sid=abc"


def test_an_answer_has_what_requests_gives(serve: Serve, session: Session) -> None:
    """Status, headers, links, text, time and request are where a source looks for them."""
    link = '<http://127.0.0.1/b>; rel="next"'
    server = serve(
        Answer(201, "é".encode(), {"Content-Type": "text/plain; charset=utf-8", "Link": link})
    )
    reply = session.post(f"{server.url}/a", data={"x": "1"})
    assert isinstance(reply, requests.Response)
    assert (reply.status_code, reply.ok, reply.text, reply.encoding) == (201, True, "é", "utf-8")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.links["next"]["url"] == "http://127.0.0.1/b"
    assert reply.elapsed.total_seconds() > 0
    assert reply.request.body == "x=1"
    assert reply.history == []
    assert repr(reply) == "<Response [201]>"
    assert reply.raise_for_status() is None  # type: ignore[func-returns-value]


def test_the_hooks_of_a_source_are_called(serve: Serve, session: Session) -> None:
    """For every answer but those that are tried again."""
    seen: list[int] = []
    session.hooks["response"].append(lambda reply, **_: seen.append(reply.status_code))
    session.get(serve(OK).url)
    assert seen == [200]


def test_a_hook_sees_no_answer_that_is_tried_again(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """Bizon's own hook raises for every error status: it must not forestall the retries."""
    session = open_session(2)
    session.hooks["response"].append(lambda reply, **_: reply.raise_for_status())
    server = serve(Answer(503), OK)
    assert session.get(server.url).json() == {"ok": True}
    server.then(Answer(404))
    with pytest.raises(HttpStatusError):
        session.get(server.url)
    assert len(pauses) == 1


def test_digest_authentication_works(serve: Serve, session: Session) -> None:
    """An authenticator that answers a challenge by a hook, as requests' own does."""

    def items(request: Request) -> Answer:
        if request.headers.get("authorization", "").startswith("Digest "):
            return OK
        challenge = 'Digest realm="r", nonce="n", qop="auth"'
        return Answer(401, headers={"WWW-Authenticate": challenge})

    session.auth = HTTPDigestAuth("user", "password")
    server = serve(items)
    assert session.get(f"{server.url}/items").json() == {"ok": True}
    assert len(server.requests) == 2


def test_a_plain_adapter_may_be_mounted(serve: Serve, open_session: Open) -> None:
    """Sources mount ``HTTPAdapter(max_retries=…)``; the answers are checked all the same."""
    session = open_session(max_body_bytes=100)
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=1))
    server = serve(OK, Answer(200, b"<html>"), Answer(200, b"x" * 101))
    assert session.get(server.url).json() == {"ok": True}
    with pytest.raises(BrokenBodyError):
        session.get(server.url).json()
    with pytest.raises(UnsafeError):
        session.get(server.url)


def test_a_prepared_request_can_be_sent(serve: Serve, session: Session) -> None:
    """``session.send(request.prepare())``, with and without options."""
    server = serve(OK)
    request = requests.Request("GET", server.url).prepare()
    assert session.send(request).json() == {"ok": True}
    assert session.send(request, timeout=5, allow_redirects=False).json() == {"ok": True}


def test_every_exchange_is_observed(serve: Serve, open_session: Open, pauses: list[float]) -> None:
    """Answers and failures alike, without the query, for metrics."""
    session = open_session(2)
    seen: list[Exchange] = []
    session.observer = seen.append
    server = serve(Answer(503), Answer(fate="reset"), OK)
    session.get(f"{server.url}/items?key=canary")
    assert [exchange.status for exchange in seen] == [503, 0, 200]
    assert {(exchange.method, exchange.url) for exchange in seen} == {
        ("GET", f"{server.url}/items")
    }
    assert all(exchange.seconds > 0 for exchange in seen)
    assert len(pauses) == 2


def test_many_threads_may_share_a_session(
    serve: Serve, open_session: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """Each gets its own answer, and no more connections are opened than there are threads."""
    together = threading.Barrier(32)

    def answer(request: Request) -> Answer:
        if request.query["n"][0] in {str(number) for number in range(32)}:
            together.wait(5)
        return json_answer(request.query)

    server = serve(answer)
    session = open_session(pool_size=32)
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(32) as workers:
        numbers = range(320)
        replies = workers.map(lambda n: session.get(server.url, params={"n": n}).json(), numbers)
        assert [int(reply["n"][0]) for reply in replies] == list(numbers)
    assert server.pool == 32
    assert caplog.records == []


def test_a_source_asks_for_as_many_connections_as_it_has_threads(serve: Serve) -> None:
    """``pool_size`` saves it from mounting adapters."""

    class Parallel(PlainSource):
        def __init__(self, config: SourceConfig) -> None:
            self.pool_size = 20
            super().__init__(config)

    source = Parallel(SourceConfig(stream="items"))
    together = threading.Barrier(20)
    server = serve(lambda _: (together.wait(5), OK)[1])
    with source.session, ThreadPoolExecutor(20) as workers:
        for _ in range(2):
            list(workers.map(lambda _: source.session.get(server.url), range(20)))
    assert server.pool == 20


def test_a_session_can_be_closed_twice(session: Session) -> None:
    """The adapter closes it, and so may the source."""
    session.close()
    session.close()
