"""Each message in the fault table of tap-kafka's README comes, with the exit code it says."""

from __future__ import annotations

import copy
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from bizon_taps.kafka.client import Client
from bizon_taps.kafka.reader import TopicReader
from tests.fakes.kafka import Kafka
from tests.taps.test_kafka_source import read

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
README = CHECKOUT / "taps" / "bizon_taps" / "kafka" / "README.md"
ROW = re.compile(r"^\| (`.+`) \| ([0-9]) \| .+ \|$", re.MULTILINE)
ROWS = {
    message: int(code)
    for cells, code in ROW.findall(README.read_text().partition("## What can go wrong")[2])
    for message in re.findall("`(.+?)`(?:, |$)", cells)
}
"""The exit code of each message."""

Spoil = Callable[[Kafka, pytest.MonkeyPatch], dict[str, Any]]
"""Brings something about, and returns the settings and the STATE of the run that meets it."""


def given(**settings: Any) -> Spoil:
    """Set something."""
    return lambda _kafka, _patch: settings


def state_with(change: Callable[[dict[str, Any]], Any]) -> Spoil:
    """Change the position in STATE."""

    def spoil(kafka: Kafka, _patch: pytest.MonkeyPatch) -> dict[str, Any]:
        state = copy.deepcopy(read(kafka).state)
        change(state["bookmarks"]["orders"]["state"])
        return {"state": state}

    return spoil


def removed(kafka: Kafka, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the first messages be gone."""
    state = read(kafka, max_messages=1).state
    patch.setattr(Client, "limits", lambda *_: (2, 3))
    return {"state": state}


def refused(code: int) -> Spoil:
    """Let the brokers refuse."""

    def spoil(_kafka: Kafka, patch: pytest.MonkeyPatch) -> dict[str, Any]:
        def refuse(*_: Any) -> Any:
            raise KafkaException(KafkaError(code))

        patch.setattr(Client, "consume", refuse)
        return {}

    return spoil


def bad_message(kafka: Kafka, _patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Add a message that is no JSON."""
    kafka.put("orders", b"{")
    kafka.flush()
    return {}


def silence(_kafka: Kafka, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let nothing come."""

    def fetch_nothing(*_: Any) -> list[Any]:
        time.sleep(0.01)
        return []

    patch.setattr(TopicReader, "fetch", fetch_nothing)
    return {"idle_timeout_seconds": 0.1}


def far(position: dict[str, Any]) -> None:
    """Go on behind the end of a partition."""
    position["partitions"]["1"]["offset"] = 99


FAULTS: dict[str, Spoil] = {
    "there is no topic …": given(topics=["none"]),
    "partition … starts at offset …, after …: … offsets are gone": removed,
    "… ends at offset …, before …, where STATE goes on": state_with(far),
    "… is not the one STATE knows": state_with(lambda held: held.update(cluster_id="other")),
    "librdkafka does not take the settings of the connection": given(
        security={"ca_location": "/none"}
    ),
    "a login by … needs …": given(security={"username": "me"}),
    "the credentials were refused": refused(KafkaError.SASL_AUTHENTICATION_FAILED),
    "the TLS handshake failed": refused(KafkaError._SSL),
    "topic …, partition …, offset …: its value cannot be read": bad_message,
    "no broker answered in time": given(bootstrap_servers="127.0.0.1:1", consumer_timeout=0.5),
    "… gave nothing for … s, and its end is not reached": silence,
    "the source gave no page for … s": given(until="never", page_timeout_seconds=0.3),
}
"""What brings each message about."""


@pytest.mark.parametrize("message", FAULTS)
def test_a_message_of_the_readme_comes_with_its_code(
    message: str, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is written there, and what was said to be read before is."""
    kafka.fill("orders", 12)
    settings = FAULTS[message](kafka, monkeypatch)
    done = read(kafka, settings.pop("state", None), **settings)
    assert done.code == ROWS[message], done.sentence
    assert re.search(re.escape(message).replace("…", ".+"), done.sentence), done.sentence


def test_each_message_of_the_readme_is_brought_about() -> None:
    """None is there that never comes."""
    assert ROWS.keys() == FAULTS.keys()


def test_what_is_of_another_topic_is_read_again_on_request(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `reset`, as the README says, from its start."""
    kafka.fill("orders", 12)
    state = state_with(far)(kafka, monkeypatch)["state"]
    done = read(kafka, state, reset=True)
    assert (done.code, len(done.records())) == (0, 12)
