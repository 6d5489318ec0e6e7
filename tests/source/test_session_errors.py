"""What is raised when an answer is of no use: whose error it is, and what it never shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from bizon_singer.errors import (
    BizonSingerError,
    CredentialsError,
    ProtocolError,
    TransientError,
)
from bizon_singer.source.reply import (
    HttpStatusError,
    RequestStatusError,
)
from tests.fakes.http_server import Answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bizon_singer.source.session import Session
    from tests.source.conftest import Open, Serve

OK = json_answer({"ok": True})


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
