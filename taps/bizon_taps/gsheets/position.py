"""Where reading goes on: what is kept in STATE between two pages of a worksheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bizon_singer.errors import StateError


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a worksheet.

    Attributes:
        row: First row of the next page; 0 for the first of the table.
        header_row: Row of the header, 0 without one; None where it is still looked for.
        modified: When the spreadsheet had been edited last as the run began; None if unknown.
    """

    row: int = 0
    header_row: int | None = None
    modified: str | None = None

    @classmethod
    def of(cls, pagination: Mapping[str, Any]) -> Self:
        """Read a position from a pagination this tap has given.

        Raises:
            StateError: It is none of this tap's: STATE was edited, or is that of another tap.
        """
        row: Any = pagination.get("row")
        header: Any = pagination.get("header_row")
        modified = pagination.get("modified")
        if (
            not _is_row(row)
            or not (header is None or _is_row(header))
            or not isinstance(modified, str | None)
        ):
            raise StateError(
                "the pagination in STATE is none of tap-gsheets; run once with "
                "`force_ignore_checkpoint`"
            )
        return cls(row, header, modified)

    def pagination(self) -> dict[str, Any]:
        """Return the position as it is kept in STATE."""
        return {"row": self.row, "header_row": self.header_row, "modified": self.modified}


def _is_row(value: Any) -> bool:
    return type(value) is int and value >= 0
