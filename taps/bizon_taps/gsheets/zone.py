"""The time zone of a spreadsheet, which the dates in it are meant in."""

from __future__ import annotations

import logging
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from bizon_singer.redact import excerpt
from bizon_taps.gsheets.spreadsheet import Spreadsheet

logger = logging.getLogger(__name__)


def zone_of(spreadsheet: Spreadsheet) -> tzinfo:
    """Return the zone of a spreadsheet; UTC, with a warning, where its name is not known."""
    name = spreadsheet.time_zone
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        logger.warning(
            "Spreadsheet %r: its time zone %r is not known on this machine; its times are taken as "
            "UTC.",
            spreadsheet.spreadsheet_id,
            excerpt(name, 40),
        )
        return UTC
