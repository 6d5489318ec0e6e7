"""Tokens, Basic and cookies: what a server really receives."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from bizon_singer import AuthBuilder as PublicAuthBuilder
from bizon_singer.redact import MASK, redact
from bizon_singer.source.auth.authenticators.basic import BasicHttpAuthParams
from bizon_singer.source.auth.authenticators.cookies import CookiesAuthParams
from bizon_singer.source.auth.authenticators.oauth import Oauth2Authenticator, Oauth2AuthParams
from bizon_singer.source.auth.authenticators.token import TokenAuthParams
from bizon_singer.source.auth.builder import AuthBuilder
from bizon_singer.source.auth.config import AuthConfig
from bizon_singer.source.config import SourceConfig
from bizon_singer.source.models import SourceIteration
from bizon_singer.source.source import AbstractSource
from tests.fakes.http_server import json_answer, redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.source.conftest import Serve


class PlainSource(AbstractSource):
    """A source that leaves authentication to its settings."""

    @staticmethod
    def streams() -> list[str]:
        """Name one stream."""
        return ["items"]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:  # noqa: ARG002
        """Give nothing."""
        return SourceIteration()


def received(serve: Serve, kind: str, params: dict[str, Any], **kwargs: Any) -> Mapping[str, str]:
    """Return the headers a server receives from a source with this authentication."""
    server = serve(json_answer({}))
    source = source_with(kind, params)
    source.session.get(f"{server.url}/items", **kwargs)
    source.session.close()
    return server.requests[-1].headers


def source_with(kind: str, params: dict[str, Any]) -> PlainSource:
    """Return a source of these settings, without retries."""
    settings = {"type": kind, "params": params}
    return PlainSource(
        SourceConfig.model_validate(
            {"stream": "items", "authentication": settings, "api_config": {"retry_limit": 0}}
        )
    )


@pytest.mark.parametrize("kind", ["api_key", "bearer"])
def test_a_token_is_sent_as_bearer(serve: Serve, kind: str) -> None:
    """``bearer`` is another word for ``api_key``."""
    assert received(serve, kind, {"token": "abc"})["authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    ("params", "header", "value"),
    [
        ({"auth_method": "Token"}, "authorization", "Token abc"),
        ({"auth_header": "X-Api-Key", "auth_method": ""}, "x-api-key", "abc"),
    ],
)
def test_a_token_goes_where_and_how_the_api_wants_it(
    serve: Serve, params: dict[str, Any], header: str, value: str
) -> None:
    """Header and word can be set; no word sends the token alone, without a blank."""
    headers = received(serve, "api_key", {"token": "abc", **params})
    assert headers[header] == value
    assert header == "authorization" or "authorization" not in headers


@pytest.mark.parametrize(
    ("params", "pair"),
    [
        ({"username": "u", "password": "p"}, "u:p"),
        ({"username": "key"}, "key:"),
        ({"username": "u", "password": "pä:ß→"}, "u:pä:ß→"),
    ],
)
def test_basic_sends_the_pair_in_base64(serve: Serve, params: dict[str, Any], pair: str) -> None:
    """Letters beyond ASCII are UTF-8 (RFC 7617, 2.1)."""
    sent = received(serve, "basic", params)["authorization"]
    assert sent == "Basic " + base64.b64encode(pair.encode()).decode()


def test_basic_goes_where_the_api_wants_it(serve: Serve) -> None:
    """Header and word can be set for a pair as well."""
    params = {"username": "u", "auth_header": "X-Auth", "auth_method": ""}
    assert received(serve, "basic", params)["x-auth"] == base64.b64encode(b"u:").decode()


def test_cookies_and_headers_are_sent(serve: Serve) -> None:
    """Both go with every request."""
    params = {"cookies": {"sid": "s1", "lang": "en"}, "headers": {"X-Csrf": "c1"}}
    headers = received(serve, "cookies", params)
    assert headers["cookie"] == "sid=s1; lang=en"
    assert headers["x-csrf"] == "c1"


def test_cookies_join_those_of_the_request(serve: Serve) -> None:
    """A cookie the source sets itself stays."""
    headers = received(serve, "cookies", {"cookies": {"sid": "s1"}}, cookies={"page": "2"})
    assert headers["cookie"] == "page=2; sid=s1"


def test_a_cookie_the_server_renews_replaces_that_of_the_settings(serve: Serve) -> None:
    """A session that rotates its cookie goes on with the new one, and sends it once."""
    server = serve(json_answer({}, Set_Cookie="sid=s2; Path=/"), json_answer({}))
    source = source_with("cookies", {"cookies": {"sid": "s1", "lang": "en"}})
    for _ in range(2):
        source.session.get(server.url)
    source.session.close()
    assert [request.headers["cookie"] for request in server.requests] == [
        "sid=s1; lang=en",
        "sid=s2; lang=en",
    ]


def test_cookies_follow_a_redirect(serve: Serve) -> None:
    """What was sent, and what the redirecting answer set, arrives at its target, each once."""
    routes: Any = {"/a": [redirect("/b", Set_Cookie="seen=1")], "/b": [json_answer({})]}
    server = serve(routes=routes)
    source = source_with("cookies", {"cookies": {"sid": "s1"}})
    source.session.get(f"{server.url}/a", cookies={"page": "2"})
    source.session.close()
    sent = server.requests[-1].headers["cookie"].split("; ")
    assert sorted(sent) == ["page=2", "seen=1", "sid=s1"]


def test_no_cookies_send_no_header(serve: Serve) -> None:
    """An empty set is allowed; the headers alone may be what proves who it is."""
    headers = received(serve, "cookies", {"cookies": {}, "headers": {"X-Key": "k"}})
    assert "cookie" not in headers
    assert headers["x-key"] == "k"


def test_a_source_without_authentication_sends_none(serve: Serve) -> None:
    """No setting, no header."""
    server = serve(json_answer({}))
    source = PlainSource(SourceConfig(stream="items"))
    source.session.get(server.url)
    source.session.close()
    assert source.session.auth is None
    assert "authorization" not in server.requests[0].headers


def test_the_builder_has_bizons_methods_by_keyword(serve: Serve) -> None:
    """Sources call ``AuthBuilder.token(params=…)`` and its three siblings."""
    oauth = Oauth2AuthParams(token_refresh_endpoint="x", client_id="c", client_secret="s")
    built = [
        AuthBuilder.token(params=TokenAuthParams(token="t")),
        AuthBuilder.basic(params=BasicHttpAuthParams(username="u")),
        AuthBuilder.cookies(params=CookiesAuthParams(cookies={"a": "b"})),
    ]
    server = serve(json_answer({}))
    for authenticator in built:
        source = PlainSource(SourceConfig(stream="items"))
        source.session.get(server.url, auth=authenticator)
        source.session.close()
    sent = [request.headers for request in server.requests]
    assert sent[0]["authorization"] == "Bearer t"
    assert sent[1]["authorization"].startswith("Basic ")
    assert sent[2]["cookie"] == "a=b"
    assert isinstance(AuthBuilder.oauth2(params=oauth), Oauth2Authenticator)
    assert PublicAuthBuilder is AuthBuilder


@pytest.mark.parametrize(
    ("kind", "params", "built"),
    [
        ("api_key", {"token": "t"}, "TokenAuthenticator"),
        ("bearer", {"token": "t"}, "TokenAuthenticator"),
        ("basic", {"username": "u"}, "BasicHttpAuthenticator"),
        ("cookies", {"cookies": {"a": "b"}}, "CookiesAuthenticator"),
        (
            "oauth",
            {"token_refresh_endpoint": "x", "client_id": "c", "client_secret": "s"},
            "Oauth2Authenticator",
        ),
    ],
)
def test_from_config_builds_what_the_type_asks_for(
    kind: str, params: dict[str, Any], built: str
) -> None:
    """The method Bizon's documentation teaches."""
    config = AuthConfig.model_validate({"type": kind, "params": params})
    assert type(AuthBuilder.from_config(config)).__name__ == built


def test_from_config_of_nothing_is_nothing() -> None:
    """``authentication`` may be left out."""
    assert AuthBuilder.from_config(None) is None


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("api_key", {"token": "canary-0123456789"}),
        ("basic", {"username": "u", "password": "canary-0123456789"}),
        ("basic", {"username": "canary-0123456789"}),
        ("cookies", {"cookies": {"sid": "canary-0123456789"}}),
        ("cookies", {"cookies": {}, "headers": {"X-Csrf-Token": "canary-0123456789"}}),
        (
            "oauth",
            {"token_refresh_endpoint": "x", "client_id": "c", "client_secret": "canary-0123456789"},
        ),
        (
            "oauth",
            {
                "token_refresh_endpoint": "x",
                "client_id": "c",
                "client_secret": "s",
                "refresh_token": "canary-0123456789",
            },
        ),
    ],
)
def test_an_authenticator_registers_its_secrets(kind: str, params: dict[str, Any]) -> None:
    """Credentials a source fetches itself are redacted like those of the settings."""
    AuthBuilder.from_config(AuthConfig.model_validate({"type": kind, "params": params}))
    assert redact("see canary-0123456789!") == f"see {MASK}!"


def test_an_ordinary_header_stays_readable() -> None:
    """Only headers that look private are redacted: a content type is in many a log line."""
    CookiesAuthParams(cookies={}, headers={"Accept": "application/json"})
    AuthBuilder.cookies(CookiesAuthParams(cookies={}, headers={"Accept": "application/json"}))
    assert redact("3 bytes of application/json") == "3 bytes of application/json"
