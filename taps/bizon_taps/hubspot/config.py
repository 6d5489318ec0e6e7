"""Settings of tap-hubspot."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bizon_singer.source.auth.authenticators.oauth import Oauth2AuthParams
from bizon_singer.source.auth.authenticators.token import TokenAuthParams
from bizon_singer.source.auth.config import AuthConfig, AuthType
from bizon_singer.source.config import BaseUrl, Number, SourceConfig
from bizon_taps.hubspot.paths import NUMBERED, path_of

OBJECT_NAME = r"[A-Za-z0-9][A-Za-z0-9_]*"
_PAIR = re.compile(f"{OBJECT_NAME}-{OBJECT_NAME}", re.ASCII)
_VERSION = re.compile(r"v3|20[0-9]{2}-[0-9]{2}(-beta)?")


class HubSpotOauthParams(Oauth2AuthParams):
    """Parameters of ``oauth``."""

    token_refresh_endpoint: str = Field(
        default="",
        description="URL of the token endpoint; unset, the one below `base_url` of `api_version`.",
    )
    refresh_token: str = Field(description="Refresh token of the account.", repr=False)


class HubSpotAuthConfig(AuthConfig):
    """How the tap proves who it is."""

    type: AuthType = Field(
        description="api_key for the token of a private app or a service key, oauth for an app."
    )
    params: TokenAuthParams | HubSpotOauthParams = Field(
        description="For api_key: token. For oauth: client_id, client_secret and refresh_token."
    )

    @field_validator("type")
    @classmethod
    def _is_of_hubspot(cls, value: AuthType) -> AuthType:
        if value not in {AuthType.API_KEY, AuthType.BEARER, AuthType.OAUTH}:
            message = "must be api_key or oauth"
            raise ValueError(message)
        return value

    @field_validator("params", mode="before")
    @classmethod
    def _shape_follows_type(cls, params: Any, info: ValidationInfo) -> Any:
        kind = info.data.get("type")
        if kind is None or not isinstance(params, dict):
            return params
        shape = HubSpotOauthParams if kind is AuthType.OAUTH else TokenAuthParams
        return shape.model_validate(params)


class PropertiesStrategy(StrEnum):
    """Which properties of an object are read."""

    ALL = "all"
    SELECTED = "selected"


class PropertiesConfig(BaseModel):
    """Which properties of CRM objects are read."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    strategy: PropertiesStrategy = Field(
        default=PropertiesStrategy.ALL,
        description="all, or selected: those in `selected_properties` alone.",
    )
    selected_properties: list[str] = Field(
        default_factory=list, description="Names of the properties to read."
    )

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if self.strategy is PropertiesStrategy.SELECTED and not self.selected_properties:
            message = "`strategy` selected needs names in `selected_properties`"
            raise ValueError(message)
        if self.strategy is PropertiesStrategy.ALL and self.selected_properties:
            message = "`selected_properties` need `strategy` selected"
            raise ValueError(message)
        return self


class HubSpotSourceConfig(SourceConfig):
    """Which account is read, what of it, and how fast."""

    name: str = Field(default="hubspot", description="Name of the source connector.")
    authentication: HubSpotAuthConfig | None = Field(
        default=None, description="How the tap proves who it is."
    )
    base_url: BaseUrl = Field(
        default="https://api.hubapi.com",
        description="Root of the API. Requests go nowhere else.",
    )
    api_version: str = Field(
        default="2026-03",
        description="Version of the API: a date such as 2026-03, or v3 for the numbered paths, "
        "which HubSpot supports until September 2027.",
    )
    properties: PropertiesConfig = Field(
        default_factory=PropertiesConfig,
        description="Which properties of CRM objects are read; of one object by stream_settings.",
    )
    lookback_seconds: Number = Field(
        default=300,
        ge=0,
        le=31 * 86_400,
        allow_inf_nan=False,
        description="How far before the start of the last run an incremental run starts, in "
        "seconds: the search index of HubSpot lags behind.",
    )
    archived: bool = Field(
        default=False, description="Read archived records as well, incremental runs included."
    )
    associations: Literal["all"] | list[str] = Field(
        default_factory=list,
        description='Pairs of objects whose associations are streams, such as "contacts-companies"'
        ', or "all".',
    )
    property_history: list[str] = Field(
        default_factory=list,
        description="Objects whose former property values are streams, such as deals.",
    )
    requests_per_10_seconds: Number | None = Field(
        default=None,
        gt=0,
        description="Send at most so many requests in ten seconds; unset, as many as the account "
        "has left by HubSpot's own headers.",
    )
    searches_per_second: Number = Field(
        default=4,
        gt=0,
        description="Send at most so many searches a second; HubSpot takes 5 of an account, and on "
        "the way some of them move closer together.",
    )

    @field_validator("api_version")
    @classmethod
    def _is_a_version(cls, value: str) -> str:
        if not _VERSION.fullmatch(value):
            message = f"it must be a date such as 2026-03, or {NUMBERED}"
            raise ValueError(message)
        return value

    @field_validator("associations")
    @classmethod
    def _are_pairs(cls, value: Any) -> Any:
        if value != "all" and not all(_PAIR.fullmatch(pair) for pair in value):
            message = 'must hold pairs of objects such as "contacts-companies"'
            raise ValueError(message)
        return value if value == "all" else list(dict.fromkeys(value))

    @field_validator("property_history")
    @classmethod
    def _are_objects(cls, value: list[str]) -> list[str]:
        if not all(re.fullmatch(OBJECT_NAME, name, re.ASCII) for name in value):
            message = "must hold names of objects such as deals"
            raise ValueError(message)
        return list(dict.fromkeys(value))

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        # To list the streams every account may have, no credentials are needed; see discover().
        if self.init_pipeline and self.authentication is None:
            message = (
                "`authentication` is missing; give the token of a private app as "
                '{"type": "api_key", "params": {"token": …}}'
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _has_a_token_endpoint(self) -> Self:
        params = self.authentication.params if self.authentication else None
        if isinstance(params, HubSpotOauthParams) and not params.token_refresh_endpoint:
            params.token_refresh_endpoint = self.base_url + path_of("token", self.api_version)
        return self
