"""What is read: the data sources, databases and pages the settings name, or all that is shared.

The lists are short beside what is in them, so they are held in memory, in the order of their ids:
a run that is resumed lists them again and goes on behind the last id, whatever came or went.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.source.reply import HttpStatusError
from bizon_taps.notion.config import NotionSourceConfig
from bizon_taps.notion.omissions import NOT_SHARED, Omissions
from bizon_taps.notion.position import Position
from bizon_taps.notion.search import Search
from bizon_taps.notion.workspace import (
    BAD_REQUEST,
    JSON,
    NotSharedError,
    Workspace,
    id_of,
)


class Scope:
    """What of a workspace is read.

    Args:
        workspace: Where it is.
        config: The settings.
        omissions: Notes what the settings do not name and the integration cannot have.
    """

    def __init__(
        self, workspace: Workspace, config: NotionSourceConfig, omissions: Omissions
    ) -> None:
        """Ask nothing yet."""
        self._workspace = workspace
        self._config = config
        self._omissions = omissions
        self.kind = "data_source" if config.has_data_sources else "database"
        self.path = f"{self.kind}s"

    @cached_property
    def data_sources(self) -> list[JSON]:
        """The data sources with their properties, by id; with the older version, databases."""
        if self._config.reads_everything:
            found = {id_of(item, "search"): item for item in self._searched(self.kind)}
        else:
            found = {id_of(item, self.path): item for item in self._named_sources()}
        return [self._whole(found[identity]) for identity in sorted(found)]

    def _whole(self, source: JSON) -> JSON:
        if isinstance(source.get("properties"), dict):
            return source
        return self._workspace.get(f"{self.path}/{source['id']}")

    @cached_property
    def source_ids(self) -> list[str]:
        """The ids of the data sources, in order."""
        return [source["id"] for source in self.data_sources]

    @cached_property
    def database_ids(self) -> list[str]:
        """The ids of the databases, in order."""
        if not self._config.has_data_sources:
            return self.source_ids
        parents = [source.get("parent") for source in self.data_sources]
        found = [parent.get("database_id") for parent in parents if isinstance(parent, dict)]
        known = {identity for identity in found if isinstance(identity, str)}
        return sorted({*known, *self._config.database_ids})

    def search(self, kind: str, since: datetime | None = None) -> Search:
        """Return a search for all of a kind, or for what was edited since then."""
        return Search(self._workspace, kind, self._config.lookback_seconds, since)

    def _searched(self, kind: str) -> list[JSON]:
        """Return all there is of a kind, what was edited meanwhile twice, as it is now last."""
        search = self.search(kind)
        place: Position | None = search.start()
        found: list[JSON] = []
        while place is not None:
            results, place = search.at(place)
            found += results
        return found

    def _named_sources(self) -> list[JSON]:
        found = [
            self.named("data_sources", identity, "data_source_ids")
            for identity in self._config.data_source_ids
        ]
        for identity in self._config.database_ids:
            database = self.named("databases", identity, "database_ids")
            found += self._sources_of(database) if self._config.has_data_sources else [database]
        return found

    def _sources_of(self, database: JSON) -> list[JSON]:
        found = []
        listed: Any = database.get("data_sources")
        for item in listed if isinstance(listed, list) else ():
            identity = id_of(item, "databases")
            try:
                found.append(self._workspace.get(f"data_sources/{identity}"))
            except NotSharedError:
                self._omissions.add(f"data source {identity}", NOT_SHARED)
        return found

    def named(self, path: str, identity: str, setting: str) -> JSON:
        """Return a thing a setting names.

        Raises:
            ConfigError: Notion does not find it, or it is something else.
        """
        try:
            return self._workspace.get(f"{path}/{identity}")
        except NotSharedError as error:
            raise ConfigError(
                f"setting `{setting}` names {identity}, which Notion does not find; share it with "
                "the integration, or mend the id"
            ) from error
        except HttpStatusError as error:
            if error.response.status_code != BAD_REQUEST:
                raise
            raise ConfigError(
                f"setting `{setting}` names {identity}, which Notion says is none of the {path}; "
                "mend the id, or name it in the setting it belongs to"
            ) from error
