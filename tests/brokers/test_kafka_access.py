"""tap-kafka at the door of a broker: every login and every certificate, and what is refused."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.broker import PASSWORD, USER, Broker
from tests.brokers.certificates import KEY_PASSWORD
from tests.brokers.conftest import MakeTopic
from tests.brokers.leash import HOST
from tests.brokers.reading import TAP, Reading, command, read
from tests.brokers.topic import Topic, numbered
from tests.commands.process import sentence
from tests.process.commands import run, write_json

WRONG = "canary-of-a-wrong-password"


def settings(broker: Broker, protocol: str, mechanism: str = "") -> dict[str, Any]:
    """Return the settings of the tap for a listener."""
    security: dict[str, Any] = {"protocol": protocol}
    more: dict[str, Any] = {}
    if protocol.endswith("SSL"):
        security["ca_location"] = str(broker.certificates.authority)
    if protocol == "SSL":
        security["certificate_location"] = str(broker.certificates.client)
        security["key_location"] = str(broker.certificates.client_key)
        security["key_password"] = KEY_PASSWORD
    if mechanism == "OAUTHBEARER":  # the token is one the client makes up, as the broker allows
        more["consumer_config"] = {
            "enable.sasl.oauthbearer.unsecure.jwt": True,
            "sasl.oauthbearer.config": f"principal={USER}",
        }
    elif mechanism:
        security |= {"username": USER, "password": PASSWORD}
    if mechanism:
        security["mechanism"] = mechanism
    return {"bootstrap_servers": broker.address(protocol), "security": security, **more}


def assert_no_password(reading: Reading) -> None:
    """Check that no run wrote a password, its own or a wrong one."""
    for secret in (PASSWORD, WRONG, KEY_PASSWORD):
        assert secret not in reading.done.stderr
        assert secret.encode() not in reading.done.stdout


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [
        ("SSL", ""),
        ("SASL_PLAINTEXT", "PLAIN"),
        ("SASL_PLAINTEXT", "SCRAM-SHA-256"),
        ("SASL_PLAINTEXT", "OAUTHBEARER"),
        ("SASL_SSL", "PLAIN"),
        ("SASL_SSL", "SCRAM-SHA-512"),
    ],
)
def test_a_topic_is_read_through_each_listener(
    protocol: str, mechanism: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """With a certificate, a password, a token; with TLS and without."""
    topic = make_topic()
    topic.write(numbered(20))
    reading = read(topic, tmp_path, **settings(topic.broker, protocol, mechanism))
    reading.assert_complete(topic)
    assert_no_password(reading)


def test_the_protocol_is_found_by_the_credentials(make_topic: MakeTopic, tmp_path: Path) -> None:
    """Bizon's `authentication` is enough on a broker of this machine: TLS is not forced on it."""
    topic = make_topic()
    topic.write(numbered(20))
    login = {"type": "basic", "params": {"username": USER, "password": PASSWORD}}
    servers = topic.broker.address("SASL_PLAINTEXT")
    reading = read(topic, tmp_path, bootstrap_servers=servers, authentication=login)
    reading.assert_complete(topic)
    assert_no_password(reading)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_a_wrong_password_is_told_at_once(
    protocol: str, mechanism: str, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """Exit code 3 and nothing on stdout; neither password is written anywhere."""
    topic = make_topic()
    config = settings(topic.broker, protocol, mechanism)
    config["security"]["password"] = WRONG
    reading = read(topic, tmp_path, **config)
    assert reading.code == 3, reading.done.stderr
    assert reading.done.stdout == b""
    assert "credentials were refused" in sentence(reading.done)
    assert_no_password(reading)


def unknown_authority(config: dict[str, Any], broker: Broker) -> None:
    """Trust somebody else than who signed the broker's certificate."""
    config["security"]["ca_location"] = str(broker.certificates.stranger)


def no_certificate(config: dict[str, Any], _: Broker) -> None:
    """Have no certificate where the broker wants one."""
    for name in ("certificate_location", "key_location", "key_password"):
        del config["security"][name]


def plain_text(config: dict[str, Any], _: Broker) -> None:
    """Speak without TLS to a listener that has it."""
    config["security"] = {"protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [(unknown_authority, {3}), (no_certificate, {3}), (plain_text, {5})],
)
def test_a_failed_handshake_is_told(
    spoil: Any, codes: set[int], make_topic: MakeTopic, tmp_path: Path
) -> None:
    """A certificate is never just believed, and no failure of TLS is a topic without messages."""
    topic = make_topic()
    topic.write(numbered(5))
    config = settings(topic.broker, "SSL")
    spoil(config, topic.broker)
    reading = read(topic, tmp_path, consumer_timeout=3, **config)
    assert reading.code in codes, reading.done.stderr
    assert reading.done.stdout == b""
    assert_no_password(reading)


def test_an_unreachable_broker_is_passing_trouble(tmp_path: Path) -> None:
    """Exit code 5 within the time limit, and nothing on stdout."""
    with socket.socket() as listener:  # bound, and never listening
        listener.bind((HOST, 0))
        servers = f"{HOST}:{listener.getsockname()[1]}"
        config = {"bootstrap_servers": servers, "topics": ["orders"], "consumer_timeout": 2}
        path = write_json(tmp_path / "config.json", config)
        done = run([str(TAP), "--config", str(path)])
    assert done.code == 5, done.stderr
    assert done.stdout == b""
    assert "bootstrap_servers" in sentence(done)


def test_a_missing_topic_is_an_error_before_anything_is_read(
    make_topic: MakeTopic, tmp_path: Path
) -> None:
    """Also beside one that is there: its name was mistyped, or it is gone."""
    topic = make_topic()
    topic.write(numbered(5))
    reading = read(topic, tmp_path, topics=[topic.name, "no-such-topic"])
    assert reading.code == 2
    assert reading.done.stdout == b""
    assert "no-such-topic" in sentence(reading.done)


def test_each_topic_that_matches_is_a_stream(make_topic: MakeTopic, tmp_path: Path) -> None:
    """Discovery asks the broker; topics of Kafka itself are none, a name may be given."""
    topic, other = make_topic(), make_topic()
    pattern = topic.name.removesuffix("1") + r"\d"
    named = [{"name": topic.name, "destination_id": "first"}]
    for config, streams in (
        ({"topics": [], "topic_pattern": pattern}, {topic.name, other.name}),
        ({"topics": named}, {"first"}),
    ):
        done = run([*command(topic, tmp_path, **config), "--discover"])
        assert done.code == 0, done.stderr
        catalog = json.loads(done.stdout)["streams"]
        assert {entry["tap_stream_id"] for entry in catalog} == streams


def test_two_topics_are_two_streams_with_offsets_of_their_own(
    make_topic: MakeTopic, tmp_path: Path
) -> None:
    """One run reads both; keys are told apart by the topic."""
    first, second = make_topic(2), make_topic()
    first.write(numbered(100, 2))
    second.write(numbered(40))
    reading = read(first, tmp_path, topics=[first.name, second.name])
    for topic in (first, second):
        reading.assert_complete(topic)
    assert reading.offsets(first) == {0: 50, 1: 50}
    assert reading.offsets(second) == {0: 40}
    keys = [tuple(r[name] for name in ("topic", "partition", "offset")) for r in reading.records]
    assert len(set(keys)) == 140


def test_shards_share_the_partitions(make_topic: MakeTopic, tmp_path: Path) -> None:
    """Each with its own STATE; together they give every message once, also of a new partition."""
    topic = make_topic(3)
    topic.write(numbered(300, 3))
    shards = [{"index": 0, "count": 2}, {"index": 1, "count": 2}]
    first = [read(topic, tmp_path, shard=shard) for shard in shards]
    assert [set(reading.offsets(topic)) for reading in first] == [{0, 2}, {1}]
    topic.grow(4)
    topic.write(numbered(40, 4, start=300))
    second = [
        read(topic, tmp_path, reading.state, shard=shard)
        for reading, shard in zip(first, shards, strict=True)
    ]
    assert all(reading.code == 0 for reading in (*first, *second))
    whole = topic_ledgers(topic, *first, *second)
    assert whole.checksums() == topic.ledger.checksums()
    assert sum(len(reading.records) for reading in (*first, *second)) == 340


def topic_ledgers(topic: Topic, *readings: Reading) -> Any:
    """Return what several runs gave of a topic."""
    whole = readings[0].ledger(topic)
    for reading in readings[1:]:
        whole |= reading.ledger(topic)
    return whole
