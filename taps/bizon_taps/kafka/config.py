"""Settings of tap-kafka: Bizon's own with their meanings, and what a tap needs beyond them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bizon_singer.source.auth.config import AuthConfig, AuthType
from bizon_singer.source.config import BaseUrl, Integer, Number, SourceConfig, SourceSyncModes
from bizon_taps.kafka.decoding.settings import (
    DecodingSettings,
    Encoding,
    FramingName,
    RegistrySettings,
    RegistryType,
)
from bizon_taps.kafka.security import Security

LONGEST_NAME = 249
"""Kafka's own limit: https://kafka.apache.org/documentation/#topicconfigs"""
ERRORS_SUFFIX = "__errors"
IDLE_SECONDS = 120.0
FIXED = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
}
"""Properties of librdkafka that offsets in STATE depend on."""
REFUSED_PROPERTIES = {
    "auto.commit.enable": "this tap commits by `commit` alone",
    "auto.offset.reset": "set `start` and `on_offset_expired`",
    "bootstrap.servers": "set `bootstrap_servers`",
    "default.topic.config": "give its properties as those of the consumer",
    "enable.auto.commit": "this tap commits by `commit` alone",
    "enable.auto.offset.store": "offsets are kept in STATE",
    "enable.partition.eof": "the end of a partition is found by it",
    "group.id": "set `group_id`",
    "isolation.level": "messages of aborted transactions are no data",
    "metadata.broker.list": "set `bootstrap_servers`",
    "offset.store.method": "offsets are kept in STATE",
    "plugin.library.paths": "it would run code",
}
"""Properties of librdkafka the promise of this tap stands on, each with what to do instead."""
FUNCTIONS = frozenset({"logger", "on_commit"})
"""Properties of confluent-kafka that no setting can be, beside those that end in ``_cb``."""


_JSON = frozenset({Encoding.AUTO, Encoding.JSON})
"""Encodings of values whose keys are texts more often than not."""


class Start(StrEnum):
    """Where a partition is read from that has no place in STATE."""

    EARLIEST = "earliest"
    LATEST = "latest"
    COMMITTED = "committed"
    TIMESTAMP = "timestamp"


class Until(StrEnum):
    """Where a run ends."""

    END = "end"
    NEVER = "never"


class OnError(StrEnum):
    """What becomes of a message that cannot be decoded."""

    FAIL = "fail"
    SKIP = "skip"
    DEAD_LETTER = "dead_letter"


class OnOffsetExpired(StrEnum):
    """What is done when the messages STATE goes on with are gone."""

    FAIL = "fail"
    EARLIEST = "earliest"


class KeyProperties(StrEnum):
    """What identifies a record."""

    OFFSET = "offset"
    KEY = "key"


class SchemaRegistry(BaseModel):
    """Where the schemas of messages are kept."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)

    url: BaseUrl = Field(
        description="Root of the registry's API; for Apicurio, up to and with /apis/registry/v2 "
        "or v3."
    )
    type: RegistryType = Field(default=RegistryType.CONFLUENT, description="confluent or apicurio.")
    username: str = Field(default="", description="User name, or API key.")
    password: str = Field(default="", description="Password, or API secret.", repr=False)
    framing: FramingName = Field(
        default=FramingName.AUTO,
        description="How a message names its schema; auto tells it by the bytes.",
    )


class KafkaAuthConfig(AuthConfig):
    """Bizon's ``authentication``: user and password of the brokers, and its schema registry."""

    schema_registry_type: RegistryType = Field(
        default=RegistryType.APICURIO, description="confluent or apicurio; see `schema_registry`."
    )
    schema_registry_url: str | None = Field(
        default=None, description="Root of the registry's API; see `schema_registry`."
    )
    schema_registry_username: str | None = Field(
        default=None, description="User name at the registry; see `schema_registry`."
    )
    schema_registry_password: str | None = Field(
        default=None, description="Password at the registry; see `schema_registry`.", repr=False
    )

    @field_validator("type")
    @classmethod
    def _is_basic(cls, value: AuthType) -> AuthType:
        if value is not AuthType.BASIC:
            message = "Kafka takes `basic`, a user name and a password; for others see `security`"
            raise ValueError(message)
        return value


class TopicConfig(BaseModel):
    """A topic, and what its stream is called."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    name: str = Field(min_length=1, max_length=LONGEST_NAME, description="Name of the topic.")
    destination_id: str | None = Field(
        default=None, min_length=1, description="Name of its stream; unset, that of the topic."
    )


class Shard(BaseModel):
    """One of several processes that share the partitions of all topics."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    index: Integer = Field(ge=0, description="Which of the processes this is, from 0.")
    count: Integer = Field(ge=1, description="How many processes there are.")

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.index >= self.count:
            message = "`index` must be less than `count`"
            raise ValueError(message)
        return self


class KafkaSourceConfig(SourceConfig):
    """Which topics are read, from where to where, and what becomes of their messages."""

    position_outlives_settings: ClassVar[bool] = True

    name: str = Field(default="kafka", description="Name of the source connector.")
    bootstrap_servers: str = Field(
        min_length=1, description="Addresses of some brokers: host:port, separated by commas."
    )
    group_id: str = Field(
        default="bizon", min_length=1, description="Group that offsets are committed under."
    )
    topics: list[str | TopicConfig] = Field(
        default_factory=list,
        description="Topics to read: names, or {name, destination_id}. Without any, and without "
        "`topic_pattern`, all topics there are.",
    )
    topic_pattern: str | None = Field(
        default=None, description="Regular expression; topics whose whole name matches are read."
    )
    security: Security = Field(
        default_factory=Security, description="How the connection is secured."
    )
    authentication: KafkaAuthConfig | None = Field(
        default=None, description="Bizon's way to give user and password; `security` has more."
    )
    schema_registry: SchemaRegistry | None = Field(
        default=None, description="Where the schemas of messages are kept."
    )
    message_encoding: Encoding = Field(
        default=Encoding.AUTO,
        description="auto (by the registry if there is one, else JSON), utf-8 (JSON), text, bytes, "
        "avro, json_schema or protobuf.",
    )
    key_encoding: Encoding | None = Field(
        default=None,
        description="The same for keys; unset, text unless a registry or another encoding is set.",
    )
    batch_size: Integer = Field(
        default=1000, ge=1, le=100_000, description="Most messages of one page."
    )
    consumer_timeout: Number = Field(
        default=10, gt=0, le=3600, description="Longest wait for an answer of a broker, in seconds."
    )
    consumer_config: dict[str, str | int | float | bool] = Field(
        default_factory=dict,
        repr=False,
        json_schema_extra={"secret": True, "writeOnly": True},
        description="Further properties of librdkafka's consumer; those that offsets and "
        "isolation depend on are refused.",
    )
    skip_message_empty_value: bool | None = Field(
        default=None,
        description="Leave out messages without a value (tombstones); unset, they are left out "
        "unless `key_properties` is key.",
    )
    skip_message_invalid_keys: bool = Field(
        default=False, description="Leave out messages whose key cannot be decoded."
    )
    skip_message_on_decode_error: bool = Field(
        default=False, description="Leave out messages that cannot be decoded: `on_error: skip`."
    )
    start: Start = Field(
        default=Start.EARLIEST,
        description="Where partitions without a place in STATE start: earliest, latest, committed "
        "(by the group, else earliest) or timestamp.",
    )
    start_timestamp: datetime | None = Field(
        default=None, description="For `start: timestamp`: RFC 3339, UTC unless it has an offset."
    )
    until: Until = Field(
        default=Until.END,
        description="end: stop where the partitions ended when the run started; never: go on.",
    )
    max_messages: Integer | None = Field(
        default=None, ge=1, description="Stop after so many messages of each topic."
    )
    max_runtime_seconds: Number | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Stop after so long, in seconds."
    )
    idle_timeout_seconds: Number | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="With `until: never`, stop when nothing came for so long; else give up then. "
        f"Unset, never and {IDLE_SECONDS:g} s.",
    )
    on_error: OnError = Field(
        default=OnError.FAIL,
        description="What becomes of a message that cannot be decoded: fail, skip, or dead_letter "
        f"(a stream <topic>{ERRORS_SUFFIX}).",
    )
    on_offset_expired: OnOffsetExpired = Field(
        default=OnOffsetExpired.FAIL,
        description="When messages after the place in STATE are gone: fail, or go on at the "
        "earliest there is.",
    )
    key_properties: KeyProperties = Field(
        default=KeyProperties.OFFSET,
        description="offset: a record is a message; key: a record is the newest message of its "
        "key.",
    )
    discover_sample_records: Integer = Field(
        default=0,
        ge=0,
        description="Read this many messages of topics no registry knows at discovery, and infer "
        "the schema of their values; typed values cost more than free-form ones.",
    )
    partitions: list[Integer] | None = Field(
        default=None, min_length=1, description="Read these partitions only."
    )
    shard: Shard | None = Field(
        default=None, description="Read only the partitions whose number modulo `count` is `index`."
    )

    @field_validator("topics")
    @classmethod
    def _are_different(cls, value: list[str | TopicConfig]) -> list[str | TopicConfig]:
        named = [TopicConfig(name=item) if isinstance(item, str) else item for item in value]
        for names in (
            [topic.name for topic in named],
            [topic.destination_id or topic.name for topic in named],
        ):
            if len(set(names)) < len(names):
                message = "each topic and each stream must be named once"
                raise ValueError(message)
        return value

    @field_validator("topic_pattern")
    @classmethod
    def _is_an_expression(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            message = "it must be a regular expression"
            raise ValueError(message) from error
        return value

    @field_validator("consumer_config")
    @classmethod
    def _is_safe(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name, wanted in value.items():
            known = name.removeprefix("topic.")  # which librdkafka takes off as well
            if known in FIXED and str(wanted).lower() == str(FIXED[known]).lower():
                continue  # as in many a file of Bizon
            if known in REFUSED_PROPERTIES:
                message = f"`{name}` cannot be set: {REFUSED_PROPERTIES[known]}"
                raise ValueError(message)
            if name.endswith("_cb") or name in FUNCTIONS:
                message = f"`{name}` cannot be set: it is a function"
                raise ValueError(message)
        return value

    @field_validator("start_timestamp")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.start is Start.TIMESTAMP) != (self.start_timestamp is not None):
            message = "`start: timestamp` and `start_timestamp` need each other; set both or none"
            raise ValueError(message)
        if self.partitions is not None and self.shard is not None:
            message = "`partitions` and `shard` exclude each other; set one"
            raise ValueError(message)
        limits = (self.max_messages, self.max_runtime_seconds)
        if self.sync_mode is SourceSyncModes.FULL_REFRESH and any(limits) and self._is_asked:
            message = (
                "`max_messages` and `max_runtime_seconds` would cut off a full refresh; leave "
                "`sync_mode` out, or set `max_iterations`"
            )
            raise ValueError(message)
        return self

    @property
    def _is_asked(self) -> bool:
        """Whether somebody decided how the stream is read."""
        return "sync_mode" in self.model_fields_set

    @property
    def decoding(self) -> DecodingSettings:
        """How messages are written, as either of the settings for the registry gives it."""
        registry = self.schema_registry
        given = self.authentication
        if registry is None and given is not None and given.schema_registry_url is not None:
            registry = SchemaRegistry(
                url=given.schema_registry_url,
                type=given.schema_registry_type,
                username=given.schema_registry_username or "",
                password=given.schema_registry_password or "",
            )
        key_encoding = self.key_encoding
        if key_encoding is None and registry is None and self.message_encoding in _JSON:
            key_encoding = Encoding.TEXT
        if registry is None:
            return DecodingSettings(self.message_encoding, key_encoding)
        kept = RegistrySettings(registry.url, registry.type, registry.username, registry.password)
        return DecodingSettings(self.message_encoding, key_encoding, kept, registry.framing)

    @property
    def topics_by_stream(self) -> dict[str, str]:
        """The topics that are named, by the names of their streams."""
        named = [TopicConfig(name=item) if isinstance(item, str) else item for item in self.topics]
        return {topic.destination_id or topic.name: topic.name for topic in named}

    @property
    def skips_empty_values(self) -> bool:
        """Whether messages without a value are left out."""
        if self.skip_message_empty_value is None:
            return self.key_properties is KeyProperties.OFFSET
        return self.skip_message_empty_value

    @property
    def skips_bad_messages(self) -> bool:
        """Whether a message that cannot be decoded is left out of its topic's stream."""
        return self.skip_message_on_decode_error or self.on_error is not OnError.FAIL

    def reads_partition(self, number: int) -> bool:
        """Tell whether this process reads a partition."""
        if self.partitions is not None:
            return number in self.partitions
        return self.shard is None or number % self.shard.count == self.shard.index
