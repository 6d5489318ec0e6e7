"""The Singer SDK's own test suite for taps passes for all of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from bizon_singer.loader import find_sources, load_source_file
from bizon_singer.tap import tap_for
from bizon_taps.dummy.tap import TapDummy
from bizon_taps.gsheets.tap import TapGsheets
from bizon_taps.hubspot.tap import TapHubSpot
from bizon_taps.kafka.tap import TapKafka
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.gsheets import Failed, Gsheets
from tests.fakes.gsheets import fill as fill_sheets
from tests.fakes.hubspot import HubSpot, fill, unlimited
from tests.fakes.kafka import Kafka
from tests.fakes.pokeapi import PokeApi
from tests.proofs.subjects import catalog_of, only

pytestmark = pytest.mark.filterwarnings("ignore:Fields in transformed catalog:UserWarning")

LEDGER = str(Path(__file__).parents[1] / "sources" / "ledger.py")
LIMIT = SuiteConfig(max_records_limit=20)

API = PokeApi()
API.__enter__()  # the SDK asks for the config while this module is imported

HUBSPOT = HubSpot(limits=unlimited())
HUBSPOT.__enter__()
fill(HUBSPOT.portal)
HUBSPOT_CONFIG = HUBSPOT.settings(
    associations=["contacts-companies"],
    property_history=["contacts"],
    archived=True,
    searches_per_second=1000,
)
HUBSPOT_STREAMS = frozenset(TapHubSpot(config=HUBSPOT_CONFIG).streams)

GSHEETS = Gsheets()
GSHEETS.__enter__()
fill_sheets(GSHEETS, orders=30).sheets[0].put(2, 8, Failed())
GSHEETS_CONFIG = GSHEETS.oauth_settings(rows_per_request=10)
GSHEETS_STREAMS = frozenset({"orders", "odd_headers", "hidden", "spreadsheets", "worksheets"})

TestTapDummy = get_tap_test_class(TapDummy, config={"count": 50}, suite_config=LIMIT)
TestTapPokeApi = get_tap_test_class(
    TapPokeApi, config={"base_url": API.base_url, "page_size": 20}, suite_config=LIMIT
)
TestTapPokeApiDetails = get_tap_test_class(
    TapPokeApi,
    config={"base_url": API.base_url, "page_size": 5, "details": True},
    suite_config=SuiteConfig(max_records_limit=5),
)
TestTapHubSpot = get_tap_test_class(
    TapHubSpot,
    config=HUBSPOT_CONFIG,
    suite_config=LIMIT,
    # Some streams are not selected by default; the suite reads those as well.
    catalog=catalog_of(TapHubSpot, HUBSPOT_CONFIG, HUBSPOT_STREAMS),
)
KAFKA = Kafka()
KAFKA.fill("orders", 20)
TestTapKafka = get_tap_test_class(
    TapKafka, config=KAFKA.settings(topics=["orders"]), suite_config=LIMIT
)
TestTapGsheets = get_tap_test_class(
    TapGsheets,
    config=GSHEETS_CONFIG,
    suite_config=LIMIT,
    # The suite wants a record of every stream; worksheets without rows have none.
    catalog=only(catalog_of(TapGsheets, GSHEETS_CONFIG, GSHEETS_STREAMS), GSHEETS_STREAMS),
)
TestTapBizon = get_tap_test_class(
    tap_for("tap-bizon", find_sources(load_source_file(LEDGER), LEDGER)),
    config={"count": 30, "discover_sample_records": 5},
    suite_config=LIMIT,
)
