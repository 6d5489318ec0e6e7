"""Notion: one source for all of its streams, each read by the reader of its kind.

https://developers.notion.com/reference/intro. Users, databases, data sources, pages and rows are
lists (:mod:`~bizon_taps.notion.objects`); blocks, comments and markdown hang on pages
(:mod:`~bizon_taps.notion.tree`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from bizon_singer.errors import ConfigError
from bizon_singer.redact import excerpt
from bizon_singer.source.models import (
    SourceIncrementalState,
    SourceIteration,
    StreamDefinition,
)
from bizon_singer.source.reply import RETRIED_STATUSES
from bizon_singer.source.session import Session
from bizon_singer.source.source import AbstractSource
from bizon_taps.notion import discovery
from bizon_taps.notion.config import NotionSourceConfig
from bizon_taps.notion.ids import source_of_stream
from bizon_taps.notion.objects import ContainerReader, PageReader, UserReader
from bizon_taps.notion.omissions import Omissions
from bizon_taps.notion.page_list import PageList
from bizon_taps.notion.schemas import STREAMS, definition
from bizon_taps.notion.scope import Scope
from bizon_taps.notion.times import since_of
from bizon_taps.notion.tree import Blocks, Comments, Contents, Markdown, TreeReader
from bizon_taps.notion.workspace import Workspace

CONFLICT = 409
SHOWN_CHARACTERS = 80


class Reader(Protocol):
    """Reads a stream."""

    def read(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return a page; ``{}`` asks for the first."""


class NotionSource(AbstractSource):
    """Reads one stream of a Notion workspace.

    Args:
        config: The settings; ``config.stream`` names the stream.
    """

    config: NotionSourceConfig

    def __init__(self, config: NotionSourceConfig) -> None:
        """Bind the session to the host of ``base_url``."""
        super().__init__(config)
        self.session.belong_to(config.base_url)
        self._workspace = Workspace(self.session, config)
        self._omissions = Omissions(str(config.stream))
        self._scope = Scope(self._workspace, config, self._omissions)
        self._reader: Reader | None = None

    @staticmethod
    def streams() -> list[str]:
        """Return the streams every workspace has."""
        return list(STREAMS)

    @staticmethod
    def get_config_class() -> type[NotionSourceConfig]:
        """Return the class of the settings."""
        return NotionSourceConfig

    @classmethod
    def stream_definitions(cls) -> Sequence[StreamDefinition]:
        """Describe the streams every workspace has."""
        return [definition(name) for name in STREAMS]

    def get_session(self) -> Session:
        """Return a session that keeps to the rate Notion takes, and tries conflicts again."""
        http = self.config.http
        rates = [http.requests_per_second, self.config.requests_per_second]
        rate = min(value for value in rates if value)
        session = Session(
            http.model_copy(update={"requests_per_second": rate}),
            self.config.api_config.retry_limit,
        )
        session.retried_statuses = RETRIED_STATUSES | {CONFLICT}
        return session

    def discover(self) -> Sequence[StreamDefinition]:
        """Describe the streams of the workspace; without credentials, those every one has.

        Raises:
            CredentialsError: The credentials are refused.
        """
        if self.config.authentication is None:
            return self.stream_definitions()
        self._workspace.get("users/me")
        return discovery.discover(self._workspace, self._scope, self.config)

    def check_connection(self) -> tuple[bool, Any | None]:
        """Ask Notion who the integration is, which each may know."""
        self._workspace.get("users/me")
        return True, None

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Fetch a page of the stream; see the reader of its kind for the pagination."""
        return self._read(None, pagination)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Fetch a page of what was edited since the last run."""
        return self._read(since_of(source_state, self.config.lookback_seconds), pagination)

    def _read(self, since: datetime | None, pagination: dict[str, Any] | None) -> SourceIteration:
        if self._reader is None:
            self._reader = self._reader_of(str(self.config.stream), since)
        return self._reader.read(pagination or {})

    def _reader_of(self, stream: str, since: datetime | None) -> Reader:
        """Return what reads a stream.

        Raises:
            ConfigError: There is no such stream, or not in this version of the API.
        """
        source = source_of_stream(stream)
        if source is not None:
            pages = PageList(
                self._workspace, self._scope, self._omissions, since, only_source=source
            )
            path = f"{self._scope.path}/{source}"
            return PageReader(
                self._workspace, pages, self._omissions, lambda: self.selected_fields, path
            )
        if stream == "users":
            return UserReader(self._workspace)
        if stream == "data_sources" and not self.config.has_data_sources:
            raise ConfigError(discovery.NO_DATA_SOURCES)
        if stream in {"databases", "data_sources"}:
            return ContainerReader(
                self._workspace,
                self._scope,
                self._omissions,
                since,
                databases=stream == "databases",
            )
        return self._reader_of_pages(stream, since)

    def _reader_of_pages(self, stream: str, since: datetime | None) -> Reader:
        pages = PageList(
            self._workspace,
            self._scope,
            self._omissions,
            since,
            page_ids=self.config.page_ids,
            searches=self.config.reads_everything,
        )
        if stream == "pages":
            return PageReader(self._workspace, pages, self._omissions, lambda: self.selected_fields)
        contents: Contents
        if stream == "blocks":
            contents = Blocks()
        elif stream == "comments":
            contents = Comments(self._workspace, self._omissions)
        elif stream == "page_markdown":
            contents = Markdown(self._workspace, self._omissions)
        else:
            raise ConfigError(
                f"there is no stream {excerpt(stream, SHOWN_CHARACTERS)!r}; --discover lists those "
                "there are"
            )
        depth = self.config.max_recursion_depth
        return TreeReader(self._workspace, pages, contents, self._omissions, depth)
