"""bizon-singer on a source whose streams an account decides: HubSpot, on a local server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.process import write
from tests.fakes.hubspot import HubSpot, unlimited
from tests.fakes.hubspot.access import TOKEN
from tests.process.commands import Finished
from tests.workbench.desk import answer, desk, lines


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account with a contact, which may not read deals."""
    with HubSpot(limits=unlimited()) as served:
        served.portal.create("contacts", {"email": "ada@example.com"})
        served.access.denied.add("crm.objects.deals.read")
        yield served


def ask(folder: Path, hubspot: HubSpot, *words: str, **settings: object) -> Finished:
    """Run a command with the config of the account; CONFIG in it is the path."""
    config = write(folder / "c.json", hubspot.settings(**settings))
    done = desk(*(config if word == "CONFIG" else word for word in words))
    assert TOKEN not in done.stdout.decode() + done.stderr
    return done


def test_a_stream_the_account_may_not_read_is_told(hubspot: HubSpot, tmp_path: Path) -> None:
    """It is listed with the reason; the check skips it, which is no failure."""
    done = ask(tmp_path, hubspot, "stream", "list", "hubspot", "-c", "CONFIG", "--json")
    streams = {item["name"]: item for item in answer(done)["streams"]}
    assert streams["contacts"]["replication_method"] == "INCREMENTAL"
    assert streams["contacts"]["unavailable"] is None
    assert "crm.objects.deals.read" in streams["deals"]["unavailable"]
    words = ["check", "CONFIG", "-s", "hubspot", "--stream", "contacts", "--stream", "deals"]
    done = ask(tmp_path, hubspot, *words)
    assert done.code == 0, done.stderr
    settings, connection, deals, contacts = lines(done)
    assert settings.startswith("settings ok")
    assert connection.startswith("connection ok")
    assert deals.startswith("stream deals skipped")
    assert contacts == "stream contacts ok a record was read"


def test_a_void_token_fails_the_connection(hubspot: HubSpot, tmp_path: Path) -> None:
    """Already when the account is asked for its streams: exit 3, and the sentence of a run."""
    login = {"type": "api_key", "params": {"token": "pat-wrong-canary"}}
    done = ask(tmp_path, hubspot, "check", "CONFIG", "-s", "hubspot", authentication=login)
    assert done.code == 3
    settings, connection = lines(done)
    assert settings.startswith("settings ok")
    assert connection.startswith("connection FAILED")
    assert "401" in connection
    assert "401" in done.last_line
    assert "pat-wrong-canary" not in done.stdout.decode() + done.stderr


def test_the_records_of_an_account_are_shown(hubspot: HubSpot, tmp_path: Path) -> None:
    """Typed as the account declares them."""
    done = ask(tmp_path, hubspot, "preview", "contacts", "-s", "hubspot", "-c", "CONFIG", "--json")
    (record,) = answer(done)["records"]
    assert record["email"] == "ada@example.com"
