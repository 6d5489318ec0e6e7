"""A record tap-kafka writes as text is, byte by byte, the one it would have made of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import KafkaError
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.schema import RecordSchema
from bizon_singer.source.models import JsonRecord, SourceRecord, stored_data
from bizon_singer.testing.runs import run
from bizon_singer.values import ValueReader, dumps
from bizon_taps.kafka.config import KafkaSourceConfig
from bizon_taps.kafka.decoding.decoder import JsonDecoder, LooseKeyDecoder
from bizon_taps.kafka.decoding.json_passing import passing
from bizon_taps.kafka.records import (
    LARGEST_MILLISECONDS,
    BadMessageError,
    RecordMaker,
    schema_of,
)
from bizon_taps.kafka.tap import TapKafka
from bizon_taps.kafka.text_records import TextRecordMaker, takes_text
from tests.fakes.kafka import Headers, Kafka

TOPIC = "or\u2028ders"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@dataclass(frozen=True)
class Given:
    """A message that holds what it is made of."""

    key_bytes: bytes | None
    value_bytes: bytes | None
    time: tuple[int, int]
    named: Headers | None

    def error(self) -> KafkaError | None:
        """None: it is a message."""
        return None

    def partition(self) -> int:
        """Any."""
        return 3

    def offset(self) -> int:
        """Any."""
        return 2**40

    def leader_epoch(self) -> int | None:
        """None."""
        return None

    def timestamp(self) -> tuple[int, int]:
        """Whose time it is, and which."""
        return self.time

    def key(self) -> bytes | None:
        """The key."""
        return self.key_bytes

    def value(self) -> bytes | None:
        """The value."""
        return self.value_bytes

    def headers(self) -> Headers | None:
        """The headers."""
        return self.named


def values() -> st.SearchStrategy[bytes | None]:
    """JSON objects as producers write them, other JSON, and what is none."""
    inner = st.none() | st.booleans() | st.integers() | st.floats() | texts
    objects = st.dictionaries(texts, inner | st.lists(inner, max_size=2), max_size=3)
    made = (objects | inner).map(lambda value: json.dumps(value).encode())
    compact = objects.map(
        lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    )
    return st.none() | made | compact | st.binary(max_size=8)


messages = st.builds(
    Given,
    st.none() | st.binary(max_size=6) | texts.map(str.encode) | values(),
    values(),
    st.tuples(
        st.integers(0, 2),
        st.integers(-1, 3000)
        | st.integers(LARGEST_MILLISECONDS - 2, LARGEST_MILLISECONDS + 2)
        | st.integers(0, 2**62),
    ),
    st.none() | st.lists(st.tuples(texts, st.none() | st.binary(max_size=4)), max_size=2),
)


def settings(**more: Any) -> KafkaSourceConfig:
    """Return settings of a tap."""
    return KafkaSourceConfig(stream=TOPIC, bootstrap_servers="localhost:1", **more)


def made(kind: type[RecordMaker]) -> RecordMaker:
    """Return what makes records of JSON."""
    value = JsonDecoder() if kind is TextRecordMaker else passing(JsonDecoder())
    return kind(TOPIC, settings(skip_message_empty_value=False), LooseKeyDecoder(), value)


def outcome(maker: RecordMaker, message: Given) -> Any:
    """Return the id and the text of a record, or what is wrong with the message."""
    try:
        record = maker.record(message)
    except BadMessageError as error:
        return str(error)
    if record is None:
        return None
    if type(record) is JsonRecord:
        return record.id, stored_data(record)
    return record.id, dumps(ValueReader(lambda _field, _what: None).exact(record.data))


@given(st.lists(messages, min_size=1, max_size=4))
def test_a_text_is_what_its_record_would_have_been(given_messages: list[Given]) -> None:
    """Whatever the key, the headers, the time; a bad message is bad either way."""
    text, plain = made(TextRecordMaker), made(RecordMaker)
    for message in given_messages:
        assert outcome(text, message) == outcome(plain, message)


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        (None, b'{"a":1}', JsonRecord),
        (b"k", b'{"a": 1}', JsonRecord),
        (b'{"k":1}', b'{"a":1}', SourceRecord),
        (None, b'{"a":NaN}', SourceRecord),
        (None, b"[1]", SourceRecord),
        (None, None, SourceRecord),
    ],
)
def test_what_is_sure_to_be_exact_is_text(key: Any, value: Any, kind: type[SourceRecord]) -> None:
    """The way of nearly all messages; a key that is no text may hold anything."""
    message = Given(key, value, (1, 1), [("trace", b"1")])
    assert type(made(TextRecordMaker).record(message)) is kind


OWN = RecordSchema(schema_of(settings(), None, None)).to_dict()
ALL = frozenset(OWN["properties"])


@pytest.mark.parametrize(
    ("config", "schema", "fields", "may"),
    [
        (settings(), OWN, ALL, True),
        (settings(), OWN, ALL - {"headers"}, False),
        (settings(), OWN, None, False),
        (settings(), None, ALL, False),
        (
            settings(),
            RecordSchema(schema_of(settings(), None, {"type": "object"})).to_dict(),
            ALL,
            True,
        ),
        (
            settings(),
            RecordSchema(
                schema_of(settings(), None, {"type": "object", "properties": {}})
            ).to_dict(),
            ALL,
            False,
        ),
        (settings(key_properties="key"), OWN, ALL, False),
    ],
    ids=["whole", "deselected", "unknown", "unchecked", "free-form", "typed", "by-key"],
)
def test_records_are_text_where_nobody_has_to_look(
    config: KafkaSourceConfig, schema: Any, fields: frozenset[str] | None, *, may: bool
) -> None:
    """All fields wanted, and the schema the one that is declared here: then each record fits."""
    assert takes_text(config, schema, fields) is may


def test_a_run_is_the_same_either_way(kafka: Kafka) -> None:
    """A catalog that leaves out the headers, and what is left of each record."""
    kafka.put(
        "orders", b'{"a": 1.5, "b": "\xe2\x80\xa8"}', key="k", headers=[("h", b"1")], timestamp=5
    )
    kafka.put("orders", b'{"a":1,"b":NaN}', timestamp=6)
    kafka.put("orders", b"[1.10]", timestamp=7)
    kafka.flush()
    config = kafka.settings(topics=["orders"])
    whole = run(TapKafka, config)
    catalog = TapKafka(config=config).catalog_dict
    for item in catalog["streams"][0]["metadata"]:
        item["metadata"]["selected"] = item["breadcrumb"] != ["properties", "headers"]
    part = run(TapKafka, config, catalog=catalog)
    assert (whole.code, part.code) == (0, 0)
    without = [{k: v for k, v in row.items() if k != "headers"} for row in whole.records()]
    assert part.records() == without
    assert len(without) == 3
