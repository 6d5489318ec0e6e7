"""The README of tap-hubspot lists every stream with the scope it needs, and every setting."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bizon_singer.source.config import SourceConfig
from bizon_taps.hubspot.config import HubSpotSourceConfig
from bizon_taps.hubspot.crm_objects import STANDARD
from bizon_taps.hubspot.listings import BY_NAME, LISTINGS, Parents
from bizon_taps.hubspot.source import HubSpotSource
from tests.docs.test_readme import CHECKOUT
from tests.fakes.hubspot import HubSpot, fill
from tests.fakes.hubspot.routes import every_scope
from tests.taps.hubspot_account import account

README = (CHECKOUT / "taps" / "bizon_taps" / "hubspot" / "README.md").read_text()
QUOTED = re.compile("`([^`]+)`")
OF_THEIR_OWN = [listing.name for listing in LISTINGS if listing.parents is not Parents.OBJECTS]
"""Lists that are not asked for each object; the others need the scopes of the objects."""


def table(title: str) -> list[list[str]]:
    """Return the cells of a section's table, row by row."""
    section = README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def scopes() -> dict[str, set[str]]:
    """Return the scopes named for each stream."""
    return {
        stream: {scope.replace("<object>", stream) for scope in QUOTED.findall(row[-1])}
        for row in table("Streams")
        for stream in QUOTED.findall(row[0])
    }


@pytest.fixture(scope="module")
def hubspot() -> Iterator[HubSpot]:
    """Serve an account that has something of everything."""
    with account() as served:
        fill(served.portal)
        yield served


def test_every_stream_is_listed() -> None:
    """All objects and lists there are."""
    assert scopes().keys() >= STANDARD.keys() | BY_NAME.keys()


@pytest.mark.parametrize("stream", [*STANDARD, *OF_THEIR_OWN])
def test_a_token_with_the_scopes_listed_reads_the_stream(hubspot: HubSpot, stream: str) -> None:
    """With them and no others."""
    hubspot.access.denied = every_scope(hubspot.portal) - scopes()[stream]
    config = HubSpotSourceConfig.model_validate(hubspot.settings(stream=stream))
    assert list(HubSpotSource(config).get().records)


def test_every_setting_is_listed() -> None:
    """Those this tap has beyond any source's, and the first date."""
    own = HubSpotSourceConfig.model_fields.keys() - SourceConfig.model_fields.keys()
    listed = {row[0].strip("`") for row in table("Settings")}
    assert listed == own | {"start_date", "authentication"}
