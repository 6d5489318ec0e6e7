"""tap-gsheets: the memory it takes follows from a request, not from the worksheet."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bizon_taps.gsheets import table as table_module
from bizon_taps.gsheets.area import Area
from bizon_taps.gsheets.spreadsheet import Worksheet
from bizon_taps.gsheets.table import Frame, TableReader

COLUMNS = 6
PER_REQUEST = 2000
CELL = {"effectiveValue": {"stringValue": "a text of some length"}, "effectiveFormat": {}}


class Canned:
    """The Sheets API without a server: every range is full, every answer made anew.

    Attributes:
        sizes: Bytes of each answer.
        held: What was held in memory when each was asked for.
        peaks: The most that was held after each, until the next was asked for.
    """

    account = None

    def __init__(self) -> None:
        """Have answered nothing."""
        self.sizes: list[int] = []
        self.held: list[int] = []
        self.peaks: list[int] = []

    def spreadsheet(self, spreadsheet_id: str, params: Mapping[str, Sequence[str]]) -> Any:
        """Answer a request for cells; what that takes here is not counted."""
        del spreadsheet_id
        self.look()
        content = self._content(params["ranges"])
        self.sizes.append(len(content))
        tracemalloc.reset_peak()
        return SimpleNamespace(content=content)

    def look(self) -> None:
        """Note what is held now, and the most since the last answer."""
        held, peak = tracemalloc.get_traced_memory()
        self.held.append(held)
        self.peaks.append(peak)

    def _content(self, ranges: Sequence[str]) -> bytes:
        data = [self._data(Area.of(text.rpartition("!")[2])) for text in ranges]
        return json.dumps({"sheets": [{"properties": {"sheetId": 5}, "data": data}]}).encode()

    def _data(self, area: Area) -> dict[str, Any]:
        assert area.bottom is not None
        rows = [{"values": [CELL] * COLUMNS}] * (area.bottom - area.top + 1)
        return {"startRow": area.top - 1, "rowData": rows}


def test_a_worksheet_of_any_size_takes_the_memory_of_one_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its answer as the bytes it came as and a page of cells; gone before the next is asked for."""
    monkeypatch.setattr(table_module, "CELLS_PER_CHUNK", PER_REQUEST * COLUMNS // 20)
    rows, google, seen = 8 * PER_REQUEST, Canned(), 0
    worksheet = Worksheet(5, "S", "GRID", rows + 1, COLUMNS, is_hidden=False, properties={})
    frame = Frame(worksheet, 1, 1, rows + 1, COLUMNS, header_row=1)
    reader = TableReader(google, "id", frame, PER_REQUEST)  # type: ignore[arg-type]
    row: int | None = 2
    tracemalloc.start()
    try:
        while row is not None:
            chunk = reader.chunk(row, 1)
            seen, row = seen + len(chunk.rows), chunk.next_row
        google.look()
    finally:
        tracemalloc.stop()
    assert (seen, len(google.sizes)) == (rows, 8)
    assert max(google.peaks[1:]) < 2 * max(google.sizes)
    assert max(google.held) < max(google.sizes) / 2
