"""Settings of tap-gsheets: Bizon's, and what else a sheet and its reader need to be told."""

from __future__ import annotations

import re
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bizon_singer.source.auth.authenticators.oauth import Oauth2AuthParams
from bizon_singer.source.auth.config import AuthConfig, AuthType
from bizon_singer.source.config import ONE_DAY, BaseUrl, HttpConfig, Integer, Number, SourceConfig
from bizon_taps.gsheets.area import Area

SHEETS_URL = "https://sheets.googleapis.com"
DRIVE_URL = "https://www.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - where tokens are had, no token
MOST_ROWS = 10_000_000
"""A spreadsheet holds at most ten million cells: https://support.google.com/drive/answer/37603."""
_ID = re.compile(r"[A-Za-z0-9_-]{10,}")
_ID_IN_PATH = re.compile(r"/spreadsheets/(?:u/[0-9]+/)?d/([A-Za-z0-9_-]{10,})")
_KEY_IN_QUERY = re.compile(r"(?:^|&)key=([A-Za-z0-9_-]{10,})")


class GsheetsOauthParams(Oauth2AuthParams):
    """Parameters of ``oauth``."""

    token_refresh_endpoint: str = Field(
        default="",
        description=f"URL of the token endpoint; unset, `token_uri`, or {TOKEN_URL}.",
    )
    refresh_token: str = Field(description="Refresh token of the user.", repr=False)


class GsheetsAuthConfig(AuthConfig):
    """How a user lets the tap in; a service account has its key instead."""

    type: AuthType = Field(description="oauth, for an app a user has let in.")
    params: GsheetsOauthParams = Field(description="client_id, client_secret and refresh_token.")

    @field_validator("type")
    @classmethod
    def _is_of_google(cls, value: AuthType) -> AuthType:
        if value is not AuthType.OAUTH:
            message = "must be oauth; the key of a service account is `service_account_key`"
            raise ValueError(message)
        return value

    @field_validator("params", mode="before")
    @classmethod
    def _shape_follows_type(cls, params: Any, info: ValidationInfo) -> Any:
        del info
        return params


class GsheetsHttpConfig(HttpConfig):
    """Limits of the HTTP session."""

    read_timeout_seconds: Number = Field(
        default=180,
        gt=0,
        le=ONE_DAY,
        description="Longest silence within an answer, in seconds; Google takes up to 180 for a "
        "large one.",
    )


class GsheetsSourceConfig(SourceConfig):
    """Which spreadsheets are read, and how their worksheets are to be understood."""

    name: str = Field(default="gsheets", description="Name of the source connector.")
    authentication: GsheetsAuthConfig | None = Field(
        default=None, description="How a user lets the tap in: OAuth 2."
    )
    http: GsheetsHttpConfig = Field(
        default_factory=GsheetsHttpConfig, description="Limits of the HTTP session."
    )
    spreadsheet_url: str | None = Field(
        default=None, description="Address of the spreadsheet, or its id."
    )
    spreadsheet_urls: list[str] = Field(
        default_factory=list, description="Addresses or ids of several spreadsheets."
    )
    worksheet_name: str | None = Field(
        default=None, description="Title of the one worksheet to read; unset, all there are."
    )
    service_account_key: str | dict[str, Any] | None = Field(
        default=None,
        description="Key of a service account: its JSON as text or as an object, or the path of "
        "its file. Unset, and without `authentication`, Application Default Credentials are used.",
        repr=False,
    )
    base_url: BaseUrl = Field(default=SHEETS_URL, description="Root of the Sheets API.")
    drive_base_url: BaseUrl | None = Field(
        default=None,
        description="Root of the Drive API; unset, Google's, or `base_url` where that is set.",
    )
    token_uri: BaseUrl | None = Field(
        default=None, description="Token endpoint; unset, the one the key names."
    )
    header_row: Integer | None = Field(
        default=None,
        ge=0,
        le=MOST_ROWS,
        description="Row of the worksheet that names the columns; 0 if none does. Unset, the first "
        "one that is not blank.",
    )
    range: str | None = Field(
        default=None, description="Part of the worksheet to read, such as B3:F or A:D."
    )
    key_properties: list[str] = Field(
        default_factory=list,
        description="Columns that identify a row; unset, `_row_number` does.",
    )
    rows_per_request: Integer | None = Field(
        default=None,
        ge=1,
        le=MOST_ROWS,
        description="Rows asked for in one request, whose answer is held in memory; unset, as many "
        "as have 400,000 cells. Where they are too many for Google, half as many, and so on.",
    )
    column_names: list[str] = Field(
        default_factory=list, description="Columns to read, by their names here; unset, all."
    )
    convert_column_names_to_sql_format: bool = Field(
        default=True,
        description="Name columns in lower case, with underscores for whatever is no letter and no "
        "digit; false keeps them as the header spells them.",
    )
    skip_unchanged: bool = Field(
        default=True,
        description="Read nothing of a spreadsheet that has not been edited since the last "
        "complete run, where the credentials let Drive tell.",
    )

    @field_validator("spreadsheet_url", "spreadsheet_urls")
    @classmethod
    def _name_spreadsheets(cls, value: Any) -> Any:
        for text in value if isinstance(value, list) else filter(None, [value]):
            spreadsheet_id(text)
        return value

    @field_validator("range")
    @classmethod
    def _is_a_range(cls, value: str | None) -> str | None:
        if value is not None:
            Area.of(value)
        return value

    @property
    def spreadsheet_ids(self) -> list[str]:
        """The spreadsheets to read, each once, in order."""
        urls = [*filter(None, [self.spreadsheet_url]), *self.spreadsheet_urls]
        return list(dict.fromkeys(map(spreadsheet_id, urls)))

    @property
    def drive_url(self) -> str:
        """The root of the Drive API."""
        own = DRIVE_URL if self.base_url == SHEETS_URL else self.base_url
        return self.drive_base_url or own

    @model_validator(mode="after")
    def _names_a_spreadsheet(self) -> Self:
        if not self.spreadsheet_url and not self.spreadsheet_urls:
            message = "`spreadsheet_url` is missing; give the address of the spreadsheet"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _logs_in_one_way(self) -> Self:
        if self.authentication is not None and self.service_account_key:
            message = "`authentication` and `service_account_key` are two ways in; remove one"
            raise ValueError(message)
        if self.authentication is not None:
            params = self.authentication.params
            params.token_refresh_endpoint = (
                params.token_refresh_endpoint or self.token_uri or TOKEN_URL
            )
        return self


def spreadsheet_id(text: str) -> str:
    """Return the id of a spreadsheet from its address, or from the id itself.

    Raises:
        ValueError: It is neither.
    """
    text = text.strip()
    if _ID.fullmatch(text):
        return text
    parts = urlsplit(text)
    found = _ID_IN_PATH.search(parts.path) or _KEY_IN_QUERY.search(parts.query)
    if found is None:
        message = (
            "it must be the address of a spreadsheet, https://docs.google.com/spreadsheets/d/…, or "
            "its id"
        )
        raise ValueError(message)
    return found[1]
