"""tap-pokeapi as a command."""

from __future__ import annotations

from typing import NoReturn

from bizon_singer.cli import run_tap
from bizon_singer.tap import SourceTap
from bizon_taps.pokeapi.source import PokeApiSource


class TapPokeApi(SourceTap):
    """All 49 resources of PokeAPI, as lists or with every detail."""

    name = "tap-pokeapi"
    source_classes = (PokeApiSource,)


def main() -> NoReturn:
    """Run the command."""
    run_tap(lambda: TapPokeApi)
