"""tap-hubspot: the tap over its source."""

from __future__ import annotations

from bizon_singer.tap import SourceTap
from bizon_taps.hubspot.source import HubSpotSource


class TapHubSpot(SourceTap):
    """HubSpot's CRM objects with typed properties, associations and history, and its marketing."""

    name = "tap-hubspot"
    source_classes = (HubSpotSource,)
    dynamic_catalog = True  # properties and custom objects are the account's own
