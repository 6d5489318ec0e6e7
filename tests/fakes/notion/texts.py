"""Rich text, names of times and ids as Notion writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

PLAIN = {
    "bold": False,
    "italic": False,
    "strikethrough": False,
    "underline": False,
    "code": False,
    "color": "default",
}


def rich_text(text: str) -> list[dict[str, Any]]:
    """Return a text as Notion gives it; an empty one has no parts."""
    return [part(text)] if text else []


def part(text: str) -> dict[str, Any]:
    """Return one run of text."""
    return {
        "type": "text",
        "text": {"content": text, "link": None},
        "annotations": dict(PLAIN),
        "plain_text": text,
        "href": None,
    }


def plain(parts: list[dict[str, Any]]) -> str:
    """Return what rich text says."""
    return "".join(part["plain_text"] for part in parts)


def minute(at: datetime) -> datetime:
    """Return a time as Notion keeps it: rounded down to the minute."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def written(at: datetime) -> str:
    """Write a time of a page, block, comment or data source."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def written_exactly(at: datetime) -> str:
    """Write a time of a database, which is not rounded and has another form of UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def dashed(text: str) -> str | None:
    """Return an id with its dashes, None if it is none; Notion takes it without them as well."""
    try:
        return str(UUID(text))
    except ValueError:
        return None
