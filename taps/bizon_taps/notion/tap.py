"""tap-notion: the tap over its source."""

from __future__ import annotations

from bizon_singer.tap import SourceTap
from bizon_taps.notion.source import NotionSource


class TapNotion(SourceTap):
    """What a Notion workspace shares: pages, their blocks and comments, and typed rows."""

    name = "tap-notion"
    source_classes = (NotionSource,)
    dynamic_catalog = True  # data sources and their properties are the workspace's own
