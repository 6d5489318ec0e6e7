"""What an error of a broker or of librdkafka means for who runs the tap.

Only the name of an error is shown. Its text comes from a broker, or holds an address.
"""

from __future__ import annotations

import re

from confluent_kafka import KafkaError

from bizon_singer.errors import (
    BizonSingerError,
    ConfigError,
    CredentialsError,
    ProtocolError,
    TransientError,
)

CREDENTIALS = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - librdkafka's own errors begin so
        KafkaError._SSL,  # noqa: SLF001
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.ILLEGAL_SASL_STATE,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
    }
)
UNKNOWN = frozenset(
    {
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.UNKNOWN_TOPIC_ID,
    }
)
PASSING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._TIMED_OUT_QUEUE,  # noqa: SLF001
        KafkaError._TRANSPORT,  # noqa: SLF001
        KafkaError._WAIT_COORD,  # noqa: SLF001
        KafkaError.THROTTLING_QUOTA_EXCEEDED,
    }
)


ALERTS = frozenset({"42", "43", "44", "45", "46", "48", "49", "116"})
"""Of TLS, by which a broker refuses a client's certificate or wants one:
https://www.rfc-editor.org/rfc/rfc8446#section-6.2"""
_ALERT = re.compile(r"SSL alert number (\d+)")


def is_refused(error: KafkaError) -> bool:
    """Tell whether an error is one of credentials or certificates, which no second try mends.

    The alert that refuses a certificate comes when the handshake is over for the client, so
    librdkafka takes it for a broken connection.
    """
    alert = _ALERT.search(error.str())
    return error.code() in CREDENTIALS or (alert is not None and alert[1] in ALERTS)


def refusal(error: KafkaError, what: str) -> BizonSingerError:
    """Return the error that stands for one of Kafka.

    Args:
        error: The error.
        what: What was being done, after "while".
    """
    code, name = error.code(), error.name()
    if code == KafkaError._SSL or (code not in CREDENTIALS and is_refused(error)):  # noqa: SLF001
        return CredentialsError(
            f"the TLS handshake failed ({name}) while {what}; check `security.protocol`, "
            "`security.ca_location` and the client's own certificate"
        )
    if code in CREDENTIALS:
        return CredentialsError(
            f"the credentials were refused ({name}) while {what}; check user, password and "
            "mechanism, and that they may read the topic"
        )
    if code in UNKNOWN:
        return ConfigError(f"there is no such topic or partition ({name}) while {what}; check it")
    if code in PASSING or error.retriable():
        return TransientError(
            f"no broker answered in time ({name}) while {what}; check `bootstrap_servers` and the "
            "network, or run again later"
        )
    return ProtocolError(
        f"Kafka refused ({name}) while {what}; see its log, and run again with the last STATE"
    )
