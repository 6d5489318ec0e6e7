"""Settings of tap-notion."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from bizon_singer.source.auth.authenticators.token import TokenAuthParams
from bizon_singer.source.auth.config import AuthConfig, AuthType
from bizon_singer.source.config import BaseUrl, Integer, Number, SourceConfig
from bizon_taps.notion.ids import notion_id

MAX_PAGE_SIZE = 100
A_MONTH_SECONDS = 31 * 86_400


class NotionVersion(StrEnum):
    """Versions of the API this tap reads."""

    DATABASES = "2022-06-28"
    DATA_SOURCES = "2025-09-03"


class NotionAuthConfig(AuthConfig):
    """How the tap proves who it is."""

    type: AuthType = Field(description="api_key, for the token of an integration.")
    params: TokenAuthParams = Field(description="token: that of the integration.")

    @field_validator("type")
    @classmethod
    def _is_a_token(cls, value: AuthType) -> AuthType:
        if value not in {AuthType.API_KEY, AuthType.BEARER}:
            message = "must be api_key"
            raise ValueError(message)
        return value


class NotionSourceConfig(SourceConfig):
    """Which workspace is read, what of it, and how fast."""

    name: str = Field(default="notion", description="Name of the source connector.")
    authentication: NotionAuthConfig | None = Field(
        default=None, description="How the tap proves who it is."
    )
    base_url: BaseUrl = Field(
        default="https://api.notion.com",
        description="Root of the API. Requests go nowhere else.",
    )
    notion_version: NotionVersion = Field(
        default=NotionVersion.DATA_SOURCES,
        description="Version of the API; 2022-06-28 knows databases of one data source only.",
    )
    database_ids: list[str] = Field(
        default_factory=list,
        description="Databases to read, with all of their data sources; ids or addresses. With "
        "none here, in `data_source_ids` and in `page_ids`, all that is shared is read.",
    )
    data_source_ids: list[str] = Field(
        default_factory=list, description="Data sources to read; ids or addresses."
    )
    page_ids: list[str] = Field(
        default_factory=list,
        description="Pages to read, without the pages below them; ids or addresses.",
    )
    page_size: Integer = Field(
        default=MAX_PAGE_SIZE,
        ge=1,
        le=MAX_PAGE_SIZE,
        description="Things asked for at once; where Notion answers 504, half as many for a while.",
    )
    max_recursion_depth: Integer | None = Field(
        default=None,
        ge=1,
        description="Read blocks so many levels deep, 1 being those right on a page; unset, all.",
    )
    lookback_seconds: Number = Field(
        default=300,
        ge=0,
        le=A_MONTH_SECONDS,
        allow_inf_nan=False,
        description="How far before the start of the last run an incremental run starts, in "
        "seconds: the search of Notion lags behind. The minute it falls into is read whole.",
    )
    requests_per_second: Number = Field(
        default=3,
        gt=0,
        allow_inf_nan=False,
        description="Send at most so many requests a second, which is what Notion takes.",
    )

    @field_validator("database_ids", "data_source_ids", "page_ids")
    @classmethod
    def _are_ids(cls, value: list[str]) -> list[str]:
        ids: list[Any] = [notion_id(text) for text in value]
        if not all(ids):
            message = "must hold ids of 32 digits, or addresses that end in one"
            raise ValueError(message)
        return list(dict.fromkeys(ids))

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        # To list the streams every workspace has, no credentials are needed; see discover().
        if self.init_pipeline and self.authentication is None:
            message = (
                "`authentication` is missing; give the token of an integration as "
                '{"type": "api_key", "params": {"token": …}}'
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _knows_data_sources(self) -> Self:
        if self.data_source_ids and not self.has_data_sources:
            message = "`data_source_ids` need `notion_version` 2025-09-03; give `database_ids`"
            raise ValueError(message)
        return self

    @property
    def has_data_sources(self) -> bool:
        """Whether a database may have several data sources, by the version of the API."""
        return self.notion_version is NotionVersion.DATA_SOURCES

    @property
    def reads_everything(self) -> bool:
        """Whether all that is shared is read."""
        return not (self.database_ids or self.data_source_ids or self.page_ids)
