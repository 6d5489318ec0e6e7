"""What there is in a made-up Notion: users, databases, data sources, pages, blocks, comments.

All of it may be edited at any time, also while a tap reads. Objects are kept whole; what the API
leaves out of them, or writes otherwise, is the server's part.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from tests.fakes.notion.refusal import INTEGRATION, INTEGRATION_ID
from tests.fakes.notion.texts import minute, plain, rich_text
from tests.fakes.notion.values import schema_of, title_of, value_of

Kind = Literal["user", "database", "data_source", "page", "block", "comment"]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Thing:
    """One object.

    Attributes:
        id: With dashes.
        kind: What it is.
        created: When it was made.
        edited: When it was changed last.
        parent: Id of what it lies in, empty for the workspace.
        body: What makes it special: text, properties, the block's type and content.
        in_trash: Whether it was deleted.
        is_shared: Whether the integration may see it.
    """

    id: str
    kind: Kind
    created: datetime
    edited: datetime
    parent: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    in_trash: bool = False
    is_shared: bool = True


class Workspace:
    """All objects, in the order they were made."""

    def __init__(self) -> None:
        """Have one user: the integration itself."""
        self.lock = threading.RLock()
        self.things: dict[str, Thing] = {}
        self._made = 0
        self.me = self._add(
            "user", NOON, body={"name": INTEGRATION, "bot": True}, identifier=INTEGRATION_ID
        )

    # What is asked

    def of(self, kind: Kind) -> list[Thing]:
        """Return what there is of a kind, but for what is in the trash or not shared."""
        with self.lock:
            things = list(self.things.values())
        return [
            thing
            for thing in things
            if thing.kind == kind and not thing.in_trash and self.is_visible(thing)
        ]

    def find(self, identifier: str, *kinds: Kind) -> Thing | None:
        """Return a thing that is there and shared; those in the trash can still be asked for."""
        thing = self.things.get(identifier)
        if thing is None or (kinds and thing.kind not in kinds) or not self.is_visible(thing):
            return None
        return thing

    def is_visible(self, thing: Thing) -> bool:
        """Tell whether a thing and all it lies in are shared."""
        while thing.is_shared:
            if not thing.parent:
                return True
            thing = self.things[thing.parent]
        return False

    def children(self, identifier: str) -> list[Thing]:
        """Return what stands in a page or block, in order: blocks, and references to pages."""
        return [
            thing
            for thing in list(self.things.values())
            if thing.parent == identifier
            and thing.kind in {"block", "page", "database"}
            and not thing.in_trash
        ]

    def data_sources_of(self, database: str) -> list[str]:
        """Return the ids of a database's data sources."""
        return [
            thing.id
            for thing in list(self.things.values())
            if thing.kind == "data_source" and thing.parent == database and not thing.in_trash
        ]

    def page_of(self, identifier: str) -> Thing | None:
        """Return the page a block stands in."""
        thing = self.things.get(identifier)
        while thing is not None and thing.kind != "page":
            thing = self.things.get(thing.parent)
        return thing

    # What is made

    def add_user(self, name: str | None, *, bot: bool = False, email: str | None = None) -> str:
        """Add a user; a person may lack an email address, and a name."""
        return self._add("user", NOON, body={"name": name, "bot": bot, "email": email}).id

    def add_database(
        self,
        title: str,
        properties: Mapping[str, str | dict[str, Any]],
        *,
        page: str = "",
        at: datetime = NOON,
    ) -> str:
        """Add a database with one data source in it, which has its properties."""
        database = self._add("database", at, parent=page, body={"title": rich_text(title)}).id
        self.add_data_source(database, title, properties, at=at)
        return database

    def add_data_source(
        self,
        database: str,
        title: str,
        properties: Mapping[str, str | dict[str, Any]],
        *,
        at: datetime = NOON,
    ) -> str:
        """Add a data source; a property is a type, or its definition with an ``id`` of its own."""
        schemas: dict[str, Any] = {}
        for number, (name, definition) in enumerate(properties.items()):
            kind = definition if isinstance(definition, str) else definition["type"]
            # Ids are written as they stand in a URL, so some hold a per cent sign.
            identifier = "title" if kind == "title" else f"p%3A{number}"
            schemas[name] = schema_of(name, identifier, definition)
        body = {"title": rich_text(title), "properties": schemas}
        return self._add("data_source", minute(at), parent=database, body=body).id

    def add_page(
        self,
        *,
        data_source: str = "",
        page: str = "",
        title: str = "",
        properties: Mapping[str, Any] | None = None,
        at: datetime = NOON,
    ) -> str:
        """Add a page: a row of a data source, or one in another page or in the workspace."""
        if data_source:
            schemas = self.things[data_source].body["properties"]
            given = dict(properties or {})
            named = next(name for name, schema in schemas.items() if schema["type"] == "title")
            given.setdefault(named, title)
            values = {name: value_of(schema, given.get(name)) for name, schema in schemas.items()}
        else:
            values = {"title": title_of(title)}
        return self._add(
            "page", minute(at), parent=data_source or page, body={"properties": values}
        ).id

    def add_block(
        self,
        parent: str,
        kind: str,
        content: dict[str, Any] | str | None = None,
        *,
        at: datetime = NOON,
    ) -> str:
        """Add a block; a text is short for rich text in the block's own colour."""
        if isinstance(content, str):
            icon = {"icon": None} if kind == "paragraph" else {}
            content = {"rich_text": rich_text(content), **icon, "color": "default"}
        body = {"type": kind, kind: content or {}}
        block = self._add("block", minute(at), parent=parent, body=body).id
        self._touch(parent, minute(at))
        return block

    def add_comment(self, parent: str, text: str, *, at: datetime = NOON) -> str:
        """Add a comment to a page or block; it does not move the page's time."""
        return self._add("comment", minute(at), parent=parent, body={"text": rich_text(text)}).id

    # What is changed

    def edit(self, identifier: str, *, at: datetime, **values: Any) -> None:
        """Change a thing: property values of a page, the text of a block, or only its time."""
        thing = self.things[identifier]
        with self.lock:
            if thing.kind == "page" and values:
                schemas = self.things[thing.parent].body["properties"]
                for name, value in values.items():
                    thing.body["properties"][name] = value_of(schemas[name], value)
            elif "text" in values:
                content = thing.body[thing.body["type"]]
                content["rich_text"] = rich_text(values["text"])
            exact = thing.kind == "database"
            thing.edited = at if exact else minute(at)
            if thing.kind == "block":
                self._touch(thing.parent, minute(at))

    def rename(self, data_source: str, old: str, new: str) -> None:
        """Give a property another name; its id stays."""
        with self.lock:
            body = self.things[data_source].body
            renamed = {
                new if name == old else name: {**schema, "name": new if name == old else name}
                for name, schema in body["properties"].items()
            }
            body["properties"] = renamed
            for row in self.things.values():
                if row.kind == "page" and row.parent == data_source:
                    row.body["properties"] = {
                        new if name == old else name: value
                        for name, value in row.body["properties"].items()
                    }

    def trash(self, identifier: str) -> None:
        """Delete a thing: it can be asked for, and is in no list."""
        self.things[identifier].in_trash = True

    def unshare(self, identifier: str) -> None:
        """Take a thing, and what lies in it, away from the integration."""
        self.things[identifier].is_shared = False

    def remove(self, identifier: str) -> None:
        """Delete a thing for good."""
        with self.lock:
            del self.things[identifier]

    def title(self, identifier: str) -> str:
        """Return the title of a page, database or data source."""
        body = self.things[identifier].body
        if "title" in body:
            return plain(body["title"])
        values = body["properties"].values()
        return plain(next(value["title"] for value in values if value["type"] == "title"))

    def _touch(self, identifier: str, at: datetime) -> None:
        page = self.page_of(identifier)
        if page is not None:
            page.edited = max(page.edited, at)

    def _add(
        self,
        kind: Kind,
        at: datetime,
        *,
        parent: str = "",
        body: dict[str, Any],
        identifier: str = "",
    ) -> Thing:
        with self.lock:
            self._made += 1
            made = identifier or str(UUID(int=(0x393ABC1E << 96) | self._made * 0x9E3779B1))
            self.things[made] = Thing(made, kind, at, at, parent, body)
            return self.things[made]
