"""tap-notion as a command."""

from __future__ import annotations

from typing import NoReturn

from bizon_singer.cli import run_tap
from bizon_singer.tap import SourceTap
from bizon_taps.notion.source import NotionSource


class TapNotion(SourceTap):
    """What a Notion workspace shares: pages, their blocks and comments, and typed rows."""

    name = "tap-notion"
    source_classes = (NotionSource,)
    dynamic_catalog = True  # data sources and their properties are the workspace's own


def main() -> NoReturn:
    """Run the command."""
    run_tap(lambda: TapNotion)
