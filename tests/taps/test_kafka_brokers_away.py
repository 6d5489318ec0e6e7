"""tap-kafka while its brokers are away for a moment: nothing that is known or fetched is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException

from bizon_singer.errors import CredentialsError, TransientError
from bizon_singer.testing.runs import run
from bizon_taps.kafka import client as client_module
from bizon_taps.kafka import run as run_module
from bizon_taps.kafka.client import Client
from bizon_taps.kafka.config import KafkaSourceConfig
from bizon_taps.kafka.refusals import PASSING
from bizon_taps.kafka.tap import TapKafka
from tests.fakes.kafka import Kafka

MESSAGES = 200
NOBODY = {"bootstrap_servers": "127.0.0.1:1", "stream": "orders", "consumer_timeout": 3}
TOPIC_ID = "Zm9yLW9yZGVycy1vbmx5LQ"


class Forgetful(Consumer):
    """A consumer whose first question after each answer is not answered in time."""

    answers = True

    def list_topics(self, *arguments: Any, **named: Any) -> Any:
        """Answer every other time."""
        Forgetful.answers = not Forgetful.answers
        if not Forgetful.answers:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return super().list_topics(*arguments, **named)


def test_a_question_that_is_not_answered_costs_no_message(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked in the middle of a run, while the next messages are fetched already."""
    monkeypatch.setattr(client_module, "Consumer", Forgetful)
    monkeypatch.setattr(client_module, "STEP_SECONDS", 0.01)
    monkeypatch.setattr(run_module, "LOOK_SECONDS", 0)
    kafka.fill("orders", MESSAGES)
    done = run(TapKafka, kafka.settings(topics=["orders"], batch_size=25))
    assert done.code == 0, done.sentence
    found = sorted(row["value"]["number"] for row in done.records())
    assert found == list(range(MESSAGES))


class Counting(Consumer):
    """A consumer that counts how often it asks which topics there are."""

    asked = 0

    def list_topics(self, *arguments: Any, **named: Any) -> Any:
        """Count, and answer."""
        Counting.asked += 1
        return super().list_topics(*arguments, **named)


def test_who_has_no_partition_yet_waits_without_asking_all_the_time(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the fifth of five processes has none of four; it looks for new ones once in a while."""
    monkeypatch.setattr(client_module, "Consumer", Counting)
    kafka.fill("orders", 4)
    settings = kafka.settings(
        topics=["orders"],
        shard={"index": 4, "count": 5},
        until="never",
        idle_timeout_seconds=2,
        max_parallel_streams=1,
    )
    Counting.asked = 0
    done = run(TapKafka, settings)
    assert (done.code, done.records()) == (0, [])
    assert Counting.asked < 10


@pytest.fixture
def client() -> Iterator[Client]:
    """A client whose brokers are away."""
    made = Client(KafkaSourceConfig.model_validate(NOBODY))
    yield made
    made.close()


def test_a_slow_broker_is_given_the_whole_time(client: Client) -> None:
    """Of `consumer_timeout`: whoever needs more than a step for any answer is understood."""

    def slow(seconds: float) -> str:
        if seconds < 1:
            sleep(seconds)
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return "an answer"

    assert client.ask("it was asked", slow) == "an answer"


@pytest.mark.parametrize("code", sorted(PASSING))
def test_what_passes_is_asked_again(code: int, client: Client) -> None:
    """Under load a question may not even have been sent when its time is over."""
    answers = iter([KafkaException(KafkaError(code))])

    def once(_seconds: float) -> str:
        for error in answers:
            raise error
        return "an answer"

    assert client.ask("it was asked", once) == "an answer"


def test_a_broker_that_cannot_answer_yet_is_not_asked_without_a_pause(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so at once, and is asked until the time is over."""
    monkeypatch.setattr(client_module, "STEP_SECONDS", 0.3)
    asked: list[float] = []

    def without_leader(seconds: float) -> None:
        asked.append(seconds)
        raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE, retriable=True))

    with pytest.raises(TransientError, match="LEADER_NOT_AVAILABLE"):
        client.ask("it was asked", without_leader)
    assert 5 < len(asked) <= 11


def admin(monkeypatch: pytest.MonkeyPatch, *answers: str | int) -> None:
    """Let the brokers give ids of topics, or codes of errors, the last one for ever."""
    left = list(answers)

    class Admin:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def describe_topics(self, *_: Any, **__: Any) -> dict[str, Future[Any]]:
            answer: Future[Any] = Future()
            given = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(given, str):
                answer.set_result(SimpleNamespace(topic_id=given))
            else:
                answer.set_exception(KafkaException(KafkaError(given)))
            return {"orders": answer}

    monkeypatch.setattr(client_module, "AdminClient", Admin)
    monkeypatch.setattr(client_module, "STEP_SECONDS", 0.01)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((KafkaError._TIMED_OUT, KafkaError._TRANSPORT, TOPIC_ID), TOPIC_ID),
        (("A" * 22,), None),
        ((KafkaError._UNSUPPORTED_FEATURE,), None),
        ((KafkaError.UNSUPPORTED_VERSION,), None),
    ],
)
def test_only_a_broker_without_ids_gives_none(
    client: Client, monkeypatch: pytest.MonkeyPatch, answers: Any, found: str | None
) -> None:
    """One that does not answer for a moment is asked again."""
    admin(monkeypatch, *answers)
    assert client.topic_id("orders") == found


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError._TIMED_OUT, TransientError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, CredentialsError),
    ],
)
def test_an_id_that_is_not_told_is_not_taken_for_none(
    client: Client, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception]
) -> None:
    """STATE without the id could not tell a topic made anew from the one that was read."""
    admin(monkeypatch, code)
    with pytest.raises(kind, match="the id of topic 'orders'"):
        client.topic_id("orders")


def test_what_state_knows_of_a_topic_outlives_a_run_that_is_not_told(kafka: Kafka) -> None:
    """A cluster without a controller cannot be asked, as for a moment while one is chosen."""
    kafka.fill("orders", 4)
    first = run(TapKafka, kafka.settings(topics=["orders"])).state
    first["bookmarks"]["orders"]["state"]["topic_id"] = TOPIC_ID
    kafka.fill("orders", 4, start=4)
    second = run(TapKafka, kafka.settings(topics=["orders"]), first)
    assert sorted(row["value"]["number"] for row in second.records()) == [4, 5, 6, 7]
    assert second.bookmark("orders")["state"]["topic_id"] == TOPIC_ID
