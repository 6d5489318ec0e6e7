"""The taps whose output is proven, each as a function from STATE to recorded stdout."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bizon_singer.loader import find_sources, load_source_file
from bizon_singer.tap import SourceTap, tap_for
from bizon_singer.testing import Terms
from bizon_taps.dummy.tap import TapDummy
from bizon_taps.gsheets.tap import TapGsheets
from bizon_taps.hubspot.tap import TapHubSpot
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.fakes.gsheets import Gsheets
from tests.fakes.hubspot import HubSpot
from tests.fakes.pokeapi import PokeApi

SOURCES = Path(__file__).parents[1] / "sources"
Resume = Callable[[dict[str, Any] | None], bytes]


def record(
    tap_class: type[SourceTap], config: Mapping[str, Any], state: Any = None, catalog: Any = None
) -> bytes:
    """Run a tap to its end in this process and return what it wrote to stdout."""
    with redirect_stdout(io.StringIO()) as written:
        tap_class(config=dict(config), state=state, catalog=catalog).sync_all()
    return written.getvalue().encode()


def catalog_of(
    tap_class: type[SourceTap], config: Mapping[str, Any], streams: frozenset[str]
) -> dict[str, Any]:
    """Return the discovered catalog with only some streams selected."""
    catalog = tap_class(config=dict(config)).catalog_dict
    for entry in catalog["streams"]:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        root["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return catalog


def only(catalog: Mapping[str, Any], streams: Iterable[str]) -> dict[str, Any]:
    """Return a catalog without all other streams; reading those takes most of a short run."""
    names = set(streams)
    kept = [entry for entry in catalog["streams"] if entry["tap_stream_id"] in names]
    return {**catalog, "streams": kept}


@dataclass(frozen=True)
class Subject:
    """One tap with one config.

    Attributes:
        first: Config of a run without STATE.
        later: Config of the next run, over a source that has moved on; None if it is the same.
        page_size: Largest number of records of a page, one for all streams or one for each.
        full_table: Streams that start again once they are complete.
        read_by: The source's stream of each stream its records are routed to.
    """

    name: str
    tap_class: type[SourceTap]
    first: Mapping[str, Any]
    page_size: int | Mapping[str, int]
    full_table: frozenset[str]
    later: Mapping[str, Any] = field(default_factory=dict)
    catalog: Any = None
    read_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def terms(self) -> Terms:
        """What it promises of its runs."""
        return Terms(self.page_size, self.full_table, self.read_by)

    def run(self, config: Mapping[str, Any]) -> Resume:
        """Return the tap as a function from STATE to stdout."""
        return lambda state: record(self.tap_class, config, state, self.catalog)


def dummy() -> Subject:
    """tap-dummy: two full-table streams and an incremental one with ties."""
    config = {"count": 60, "page_size": 7}
    return Subject(
        "dummy",
        TapDummy,
        config,
        page_size=7,
        full_table=frozenset({"creatures", "plants"}),
        later={**config, "count": 100},
    )


POKEAPI_STREAMS = frozenset({"berry", "characteristic", "gender", "item"})


def pokeapi(api: PokeApi, *, details: bool) -> Subject:
    """tap-pokeapi over a local server: lists, or chunks of details; one stream has no names."""
    config = {"base_url": api.base_url, "page_size": 6, "details": details, "detail_workers": 1}
    return Subject(
        "pokeapi-details" if details else "pokeapi",
        TapPokeApi,
        config,
        page_size=6,
        full_table=POKEAPI_STREAMS,
        catalog=catalog_of(TapPokeApi, config, POKEAPI_STREAMS),
    )


HUBSPOT_FULL_TABLE = frozenset({"owners", "list_memberships", "associations_contacts__companies"})
HUBSPOT_INCREMENTAL = frozenset({"contacts", "companies", "companies_property_history"})


def hubspot(server: HubSpot) -> Subject:
    """tap-hubspot over a local server: lists, searches, archived records, children, history."""
    config = server.settings(
        associations=["contacts-companies"],
        property_history=["companies"],
        archived=True,
        searches_per_second=100_000,
    )
    streams = HUBSPOT_FULL_TABLE | HUBSPOT_INCREMENTAL
    size = server.page_most
    return Subject(
        "hubspot",
        TapHubSpot,
        config,
        # An association is a row for each of its types, an object's history one for each version.
        page_size={
            **dict.fromkeys(streams, size),
            "associations_contacts__companies": 3 * size,
            "companies_property_history": 20 * size,
        },
        full_table=HUBSPOT_FULL_TABLE,
        later=config,
        catalog=only(catalog_of(TapHubSpot, config, streams), streams),
    )


GSHEETS_INCREMENTAL = frozenset({"orders", "odd_headers", "header_only"})
GSHEETS_FULL_TABLE = frozenset({"worksheets"})
GSHEETS_ROWS = 3


def gsheets(server: Gsheets) -> Subject:
    """tap-gsheets over a local server: worksheets a few rows at a time, and a list of them."""
    config = server.oauth_settings(rows_per_request=GSHEETS_ROWS)
    streams = GSHEETS_INCREMENTAL | GSHEETS_FULL_TABLE
    return Subject(
        "gsheets",
        TapGsheets,
        config,
        page_size={**dict.fromkeys(streams, GSHEETS_ROWS), "worksheets": 6},
        full_table=GSHEETS_FULL_TABLE,
        later=config,
        catalog=only(catalog_of(TapGsheets, config, streams), streams),
    )


def custom(name: str, config: Mapping[str, Any], **terms: Any) -> Subject:
    """A source file of tests/sources, loaded as tap-bizon loads a user's."""
    path = str(SOURCES / f"{name}.py")
    tap_class = tap_for("tap-bizon", find_sources(load_source_file(path), path))
    return Subject(name, tap_class, config, **terms)


ROUTES = [
    {"name": "orders", "destination": {"table_id": "shop.raw.orders"}},
    {"name": "users", "destination": {"table_id": "shop.raw.users"}},
]
ROUTED = ("orders", "users", "late")


def routed() -> Subject:
    """A source of several tables: its own stream, two known routes and one nobody told of."""
    return custom(
        "mixed",
        {"count": 50, "streams": ROUTES},
        page_size=4,
        full_table=frozenset({"events", *ROUTED}),
        read_by=dict.fromkeys(ROUTED, "events"),
    )
