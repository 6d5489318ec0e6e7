"""The shop of tests/sources as a tap that runs in this process, and its catalog with edits."""

from __future__ import annotations

import copy
import io
import json
from contextlib import redirect_stdout
from typing import Any

import jsonschema

from bizon_singer.tap import SourceTap, tap_for
from tests.sources.shop import Shop

TAP = tap_for("tap-shop", [Shop])


def discovered(tap: type[SourceTap] = TAP) -> dict[str, Any]:
    """Return the catalog as `--discover` prints it."""
    with redirect_stdout(io.StringIO()) as printed:
        tap(config={}, validate_config=False, setup_mapper=False).run_discovery()
    catalog: dict[str, Any] = json.loads(printed.getvalue())
    return catalog


CATALOG = discovered()


def edited(*edits: tuple[str, list[str], dict[str, Any]]) -> dict[str, Any]:
    """Return the discovered catalog with metadata set: stream, field path, values."""
    catalog = copy.deepcopy(CATALOG)
    for stream, path, values in edits:
        entry = entry_of(catalog, stream)
        crumb = [word for name in path for word in ("properties", name)]
        next(i for i in entry["metadata"] if i["breadcrumb"] == crumb)["metadata"].update(values)
    return catalog


def entry_of(catalog: dict[str, Any], stream: str) -> dict[str, Any]:
    """Return the entry of a stream."""
    entry: dict[str, Any] = next(i for i in catalog["streams"] if i["tap_stream_id"] == stream)
    return entry


def run(catalog: Any = None, **config: Any) -> list[dict[str, Any]]:
    """Run the tap in this process and return its messages."""
    with redirect_stdout(io.StringIO()) as written:
        TAP(config=config, catalog=catalog).sync_all()
    return [json.loads(line) for line in written.getvalue().splitlines()]


def of(messages: list[dict[str, Any]], kind: str, stream: str = "orders") -> list[dict[str, Any]]:
    """Return the schemas or records of a stream."""
    key = kind.lower()
    return [m[key] for m in messages if m["type"] == kind and m.get("stream") == stream]


def schema_of(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the only SCHEMA of orders; every record must be valid under it."""
    (schema,) = of(messages, "SCHEMA")
    for record in of(messages, "RECORD"):
        jsonschema.validate(record, schema)
    return schema
