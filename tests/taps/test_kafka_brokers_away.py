"""tap-kafka while its brokers are away for a moment: nothing that is known or fetched is lost."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException

from bizon_singer.testing.runs import run
from bizon_taps.kafka import client as client_module
from bizon_taps.kafka import run as run_module
from bizon_taps.kafka.tap import TapKafka
from tests.fakes.kafka import Kafka

MESSAGES = 500


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
