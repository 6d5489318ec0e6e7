"""singer-check-tap, the conformance tool of singer-io, accepts what our taps write.

Its ``--tap`` mode does not wait for its own reading thread and fails on a tap this fast, so the
output goes to its stdin; the second run starts from the first one's STATE, as that mode would do.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bizon_taps.dummy.tap import TapDummy
from bizon_taps.kafka.tap import TapKafka
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.hubspot import HubSpot, fill, unlimited
from tests.fakes.kafka import Kafka
from tests.fakes.pokeapi import PokeApi
from tests.proofs.checker import read
from tests.proofs.subjects import Resume, catalog_of, custom, hubspot, record

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
CHECK_TAP = CHECKOUT / ".venv-singer-tools" / "bin" / "singer-check-tap"


def taps(api: PokeApi, server: HubSpot, cluster: Kafka) -> dict[str, Resume]:
    """Return every tap as a function from STATE to stdout."""
    config: dict[str, Any] = {"base_url": api.base_url, "details": True}
    catalog = catalog_of(TapPokeApi, config, frozenset({"berry", "evolution-chain", "pokemon"}))
    of_hubspot = hubspot(server)
    ledger = custom("ledger", {}, page_size=4, full_table=frozenset())
    return {
        "dummy": lambda state: record(TapDummy, {"count": 50}, state),
        "pokeapi": lambda state: record(TapPokeApi, config, state, catalog),
        "hubspot": of_hubspot.run(of_hubspot.first),
        "kafka": lambda state: record(TapKafka, cluster.settings(topics=["orders"]), state),
        "bizon": ledger.run(ledger.first),
    }


@pytest.mark.parametrize("name", ["dummy", "pokeapi", "hubspot", "kafka", "bizon"])
def test_the_output_is_valid(name: str, tmp_path: Path) -> None:
    """The first run and the next one, from its STATE."""
    counts = {"berry": 5, "evolution-chain": 5, "pokemon": 5}
    with PokeApi(counts=counts) as api, HubSpot(limits=unlimited()) as server, Kafka() as cluster:
        fill(server.portal)
        cluster.fill("orders", 20)
        tap = taps(api, server, cluster)[name]
        first = tap(None)
        state = list(read(first).of("STATE"))[-1].body["value"]
        for output in (first, tap(state)):
            done = subprocess.run(
                [str(CHECK_TAP)], input=output, cwd=tmp_path, capture_output=True, check=False
            )
            assert done.returncode == 0, done.stderr.decode()
            assert b"The output is valid" in done.stdout
