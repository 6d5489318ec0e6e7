"""Reads what is no tree: users, databases, data sources, pages and rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from bizon_singer.source.models import SourceIteration, SourceRecord
from bizon_taps.notion.columns import Column, columns_of, row_of
from bizon_taps.notion.long_values import complete
from bizon_taps.notion.omissions import NOT_SHARED, Omissions
from bizon_taps.notion.page_list import PageList
from bizon_taps.notion.position import Position, one_more
from bizon_taps.notion.scope import Scope
from bizon_taps.notion.times import was_edited
from bizon_taps.notion.tree import MAX_REQUESTS
from bizon_taps.notion.workspace import (
    JSON,
    NotSharedError,
    RefusedCursorError,
    Workspace,
    id_of,
)


def record_of(thing: JSON, what: str) -> SourceRecord:
    """Return something as a record, without the mark of the request it came by."""
    data = {name: value for name, value in thing.items() if name != "request_id"}
    return SourceRecord(id_of(thing, what), data)


class UserReader:
    """Reads the users.

    Args:
        workspace: Where they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        """Ask nothing yet."""
        self._workspace = workspace

    def read(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return a page of users."""
        position = Position.of(pagination)
        try:
            listed, _ = self._workspace.page("users", cursor=position.cursor)
        except RefusedCursorError:
            again = Position(restarts=one_more(position.restarts, "users"))
            return SourceIteration(again.pagination(), [])
        records = [record_of(user, "users") for user in listed.results]
        following = replace(position, cursor=listed.cursor).pagination() if listed.cursor else {}
        return SourceIteration(following, records)


class ContainerReader:
    """Reads databases, or data sources, in the order of their ids.

    Args:
        workspace: Where they are.
        scope: Which they are.
        omissions: Notes those that cannot be read.
        since: Only those edited since then, None for all.
        databases: Whether databases are read, and not data sources.
    """

    def __init__(
        self,
        workspace: Workspace,
        scope: Scope,
        omissions: Omissions,
        since: datetime | None,
        *,
        databases: bool,
    ) -> None:
        """Ask nothing yet."""
        self._workspace = workspace
        self._scope = scope
        self._omissions = omissions
        self._since = since
        self._databases = databases

    def read(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return as many as make a page."""
        done = Position.of(pagination).done
        ids = self._scope.database_ids if self._databases else self._scope.source_ids
        rest = [identity for identity in ids if identity > done]
        part = rest[: min(self._workspace.page_size, MAX_REQUESTS)]
        things = [thing for thing in map(self._one, part) if thing is not None]
        records = [
            record_of(thing, "databases") for thing in things if was_edited(thing, self._since)
        ]
        if len(part) < len(rest):
            return SourceIteration(Position(done=part[-1]).pagination(), records)
        self._omissions.tell()
        return SourceIteration({}, records)

    def _one(self, identity: str) -> JSON | None:
        if not self._databases:
            return next(item for item in self._scope.data_sources if item["id"] == identity)
        try:
            return self._workspace.get(f"databases/{identity}")
        except NotSharedError:
            self._omissions.add(f"database {identity}", NOT_SHARED)
            return None


class PageReader:
    """Reads pages as Notion gives them, or the rows of a data source as its columns say.

    Args:
        workspace: Where they are.
        pages: The list of the pages.
        omissions: Notes what cannot be read.
        fields: Fields that will be written, None for all.
        source_path: Path of the data source whose rows they are, None for pages of any kind.
    """

    def __init__(
        self,
        workspace: Workspace,
        pages: PageList,
        omissions: Omissions,
        fields: Callable[[], frozenset[str] | None],
        source_path: str | None = None,
    ) -> None:
        """Ask nothing yet."""
        self._workspace = workspace
        self._pages = pages
        self._omissions = omissions
        self._fields = fields
        self._source_path = source_path

    @cached_property
    def _columns(self) -> dict[str, Column]:
        return columns_of(self._workspace.get(self._source_path or ""))

    def read(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return a page of the list."""
        if self._source_path is not None:
            _ = self._columns  # first, so that a data source that is gone is told by its own path
        listing = self._pages.at(Position.of(pagination))
        records = [self._record(page) for page in listing.pages]
        if listing.following is not None:
            return SourceIteration(listing.following.pagination(), records)
        self._omissions.tell()
        return SourceIteration({}, records)

    def _record(self, page: JSON) -> SourceRecord:
        complete(self._workspace, page, self._omissions, self._is_written)
        if self._source_path is None:
            return record_of(page, "pages")
        return SourceRecord(id_of(page, "rows"), row_of(page, self._columns))

    def _is_written(self, item: JSON) -> bool:
        """Tell whether a property will be written."""
        fields = self._fields()
        if fields is None:
            return True
        if self._source_path is None:
            return "properties" in fields
        column = self._columns.get(str(item.get("id")))
        return column is None or column.name in fields
