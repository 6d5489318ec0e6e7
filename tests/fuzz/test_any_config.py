"""Z1: any config is understood, or refused with exit code 2 by the setting's path alone."""

from __future__ import annotations

import json
import socket
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.config_file import parse_config
from bizon_singer.errors import UsageError
from bizon_singer.tap import SourceTap
from bizon_taps.dummy.tap import TapDummy
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fuzz.edits import CANARY, edited, odd_json, replaced
from tests.fuzz.examples import examples
from tests.proofs.subjects import custom

LEDGER: Final = custom("ledger", {}, page_size=1, full_table=frozenset()).tap_class
TAPS: Final[dict[str, tuple[type[SourceTap], dict[str, Any]]]] = {
    "dummy": (TapDummy, {"count": 5, "page_size": 2}),
    "pokeapi": (TapPokeApi, {"base_url": "https://pokeapi.co/api/v2", "details": True}),
    "custom": (LEDGER, {"count": 5}),
}
WHOLE: Final[dict[str, Any]] = {
    "authentication": {"type": "api_key", "params": {"token": CANARY}},
    "stream_settings": {"berry": {"page_size": 3}},
    "api_config": {"retry_limit": 3},
    "http": {"max_body_bytes": 1000, "allowed_origins": ["https://files.example.com"]},
    "start_date": "2024-01-01T00:00:00Z",
    "state_interval_seconds": 1.5,
    "sync_mode": "incremental",
}


@pytest.fixture(autouse=True)
def _without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whoever connects before the config is understood."""

    def refuse(*_: Any) -> None:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def refusal(tap_class: type[SourceTap], config: Any) -> str | None:
    """Return the sentence with which a config is refused, None if it is understood."""
    try:
        tap = tap_class(config=config)
        tap._selected_streams()
        for stream in tap.streams.values():
            stream.source_config()
    except UsageError as error:
        return str(error)
    return None


def assert_explained(sentence: str | None) -> None:
    """Check a refusal: no value that may be a secret, no traceback, no more than a sentence.

    The name of a setting may hold a line end; the command escapes it (tests/commands).
    """
    if sentence is not None:
        assert CANARY not in sentence
        assert "Traceback" not in sentence


@pytest.mark.parametrize("tap", TAPS)
@given(st.data())
@examples(60)
def test_a_config_with_mistakes_is_refused_by_its_path(tap: str, data: st.DataObject) -> None:
    """Never a traceback, never the value; nothing is asked of any network."""
    tap_class, own = TAPS[tap]
    config = edited(data, {**WHOLE, **own})
    if isinstance(config, dict):
        assert_explained(refusal(tap_class, config))


@pytest.mark.parametrize("tap", TAPS)
def test_a_config_with_any_part_of_another_kind_is_no_bug(tap: str) -> None:
    """Each part of it, and each kind of JSON value in its place."""
    tap_class, own = TAPS[tap]
    for config in replaced({**WHOLE, **own}):
        if isinstance(config, dict):
            assert_explained(refusal(tap_class, config))


@pytest.mark.parametrize("tap", TAPS)
@given(st.data())
@examples(60)
def test_a_config_of_any_values_is_refused_by_its_path(tap: str, data: st.DataObject) -> None:
    """Each known setting with any JSON at all, canaries included."""
    tap_class, _ = TAPS[tap]
    known = sorted(tap_class._full_schema()["properties"])
    config = data.draw(st.dictionaries(st.sampled_from(known), odd_json, max_size=3))
    assert_explained(refusal(tap_class, config))


@pytest.mark.parametrize("name", ["config.json", "config.yaml"])
@given(
    st.text(max_size=40) | odd_json.map(lambda value: json.dumps(value)[:-1]) | odd_json.map(str)
)
@examples(150)
def test_a_config_file_of_any_text_is_an_object_or_an_error(name: str, text: str) -> None:
    """Cut off, in another format, or no text at all."""
    try:
        config = parse_config(name, text)
    except UsageError as error:
        assert_explained(str(error))
    else:
        assert isinstance(config, dict)
