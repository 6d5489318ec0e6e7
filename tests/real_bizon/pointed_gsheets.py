"""Bizon's source gsheets, as it is, whose client asks a server of a test instead of Google."""

from __future__ import annotations

import os

from bizon.connectors.sources.gsheets.src.source import GsheetsSource
from gspread import http_client

GOOGLE = "https://sheets.googleapis.com"

for name, value in list(vars(http_client).items()):
    if isinstance(value, str) and value.startswith(GOOGLE):
        setattr(http_client, name, os.environ["LOCAL_API"] + value.removeprefix(GOOGLE))

Sheets = GsheetsSource
