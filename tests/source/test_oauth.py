"""OAuth 2 from the first token to the last refusal, against a token endpoint on this machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from bizon_singer.errors import (
    BrokenBodyError,
    CredentialsError,
    ProtocolError,
    TransientError,
    UnsafeError,
)
from bizon_singer.redact import MASK, redact
from bizon_singer.source.auth.authenticators import oauth as oauth_module
from bizon_singer.source.auth.authenticators.oauth import Oauth2Authenticator, Oauth2AuthParams
from bizon_singer.source.config import HttpConfig
from bizon_singer.source.session import Session
from tests.fakes.http_server import Answer, HttpServer, Request, json_answer, redirect

if TYPE_CHECKING:
    from tests.source.conftest import Serve

TOKEN = {"access_token": "token-1", "expires_in": 3600}


class Clock:
    """Stands in for the clock of the authenticator."""

    def __init__(self) -> None:
        """Start at some moment."""
        self.now = 1_700_000_000.0

    def time(self) -> float:
        """Return the moment it was set to."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Take over the authenticator's clock."""
    clock = Clock()
    monkeypatch.setattr(oauth_module, "time", clock)
    return clock


def tokens(server: HttpServer) -> list[Request]:
    """Return the requests the token endpoint received."""
    return [request for request in server.requests if request.path == "/token"]


def sent(server: HttpServer) -> list[str]:
    """Return the Authorization headers the API received."""
    return [r.headers["authorization"] for r in server.requests if r.path != "/token"]


def log_in(session: Session, server: HttpServer, **params: Any) -> None:
    """Put an OAuth authenticator on a session."""
    settings = {
        "token_refresh_endpoint": f"{server.url}/token",
        "client_id": "client",
        "client_secret": "client-secret",
        "refresh_token": "refresh-1",
        **params,
    }
    session.auth = Oauth2Authenticator(Oauth2AuthParams(**settings))


def api(serve: Serve, *answers: Any, then: Any = None) -> HttpServer:
    """Serve a token endpoint with these answers, and an API."""
    return serve(then or json_answer({}), routes={"/token": list(answers)})


def test_a_token_is_fetched_once_and_sent_as_bearer(serve: Serve, session: Session) -> None:
    """The request is the form of RFC 6749, section 6; the token is used until it expires."""
    server = api(serve, json_answer(TOKEN))
    log_in(session, server)
    for _ in range(3):
        session.get(f"{server.url}/items")
    (asked,) = tokens(server)
    assert asked.method == "POST"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.form == {
        "grant_type": ["refresh_token"],
        "client_id": ["client"],
        "client_secret": ["client-secret"],
        "refresh_token": ["refresh-1"],
    }
    assert sent(server) == ["Bearer token-1"] * 3


def test_nothing_is_fetched_before_it_is_needed(serve: Serve, session: Session) -> None:
    """Constructing a source calls no API: discovery works without credentials."""
    server = api(serve, json_answer(TOKEN))
    log_in(session, server)
    assert server.requests == []


def test_client_credentials_scopes_and_further_fields(serve: Serve, session: Session) -> None:
    """Scopes are joined by blanks (RFC 6749, 3.3); the body may have fields of its own."""
    server = api(serve, json_answer(TOKEN))
    log_in(
        session,
        server,
        grant_type="client_credentials",
        refresh_token=None,
        scopes=["a:read", "b:read"],
        refresh_request_body={"audience": "x", "client_id": "other"},
    )
    session.get(server.url)
    assert tokens(server)[0].form == {
        "grant_type": ["client_credentials"],
        "client_id": ["other"],
        "client_secret": ["client-secret"],
        "scope": ["a:read b:read"],
        "audience": ["x"],
    }


def test_a_token_is_renewed_before_it_expires(serve: Serve, session: Session, clock: Clock) -> None:
    """A minute before the end of an hour a new one is fetched."""
    server = api(serve, json_answer(TOKEN), json_answer({**TOKEN, "access_token": "token-2"}))
    log_in(session, server)
    session.get(server.url)
    clock.now += 3600 - 61
    session.get(server.url)
    clock.now += 2
    session.get(server.url)
    assert sent(server) == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(
    ("params", "lifetime", "skew"),
    [({}, 100, 10), ({}, 36_000, 60), ({"expiry_skew_seconds": 5}, 100, 5)],
    ids=["a tenth", "a minute", "as set"],
)
def test_how_long_before_the_expiry(  # noqa: PLR0917
    serve: Serve, session: Session, clock: Clock, params: dict[str, Any], lifetime: int, skew: int
) -> None:
    """A tenth of the lifetime, at most a minute, unless set."""
    server = api(serve, json_answer({**TOKEN, "expires_in": lifetime}))
    log_in(session, server, **params)
    session.get(server.url)
    clock.now += lifetime - skew - 1
    session.get(server.url)
    assert len(tokens(server)) == 1
    clock.now += 1
    session.get(server.url)
    assert len(tokens(server)) == 2


def test_a_skew_beyond_the_lifetime_does_not_fetch_a_token_a_request(
    serve: Serve, session: Session, clock: Clock
) -> None:
    """At least half of each token's life is used."""
    server = api(serve, json_answer({**TOKEN, "expires_in": 300}))
    log_in(session, server, expiry_skew_seconds=900)
    for _ in range(3):
        session.get(server.url)
        clock.now += 40
    assert len(tokens(server)) == 1


@pytest.mark.parametrize(
    ("value", "date_format"),
    [
        (3600, None),
        (3600.0, None),
        ("3600", None),
        ("2023-11-14T23:13:20Z", None),
        ("2023-11-14T23:13:20", None),
        ("14/11/2023 23:13:20", "%d/%m/%Y %H:%M:%S"),
        ("2023-11-15 00:13:20 +0100", "%Y-%m-%d %H:%M:%S %z"),
        (None, None),
    ],
)
def test_an_expiry_may_be_a_lifetime_or_a_date(
    serve: Serve, session: Session, clock: Clock, value: Any, date_format: str | None
) -> None:
    """Seconds, ISO 8601, a format of the user's, or nothing (an hour)."""
    server = api(serve, json_answer({**TOKEN, "expires_in": value}))
    log_in(session, server, token_expiry_date_format=date_format)
    session.get(server.url)
    clock.now += 3600 - 61
    session.get(server.url)
    assert len(tokens(server)) == 1
    clock.now += 2
    session.get(server.url)
    assert len(tokens(server)) == 2


@pytest.mark.parametrize("value", ["soon", [3600], {}, "NaN", "1e999"])
def test_an_expiry_that_is_none_names_the_setting(
    serve: Serve, session: Session, value: Any
) -> None:
    """A token nobody knows the end of is not used."""
    server = api(serve, json_answer({**TOKEN, "expires_in": value}))
    log_in(session, server)
    with pytest.raises(ProtocolError, match="token_expiry_date_format"):
        session.get(server.url)


def test_a_rotated_refresh_token_is_used_and_kept_secret(
    serve: Serve, session: Session, clock: Clock
) -> None:
    """The next renewal asks with the token the last one gave."""
    server = api(serve, json_answer({**TOKEN, "refresh_token": "refresh-2"}), json_answer(TOKEN))
    log_in(session, server)
    session.get(server.url)
    clock.now += 4000
    session.get(server.url)
    assert [asked.form["refresh_token"][0] for asked in tokens(server)] == [
        "refresh-1",
        "refresh-2",
    ]
    assert redact("refresh-2 token-1 client-secret") == f"{MASK} {MASK} {MASK}"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("data", {"data": TOKEN}),
        ("data/auth", {"data": {"auth": TOKEN}}),
        ("/data/auth/", {"data": {"auth": TOKEN}}),
        ("tokens/1", {"tokens": [{}, TOKEN]}),
    ],
)
def test_the_token_may_lie_deeper(serve: Serve, session: Session, path: str, answer: Any) -> None:
    """``response_field_path`` leads to the object that holds it."""
    server = api(serve, json_answer(answer))
    log_in(session, server, response_field_path=path)
    session.get(server.url)
    assert sent(server) == ["Bearer token-1"]


def test_the_fields_of_the_answer_may_have_other_names(
    serve: Serve, session: Session, clock: Clock
) -> None:
    """``access_token_name`` and ``expires_in_name``."""
    server = api(serve, json_answer({"jwt": "token-1", "ttl": 100}))
    log_in(session, server, access_token_name="jwt", expires_in_name="ttl")
    session.get(server.url)
    clock.now += 91
    session.get(server.url)
    assert len(tokens(server)) == 2


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({}, None),
        ({"access_token": ""}, None),
        ({"access_token": " "}, None),
        ({"access_token": 7}, None),
        ({"access_token": None}, None),
        ([], None),
        ("token", None),
        (None, None),
        ({"data": TOKEN}, "date"),
        ({"data": [TOKEN]}, "data/7"),
        ({"data": "x"}, "data/auth"),
        ({"error": ["invalid_grant"]}, None),
    ],
)
def test_an_answer_without_a_token_is_the_endpoints_fault(
    serve: Serve, session: Session, answer: Any, path: str | None
) -> None:
    """It is exit code 4, and says which settings to look at."""
    server = api(serve, json_answer(answer))
    log_in(session, server, response_field_path=path)
    with pytest.raises(ProtocolError, match=r"authentication\.params") as caught:
        session.get(server.url)
    assert caught.value.exit_code == 4
    assert sent(server) == []


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"error": "invalid_grant", "error_description": "canary"}, " invalid_grant"),
        ({"error": "canary"}, ""),
        ({"error": {"message": "canary"}}, ""),
        (["canary"], ""),
    ],
)
def test_a_refusal_is_about_the_credentials(
    serve: Serve, session: Session, status: int, body: Any, shown: str
) -> None:
    """It is exit code 3, with the error code of RFC 6749 and nothing else of the answer."""
    server = api(serve, json_answer(body, status))
    log_in(session, server)
    with pytest.raises(CredentialsError, match="refresh_token") as caught:
        session.get(server.url)
    assert caught.value.exit_code == 3
    assert f"({status}{shown})" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_refusal_may_be_no_json(serve: Serve, session: Session) -> None:
    """A web page with status 401 is a refusal all the same."""
    log_in(session, api(serve, Answer(401, b"<html>")))
    with pytest.raises(CredentialsError, match=r"\(401\)"):
        session.get("http://127.0.0.1:9/")


def test_a_refusal_may_come_with_status_200(serve: Serve, session: Session) -> None:
    """Some endpoints say so in the body alone."""
    server = api(serve, json_answer({"error": "invalid_client"}))
    log_in(session, server)
    with pytest.raises(CredentialsError, match="200 invalid_client"):
        session.get(server.url)


@pytest.mark.parametrize("fate", ["reset", "drop"])
def test_an_endpoint_that_cannot_be_reached_may_pass(
    serve: Serve, session: Session, fate: Any
) -> None:
    """It is exit code 5, and there is no response to ask for a status (Bizon fails on that)."""
    server = api(serve, Answer(fate=fate))
    log_in(session, server)
    with pytest.raises(TransientError) as caught:
        session.get(server.url)
    assert caught.value.exit_code == 5
    assert isinstance(caught.value, requests.ConnectionError)
    assert caught.value.response is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_endpoint_in_trouble_is_asked_again(
    serve: Serve, pauses: list[float], status: int
) -> None:
    """As often as the source's own retry limit allows; then it is exit code 5."""
    server = api(serve, json_answer({}, status))
    with Session(HttpConfig(), retry_limit=2) as session:
        log_in(session, server)
        with pytest.raises(TransientError) as caught:
            session.get(server.url)
    assert caught.value.exit_code == 5
    assert len(tokens(server)) == 3
    assert len(pauses) == 2


def test_the_endpoint_is_asked_within_the_sources_limits(serve: Serve) -> None:
    """The time limit of the source's own session holds for its tokens as well."""
    server = api(serve, Answer(fate="hang"))
    with Session(HttpConfig(read_timeout_seconds=0.05), retry_limit=0) as session:
        log_in(session, server)
        started = time.monotonic()
        with pytest.raises(requests.ReadTimeout):
            session.get(server.url)
    assert time.monotonic() - started < 2


def test_an_error_status_is_an_error_also_where_the_source_wants_none(serve: Serve) -> None:
    """``raise_for_status: false`` is about the API, not about its tokens."""
    server = api(serve, json_answer({"error": "invalid_grant"}, 400))
    with Session(HttpConfig(raise_for_status=False), retry_limit=0) as session:
        log_in(session, server)
        with pytest.raises(CredentialsError):
            session.get(server.url)


def test_a_web_page_is_no_token(serve: Serve, session: Session) -> None:
    """HTML with status 200 is exit code 4."""
    server = api(serve, Answer(200, b"<html>log in</html>", {"Content-Type": "text/html"}))
    log_in(session, server)
    with pytest.raises(BrokenBodyError, match="text/html") as caught:
        session.get(server.url)
    assert caught.value.exit_code == 4


def test_an_endpoint_that_redirects_gets_no_secret(serve: Serve, session: Session) -> None:
    """The form holds the client secret, so it goes nowhere but where the settings say."""
    foreign = serve(json_answer(TOKEN))
    server = api(serve, redirect(f"{foreign.url}/token", 307))
    log_in(session, server)
    with pytest.raises(UnsafeError):
        session.get(server.url)
    assert foreign.requests == []


def test_an_endpoint_over_http_is_refused(session: Session) -> None:
    """A token is fetched over https, except from this machine."""
    session.auth = Oauth2Authenticator(
        Oauth2AuthParams(
            token_refresh_endpoint="http://auth.invalid/token", client_id="c", client_secret="s"
        )
    )
    with pytest.raises(UnsafeError, match="clear text"):
        session.get("https://api.invalid/")
