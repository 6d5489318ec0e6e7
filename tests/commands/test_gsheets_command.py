"""tap-gsheets as a user meets it: keys, permissions and mistakes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bizon_taps.gsheets.tap import TapGsheets
from tests.commands.process import (
    assert_refused,
    last_state,
    messages,
    records,
    sentence,
    tap,
    write,
)
from tests.fakes.gsheets import Gsheets, fill
from tests.fakes.gsheets.access import CLIENT_SECRET, EMAIL, REFRESH_TOKEN
from tests.fakes.gsheets.faults import refuse
from tests.fakes.gsheets.refusal import of_sheets
from tests.process.commands import Finished, run
from tests.process.inside import run_inside

HEAVY = ("gspread", "google.auth", "cryptography")


@pytest.fixture
def google() -> Iterator[Gsheets]:
    """A Google without spreadsheets."""
    with Gsheets() as server:
        yield server


def inside(folder: Path, config: object, *more: str) -> Finished:
    """Run the command inside this process."""
    path = write(folder / "config.json", config)
    return run_inside(lambda _: TapGsheets, "--config", path, *more, name="tap-gsheets")


def test_a_worksheet_is_read_to_its_end(google: Gsheets, tmp_path: Path) -> None:
    """SCHEMA, RECORD, STATE, exit 0, and the private key nowhere."""
    fill(google)
    config = write(tmp_path / "config.json", google.settings(stream="orders"))
    done = tap("tap-gsheets", "--config", config)
    assert done.code == 0, done.stderr
    assert [row["sku_code"] for row in records(done)] == ["00001", "00002", "00003", "00004"]
    assert last_state(done)["bookmarks"]["orders"]["in_progress"] is None
    assert "PRIVATE KEY" not in done.stdout.decode() + done.stderr


@pytest.mark.parametrize("form", ["text", "object", "file", "environment", "oauth"])
def test_a_key_may_be_given_in_any_form(
    form: str, google: Gsheets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON, an object, a path, the file of Application Default Credentials, or a user's."""
    fill(google)
    settings = google.settings(stream="orders")
    key = write(tmp_path / "key.json", google.access.key())
    if form == "object":
        settings["service_account_key"] = google.access.key()
    elif form == "file":
        settings["service_account_key"] = key
    elif form == "environment":
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key)
        del settings["service_account_key"]
    elif form == "oauth":
        settings = google.oauth_settings(stream="orders")
    done = inside(tmp_path, settings)
    assert done.code == 0, done.stderr
    assert len(records(done, "orders")) == 4


def test_a_machine_of_googles_cloud_needs_no_key(google: Gsheets, tmp_path: Path) -> None:
    """Its own server of metadata has tokens for it."""
    fill(google)
    settings = google.settings(stream="orders")
    del settings["service_account_key"]
    host = google.base_url.removeprefix("http://")
    nothing = {"GOOGLE_APPLICATION_CREDENTIALS": "", "CLOUDSDK_CONFIG": str(tmp_path)}
    done = tap(
        "tap-gsheets",
        "--config",
        write(tmp_path / "config.json", settings),
        env={"GCE_METADATA_HOST": host, "GCE_METADATA_IP": host, **nothing},
    )
    assert done.code == 0, done.stderr
    assert len(records(done, "orders")) == 4


def test_a_machine_without_credentials_is_told_so(google: Gsheets, tmp_path: Path) -> None:
    """At once, where it is known that it is none of Google's cloud."""
    settings = google.settings(google.book())
    del settings["service_account_key"]
    done = tap(
        "tap-gsheets",
        "--config",
        write(tmp_path / "config.json", settings),
        env={
            "NO_GCE_CHECK": "true",
            "GOOGLE_APPLICATION_CREDENTIALS": "",
            "CLOUDSDK_CONFIG": str(tmp_path),
        },
    )
    assert_refused(done, "no Application Default Credentials", "service_account_key", code=3)


def test_the_token_endpoint_may_be_another(google: Gsheets, tmp_path: Path) -> None:
    """By ``token_uri``, which goes before the one in the key."""
    fill(google)
    key = google.access.key(token_uri="https://example.invalid/token")
    settings = google.settings(service_account_key=key, token_uri=google.access.token_uri)
    assert inside(tmp_path, {**settings, "stream": "orders"}).code == 0


def test_drive_may_be_elsewhere(google: Gsheets, tmp_path: Path) -> None:
    """By ``drive_base_url``: the last edit is asked for there, the cells are not."""
    fill(google)
    with Gsheets() as other:
        other.books, other.access = google.books, google.access
        settings = google.oauth_settings(stream="orders", drive_base_url=other.base_url)
        done = inside(tmp_path, settings)
        assert done.code == 0, done.stderr
        assert [path.split("/")[1] for path in other.paths] == ["drive"]
    assert not any(path.startswith("/drive/") for path in google.paths)
    assert last_state(done)["bookmarks"]["orders"]["state"]["modified"]


def test_without_its_extra_the_tap_says_what_to_install(
    google: Gsheets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is built on gspread, which the package alone does not bring."""
    fill(google)
    monkeypatch.setitem(sys.modules, "gspread", None)
    for settings in (google.settings(), google.oauth_settings()):
        done = inside(tmp_path, settings)
        assert_refused(done, "needs gspread and google-auth", "bizon-singer[gsheets]")


def test_a_spreadsheet_that_is_skipped_is_told_of(google: Gsheets, tmp_path: Path) -> None:
    """A run without records is no puzzle."""
    fill(google)
    settings = google.oauth_settings(stream="orders")
    state = write(tmp_path / "state.json", last_state(inside(tmp_path, settings)))
    done = inside(tmp_path, settings, "--state", state)
    assert (done.code, records(done, "orders")) == (0, [])
    assert "Stream 'orders' is skipped: its spreadsheet has not been edited since" in done.stderr


KEYS = {
    "no-json": ("{broken", 2, "is no JSON object"),
    "no-file": ("/nowhere/key.json", 2, "cannot be read (No such file or directory)"),
    "client": ({"installed": {"client_id": "x"}}, 2, "but of an OAuth client"),
    "user": ({"type": "authorized_user"}, 2, "no `type` 'service_account'"),
    "half": ({"type": "service_account", "client_email": "a@b"}, 2, "no `private_key`"),
    "damaged": (
        {"type": "service_account", "client_email": "a@b", "private_key": "-----BEGIN nothing"},
        2,
        "the private key in `service_account_key` is damaged",
    ),
}


@pytest.mark.parametrize(("key", "code", "word"), KEYS.values(), ids=KEYS)
def test_a_key_that_is_none_is_refused(
    key: Any, code: int, word: str, google: Gsheets, tmp_path: Path
) -> None:
    """What is wrong with it, and nothing on stdout."""
    fill(google)
    for more in ([], ["--discover"]):
        done = inside(tmp_path, google.settings(service_account_key=key), *more)
        assert_refused(done, word, code=code)
    assert google.requests == []


def test_a_key_that_was_deleted_is_refused(google: Gsheets, tmp_path: Path) -> None:
    """By the token endpoint: code 3, its word for it, and what to check."""
    fill(google)
    google.access.is_known = False
    done = inside(tmp_path, google.settings())
    assert_refused(done, "refused the credentials (400 invalid_grant)", "deleted", code=3)


def test_no_credentials_at_all_are_refused(
    google: Gsheets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both settings that would help are named."""
    fill(google)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/adc.json")
    settings = google.settings()
    del settings["service_account_key"]
    done = inside(tmp_path, settings)
    assert_refused(done, "Application Default Credentials", "service_account_key", code=3)


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"shared_with": {"somebody else"}}, 3, f"share it with {EMAIL}"),
        ({"kind": "xlsx"}, 2, "such as .xlsx; open it in Google Sheets"),
    ],
)
def test_a_spreadsheet_that_cannot_be_read_is_refused(
    change: dict[str, Any], code: int, word: str, google: Gsheets, tmp_path: Path
) -> None:
    """It is named, with what to do; nothing is written."""
    book = google.book(**change)
    book.sheet("Sheet1", ["a"], [1])
    done = inside(tmp_path, google.settings())
    assert_refused(done, book.book_id, word, code=code)


def test_an_unknown_spreadsheet_is_refused(google: Gsheets, tmp_path: Path) -> None:
    """By its id, with the setting to look at."""
    fill(google)
    done = inside(tmp_path, google.settings(spreadsheet_url="1nobody-has-made-this"))
    assert_refused(done, "'1nobody-has-made-this' does not exist", "`spreadsheet_url`")


SETTINGS = {
    "no-spreadsheet": ({"spreadsheet_url": None}, "`spreadsheet_url` is missing"),
    "no-address": ({"spreadsheet_url": "my sheet"}, "the address of a spreadsheet"),
    "no-range": ({"range": "Sheet1!A1"}, "without the name of a worksheet"),
    "backwards": ({"range": "F:B"}, "end behind its start"),
    "flag": ({"header_row": True}, "not true or false"),
    "two-ways": (
        {
            "authentication": {
                "type": "oauth",
                "params": {"client_id": "a", "client_secret": "b", "refresh_token": "c"},
            }
        },
        "two ways in",
    ),
    "api-key": ({"authentication": {"type": "api_key", "params": {"token": "x"}}}, "must be oauth"),
    "misspelt": ({"worksheet": "Orders"}, "did you mean `worksheet_name`?"),
    "no-worksheet": ({"worksheet_name": "Order"}, "which no worksheet is called"),
}


@pytest.mark.parametrize(("change", "word"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_cannot_be_is_refused(
    change: dict[str, Any], word: str, google: Gsheets, tmp_path: Path
) -> None:
    """Before anything is read or written."""
    fill(google)
    done = inside(tmp_path, {**google.settings(), **change})
    assert_refused(done, word)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"header_row": 5000}, "has 1,000 rows and 26 columns; `header_row` is 5000"),
        ({"range": "AB2:AC9"}, "`range` lies outside of it"),
        ({"range": "A2:C3", "header_row": 7}, "`header_row` is 7, below `range`"),
        ({"column_names": ["Prize"]}, "`column_names` names 'Prize', which is no column"),
        ({"key_properties": ["order_di"]}, "(did you mean `order_id`?)"),
    ],
)
def test_a_setting_that_does_not_fit_a_worksheet_fails_its_stream(
    change: dict[str, Any], word: str, google: Gsheets, tmp_path: Path
) -> None:
    """Code 2 and one sentence; the other worksheets are complete."""
    fill(google)
    done = inside(tmp_path, google.settings(stream_settings={"orders": change}))
    assert done.code == 2
    assert word in sentence(done), sentence(done)
    assert "stream 'orders'" in sentence(done)
    assert len(records(done, "odd_headers")) == 2
    assert records(done, "orders") == []
    assert all(message["type"] for message in messages(done))


def test_one_spreadsheet_of_several_that_is_not_shared_is_named(
    google: Gsheets, tmp_path: Path
) -> None:
    """Nothing is read in part without a word."""
    fill(google)
    closed = google.book("Closed", shared_with={"somebody else"})
    closed.sheet("Sheet1", ["a"], [1])
    done = inside(tmp_path, google.settings())
    assert_refused(done, closed.book_id, "share it", code=3)


def test_an_api_that_is_not_enabled_is_named(google: Gsheets, tmp_path: Path) -> None:
    """With where to enable it."""
    fill(google)
    google.spoil(refuse(of_sheets(403, "disabled", "SERVICE_DISABLED")), path="/v4/", times=None)
    done = inside(tmp_path, google.settings())
    assert_refused(done, "the Google Sheets API is not enabled", code=3)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--about", "--format=json"]])
def test_what_only_describes_the_tap_starts_without_google(arguments: list[str]) -> None:
    """Its libraries take longer to import than all the rest."""
    code = (
        "import sys; from bizon_taps.gsheets.command import main\n"
        f"sys.argv = ['tap-gsheets', *{arguments!r}]\n"
        "try: main()\n"
        f"finally: assert not {{*{HEAVY!r}}} & sys.modules.keys(), 'imported'"
    )
    done = run([sys.executable, "-c", code])
    assert done.code == 0, done.stderr


def test_every_credential_is_marked_as_a_secret(tmp_path: Path) -> None:
    """In what --about tells, for those who make forms of it."""
    done = inside(tmp_path, {}, "--about", "--format=json")
    settings = json.loads(done.stdout)["settings"]["properties"]
    assert settings["service_account_key"]["secret"] is True
    params = settings["authentication"]["properties"]["params"]["properties"]
    assert [name for name in params if params[name].get("secret")] == [
        "client_secret",
        "refresh_token",
        "refresh_request_body",
    ]
    assert {CLIENT_SECRET, REFRESH_TOKEN, EMAIL}.isdisjoint(done.stdout.decode())
