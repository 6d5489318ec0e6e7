"""tap-kafka against pipelinewise-tap-kafka: a topic of a real broker, whole processes to /dev/null.

Both read the same 1-KB JSON messages in one run. Ours writes a STATE after every page and would
resume there; the peer's message is polled one by one. The broker has the same cores as they. The
same orders in Avro, by a schema of a registry, are read by ours alone: the peer knows no Avro.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, Producer

from tests.benchmarks.process import Cost, config_file, cost_of, header, least, row
from tests.brokers.broker import Broker
from tests.brokers.jars import obstacle
from tests.brokers.topic import WAIT_SECONDS, Topic
from tests.fakes.schema_registry.server import SchemaRegistry
from tests.taps.kafka_messages import avro, confluent_frame

MESSAGES = 1_000_000
FEW = 50_000
ROUNDS = 2
PARTITIONS = 4
BYTES = 1_000
JVM = ("-Xms512m", "-Xmx512m")
PEER = Path(__file__).parents[2] / ".venv-peer-kafka" / "bin" / "tap-kafka"
PEER_IDLE_SECONDS = 10.0
"""How long the peer waits for another message before it ends, its default; taken off its time."""


LINE_SCHEMA = {
    "type": "record",
    "name": "Line",
    "fields": [
        {"name": "product", "type": "string"},
        {"name": "count", "type": "int"},
        {"name": "price", "type": "double"},
    ],
}
ADDRESS_SCHEMA = {
    "type": "record",
    "name": "Address",
    "fields": [{"name": name, "type": "string"} for name in ("street", "city", "zip")],
}
ORDER_SCHEMA = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "customer", "type": "string"},
        {"name": "total", "type": "double"},
        {"name": "paid", "type": "boolean"},
        {"name": "created", "type": "string"},
        {"name": "address", "type": ADDRESS_SCHEMA},
        {"name": "lines", "type": {"type": "array", "items": LINE_SCHEMA}},
        {"name": "note", "type": "string"},
    ],
}


def order(number: int) -> dict[str, Any]:
    """Return an order of about 1 KB as JSON: texts, numbers, an address and four lines."""
    value: dict[str, Any] = {
        "id": number,
        "customer": f"customer-{number % 1000}",
        "total": number / 4,
        "paid": True,
        "created": "2026-01-01T00:00:00Z",
        "address": {"street": f"{number % 300} Main Street", "city": "Springfield", "zip": "12345"},
        "lines": [
            {"product": f"product-{line}", "count": line, "price": 9.75} for line in range(4)
        ],
    }
    note = "x" * (BYTES - len(compact(value)) - len(',"note":""'))
    return {**value, "note": note}


def compact(value: Any) -> bytes:
    """Return JSON as most clients write it, without white space."""
    return json.dumps(value, separators=(",", ":")).encode()


def fill(topic: Topic, messages: int, write: Callable[[Any], bytes] = compact) -> None:
    """Write orders to all partitions in turn, each as ``write`` makes bytes of it."""
    producer = Producer({"bootstrap.servers": topic.broker.address(), "linger.ms": 50})
    made = [write(order(number)) for number in range(1000)]
    for number in range(messages):
        value = made[number % len(made)]
        while True:
            try:
                producer.produce(topic.name, value, partition=number % PARTITIONS)
            except BufferError:
                producer.poll(0.1)
            else:
                break
    assert producer.flush(WAIT_SECONDS) == 0


def ours(topic: Topic, folder: str, **settings: Any) -> Cost:
    """Run tap-kafka."""
    servers = topic.broker.address()
    config = {"bootstrap_servers": servers, "topics": [topic.name], **settings}
    command = [str(Path(sys.executable).parent / "tap-kafka"), "--config"]
    return cost_of([*command, config_file(folder, config)])


def theirs(topic: Topic, folder: str, messages: int, group: str) -> Cost:
    """Run pipelinewise-tap-kafka in a group; its wait for more at the end is not counted.

    Raises:
        RuntimeError: It did not read all messages: it ends well, too, when none came in time.
    """
    config: dict[str, Any] = {
        "bootstrap_servers": topic.broker.address(),
        "topic": topic.name,
        "group_id": group,
        "initial_start_time": "beginning",
        "use_message_key": False,
        "consumer_timeout_ms": int(PEER_IDLE_SECONDS * 1000),
        "max_runtime_ms": 3_600_000,
    }
    command = [str(PEER), "--config", config_file(folder, config, "peer")]
    found = subprocess.run([*command, "--discover"], check=True, capture_output=True)
    catalog = Path(folder) / "catalog.json"
    catalog.write_bytes(found.stdout)
    cost = cost_of([*command, "--properties", str(catalog)])
    asked = ConsumerGroupTopicPartitions(group)
    found_offsets = topic.broker.admin.list_consumer_group_offsets([asked])[group].result()
    read = sum(item.offset for item in found_offsets.topic_partitions or [])
    if read < messages - PARTITIONS:  # it commits the last offset of each, not the next
        raise RuntimeError(f"pipelinewise-tap-kafka read {read:,} messages of {messages:,}")
    return Cost(cost.cpu_seconds, cost.wall_seconds - PEER_IDLE_SECONDS, cost.peak_mib)


def table(messages: int = MESSAGES) -> None:
    """Print what both cost, and what ours needs for few messages."""
    header(
        "1-KB JSON messages of a Kafka broker", "messages / s", "messages / CPU s", "peak memory"
    )
    reason = obstacle()
    if reason:
        print(f"\n{reason}")
        return
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder), JVM) as broker:
        few = Topic.create(broker, "few", PARTITIONS)
        fill(few, FEW)
        many = Topic.create(broker, "many", PARTITIONS)
        fill(many, messages)
        _row("tap-kafka", FEW, ours(few, folder))
        _avro_row(broker, folder, messages)
        # In turn: the pace of a shared machine changes by a third within minutes.
        own_costs, peer_costs = [], []
        for number in range(ROUNDS):
            own_costs.append(ours(many, folder))
            if PEER.exists():
                peer_costs.append(theirs(many, folder, messages, f"peer-{number}"))
        own = _row("tap-kafka", messages, least(own_costs))
        if not peer_costs:
            print("no pipelinewise-tap-kafka here: `make bench` installs it in .venv-peer-kafka")
            return
        peer = _row("pipelinewise-tap-kafka", messages, least(peer_costs))
    print(f"\ntap-kafka is {own / peer:.1f} times as fast as pipelinewise-tap-kafka.")


def _avro_row(broker: Broker, folder: str, messages: int) -> None:
    """Print what the same orders cost in Avro."""
    topic = Topic.create(broker, "many-avro", PARTITIONS)
    with SchemaRegistry() as registry:
        number = registry.register(f"{topic.name}-value", json.dumps(ORDER_SCHEMA))
        fill(topic, messages, lambda value: confluent_frame(number, avro(ORDER_SCHEMA, value)))
        cost = ours(topic, folder, schema_registry={"url": registry.url})
    _row("tap-kafka, Avro", messages, cost)


def _row(name: str, messages: int, cost: Cost) -> float:
    """Print a row; return the messages a second."""
    rate = messages / cost.wall_seconds
    cpu = f"{messages / cost.cpu_seconds:,.0f}"
    row(f"{name}, {messages:,} messages", f"{rate:,.0f}", cpu, f"{cost.peak_mib:.0f} MiB")
    return rate
