"""tap-pokeapi: the tap over its source."""

from __future__ import annotations

from bizon_singer.tap import SourceTap
from bizon_taps.pokeapi.source import PokeApiSource


class TapPokeApi(SourceTap):
    """All 49 resources of PokeAPI, as lists or with every detail."""

    name = "tap-pokeapi"
    source_classes = (PokeApiSource,)
