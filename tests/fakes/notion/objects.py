"""Objects as the API writes them, in the two versions of it.

Shapes are those of recorded answers (``tests/fakes/test_notion_is_honest.py``). 2025-09-03 split
databases into containers and data sources; before, a database had the properties and the rows.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.notion.refusal import INTEGRATION, INTEGRATION_ID
from tests.fakes.notion.texts import written, written_exactly
from tests.fakes.notion.values import shortened
from tests.fakes.notion.workspace import Thing, Workspace

NEW = "2025-09-03"
OLD = "2022-06-28"
UNSUPPORTED = frozenset({"ai_block", "unsupported"})
"""Blocks whose children the API does not give; it calls meetings unsupported."""
LEAVES = UNSUPPORTED | {"synced_block"}
"""Blocks that say they have children, whatever is found when these are asked for."""
_ME = {"object": "user", "id": INTEGRATION_ID}


class Objects:
    """Writes the objects of a workspace.

    Args:
        workspace: The workspace.
        version: The version of the API that was asked for.
    """

    def __init__(self, workspace: Workspace, version: str) -> None:
        """Look at nothing yet."""
        self._workspace = workspace
        self._version = version

    def of(self, thing: Thing) -> dict[str, Any]:
        """Return a thing as the API writes it."""
        writers = {
            "user": self.user,
            "database": self.database,
            "data_source": self.data_source,
            "page": self.page,
            "block": self.block,
            "comment": self.comment,
        }
        return writers[thing.kind](thing)

    def user(self, thing: Thing) -> dict[str, Any]:
        """Return a user."""
        name, email = thing.body["name"], thing.body.get("email")
        base = {"object": "user", "id": thing.id, "name": name, "avatar_url": None}
        if not thing.body["bot"]:
            person = {} if email is None else {"email": email, "email_verified": True}
            return {**base, "type": "person", "person": person}
        limits = {"max_file_upload_size_in_bytes": 5242880}
        bot = {
            "owner": {"type": "workspace", "workspace": True},
            "workspace_name": INTEGRATION,
            "workspace_id": "231674b6-2cc1-46bc-b742-000000000002",
            "workspace_limits": limits,
        }
        return {**base, "type": "bot", "bot": bot}

    def database(self, thing: Thing) -> dict[str, Any]:
        """Return a database: a container of data sources, or in the old version its only one."""
        sources = self._workspace.data_sources_of(thing.id)
        common = {
            "object": "database",
            "id": thing.id,
            "title": thing.body["title"],
            "description": [],
            "parent": self._parent(thing),
            "is_inline": False,
            "in_trash": thing.in_trash,
            "is_locked": False,
            "created_time": written_exactly(thing.created),
            "last_edited_time": written_exactly(thing.edited),
            "icon": None,
            "cover": None,
            "url": f"https://app.notion.com/p/{_bare(thing)}",
            "public_url": None,
            "archived": thing.in_trash,
        }
        if self._version == NEW:
            named = [{"id": item, "name": self._workspace.title(item)} for item in sources]
            return {**common, "data_sources": named}
        source = self._workspace.things[sources[0]]
        return {
            **common,
            "properties": source.body["properties"],
            "created_time": written(source.created),
            "last_edited_time": written(source.edited),
            "created_by": dict(_ME),
            "last_edited_by": dict(_ME),
        }

    def data_source(self, thing: Thing) -> dict[str, Any]:
        """Return a data source; in the old version it is its database."""
        database = self._workspace.things[thing.parent]
        if self._version != NEW:
            return self.database(database)
        return {
            "object": "data_source",
            "id": thing.id,
            "cover": None,
            "icon": None,
            "created_time": written(thing.created),
            "created_by": dict(_ME),
            "last_edited_by": dict(_ME),
            "last_edited_time": written(thing.edited),
            "title": thing.body["title"],
            "description": [],
            "is_inline": False,
            "properties": thing.body["properties"],
            "parent": {"type": "database_id", "database_id": database.id},
            "database_parent": self._parent(database),
            "url": f"https://app.notion.com/p/{_bare(database)}",
            "public_url": None,
            "in_trash": thing.in_trash,
            "archived": thing.in_trash,
        }

    def page(self, thing: Thing) -> dict[str, Any]:
        """Return a page with at most 25 items of each list."""
        values = thing.body["properties"].items()
        return {
            "object": "page",
            "id": thing.id,
            "created_time": written(thing.created),
            "last_edited_time": written(thing.edited),
            "created_by": dict(_ME),
            "last_edited_by": dict(_ME),
            "cover": None,
            "icon": None,
            "parent": self._parent(thing),
            "in_trash": thing.in_trash,
            "is_archived": False,
            "is_locked": False,
            "properties": {name: shortened(value) for name, value in values},
            "url": f"https://app.notion.com/p/{_bare(thing)}",
            "public_url": None,
            "archived": thing.in_trash,
        }

    def block(self, thing: Thing) -> dict[str, Any]:
        """Return a block; a page or database in another page is a reference with its id."""
        kind, content = thing.body.get("type", ""), dict(thing.body)
        if thing.kind != "block":
            kind = "child_page" if thing.kind == "page" else "child_database"
            content = {kind: {"title": self._workspace.title(thing.id)}}
        has_children = kind in LEAVES or bool(self._workspace.children(thing.id))
        return {
            "object": "block",
            "id": thing.id,
            "parent": self._parent(thing),
            "created_time": written(thing.created),
            "last_edited_time": written(thing.edited),
            "created_by": dict(_ME),
            "last_edited_by": dict(_ME),
            "has_children": has_children,
            "in_trash": thing.in_trash,
            "type": kind,
            kind: content[kind],
            "archived": thing.in_trash,
        }

    def comment(self, thing: Thing) -> dict[str, Any]:
        """Return a comment."""
        return {
            "object": "comment",
            "id": thing.id,
            "parent": self._parent(thing),
            "discussion_id": thing.id[:-1] + ("0" if thing.id[-1] != "0" else "1"),
            "created_time": written(thing.created),
            "last_edited_time": written(thing.edited),
            "created_by": dict(_ME),
            "rich_text": thing.body["text"],
            "display_name": {"type": "integration", "resolved_name": INTEGRATION},
        }

    def _parent(self, thing: Thing) -> dict[str, Any]:
        parent = self._workspace.things.get(thing.parent)
        if parent is None:
            return {"type": "workspace", "workspace": True}
        if parent.kind == "data_source":
            if self._version != NEW:
                return {"type": "database_id", "database_id": parent.parent}
            return {
                "type": "data_source_id",
                "data_source_id": parent.id,
                "database_id": parent.parent,
            }
        return {"type": f"{parent.kind}_id", f"{parent.kind}_id": parent.id}


def _bare(thing: Thing) -> str:
    return thing.id.replace("-", "")
