"""What tap-kafka tells librdkafka, and what librdkafka's errors mean."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError

from bizon_singer.errors import (
    ConfigError,
    CredentialsError,
    ProtocolError,
    TransientError,
)
from bizon_taps.kafka.client import properties_of
from bizon_taps.kafka.config import FIXED, REFUSED_PROPERTIES, KafkaSourceConfig
from bizon_taps.kafka.refusals import refusal

BASIC = {"type": "basic", "params": {"username": "u", "password": "p"}}
LOGIN = {"username": "u", "password": "p"}
REMOTE, LOCAL = "kafka.example.com:9092", "localhost:9092"


def properties(servers: str = REMOTE, **settings: Any) -> dict[str, Any]:
    """Return the properties of a consumer."""
    config = {"stream": "orders", "bootstrap_servers": servers, **settings}
    return properties_of(KafkaSourceConfig.model_validate(config))


@pytest.mark.parametrize(
    ("servers", "settings", "protocol"),
    [
        (REMOTE, {}, "PLAINTEXT"),
        (REMOTE, {"security": LOGIN}, "SASL_SSL"),
        (LOCAL, {"security": LOGIN}, "SASL_PLAINTEXT"),
        ("127.0.0.1:1,[::1]:2", {"security": LOGIN}, "SASL_PLAINTEXT"),
        (f"{LOCAL},{REMOTE}", {"security": LOGIN}, "SASL_SSL"),
        ("localhost.example.com:1", {"security": LOGIN}, "SASL_SSL"),
        (LOCAL, {"security": {**LOGIN, "ca_location": "ca.pem"}}, "SASL_SSL"),
        (REMOTE, {"security": {"ca_location": "ca.pem"}}, "SSL"),
        (LOCAL, {"security": {"certificate_location": "c.pem"}}, "SSL"),
        (REMOTE, {"authentication": BASIC}, "SASL_SSL"),
        (LOCAL, {"authentication": BASIC}, "SASL_PLAINTEXT"),
        (REMOTE, {"security": {**LOGIN, "protocol": "SASL_PLAINTEXT"}}, "SASL_PLAINTEXT"),
        (REMOTE, {"consumer_config": {"security.protocol": "SSL"}}, "SSL"),
        (
            REMOTE,
            {"authentication": BASIC, "consumer_config": {"security.protocol": "SASL_PLAINTEXT"}},
            "SASL_PLAINTEXT",
        ),
    ],
)
def test_no_password_travels_in_clear_unless_somebody_says_so(
    servers: str, settings: dict[str, Any], protocol: str
) -> None:
    """And TLS is forced on no broker of this machine."""
    assert properties(servers, **settings)["security.protocol"] == protocol


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"security": LOGIN}, {"sasl.mechanism": "PLAIN", "sasl.username": "u"}),
        ({"authentication": BASIC}, {"sasl.mechanism": "PLAIN", "sasl.password": "p"}),
        (
            {"security": {"mechanism": "SCRAM-SHA-512"}, "authentication": BASIC},
            {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "u", "sasl.password": "p"},
        ),
        (
            {
                "security": {
                    **LOGIN,
                    "mechanism": "OAUTHBEARER",
                    "token_endpoint_url": "https://t",
                    "scope": "s",
                }
            },
            {
                "sasl.mechanism": "OAUTHBEARER",
                "sasl.oauthbearer.method": "oidc",
                "sasl.oauthbearer.client.id": "u",
                "sasl.oauthbearer.client.secret": "p",
                "sasl.oauthbearer.token.endpoint.url": "https://t",
                "sasl.oauthbearer.scope": "s",
            },
        ),
        (
            {"security": {"key_location": "k", "key_password": "p", "certificate_location": "c"}},
            {"ssl.key.location": "k", "ssl.key.password": "p", "ssl.certificate.location": "c"},
        ),
        ({"group_id": "mine"}, {"group.id": "mine"}),
        ({"consumer_config": {"queued.max.messages.kbytes": 7}}, {"queued.max.messages.kbytes": 7}),
    ],
)
def test_settings_reach_librdkafka(settings: dict[str, Any], told: dict[str, str]) -> None:
    """By the names it has for them."""
    assert told.items() <= properties(**settings).items()


def test_what_the_promise_stands_on_is_always_set() -> None:
    """And each of these properties is refused in `consumer_config`, unless that says the same."""
    assert FIXED.items() <= properties().items()
    said = {"enable.auto.commit": "false", "isolation.level": "read_committed"}
    assert FIXED.items() <= properties(consumer_config=said).items()
    assert FIXED.keys() <= REFUSED_PROPERTIES.keys()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError._AUTHENTICATION, CredentialsError),
        (KafkaError.SASL_AUTHENTICATION_FAILED, CredentialsError),
        (KafkaError.UNSUPPORTED_SASL_MECHANISM, CredentialsError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, CredentialsError),
        (KafkaError.GROUP_AUTHORIZATION_FAILED, CredentialsError),
        (KafkaError._SSL, CredentialsError),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, ConfigError),
        (KafkaError._UNKNOWN_TOPIC, ConfigError),
        (KafkaError._TRANSPORT, TransientError),
        (KafkaError._ALL_BROKERS_DOWN, TransientError),
        (KafkaError._RESOLVE, TransientError),
        (KafkaError._TIMED_OUT, TransientError),
        (KafkaError._BAD_MSG, ProtocolError),
        (KafkaError.UNSUPPORTED_VERSION, ProtocolError),
    ],
)
def test_an_error_of_kafka_is_named_by_what_to_do(code: int, kind: type[Exception]) -> None:
    """One sentence, which has the error's name and none of its words."""
    error = KafkaError(code, "secret words of a broker")
    found = refusal(error, "topics were listed")
    assert type(found) is kind
    assert error.name() in str(found)
    assert "secret" not in str(found)
