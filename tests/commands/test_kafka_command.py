"""tap-kafka as a user meets it: settings that are refused, signals, several processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bizon_taps.kafka.tap import TapKafka
from tests.commands.process import assert_failed, assert_refused, last_state, records, tap, write
from tests.fakes.kafka import Kafka
from tests.process.commands import Started, write_json
from tests.process.inside import run_inside
from tests.proofs.kills import tap as command

TLS = {"security.protocol": "SSL"}
OIDC = {"mechanism": "OAUTHBEARER"}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"consumer_config": {"enable.auto.commit": True}}, "`enable.auto.commit` cannot be set"),
    ({"consumer_config": {"enable.auto.offset.store": True}}, "`enable.auto.offset.store`"),
    ({"consumer_config": {"auto.offset.reset": "latest"}}, "set `start`"),
    ({"consumer_config": {"isolation.level": "read_uncommitted"}}, "`isolation.level`"),
    ({"consumer_config": {"enable.partition.eof": False}}, "`enable.partition.eof`"),
    ({"consumer_config": {"group.id": "x"}}, "set `group_id`"),
    ({"consumer_config": {"bootstrap.servers": "x"}}, "set `bootstrap_servers`"),
    ({"consumer_config": {"plugin.library.paths": "x"}}, "it would run code"),
    ({"consumer_config": {"topic.auto.offset.reset": "earliest"}}, "set `start`"),
    ({"consumer_config": {"default.topic.config": "x"}}, "`default.topic.config` cannot be set"),
    ({"consumer_config": {"error_cb": "x"}}, "it is a function"),
    ({"consumer_config": {"on_commit": "x"}}, "it is a function"),
    ({"consumer_config": {"fetch.min.byte": 1}}, "`fetch.min.byte`"),
    ({"consumer_config": {"fetch.min.bytes": "many"}}, "`fetch.min.bytes`"),
    ({"group_id": ""}, "`group_id`"),
    ({"consumer_timeout": 0}, "`consumer_timeout` must be greater than 0"),
    ({"topics": "orders"}, "`topics` must be a list"),
    ({"topics": [{"destination_id": "a"}]}, "`topics.0.name`"),
    ({"topics": ["a", {"name": "a"}]}, "named once"),
    ({"topics": ["a", {"name": "b", "destination_id": "a"}]}, "named once"),
    ({"topic_pattern": "("}, "regular expression"),
    ({"start": "timestamp"}, "`start_timestamp`"),
    ({"start_timestamp": "2026-01-01T00:00:00Z"}, "`start: timestamp`"),
    ({"start": "newest"}, "`start` must be 'earliest', 'latest', 'committed' or 'timestamp'"),
    ({"start": "timestamp", "start_timestamp": "yesterday"}, "`start_timestamp`"),
    ({"until": "later"}, "`until` must be 'end' or 'never'"),
    ({"max_messages": 0}, "`max_messages`"),
    ({"max_runtime_seconds": 0}, "`max_runtime_seconds`"),
    ({"idle_timeout_seconds": 0}, "`idle_timeout_seconds`"),
    ({"on_error": "ignore"}, "`on_error` must be 'fail', 'skip' or 'dead_letter'"),
    ({"on_offset_expired": "latest"}, "`on_offset_expired` must be 'fail' or 'earliest'"),
    ({"key_properties": "value"}, "`key_properties` must be 'offset' or 'key'"),
    ({"commit": "always"}, "`commit` must be 'never' or 'on_start'"),
    ({"skip_message_empty_value": "maybe"}, "`skip_message_empty_value`"),
    ({"skip_message_invalid_keys": "maybe"}, "`skip_message_invalid_keys`"),
    ({"skip_message_on_decode_error": "maybe"}, "`skip_message_on_decode_error`"),
    ({"partitions": [4]}, "no partition 4, only 0 to 3"),
    ({"partitions": [0], "shard": {"index": 0, "count": 2}}, "exclude each other"),
    ({"partitions": []}, "`partitions`"),
    ({"shard": {"index": 2, "count": 2}}, "`index` must be less than `count`"),
    ({"shard": {"index": 0}}, "`shard.count` is missing"),
    ({"security": {"protocol": "TLS"}}, "`security.protocol`"),
    ({"security": {"mechanism": "GSSAPI"}}, "`security.mechanism`"),
    ({"security": {"mechanism": "PLAIN"}}, "needs `security.username`"),
    ({"security": {"username": "u"}}, "needs `security.password`"),
    ({"security": {**OIDC, "username": "u"}}, "needs `security.password`"),
    (
        {"security": {**OIDC, "username": "u", "password": "p"}},
        "needs `security.token_endpoint_url`",
    ),
    ({"security": {"ca_location": "/none"}}, "mend `security.ca_location`"),
    ({"security": {"certificate_location": "/none"}}, "mend `security.certificate_location`"),
    ({"security": {"key_location": "/none"}}, "mend `security.key_location`"),
    ({"consumer_config": {"ssl.ca.location": "/none", **TLS}}, "mend `consumer_config`"),
    ({"authentication": {"type": "api_key", "params": {"token": "t"}}}, "`basic`"),
    ({"authentication": {"type": "basic", "params": {"username": "u"}}}, "`authentication.params"),
    ({"schema_registry": {"type": "confluent"}}, "`schema_registry.url` is missing"),
    ({"schema_registry": {"url": "http://127.0.0.1", "type": "glue"}}, "`schema_registry.type`"),
    ({"schema_registry": {"url": "http://127.0.0.1", "framing": "x"}}, "`schema_registry.framing`"),
    ({"message_encoding": "avro"}, "`message_encoding` is avro"),
    ({"message_encoding": "json_schema"}, "set `schema_registry.url`"),
    ({"message_encoding": "protobuf"}, "set `schema_registry.url`"),
    ({"key_encoding": "avro"}, "`key_encoding` is avro"),
    ({"discover_sample_records": -1}, "`discover_sample_records`"),
    ({"message_encoding": "xml"}, "`message_encoding`"),
    ({"bootstrap_servers": ""}, "`bootstrap_servers`"),
    ({"batch_size": 0}, "`batch_size`"),
    ({"batchsize": 10}, "`batch_size`"),
]


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    """A topic of ten messages."""
    with Kafka() as cluster:
        cluster.fill("orders", 10)
        yield cluster


@pytest.mark.parametrize(("settings", "said"), REFUSED, ids=lambda item: str(item)[:60])
def test_a_setting_that_cannot_be_is_refused(
    settings: dict[str, Any], said: str, kafka: Kafka, tmp_path: Path
) -> None:
    """With its name and what to do, before a line is written."""
    config = write(tmp_path / "c.json", {**kafka.settings(consumer_timeout=1), **settings})
    done = run_inside(lambda _: TapKafka, "--config", config, name="tap-kafka")
    assert_refused(done, said)


def test_the_address_of_the_brokers_is_needed(tmp_path: Path) -> None:
    """And is the only setting that is."""
    config = write(tmp_path / "c.json", {"topics": ["orders"]})
    assert_refused(tap("tap-kafka", "--config", config), "bootstrap_servers")


def test_a_broker_that_is_away_is_told_once(tmp_path: Path) -> None:
    """And not with every try to reach it."""
    settings = {"bootstrap_servers": "127.0.0.1:1", "topics": ["orders"], "consumer_timeout": 3}
    done = tap("tap-kafka", "--config", write(tmp_path / "c.json", settings))
    assert_failed(done, "`bootstrap_servers`", code=5)
    assert done.stderr.count("Connection refused") == 1, done.stderr


def test_a_topic_in_the_catalog_that_is_gone_ends_its_stream(kafka: Kafka, tmp_path: Path) -> None:
    """The others are complete, and the code says that one is not."""
    config = write(tmp_path / "c.json", kafka.settings(topics=["orders"]))
    catalog = json.loads(tap("tap-kafka", "--config", config, "--discover").stdout)
    gone = {**catalog["streams"][0], "tap_stream_id": "gone", "stream": "gone"}
    streams = [gone, *catalog["streams"]]
    for entry in streams:
        entry["selected"] = True
    path = write(tmp_path / "catalog.json", {"streams": streams})
    done = tap("tap-kafka", "--config", config, "--catalog", path)
    assert_failed(done, "'gone'", "there is no such topic", code=2)
    assert len(records(done, "orders")) == 10


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_endless_run_where_it_stands(
    signum: int, kafka: Kafka, tmp_path: Path
) -> None:
    """While it waits for messages that do not come."""
    settings = kafka.settings(topics=["orders"], until="never")
    started = Started(command("tap-kafka", settings, tmp_path))
    taken = b""
    while taken.count(b'"RECORD"') < 10:
        taken += started.take(1 << 16)
    started.process.send_signal(signum)
    done = started.finish()
    assert done.code == 128 + signum
    position = last_state(done)["bookmarks"]["orders"]["in_progress"]["pagination"]
    places = {number: place["offset"] for number, place in position["partitions"].items()}
    assert places == {"0": 3, "1": 3, "2": 2, "3": 2}


def test_the_example_of_several_processes_runs(kafka: Kafka, tmp_path: Path) -> None:
    """As the README of the tap has it: nothing twice, nothing missing, also the second time."""
    readme = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
    text = (readme / "taps" / "bizon_taps" / "kafka" / "README.md").read_text()
    block = text.partition("## Several processes")[2].partition("```sh\n")[2].partition("```")[0]
    script = block.replace("localhost:9092", kafka.servers)
    script = script.replace(
        "target-jsonl", 'tee -a "out$i.jsonl" | grep \'"STATE"\' | cut -c25- | rev | cut -c2- | rev'
    )
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for _ in range(2):
        subprocess.run(["sh", "-ec", script], cwd=tmp_path, env=env, check=True, timeout=120)
    lines = [line for path in tmp_path.glob("out*.jsonl") for line in path.read_text().splitlines()]
    rows = [json.loads(line)["record"] for line in lines if '"RECORD"' in line]
    assert sorted(row["value"]["number"] for row in rows) == list(range(10))


def test_without_its_client_the_tap_says_what_to_install(tmp_path: Path) -> None:
    """In one sentence: it is an extra of the package."""
    hidden = tmp_path / "confluent_kafka.py"
    hidden.write_text("raise ModuleNotFoundError(name='confluent_kafka')")
    config = write_json(tmp_path / "c.json", {"bootstrap_servers": "127.0.0.1:1"})
    done = tap(
        "tap-kafka", "--config", str(config), env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path
    )
    assert done.code == 2
    assert "pip install 'bizon-singer[kafka]'" in done.last_line
