"""The configuration every source shares: Bizon's ``source:`` block, field by field.

Field names and defaults are those of Bizon's documentation ("Base Configuration Fields"). Where
Bizon declares a field and never reads it (``retry_limit``), it is honoured here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

from bizon_singer.errors import UnsafeError
from bizon_singer.source.auth.config import AuthConfig
from bizon_singer.source.origin import origin_of, shown

MAX_BODY_BYTES = 256 * 1024 * 1024
ONE_DAY = 86_400.0


def _no_flag(value: Any) -> Any:
    """Refuse true and false, which pydantic takes as 1 and 0: a slip of the pen, no number."""
    if isinstance(value, bool):
        message = "it must be a number, not true or false"
        raise ValueError(message)  # noqa: TRY004 - what pydantic reports
    return value


Integer = Annotated[int, BeforeValidator(_no_flag)]
Number = Annotated[float, BeforeValidator(_no_flag)]


def _root_of_an_api(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        message = "it must start with https:// and name a host"
        raise ValueError(message)
    if parts.query or parts.fragment:
        message = "it must end before any ? or #"
        raise ValueError(message)
    return value.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_root_of_an_api)]
"""The root of an API, to which paths are added; without a slash at its end."""


class SourceSyncModes(StrEnum):
    """How a stream is read."""

    FULL_REFRESH = "full_refresh"
    INCREMENTAL = "incremental"
    STREAM = "stream"


class APIConfig(BaseModel):
    """How hard to try before giving up."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    retry_limit: Integer = Field(
        default=10, ge=0, description="How often a failed request is tried again."
    )


class HttpConfig(BaseModel):
    """Limits of the HTTP session."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    connect_timeout_seconds: Number = Field(
        default=10, gt=0, le=ONE_DAY, description="Longest wait for a connection, in seconds."
    )
    read_timeout_seconds: Number = Field(
        default=60, gt=0, le=ONE_DAY, description="Longest silence within an answer, in seconds."
    )
    retry_wait_max_seconds: Number = Field(
        default=60, ge=0, le=ONE_DAY, description="Longest pause between two tries, in seconds."
    )
    retry_after_max_seconds: Number = Field(
        default=300,
        ge=0,
        le=ONE_DAY,
        description="Longest pause an API may ask for by Retry-After, in seconds; beyond it the "
        "run stops and can be resumed later.",
    )
    requests_per_second: Number | None = Field(
        default=None,
        gt=0,
        description="Send at most so many requests a second to one host, all streams together; "
        "unset, as many as the API takes.",
    )
    max_body_bytes: Integer = Field(
        default=MAX_BODY_BYTES, gt=0, description="Largest answer accepted, decoded, in bytes."
    )
    allow_http: bool = Field(
        default=False, description="Allow http:// beyond this machine; credentials travel in clear."
    )
    allowed_origins: list[str] = Field(
        default_factory=list,
        description="Further origins (https://host:port) the source may call besides its own.",
    )
    raise_for_status: bool = Field(
        default=True, description="Turn a 4xx or 5xx answer into an error."
    )

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            try:
                is_origin = shown(origin_of(origin)).lower() == origin.lower().rstrip("/")
            except UnsafeError:
                is_origin = False
            if not is_origin:
                message = "must hold origins only, such as https://files.example.com"
                raise ValueError(message)
        return value


class SourceConfig(BaseModel):
    """Base configuration of a source; subclass it to add fields of your own.

    Attributes are the settings a user writes, at the top level of the tap's config.

    Why ``name`` has a default and Bizon's has none: a tap has one source, it needs no name.
    """

    position_outlives_settings: ClassVar[bool] = False
    """Whether a place in STATE is one whatever the settings are, as the offset of a queue is.

    An unfinished run then goes on where it stood also when they have changed.
    """

    # A pydantic error names the setting; its value may be a secret.
    model_config = ConfigDict(hide_input_in_errors=True, defer_build=True)

    name: str = Field(default="source", description="Name of the source connector.")
    stream: str = Field(description="Stream this source instance reads.")
    source_file_path: str | None = Field(
        default=None, description="Path of a Python file that holds the source."
    )
    sync_mode: SourceSyncModes = Field(
        default=SourceSyncModes.FULL_REFRESH,
        description="full_refresh reads everything, incremental what changed since the last run, "
        "stream until nothing is left. Unset, each stream uses the best it supports.",
    )
    cursor_field: str | None = Field(
        default=None, description="Field that tells when a record changed: the replication key."
    )
    force_ignore_checkpoint: bool = Field(
        default=False, description="Forget where an unfinished run stopped and start it again."
    )
    reset: bool = Field(
        default=False, description="Forget all bookmarks and read everything once more."
    )
    authentication: AuthConfig | None = Field(
        default=None, description="How the source proves who it is."
    )
    max_iterations: Integer | None = Field(
        default=None, ge=1, description="Read at most this many pages of each stream, for trials."
    )
    api_config: APIConfig = Field(
        default_factory=APIConfig, description="How hard to try before giving up."
    )
    http: HttpConfig = Field(default_factory=HttpConfig, description="Limits of the HTTP session.")
    init_pipeline: bool = Field(
        default=True, description="Whether the source may call its API when it is constructed."
    )


# This class is rarely validated, its subclasses are: what is wrong with one of those must be known
# when its file is imported, where the file can be named.
SourceConfig.model_config["defer_build"] = False
