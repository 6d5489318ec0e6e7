"""The session itself: what a source uses of requests works, bounded and without surprises."""

from __future__ import annotations

import logging
import os
import ssl
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from bizon_singer.errors import (
    BizonSingerError,
    BrokenBodyError,
    ConfigError,
    CredentialsError,
    ProtocolError,
    TransientError,
    UnsafeError,
)
from bizon_singer.source.config import SourceConfig
from bizon_singer.source.reply import (
    BrokenJsonError,
    HttpStatusError,
    RequestStatusError,
)
from bizon_singer.source.session import Exchange, ReplyAdapter
from bizon_singer.source.unreachable import UnreachableError
from tests.fakes.http_server import Answer, Request, json_answer
from tests.source.test_auth_headers import PlainSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


ADVICE = {
    400: (ProtocolError, 4, "the API does not accept this request"),
    401: (CredentialsError, 3, "check the credentials in `authentication`"),
    403: (CredentialsError, 3, "permission"),
    404: (ProtocolError, 4, "check the settings"),
    409: (ProtocolError, 4, "check the settings"),
    418: (ProtocolError, 4, "check the settings"),
    429: (TransientError, 5, "run again later with the last STATE"),
    499: (ProtocolError, 4, "check the settings"),
    500: (TransientError, 5, "run again later with the last STATE"),
    501: (TransientError, 5, "run again later with the last STATE"),
    599: (TransientError, 5, "run again later with the last STATE"),
}


@pytest.mark.parametrize("status", ADVICE)
def test_a_status_decides_the_error(serve: Serve, session: Session, status: int) -> None:
    """Class, exit code and advice; method, origin and path; never query, body or reason."""
    kind, code, advice = ADVICE[status]
    answer = Answer(
        raw=b"HTTP/1.1 %d canary-reason\r\nContent-Length: 11\r\n\r\ncanary-body" % status
    )
    server = serve(answer)
    with pytest.raises(kind, match=advice) as caught:
        session.post(f"{server.url}/a/b?key=canary", data="canary")
    error = caught.value
    assert error.exit_code == code
    assert str(error).startswith(f"POST {server.url}/a/b answered {status}")
    assert "canary" not in str(error)
    assert isinstance(error, HttpStatusError)
    assert isinstance(error, requests.HTTPError)
    assert isinstance(error, requests.RequestException)
    assert isinstance(error, BizonSingerError)
    assert error.response.text == "canary-body"
    assert error.response.status_code == status
    assert error.request.method == "POST"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404),
        Answer(503),
        Answer(fate="reset"),
        Answer(fate="drop"),
        Answer(200, b"half", {"Content-Length": "9"}, cut=4),
        Answer(200, b"\x1f\x8bhalf", {"Content-Encoding": "gzip"}),
        Answer(raw=b"no http at all\r\n\r\n"),
        Answer(302, headers={"Location": "https://evil.invalid/?key=canary"}),
    ],
)
def test_no_traceback_shows_the_query(serve: Serve, session: Session, answer: Answer) -> None:
    """urllib3 puts the whole URL into its texts, and tracebacks show causes as well."""
    server = serve(answer)
    with pytest.raises(BizonSingerError) as caught:
        session.get(server.url, params={"key": "canary"})
    shown = [str(error) for error in chain_of(caught.value)]
    assert shown
    assert not [text for text in shown if "canary" in text]


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what a traceback shows below it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_an_error_status_can_be_left_to_the_source(serve: Serve, open_session: Open) -> None:
    """``http.raise_for_status: false`` gives the answer; asked, it raises the same error."""
    server = serve(json_answer({"why": "gone"}, 404))
    reply = open_session(raise_for_status=False).get(f"{server.url}/a?key=canary")
    assert (reply.status_code, reply.ok, reply.json()) == (404, False, {"why": "gone"})
    with pytest.raises(HttpStatusError) as caught:
        reply.raise_for_status()
    assert isinstance(caught.value, ProtocolError)
    assert "canary" not in str(caught.value)


def test_a_status_that_may_pass_is_still_tried_again_without_errors(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """Retries do not depend on who looks at the status."""
    server = serve(Answer(503), Answer(503))
    assert open_session(1, raise_for_status=False).get(server.url).status_code == 503
    assert len(pauses) == 1


def test_a_streamed_error_has_its_body(serve: Serve, session: Session) -> None:
    """Whoever catches the error may look at the answer, and the connection is free again."""
    server = serve(json_answer({"why": "gone"}, 404), OK)
    with pytest.raises(HttpStatusError) as caught:
        session.get(server.url, stream=True)
    assert caught.value.response.json() == {"why": "gone"}
    session.get(server.url)
    assert server.pool == 1


@pytest.mark.parametrize(
    ("url", "kind", "reason"),
    [
        ("api.example.com/users?key=canary", requests.exceptions.MissingSchema, "https://"),
        ("/users?key=canary", requests.exceptions.MissingSchema, "https://"),
        ("", requests.exceptions.MissingSchema, "https://"),
        ("https://?key=canary", requests.exceptions.InvalidURL, "base URL"),
        ("https://.example/?key=canary", requests.exceptions.InvalidURL, "base URL"),
        ("http://[canary", requests.exceptions.InvalidURL, "base URL"),
        ("//[[::1]?key=canary", requests.exceptions.InvalidURL, "URL"),
    ],
)
def test_a_url_that_is_none_is_an_error_without_it(
    session: Session, url: str, kind: type[Exception], reason: str
) -> None:
    """The library prints the whole URL, query included; here it is exit code 4 and advice."""
    with pytest.raises(ProtocolError, match=reason) as caught:
        session.get(url)
    assert isinstance(caught.value, kind)
    assert isinstance(caught.value, ValueError)
    assert caught.value.exit_code == 4
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("value", ["canary\r\nX-Evil: 1", "canary\n", "canary→"])
def test_a_header_that_is_none_is_an_error_without_it(session: Session, value: str) -> None:
    """http.client prints the header it refuses; here it is not shown."""
    with pytest.raises(ProtocolError, match="header") as caught:
        session.get("http://127.0.0.1:9/", headers={"X-Key": value})
    assert "canary" not in str(caught.value)

    class Auth(requests.auth.AuthBase):
        def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["X-Key"] = value
            return request

    with pytest.raises(ProtocolError, match="header") as caught:
        session.get("http://127.0.0.1:9/", auth=Auth())
    assert "canary" not in str(caught.value)


def test_an_error_of_the_sources_own_authenticator_stays_its_own(session: Session) -> None:
    """What its code raises is not blamed on the request."""

    def authenticate(_request: requests.PreparedRequest) -> requests.PreparedRequest:
        raise ValueError("no key configured")

    with pytest.raises(ValueError, match="no key configured") as caught:
        session.get("http://127.0.0.1:9/", auth=authenticate)
    assert not isinstance(caught.value, BizonSingerError)


def test_a_source_catches_what_it_always_did(serve: Serve, session: Session) -> None:
    """Our errors are requests' own, from the most general to the most special."""
    server = serve(Answer(404))
    for kind in (requests.HTTPError, requests.RequestException, OSError):
        with pytest.raises(kind):
            session.get(server.url)
    server.then(Answer(fate="reset"))
    for kind in (requests.ConnectionError, requests.RequestException, OSError):
        with pytest.raises(kind):
            session.get(server.url)
    server.then(Answer(200, b"<html>"))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        session.get(server.url).json()


def test_an_error_made_by_a_source_is_of_the_right_class(serve: Serve, open_session: Open) -> None:
    """``HttpStatusError(reply)`` chooses its class; a chosen class stays."""
    reply: Any = open_session(raise_for_status=False).get(serve(Answer(503)).url)
    assert isinstance(HttpStatusError(reply), TransientError)
    assert isinstance(RequestStatusError(reply), ProtocolError)
    assert str(HttpStatusError(reply, "wait a week")).endswith("; wait a week")


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


def test_proxies_of_the_environment_are_used(
    serve: Serve, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``HTTP_PROXY`` leads requests through it, ``NO_PROXY`` around it."""
    proxy = serve(OK)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "direct.invalid")
    session = open_session(allow_http=True, allowed_origins=["http://direct.invalid"])
    assert session.get("http://api.invalid/items").json() == {"ok": True}
    assert proxy.targets == ["http://api.invalid/items"]
    with pytest.raises(TransientError):
        session.get("http://direct.invalid/items")
    assert len(proxy.requests) == 1


def test_proxies_of_the_session_and_the_request_are_used(serve: Serve, open_session: Open) -> None:
    """A source may name a proxy itself."""
    proxy, other = serve(OK), serve(OK)
    session = open_session(allow_http=True)
    session.proxies["http"] = proxy.url
    session.get("http://api.invalid/items")
    session.get("http://api.invalid/items", proxies={"http": other.url})
    assert (len(proxy.requests), len(other.requests)) == (1, 1)


def test_this_machine_is_called_without_a_proxy(
    serve: Serve, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a proxy, "this machine" would be another one, and http to it no longer safe."""
    proxy, server = serve(OK), serve(OK)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    session.get(server.url)
    assert (proxy.pool, len(server.requests)) == (0, 1)


def test_a_proxy_that_cannot_be_used_is_named(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its address, which may hold a password."""
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary@127.0.0.1:9")
    with pytest.raises(TransientError, match="proxy") as caught:
        open_session().get("https://api.invalid/items")
    assert "canary" not in str(caught.value)


def test_a_proxy_that_is_no_url_is_named(
    open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the environment's mistake, and not tried again."""
    monkeypatch.setenv("HTTPS_PROXY", "http:///canary")
    with pytest.raises(ProtocolError, match="HTTPS_PROXY") as caught:
        open_session(5).get("https://api.invalid/items")
    assert "canary" not in str(caught.value)


def test_the_netrc_file_is_never_read(
    serve: Serve, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Credentials come from the settings alone; requests would send these."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login canary password canary\n")
    netrc.chmod(stat.S_IRUSR)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").symlink_to(netrc)
    server = serve(OK)
    session.get(server.url)
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_certificate_file_that_is_missing_is_named(
    open_session: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """It is exit code 2; over http it does not matter."""
    monkeypatch.setenv(name, str(tmp_path / "missing.pem"))
    with pytest.raises(ConfigError, match=name) as caught:
        open_session().get("https://api.invalid/")
    assert caught.value.exit_code == 2
    with pytest.raises(UnreachableError):
        open_session().get("http://127.0.0.1:9/")


def seen_by_adapter(session: Session, **options: Any) -> dict[str, Any]:
    """Return what the adapter for https is told about certificates."""
    seen: dict[str, Any] = {}

    class Watching(ReplyAdapter):
        def send(self, *_: Any, **kwargs: Any) -> Any:
            seen.update(kwargs)
            raise requests.ConnectionError

    session.mount("https://", Watching())
    with pytest.raises(UnreachableError):
        session.get("https://api.invalid/", **options)
    return seen


def test_the_check_of_certificates_cannot_be_switched_off(open_session: Open) -> None:
    """Neither on the session nor on a request."""
    session = open_session()
    assert seen_by_adapter(session)["verify"] is True
    assert seen_by_adapter(session, verify=False)["verify"] is True
    session.verify = False
    assert seen_by_adapter(session)["verify"] is True


def test_a_certificate_authority_of_ones_own_can_be_given(
    open_session: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the environment, the session or the request; a client certificate as well."""
    bundle, other = tmp_path / "ca.pem", tmp_path / "other.pem"
    for path in (bundle, other):
        path.touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    session = open_session()
    assert seen_by_adapter(session)["verify"] == str(bundle)
    assert seen_by_adapter(session, verify=str(other))["verify"] == str(other)
    session.verify, session.cert = str(other), "client.pem"
    seen = seen_by_adapter(session)
    assert (seen["verify"], seen["cert"]) == (str(other), "client.pem")


def test_a_certificate_that_is_not_trusted_is_unsafe(
    open_session: Open, pauses: list[float]
) -> None:
    """It is exit code 6 at once: nothing was sent, and another try changes nothing."""
    session = open_session(5)

    class Untrusted(ReplyAdapter):
        def send(self, *_: Any, **__: Any) -> Any:
            cause = ssl.SSLCertVerificationError(1, "self-signed certificate")
            raise requests.exceptions.SSLError(cause)

    session.mount("https://", Untrusted())
    with pytest.raises(requests.exceptions.SSLError, match=r"not trusted.*CA_BUNDLE") as caught:
        session.get("https://api.invalid/")
    assert isinstance(caught.value, UnreachableError)
    assert caught.value.exit_code == 6
    assert pauses == []


def test_a_handshake_that_fails_may_pass(open_session: Open, pauses: list[float]) -> None:
    """TLS breaks off for many reasons; unlike a bad certificate it is tried again."""
    session = open_session(1)

    class Breaking(ReplyAdapter):
        def send(self, *_: Any, **__: Any) -> Any:
            raise requests.exceptions.SSLError(ssl.SSLEOFError(8, "EOF occurred"))

    session.mount("https://", Breaking())
    with pytest.raises(TransientError, match="TLS handshake") as caught:
        session.get("https://api.invalid/")
    assert caught.value.exit_code == 5
    assert len(pauses) == 1


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


def test_the_environment_of_the_tests_names_no_proxy() -> None:
    """Else a request to this machine could leave it."""
    assert not [name for name in os.environ if name.lower().endswith("_proxy")]
    assert issubclass(BrokenJsonError, BrokenBodyError)
