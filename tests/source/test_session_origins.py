"""No request, redirect or link leaves the origin of its source, and no credential goes astray."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
import urllib3
from hypothesis import example, given
from hypothesis import strategies as st

from bizon_singer.errors import ProtocolError, UnsafeError
from bizon_singer.source.origin import OriginGuard, is_loopback, origin_of, shown, without_query
from tests.fakes.http_server import Answer, HttpServer, json_answer, redirect

if TYPE_CHECKING:
    from bizon_singer.source.session import Session
    from tests.source.conftest import Open, Serve

BASE = "https://api.example.com/v1/"
FOREIGN = [
    "https://evil.example/v1/items",
    "https://api.example.com.evil.example/v1/items",
    "https://api.example.com:8443/v1/items",
    "http://api.example.com/v1/items",
    "https://api.example.com@evil.example/v1/items",
    "https://me:pw@api.example.com/v1/items",
    "https://@api.example.com/v1/items",
    "https://api.example.com\\@evil.example/",
    "https://evil.example\\.api.example.com/",
    "https://evil.example#.api.example.com/",
    "https://evil.example?.api.example.com/",
    "https://[::1]/v1/items",
    "https://[::ffff:127.0.0.1]/v1/items",
    "https://127.0.0.1/v1/items",
    "https://2130706433/v1/items",
    "https://api.example.com%2eevil.example/",
    "https://api.example.com:0/v1/items",
    "https://api.example.com:99999/v1/items",
    "https://api.example.com:abc/v1/items",
    "https://api.exämple.com/",
    "https://*ä.example.com/",
    "https://api.%example.com/",
    "https://аpi.example.com/",  # noqa: RUF001 - the first letter is Cyrillic
    "https:///v1/items",
    "https://",
    "ftp://api.example.com/v1/items",
    "file:///etc/passwd",
    "https://api.example.com\r\n.evil.example/",
    "https://api.example.com\t/v1",
    "https://api.example.com\x00/v1",
    "https://[::1/",
    "https://[api.example.com]/",
    "javascript:alert(1)",
    "",
]


def with_credentials(session: Session) -> Session:
    """Put every kind of credential on a session."""
    session.headers["Authorization"] = "Bearer canary"
    session.headers["X-Api-Key"] = "canary"
    session.cookies.set("sid", "canary")
    return session


@pytest.mark.parametrize("url", FOREIGN)
def test_a_link_elsewhere_is_refused(url: str) -> None:
    """Another host, port, scheme, user info or notation is not the source's own origin."""
    guard = OriginGuard()
    guard.belong_to(BASE)
    with pytest.raises(UnsafeError) as caught:
        guard.check(url)
    assert caught.value.exit_code == 6
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://api.example.com/",
        "https://api.example.com:443/v2/other?next=https://evil.example/",
        "https://API.Example.COM/v1",
        "HTTPS://api.example.com/v1",
        "https://api.example.com./v1",
        "https://api.example.com/v1/../../@evil.example/#x@y",
    ],
)
def test_the_same_origin_in_other_words_is_accepted(url: str) -> None:
    """Case, the default port, a final dot, path and query make no other origin."""
    guard = OriginGuard()
    guard.belong_to(BASE)
    guard.check(url)


@pytest.mark.parametrize("junk", ["x", "ß", ".evil.example", "ß.evil.example", "]", "[::1]"])
def test_an_address_with_something_behind_it_is_refused(junk: str) -> None:
    """What stands between the bracket and the port is passed over by one parser."""
    guard = OriginGuard()
    guard.belong_to("http://[::1]:99/")
    with pytest.raises(UnsafeError):
        guard.check(f"http://[::1]{junk}:99/a")


def test_a_host_beyond_ascii_is_the_one_that_is_called() -> None:
    """A name is compared in the form requests sends it in (IDNA)."""
    guard = OriginGuard()
    guard.belong_to("https://bücher.example/api")
    guard.check(requests.Request("GET", "https://bücher.example/x").prepare().url or "")
    guard.check("https://xn--bcher-kva.example/x")
    with pytest.raises(UnsafeError):
        guard.check("https://bucher.example/x")


URLS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["https:", "http:", "HTTPS:", "https", ""]),
        st.sampled_from(["//", "/", "///", "\\\\", ""]),
        st.text("ab.:@[]/\\?#%1-_ \t\n\r☃ß", max_size=25),
        st.sampled_from(["api.example.com", "[::1]", "127.0.0.1", "", "ü.example", "1.1"]),
        st.text("ab.:@[]/\\?#%1-_ \t\n\r☃ß", max_size=25),
    ),
)


@given(URLS)
@example("https://a:1@b:2/")
@example("https://a%00.b/")
@example("https://1.1.1.1 &@2.2.2.2# @3.3.3.3/")
def test_what_is_accepted_is_what_is_connected_to(url: str) -> None:
    """The origin that is compared is the one urllib3 takes a connection for."""
    try:
        sent = requests.Request("GET", url).prepare().url or ""
        origin = origin_of(sent)
    except (UnsafeError, ValueError):  # requests' own are ValueErrors
        return
    connected = urllib3.util.parse_url(sent)
    host = (connected.host or "").strip("[]").removesuffix(".")
    default = {"http": 80, "https": 443}[connected.scheme or ""]
    port = default if connected.port is None else connected.port
    assert (connected.scheme, host, port) == origin
    assert connected.auth is None
    assert urlsplit(sent).username is None


@pytest.mark.parametrize("url", [url for url in FOREIGN if url.startswith("http")])
def test_a_foreign_link_is_refused_before_anything_is_sent(
    serve: Serve, session: Session, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal comes before a connection, so before any credential leaves."""
    server = serve(json_answer({}))
    with_credentials(session).get(server.url)
    monkeypatch.setattr(session, "get_adapter", lambda **_: pytest.fail("a request was sent"))
    with pytest.raises((UnsafeError, ProtocolError)):
        session.get(url)


def test_a_link_to_another_server_reaches_nobody(serve: Serve, session: Session) -> None:
    """A ``next`` link to another port of the same host is another origin."""
    own, foreign = serve(json_answer({})), serve(json_answer({}))
    with_credentials(session).get(own.url)
    with pytest.raises(UnsafeError, match="allowed_origins") as caught:
        session.get(f"{foreign.url}/items?key=canary")
    assert foreign.pool == 0
    assert "canary" not in str(caught.value)


def test_the_base_url_binds_before_the_first_request(serve: Serve, session: Session) -> None:
    """A source that names its base URL cannot be led astray by a forged STATE."""
    own, foreign = serve(json_answer({})), serve(json_answer({}))
    session.belong_to(f"{own.url}/api")
    with pytest.raises(UnsafeError):
        session.get(foreign.url)
    assert session.get(own.url).ok
    assert foreign.pool == 0


def test_an_origin_the_user_allows_may_be_called(serve: Serve, open_session: Open) -> None:
    """``http.allowed_origins`` adds to the source's own."""
    own, files, foreign = (serve(json_answer({})) for _ in range(3))
    session = open_session(allowed_origins=[files.url])
    session.belong_to(own.url)
    assert session.get(own.url).ok
    assert session.get(files.url).ok
    with pytest.raises(UnsafeError):
        session.get(foreign.url)


def test_the_first_requests_of_many_threads_share_one_origin() -> None:
    """However they race, one origin wins and the others are refused."""
    for _ in range(50):
        guard = OriginGuard()
        accepted: list[int] = []
        together = threading.Barrier(4)

        def call(
            number: int,
            guard: OriginGuard = guard,
            accepted: list[int] = accepted,
            together: threading.Barrier = together,
        ) -> None:
            together.wait()
            try:
                guard.check(f"https://host-{number}.example/")
            except UnsafeError:
                return
            accepted.append(number)

        threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(accepted) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_origin_is_followed(
    serve: Serve, session: Session, status: int
) -> None:
    """Credentials and cookies go along; the history is there as in requests."""
    routes: Any = {"/a": [redirect("/b?x=1 2", status)], "/b": [json_answer({"ok": True})]}
    server = serve(routes=routes)
    reply = with_credentials(session).get(f"{server.url}/a")
    assert reply.json() == {"ok": True}
    assert server.targets == ["/a", "/b?x=1%202"]
    assert server.requests[1].headers["x-api-key"] == "canary"
    assert server.requests[1].headers["cookie"] == "sid=canary"
    assert [earlier.status_code for earlier in reply.history] == [status]
    assert reply.url == f"{server.url}/b?x=1%202"


def test_a_head_is_redirected_only_where_asked(serve: Serve, session: Session) -> None:
    """As in requests, ``head`` stays where it is unless told to go on."""
    routes: Any = {"/a": [redirect("/b")], "/b": [Answer(200)]}
    server = serve(routes=routes)
    assert session.head(f"{server.url}/a").status_code == 302
    assert session.head(f"{server.url}/a", allow_redirects=True).status_code == 200


def test_a_redirect_is_not_followed_where_the_source_does_not_want_it(
    serve: Serve, session: Session
) -> None:
    """``allow_redirects=False`` gives the redirect itself."""
    server = serve(redirect("https://evil.example/"))
    reply = session.get(server.url, allow_redirects=False)
    assert (reply.status_code, reply.headers["Location"]) == (302, "https://evil.example/")


@pytest.mark.parametrize(
    "make_target",
    [
        lambda foreign: f"{foreign.url}/b",
        lambda foreign: f"//127.0.0.1:{foreign.port}/b",
        lambda foreign: f"http://localhost:{foreign.port}/b",
        lambda foreign: f"http://user:canary@127.0.0.1:{foreign.port}/b",
        lambda foreign: f"http:\\\\127.0.0.1:{foreign.port}/b",
        lambda _: "https://127.0.0.1/b",
        lambda _: "http://[::1]/b",
        lambda _: "ftp://127.0.0.1/b",
        lambda _: "http://127.0.0.1:99999/b",
        lambda _: "\xff\xfe",
        lambda _: "http://[",
    ],
)
def test_a_redirect_elsewhere_is_refused(serve: Serve, session: Session, make_target: Any) -> None:
    """The library would go on with everything but the Authorization header."""
    foreign: HttpServer = serve(json_answer({}))
    server = serve(redirect(make_target(foreign)))
    with pytest.raises(UnsafeError) as caught:
        with_credentials(session).get(f"{server.url}/a?key=canary")
    assert caught.value.exit_code == 6
    assert foreign.pool == 0
    assert len(server.requests) == 1
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_redirect_of_a_request_that_changes_something_is_refused(
    serve: Serve, session: Session, method: str
) -> None:
    """The library turns a POST into a GET and forgets the body."""
    server = serve(redirect("/b", 302))
    with pytest.raises(UnsafeError, match=f"{method.upper()} {server.url}/a.*base URL"):
        getattr(session, method)(f"{server.url}/a", json={"a": 1})
    assert len(server.requests) == 1


def test_redirects_without_end_are_an_error(serve: Serve, session: Session) -> None:
    """It is exit code 4, and requests' own error as well."""
    server = serve(redirect("/a"))
    with pytest.raises(ProtocolError, match="redirects more than 5 times") as caught:
        session.get(f"{server.url}/a")
    assert isinstance(caught.value, requests.TooManyRedirects)
    assert caught.value.exit_code == 4
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "url",
    ["http://api.example.com/", "http://10.0.0.1/", "http://127.0.0.1.evil.example/", "http://0/"],
)
def test_clear_text_is_refused_beyond_this_machine(open_session: Open, url: str) -> None:
    """Credentials do not travel in clear unless the user says so."""
    with pytest.raises(UnsafeError, match=r"http\.allow_http"):
        open_session().get(url)
    with pytest.raises(UnsafeError, match=r"http\.allow_http"):
        open_session().belong_to(url)
    open_session(allow_http=True).belong_to(url)


def test_this_machine_may_be_called_in_clear_text() -> None:
    """By every name it has."""
    for host in ("localhost", "127.0.0.1", "127.8.9.1", "::1"):
        assert is_loopback(host)
        OriginGuard().check(f"http://{f'[{host}]' if ':' in host else host}:8000/x")
    for host in ("localhost.example", "128.0.0.1", "::2", "127.1", ""):
        assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://api.example.com/a/b?key=canary#frag", "https://api.example.com/a/b"),
        ("https://api.example.com:443?key=canary", "https://api.example.com"),
        ("http://[::1]:8080/a;v=1", "http://[::1]:8080/a;v=1"),
        ("https://user:canary@api.example.com/a", "a URL"),
        ("canary", "a URL"),
        ("https://api.example.com/" + "a" * 500, ("https://api.example.com/" + "a" * 500)[:200]),
    ],
)
def test_a_url_is_shown_without_query_and_user(url: str, text: str) -> None:
    """Errors and metrics name the place, never what was asked."""
    assert without_query(url) == text


def test_an_origin_is_shown_as_a_person_writes_it() -> None:
    """Without the port that goes without saying."""
    assert shown(origin_of("https://a.example:443/x")) == "https://a.example"
    assert shown(origin_of("http://[::1]:8080/x")) == "http://[::1]:8080"
