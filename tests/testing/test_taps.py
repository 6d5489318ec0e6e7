"""The sources of our own taps keep every rule of the kit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bizon_singer.loader import find_sources, load_source_file
from bizon_singer.testing import get_source_test_class
from bizon_taps.dummy.source import DummySource
from bizon_taps.gsheets.source import GsheetsSource
from bizon_taps.hubspot.source import HubSpotSource
from bizon_taps.kafka.source import KafkaSource
from bizon_taps.notion.ids import row_stream
from bizon_taps.notion.source import NotionSource
from bizon_taps.pokeapi.source import PokeApiSource
from tests.fakes.gsheets import Gsheets
from tests.fakes.gsheets import fill as fill_sheets
from tests.fakes.hubspot import HubSpot, fill, unlimited
from tests.fakes.kafka import Kafka
from tests.fakes.notion import Notion
from tests.fakes.notion import fill as fill_notion
from tests.fakes.pokeapi import PokeApi
from tests.proofs.subjects import (
    GSHEETS_FULL_TABLE,
    GSHEETS_INCREMENTAL,
    GSHEETS_ROWS,
    HUBSPOT_FULL_TABLE,
    HUBSPOT_INCREMENTAL,
    NOTION_FULL_TABLE,
    NOTION_INCREMENTAL,
    POKEAPI_STREAMS,
)

LEDGER = str(Path(__file__).parents[1] / "sources" / "ledger.py")
LedgerSource = find_sources(load_source_file(LEDGER), LEDGER)[0]
POKEAPI = PokeApi(counts={"berry": 20, "characteristic": 13, "item": 12})
HUBSPOT = HubSpot(limits=unlimited())
GOOGLE = Gsheets()
KAFKA = Kafka()
NOTION = Notion()
TASKS = row_stream("Tasks", fill_notion(NOTION.workspace).source)


def setup_module() -> None:
    """Start the servers."""
    POKEAPI.__enter__()
    HUBSPOT.__enter__()
    fill(HUBSPOT.portal)
    GOOGLE.__enter__()
    fill_sheets(GOOGLE)
    KAFKA.__enter__()
    KAFKA.fill("orders", 30)
    NOTION.__enter__()


def teardown_module() -> None:
    """Stop the servers."""
    POKEAPI.__exit__()
    HUBSPOT.__exit__()
    GOOGLE.__exit__()
    KAFKA.__exit__()
    NOTION.__exit__()


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
TestNotion = get_source_test_class(
    NotionSource,
    lambda: NOTION.settings(page_size=3, lookback_seconds=0),
    streams=NOTION_FULL_TABLE | NOTION_INCREMENTAL | {TASKS},
)
TestGsheets = get_source_test_class(
    GsheetsSource,
    lambda: GOOGLE.oauth_settings(rows_per_request=GSHEETS_ROWS),
    streams=GSHEETS_INCREMENTAL | GSHEETS_FULL_TABLE,
)
TestKafka = get_source_test_class(
    KafkaSource, lambda: KAFKA.settings(topics=["orders"], batch_size=4), streams=["orders"]
)
