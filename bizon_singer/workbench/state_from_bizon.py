"""``bizon-singer state from-bizon BACKEND``: a STATE that goes on where a pipeline stands."""

from __future__ import annotations

import logging

import click
import orjson

from bizon_singer import stdout
from bizon_singer.bizon_backend import open_backend
from bizon_singer.bizon_state import state_of
from bizon_singer.references import resolve_references


@click.command(short_help="The STATE that goes on where a Bizon pipeline stands.")
@click.argument("backend")
@click.option(
    "--pipeline",
    "pipelines",
    metavar="NAME",
    multiple=True,
    help="A pipeline, by its name; may be repeated. Unset, all there are.",
)
@click.option(
    "--source",
    "sources",
    metavar="NAME",
    multiple=True,
    help="A source, by its name in Bizon; may be repeated. Unset, all there are.",
)
def command(backend: str, pipelines: tuple[str, ...], sources: tuple[str, ...]) -> None:
    """Print the STATE that goes on where a Bizon pipeline stands, for the --state of a tap.

    BACKEND is the database its engine.backend names: sqlite:///path.sqlite3, the path itself,
    postgresql://user:password@host/database, or env://NAME of a variable that holds one of them.
    """
    _tell_of_each_stream()
    url = str(resolve_references(backend, "BACKEND"))
    with open_backend(url) as tables:
        state = state_of(tables, pipelines=pipelines, sources=sources)
    stdout.current().write(orjson.dumps(state) + b"\n")  # exactly: it is for a tap, not for eyes


def _tell_of_each_stream() -> None:
    """Let what becomes of each stream be said: it is part of the answer."""
    logging.disable(logging.NOTSET)
    logging.getLogger("bizon_singer").setLevel(logging.INFO)
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.INFO)
