"""The whole stdout of each tap, kept: a change of what users receive shows in a diff.

After an intended change: ``UPDATE_GOLDEN=1 python -m pytest tests/golden``, and read the diff.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bizon_singer.testing import read
from bizon_taps.dummy.tap import TapDummy
from bizon_taps.gsheets.tap import TapGsheets
from bizon_taps.hubspot.tap import TapHubSpot
from bizon_taps.kafka.tap import TapKafka
from bizon_taps.notion.ids import row_stream
from bizon_taps.notion.tap import TapNotion
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.gsheets import Gsheets
from tests.fakes.gsheets import fill as fill_sheets
from tests.fakes.hubspot import Clock, HubSpot, fill, unlimited
from tests.fakes.kafka import Headers, Kafka
from tests.fakes.notion import Notion
from tests.fakes.notion import fill as fill_notion
from tests.fakes.pokeapi import PokeApi
from tests.proofs.subjects import catalog_of, custom, only, record

FOLDER = Path(__file__).parent
EPOCH = 1_764_000_000_000
"""A timestamp of Kafka, in milliseconds."""
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HUBSPOT_STREAMS = frozenset(
    {
        "associations_contacts__companies",
        "contacts",
        "form_submissions",
        "list_memberships",
        "owners",
        "p4242_pets",
    }
)
MOMENT = re.compile(
    r'("(?:time_extracted|last_run|started_at|_source_timestamp)":)"[^"]+"'
    r'|("replication_key_value":)"20(?:2[5-9]|[3-9]\d)[^"]+"'
    r'|("config":)"sha256:[^"]+"'
    r'|("cluster_id":)"[^"]+"'
)

SEARCHED = re.compile(rb'("began":)"[^"]+"(.*?"digest":)"[^"]+"')
"""Where a search goes on, which tells when it began."""


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


def hubspot() -> bytes:
    """tap-hubspot: a run in full, and the next one after a change, an arrival and an archiving."""
    with HubSpot(Clock(NOON), limits=unlimited()) as api:
        portal = api.portal
        fill(portal)
        portal.define("contacts", "custom_score", "number")
        portal.change("contacts", portal.ids("contacts")[0], {"custom_score": "12.50"})
        portal.change("contacts", portal.ids("contacts")[1], {"custom_score": "N/A"})
        api.page_most = 2
        config = api.settings(associations=["contacts-companies"], archived=True)
        catalog = only(catalog_of(TapHubSpot, config, HUBSPOT_STREAMS), HUBSPOT_STREAMS)
        written = record(TapHubSpot, config, catalog=catalog)
        state = list(read(written).of("STATE"))[-1].body["value"]
        api.clock.wait(3600)
        one, two = portal.ids("contacts")
        portal.change("contacts", one, {"lastname": ""})
        portal.archive("contacts", two)
        portal.create("contacts", {"email": "new@example.com"})
        return written + record(TapHubSpot, config, state, catalog)


def kafka() -> bytes:
    """tap-kafka: every kind of message of one partition, and the next run."""
    with Kafka() as cluster:
        headers: Headers = [("trace", b"a1"), ("trace", None), ("raw", b"\xff")]
        cluster.put(
            "orders", b'{"id": 1, "amount": 12.50}', key="a", headers=headers, timestamp=EPOCH
        )
        cluster.put("orders", b'{"id":2,"big":123456789012345678901}', timestamp=EPOCH + 1)
        cluster.put("orders", None, key="a", timestamp=EPOCH + 2)
        cluster.put("orders", b"{", key="b", timestamp=EPOCH + 3)
        cluster.flush()
        config = cluster.settings(
            topics=["orders"],
            partitions=[0],
            skip_message_empty_value=False,
            on_error="dead_letter",
        )
        written = record(TapKafka, config)
        cluster.put("orders", b'{"id":3}', key="c", timestamp=EPOCH + 4)
        cluster.flush()
        state = list(read(written).of("STATE"))[-1].body["value"]
        return written + record(TapKafka, config, state)


def notion() -> bytes:
    """tap-notion: a run in full, and the next one after an edit and an arrival."""
    with Notion() as api:
        filled = fill_notion(api.workspace, rows=2)
        config = api.settings(page_size=2)
        streams = frozenset(
            {"users", "databases", "blocks", "comments", "page_markdown"}
            | {row_stream("Tasks", filled.source)}
        )
        catalog = only(catalog_of(TapNotion, config, streams), streams)
        written = record(TapNotion, config, catalog=catalog)
        state = list(read(written).of("STATE"))[-1].body["value"]
        later = datetime(2099, 3, 1, 12, tzinfo=UTC)
        api.workspace.edit(filled.rows[0], at=later, Points=99, Stage="Done")
        api.workspace.add_page(data_source=filled.source, title="new", at=later)
        config["page_size"] = 3
        written += record(TapNotion, config, state, catalog)
        return SEARCHED.sub(rb'\1"*"\2"*"', written)


def gsheets() -> bytes:
    """tap-gsheets: something of everything, unchanged, and after an edit."""
    with Gsheets() as google:
        book = fill_sheets(google)
        for sheet in book.sheets:
            sheet.row_count = len(sheet.rows) + 1
        config = google.settings(rows_per_request=3)
        written = record(TapGsheets, config)
        state = list(read(written).of("STATE"))[-1].body["value"]
        written += record(TapGsheets, config, state)
        streams = frozenset({"orders"})
        catalog = only(catalog_of(TapGsheets, config, streams), streams)
        book.sheets[0].put(3, 3, "none")
        book.touch()
        return (written + record(TapGsheets, config, state, catalog)).replace(
            google.base_url.encode(), b"*"
        )


def bizon() -> bytes:
    """tap-bizon with an incremental source file."""
    subject = custom("ledger", {"count": 9}, page_size=4, full_table=frozenset())
    return subject.run(subject.first)(None)


def steady(recording: bytes) -> str:
    """Return a recording without what differs from run to run."""
    return MOMENT.sub(
        lambda match: f'{match[1] or match[2] or match[3] or match[4]}"*"', recording.decode()
    )


@pytest.mark.parametrize(
    "tap",
    [dummy, pokeapi, hubspot, notion, kafka, gsheets, bizon],
    ids=lambda tap: tap.__name__,
)
def test_the_output_is_what_it_was(tap: Callable[[], bytes]) -> None:
    """Byte for byte, apart from times and fingerprints."""
    path = FOLDER / f"{tap.__name__}.jsonl"
    written = steady(tap())
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(written)
    assert written == path.read_text()
    assert all(json.loads(line)["type"] for line in written.splitlines())
