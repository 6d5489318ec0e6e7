"""Clients of librdkafka: their properties, their log and what their refusals mean.

https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md lists the properties.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import Any, TypeVar, cast

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from bizon_singer.config_schema import secrets_in
from bizon_singer.errors import BizonSingerError, ConfigError
from bizon_singer.redact import redact
from bizon_taps.kafka import client_log
from bizon_taps.kafka.config import FIXED, KafkaSourceConfig, Until
from bizon_taps.kafka.message import Message
from bizon_taps.kafka.refusals import PASSING, is_refused, refusal
from bizon_taps.kafka.security import Mechanism, Protocol

T = TypeVar("T")

STEP_SECONDS = 0.5
"""How soon a wait for an answer looks whether the credentials were refused meanwhile."""
PRIVATE_KEYS = ("ssl.key.pem", "ssl.keystore.pem", "sasl.oauthbearer.config")
"""Properties that hold a secret without being named like one."""
OF_A_CONNECTION = (
    "bootstrap.",
    "broker.",
    "client.",
    "enable.sasl.",
    "enable.ssl.",
    "sasl.",
    "security.",
    "socket.",
    "ssl.",
)
"""Starts of the properties that every client has, not consumers alone."""
FILES = {
    "ssl.ca.location": "ca_location",
    "ssl.certificate.location": "certificate_location",
    "ssl.key.location": "key_location",
    "ssl.key.password": "key_password",
}
"""Properties that are settings of ``security``."""
LOGIN = {"sasl.username": "username", "sasl.password": "password"}
OIDC_LOGIN = {
    "sasl.oauthbearer.client.id": "username",
    "sasl.oauthbearer.client.secret": "password",
    "sasl.oauthbearer.token.endpoint.url": "token_endpoint_url",
}
"""Properties without which nobody is let in, each with its setting."""
NO_IDS = frozenset({"", "AAAAAAAAAAAAAAAAAAAAAA"})
"""How an id looks that the broker does not have: nothing, or sixteen zeros."""
UNSUPPORTED = frozenset({KafkaError._UNSUPPORTED_FEATURE, KafkaError.UNSUPPORTED_VERSION})  # noqa: SLF001 - librdkafka's own errors begin so
DEFAULTS = {
    "client.id": "bizon-singer",
    # A full queue makes librdkafka pause for a second by default; that halves the rate.
    "fetch.queue.backoff.ms": 5,
    "queued.max.messages.kbytes": 16_384,
    "socket.keepalive.enable": True,
    "reconnect.backoff.ms": 250,  # each failing try is a line of the log
}


class Client:
    """A consumer that joins no group, and what it has been refused.

    Args:
        config: The settings.
    """

    def __init__(self, config: KafkaSourceConfig) -> None:
        """Construct the consumer; it connects when it is asked something.

        Raises:
            ConfigError: A login is not whole, or librdkafka does not take the settings.
        """
        self._timeout = config.consumer_timeout
        self._refused: KafkaError | None = None
        self._held: list[Message] = []
        properties = properties_of(config)
        _check_login(config, properties)
        redact.register(*secrets_in(properties))
        redact.register(*(str(properties[name]) for name in PRIVATE_KEYS if name in properties))
        self._connection = {
            name: value for name, value in properties.items() if name.startswith(OF_A_CONNECTION)
        }
        properties["error_cb"] = self._note
        try:
            self.consumer = Consumer(properties, logger=client_log.logger)
        except KafkaException as error:
            raise _refused_settings(error, config, properties) from error

    def _note(self, error: KafkaError) -> None:
        """Keep the first refusal of credentials: librdkafka would try them again for ever."""
        if is_refused(error) and self._refused is None:
            self._refused = error

    def check(self) -> None:
        """Raise what the brokers have refused meanwhile.

        Raises:
            CredentialsError: They do not take the credentials or the certificates.
        """
        if self._refused is not None:
            raise refusal(self._refused, "the brokers were asked")

    def ask(self, what: str, question: Callable[[float], T]) -> T:
        """Return what the brokers answer.

        Args:
            what: What is asked for, after "while".
            question: Asks, with a time limit in seconds.

        Raises:
            BizonSingerError: They refuse, or do not answer within ``consumer_timeout``.
        """
        end = time.monotonic() + self._timeout
        step = STEP_SECONDS
        while True:
            begun = time.monotonic()
            try:
                return question(max(0.001, min(step, end - begun)))
            except KafkaException as error:
                self._hear()
                self.check()
                if time.monotonic() >= end or not _may_pass(error.args[0]):
                    raise refusal(error.args[0], what) from error
            taken = time.monotonic() - begun
            step = max(step, 2 * taken)  # a broker may need longer than a step for any answer
            time.sleep(max(0.0, STEP_SECONDS - taken))

    def _hear(self) -> None:
        """Let librdkafka say what it has been refused; a message that comes instead is kept."""
        message = self.consumer.poll(0)
        if message is not None:
            self._held.append(cast("Message", message))

    def consume(self, most: int, seconds: float) -> list[Message]:
        """Return messages and events, as soon as there are so many or the time has passed.

        Raises:
            KafkaException: The brokers refuse.
        """
        if self._held:
            first, self._held = self._held[:most], self._held[most:]
            return first
        return cast("list[Message]", self.consumer.consume(most, seconds))

    def leave(self) -> None:
        """Fetch no more: what was fetched and is not read belongs to a topic that was left."""
        self.consumer.unassign()
        self._held.clear()

    def limits(self, partition: TopicPartition, seconds: float) -> tuple[int, int]:
        """Return the first offset of a partition and the one after the last committed message.

        Raises:
            KafkaException: No answer came in time, or a refusal.
        """
        found = self.consumer.get_watermark_offsets(partition, timeout=seconds)
        if found is None:  # the one question whose silence is no error to librdkafka
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001
        return found

    def topic_id(self, topic: str) -> str | None:
        """Return the id that tells a topic from others that had its name, None without one.

        Brokers before Kafka 2.8 have none; https://cwiki.apache.org/confluence/x/ExR4CQ (KIP-516).

        Raises:
            BizonSingerError: The brokers refuse, or do not answer, which is not to have none.
        """
        admin = AdminClient(self._connection, logger=client_log.logger)
        found = self.ask(
            f"the id of topic {topic!r} was asked for",
            lambda seconds: _id_of(admin, topic, seconds),
        )
        return None if found in NO_IDS else found

    def close(self) -> None:
        """Leave the brokers."""
        self.consumer.close()


def _id_of(admin: AdminClient, topic: str, seconds: float) -> str:
    """Return the id of a topic, empty from a broker that is too old to be asked.

    Raises:
        KafkaException: No answer came in time, or a refusal.
    """
    asked = admin.describe_topics(TopicCollection([topic]), request_timeout=seconds)
    try:
        return str(asked[topic].result(seconds + 1).topic_id)
    except TimeoutError:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT)) from None  # noqa: SLF001 - as above
    except KafkaException as error:
        if error.args[0].code() in UNSUPPORTED:
            return ""
        raise


def _may_pass(error: KafkaError) -> bool:
    return error.code() in PASSING or error.retriable()


def properties_of(config: KafkaSourceConfig) -> dict[str, Any]:
    """Return the properties of a consumer; those of the user win where safety allows."""
    # A partition ends with an event, which comes when the broker has waited for more to send.
    waiting = {"fetch.wait.max.ms": 100} if config.until is Until.END else {}
    return {
        **DEFAULTS,
        **waiting,
        **_security(config),
        **config.consumer_config,
        "bootstrap.servers": config.bootstrap_servers,
        "group.id": config.group_id,
        **FIXED,
    }


def _security(config: KafkaSourceConfig) -> dict[str, Any]:
    """Return how the connection is secured, of ``security`` and of Bizon's ``authentication``."""
    security = config.security
    username, password = security.username, security.password
    if username is None and config.authentication is not None:
        username = getattr(config.authentication.params, "username", None)
        password = getattr(config.authentication.params, "password", None)
    mechanism = security.mechanism or (Mechanism.PLAIN if username is not None else None)
    named = {name: getattr(security, setting) for name, setting in FILES.items()}
    protocol = security.protocol or _protocol(
        config.bootstrap_servers, has_login=mechanism is not None, has_files=any(named.values())
    )
    named |= {"security.protocol": protocol.value}
    if mechanism is Mechanism.OAUTHBEARER:
        own = any(name.startswith("sasl.oauthbearer.") for name in config.consumer_config)
        named |= {
            "sasl.oauthbearer.method": None if own else "oidc",
            "sasl.oauthbearer.client.id": username,
            "sasl.oauthbearer.client.secret": password,
            "sasl.oauthbearer.token.endpoint.url": security.token_endpoint_url,
            "sasl.oauthbearer.scope": security.scope,
        }
    elif mechanism is not None:
        named |= {"sasl.username": username, "sasl.password": password}
    if mechanism is not None:
        named["sasl.mechanism"] = mechanism.value
    return {name: value for name, value in named.items() if value is not None}


def _check_login(config: KafkaSourceConfig, properties: Mapping[str, Any]) -> None:
    """See that nothing of a login is missing: librdkafka would name other things than settings.

    Raises:
        ConfigError: Something is.
    """
    mechanism = properties.get("sasl.mechanism")
    if mechanism is None or not properties["security.protocol"].startswith("SASL"):
        return
    is_own = config.security.username is None and config.authentication is not None
    place = "authentication.params" if is_own else "security"
    if mechanism == Mechanism.OAUTHBEARER:
        needed = OIDC_LOGIN if properties.get("sasl.oauthbearer.method") == "oidc" else {}
    else:
        needed = LOGIN if mechanism in set(Mechanism) else {}
    for name, setting in needed.items():
        if not properties.get(name):
            raise ConfigError(f"a login by {mechanism} needs `{place}.{setting}`; set it")


def _protocol(servers: str, *, has_login: bool, has_files: bool) -> Protocol:
    """Return what is spoken where nobody said it: no password leaves this machine in clear."""
    if not has_login:
        return Protocol.SSL if has_files else Protocol.PLAINTEXT
    local = all(_is_local(server) for server in servers.split(","))
    return Protocol.SASL_PLAINTEXT if local and not has_files else Protocol.SASL_SSL


def _is_local(server: str) -> bool:
    host = server.strip().rpartition("://")[2].rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused_settings(
    error: KafkaException, config: KafkaSourceConfig, names: Iterable[str]
) -> BizonSingerError:
    """Name the property librdkafka does not take; its own words may hold the value."""
    text = str(error.args[0].str())
    found = next((name for name in sorted(names, key=len, reverse=True) if name in text), None)
    which = "them" if found is None else f"the property `{found}`"
    setting = FILES.get(found or "") if found not in config.consumer_config else None
    where = "`consumer_config` or `security`" if setting is None else f"`security.{setting}`"
    return ConfigError(
        f"librdkafka does not take the settings of the connection, for {which}; mend {where}"
    )
