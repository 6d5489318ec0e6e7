"""Paginations of every kind, through a whole run: what is written and what STATE keeps."""

from __future__ import annotations

import io
import logging
import threading
from contextlib import redirect_stdout
from datetime import date
from typing import Any, ClassVar

import pytest

from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord
from bizon_singer.tap import RunFailedError, tap_for
from bizon_singer.testing import check, read
from tests.proofs.subjects import record

SECRET = "canary-3f1c8a77"


class KeyedConfig(SourceConfig):
    """A setting whose value is a secret."""

    api_key: str = ""


class ListedSource(AbstractSource):
    """Gives one record a page, and the paginations of a list in order."""

    paginations: ClassVar[list[Any]] = []

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["things"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Use the settings above."""
        return KeyedConfig

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give the record of a page, and spoil the pagination it was asked with."""
        number = len(self.asked)
        self.asked.append(dict(pagination or {}))
        if pagination:
            pagination.clear()
        following = self.paginations[number] if number < len(self.paginations) else {}
        records = [SourceRecord(str(number), {"number": number})]
        return SourceIteration(records=records, next_pagination=following)

    def __init__(self, config: Any) -> None:
        """Note what is asked for."""
        super().__init__(config)
        self.asked: list[dict[str, Any]] = []


def tap_of(paginations: list[Any]) -> Any:
    """Return a tap over a source with these paginations."""
    return tap_for("tap-things", [type("S", (ListedSource,), {"paginations": paginations})])


def places_in(recording: bytes) -> list[Any]:
    """Return where each STATE says the stream stands, None for nowhere."""
    marks = [m.body["value"]["bookmarks"]["things"] for m in read(recording).of("STATE")]
    return [mark["in_progress"] and mark["in_progress"]["pagination"] for mark in marks]


@pytest.mark.parametrize("cycle", [1, 2, 3, 7])
def test_a_cycle_of_any_length_ends_the_stream_once_it_closes(cycle: int) -> None:
    """Every page before it closes is out, with STATE; exit code 4, and the pages are named."""
    paginations = [{"page": number % cycle} for number in range(100)]
    with redirect_stdout(io.StringIO()) as written, pytest.raises(RunFailedError) as caught:
        tap_of(paginations)(config={}).sync_all()
    assert caught.value.exit_code == 4
    assert "the same page again" in str(caught.value)
    recording = written.getvalue().encode()
    assert check(recording, complete=True) == []
    assert len(list(read(recording).of("RECORD"))) == cycle


def test_a_pagination_that_is_changed_by_the_source_is_still_the_one_in_state() -> None:
    """What the source is given is a copy."""
    recording = record(tap_of([{"page": 1}, {"page": 2}]), {})
    assert places_in(recording) == [{"page": 1}, {"page": 2}, None]


def test_a_pagination_json_cannot_hold_stays_out_of_state(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The run is complete all the same; it is said once that it could not be resumed."""
    locks = [{"lock": threading.Lock(), "page": page} for page in range(3)]
    with caplog.at_level(logging.WARNING):
        recording = record(tap_of(locks), {})
    assert check(recording) == []
    assert len(list(read(recording).of("RECORD"))) == 4
    assert places_in(recording) == [None, None, None, None]
    assert caplog.text.count("out of STATE") == 1


@pytest.mark.parametrize(
    "pagination",
    [{"cursor": SECRET}, {"next": f"https://user:{SECRET}@api.example.com/?page=2"}],
)
def test_a_secret_in_a_pagination_stays_out_of_state(pagination: dict[str, str]) -> None:
    """STATE is kept in places where no secret belongs."""
    recording = record(tap_of([pagination]), {"api_key": SECRET})
    assert check(recording, secrets=[SECRET]) == []
    assert places_in(recording) == [None, None]


def test_a_resumed_run_gets_the_very_values_it_had_left() -> None:
    """Types included: a source is not resumed with text where it had a tuple."""
    left = {"at": (date(2024, 1, 2), 3, b"\xff"), 7: {None, 1.5}}
    first = record(tap_of([left]), {"max_iterations": 1})
    state = list(read(first).of("STATE"))[-1].body["value"]
    asked: list[dict[str, Any]] = []

    class Resumed(ListedSource):
        def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
            asked.append(dict(pagination or {}))
            return SourceIteration()

    record(tap_for("tap-things", [Resumed]), {}, state)
    assert asked == [left]
