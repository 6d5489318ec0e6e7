"""One config for all streams: what it may hold, and what of it each stream gets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    ConfigDict,
)

from bizon_singer.config_schema import config_schema, secrets_in
from bizon_singer.errors import ConfigError
from bizon_singer.redact import one_line, redact
from bizon_singer.settings import AdapterSettings, read_settings
from bizon_singer.source.config import SourceConfig
from tests.adapter.nested_config import CANARY, KNOWN, Config, Retry, config, refusal, settings


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"cuont": 1}, "unknown setting `stream_settings.events.cuont` (did you mean `count`?)"),
        ({"count": "x"}, "setting `stream_settings.events.count` must be a valid integer"),
        ({"retry": {"attemps": 1}}, "`stream_settings.events.retry.attemps` (did you mean"),
        ({"envelope": True}, "`stream_settings.events.envelope` cannot differ by stream"),
        ({"stream": "x"}, "`stream_settings.events.stream` cannot differ by stream"),
        (
            {"authentication": {"type": "bearer", "params": {}}},
            "setting `stream_settings.events.authentication.params.token` is missing",
        ),
    ],
)
def test_the_settings_of_one_stream_are_checked_as_well(
    overrides: dict[str, Any], sentence: str
) -> None:
    """A mistake there is named by where it stands, also for a stream that is not read."""
    read = settings(stream_settings={"events": overrides})
    assert sentence in refusal(stream_settings={"events": overrides})
    if "unknown" in sentence or "cannot" in sentence or "did you mean" in sentence:
        with pytest.raises(ConfigError, match=r"stream_settings\.events"):
            read.check_stream(Config, "events")


def test_a_stream_s_own_settings_win_and_merge() -> None:
    """Nested objects are merged, so an override says only what differs."""
    raw: Mapping[str, Any] = {
        "count": 2,
        "retry": {"attempts": 5, "on_status": [500]},
        "stream_settings": {"events": {"count": 4, "retry": {"attempts": 6}}},
    }
    assert config("events", **raw).retry == Retry(attempts=6, on_status=[500])
    assert config("events", **raw).count == 4
    assert config("others", **raw).count == 2


def test_all_mistakes_are_told_at_once() -> None:
    """Five of them, and how many more there are."""
    text = refusal(retry={f"zz{number}": 1 for number in range(7)})
    assert text.count("unknown setting") == 5
    assert text.endswith("(and 2 more)")


def test_a_source_that_takes_any_setting_gets_it() -> None:
    """`extra="allow"` is a promise the tap keeps."""

    class Open(SourceConfig):
        model_config = ConfigDict(extra="allow")

    schema = config_schema(AdapterSettings, [Open])
    read = read_settings(
        {"anything": 1, "envelope": True},
        known=schema["properties"],
        name="x",
        any_name=schema["additionalProperties"],
    )
    assert read.for_source(Open, "s").model_extra == {"anything": 1}


def test_secrets_are_known_to_the_redactor_wherever_they_stand() -> None:
    """By the name of a setting, by its type, and inside objects and lists."""
    config(
        authentication={
            "type": "cookies",
            "params": {"cookies": {"sid": "sid-canary-1"}, "headers": {"X-CSRF-Token": "csrf-4"}},
        },
        code="code-canary-2",
        stream_settings={"others": {"authentication": {"params": {"token": "own-canary-3"}}}},
    )
    for secret in ("sid-canary-1", "code-canary-2", "own-canary-3", "csrf-4"):
        assert secret not in redact(f"… {secret} …")


def test_what_a_credential_says_of_itself_is_no_secret() -> None:
    """The key of a service account has its type and public addresses; messages need those words."""
    key = {
        "type": "service_account",
        "private_key": "private-canary-5",
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
        "client_email": "reader@acme.example",
        "project_id": "acme-data",
        "callback_url": "https://us:canary-6@example.com/",
    }
    redact.register(*secrets_in({"service_account_key": key}))
    told = "setting `service_account_key`: https://oauth2.googleapis.com/token, googleapis.com"
    told += ", share it with reader@acme.example of acme-data"
    assert redact(told) == told
    for secret in (key["private_key"], key["callback_url"]):
        assert secret not in redact(f"… {secret} …")


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"authentication": {"type": "bearer", "params": {"token": "other-token"}}}, True),
        ({"api_config": {"retry_limit": 3}}, True),
        ({"max_iterations": 3}, True),
        ({"code": "rotated"}, True),
        ({"key": "x"}, False),
        ({"count": 2}, False),
        ({"start_date": "2024-01-01"}, False),
        ({"branches": [{"url": "u"}]}, False),
        ({"stream_settings": {"events": {"count": 2}}}, False),
        ({"stream_settings": {"others": {"count": 2}}}, True),
    ],
)
def test_the_fingerprint_follows_what_decides_the_records(
    change: dict[str, Any], *, is_same: bool
) -> None:
    """Credentials and limits may change in the middle of a run, other settings restart it."""
    before = settings(code="first").fingerprint(Config, "events")
    after = settings(**{"code": "first", **change}).fingerprint(Config, "events")
    assert (before == after) is is_same


def test_times_are_in_utc() -> None:
    """A naive time is taken as UTC, any other is turned into it."""
    for text in ("2024-01-01", "2024-01-01T00:00:00", "2024-01-01T02:00:00+02:00"):
        assert settings(start_date=text).adapter.start_date == datetime(2024, 1, 1, tzinfo=UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(CANARY),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*KNOWN, "zzz"]) | st.text(max_size=8), JSON, max_size=4))
def test_any_config_is_taken_or_refused_in_a_sentence(raw: dict[str, Any]) -> None:
    """Whatever JSON it is, there is no other end, and the value is in no message."""
    text = ""
    try:
        settings(**raw).for_source(Config, "events")
    except ConfigError as error:
        text = str(error)
    assert CANARY not in text or any(CANARY in name for name in _names_in(raw))
    assert one_line(text) == text


def _names_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for item in value.values() for name in _names_in(item))]
    return [name for item in value for name in _names_in(item)] if isinstance(value, list) else []


def test_a_secret_may_hold_any_character() -> None:
    """Also half a surrogate pair, which no encoding takes."""
    config(code="\ud800 half a pair", count=2)
