"""The log of librdkafka as tap-kafka writes it: each thing once a minute, and nothing is hushed."""

from __future__ import annotations

import logging

import pytest

from bizon_taps.kafka import client_log
from bizon_taps.kafka.client_log import OncePerMinute

FAIL = "FAIL [bizon-singer#consumer-{}] [thrd:{}/1]: {}/1: Connect failed (after {}ms in state {})"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    now = [0.0]
    monkeypatch.setattr(client_log, "monotonic", lambda: now[0])
    return now


def written(log: OncePerMinute, text: str, level: int = logging.ERROR) -> str | None:
    """Return what is written of a line."""
    record = logging.LogRecord("x", level, "", 0, "%s", (text,), None)
    return record.getMessage() if log.filter(record) else None


def fail(client: int, broker: str, milliseconds: int, state: str = "CONNECT") -> str:
    """Return what librdkafka says of a connection that failed."""
    return FAIL.format(client, broker, broker, milliseconds, state)


def test_the_same_is_said_once_a_minute(clock: list[float]) -> None:
    """Whichever client says it and however long it took; then with how often it was left out."""
    log = OncePerMinute()
    first = fail(1, "a:1", 0)
    assert written(log, first) == first
    for number in range(1, 13):
        clock[0] = 4.0 * number
        assert written(log, fail(number, "a:1", number)) is None
    assert written(log, fail(1, "a:1", 0, "CONNECT, 3 identical error(s) suppressed")) is None
    clock[0] = 60.0
    assert written(log, first) == f"{first} (said 13 more times since)"
    clock[0] = 120.0
    assert written(log, first) == first


def test_what_is_another_thing_is_said(clock: list[float]) -> None:
    """Of another broker, or with other words."""
    log = OncePerMinute()
    for text in (fail(1, "a:1", 0), fail(1, "a:2", 0), fail(1, "b:1", 0), "ERROR: all down"):
        assert written(log, text) == text
    assert clock == [0.0]


def test_who_asks_for_all_of_it_gets_all_of_it() -> None:
    """What `debug` of librdkafka adds is left as it is."""
    log = OncePerMinute()
    assert [written(log, "SEND", logging.DEBUG) for _ in range(3)] == ["SEND"] * 3
