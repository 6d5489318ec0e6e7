"""Bizon's own sources, as they are, asking a server of a test instead of the Internet.

It is imported where the package bizon is installed, by ``{"name": "pointed:HubSpot"}``.
"""

from __future__ import annotations

import os
from typing import Any

from bizon.connectors.sources.cycle.src.source import CycleSource
from bizon.connectors.sources.gbif.src import source as gbif
from bizon.connectors.sources.hubspot.src import hubspot_objects as hubspot
from bizon.connectors.sources.notion.src import source as notion
from bizon.connectors.sources.periscope.src import source as periscope
from bizon.connectors.sources.pokeapi.src import source as pokeapi
from bizon.connectors.sources.sana_ai.src.source import SanaSource

URL = os.environ["LOCAL_API"]

for module in (gbif, notion, periscope, pokeapi):
    module.BASE_URL = URL
hubspot.URL_BASE = URL

Gbif = gbif.GBIFSource
HubSpot = hubspot.HubSpotObjectsSource
Notion = notion.NotionSource
Periscope = periscope.PeriscopeSource
PokeApi = pokeapi.PeriscopeSource


class Cycle(CycleSource):
    """Has its address in an attribute."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.url_graphql = f"{URL}/graphql"


class Sana(SanaSource):
    """Has its address in an attribute."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.base_url = URL
