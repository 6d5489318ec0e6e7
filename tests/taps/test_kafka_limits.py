"""Where a run of tap-kafka starts and ends, and which partitions it reads."""

from __future__ import annotations

import copy
import logging
import time
from typing import Any

import pytest
from confluent_kafka import KafkaError

from bizon_singer.errors import TransientError
from bizon_singer.testing.runs import run
from bizon_taps.kafka import run as run_module
from bizon_taps.kafka.client import Client
from bizon_taps.kafka.message import Message
from bizon_taps.kafka.opening import Opening
from bizon_taps.kafka.reader import TopicReader
from bizon_taps.kafka.tap import TapKafka
from tests.fakes.kafka import PARTITIONS, Kafka
from tests.taps.test_kafka_source import numbers, offsets, read


def moved(state: dict[str, Any], partition: int, offset: int) -> dict[str, Any]:
    """Return a STATE with another offset for a partition."""
    other = copy.deepcopy(state)
    place = other["bookmarks"]["orders"]["state"]["partitions"][str(partition)]
    place["offset"] = offset
    return other


def test_the_latest_start_reads_what_comes_after_the_first_run(kafka: Kafka) -> None:
    """The first run only notes where the ends are."""
    kafka.fill("orders", 10)
    first = read(kafka, start="latest")
    assert (first.code, first.records()) == (0, [])
    kafka.fill("orders", 4, start=10)
    assert numbers(read(kafka, first.state, start="latest")) == [10, 11, 12, 13]


def test_what_the_group_committed_is_a_start_if_asked(kafka: Kafka) -> None:
    """A run commits, at its start, what the STATE it was given proves; never what it reads."""
    kafka.fill("orders", 8)
    first = read(kafka)
    kafka.fill("orders", 4, start=8)
    second = read(kafka, first.state, commit="on_start")
    assert numbers(second) == [8, 9, 10, 11]
    assert numbers(read(kafka, start="committed")) == [8, 9, 10, 11]
    assert numbers(read(kafka)) == list(range(12))
    assert numbers(read(kafka, start="committed", group_id="another")) == list(range(12))


def test_what_the_group_committed_may_be_gone(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As what STATE says may: it is an error, or the earliest there is."""
    kafka.fill("orders", 12)
    read(kafka, read(kafka, max_messages=1).state, commit="on_start")
    monkeypatch.setattr(Client, "limits", lambda *_: (2, 3))
    failed = read(kafka, start="committed")
    assert (failed.code, failed.records()) == (2, [])
    assert "where the group's committed offset goes on" in failed.sentence
    rest = read(kafka, start="committed", on_offset_expired="earliest")
    assert numbers(rest) == [8, 9, 10, 11]


def test_a_commit_waits_for_nobody_who_cannot_be_reached(kafka: Kafka) -> None:
    """The run ends as it would without; librdkafka waits 45 s before it says that it cannot."""
    kafka.fill("orders", 4)
    config = kafka.settings(topics=["orders"], commit="on_start")
    state = run(TapKafka, config).state
    catalog = TapKafka(config=config).catalog_dict
    config |= {"bootstrap_servers": "127.0.0.1:1", "consumer_timeout": 0.5}
    done = run(TapKafka, config, state, catalog)
    assert (done.code, done.warnings) == (5, ())


def test_a_number_of_messages_may_be_the_end(kafka: Kafka) -> None:
    """Exactly so many, and the next run goes on there."""
    kafka.fill("orders", 20)
    first = read(kafka, max_messages=7, batch_size=3)
    assert len(first.records()) == 7
    second = read(kafka, first.state, max_messages=7)
    third = read(kafka, second.state, max_messages=7)
    found = numbers(first) + numbers(second) + numbers(third)
    assert sorted(found) == list(range(20))


def test_an_endless_run_has_its_place_before_the_first_message(kafka: Kafka) -> None:
    """Where it starts may be decided by the clock or by others: a run that is killed keeps it."""
    kafka.fill("orders", 6)
    done = read(kafka, until="never", max_messages=6)
    assert (done.code, numbers(done)) == (0, list(range(6)))
    first = next(iter(done.recording.of("STATE"))).body["value"]["bookmarks"]["orders"]
    places = first["in_progress"]["pagination"]["partitions"]
    assert {place["offset"] for place in places.values()} == {0}


@pytest.mark.parametrize("limit", ["idle_timeout_seconds", "max_runtime_seconds"])
def test_an_endless_run_ends_when_it_is_asked_to(kafka: Kafka, limit: str) -> None:
    """With exit code 0, where it stood."""
    kafka.fill("orders", 6)
    state = read(kafka).state
    done = read(kafka, state, until="never", **{limit: 0.3})
    assert (done.code, done.records()) == (0, [])
    assert offsets(done, "orders") == {"0": 2, "1": 2, "2": 1, "3": 1}


def test_a_silent_endless_run_tells_that_it_lives(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By pages without records, of which none is like the one before."""
    monkeypatch.setattr(run_module, "BEAT_SECONDS", 0.0)
    kafka.fill("orders", 4)
    done = read(kafka, read(kafka).state, until="never", idle_timeout_seconds=0.5)
    assert done.code == 0
    assert done.bookmark("orders")["state"]["beats"] >= 1


def test_an_endless_run_finds_new_partitions(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """From their start, whatever `start` says of those that were there before."""
    kafka.fill("orders", 8)
    known: list[list[int]] = [[0, 1], [0, 1], [0, 1, 2, 3]]

    def numbers_of(_opening: Opening) -> tuple[list[int], bool]:
        return known.pop(0) if len(known) > 1 else known[0], False

    monkeypatch.setattr(Opening, "_numbers", numbers_of)
    monkeypatch.setattr(run_module, "LOOK_SECONDS", 0.0)
    done = read(kafka, until="never", start="latest", max_messages=4, idle_timeout_seconds=60)
    assert (done.code, numbers(done)) == (0, [2, 3, 6, 7]), done.sentence
    assert offsets(done, "orders") == dict.fromkeys("0123", 2)


def test_brokers_that_are_away_end_no_endless_run(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is looked for meanwhile is looked for again."""
    kafka.fill("orders", 8)
    state = read(kafka).state
    asked = Opening._numbers
    answers = iter([True])

    def answer(opening: Opening) -> tuple[list[int], bool]:
        if next(answers, False):
            return asked(opening)
        raise TransientError("no broker answered in time; run again later")

    monkeypatch.setattr(Opening, "_numbers", answer)
    monkeypatch.setattr(run_module, "LOOK_SECONDS", 0.0)
    done = read(kafka, state, until="never", idle_timeout_seconds=0.5)
    assert (done.code, done.records()) == (0, [])


def test_endless_streams_must_all_get_their_turn(kafka: Kafka) -> None:
    """One would wait for the end of another that has none."""
    for topic in ("orders", "users"):
        kafka.fill(topic, 4)
    topics = {"topics": ["orders", "users"], "until": "never", "max_messages": 4}
    refused = read(kafka, **topics)
    assert (refused.code, refused.stdout) == (2, b"")
    assert "`max_parallel_streams` to 2" in refused.sentence
    assert len(read(kafka, **topics, max_parallel_streams=2).records()) == 8


def test_an_end_that_is_not_reached_is_no_success(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5, with what was read and its STATE."""
    kafka.fill("orders", 4)

    def fetch_nothing(_reader: TopicReader, _most: int) -> list[Message]:
        time.sleep(0.01)
        return []

    monkeypatch.setattr(TopicReader, "fetch", fetch_nothing)
    done = read(kafka, idle_timeout_seconds=0.2)
    assert (done.code, done.records()) == (5, [])
    assert "its end is not reached" in done.sentence


def test_shards_have_every_message_once_between_them(kafka: Kafka) -> None:
    """Each with a STATE of its own; more of them than partitions do no harm."""
    kafka.fill("orders", 21)
    for count in (1, 2, 3, 5):
        runs = [read(kafka, shard={"index": index, "count": count}) for index in range(count)]
        assert [done.code for done in runs] == [0] * count
        assert sorted(number for done in runs for number in numbers(done)) == list(range(21))
        held = [number for done in runs for number in offsets(done, "orders")]
        assert sorted(held) == ["0", "1", "2", "3"]


def test_single_partitions_are_read_on_request(kafka: Kafka) -> None:
    """One that is not there is named, before anything is read."""
    kafka.fill("orders", 8)
    assert numbers(read(kafka, partitions=[1, 3])) == [1, 3, 5, 7]
    refused = read(kafka, partitions=[1, PARTITIONS])
    assert (refused.code, refused.records()) == (2, [])
    assert f"no partition {PARTITIONS}" in refused.sentence


def test_places_of_other_partitions_are_dropped_and_told(kafka: Kafka) -> None:
    """A stale one never comes back."""
    kafka.fill("orders", 8)
    whole = read(kafka)
    kafka.fill("orders", 8, start=8)
    part = read(kafka, whole.state, partitions=[2])
    assert numbers(part) == [10, 14]
    assert offsets(part, "orders") == {"2": 4}
    assert any("does not read (0, 1, 3)" in text for text in part.warnings)


def test_a_partition_state_does_not_know_is_read_from_its_start(kafka: Kafka) -> None:
    """Also with `start: latest`: what came before the tap saw it is no less new."""
    kafka.fill("orders", 8)
    state = read(kafka, start="latest").state
    del state["bookmarks"]["orders"]["state"]["partitions"]["3"]
    assert numbers(read(kafka, state, start="latest")) == [3, 7]


def test_a_state_beyond_the_end_is_an_error(kafka: Kafka) -> None:
    """The topic was made anew or cut off; on request the partition is read from its start."""
    kafka.fill("orders", 8)
    state = moved(read(kafka).state, 1, 99)
    failed = read(kafka, state)
    assert (failed.code, failed.records()) == (2, [])
    for word in ("partition 1", "offset 2", "99", "on_offset_expired"):
        assert word in failed.sentence
    assert numbers(read(kafka, state, on_offset_expired="earliest")) == [1, 5]


@pytest.mark.parametrize("name", ["cluster_id", "topic"])
def test_a_state_of_another_topic_is_an_error(kafka: Kafka, name: str) -> None:
    """Offsets mean nothing there."""
    kafka.fill("orders", 8)
    state = read(kafka).state
    state["bookmarks"]["orders"]["state"][name] = "other"
    failed = read(kafka, state)
    assert (failed.code, failed.records()) == (2, [])


@pytest.mark.parametrize(
    "position",
    [
        {"partitions": {"0": {"offset": 1}}},
        {"topic": "orders"},
        {"topic": "orders", "partitions": [1]},
        {"topic": "orders", "partitions": {"x": {"offset": 1}}},
        {"topic": "orders", "partitions": {"0": 1}},
        {"topic": "orders", "partitions": {"0": {"offset": -1}}},
        {"topic": "orders", "partitions": {"0": {"offset": True}}},
        {"topic": "orders", "partitions": {"0": {"offset": 1, "leader_epoch": "x"}}},
        {"topic": "orders", "cluster_id": 7, "partitions": {}},
    ],
    ids=str,
)
def test_a_broken_position_is_refused(kafka: Kafka, position: dict[str, Any]) -> None:
    """Not guessed at: exit code 2, and nothing is read."""
    kafka.fill("orders", 4)
    bookmark = {"last_run": "2026-01-01T00:00:00Z", "state": position}
    failed = read(kafka, {"bookmarks": {"orders": bookmark}})
    assert (failed.code, failed.records()) == (2, [])
    assert "none of tap-kafka" in failed.sentence


def test_changed_settings_keep_the_place(kafka: Kafka) -> None:
    """An offset is a place whatever else is set, also in a run that did not end."""
    kafka.fill("orders", 20)
    kafka.put("orders", b"{")
    kafka.flush()
    first = read(kafka, batch_size=2)
    assert first.code == 4
    second = read(kafka, first.state, batch_size=50, on_error="skip", start="latest")
    assert sorted(numbers(first) + numbers(second)) == list(range(20))


def test_a_run_says_where_each_partition_stands(
    kafka: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    """Position, end, lag, the time it has come to, its bytes, what became of the messages."""
    kafka.fill("orders", 8)
    kafka.put("orders", None, partition=2)
    kafka.flush()
    with caplog.at_level(logging.INFO, "bizon_singer.kafka"):
        TapKafka(config=kafka.settings(topics=["orders"])).sync_all()
    said = [record.getMessage() for record in caplog.records if record.name == "bizon_singer.kafka"]
    assert (
        "Topic 'orders', partition 2 at offset 3 of 3, lag 0, time 2025-11-24T16:00:00.006000+00:00"
        ": 26 bytes, 2 records, 1 messages without value and 0 bad ones left out." in said
    )
    assert "Topic 'orders': its end at the start of the run is reached." in said


def test_a_full_refresh_reads_all_again(kafka: Kafka) -> None:
    """And takes no limit that would cut it off."""
    kafka.fill("orders", 6)
    first = read(kafka, sync_mode="full_refresh")
    assert numbers(read(kafka, first.state, sync_mode="full_refresh")) == list(range(6))
    refused = read(kafka, sync_mode="full_refresh", max_messages=3)
    assert (refused.code, refused.stdout) == (2, b"")


def test_the_stream_mode_of_bizon_ends_when_nothing_is_left(kafka: Kafka) -> None:
    """And goes on where it stood."""
    kafka.fill("orders", 6)
    first = read(kafka, sync_mode="stream")
    assert (first.code, numbers(first)) == (0, list(range(6)))
    kafka.fill("orders", 3, start=6)
    assert numbers(read(kafka, first.state, sync_mode="stream")) == [6, 7, 8]


def test_bizons_routing_names_topics_and_streams(kafka: Kafka) -> None:
    """`streams:` of a pipeline: each topic is read as the stream of its route, also by catalog."""
    for topic in ("orders", "users"):
        kafka.fill(topic, 4)
    routes = [
        {"name": name, "source": {"topic": topic}, "destination": {"table_id": f"raw.{name}"}}
        for name, topic in (("sales", "orders"), ("people", "users"))
    ]
    settings = kafka.settings(streams=routes)
    catalog = TapKafka(config=settings).catalog_dict
    for given in (None, catalog):
        done = run(TapKafka, settings, catalog=given)
        assert (done.code, done.warnings) == (0, ())
        assert [row["topic"] for row in done.records("sales")] == ["orders"] * 4
        assert [row["topic"] for row in done.records("people")] == ["users"] * 4


def test_a_route_without_a_topic_is_refused(kafka: Kafka) -> None:
    """It is named."""
    route = {"name": "sales", "destination": {"table_id": "raw.sales"}}
    done = run(TapKafka, kafka.settings(streams=[route]))
    assert (done.code, done.stdout) == (2, b"")
    assert "route 'sales' in `streams` names no topic" in done.sentence


def test_a_sample_gives_the_values_types(kafka: Kafka) -> None:
    """Of the first messages, bad ones aside; values that are no objects have types as well."""
    kafka.put("orders", b"{")
    kafka.put("orders", b'{"id":1,"name":"a"}', partition=1)
    kafka.put("orders", b'{"id":2.5}', partition=1)
    kafka.put("texts", b'"word"')
    kafka.flush()
    settings = kafka.settings(topics=["orders", "texts"], discover_sample_records=10)
    streams = TapKafka(config=settings).streams
    value = streams["orders"].schema["properties"]["value"]
    types = {name: field["type"] for name, field in value["properties"].items()}
    assert (value["type"], types) == (
        ["object", "null"],
        {"id": ["number", "null"], "name": ["string", "null"]},
    )
    assert streams["texts"].schema["properties"]["value"]["type"] == ["string", "null"]
    done = run(TapKafka, {**settings, "on_error": "skip"})
    assert [row["value"] for row in done.records("orders")] == [{"id": 1, "name": "a"}, {"id": 2.5}]


def test_all_topics_are_read_where_none_is_named(kafka: Kafka) -> None:
    """But those of the brokers themselves."""
    for topic in ("a", "b"):
        kafka.fill(topic, 4)
    done = run(TapKafka, kafka.settings())
    assert {row["topic"] for row in done.records()} == {"a", "b"}


class CutOff:
    """The event that a partition was cut off behind what was read, as its next leader tells."""

    def error(self) -> KafkaError:
        """Say so."""
        return KafkaError(KafkaError._LOG_TRUNCATION)

    def partition(self) -> int:
        """Name the partition."""
        return 1


def test_a_partition_cut_off_under_the_reader_is_an_error(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read and is no more has to be compared: no run ends well, nor goes on by itself."""
    kafka.fill("orders", 8)
    monkeypatch.setattr(Client, "consume", lambda *_: [CutOff()])
    for policy in ("fail", "earliest"):
        failed = read(kafka, on_offset_expired=policy)
        assert (failed.code, failed.records()) == (2, [])
        assert "partition 1 of topic 'orders' was cut off" in failed.sentence
