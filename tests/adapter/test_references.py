"""References of a config: to the environment, to a .env file, to Google Secret Manager."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import google.auth
import pytest
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import secretmanager
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceRestTransport,
)

from bizon_singer import secret_manager
from bizon_singer.errors import BizonSingerError, ConfigError
from bizon_singer.redact import redact
from bizon_singer.references import resolve_references
from tests.fakes.http_server import Answer, HttpServer, Request, json_answer

SECRET = "canary-of-the-manager"


def test_references_are_replaced_wherever_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole values, parts of values, Bizon's old form; in objects and lists; only once."""
    monkeypatch.setenv("HOST", "db.local")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("NESTED", "env://HOST")
    monkeypatch.setenv("BIZON_ENV_OLD", "old")
    value = {
        "whole": "env://HOST",
        "blanks": " env://HOST\n",
        "part": "https://${env://HOST}:${ env://HOST }/x",
        "old": "BIZON_ENV_OLD",
        "list": [{"a": "env://EMPTY"}],
        "nested": "env://NESTED",
        "plain": "the env://HOST is no reference here, nor is ${HOST}",
        "address": "https://db.local",
        "number": 3,
        "none": None,
    }
    assert resolve_references(value) == {
        "whole": "db.local",
        "blanks": "db.local",
        "part": "https://db.local:db.local/x",
        "old": "old",
        "list": [{"a": ""}],
        "nested": "env://HOST",
        "plain": "the env://HOST is no reference here, nor is ${HOST}",
        "address": "https://db.local",
        "number": 3,
        "none": None,
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": {"b": "env://NOT_SET"}}, "`a.b` refers to the environment variable NOT_SET"),
        ({"a": ["x", "pre${env://NOT_SET}"]}, "`a.1` refers to the environment variable NOT_SET"),
        ({"a": "BIZON_ENV_NOT_SET"}, "`a` refers to the environment variable BIZON_ENV_NOT_SET"),
        ({"a": "env://"}, "`a` refers to an environment variable by something that is no"),
        ({"a": "gsm://project/secret"}, "`a` refers to Google Secret Manager by something that"),
        ({"a": "gsm://"}, "`a` refers to Google Secret Manager by something that is no name"),
        ({"a": "x${vault://y}"}, "`a` has a reference of the scheme 'vault', which is not known"),
    ],
)
def test_a_reference_that_leads_nowhere_names_the_setting(
    value: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting and the variable are named, with what to do."""
    monkeypatch.setattr(google.auth, "default", lambda: (AnonymousCredentials(), "shop"))
    with pytest.raises(ConfigError) as caught:
        resolve_references(value)
    assert words in str(caught.value)


def test_a_dotenv_file_is_read_for_a_variable_that_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the working directory or above, as `bizon run` does; the environment goes before it."""
    (tmp_path / ".env").write_text("IN_BOTH=file\nIN_FILE=file\nBIZON_ENV_X=old\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    for name in ("IN_BOTH", "IN_FILE", "BIZON_ENV_X"):  # so that what the file sets is undone
        monkeypatch.setenv(name, "environment")
    monkeypatch.delenv("IN_FILE")
    monkeypatch.delenv("BIZON_ENV_X")
    value = ["env://IN_BOTH", "${env://IN_FILE}!", "BIZON_ENV_X"]
    assert resolve_references(value) == ["environment", "file!", "old"]


# Google Secret Manager: its own client, over HTTP, against a local server


def answer(request: Request) -> Answer:
    """Give the secrets there are; one is binary, one forbidden, one out of order."""
    known = {
        "/v1/projects/shop/secrets/token/versions/latest:access": SECRET.encode(),
        "/v1/projects/shop/secrets/token/versions/3:access": b"an older one",
        "/v1/projects/other/secrets/token/versions/1:access": b"of another project",
        "/v1/projects/shop/secrets/binary/versions/latest:access": b"\xff\xfe",
    }
    codes = {"forbidden": 403, "broken": 500}
    for name, code in codes.items():
        if f"/{name}/" in request.path:
            return json_answer({"error": {"code": code, "message": "canary"}}, code)
    if request.path not in known:
        return json_answer({"error": {"code": 404, "message": "canary"}}, 404)
    data = base64.b64encode(known[request.path]).decode()
    return json_answer({"name": request.path, "payload": {"data": data}})


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    """A local server in place of Google's, asked by whoever is no one in particular."""
    for cached in (secret_manager._read, secret_manager._client):
        cached.cache_clear()
    with HttpServer(answer) as server:
        transport = SecretManagerServiceRestTransport(
            host=server.url.removeprefix("http://"),
            credentials=AnonymousCredentials(),
            url_scheme="http",
        )
        client = partial(secretmanager.SecretManagerServiceClient, transport=transport)
        monkeypatch.setattr(secretmanager, "SecretManagerServiceClient", client)
        monkeypatch.setattr(google.auth, "default", lambda: (AnonymousCredentials(), "shop"))
        yield server
        transport.close()


def test_a_secret_is_read_from_google_secret_manager(manager: HttpServer) -> None:
    """By its name, in one version, of another project, within a text; each once."""
    value = {
        "token": "gsm://token",
        "again": ["gsm://token"],
        "older": "gsm://token/versions/3",
        "full": "gsm://projects/other/secrets/token/versions/1",
        "part": "user:${gsm://token/versions/latest}@host",
    }
    assert resolve_references(value) == {
        "token": SECRET,
        "again": [SECRET],
        "older": "an older one",
        "full": "of another project",
        "part": f"user:{SECRET}@host",
    }
    assert len(manager.requests) == 3
    assert redact(f"it is {SECRET}") == "it is [REDACTED]"


@pytest.mark.parametrize(
    ("reference", "code", "words"),
    [
        ("gsm://missing", 2, "is no secret with a text; create it, or mend its name"),
        ("gsm://binary", 2, "is no secret with a text"),
        ("gsm://forbidden", 3, "may not be read by whoever runs this"),
        ("gsm://broken", 5, "could not be read (InternalServerError); run again later"),
    ],
)
def test_a_secret_that_cannot_be_read_is_named(
    manager: HttpServer, reference: str, code: int, words: str
) -> None:
    """With the setting it is for and what to do; the exit code tells whose matter it is."""
    with pytest.raises(BizonSingerError) as caught:
        resolve_references({"a": {"b": reference}})
    text = str(caught.value)
    name = reference.removeprefix("gsm://")
    assert (
        f"setting `a.b` refers to Google Secret Manager, where 'projects/shop/secrets/{name}/"
        in text
    )
    assert words in text
    assert "canary" not in text
    assert caught.value.exit_code == code
    assert manager.requests


def test_who_has_no_login_at_google_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is asked; and so is who has one without a project."""

    def no_login() -> None:
        raise DefaultCredentialsError("canary")

    monkeypatch.setattr(google.auth, "default", no_login)
    with pytest.raises(BizonSingerError, match="set GOOGLE_APPLICATION_CREDENTIALS") as caught:
        resolve_references("gsm://token", "a")
    assert caught.value.exit_code == 3
    monkeypatch.setattr(google.auth, "default", lambda: (AnonymousCredentials(), None))
    with pytest.raises(ConfigError, match="set the environment variable GOOGLE_CLOUD_PROJECT"):
        resolve_references("gsm://token", "a")


@pytest.mark.parametrize("reference", ["gsm://token", "gsm://projects/p/secrets/s/versions/1"])
def test_without_its_client_the_extra_is_named(
    reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only who has such a reference needs it."""
    secret_manager._client.cache_clear()
    for name in ("google.auth", "google.cloud", "google.cloud.secretmanager"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r"pip install 'bizon-singer\[secretmanager\]'"):
        resolve_references(reference, "a")
