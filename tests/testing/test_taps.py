"""The sources of our own taps keep every rule of the kit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bizon_singer.loader import find_sources, load_source_file
from bizon_singer.testing import get_source_test_class
from bizon_taps.dummy.source import DummySource
from bizon_taps.hubspot.source import HubSpotSource
from bizon_taps.pokeapi.source import PokeApiSource
from tests.fakes.hubspot import HubSpot, fill, unlimited
from tests.fakes.pokeapi import PokeApi
from tests.proofs.subjects import HUBSPOT_FULL_TABLE, HUBSPOT_INCREMENTAL, POKEAPI_STREAMS

LEDGER = str(Path(__file__).parents[1] / "sources" / "ledger.py")
LedgerSource = find_sources(load_source_file(LEDGER), LEDGER)[0]
POKEAPI = PokeApi(counts={"berry": 20, "characteristic": 13, "item": 12})
HUBSPOT = HubSpot(limits=unlimited())


def setup_module() -> None:
    """Start the servers."""
    POKEAPI.__enter__()
    HUBSPOT.__enter__()
    fill(HUBSPOT.portal)


def teardown_module() -> None:
    """Stop the servers."""
    POKEAPI.__exit__()
    HUBSPOT.__exit__()


def pokeapi(**settings: Any) -> dict[str, Any]:
    """Return the settings of tap-pokeapi."""
    return {"base_url": POKEAPI.base_url, "page_size": 6, **settings}


def hubspot() -> dict[str, Any]:
    """Return the settings of tap-hubspot."""
    return HUBSPOT.settings(
        associations=["contacts-companies"],
        property_history=["companies"],
        archived=True,
        searches_per_second=100_000,
        lookback_seconds=0,
    )


TestDummy = get_source_test_class(DummySource, {"count": 60, "page_size": 7})
TestLedger = get_source_test_class(LedgerSource, {"count": 50, "page_size": 4})
TestPokeApi = get_source_test_class(PokeApiSource, pokeapi, streams=POKEAPI_STREAMS)
TestPokeApiDetails = get_source_test_class(
    PokeApiSource, lambda: pokeapi(details=True), streams=POKEAPI_STREAMS
)
TestHubSpot = get_source_test_class(
    HubSpotSource,
    hubspot,
    streams=HUBSPOT_FULL_TABLE | HUBSPOT_INCREMENTAL,
    volatile_state=[("bookmarks", "*", "state", "read_until")],
)
