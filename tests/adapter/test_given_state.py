"""What a run says of the STATE it is given, where it cannot use all of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bizon_singer.testing import read
from bizon_taps.dummy.tap import TapDummy
from tests.proofs.subjects import record

CONFIG = {"count": 1, "stream": "events"}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            {"bookmarks": {"contacts": {"after": 5}}},
            "The state has a bookmark of 'contacts', which is no stream of this tap",
        ),
        (
            {"events": {"last_run": "2024-01-01T00:00:00Z"}},
            "The state has no `bookmarks`, only `events`; every stream starts from its beginning",
        ),
    ],
)
def test_what_is_not_used_is_said_once_and_kept(
    caplog: pytest.LogCaptureFixture, state: dict[str, Any], words: str
) -> None:
    """Another tap's state, or one cut out of something larger: no silent re-sync, no loss."""
    recording = record(TapDummy, CONFIG, state)
    assert caplog.text.count(words) == 1
    *_, last = read(recording).of("STATE")
    value = json.loads(json.dumps(last.body["value"]))
    for key, kept in state.items():
        assert kept.items() <= value[key].items()


@pytest.mark.parametrize(
    "state", [None, {}, {"currently_syncing": "events"}, {"bookmarks": {"events": {}}, "own": 1}]
)
def test_nothing_is_said_of_a_state_that_is_used_or_empty(
    caplog: pytest.LogCaptureFixture, state: Any
) -> None:
    """A warning that always comes is read by nobody."""
    record(TapDummy, CONFIG, state)
    assert "The state has" not in caplog.text
