"""F8, time: whatever the clock of the machine does, all runs together hold the truth."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.fakes.http_server import HttpServer, json_answer
from tests.proofs.moving import DATED_TAP, STREAMS, DatedSource, Scene, scene_of

DAY = timedelta(days=1)
FUTURE = "lies in the future"


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene before the first run."""
    with scene_of(monkeypatch) as made:
        yield made


def test_a_clock_that_goes_right_needs_no_second_reading(scene: Scene) -> None:
    """The control of all others: each run gives what changed, and no more."""
    scene.run()
    scene.api.put(1, 7)
    done = scene.run()
    scene.assert_true()
    assert [len(done.records(stream)) for stream in STREAMS] == [2, 2, 6]
    assert done.warnings == ()


@pytest.mark.parametrize("off", [-DAY, -timedelta(seconds=1), timedelta(days=-400)])
def test_a_clock_set_back_between_runs(scene: Scene, off: timedelta) -> None:
    """Less is taken for read than was, never more."""
    scene.run()
    scene.api.put(1, 7)
    scene.clock.off = off
    scene.run()
    scene.assert_true()
    scene.clock.off = timedelta(0)
    scene.api.put(2, 8)
    scene.run()
    scene.assert_true()


@pytest.mark.parametrize("off", [DAY, timedelta(days=400)])
def test_a_clock_that_was_ahead_and_is_put_right(scene: Scene, off: timedelta) -> None:
    """Its bookmark lies in the future and is not believed: the stream is read from the start."""
    scene.clock.off = off
    scene.run()
    scene.clock.off = timedelta(0)
    scene.api.put(1, 7)
    done = scene.run()
    scene.assert_true()
    assert [text for text in done.warnings if FUTURE in text] == [
        f"The bookmark of stream '{stream}' lies in the future; the stream is read from the "
        "start_date, or from the beginning without one."
        for stream in ("orders", "events")
    ]
    scene.api.put(2)
    last = scene.run()
    scene.assert_true()
    assert len(last.records("orders")) == 1


@pytest.fixture
def dated(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The scene, over an API that says what time it is."""
    with HttpServer(
        lambda _: json_answer([], Date=format_datetime(scene.api.now, usegmt=True))
    ) as server:
        monkeypatch.setattr(DatedSource, "server", server, raising=False)
        scene.tap_class = DATED_TAP
        yield scene


@pytest.mark.parametrize("off", [DAY, timedelta(seconds=90), timedelta(0), -DAY])
def test_a_clock_that_is_always_off_from_that_of_the_api(dated: Scene, off: timedelta) -> None:
    """The run began when the API says it did: what changes in between is not lost."""
    dated.clock.off = off
    for number in range(4):
        dated.api.put(number)
        dated.run()
        dated.assert_true()
        last_run = dated.replica.state["bookmarks"]["orders"]["last_run"]
        assert datetime.fromisoformat(last_run) <= dated.api.now
        dated.api.put(number + 4)
    dated.run({"max_iterations": 1})
    dated.api.put(0, 1)
    dated.run()
    dated.run()
    dated.assert_true()


def test_a_cache_does_not_say_what_time_it_is(dated: Scene) -> None:
    """Its Date is of the day it was filled; nothing is read again for its sake."""
    filled = format_datetime(dated.api.now - DAY, usegmt=True)
    DatedSource.server.then(json_answer([], Date=filled, Age="86400"))
    dated.run()
    dated.assert_true()
    dated.api.wait(hours=1)
    assert dated.run().records("orders") == []


@pytest.mark.parametrize("off", [DAY, -DAY])
@pytest.mark.parametrize("stream", STREAMS)
def test_a_clock_that_jumps_during_a_run(scene: Scene, stream: str, off: timedelta) -> None:
    """The bookmark is the time the run began, whatever the clock says at its end."""

    def jump() -> None:
        scene.api.put(0, 6)
        scene.clock.off = off

    scene.api.at_page(stream, 2, jump)
    scene.run()
    scene.clock.off = timedelta(0)
    scene.api.put(1)
    scene.run()
    scene.assert_true()


@pytest.mark.parametrize("off", [DAY, -DAY])
def test_a_clock_put_right_within_an_unfinished_run(scene: Scene, off: timedelta) -> None:
    """What changed on pages that were read before it is not taken for read."""
    scene.clock.off = off
    scene.run({"max_iterations": 1})
    scene.api.put(0, 1)  # on the page of `orders` that is out already
    scene.clock.off = timedelta(0)
    done = scene.run()
    assert (" began in the future" in "".join(done.warnings)) == (off > timedelta(0))
    scene.run()
    scene.assert_true()


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Europe/Berlin", datetime(2026, 10, 24, 23, 0, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 4, 0, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 13, 0, tzinfo=UTC)),
    ],
)
def test_local_times_that_come_twice_or_never(
    scene: Scene, zone: str, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STATE and records are in UTC, whatever the machine shows on its wall."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        scene.api.now = moment
        scene.run()
        for number in range(8):
            scene.api.put(number % 5)
            done = scene.run(minutes=25)
            scene.assert_true()
            assert [row["id"] for row in done.records("orders")] == [number % 5]
            scene.api.wait(minutes=5)
    finally:
        monkeypatch.undo()
        assert os.environ.get("TZ") == before
        time.tzset()


def bookmarks(**value: Any) -> dict[str, Any]:
    """Return a state with one bookmark for all streams."""
    return {"bookmarks": {stream: dict(value) for stream in STREAMS}}


@pytest.mark.parametrize("key", ["last_run", "replication_key_value", "changed"])
@pytest.mark.parametrize(
    "value",
    [
        "2999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
    ],
)
def test_a_bookmark_that_no_run_can_have_left(scene: Scene, key: str, value: str) -> None:
    """In the future, on a leap second or before the year 1: it is said, and all is read."""
    scene.replica.state = bookmarks(**{key: value})
    done = scene.run()
    scene.assert_true()
    assert sum("bookmark of stream 'orders'" in text for text in done.warnings) == 1


def test_a_start_date_in_the_future_is_the_user_s_own(scene: Scene) -> None:
    """Nothing is read, nothing fails, and the next run goes on from the start of this one."""
    done = scene.run({"start_date": "2999-01-01T00:00:00Z"})
    assert done.records("orders") == []
    scene.api.put(3)
    assert [row["id"] for row in scene.run().records("orders")] == [3]
