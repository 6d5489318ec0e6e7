"""``bizon-singer state``: what has to do with the STATE of a tap."""

from __future__ import annotations

import json

import click

from bizon_singer import stdout
from bizon_singer.bizon_backend import open_backend
from bizon_singer.bizon_state import state_of
from bizon_singer.references import resolve_references


@click.group("state", no_args_is_help=False)
def command() -> None:
    """Make the STATE of a tap."""


@command.command("from-bizon")
@click.argument("backend")
@click.option("--pipeline", "pipelines", multiple=True, help="A pipeline's name; all by default.")
@click.option("--source", "sources", multiple=True, help="A source's name; all by default.")
def from_bizon(backend: str, pipelines: tuple[str, ...], sources: tuple[str, ...]) -> None:
    """Print the STATE that goes on where a Bizon pipeline stands.

    BACKEND is the database its engine.backend names: sqlite:///path.sqlite3, the path itself,
    postgresql://user:password@host/database, or env://NAME of a variable that holds one of them.
    """
    url = str(resolve_references(backend, "BACKEND"))
    with open_backend(url) as tables:
        state = state_of(tables, pipelines=pipelines, sources=sources)
    stdout.current().write(json.dumps(state).encode() + b"\n")
