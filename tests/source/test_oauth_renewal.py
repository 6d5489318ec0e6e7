"""A token refused in the middle of a run: one renewal, one more try, whatever the threads do."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from bizon_singer.errors import (
    CredentialsError,
    ProtocolError,
)
from bizon_singer.source.session import Session
from tests.fakes.http_server import Answer, Request, json_answer
from tests.source.test_oauth import TOKEN, api, log_in, sent, tokens

if TYPE_CHECKING:
    from tests.source.conftest import Serve


def needs(token: str) -> Any:
    """Return an API that answers 401 to any other token."""

    def answer(request: Request) -> Answer:
        accepted = request.headers["authorization"] == f"Bearer {token}"
        return json_answer({"ok": True}) if accepted else json_answer({}, 401)

    return answer


def test_a_401_renews_the_token_once_and_tries_once_more(serve: Serve, session: Session) -> None:
    """A token revoked in the middle of a run does not end it."""
    server = api(
        serve,
        json_answer(TOKEN),
        json_answer({**TOKEN, "access_token": "token-2"}),
        then=needs("token-2"),
    )
    log_in(session, server)
    assert session.post(f"{server.url}/items", json={"a": 1}).json() == {"ok": True}
    assert sent(server) == ["Bearer token-1", "Bearer token-2"]
    assert [r.body for r in server.requests if r.path == "/items"] == [b'{"a": 1}'] * 2
    assert len(tokens(server)) == 2


def test_a_401_to_what_cannot_be_sent_again_is_about_the_credentials(
    serve: Serve, session: Session
) -> None:
    """A body that is spent is not sent half."""
    server = api(serve, json_answer(TOKEN), then=json_answer({}, 401))
    log_in(session, server)
    with pytest.raises(CredentialsError):
        session.post(f"{server.url}/items", data=iter([b"abc"]), headers={"Content-Length": "3"})
    assert len(sent(server)) == 1


def test_a_second_401_is_about_the_credentials(serve: Serve, session: Session) -> None:
    """No storm of refreshes: after one renewal it is exit code 3."""
    server = api(serve, json_answer(TOKEN), then=json_answer({}, 401))
    log_in(session, server)
    with pytest.raises(CredentialsError) as caught:
        session.get(f"{server.url}/items")
    assert caught.value.exit_code == 3
    assert isinstance(caught.value, requests.HTTPError)
    assert len(tokens(server)) == 2
    assert len(sent(server)) == 2


def test_a_refresh_refused_after_a_401_is_about_the_credentials(
    serve: Serve, session: Session
) -> None:
    """A revoked refresh token ends the run with exit code 3."""
    refused = json_answer({"error": "invalid_grant"}, 400)
    server = api(serve, json_answer(TOKEN), refused, then=json_answer({}, 401))
    log_in(session, server)
    with pytest.raises(CredentialsError, match="invalid_grant"):
        session.get(f"{server.url}/items")


def test_a_request_with_an_authenticator_of_its_own_renews_that_one(
    serve: Serve, session: Session
) -> None:
    """The session's authenticator does not put its token on somebody else's request."""
    server = api(serve, json_answer(TOKEN), then=json_answer({}, 401))
    log_in(session, server)
    with pytest.raises(CredentialsError):
        session.get(f"{server.url}/items", auth=("user", "password"))
    assert tokens(server) == []
    assert len(sent(server)) == 1


def test_threads_that_find_a_token_refused_renew_it_once(serve: Serve) -> None:
    """Where refresh tokens are used once, a second renewal would lock the run out."""
    together = threading.Barrier(8)
    renewals = threading.Lock()
    fetched = 0

    def token(_request: Request) -> Answer:
        nonlocal fetched
        with renewals:
            fetched += 1
            return json_answer({**TOKEN, "access_token": f"token-{fetched}"})

    def items(request: Request) -> Answer:
        if request.headers["authorization"] == "Bearer token-1":
            together.wait(5)  # all eight are refused before one renews
            return json_answer({}, 401)
        return json_answer({"ok": True})

    server = api(serve, token, then=items)
    with Session(retry_limit=0, pool_size=8) as session:
        log_in(session, server)
        with ThreadPoolExecutor(8) as workers:
            answers = list(workers.map(lambda _: session.get(f"{server.url}/items"), range(8)))
    assert all(answer.json() == {"ok": True} for answer in answers)
    assert len(tokens(server)) == 2


def test_threads_that_need_the_first_token_fetch_it_once(serve: Serve) -> None:
    """Eight threads that start at once share one token."""
    server = api(serve, json_answer(TOKEN))
    with Session(retry_limit=0, pool_size=8) as session:
        log_in(session, server)
        with ThreadPoolExecutor(8) as workers:
            list(workers.map(lambda _: session.get(f"{server.url}/items"), range(16)))
    assert len(tokens(server)) == 1
    assert sent(server) == ["Bearer token-1"] * 16


def test_an_authenticator_of_the_sources_own_may_refresh(serve: Serve, session: Session) -> None:
    """Any authenticator with a ``refresh`` method is asked to use it on a 401."""

    class Keys(requests.auth.AuthBase):
        number = 1

        def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer token-{self.number}"
            return request

        def refresh(self) -> None:
            self.number += 1

    server = serve(needs("token-2"))
    session.auth = Keys()
    assert session.get(server.url).json() == {"ok": True}
    assert len(server.requests) == 2


def test_a_token_with_a_line_break_is_not_shown(serve: Serve, session: Session) -> None:
    """http.client refuses such a header and prints it; here it is an error without it."""
    server = api(serve, json_answer({"access_token": "canary\r\nX-Evil: 1", "expires_in": 60}))
    log_in(session, server)
    with pytest.raises(ProtocolError, match="header") as caught:
        session.get(server.url)
    assert "canary" not in str(caught.value)
    assert len(server.requests) == 1
