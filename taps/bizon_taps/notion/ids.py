"""Ids of Notion, and the names of streams that carry one.

Notion writes an id with dashes; people copy it without, or the address of a page that ends in it.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

STREAM_SLUG_CHARACTERS = 30
"""With the id and a line between them: 63 characters, which every database takes for a name."""
_ID = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})"
    r"(?![0-9a-f])"
)
_ROW_STREAM = re.compile(r".+_([0-9a-f]{32})", re.DOTALL)


def notion_id(text: str) -> str | None:
    """Return the id a text holds, with dashes: an id in any form, or the address of a page."""
    found = _ID.findall(urlsplit(text.strip().lower()).path)
    return "-".join(found[-1]) if found else None


def slug(text: str) -> str:
    """Return a text as a name of small letters, digits and ``_``, of any script; may be empty."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    name = re.sub(r"\W+", "_", plain).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def row_stream(title: str, identity: str) -> str:
    """Return the name of the stream of a data source's rows.

    Why the whole id: the stream is found by it alone, so a renamed data source keeps its rows,
    and two of one title never share a table.
    """
    name = slug(title)[:STREAM_SLUG_CHARACTERS].strip("_") or "data_source"
    return f"{name}_{identity.replace('-', '')}"


def source_of_stream(stream: str) -> str | None:
    """Return the id of the data source whose rows a stream holds, None if it is no such stream."""
    found = _ROW_STREAM.fullmatch(stream)
    return notion_id(found[1]) if found else None
