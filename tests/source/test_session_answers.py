"""An answer read by http.client is what it would be if urllib3 had wrapped it, or the same error.

Each row of the table is sent to two sessions: the usual one, and one whose adapter is requests'
own. What they make of it must not differ, nor what becomes of the connection.
"""

from __future__ import annotations

import gzip
import logging
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme
import urllib3

from bizon_singer.errors import BizonSingerError, TransientError
from bizon_singer.source.connection import Answer as Lean
from bizon_singer.source.transport import ReplyAdapter
from bizon_singer.source.unreachable import CertificateError
from tests.fakes.http_server import Answer, HttpServer, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bizon_singer.source.session import Session
    from tests.source.conftest import Open, Serve

OK = json_answer({"ok": True})
PATIENCE = 20.0
"""How long an answer that comes may take on a busy machine, in seconds."""
BODY = b'{"items": [1, 2, 3]}'
PACKED = gzip.compress(BODY * 50)
MANY = b"".join(b"X-%d: 1\r\n" % number for number in range(120))


def raw(head: bytes, body: bytes = b"", *, stays: bool = True, **options: Any) -> Answer:
    """Return an answer given byte by byte; the head without its last line break."""
    lines = head.replace(b"\n", b"\r\n")
    return Answer(raw=lines + b"\r\n\r\n" + body, stays=stays, **options)


def chunked(body: bytes, head: bytes = b"", *, stays: bool = True) -> Answer:
    """Return an answer in chunks, given as they are on the wire."""
    return raw(b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked" + head, body, stays=stays)


def sized(length: bytes, head: bytes = b"", *, body: bytes = BODY, stays: bool = True) -> Answer:
    """Return an answer that says how long it is."""
    return raw(b"HTTP/1.1 200 OK\nContent-Length: " + length + head, body, stays=stays)


WHOLE = {
    "a length": sized(b"20"),
    "a length of nothing": sized(b"0", body=b""),
    "a length with zeros": sized(b"0020"),
    "a length that comes twice": sized(b"20", b"\nContent-Length: 20"),
    "a length that is a list": sized(b"20, 20", stays=False),
    "a length with a sign": sized(b"+20"),
    "a length with a blank behind": sized(b"20 "),
    "an empty length": sized(b"", stays=False),
    "a length that is no number": sized(b"twenty", stays=False),
    "a length below nothing": sized(b"-20", stays=False),
    "more than the length": sized(b"18"),
    "no length": raw(b"HTTP/1.1 200 OK\nContent-Type: a/b", BODY, stays=False),
    "the connection ends": sized(b"20", b"\nConnection: close", stays=False),
    "it ends without a word": sized(b"20", stays=False),
    "chunks": chunked(b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
    "chunks, written oddly": chunked(b"0005;a=b\r\nhello\r\nA\r\n0123456789\r\n0;x\r\n\r\n"),
    "chunks and trailers": chunked(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"),
    "no chunk": chunked(b"0\r\n\r\n"),
    "chunks, the last line missing": chunked(b"5\r\nhello\r\n0\r\n", stays=False),
    "chunks in capitals": raw(
        b"HTTP/1.1 200 OK\ntransfer-encoding: CHUNKED", b"2\r\nok\r\n0\r\n\r\n"
    ),
    "chunks and a length": chunked(b"2\r\nok\r\n0\r\n\r\n", b"\nContent-Length: 9"),
    "chunks, packed as well": raw(
        b"HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked", b"2\r\nok\r\n0\r\n\r\n"
    ),
    "chunks, with a blank behind": raw(
        b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked ", b"2\r\nok\r\n0\r\n\r\n"
    ),
    "chunks, said twice": chunked(b"2\r\nok\r\n0\r\n\r\n", b"\nTransfer-Encoding: chunked"),
    "another transfer coding": raw(
        b"HTTP/1.1 200 OK\nTransfer-Encoding: identity\nContent-Length: 20", BODY
    ),
    "packed": sized(b"%d" % len(PACKED), b"\nContent-Encoding: gzip", body=PACKED),
    "packed, in chunks": chunked(
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(PACKED), PACKED), b"\nContent-Encoding: gzip"
    ),
    "HTTP/1.0": raw(b"HTTP/1.0 200 OK\nContent-Length: 20", BODY, stays=False),
    "HTTP/1.0 that stays": raw(
        b"HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 20", BODY
    ),
    "HTTP/1.0 without a length": raw(b"HTTP/1.0 200 OK\nServer: old", BODY, stays=False),
    "HTTP/0.9 it calls itself": raw(b"HTTP/0.9 200 OK\nContent-Length: 20", BODY, stays=False),
    "HTTP/1.2": raw(b"HTTP/1.2 200 OK\nContent-Length: 20", BODY),
    "go on": Answer(
        raw=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: 1\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + BODY,
        stays=True,
    ),
    "early hints": Answer(
        raw=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + BODY,
        stays=True,
    ),
    "no content": raw(b"HTTP/1.1 204 No Content\nServer: a"),
    "no content, of a length": raw(b"HTTP/1.1 204 No Content\nContent-Length: 9"),
    "not modified": raw(b"HTTP/1.1 304 Not Modified\nContent-Length: 9"),
    "no reason": raw(b"HTTP/1.1 200\nContent-Length: 20", BODY),
    "a reason that is not ASCII": raw(b"HTTP/1.1 200 \xc3\xa9\xff\nContent-Length: 20", BODY),
    "a status of nobody": raw(b"HTTP/1.1 299 Odd\nContent-Length: 20", BODY),
    "a header that is not ASCII": sized(b"20", b"\nX-Name: Zo\xc3\xab \xff\x85"),
    "a header that repeats": sized(b"20", b"\nLink: </a>\nX-Y: 1\nlink: </b>"),
    "cookies": sized(b"20", b"\nSet-Cookie: a=1; Path=/\nSet-Cookie: b=2; Path=/"),
    "a folded header": sized(b"20", b"\nX-Long: one\n two\n\tthree"),
    "a header without a value": sized(b"20", b"\nX-None:"),
    "a header with a NUL": sized(b"20", b"\nX-Nul: a\0b"),
    "a type that has parts": sized(b"20", b"\nContent-Type: multipart/mixed; boundary=b"),
    "a type that holds a message": sized(b"20", b"\nContent-Type: message/rfc822"),
    "lines that end in LF": Answer(
        raw=b"HTTP/1.1 200 OK\nContent-Length: 20\n\n" + BODY, stays=True
    ),
    "a line that is no header": sized(b"20", b"\nno header\nX-Lost: 1"),
    "such a line before the length": raw(
        b"HTTP/1.1 200 OK\nno header\nContent-Length: 20", BODY, stays=False
    ),
    "a first line that is indented": raw(
        b"HTTP/1.1 200 OK\n indented\nContent-Length: 20", BODY, stays=False
    ),
    "a blank before a colon": sized(b"20", b"\nX-Blank : 1", stays=False),
    "a hundred headers": raw(
        b"HTTP/1.1 200 OK\n" + MANY[: MANY.index(b"X-98")].replace(b"\r\n", b"\n")
        + b"Content-Length: 20", BODY,
    ),
    "a line nearly too long": sized(b"20", b"\nX-Long: " + b"a" * 65_000),
    "bit by bit": Answer(200, BODY, fate="drip", drip_seconds=0.01),
    "half a head": Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a status that is an error": raw(b"HTTP/1.1 404 Not Found\nContent-Length: 20", BODY),
    "a status that may pass": raw(b"HTTP/1.1 503 Busy\nContent-Length: 20", BODY),
}  # fmt: skip

BROKEN = {
    "less than its length": sized(b"30", stays=False),
    "nothing of its length": sized(b"30", body=b"", stays=False),
    "less than its length, and it said close": sized(b"30", b"\nConnection: close", stays=False),
    "less than a long length": sized(b"600000", body=b"a" * 300_000, stays=False),
    "less, in HTTP/1.0": raw(b"HTTP/1.0 200 OK\nContent-Length: 30", BODY, stays=False),
    "lengths that differ": sized(b"20", b"\nContent-Length: 9"),
    "a list of lengths that differ": sized(b"20, 9"),
    "more than a body may have": sized(b"2000000", stays=False),
    "more digits than a number has": sized(b"9" * 5_000, stays=False),
    "too many, without a length": raw(
        b"HTTP/1.1 200 OK\nServer: a", b"a" * 1_500_000, stays=False
    ),
    "too many, in chunks": chunked(b"%x\r\n" % 1_500_000 + b"a" * 1_500_000 + b"\r\n0\r\n\r\n"),
    "a chunk cut short": chunked(b"5\r\nhel", stays=False),
    "a chunk without its end": chunked(b"5\r\nhello", stays=False),
    "a chunk that is missing": chunked(b"5\r\nhello\r\n", stays=False),
    "the size of a chunk cut short": chunked(b"5\r\nhello\r\n1", stays=False),
    "a chunk of no size": chunked(b"5\r\nhello\r\nzz\r\n"),
    "a chunk whose line has no end": chunked(b"5;" + b"a" * 70_000, stays=False),
    "packed, and cut": sized(b"%d" % (len(PACKED) - 9), b"\nContent-Encoding: gzip",
                             body=PACKED[:-9]),
    "packed, cut in chunks": chunked(
        b"9\r\n%b\r\n0\r\n\r\n" % PACKED[:9], b"\nContent-Encoding: gzip"
    ),
    "packed as nobody asked for": sized(b"20", b"\nContent-Encoding: br"),
    "no HTTP": Answer(raw=b"SSH-2.0-OpenSSH\r\n", stays=False),
    "HTTP/2": raw(b"HTTP/2 200 OK\nContent-Length: 20", BODY),
    "a status of two digits": raw(b"HTTP/1.1 20 OK\nContent-Length: 20", BODY),
    "a status of four digits": raw(b"HTTP/1.1 2000 OK\nContent-Length: 20", BODY),
    "a status of letters": raw(b"HTTP/1.1 OK OK\nContent-Length: 20", BODY),
    "a first line without end": Answer(raw=b"HTTP/1.1 200 " + b"a" * 70_000),
    "a header without end": sized(b"20", b"\nX-Long: " + b"a" * 70_000),
    "too many headers": raw(b"HTTP/1.1 200 OK\n" + MANY.replace(b"\r\n", b"\n"), BODY),
    "half a first line": Answer(raw=b"HTTP/1.1 2"),
    "nothing": Answer(fate="drop"),
    "a reset": Answer(fate="reset"),
    "a reset in the head": Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Le", fate="break"),
    "a reset in the body": Answer(200, BODY * 9, cut=40, fate="break"),
    "a reset in the chunks": Answer(200, BODY * 99, framing="chunked", cut=40, fate="break"),
    "silence": Answer(fate="hang"),
    "silence in the body": Answer(200, BODY, {"Content-Length": "99"}, fate="stall"),
    "silence in the chunks": Answer(200, BODY, framing="chunked", cut=9, fate="stall"),
}  # fmt: skip


def outcome(
    session: Session, server: HttpServer, row: Answer, *, is_warm: bool, **request: Any
) -> list[Any]:
    """Return what a session makes of the answer, and what becomes of the connection."""
    shown: list[Any] = []
    if is_warm:
        session.get(f"{server.url}/warm", timeout=PATIENCE)
    method = request.pop("method", "GET")
    try:
        reply = session.request(method, f"{server.url}/row", **request)
        shown += [reply.status_code, reply.reason, list(reply.headers.items()), reply.content]
        shown += [reply.raw.version, reply.raw.status, dict(reply.raw.headers), reply.raw.read(9)]
        shown += [getattr(reply.raw, "version_string", None), dict(reply.cookies)]
        shown += [reply.raw.isclosed(), reply.raw.connection]
    except (BizonSingerError, ValueError) as error:
        shown += [type(error), str(error).replace(server.url, "URL")]
    if not row.stays:
        time.sleep(0.1)  # the end of the connection is on its way
    after = session.get(f"{server.url}/after", timeout=PATIENCE)
    shown += [after.json(), dict(session.cookies), server.pool]
    shown += [[request.connection for request in server.requests]]
    return shown


def old_way(session: Session) -> Session:
    """Give a session the adapter of requests itself."""
    session.mount("http://", requests.adapters.HTTPAdapter())
    return session


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize("name", [*WHOLE, *BROKEN])
def test_an_answer_is_what_urllib3_makes_of_it(
    serve: Serve, open_session: Open, name: str, *, is_warm: bool
) -> None:
    """Status, headers, body, cookies, or the error; and the connection is kept or given up."""
    row = {**WHOLE, **BROKEN}[name]
    seconds = 0.3 if name.startswith("silence") else PATIENCE
    limits = {"max_body_bytes": 1_000_000, "read_timeout_seconds": seconds}
    routes: dict[str, list[Any]] = {"/warm": [OK], "/row": [row], "/after": [OK]}
    lean, old = (
        outcome(session, serve(routes=routes), row, is_warm=is_warm)
        for session in (open_session(**limits), old_way(open_session(**limits)))
    )
    assert lean == old
    is_error = isinstance(lean[0], type)
    assert is_error == (name in BROKEN or name.startswith("a status that"))


@pytest.mark.parametrize(
    "name", ["a length", "chunks", "packed", "less than its length", "cookies"]
)
@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_methods_make_no_difference(
    serve: Serve, open_session: Open, name: str, method: str
) -> None:
    """A HEAD has no body, whatever its head says; a body may be text or bytes."""
    row = {**WHOLE, **BROKEN}[name]
    if method == "HEAD":
        head = (row.raw or b"").partition(b"\r\n\r\n")[0]
        row = Answer(raw=head + b"\r\n\r\n", stays=True)
    routes: dict[str, list[Any]] = {"/warm": [OK], "/row": [row], "/after": [OK]}
    for body in ("text", "tëxt", b"\xff", {"a": "1"}, ""):
        lean, old = servers = serve(routes=routes), serve(routes=routes)
        shown = [
            outcome(session, server, row, is_warm=True, method=method, data=body)
            for session, server in zip(
                (open_session(), old_way(open_session())), servers, strict=True
            )
        ]
        assert shown[0] == shown[1]
        sent = [
            (request.method, request.target, request.body, {**request.headers, "host": ""})
            for server in (lean, old)
            for request in server.requests[1:2]
        ]
        assert sent[0] == sent[1]


def test_a_page_is_never_wrapped(serve: Serve, session: Session) -> None:
    """Neither by its length nor in chunks, packed or not; nor is what urllib3 gives made for it."""
    framings = [Answer(200, BODY), Answer(200, BODY, framing="chunked")]
    packed = Answer(200, PACKED, {"Content-Encoding": "gzip"}, framing="chunked")
    server = serve(*framings, packed)
    for _ in range(5):
        reply: Any = session.get(server.url)
        assert reply.content
        assert isinstance(reply.answer, Lean)
        assert "raw" not in vars(reply)
        reply.close()
        assert "raw" not in vars(reply)
    assert server.pool == 1


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_urllib3s_answer_is_there_for_whoever_asks(
    serve: Serve, session: Session, framing: Any
) -> None:
    """Before the body was read it has the body and the connection, afterwards it is spent."""
    server = serve(Answer(200, BODY, {"X-A": "1"}, framing))
    reply = session.get(server.url, stream=True)
    assert isinstance(reply.raw, urllib3.HTTPResponse)
    assert reply.content == BODY
    reply = session.get(server.url)
    assert reply.content == BODY
    raw = reply.raw
    assert (raw.status, raw.version, raw.reason, raw.headers["x-a"]) == (200, 11, "OK", "1")
    assert (raw.read(), raw.read(5), list(raw.stream()), raw.closed) == (b"", b"", [], True)
    watched: Any = session.get(server.url, stream=True)
    assert (watched.answer.version, watched.content) == (11, BODY)
    session.get(server.url)
    assert server.pool == 1
    watched = session.get(server.url, stream=True)
    assert watched.answer.version == 11
    watched.close()
    with session.get(server.url, stream=True) as reply:
        assert reply.raw is not None
    session.get(server.url, stream=True).close()
    session.get(server.url)
    assert server.pool == 4


@pytest.mark.parametrize("size", [b"-1", b"-5"])
def test_a_chunk_of_less_than_nothing_is_an_error(
    serve: Serve, session: Session, size: bytes
) -> None:
    """To http.client and urllib3 it is all that comes, however much, or a header of the source."""
    server = serve(chunked(size + b"\r\nhello\r\n0\r\n\r\n", stays=False))
    with pytest.raises(TransientError, match="the body was cut off"):
        session.get(server.url)


def test_a_broken_head_is_told_without_it(
    serve: Serve, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 logs the URL, and the lines it could not read."""
    server = serve(sized(b"20", b"\ncanary\nSet-Cookie: canary=1"))
    with caplog.at_level(logging.WARNING):
        assert session.get(f"{server.url}/?key=canary").content == BODY
    assert "line in its head that is no header" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        BrokenPipeError(32, "Broken pipe"),
        ConnectionResetError(104, "Connection reset by peer"),
        TimeoutError("timed out"),
        OSError(113, "No route to host"),
        ssl.SSLError(1, "bad record"),
        ssl.SSLEOFError(8, "EOF occurred"),
        ValueError("read of closed file"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("where", ["sendall", "makefile"])
def test_what_fails_on_an_open_connection_is_named_as_ever(
    serve: Serve, open_session: Open, error: Exception, where: str
) -> None:
    """A connection may break while a request is sent, or while its answer is awaited."""

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    shown = []
    limits = {"read_timeout_seconds": 0.3}
    for session in (open_session(**limits), old_way(open_session(**limits))):
        server = serve(routes={"/warm": [OK], "/row": [OK], "/after": [OK]})
        session.get(f"{server.url}/warm", timeout=PATIENCE)
        adapter: Any = session.get_adapter(server.url)
        asked = requests.Request("GET", server.url).prepare()
        pool = adapter.get_connection_with_tls_context(asked, True)
        [connection] = [kept for kept in pool.pool.queue if kept is not None]
        connection.sock = Broken(connection.sock, where, fail)
        shown.append(outcome(session, server, OK, is_warm=False))
    assert shown[0] == shown[1]


class Broken:
    """A socket of which one method fails."""

    def __init__(self, socket: Any, method: str, fail: Callable[..., Any]) -> None:
        """Take the place of a socket."""
        self._socket = socket
        setattr(self, method, fail)

    def __getattr__(self, name: str) -> Any:
        """Be that socket in all else."""
        return getattr(self._socket, name)


def test_a_connection_class_of_somebody_else_is_used(
    serve: Serve, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So do libraries that play an API from a tape; urllib3's HTTP/2 as well."""
    made = []

    class Tape(urllib3.connection.HTTPConnection):
        def connect(self) -> None:
            made.append(self)
            super().connect()

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "ConnectionCls", Tape)
    server = serve(OK)
    for _ in range(3):
        reply: Any = session.get(server.url)
        assert reply.json() == {"ok": True}
        assert reply.answer is None
    assert len(made) == 1


def test_the_retries_of_urllib3_work(serve: Serve) -> None:
    """For whoever mounts the adapter with them, on a session of requests."""
    session = requests.Session()
    retries = urllib3.Retry(3, status_forcelist=[503], backoff_factor=0)
    session.mount("http://", ReplyAdapter(max_retries=retries))
    server = serve(Answer(503, BODY), Answer(fate="reset"), OK)
    with session:
        assert session.get(server.url).json() == {"ok": True}
        assert session.get(server.url).json() == {"ok": True}
    assert len(server.requests) == 4


def test_a_pool_can_be_asked_directly(serve: Serve, session: Session) -> None:
    """It reads the body at once then, as pools of urllib3 do."""
    server = serve(OK)
    adapter: Any = session.get_adapter(server.url)
    for _ in range(2):
        answer = adapter.poolmanager.request("GET", server.url)
        assert answer.json() == {"ok": True}
        assert type(answer) is urllib3.HTTPResponse
    assert server.pool == 1


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/a?b[]=1&c=d e", "/a?b%5B%5D=1&c=d%20e"),
        ("/ä/%e4?q=%7e|", "/%C3%A4/%E4?q=~%7C"),
        ("//a/b", None),  # one slash or two, as this requests has it
        ("/a#part", "/a"),
        ("?q=1", "/?q=1"),
        ("/a?b=c?d", "/a?b=c?d"),
    ],
)
def test_a_request_line_is_what_urllib3_makes_of_it(
    serve: Serve, open_session: Open, asked: str, sent: str | None
) -> None:
    """Over a new connection and an open one."""
    lines = []
    for session in (open_session(), old_way(open_session())):
        server = serve(OK)
        for _ in range(2):
            session.get(server.url + asked)
        lines += server.targets
    assert lines == [sent or lines[-1]] * 4


def test_tls_is_checked_and_its_faults_are_named(
    open_session: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request of a connection proves who the server is; a cut body is one here, too."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    rows = [WHOLE["a length"], WHOLE["chunks"], BROKEN["less than its length"], OK]
    with HttpServer(*rows, tls=context) as server:
        with pytest.raises(CertificateError, match="not trusted"):
            open_session().get(server.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        session = open_session()
        assert session.get(server.url).content == BODY
        assert session.get(server.url).content == b"hello!"
        with pytest.raises(TransientError, match="the body was cut off"):
            session.get(server.url)
        assert session.get(server.url).json() == {"ok": True}
        assert [request.connection for request in server.requests] == [2, 2, 2, 3]
