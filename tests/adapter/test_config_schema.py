"""The settings as one JSON Schema that people, Meltano and `--config ENV` can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field, SecretStr

from bizon_singer.config_schema import config_schema, is_secret_name
from bizon_singer.settings import AdapterSettings
from bizon_singer.source.config import SourceConfig
from bizon_singer.tap import SourceTap
from bizon_taps.dummy.tap import TapDummy
from bizon_taps.kafka.tap import TapKafka
from bizon_taps.pokeapi.tap import TapPokeApi

TAPS = [TapDummy, TapKafka, TapPokeApi]
FORBIDDEN = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "discriminator", "const", "prefixItems"}


def full_schema(tap: type[SourceTap]) -> dict[str, Any]:
    """Return the schema `--about` shows."""
    schema: dict[str, Any] = tap._get_about_info().settings
    return schema


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every setting at any depth: its path, its name and its schema."""
    for name, field in node.get("properties", {}).items():
        yield f"{path}{name}", name, field
        yield from nodes(field, f"{path}{name}.")
    for word in ("items", "additionalProperties"):
        if isinstance(node.get(word), dict):
            yield from nodes(node[word], f"{path}[].")


@pytest.mark.parametrize("tap", TAPS)
def test_every_setting_is_described_typed_and_flat(tap: type[SourceTap]) -> None:
    """No reference, no alternative, no null default; a type and a description on each."""
    jsonschema.Draft7Validator.check_schema(full_schema(tap))
    for path, _, node in nodes(full_schema(tap)):
        assert not FORBIDDEN & node.keys(), path
        assert node.get("default", 0) is not None, path
        assert node.get("type"), path
        assert node.get("description", "").endswith((".", ".html")), path


@pytest.mark.parametrize("tap", TAPS)
def test_every_secret_is_marked(tap: type[SourceTap]) -> None:
    """`secret` and `writeOnly` on each setting named like a credential, or that may hold one."""
    may_hold = {
        "authentication.params.refresh_request_body",
        "authentication.params.headers",
        "consumer_config",
    }
    found = [path for path, name, _ in nodes(full_schema(tap)) if is_secret_name(name)]
    assert "authentication.params.token" in found
    for path, name, node in nodes(full_schema(tap)):
        marks = (node.get("secret", False), node.get("writeOnly", False))
        assert marks == (is_secret_name(name) or path in may_hold,) * 2, path


@pytest.mark.parametrize("tap", TAPS)
def test_defaults_are_what_happens_when_unset(tap: type[SourceTap]) -> None:
    """Meltano may send back what is published as default; nothing may change by that."""
    schema = full_schema(tap)
    assert "default" not in schema["properties"]["sync_mode"]
    for path, _, node in nodes(schema):
        if "default" in node:
            jsonschema.validate(node["default"], {"type": node["type"]})
        if "enum" in node and "default" in node:
            assert node["default"] in node["enum"], path


@pytest.mark.parametrize("tap", TAPS)
def test_no_class_changes_the_schema_of_another(tap: type[SourceTap]) -> None:
    """What one tap adds to its settings is not seen in the next."""
    own = {"base_url", "details"}
    assert own <= full_schema(TapPokeApi)["properties"].keys()
    assert not own & full_schema(TapDummy)["properties"].keys()
    assert full_schema(tap) == full_schema(tap)


@pytest.mark.parametrize(
    "name",
    [
        *("token", "access_token", "accessToken", "APIToken", "refresh_token", "csrf_token"),
        *("password", "sasl_password", "ssl_key_password", "passphrase", "pwd"),
        *("api_key", "apikey", "X-API-Key", "private_key", "secret_access_key", "account_key"),
        *(
            "client_assertion",
            "client_secret",
            "clientSecret",
            "webhook_secret",
            "pat",
            "jwt",
            "dsn",
        ),
        *("cookies", "sessionCookie", "credentials", "Authorization", "connection_string"),
        *("service_account", "service_account_info", "service_account_json"),
    ],
)
def test_names_of_credentials_are_known(name: str) -> None:
    """In any writing: snake case, camel case, as a header."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("token_expiry_date", "token_refresh_endpoint", "access_token_name", "token_type"),
        *("key", "primary_key", "replication_key", "sort_key", "keys", "key_properties"),
        *("service_account_file", "credentials_path", "password_policy", "aws_access_key_id"),
        *("headers", "auth_method", "auth_header", "basic_auth_user", "max_tokens", "pattern"),
    ],
)
def test_names_near_them_are_not(name: str) -> None:
    """A field about a credential is none."""
    assert not is_secret_name(name)


class Colour(Enum):
    """An enumeration, which pydantic describes by a reference."""

    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    """A nested model that contains itself."""

    size: int | None = None
    again: Inner | None = None


class Strange(SourceConfig):
    """Every annotation an author may come up with."""

    needed: str
    colour: Colour = Colour.RED
    maybe: Colour | None = None
    only: Literal["x"] = "x"
    inner: Inner | None = None
    inners: dict[str, list[Inner]] = Field(default_factory=dict)
    either: int | str | list[int] | None = None
    pair: tuple[int, Inner] | None = None
    function: Callable[[], int] | None = None
    anything: Any = None
    sealed: SecretStr | None = None
    sealed_list: list[SecretStr] = Field(default_factory=list)


class Other(SourceConfig):
    """A second source of the same tap."""

    own: int


SHAPES = {
    "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
    "maybe": {"type": ["string", "null"], "enum": ["red", "blue"]},
    "only": {"type": "string", "enum": ["x"], "default": "x"},
    "either": {"type": ["integer", "string", "array", "null"]},
    "anything": {"type": ["string", "number", "integer", "boolean", "object", "array", "null"]},
    "sealed": {"type": ["string", "null"], "secret": True, "writeOnly": True},
}


@pytest.mark.parametrize(("name", "expected"), SHAPES.items())
def test_annotations_become_plain_types(name: str, expected: dict[str, Any]) -> None:
    """What pydantic writes as references and alternatives is one type here."""
    node = config_schema(AdapterSettings, [Strange])["properties"][name]
    assert {key: value for key, value in node.items() if key in {*expected, "default"}} == expected


def test_strange_annotations_break_nothing() -> None:
    """A model within itself, tuples, callables: described as far as can be, without references."""
    schema = config_schema(AdapterSettings, [Strange])
    jsonschema.Draft7Validator.check_schema(schema)
    for path, _, node in nodes(schema):
        assert not FORBIDDEN & node.keys(), path
        assert node.get("type"), path
    inner = schema["properties"]["inner"]
    assert inner["properties"]["size"]["type"] == ["integer", "null"]
    assert inner["properties"]["again"]["type"] == ["object", "null"]
    assert "needed" in schema["required"]


def test_a_setting_is_required_when_every_source_requires_it() -> None:
    """With several sources in one file, what only one needs is checked when that one is read."""
    schema = config_schema(AdapterSettings, [Strange, Other])
    assert "required" not in schema
    assert {"needed", "own"} <= schema["properties"].keys()
