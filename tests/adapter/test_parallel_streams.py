"""Several streams read at once: as exact as one after the other, and none stops another."""

from __future__ import annotations

import threading
import time
from itertools import groupby, pairwise
from typing import Any, ClassVar

import pytest

from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord
from bizon_singer.errors import ConfigError, ExpiredCursorError, TransientError
from bizon_singer.source.budget import RequestBudget
from bizon_singer.source.origin import Origin
from bizon_singer.tap import RunFailedError, SourceTap, tap_for
from bizon_singer.testing import check, read
from tests.fakes.http_server import Answer, HttpServer, Request, json_answer
from tests.proofs.subjects import record

STREAMS = [f"stream_{number}" for number in range(6)]
PAGES = 5


class Crowd:
    """Who is in ``get`` right now; it can hold all until so many are there."""

    def __init__(self) -> None:
        """Nobody is there."""
        self._changed = threading.Condition()
        self._inside = 0
        self.peak = 0
        self.wanted = 0

    def __enter__(self) -> None:
        """Come in, and wait for the others."""
        with self._changed:
            self._inside += 1
            self.peak = max(self.peak, self._inside)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.peak >= self.wanted, timeout=5)

    def __exit__(self, *_: object) -> None:
        """Leave."""
        with self._changed:
            self._inside -= 1


class FairSource(AbstractSource):
    """Six streams of five pages of three records."""

    crowd: ClassVar[Crowd] = Crowd()
    released: ClassVar[threading.Event] = threading.Event()
    # What goes wrong: the page of it, by stream. No settings, which would start a stream again.
    failing: ClassVar[dict[str, int]] = {}
    hanging: ClassVar[dict[str, int]] = {}
    expired: ClassVar[set[str]] = set()

    @staticmethod
    def streams() -> list[str]:
        """Six streams."""
        return STREAMS

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give one page."""
        stream, page = self.config.stream, (pagination or {}).get("page", 0)
        with self.crowd:
            if pagination and pagination.get("old") and stream in self.expired:
                raise ExpiredCursorError("the cursor is gone; start again")
            if self.failing.get(stream) == page:
                raise TransientError("the fair is closed; come back tomorrow")
            if self.hanging.get(stream) == page:
                self.released.wait(20)
            records = [
                SourceRecord(f"{stream}-{number}", {"number": number})
                for number in range(page * 3, page * 3 + 3)
            ]
        more = page + 1 < PAGES
        return SourceIteration(records=records, next_pagination={"page": page + 1} if more else {})


@pytest.fixture
def fair() -> type[SourceTap]:
    """A tap over the fair, where nobody is yet."""
    FairSource.crowd = Crowd()
    FairSource.released = threading.Event()
    FairSource.failing, FairSource.hanging, FairSource.expired = {}, {}, set()
    return tap_for("tap-fair", [FairSource])


def numbers(recording: bytes) -> dict[str, list[int]]:
    """Return the numbers of the records of each stream, in order."""
    found: dict[str, list[int]] = {stream: [] for stream in STREAMS}
    for message in read(recording).of("RECORD"):
        found[message.stream].append(message.body["record"]["number"])
    return found


def bookmarks(recording: bytes) -> dict[str, Any]:
    """Return the bookmarks of the last STATE."""
    value: dict[str, Any] = list(read(recording).of("STATE"))[-1].body["value"]["bookmarks"]
    return value


def interrupted(tap: type[SourceTap], **config: Any) -> tuple[bytes, RunFailedError]:
    """Run a tap that fails; return what it wrote and how it ended."""
    caught: list[RunFailedError] = []

    class Failing(tap):  # type: ignore[valid-type, misc]
        def sync_all(self) -> None:
            try:
                super().sync_all()
            except RunFailedError as error:
                caught.append(error)

    written = record(Failing, config)
    return written, caught[0]


ALL = {stream: list(range(3 * PAGES)) for stream in STREAMS}


@pytest.mark.parametrize("parallel", [1, 2, 6, 20])
def test_as_many_are_read_at_once_as_the_setting_allows(
    fair: type[SourceTap], parallel: int
) -> None:
    """Never more, and each stream is whole and in order."""
    FairSource.crowd.wanted = min(parallel, len(STREAMS))
    recording = record(fair, {"max_parallel_streams": parallel})
    assert FairSource.crowd.peak == min(parallel, len(STREAMS))
    assert numbers(recording) == ALL
    assert check(recording) == []


def test_one_stream_at_a_time_is_the_default_and_a_tap_may_recommend_more(
    fair: type[SourceTap],
) -> None:
    """The recommendation holds until the user says otherwise."""
    record(fair, {})
    assert FairSource.crowd.peak == 1
    fair.parallel_streams = 3
    FairSource.crowd.wanted = 3
    record(fair, {})
    assert FairSource.crowd.peak == 3
    FairSource.crowd = Crowd()
    record(fair, {"max_parallel_streams": 1})
    assert FairSource.crowd.peak == 1


def test_pages_are_whole_and_each_has_its_state(fair: type[SourceTap]) -> None:
    """Between two STATEs are the records of one page of one stream, whatever runs besides."""
    FairSource.crowd.wanted = 6
    recording = read(record(fair, {"max_parallel_streams": 6}))
    kinds = [(message.kind, message.stream) for message in recording.messages]
    runs = [(kind, len(list(group))) for kind, group in groupby(kinds) if kind[0] == "RECORD"]
    assert {length for _, length in runs} == {3}
    assert len(runs) == PAGES * len(STREAMS)
    for (kind, _), (following, _) in pairwise(kinds):
        assert not (kind == "RECORD" and following == "SCHEMA")


def test_a_failing_stream_stops_no_other(fair: type[SourceTap]) -> None:
    """Four are complete; the two that failed stand before the page that failed, and go on there."""
    FairSource.failing = {"stream_1": 2, "stream_4": 0}
    recording, error = interrupted(fair, max_parallel_streams=3)
    assert error.exit_code == 5
    assert "2 of 6 streams failed, 4 are complete" in str(error)
    found = numbers(recording)
    assert found == {**ALL, "stream_1": list(range(6)), "stream_4": []}
    state = list(read(recording).of("STATE"))[-1].body["value"]
    FairSource.failing = {}
    rest = numbers(record(fair, {"max_parallel_streams": 3}, state=state))
    assert rest["stream_1"] == list(range(6, 15))
    assert rest["stream_4"] == list(range(15))


def test_on_stream_error_stop_leaves_the_others_at_a_page(fair: type[SourceTap]) -> None:
    """What they have written is covered by STATE, and the next run has the rest."""
    FairSource.failing = {"stream_0": 1}
    first, _ = interrupted(fair, max_parallel_streams=2, on_stream_error="stop")
    FairSource.failing = {}
    assert numbers(first)["stream_5"] == []
    state = list(read(first).of("STATE"))[-1].body["value"]
    second = record(fair, {"max_parallel_streams": 2}, state=state)
    once = {
        stream: found
        for stream, found in numbers(first).items()
        if bookmarks(first).get(stream, {}).get("in_progress")
    }
    assert "stream_0" in once
    for stream, found in once.items():
        assert found + numbers(second)[stream] == ALL[stream]


def test_a_stream_that_hangs_stops_no_other(fair: type[SourceTap]) -> None:
    """It is left after the time limit, counted from its own last page."""
    started = time.monotonic()
    FairSource.hanging = {"stream_2": 1}
    recording, error = interrupted(fair, max_parallel_streams=2, page_timeout_seconds=0.5)
    FairSource.released.set()
    assert time.monotonic() - started < 10
    assert "stream 'stream_2', page 2" in str(error)
    assert numbers(recording) == {**ALL, "stream_2": [0, 1, 2]}


def test_an_expired_cursor_restarts_its_stream_alone(fair: type[SourceTap]) -> None:
    """The others go on from where they were."""
    FairSource.failing = dict.fromkeys(STREAMS, 2)
    first, _ = interrupted(fair, max_parallel_streams=6)
    state = list(read(first).of("STATE"))[-1].body["value"]
    for bookmark in state["bookmarks"].values():
        bookmark["in_progress"]["pagination"]["old"] = True
        bookmark["in_progress"].pop("digest")
    FairSource.failing, FairSource.expired = {}, {"stream_3"}
    rest = numbers(record(fair, {"max_parallel_streams": 6}, state=state))
    assert rest == {
        stream: list(range(0 if stream == "stream_3" else 6, 3 * PAGES)) for stream in STREAMS
    }


@pytest.mark.parametrize("wrong", [0, -1, 65, "two", 1.5])
def test_a_number_of_streams_that_is_none_is_refused(fair: type[SourceTap], wrong: Any) -> None:
    """The setting is named."""
    with pytest.raises(ConfigError, match="max_parallel_streams"):
        fair(config={"max_parallel_streams": wrong})


class ApiSource(AbstractSource):
    """Two streams of one API."""

    @staticmethod
    def streams() -> list[str]:
        """Two streams."""
        return ["a", "b"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Take the server's address."""

        class ApiConfig(SourceConfig):
            base_url: str

        return ApiConfig

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Ask for a page."""
        page = (pagination or {}).get("page", 0)
        reply = self.session.get(f"{self.config.base_url}/{self.config.stream}/{page}").json()
        more = page + 1 < 3
        records = [SourceRecord(str(page), reply)]
        return SourceIteration(records=records, next_pagination={"page": page + 1} if more else {})


def test_a_pause_the_api_asks_one_stream_for_holds_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a 429 with Retry-After nobody asks until it is over."""
    came: list[tuple[float, int]] = []
    heard, on_its_way = threading.Event(), threading.Event()
    pause = RequestBudget.pause

    def noting(self: RequestBudget, origin: Origin, seconds: float) -> None:
        pause(self, origin, seconds)
        heard.set()

    def answer(request: Request) -> Answer:
        if request.path == "/a/1" and not heard.is_set():
            on_its_way.wait(5)
            came.append((time.monotonic(), 429))
            return Answer(429, headers={"Retry-After": "1"})
        if request.path == "/b/1":  # it is on its way while the other stream is told to pause
            on_its_way.set()
            heard.wait(5)
        came.append((time.monotonic(), 200))
        return json_answer({"path": request.path})

    monkeypatch.setattr(RequestBudget, "pause", noting)
    with HttpServer(answer) as server:
        tap = tap_for("tap-api", [ApiSource])
        record(tap, {"base_url": server.url, "max_parallel_streams": 2})
    paused_at = next(moment for moment, status in came if status == 429)
    late = [moment - paused_at for moment, status in came if status == 200 and moment > paused_at]
    assert sum(seconds < 0.9 for seconds in late) == 1
    assert len(came) == 7
