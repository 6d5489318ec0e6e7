"""A configuration with every kind of nesting, and the ways to read it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType

from bizon_singer.config_schema import config_schema
from bizon_singer.errors import ConfigError
from bizon_singer.settings import AdapterSettings, Settings, read_settings
from bizon_singer.source.config import SourceConfig

CANARY = "canary-5d1b0f"


class Retry(BaseModel):
    """A nested model as authors write them: it does not forbid what it does not know."""

    attempts: int = 1
    on_status: list[int] = []


class Branch(BaseModel):
    """One of a list of models."""

    url: str
    retry: Retry | None = None


class Renaming(BaseModel):
    """A nested model that still takes the name a field had before."""

    token: str = ""

    @model_validator(mode="before")
    @classmethod
    def _old_name(cls, value: Any) -> Any:
        return {"token": value["tok"]} if isinstance(value, dict) and "tok" in value else value


class Strict(BaseModel):
    """A nested model that forbids what it does not know, after a look of its own."""

    model_config = ConfigDict(extra="forbid")
    size: int = 0

    @model_validator(mode="before")
    @classmethod
    def _look(cls, value: Any) -> Any:
        return value


class Cat(BaseModel):
    """One alternative of a tagged union."""

    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    """The other."""

    kind: Literal["dog"]


class Branches(RootModel[list[Branch]]):
    """A list under another name."""


type_of_branch = TypeAliasType("type_of_branch", Branch)


class Free(BaseModel):
    """A nested model that takes anything."""

    model_config = ConfigDict(extra="allow")
    known: int = 0


class Config(SourceConfig):
    """A source's configuration with every kind of nesting."""

    retry: Retry = Retry()
    branches: Annotated[list[Branch], Field(default_factory=list)]
    by_name: Annotated[dict[str, Branch], Field(default_factory=dict)]
    either: Retry | Branch | None = None
    mixed: Retry | dict[str, int] | str | None = None
    renaming: Renaming = Renaming()
    free: Free = Free()
    strict: Strict = Strict()
    animal: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    rooted: Branches = Branches([])
    aliased: type_of_branch | None = None
    pair: tuple[Retry, Branch] | None = None
    shout: Annotated[str, BeforeValidator(str)] = ""
    chosen: Literal["a", "b"] | Literal["b", "c"] = "a"  # noqa: PYI030 - as a union of two
    parsed: Retry = Retry()
    count: int = 1
    number_or_text: int | Literal["all"] = 1
    key: str = Field(default="", validation_alias=AliasChoices("key", "apiKey"))
    day: datetime | None = None
    code: SecretStr | None = None

    @field_validator("parsed", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return (
            {"attempts": value["tries"]} if isinstance(value, dict) and "tries" in value else value
        )

    @field_validator("count")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2 and value > 1:
            message = "it must be even"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Config:
        if self.count == 100:
            message = "a hundred is too many with so few branches"
            raise ValueError(message)
        return self


KNOWN = {**config_schema(AdapterSettings, [Config])["properties"]}


def settings(**raw: Any) -> Settings:
    """Read a config as a tap does."""
    return read_settings(raw, known=[*KNOWN, "apiKey"], name="dummy")


def config(stream: str = "events", **raw: Any) -> Config:
    """Return the configuration of one source instance."""
    built = settings(**raw).for_source(Config, stream)
    assert isinstance(built, Config)
    return built


def refusal(stream: str = "events", **raw: Any) -> str:
    """Return the sentence with which a config is refused."""
    with pytest.raises(ConfigError) as caught:
        config(stream, **raw)
    text = str(caught.value)
    assert CANARY not in text
    return text
