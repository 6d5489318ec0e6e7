"""``bizon-singer preview STREAM``: its first records, as a target would get them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import click
import msgspec
import orjson

from bizon_singer.tap import SourceTap
from bizon_singer.workbench.answer import json_option, write_json, write_lines
from bizon_singer.workbench.chosen import (
    choose,
    config_option,
    display_name,
    open_tap,
    own_stream_of,
    read_configs,
    source_option,
)
from bizon_singer.workbench.collected import Collector
from bizon_singer.workbench.failed import StreamFailedError
from bizon_singer.workbench.table import GAP, Cell, aligned, cut, room, widths_of

CELL_WIDTH = 40
MOST_RECORDS = 10_000
"""All of them are held in memory."""
NAMED_FIELDS = 20
NULL = "null"


@dataclass
class Preview:
    """The first records of a stream, as they are written to it or to one of its routes.

    Attributes:
        records: Their fields, each as the JSON text it is written as.
        schema: The JSON Schema that goes with them.
    """

    records: list[dict[str, msgspec.Raw]]
    schema: msgspec.Raw


def preview(
    tap_class: type[SourceTap], configs: Sequence[str], stream: str, count: int
) -> dict[str, Preview]:
    """Return the first records of a stream, by the stream they are written to.

    That is the stream itself, unless its records are routed.

    Raises:
        UsageError: A setting is wrong, or there is no such stream.
        StreamFailedError: The stream cannot be read.
    """
    collector = Collector()
    tap = open_tap(tap_class, read_configs(tap_class, configs), collector)
    chosen = own_stream_of(tap, stream)
    chosen.ABORT_AT_RECORD_COUNT = count
    chosen.selected = True
    chosen.source_config()
    for _, error in tap.read([chosen]):
        if error is not None:
            raise StreamFailedError(tap.failure_of(chosen, error)) from error
    schemas = {name: found[-1].schema for name, found in collector.of("SCHEMA").items()}
    return {
        name: Preview([message.record for message in found], schemas[name])
        for name, found in collector.of("RECORD").items()
    } or {stream: Preview([], schemas.get(stream, msgspec.Raw(b"{}")))}


@click.command(short_help="Show the first records of a stream.")
@click.argument("stream")
@source_option
@config_option
@click.option(
    "--records",
    "-n",
    "count",
    type=click.IntRange(1, MOST_RECORDS),
    default=5,
    show_default=True,
    help="How many records to show.",
)
@json_option
def command(
    stream: str, source: str | None, configs: Sequence[str], count: int, *, as_json: bool
) -> None:
    """Show the first records of STREAM as a table, as a target would get them.

    Long values are cut in the table; --json has them whole, with the schema.
    """
    tap_class = choose(source, configs)
    found = preview(tap_class, configs, stream, count)
    if as_json:
        own = found.pop(stream, Preview([], msgspec.Raw(b"{}")))
        about = {"source": display_name(tap_class, source), "stream": stream}
        routes = {name: _as_json(routed) for name, routed in found.items()}
        write_json({**about, **_as_json(own), "routes": routes})
        return
    for number, (name, part) in enumerate(found.items()):
        if not part.records:
            sys.stderr.write("The stream has no records.\n")
            continue
        if name != stream or len(found) > 1:
            write_lines([*([""] if number else []), f"{cut(name, CELL_WIDTH)}:"])
        _show(part.records)


def _as_json(found: Preview) -> dict[str, object]:
    records = [
        {field: orjson.Fragment(bytes(value)) for field, value in record.items()}
        for record in found.records
    ]
    return {"schema": orjson.loads(bytes(found.schema)), "records": records}


def _show(records: Sequence[dict[str, msgspec.Raw]]) -> None:
    """Print a table, as wide as a terminal takes and a file always does."""
    fields = list(dict.fromkeys(field for record in records for field in record))
    columns = [_column(field, [record.get(field) for record in records]) for field in fields]
    fitting, width = len(fields), room()
    if width is not None:
        ends = accumulate(wide + len(GAP) for wide in widths_of(list(zip(*columns, strict=True))))
        fitting = max(1, sum(end - len(GAP) <= width for end in ends))
    write_lines(aligned(list(zip(*columns[:fitting], strict=True))))
    left_out = fields[fitting:]
    if left_out:
        names = ", ".join(cut(name, CELL_WIDTH) for name in left_out[:NAMED_FIELDS])
        more = ", …" if len(left_out) > NAMED_FIELDS else ""
        sys.stderr.write(f"Not shown for want of room: {names}{more}; --json has all fields.\n")


def _column(field: str, values: Sequence[msgspec.Raw | None]) -> list[Cell]:
    """Return the name and the values of a field; what is null among numbers stands as they do."""
    cells = [_cell(value) for value in values]
    told = [cell for cell in cells if cell.text not in {"", NULL}]
    if told and all(cell.is_number for cell in told):
        cells = [cell._replace(is_number=True) for cell in cells]
    head = Cell(cut(field, CELL_WIDTH), is_number=all(cell.is_number for cell in cells))
    return [head, *cells]


def _cell(value: msgspec.Raw | None) -> Cell:
    """Return a value as it stands in a table: text without quotes, anything else as JSON."""
    if value is None:
        return Cell("")
    text = bytes(value).decode()
    if text.startswith('"'):
        return Cell(cut(msgspec.json.decode(text, type=str), CELL_WIDTH))
    return Cell(cut(text, CELL_WIDTH), is_number=text[0] in "-0123456789")
