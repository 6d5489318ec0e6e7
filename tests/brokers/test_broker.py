"""The broker of the tests does what the tests of tap-kafka take for granted.

Read by a plain consumer: a test of the tap that fails then tells of the tap.
"""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.brokers.broker import PASSWORD, USER, Broker
from tests.brokers.certificates import KEY_PASSWORD
from tests.brokers.conftest import MakeTopic
from tests.brokers.ledger import Ledger
from tests.brokers.topic import Message, Topic, await_so, content, keyed, numbered


def read(topic: Topic, partitions: int = 1) -> Ledger:
    """Return what a plain consumer finds from the start to the end, and up to where that is."""
    consumer = Consumer(
        {
            "bootstrap.servers": topic.broker.address(),
            "group.id": "plain",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic.name, number, 0) for number in range(partitions)])
    found, ended = Ledger(), 0
    while ended < partitions:
        message = consumer.poll(30)
        assert message is not None, "neither a message nor the end came"
        if message.error():
            ended += 1
        else:
            partition, offset, value = message.partition(), message.offset(), message.value()
            assert partition is not None
            assert offset is not None
            found.note(partition, offset, content(value) if value is not None else None)
    consumer.close()
    return found


def test_each_message_is_in_the_ledger(make_topic: MakeTopic) -> None:
    """What was written to three partitions is what a consumer finds, and a change is seen."""
    topic = make_topic(3)
    topic.write(numbered(3_000, 3))
    found = read(topic, 3)
    assert {count for count, _ in found.checksums().values()} == {1_000}
    assert found.checksums() == topic.ledger.checksums()
    changed = Ledger.of((*row[:2], {**row[2], "number": -1}) for row in found.rows())
    assert changed.checksums() != topic.ledger.checksums()


def test_transactions_are_as_kafka_has_them(make_topic: MakeTopic) -> None:
    """Aborted messages are hidden, and both ends of a transaction take an offset."""
    topic = make_topic()
    with topic.transaction("kept") as write:
        write([Message(b'{"kept": 1}')])
    with topic.transaction("dropped", lasts=False) as write:
        write([Message(b'{"dropped": 1}')])
    found = read(topic)
    assert [row[1:] for row in found.rows()] == [(0, {"kept": 1})]
    assert found.checksums() == topic.ledger.checksums()
    assert topic.end_offset() == 4


def test_messages_are_deleted_on_request_and_by_age(make_topic: MakeTopic) -> None:
    """DeleteRecords moves the first offset, and so does retention, within moments."""
    topic = make_topic(retention_ms=3_600_000, segment_ms=100)
    topic.write(numbered(10, timestamp=1_000))
    topic.write(numbered(10, start=10))
    topic.await_first_offset(10)
    topic.delete_records({0: 15})
    assert topic.first_offset() == 15
    assert read(topic).checksums() == topic.ledger.only(0, 15).checksums()


def test_a_compacted_topic_loses_replaced_messages(make_topic: MakeTopic) -> None:
    """Of one key's messages the last stays at its offset, once a newer segment begins."""
    topic = make_topic(cleanup_policy="compact", segment_ms=100, min_cleanable_dirty_ratio=0.01)
    topic.write(keyed(20, keys=4), batch_num_messages=1)
    await_so(lambda: len(read(topic).places()) == 5)
    assert [offset for _, offset, _ in read(topic).rows()] == [15, 16, 17, 18, 19]


def test_topics_grow_and_go(make_topic: MakeTopic) -> None:
    """A partition is added; a deleted topic is gone, and made again begins at 0."""
    topic = make_topic()
    topic.write(numbered(5))
    topic.grow(2)
    topic.write([Message(b"{}", partition=1)])
    assert read(topic, 2).checksums() == topic.ledger.checksums()
    topic.delete()
    assert Topic.create(topic.broker, topic.name).end_offset() == 0


def test_what_was_written_survives_a_kill(make_topic: MakeTopic, broker: Broker) -> None:
    """Killed and started again, the broker has the same messages at the same address."""
    topic = make_topic()
    topic.write(numbered(1_000))
    broker.kill()
    broker.start()
    assert read(topic).checksums() == topic.ledger.checksums()


LOGINS: dict[str, dict[str, Any]] = {
    mechanism: {"sasl.mechanism": mechanism, "sasl.username": USER, "sasl.password": PASSWORD}
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
}
LOGINS["OAUTHBEARER"] = {
    "sasl.mechanism": "OAUTHBEARER",
    "enable.sasl.oauthbearer.unsecure.jwt": True,
    "sasl.oauthbearer.config": f"principal={USER}",
}


@pytest.mark.parametrize("mechanism", LOGINS)
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_each_login_is_taken(broker: Broker, protocol: str, mechanism: str) -> None:
    """Every mechanism works, with and without TLS."""
    config: dict[str, str | int | float | bool] = {
        "bootstrap.servers": broker.address(protocol),
        "security.protocol": protocol,
        "ssl.ca.location": str(broker.certificates.authority),
    }
    assert AdminClient({**config, **LOGINS[mechanism]}).list_topics(timeout=30).brokers


def test_a_client_shows_its_certificate(broker: Broker) -> None:
    """The TLS listener wants a certificate of the client."""
    config: dict[str, str | int | float | bool] = {
        "bootstrap.servers": broker.address("SSL"),
        "security.protocol": "SSL",
        "ssl.ca.location": str(broker.certificates.authority),
        "ssl.certificate.location": str(broker.certificates.client),
        "ssl.key.location": str(broker.certificates.client_key),
        "ssl.key.password": KEY_PASSWORD,
    }
    assert AdminClient(config).list_topics(timeout=30).brokers
