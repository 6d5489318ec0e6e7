"""Values of a record that JSON has no form of: each writer makes of them what it likes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

MAX_DEPTH = 20
UNWRITTEN = "is a {}, which Bizon cannot write"
WORDS: dict[type, str] = {
    bytes: "is bytes, which are written as text, or as base64 where they are none",
    deque: UNWRITTEN.format("deque"),
    frozenset: UNWRITTEN.format("frozenset"),
    set: UNWRITTEN.format("set"),
    timedelta: UNWRITTEN.format("timedelta"),
}
"""Times, decimals and UUIDs are not among them: they have one form, here and under Bizon."""


def loose_values(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the path of each such value, and what it is."""
    if type(value) in WORDS:
        yield path, WORDS[type(value)]
    elif depth < MAX_DEPTH and isinstance(value, dict):
        outer = f"{path}." if path else ""
        for name, inner in value.items():
            yield from loose_values(inner, f"{outer}{name}", depth + 1)
    elif depth < MAX_DEPTH and isinstance(value, (list, tuple)):
        for inner in value:
            yield from loose_values(inner, f"{path}[]", depth + 1)
