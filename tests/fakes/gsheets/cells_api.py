"""Cells as the Sheets API tells them: as values of a range, and as data of a grid."""

from __future__ import annotations

from typing import Any

from tests.fakes.gsheets.a1 import Range
from tests.fakes.gsheets.masks import Mask, masked
from tests.fakes.gsheets.workbook import MESSAGES, Cell, Failed

PLAIN_FORMAT = {
    "backgroundColor": {"red": 1, "green": 1, "blue": 1},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
}
PATTERNS = {"DATE": "yyyy-mm-dd", "DATE_TIME": "yyyy-mm-dd hh:mm:ss", "TIME": "hh:mm:ss"}


def shown(cell: Cell) -> str:
    """Return how a cell is displayed."""
    if cell.shown is not None:
        return cell.shown
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, Failed):
        return MESSAGES[value.type][0]
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)


def _number(value: float) -> float:
    """Return a number as JSON has it: a sheet holds doubles, and whole ones have no point."""
    double = float(value)
    return int(double) if double.is_integer() and abs(double) < 1e21 else double


def rendered(cell: Cell, option: str, dates: str) -> Any:
    """Return a cell as ``valueRenderOption`` wants it."""
    if option == "FORMULA" and cell.formula is not None:
        return cell.formula
    if option == "FORMATTED_VALUE" or isinstance(cell.value, Failed) or cell.value is None:
        return shown(cell)
    if dates == "FORMATTED_STRING" and cell.format in PATTERNS:
        return shown(cell)
    if isinstance(cell.value, (str, bool)):
        return cell.value
    return _number(cell.value)


def value_range(area: Range, option: str, dates: str, dimension: str = "ROWS") -> dict[str, Any]:
    """Return a range of values: what is blank at an end is left out."""
    rows = [
        _trimmed(
            [
                rendered(area.sheet.at(row, column), option, dates)
                for column in range(area.left, area.right + 1)
            ]
        )
        for row in range(area.top, min(area.bottom, len(area.sheet.rows)) + 1)
    ]
    while rows and not rows[-1]:
        rows.pop()
    if dimension == "COLUMNS":
        wide = max(map(len, rows), default=0)
        rows = [_trimmed([row[at] if at < len(row) else "" for row in rows]) for at in range(wide)]
    answer: dict[str, Any] = {"range": str(area), "majorDimension": dimension}
    return {**answer, "values": rows} if rows else answer


def _trimmed(row: list[Any]) -> list[Any]:
    while row and row[-1] == "":
        row.pop()
    return row


def cell_data(cell: Cell) -> dict[str, Any]:
    """Return a cell with everything there is to tell of it; blank ones are empty."""
    data: dict[str, Any] = {}
    if cell.value is not None:
        entered = {"formulaValue": cell.formula} if cell.formula else _extended(cell.value)
        data["userEnteredValue"] = entered
        data["effectiveValue"] = _extended(cell.value)
        data["formattedValue"] = shown(cell)
    if cell.format is not None:
        chosen = {"type": cell.format, "pattern": PATTERNS.get(cell.format, "0.00")}
        data["userEnteredFormat"] = {"numberFormat": chosen}
        data["effectiveFormat"] = {"numberFormat": chosen, **PLAIN_FORMAT}
    elif cell.value is not None:
        data["effectiveFormat"] = PLAIN_FORMAT
    return data


def _extended(value: Any) -> dict[str, Any]:
    if isinstance(value, Failed):
        return {"errorValue": {"type": value.type, "message": MESSAGES[value.type][1]}}
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"stringValue": value} if isinstance(value, str) else {"numberValue": _number(value)}


def grid_data(area: Range, mask: Mask) -> dict[str, Any]:
    """Return a range as data of a grid; a start of 0 is left out, and blank rows at the end.

    Args:
        area: The range.
        mask: What is wanted of a cell. Applied here: large grids are asked for by small masks.
    """
    data: dict[str, Any] = {}
    if area.top > 1:
        data["startRow"] = area.top - 1
    if area.left > 1:
        data["startColumn"] = area.left - 1
    rows = []
    known: dict[Any, dict[str, Any]] = {}
    for row in range(area.top, min(area.bottom, len(area.sheet.rows)) + 1):
        line = area.sheet.rows[row - 1][area.left - 1 : area.right]
        for each in line:
            # True is 1 and 1.0: what is equal is not yet the same.
            key = (type(each.value), each)
            if key not in known:
                known[key] = masked(cell_data(each), mask)
        cells = [known[type(each.value), each] for each in line]
        while cells and not cells[-1]:
            cells.pop()
        rows.append({"values": cells} if cells else {})
    while rows and not rows[-1]:
        rows.pop()
    if rows:
        data["rowData"] = rows
    data["rowMetadata"] = [{"pixelSize": 21}] * (area.bottom - area.top + 1)
    data["columnMetadata"] = [
        {"pixelSize": 100, **({"hiddenByUser": True} if at in area.sheet.hidden_columns else {})}
        for at in range(area.left, area.right + 1)
    ]
    return data
