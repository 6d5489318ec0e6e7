"""``bizon-singer source list``: the sources that are installed."""

from __future__ import annotations

from dataclasses import dataclass

import click

from bizon_singer.source_class import overrides, stream_names
from bizon_singer.tap import SourceTap
from bizon_singer.workbench.answer import json_option, write_json, write_lines
from bizon_singer.workbench.installed import InstalledTap, UnavailableTapError, installed_taps
from bizon_singer.workbench.table import Cell, aligned

HEAD: list[Cell | str] = [
    "SOURCE",
    "COMMAND",
    Cell("STREAMS", is_number=True),
    "READS",
    "WHAT IT IS",
]


@dataclass(frozen=True)
class ListedSource:
    """An installed source.

    Attributes:
        name: What it is called.
        command: The command that runs it as a tap.
        package: The package that brings it.
        description: What it reads, None if it is not available.
        streams: Its streams as far as they are known without asking an account.
        incremental: Whether it can read what changed only, for some streams at least.
        has_own_streams: Whether there are more, by account.
        unavailable: Why it cannot be used, None if it can.
    """

    name: str
    command: str
    package: str
    description: str | None
    streams: list[str]
    incremental: bool
    has_own_streams: bool
    unavailable: str | None


def listed(tap: InstalledTap) -> ListedSource:
    """Return what is told of an installed tap."""
    try:
        tap_class = tap.load()
    except UnavailableTapError as error:
        command = f"tap-{tap.name}"
        return ListedSource(tap.name, command, tap.package, None, [], False, False, str(error))
    classes = tap_class.source_classes
    return ListedSource(
        name=tap.name,
        command=tap_class.name,
        package=tap.package,
        description=first_line(tap_class),
        streams=[name for source in classes for name in stream_names(source)],
        incremental=any(overrides(source, "get_records_after") for source in classes),
        has_own_streams=bool(tap_class.dynamic_catalog),
        unavailable=None,
    )


def first_line(tap_class: type[SourceTap]) -> str:
    """Return the sentence a tap says of itself."""
    return (tap_class.__doc__ or "").strip().partition("\n")[0]


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """List the sources that are installed.

    Those of a package of yours are listed as well once it registers them (entry points
    "bizon_singer.taps"). A file of your own needs no registering: give its path.
    """
    sources = [listed(tap) for tap in installed_taps().values()]
    if as_json:
        write_json({"sources": sources})
        return
    write_lines(aligned([HEAD, *map(_row, sources)]))


def _row(source: ListedSource) -> list[Cell | str]:
    if source.unavailable is not None:
        text = f"not available: {source.unavailable}"
        return [source.name, source.command, Cell("-", is_number=True), "-", text]
    count = f"{len(source.streams)}{'+' if source.has_own_streams else ''}"
    reads = "incremental" if source.incremental else "full refresh"
    description = source.description or ""
    return [source.name, source.command, Cell(count, is_number=True), reads, description]
