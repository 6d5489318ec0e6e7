"""The settings of a run: one config for all streams, checked before anything else happens.

A source's own fields stand at the top level, beside those of the adapter; ``stream_settings``
overrides the former for single streams. What pydantic refuses is reported by the setting's path
and what it may be, never by its value: a value may be a secret.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bizon_singer.config_schema import INJECTED, is_secret_name, secrets_in
from bizon_singer.errors import ConfigError
from bizon_singer.redact import redact

DEFAULT_PAGE_TIMEOUT_SECONDS = 3600.0
SHOWN_ERRORS = 5
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


class AdapterSettings(BaseModel):
    """What every tap of this package understands besides its source's own settings."""

    model_config = ConfigDict(frozen=True)

    stream: str | None = Field(default=None, description="Read this stream only.")
    stream_settings: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Settings for single streams: {<stream>: {<setting>: value}}.",
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
    state_interval_seconds: float = Field(
        default=0,
        ge=0,
        description="Write STATE at most this often, in seconds; 0 writes it after every page.",
    )
    discover_sample_records: int = Field(
        default=0,
        ge=0,
        description="Read this many records of streams without a schema at discovery and infer "
        "it from them.",
    )
    page_timeout_seconds: float = Field(
        default=DEFAULT_PAGE_TIMEOUT_SECONDS,
        gt=0,
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

    @field_validator("start_date", mode="after")
    @classmethod
    def _naive_is_utc(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


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
        try:
            return config_class.model_validate({**self._fields(config_class, stream), **forced})
        except ValidationError as error:
            raise ConfigError(_explained(error, stream, self.adapter.stream_settings)) from error

    def _fields(self, config_class: type[Any], stream: str) -> dict[str, Any]:
        known = names_of(config_class)
        base = {key: value for key, value in self.raw.items() if key in known}
        overrides = self.adapter.stream_settings.get(stream, {})
        return {"name": self.name, **_merged(base, overrides), "stream": stream}

    def fingerprint(self, config_class: type[Any], stream: str) -> str:
        """Return a hash of the settings that decide which records a stream holds.

        Credentials and limits are left out: a new token does not make an unfinished run stale.
        """
        fields = {
            key: value
            for key, value in self._fields(config_class, stream).items()
            if key not in NOT_POSITION
        }
        if self.adapter.start_date is not None:
            fields["start_date"] = self.adapter.start_date.isoformat()
        text = json.dumps(_without_secrets(fields), sort_keys=True, default=str)
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def names_of(config_class: type[Any]) -> set[str]:
    """Return the names, aliases included, a configuration class accepts at its top level."""
    names = set()
    for name, field in config_class.model_fields.items():
        names.add(name)
        if isinstance(field.alias, str):
            names.add(field.alias)
        if isinstance(field.validation_alias, str):
            names.add(field.validation_alias)
    return names


def _merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overrides.items():
        present = merged.get(key)
        both = isinstance(present, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(present, value) if both else value  # type: ignore[arg-type]
    return merged


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


def read_settings(raw: Mapping[str, Any], *, known: Iterable[str], name: str) -> Settings:
    """Check the adapter's settings and the names of all others.

    Args:
        raw: The config, references resolved.
        known: Every setting name the tap accepts at the top level.
        name: Default name of the sources.

    Raises:
        ConfigError: A setting is unknown, or one of the adapter's is of the wrong type.
    """
    redact.register(*secrets_in(raw))
    accepted = set(known) | INJECTED
    unknown = [key for key in raw if key not in accepted]
    if unknown:
        raise ConfigError("; ".join(_unknown(key, accepted) for key in unknown[:SHOWN_ERRORS]))
    own = {key: raw[key] for key in AdapterSettings.model_fields if key in raw}
    try:
        adapter = AdapterSettings.model_validate(own)
    except ValidationError as error:
        raise ConfigError(_explained(error)) from error
    return Settings(adapter=adapter, raw=raw, name=str(raw.get("name") or name))


def _unknown(key: str, accepted: Iterable[str]) -> str:
    return f"unknown setting `{_shown_name(key)}`{nearest(key, accepted)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean `x`?)`` for the nearest known name, or nothing."""
    names = sorted(str(name) for name in known)
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    return f" (did you mean `{close[0]}`?)" if close else "; remove it, or see --about"


def _shown_name(name: Any) -> str:
    return str(name)[:80]


def _explained(
    error: ValidationError,
    stream: str | None = None,
    stream_settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """Put what pydantic found into sentences without values."""
    sentences = []
    details = error.errors(include_url=False, include_context=False, include_input=False)
    for detail in details:
        path = ".".join(_shown_name(step) for step in detail["loc"])
        top = str(detail["loc"][0]) if detail["loc"] else ""
        if stream is not None and stream_settings and top in stream_settings.get(stream, {}):
            path = f"stream_settings.{stream}.{path}"
        sentences.append(_sentence(detail["type"], path, detail["msg"]))
    more = len(sentences) - SHOWN_ERRORS
    tail = f" (and {more} more)" if more > 0 else ""
    return "; ".join(dict.fromkeys(sentences[:SHOWN_ERRORS])) + tail


def _sentence(kind: str, path: str, message: str) -> str:
    if kind == "missing":
        return f"setting `{path}` is missing; add it"
    if kind == "extra_forbidden":
        return f"unknown setting `{path}`; remove it, or see --about for its neighbours"
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return f"setting `{path}` {text[0].lower()}{text[1:]}"
