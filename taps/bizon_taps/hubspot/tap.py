"""tap-hubspot as a command."""

from __future__ import annotations

from typing import NoReturn

from bizon_singer.cli import run_tap
from bizon_singer.tap import SourceTap
from bizon_taps.hubspot.source import HubSpotSource


class TapHubSpot(SourceTap):
    """HubSpot's CRM objects with typed properties, associations and history, and its marketing."""

    name = "tap-hubspot"
    source_classes = (HubSpotSource,)
    dynamic_catalog = True  # properties and custom objects are the account's own


def main() -> NoReturn:
    """Run the command."""
    run_tap(lambda: TapHubSpot)
