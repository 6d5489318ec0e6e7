"""The streams every workspace has: their fields, keys and how they are read.

What Notion gives beyond these fields is not lost: the schema of a stream grows when it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bizon_singer.source.models import StreamDefinition
from bizon_taps.notion.columns import FIXED, FLAG, OBJECT, TEXT, TIME
from bizon_taps.notion.ids import row_stream

INCREMENTAL = "INCREMENTAL"
FULL_TABLE = "FULL_TABLE"
EDITED = "last_edited_time"
PAGE_EDITED = "page_last_edited_time"

_LIST: dict[str, Any] = {"type": ["null", "array"], "items": {}}
_COUNT: dict[str, Any] = {"type": ["null", "integer"]}
_KEY: dict[str, Any] = {"type": ["string"]}
_PEOPLE = {"created_by": OBJECT, "last_edited_by": OBJECT}
_TIMES = {"created_time": TIME, EDITED: TIME}
_CONTAINER = {
    "object": TEXT,
    "id": _KEY,
    **_TIMES,
    "title": _LIST,
    "description": _LIST,
    "parent": OBJECT,
    "is_inline": FLAG,
    "in_trash": FLAG,
    "archived": FLAG,
    "icon": OBJECT,
    "cover": OBJECT,
    "url": TEXT,
    "public_url": TEXT,
}


@dataclass(frozen=True)
class Stream:
    """A stream every workspace has.

    Attributes:
        fields: Its fields.
        about: What it holds.
        keys: Key properties.
        replication_key: Field that tells when a record changed, for incremental ones.
        selected_by_default: Whether a run without a catalog reads it.
    """

    fields: Mapping[str, Any]
    about: str
    keys: tuple[str, ...] = ("id",)
    replication_key: str | None = EDITED
    selected_by_default: bool = True


STREAMS: dict[str, Stream] = {
    "users": Stream(
        {
            "object": TEXT,
            "id": _KEY,
            "name": TEXT,
            "avatar_url": TEXT,
            "type": TEXT,
            "person": OBJECT,
            "bot": OBJECT,
        },
        "People and bots of the workspace, without guests.",
        replication_key=None,
    ),
    "databases": Stream(
        {**_CONTAINER, "is_locked": FLAG, "data_sources": _LIST},
        "Databases, with the names of their data sources.",
    ),
    "data_sources": Stream(
        {**_CONTAINER, **_PEOPLE, "properties": OBJECT, "database_parent": OBJECT},
        "Data sources, with their properties.",
    ),
    "pages": Stream(
        {"object": TEXT, **FIXED, "properties": OBJECT},
        "Pages, rows of data sources too, with their properties as Notion gives them.",
    ),
    "blocks": Stream(
        {
            "object": TEXT,
            "id": _KEY,
            "page_id": _KEY,
            "parent_id": TEXT,
            "depth": _COUNT,
            "block_order": _COUNT,
            "type": TEXT,
            "content": OBJECT,
            "has_children": FLAG,
            **_TIMES,
            PAGE_EDITED: TIME,
            **_PEOPLE,
            "parent": OBJECT,
            "in_trash": FLAG,
            "archived": FLAG,
        },
        "Blocks of pages, depth first, with parent, depth and order.",
        keys=("page_id", "id"),
        replication_key=PAGE_EDITED,
    ),
    "comments": Stream(
        {
            "object": TEXT,
            "id": _KEY,
            "page_id": TEXT,
            "parent": OBJECT,
            "discussion_id": TEXT,
            **_TIMES,
            "created_by": OBJECT,
            "rich_text": _LIST,
            "display_name": OBJECT,
            "attachments": _LIST,
        },
        "Open comments on pages and on their blocks; a request for each of those.",
        replication_key=None,
        selected_by_default=False,
    ),
    "page_markdown": Stream(
        {
            "id": _KEY,
            EDITED: TIME,
            "url": TEXT,
            "markdown": TEXT,
            "truncated": FLAG,
            "unknown_block_ids": _LIST,
            "subtrees": {
                "type": ["null", "array"],
                "items": {
                    "type": ["null", "object"],
                    "properties": {"id": TEXT, "markdown": TEXT},
                },
            },
        },
        "Pages as markdown, with what does not fit into one answer as subtrees.",
    ),
}


def definition(name: str, unavailable: str | None = None) -> StreamDefinition:
    """Return a stream every workspace has, as it is listed."""
    stream = STREAMS[name]
    return StreamDefinition(
        name=name,
        schema={"type": "object", "properties": dict(stream.fields)},
        key_properties=stream.keys,
        replication_key=stream.replication_key,
        replication_method=INCREMENTAL if stream.replication_key else FULL_TABLE,
        selected_by_default=stream.selected_by_default,
        description=stream.about,
        unavailable=unavailable,
    )


def row_definition(title: str, identity: str, columns: Mapping[str, Any]) -> StreamDefinition:
    """Return the stream of a data source's rows."""
    return StreamDefinition(
        name=row_stream(title, identity),
        schema={"type": "object", "properties": {**FIXED, **columns}},
        key_properties=("id",),
        replication_key=EDITED,
        replication_method=INCREMENTAL,
        description=f"Rows of the data source {title or identity}.",
    )
