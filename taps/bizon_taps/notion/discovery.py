"""The streams of a workspace: those every one has, and one of rows for each data source."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bizon_singer.source.models import StreamDefinition
from bizon_taps.notion.columns import columns_of, plain_text
from bizon_taps.notion.config import NotionSourceConfig, NotionVersion
from bizon_taps.notion.schemas import STREAMS, definition, row_definition
from bizon_taps.notion.scope import Scope
from bizon_taps.notion.workspace import (
    JSON,
    MissingCapabilityError,
    NotSharedError,
    UnsupportedError,
    Workspace,
)

logger = logging.getLogger(__name__)

NO_DATA_SOURCES = (
    f"version {NotionVersion.DATABASES} of the API has no data sources; set `notion_version` to "
    f"{NotionVersion.DATA_SOURCES}"
)


def discover(
    workspace: Workspace, scope: Scope, config: NotionSourceConfig
) -> list[StreamDefinition]:
    """Return the streams of a workspace; one the integration may not read, with the reason.

    Raises:
        ConfigError: A setting names something Notion does not find.
        BizonSingerError: The workspace cannot be asked at all.
    """
    found: list[JSON] = []

    def ask_for_content() -> None:
        found.extend(scope.data_sources)

    content = _why_not(ask_for_content)
    reasons: dict[str, str | None] = dict.fromkeys(STREAMS, content)
    reasons["users"] = _why_not(lambda: workspace.page("users"))
    if content is None:
        reasons["comments"] = _why_not(lambda: _ask_for_comments(workspace, config))
        if not config.has_data_sources:
            reasons["data_sources"] = NO_DATA_SOURCES
    for name, reason in reasons.items():
        if reason:
            logger.warning("Stream %r cannot be read: %s.", name, reason)
    rows = [
        row_definition(
            str(plain_text(source.get("title")) or ""),
            source["id"],
            {column.name: column.schema for column in columns_of(source).values()},
        )
        for source in found
    ]
    return [*(definition(name, reasons[name]) for name in STREAMS), *rows]


def _ask_for_comments(workspace: Workspace, config: NotionSourceConfig) -> None:
    """Ask for the comments of any page, to learn whether the integration may read them."""
    if config.page_ids:
        page = config.page_ids[0]
    else:
        body = {"filter": {"property": "object", "value": "page"}}
        results = workspace.query("search", body).results
        if not results:
            if config.reads_everything:
                logger.warning(
                    "No page is shared with the integration: on a page to be read, choose it under "
                    "Connections; streams of what is not shared are empty."
                )
            return
        page = str(results[0].get("id"))
    try:
        workspace.page("comments", {"block_id": page})
    except (NotSharedError, UnsupportedError):
        return  # that of this page is told when it is read


def _why_not(ask: Callable[[], object]) -> str | None:
    """Return why something cannot be read, None if it can."""
    try:
        ask()
    except MissingCapabilityError as error:
        return str(error)
    return None
