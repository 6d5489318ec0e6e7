"""tap-gsheets: the tap over its source."""

from __future__ import annotations

from bizon_singer.tap import SourceTap
from bizon_taps.gsheets.source import GsheetsSource


class TapGsheets(SourceTap):
    """Google Sheets: a typed stream for each worksheet, no column and no cell lost in silence."""

    name = "tap-gsheets"
    source_classes = (GsheetsSource,)
    dynamic_catalog = True  # worksheets and their columns are the spreadsheet's own
