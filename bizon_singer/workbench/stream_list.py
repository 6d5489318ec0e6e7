"""``bizon-singer stream list SOURCE``: its streams, and whether each is read incrementally.

The words in brackets are those of ``bizon stream list``, for people and scripts that know it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click

from bizon_singer.discovery import FULL_TABLE, INCREMENTAL
from bizon_singer.source.models import StreamDefinition
from bizon_singer.source_class import overrides, stream_names
from bizon_singer.tap import SourceTap
from bizon_singer.workbench.answer import json_option, write_json, write_lines
from bizon_singer.workbench.chosen import (
    choose,
    config_option,
    display_name,
    open_tap,
    read_configs,
)
from bizon_singer.workbench.collected import Collector
from bizon_singer.workbench.table import aligned

WORDS = {FULL_TABLE: "[Full refresh only]", INCREMENTAL: "[Supports incremental]"}


@dataclass(frozen=True)
class ListedStream:
    """A stream of a source.

    Attributes:
        name: What it is called.
        replication_method: ``INCREMENTAL``, or ``FULL_TABLE`` if it can only be read in full.
        replication_key: Field that tells when a record changed, if it is known.
        key_properties: Fields that identify a record.
        selected_by_default: Whether a run without a catalog reads it.
        description: One sentence, if the source says one.
        unavailable: Why it cannot be read with this configuration, None when it can.
        read_by: The stream its records come with, for a route; None for all others.
    """

    name: str
    replication_method: str
    replication_key: str | None = None
    key_properties: Sequence[str] = ()
    selected_by_default: bool = True
    description: str | None = None
    unavailable: str | None = None
    read_by: str | None = None


def listed_streams(tap_class: type[SourceTap], configs: Sequence[str]) -> list[ListedStream]:
    """Return the streams of a source; those of an account only if a config is given.

    Raises:
        ConfigError: A setting is unknown or wrong.
        DiscoveryError: The source failed while it was asked.
    """
    asks_account = bool(tap_class.dynamic_catalog)
    if asks_account and not configs:
        return [item for source in tap_class.source_classes for item in _of_every_account(source)]
    given = read_configs(tap_class, configs)
    tap = open_tap(tap_class, given, Collector(), is_complete=asks_account)
    return [
        _listed(
            stream.definition,
            is_incremental=stream.can_be_incremental,
            read_by=stream.read_by if stream.read_by != stream.name else None,
        )
        for stream in tap.streams.values()
    ]


def _of_every_account(source: type[Any]) -> Iterator[ListedStream]:
    """Yield the streams a source has whatever the account."""
    definitions = {item.name: item for item in source.stream_definitions()}
    is_incremental = overrides(source, "get_records_after")
    for name in stream_names(source):
        definition = definitions.get(name) or StreamDefinition(name)
        only_full = definition.replication_method == FULL_TABLE
        yield _listed(definition, is_incremental=is_incremental and not only_full)


def _listed(
    definition: StreamDefinition, *, is_incremental: bool, read_by: str | None = None
) -> ListedStream:
    return ListedStream(
        name=definition.name,
        replication_method=INCREMENTAL if is_incremental else FULL_TABLE,
        replication_key=definition.replication_key,
        key_properties=definition.key_properties,
        selected_by_default=definition.selected_by_default and not definition.unavailable,
        description=definition.description,
        unavailable=definition.unavailable,
        read_by=read_by,
    )


@click.command(short_help="List the streams of a source.")
@click.argument("source", metavar="[SOURCE]", required=False)
@config_option
@json_option
def command(source: str | None, configs: Sequence[str], *, as_json: bool) -> None:
    """List the streams of SOURCE, and whether each is read incrementally or in full.

    SOURCE is the name of an installed source or the path of a .py file; unset, the config names it.
    Streams that depend on an account are listed with --config, which asks its API.
    """
    tap_class = choose(source, configs)
    name = display_name(tap_class, source)
    streams = listed_streams(tap_class, configs)
    if as_json:
        write_json({"source": name, "streams": streams})
    else:
        rows = [
            [WORDS[item.replication_method], f"- {item.name}", _remark(item)] for item in streams
        ]
        write_lines([f"Available streams for {name}:", *aligned(rows)])
    if tap_class.dynamic_catalog and not configs:
        sys.stderr.write(
            "These are the streams every account has; give --config to ask an account for its own "
            "and for what each is.\n"
        )


def _remark(stream: ListedStream) -> str:
    if stream.unavailable:
        return f"not available: {stream.unavailable}"
    return stream.description or ""
