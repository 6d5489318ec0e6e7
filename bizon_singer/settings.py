"""The settings of a run: one config for all streams, checked before anything else happens.

A source's own fields stand at the top level, beside those of the adapter; ``stream_settings``
overrides the former for single streams. What pydantic refuses is reported by the setting's path
and what it may be, never by its value: a value may be a secret.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    field_validator,
    model_validator,
)

from bizon_singer.config_errors import (
    Unknown,
    is_open,
    listed,
    names_of,
    nearest,
    refusals,
    shown,
    unknown_names,
)
from bizon_singer.config_file import merged
from bizon_singer.config_schema import (
    INJECTED,
    declared_secrets,
    is_secret_field,
    is_secret_name,
    secrets_in,
)
from bizon_singer.errors import ConfigError
from bizon_singer.redact import redact
from bizon_singer.routes import StreamRoutes
from bizon_singer.source.config import Integer, Number, SourceSyncModes
from bizon_singer.source_class import format_by_value

DEFAULT_PAGE_TIMEOUT_SECONDS = 3600.0
A_YEAR_SECONDS = 366 * 24 * 3600
MAX_PARALLEL_STREAMS = 64
"""Each stream read at once costs a thread, two pages of memory and a connection."""
NOT_POSITION = frozenset(
    {
        "api_config",
        "authentication",
        "force_ignore_checkpoint",
        "http",
        "max_iterations",
        "reset",
        "sync_mode",
        *INJECTED,
    }
)
"""Settings that change how pages are fetched, not which records there are."""
ANY_SETTINGS = "any"
"""Fingerprint of settings none of which makes a place unusable."""
NOT_OF_ONE_STREAM = frozenset({"stream", "source_file_path"})


class AdapterSettings(StreamRoutes):
    """What every tap of this package understands besides its source's own settings."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    stream: str | None = Field(default=None, description="Read this stream only.")
    stream_settings: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Settings for single streams: {<stream>: {<setting>: value}}.",
    )
    route_records: bool | None = Field(
        default=None,
        description="Write each record to the stream its destination_id names, instead of a "
        "column; unset, where routes are known.",
    )
    unknown_routes: Literal["emit", "drop", "error"] = Field(
        default="emit",
        description="What is done with a routed record whose destination_id is no known route: "
        "emit writes a stream of that name.",
    )
    start_date: datetime | None = Field(
        default=None,
        description="Where the first incremental run of a stream starts, RFC 3339; unset, it "
        "reads everything.",
    )
    envelope: bool = Field(
        default=False,
        description="Write records as id, timestamp and one object column `_source_data`: a "
        "schema that never changes.",
    )
    check_connection: Literal["error", "warn", "skip"] = Field(
        default="error", description="What a failing connection check of a source does."
    )
    on_stream_error: Literal["continue", "stop"] = Field(
        default="continue", description="Whether other streams go on when one fails."
    )
    max_parallel_streams: Integer | None = Field(
        default=None,
        ge=1,
        le=MAX_PARALLEL_STREAMS,
        description="Read so many streams at once; unset, as many as the tap recommends (most "
        "recommend 1).",
    )
    state_interval_seconds: Number = Field(
        default=0,
        ge=0,
        allow_inf_nan=False,
        description="Write STATE at most this often, in seconds; 0 writes it after every page.",
    )
    discover_sample_records: Integer = Field(
        default=0,
        ge=0,
        description="Read this many records of streams without a schema at discovery and infer "
        "it from them.",
    )
    page_timeout_seconds: Number = Field(
        default=DEFAULT_PAGE_TIMEOUT_SECONDS,
        gt=0,
        le=A_YEAR_SECONDS,
        allow_inf_nan=False,
        description="Leave a stream whose source gives no page for so long, in seconds.",
    )
    emit_activate_version_messages: bool = Field(
        default=False,
        description="Give the records of a full-table stream a version and activate it once the "
        "stream is complete, so that targets remove rows that are gone.",
    )
    commit: Literal["never", "on_start"] = Field(
        default="never",
        description="on_start lets a source commit, before its first page, what the given state "
        "proves to be stored.",
    )
    stream_maps: dict[str, Any] | None = Field(
        default=None,
        description="Rename, filter and transform streams and fields: "
        "https://sdk.meltano.com/en/latest/stream_maps.html",
    )
    stream_map_config: dict[str, Any] | None = Field(
        default=None, description="Values the expressions in stream_maps refer to as `config`."
    )
    faker_config: dict[str, Any] | None = Field(
        default=None,
        description="Seed and locale of `fake` in the expressions of stream_maps; needs the "
        "package faker.",
    )
    # The Singer SDK reads these from the config as it stands, where "false" would be true.
    flattening_enabled: StrictBool | None = Field(
        default=None, description="Write nested objects as top-level fields."
    )
    flattening_max_depth: int | None = Field(
        default=None, strict=True, ge=0, description="Levels of nesting to flatten; 0 is none."
    )
    flattening_max_key_length: int | None = Field(
        default=None, strict=True, ge=1, description="Longest name a flattened field may get."
    )
    flattening_separator: str | None = Field(
        default=None, description="What joins the names in a flattened field; `__` if unset."
    )

    @field_validator("start_date", mode="after")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        try:
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError as error:
            message = "it must stay within the years 1 to 9999"
            raise ValueError(message) from error

    @model_validator(mode="after")
    def _flattening_is_complete(self) -> Self:
        if self.flattening_enabled and self.flattening_max_depth is None:
            message = "`flattening_enabled` needs `flattening_max_depth`; set both"
            raise ValueError(message)
        return self


@dataclass(frozen=True)
class Settings:
    """The settings of one run.

    Attributes:
        adapter: The adapter's own.
        raw: The whole config, references resolved.
        name: Name given to sources that are not told another.
    """

    adapter: AdapterSettings
    raw: Mapping[str, Any]
    name: str

    def for_source(self, config_class: type[Any], stream: str, **forced: Any) -> Any:
        """Return the configuration of one source instance.

        Args:
            config_class: What the source's ``get_config_class`` returned; also a class of the
                real bizon package.
            stream: Stream the instance reads.
            forced: Fields the adapter decides, such as ``sync_mode``.

        Raises:
            ConfigError: A setting is missing or of the wrong type.
        """
        fields = self._fields(config_class, stream)
        if fields.get("sync_mode") not in (None, *SourceSyncModes):
            forced.pop("sync_mode", None)  # let it be refused instead of taking its place
        fields |= forced
        unknown = list(unknown_names(config_class, fields))
        problems = self._unknown(config_class, stream, unknown)
        try:
            config = config_class.model_validate(fields)
        except ValidationError as error:
            told = {item.path for item in unknown}
            for refusal in refusals(error, fields):
                if refusal.path not in told:
                    missing = refusal.kind == "missing"
                    place = self._place(refusal.path, stream, is_missing=missing)
                    problems.append(refusal.sentence(place))
            raise ConfigError(listed(problems)) from error
        if problems:
            raise ConfigError(listed(problems))
        redact.register(*declared_secrets(config))
        format_by_value(getattr(config, "stream", None))
        return config

    def open_source(self, source_class: Callable[[Any], Any], config: Any) -> Any:
        """Construct a source and tell it the routes of the settings, if there are any."""
        source = source_class(config)
        receive = getattr(source, "set_streams_config", None)
        if self.adapter.streams and callable(receive):
            receive(self.adapter.routes_for_source())
        return source

    def of_stream(self, stream: str, name: str) -> Any:
        """Return one setting as a stream has it, None if it is unset."""
        own = self.adapter.stream_settings.get(stream, {})
        return own[name] if name in own else self.raw.get(name)

    def check_stream(self, config_class: type[Any], stream: str) -> None:
        """Check the names in ``stream_settings`` of a stream, whether it is read or not.

        Raises:
            ConfigError: One is unknown.
        """
        overrides = self.adapter.stream_settings.get(stream, {})
        problems = self._unknown(config_class, stream, unknown_names(config_class, overrides))
        if problems:
            raise ConfigError(listed(problems))

    def _unknown(
        self, config_class: type[Any], stream: str, nested: Iterable[Unknown]
    ) -> list[str]:
        """Return a sentence for each setting that would be ignored."""
        own = names_of(config_class) - NOT_OF_ONE_STREAM
        sentences = []
        for key in self.adapter.stream_settings.get(stream, {}):
            place = shown(["stream_settings", stream, key])
            if key in own or is_open(config_class):
                continue
            if key in NOT_OF_ONE_STREAM or key in AdapterSettings.model_fields:
                sentences.append(f"setting `{place}` cannot differ by stream; set it at the top")
            else:
                sentences.append(f"unknown setting `{place}`{nearest(key, own)}")
        return sentences + [item.sentence(self._place(item.path, stream)) for item in nested]

    def _place(self, path: Sequence[str], stream: str, *, is_missing: bool = False) -> str:
        """Return a setting as the user wrote it: at the top, or below ``stream_settings``."""
        value: Any = self.adapter.stream_settings.get(stream, {})
        for step in path[:-1] if is_missing and len(path) > 1 else path:
            if not isinstance(value, Mapping) or step not in value:
                return shown(path)
            value = value[step]
        return shown(["stream_settings", stream, *path]) if path else ""

    def _fields(self, config_class: type[Any], stream: str) -> dict[str, Any]:
        known = names_of(config_class)
        if is_open(config_class):
            known |= set(self.raw) - set(AdapterSettings.model_fields)
        base = {key: value for key, value in self.raw.items() if key in known}
        overrides = self.adapter.stream_settings.get(stream, {})
        return {"name": self.name, **merged(base, overrides), "stream": stream}

    def fingerprint(self, config_class: type[Any], stream: str) -> str:
        """Return a hash of the settings that decide which records a stream holds.

        Credentials and limits are left out: a new token does not make an unfinished run stale.
        """
        if getattr(config_class, "position_outlives_settings", False) is True:
            return ANY_SETTINGS
        fields = {
            key: value
            for key, value in self._fields(config_class, stream).items()
            if key not in NOT_POSITION and not is_secret_field(config_class, key)
        }
        if self.adapter.start_date is not None:
            fields["start_date"] = self.adapter.start_date.isoformat()
        text = json.dumps(_without_secrets(fields), sort_keys=True, default=str)
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            str(key): _without_secrets(item)
            for key, item in value.items()
            if not is_secret_name(str(key))
        }
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def read_settings(
    raw: Mapping[str, Any],
    *,
    known: Iterable[str],
    name: str,
    any_name: bool = False,
    has_streams: bool = False,
) -> Settings:
    """Check the adapter's settings and the names of all others.

    Args:
        raw: The config, references resolved.
        known: Every setting name the tap accepts at the top level.
        name: Default name of the sources.
        any_name: A source takes settings it does not declare (``extra="allow"``).
        has_streams: A source has a setting `streams` of its own, which then holds no routes.

    Raises:
        ConfigError: A setting is unknown, or one of the adapter's is of the wrong type.
    """
    redact.register(*secrets_in(raw))
    accepted = set(known) | (INJECTED - {"source_file_path"})
    problems = [
        f"unknown setting `{shown([key])}`{nearest(key, accepted)}"
        for key in raw
        if key not in accepted and not any_name
    ]
    names = AdapterSettings.model_fields.keys() - ({"streams"} if has_streams else set())
    own = {key: raw[key] for key in AdapterSettings.model_fields if key in raw and key in names}
    try:
        adapter = AdapterSettings.model_validate(own)
    except ValidationError as error:
        problems += [item.sentence(shown(item.path)) for item in refusals(error, own)]
        raise ConfigError(listed(problems)) from error
    if problems:
        raise ConfigError(listed(problems))
    return Settings(adapter=adapter, raw=raw, name=str(raw.get("name") or name))
