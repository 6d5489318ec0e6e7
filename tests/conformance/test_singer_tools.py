"""singer-check-tap, the conformance tool of singer-io, accepts what our taps write.

Its ``--tap`` mode does not wait for its own reading thread and fails on a tap this fast, so the
output goes to its stdin; the second run starts from the first one's STATE, as that mode would do.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.testing import read
from bizon_taps.dummy.tap import TapDummy
from bizon_taps.kafka.tap import TapKafka
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.gsheets import Gsheets
from tests.fakes.gsheets import fill as fill_sheets
from tests.fakes.hubspot import HubSpot, fill, unlimited
from tests.fakes.kafka import Kafka
from tests.fakes.notion import Notion
from tests.fakes.notion import fill as fill_notion
from tests.fakes.pokeapi import PokeApi
from tests.proofs.subjects import Resume, catalog_of, custom, gsheets, hubspot, notion, record

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
CHECK_TAP = CHECKOUT / ".venv-singer-tools" / "bin" / "singer-check-tap"


def of_dummy(_: ExitStack) -> Resume:
    """tap-dummy."""
    return lambda state: record(TapDummy, {"count": 50}, state)


def of_pokeapi(opened: ExitStack) -> Resume:
    """tap-pokeapi, with details."""
    counts = {"berry": 5, "evolution-chain": 5, "pokemon": 5}
    api = opened.enter_context(PokeApi(counts=counts))
    config: dict[str, Any] = {"base_url": api.base_url, "details": True}
    catalog = catalog_of(TapPokeApi, config, frozenset(counts))
    return lambda state: record(TapPokeApi, config, state, catalog)


def of_hubspot(opened: ExitStack) -> Resume:
    """tap-hubspot."""
    server = opened.enter_context(HubSpot(limits=unlimited()))
    fill(server.portal)
    subject = hubspot(server)
    return subject.run(subject.first)


def of_notion(opened: ExitStack) -> Resume:
    """tap-notion."""
    server = opened.enter_context(Notion())
    subject = notion(server, fill_notion(server.workspace).source)
    return subject.run(subject.first)


def of_gsheets(opened: ExitStack) -> Resume:
    """tap-gsheets."""
    google = opened.enter_context(Gsheets())
    fill_sheets(google)
    subject = gsheets(google)
    return subject.run(subject.first)


def of_kafka(opened: ExitStack) -> Resume:
    """tap-kafka."""
    cluster = opened.enter_context(Kafka())
    cluster.fill("orders", 20)
    return lambda state: record(TapKafka, cluster.settings(topics=["orders"]), state)


def of_bizon(_: ExitStack) -> Resume:
    """tap-bizon, with a file."""
    ledger = custom("ledger", {}, page_size=4, full_table=frozenset())
    return ledger.run(ledger.first)


TAPS = [of_dummy, of_pokeapi, of_hubspot, of_notion, of_gsheets, of_kafka, of_bizon]


@pytest.mark.parametrize("tap_of", TAPS, ids=lambda tap: tap.__name__)
def test_the_output_is_valid(tap_of: Callable[[ExitStack], Resume], tmp_path: Path) -> None:
    """The first run and the next one, from its STATE."""
    with ExitStack() as opened:
        tap = tap_of(opened)
        first = tap(None)
        state = list(read(first).of("STATE"))[-1].body["value"]
        for output in (first, tap(state)):
            done = subprocess.run(
                [str(CHECK_TAP)], input=output, cwd=tmp_path, capture_output=True, check=False
            )
            assert done.returncode == 0, done.stderr.decode()
            assert b"The output is valid" in done.stdout
