"""A fake API: the pages of ``creatures`` and ``plants``, as Bizon's dummy source serves them.

Records, page split and cursors are Bizon's, so that a checkpoint or a test written for its dummy
source fits here. Bizon answers an unknown cursor with the second page; here it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bizon_singer.errors import ExpiredCursorError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST = ""
MIDDLE = "vfvfvuhfefpeiduzhihxb"
LAST = "final-cursor"

BEING_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "description": "Identifier of the creature or plant."},
        "name": {"type": ["string", "null"], "description": "What it is called."},
        "age": {"type": ["integer", "null"], "description": "Its age in years."},
    },
    "required": ["id"],
}
"""JSON Schema of the records of both streams."""

_NAMES: dict[str, tuple[str, ...]] = {
    "creatures": ("bizon", "croco", "froggy", "turtle", "poulpo"),
    "plants": ("tree", "flower", "cactus", "bamboo", "rose"),
}
_IDS_AND_AGES: tuple[tuple[int, int], ...] = (
    (9898, 26),
    (88787, 23),
    (98, 26),
    (3333, 23),
    (56565, 26),
)
_PAGES = {FIRST: (slice(0, 2), MIDDLE), MIDDLE: (slice(2, 4), LAST), LAST: (slice(4, 5), "")}

RECORDS_PER_STREAM = len(_IDS_AND_AGES)


@dataclass(frozen=True, slots=True)
class FakePage:
    """One answer of the API.

    Attributes:
        results: The records, each ``{"id": int, "name": str, "age": int}``; the caller's to keep.
        next_cursor: What to ask for next, empty at the end.
    """

    results: list[dict[str, Any]]
    next_cursor: str


def fetch_page(stream: str, cursor: Any) -> FakePage:
    """Answer for a stream and a cursor; the cursor of the first page is empty.

    Raises:
        ExpiredCursorError: The API never gave out such a cursor.
    """
    if not isinstance(cursor, str) or cursor not in _PAGES:
        message = f"stream {stream}: the saved cursor is none this API gave out"
        raise ExpiredCursorError(message)
    rows, next_cursor = _PAGES[cursor]
    results = [
        {"id": identifier, "name": name, "age": age}
        for name, (identifier, age) in zip(_NAMES[stream][rows], _IDS_AND_AGES[rows], strict=True)
    ]
    return FakePage(results, next_cursor)
