"""The whole stdout of each tap, kept: a change of what users receive shows in a diff.

After an intended change: ``UPDATE_GOLDEN=1 python -m pytest tests/golden``, and read the diff.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bizon_taps.dummy.tap import TapDummy
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.pokeapi import PokeApi
from tests.proofs.subjects import catalog_of, custom, record

FOLDER = Path(__file__).parent
MOMENT = re.compile(
    r'("(?:time_extracted|last_run|started_at|_source_timestamp)":)"[^"]+"'
    r'|("replication_key_value":)"20(?:2[5-9]|[3-9]\d)[^"]+"'
    r'|("config":)"sha256:[^"]+"'
)


def dummy() -> bytes:
    """tap-dummy with a handful of events."""
    return record(TapDummy, {"count": 9, "page_size": 4})


def pokeapi() -> bytes:
    """tap-pokeapi with three short lists; berry and gender with details."""
    with PokeApi(counts={"berry": 3, "gender": 3, "machine": 3}) as api:
        config = {"base_url": api.base_url, "page_size": 2}
        lists = frozenset({"berry", "machine"})
        details = frozenset({"berry", "gender"})
        written = record(TapPokeApi, config, catalog=catalog_of(TapPokeApi, config, lists))
        config["details"] = True
        return written + record(TapPokeApi, config, catalog=catalog_of(TapPokeApi, config, details))


def bizon() -> bytes:
    """tap-bizon with an incremental source file."""
    subject = custom("ledger", {"count": 9}, page_size=4, full_table=frozenset())
    return subject.run(subject.first)(None)


def steady(recording: bytes) -> str:
    """Return a recording without what differs from run to run."""
    return MOMENT.sub(lambda match: f'{match[1] or match[2] or match[3]}"*"', recording.decode())


@pytest.mark.parametrize("tap", [dummy, pokeapi, bizon], ids=lambda tap: tap.__name__)
def test_the_output_is_what_it_was(tap: Callable[[], bytes]) -> None:
    """Byte for byte, apart from times and fingerprints."""
    path = FOLDER / f"{tap.__name__}.jsonl"
    written = steady(tap())
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(written)
    assert written == path.read_text()
    assert all(json.loads(line)["type"] for line in written.splitlines())
