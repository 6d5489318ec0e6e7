"""tap-gsheets as a command."""

from __future__ import annotations

from typing import NoReturn

from bizon_singer.cli import run_tap
from bizon_singer.tap import SourceTap
from bizon_taps.gsheets.source import GsheetsSource


class TapGsheets(SourceTap):
    """Google Sheets: a typed stream for each worksheet, no column and no cell lost in silence."""

    name = "tap-gsheets"
    source_classes = (GsheetsSource,)
    dynamic_catalog = True  # worksheets and their columns are the spreadsheet's own


def main() -> NoReturn:
    """Run the command."""
    run_tap(lambda: TapGsheets)
