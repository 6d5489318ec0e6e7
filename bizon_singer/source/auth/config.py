"""The ``authentication`` setting: a type and the parameters that belong to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from bizon_singer.source.auth.authenticators.basic import BasicHttpAuthParams
from bizon_singer.source.auth.authenticators.cookies import CookiesAuthParams
from bizon_singer.source.auth.authenticators.oauth import Oauth2AuthParams
from bizon_singer.source.auth.authenticators.token import TokenAuthParams


class AuthType(StrEnum):
    """The five ways a source may prove who it is."""

    OAUTH = "oauth"
    API_KEY = "api_key"
    BEARER = "bearer"
    BASIC = "basic"
    COOKIES = "cookies"


AuthParams = TokenAuthParams | BasicHttpAuthParams | CookiesAuthParams | Oauth2AuthParams

PARAMS_OF: dict[AuthType, type[BaseModel]] = {
    AuthType.OAUTH: Oauth2AuthParams,
    AuthType.API_KEY: TokenAuthParams,
    AuthType.BEARER: TokenAuthParams,
    AuthType.BASIC: BasicHttpAuthParams,
    AuthType.COOKIES: CookiesAuthParams,
}


class AuthConfig(BaseModel):
    """How a source proves who it is.

    Why ``params`` is chosen by ``type`` and not by trying each shape, as Bizon does: a mistake is
    then explained by the fields of one shape instead of the fields of all four.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)

    type: AuthType = Field(description="oauth, api_key, bearer, basic or cookies.")
    params: AuthParams = Field(
        description="What the type needs: token; username and password; cookies; or the fields of "
        "an OAuth 2 client."
    )

    @field_validator("params", mode="before")
    @classmethod
    def _shape_follows_type(cls, params: Any, info: ValidationInfo) -> Any:
        shape = PARAMS_OF.get(info.data.get("type"))  # type: ignore[arg-type]
        declared = cls.model_fields["params"].annotation
        if shape is None or not isinstance(params, dict) or declared != AuthParams:
            return params  # a subclass that narrows `params` has chosen a shape of its own
        return shape.model_validate(params)
