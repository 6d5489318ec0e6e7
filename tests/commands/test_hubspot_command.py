"""tap-hubspot as a user meets it: credentials, permissions and mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.process import assert_refused, last_state, records, sentence, tap, write
from tests.fakes.http_server import Answer, HttpServer
from tests.fakes.hubspot import HubSpot, unlimited
from tests.fakes.hubspot.access import CLIENT_SECRET, REFRESH_TOKEN, TOKEN
from tests.process.commands import Finished


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account with a contact."""
    with HubSpot(limits=unlimited()) as served:
        served.portal.create("contacts", {"email": "ada@example.com"})
        yield served


def read(folder: Path, config: object, *more: str) -> Finished:
    """Run the command with a config."""
    return tap("tap-hubspot", "--config", write(folder / "config.json", config), *more)


def test_a_stream_is_read_to_its_end(hubspot: HubSpot, tmp_path: Path) -> None:
    """SCHEMA, RECORD, STATE, exit 0, and the token nowhere."""
    done = read(tmp_path, hubspot.settings(stream="contacts"))
    assert done.code == 0
    assert [record["email"] for record in records(done)] == ["ada@example.com"]
    assert last_state(done)["bookmarks"]["contacts"]["in_progress"] is None
    assert TOKEN not in done.stdout.decode() + done.stderr


def test_discovery_needs_no_credentials(tmp_path: Path) -> None:
    """Nor a network: the standard streams are printed."""
    done = read(tmp_path, {"base_url": "http://127.0.0.1:9"}, "--discover")
    assert done.code == 0
    assert "contacts" in {entry["stream"] for entry in json.loads(done.stdout)["streams"]}


def test_reading_without_credentials_is_refused(hubspot: HubSpot, tmp_path: Path) -> None:
    """The setting is named, with an example."""
    done = read(tmp_path, {"base_url": hubspot.base_url, "stream": "contacts"})
    assert_refused(done, "`authentication` is missing", "api_key")
    assert hubspot.requests == []


def test_reading_without_credentials_is_refused_once(tmp_path: Path) -> None:
    """Not by each of fifty streams."""
    done = read(tmp_path, {})
    assert_refused(done, "`authentication` is missing", "api_key")
    assert done.stderr.count("authentication") == 1
    assert "streams failed" not in done.stderr


def test_a_wrong_token_is_told(hubspot: HubSpot, tmp_path: Path) -> None:
    """Exit 3, one sentence, no token in it."""
    login = {"type": "api_key", "params": {"token": "pat-wrong-canary"}}
    done = read(tmp_path, hubspot.settings(authentication=login, stream="contacts"))
    assert_refused(done, "401", "authentication", code=3)
    assert "pat-wrong-canary" not in done.stderr


def test_an_oauth_token_that_ends_is_renewed(hubspot: HubSpot, tmp_path: Path) -> None:
    """Once, in the middle of the run, and no secret is seen."""
    hubspot.before(20, hubspot.access.revoke)
    done = read(tmp_path, hubspot.oauth_settings(stream="contacts"))
    assert done.code == 0
    assert len(records(done)) == 1
    # One for discovery, one after it was revoked, one for the run.
    assert len(hubspot.access.issued) == 3
    for secret in (CLIENT_SECRET, REFRESH_TOKEN, *hubspot.access.issued):
        assert secret not in done.stdout.decode() + done.stderr


def test_the_token_endpoint_may_be_left_out(hubspot: HubSpot, tmp_path: Path) -> None:
    """It is the one of the API's version below the base URL."""
    settings = hubspot.oauth_settings(stream="contacts", api_version="v3")
    del settings["authentication"]["params"]["token_refresh_endpoint"]
    done = read(tmp_path, settings)
    assert done.code == 0
    assert "/oauth/v3/token" in {request.path for request in hubspot.requests}


def test_a_refresh_token_that_is_refused(hubspot: HubSpot, tmp_path: Path) -> None:
    """Exit 3; what to check is named."""
    settings = hubspot.oauth_settings(stream="contacts")
    settings["authentication"]["params"]["refresh_token"] = "refresh-wrong-canary"
    done = read(tmp_path, settings)
    assert_refused(done, "refresh_token", code=3)
    assert "refresh-wrong-canary" not in done.stderr


def test_another_server_at_the_base_url(hubspot: HubSpot, tmp_path: Path) -> None:
    """A web page with status 200 is no account."""
    page = Answer(200, b"<html>hello</html>", {"Content-Type": "text/html"})
    with HttpServer(page) as server:
        settings = {**hubspot.settings(stream="contacts"), "base_url": server.url}
        assert_refused(read(tmp_path, settings), "text/html", "base URL", code=4)


def test_an_unknown_stream(hubspot: HubSpot, tmp_path: Path) -> None:
    """The nearest one is named."""
    done = read(tmp_path, hubspot.settings(stream="contactz"))
    assert_refused(done, "contactz", "contacts")


def test_a_stream_that_is_gone_from_the_account(hubspot: HubSpot, tmp_path: Path) -> None:
    """A catalog that selects a custom object deleted since fails that stream alone."""
    found = json.loads(read(tmp_path, hubspot.settings(), "--discover").stdout)
    (contacts,) = (entry for entry in found["streams"] if entry["stream"] == "contacts")
    gone = json.loads(json.dumps(contacts).replace('"contacts"', '"p4242_gone"'))
    for entry in (contacts, gone):
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = True
    path = write(tmp_path / "catalog.json", {"streams": [gone, contacts]})
    done = read(tmp_path, hubspot.settings(), "--catalog", path)
    assert done.code == 4
    assert "p4242_gone" in sentence(done)
    assert len(records(done, "contacts")) == 1
