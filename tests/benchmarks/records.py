"""What single steps of the record path cost, in microseconds."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from bizon_singer.encoding import RecordEncoder
from bizon_singer.iteration import accept_records
from bizon_singer.schema import RecordSchema
from bizon_singer.source.models import SourceRecord
from bizon_singer.values import ValueReader
from tests.benchmarks.contacts import PAGE, SCHEMA
from tests.benchmarks.process import header, row

REPEATS = 5


class PydanticRecord(BaseModel):
    """A record as Bizon builds it."""

    id: str
    data: dict[str, Any]
    timestamp: datetime = Field(default_factory=lambda: datetime.now(UTC))


def microseconds(step: Callable[[], Any], per: int) -> float:
    """Return the least time of a step, divided by what it handles."""
    number = 20_000 // per
    return min(timeit.repeat(step, number=number, repeat=REPEATS)) / number / per * 1e6


def table() -> None:
    """Print the cost of each step for one record."""
    data = PAGE[0]
    records = [SourceRecord(item["id"], item) for item in PAGE]
    schema = RecordSchema(SCHEMA)
    encoder = RecordEncoder("contacts", ValueReader(lambda _field, _what: None))
    size = len(PAGE)
    steps = (
        ("build a SourceRecord", lambda: SourceRecord(id="1", data=data), 1),
        ("build a pydantic record, for comparison", lambda: PydanticRecord(id="1", data=data), 1),
        ("accept it (types of id and data)", lambda: accept_records(records), size),
        ("check it against the schema", lambda: schema.all_fit(PAGE), size),
        ("encode it as a line", lambda: encoder.encode(PAGE, "2026-01-01T00:00:00Z"), size),
    )
    header("steps of the record path, 15 properties", "µs a record")
    for name, step, per in steps:
        row(name, f"{microseconds(step, per):.2f}")
