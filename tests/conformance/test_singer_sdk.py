"""The Singer SDK's own test suite for taps passes for all of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from bizon_singer.loader import find_sources, load_source_file
from bizon_singer.tap import tap_for
from bizon_taps.dummy.tap import TapDummy
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.pokeapi import PokeApi

pytestmark = pytest.mark.filterwarnings("ignore:Fields in transformed catalog:UserWarning")

LEDGER = str(Path(__file__).parents[1] / "sources" / "ledger.py")
LIMIT = SuiteConfig(max_records_limit=20)

API = PokeApi()
API.__enter__()  # the SDK asks for the config while this module is imported

TestTapDummy = get_tap_test_class(TapDummy, config={"count": 50}, suite_config=LIMIT)
TestTapPokeApi = get_tap_test_class(
    TapPokeApi, config={"base_url": API.base_url, "page_size": 20}, suite_config=LIMIT
)
TestTapPokeApiDetails = get_tap_test_class(
    TapPokeApi,
    config={"base_url": API.base_url, "page_size": 5, "details": True},
    suite_config=SuiteConfig(max_records_limit=5),
)
TestTapBizon = get_tap_test_class(
    tap_for("tap-bizon", find_sources(load_source_file(LEDGER), LEDGER)),
    config={"count": 30, "discover_sample_records": 5},
    suite_config=LIMIT,
)
