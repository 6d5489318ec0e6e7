"""A real Apache Kafka broker: one process on loopback, killed for certain at the end.

::

    with Broker(folder) as broker:
        consumer = Consumer({"bootstrap.servers": broker.address(), ...})
        broker.kill()
        broker.start()

It is broker and controller in one (KRaft), with a listener for each protocol, and it does several
times a second what else takes hours, such as retention and compaction.
"""

from __future__ import annotations

import subprocess
import time
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.brokers.certificates import Certificates
from tests.brokers.jars import folder_of_jars
from tests.brokers.leash import HOST, SMALL_JVM, Leash, free_ports

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
USER, PASSWORD = "reader", "canary-of-a-kafka-user"
CLUSTER_ID = "bXlDbHVzdGVyT2ZUZXN0cw"
START_SECONDS = 180.0
LARGEST_MESSAGE_BYTES = 8_000_000
LOGGING = """\
appender.err.type = Console
appender.err.name = err
appender.err.target = SYSTEM_ERR
appender.err.layout.type = PatternLayout
appender.err.layout.pattern = %d %p %m (%c)%n%throwable
rootLogger.level = WARN
rootLogger.appenderRef.err.ref = err
"""

_MODULES = "org.apache.kafka.common.security"
LOGINS = {
    "plain": f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
    "scram-sha-256": f"{_MODULES}.scram.ScramLoginModule required;",
    "scram-sha-512": f"{_MODULES}.scram.ScramLoginModule required;",
    "oauthbearer": f"{_MODULES}.oauthbearer.OAuthBearerLoginModule required "
    'unsecuredLoginStringClaim_sub="broker";',
}
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",  # started again, it waits for the end of the old session
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(LARGEST_MESSAGE_BYTES),
    "num.network.threads": "2",
    "num.io.threads": "2",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.initial.task.delay.ms": "100",
    "log.retention.ms": "-1",  # the times of messages are those a test gives them
    "log.retention.check.interval.ms": "100",
    # Sooner, a file may be gone that is about to be flushed, and with it the broker's whole disk.
    "log.segment.delete.delay.ms": "10000",
    "log.cleaner.backoff.ms": "100",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "ssl.keystore.type": "PEM",
    "ssl.truststore.type": "PEM",
    "listener.name.ssl.ssl.client.auth": "required",
    "sasl.enabled.mechanisms": ",".join(LOGINS).upper(),
}


class Broker:
    """A broker that runs inside ``with``, where it can be killed and started again.

    Args:
        folder: An empty one for its data, settings and log.
        jvm: Options of Java.
    """

    def __init__(self, folder: Path, jvm: tuple[str, ...] = SMALL_JVM) -> None:
        """Choose ports and write the settings; nothing runs yet."""
        self.certificates = Certificates.made_in(folder)
        self.log = folder / "broker.log"
        self._ports = dict(zip((*PROTOCOLS, "CONTROLLER"), free_ports(), strict=False))
        self._settings = folder / "server.properties"
        lines = [f"{name}={value}\n" for name, value in self._properties(folder).items()]
        self._settings.write_text("".join(lines))
        logging = folder / "log4j2.properties"
        logging.write_text(LOGGING)
        self._java = ["java", *jvm, f"-Dlog4j2.configurationFile={logging}"]
        self._java += ["-cp", f"{folder_of_jars()}/*"]
        self._leash: Leash | None = None

    def __enter__(self) -> Self:
        """Format the storage, start, and wait until it answers.

        Raises:
            RuntimeError: It does not run.
        """
        command = [*self._java, "kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID]
        command += ["--config", str(self._settings)]
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            command += ["--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"The storage was not formatted: {done.stdout}{done.stderr}")
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it as a crash would: there is nothing to keep."""
        self.kill()

    def address(self, protocol: str = "PLAINTEXT") -> str:
        """Return host and port of the listener for a protocol."""
        return f"{HOST}:{self._ports[protocol]}"

    @cached_property
    def admin(self) -> AdminClient:
        """A client that may do everything; what it is asked for ends when it does."""
        return AdminClient({"bootstrap.servers": self.address(), **QUICK})

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers.

        Raises:
            RuntimeError: It gave no answer in time.
        """
        if self._leash is not None:
            return
        self._leash = Leash([*self._java, "kafka.Kafka", str(self._settings)], self.log)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"The broker does not start: {self.log.read_text()[-2000:]}")

    def _answers(self) -> bool:
        try:
            return bool(self.admin.list_topics(timeout=0.5).brokers)
        except KafkaException:
            return False

    def kill(self) -> None:
        """Kill it and wait for its end: what its clients then see is a connection that breaks."""
        if self._leash is not None:
            self._leash.kill()
            self._leash = None

    def _properties(self, folder: Path) -> dict[str, str]:
        listeners = {name: f"{name}://{HOST}:{port}" for name, port in self._ports.items()}
        kinds = [f"{name}:{name}" for name in PROTOCOLS]
        logins = {
            f"listener.name.{protocol.lower()}.{mechanism}.sasl.jaas.config": login
            for protocol in PROTOCOLS[2:]
            for mechanism, login in LOGINS.items()
        }
        return {
            **SETTINGS,
            **logins,
            "controller.quorum.voters": f"1@{HOST}:{self._ports['CONTROLLER']}",
            "listeners": ",".join(listeners.values()),
            "advertised.listeners": ",".join(listeners[name] for name in PROTOCOLS),
            "listener.security.protocol.map": ",".join([*kinds, "CONTROLLER:PLAINTEXT"]),
            "log.dirs": str(folder / "data"),
            "ssl.keystore.location": str(self.certificates.broker),
            "ssl.truststore.location": str(self.certificates.authority),
        }


QUICK = {"reconnect.backoff.max.ms": 100, "log_level": 2}
"""Of a client that is ours: it does not wait long to try again, nor tell of each refusal."""
