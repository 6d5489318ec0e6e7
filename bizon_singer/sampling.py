"""Infers the fields of a stream from its first records, at discovery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from bizon_singer.connection import close_source
from bizon_singer.iteration import read_pages
from bizon_singer.reader import iterate
from bizon_singer.schema import RecordSchema
from bizon_singer.source.models import SourceRecord
from bizon_singer.sync import RunContext
from bizon_singer.values import ValueReader


def sampled_fields(
    context: RunContext, source_class: type[Any], stream: str, *, is_routed: bool
) -> Mapping[str | None, Mapping[str, Any]]:
    """Return the fields of a stream's first records; of none if no sample is asked for.

    Args:
        context: What the run shares.
        source_class: Reads the stream.
        stream: Its name.
        is_routed: Whether its records are told apart by their destination_id.

    Returns:
        The fields by the destination_id of the records; None for those that are not routed.

    Raises:
        InterruptedRunError: A signal asked the run to stop.
        Exception: Whatever the source raises.
    """
    adapter = context.settings.adapter
    limit = adapter.discover_sample_records
    if not limit:
        return {}
    config = context.settings.for_source(source_class.get_config_class(), stream)
    schemas: dict[str | None, RecordSchema] = {None: RecordSchema({"type": "object"})}
    values = ValueReader(lambda _field, _what: None)
    records = iterate(
        lambda: _first_records(context, source_class, config, limit),
        stop=context.stop,
        limit_seconds=adapter.page_timeout_seconds,
    )
    for record in records:
        plain = values.plain(record.data)
        name = (record.destination_id or None) if is_routed else None
        schema = schemas.setdefault(name, RecordSchema({"type": "object"}))
        if not schema.fits(plain):
            schema.widen(plain)
    return {name: schema.to_dict()["properties"] for name, schema in schemas.items()}


def _first_records(
    context: RunContext, source_class: type[Any], config: Any, limit: int
) -> Iterator[SourceRecord]:
    """Yield the first records of a stream."""
    source = context.settings.open_source(source_class, config)
    try:
        pages = read_pages(
            lambda pagination: source.get(pagination=pagination),
            start={},
            pages_before=0,
            limit=None,
        )
        yield from islice((record for page in pages for record in page.records), limit)
    finally:
        close_source(source)
