"""Proxies, certificates and netrc: what the environment may decide, and what it may not."""

from __future__ import annotations

import ssl
import stat
from typing import TYPE_CHECKING, Any

import pytest
import requests

from bizon_singer.errors import (
    ConfigError,
    ProtocolError,
    TransientError,
)
from bizon_singer.source.transport import ReplyAdapter
from bizon_singer.source.unreachable import UnreachableError
from tests.fakes.http_server import json_answer

if TYPE_CHECKING:
    from pathlib import Path

    from bizon_singer.source.session import Session
    from tests.source.conftest import Open, Serve

OK = json_answer({"ok": True})


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
