"""The configuration every source shares: every documented field, its default and its limits."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError

from bizon_singer.source.auth.authenticators.cookies import CookiesAuthParams
from bizon_singer.source.auth.authenticators.oauth import Oauth2AuthParams
from bizon_singer.source.auth.authenticators.token import TokenAuthParams
from bizon_singer.source.auth.config import PARAMS_OF, AuthConfig, AuthType
from bizon_singer.source.config import (
    APIConfig,
    HttpConfig,
    SourceConfig,
    SourceSyncModes,
)

CANARY = "canary-secret-0123456789"


class CsrfParams(CookiesAuthParams):
    """Cookies with a field of a source's own."""

    csrf: str


class CsrfAuthConfig(AuthConfig):
    """An ``authentication`` narrowed to one type, as Bizon's sources do."""

    type: Literal[AuthType.COOKIES]
    params: CsrfParams


class ShopConfig(SourceConfig):
    """The settings of some source."""

    authentication: AuthConfig
    shop: str


def test_the_base_fields_and_their_defaults() -> None:
    """Every field of the documentation's table is there, with the default it names."""
    config = SourceConfig(name="hubspot", stream="contacts")
    assert config.name == "hubspot"
    assert config.stream == "contacts"
    assert config.sync_mode == "full_refresh"
    assert config.authentication is None
    assert config.source_file_path is None
    assert config.force_ignore_checkpoint is False
    assert config.max_iterations is None
    assert config.api_config.retry_limit == 10


def test_the_fields_bizon_has_beyond_its_table() -> None:
    """What Bizon's own class has besides is there as well."""
    config = SourceConfig(name="hubspot", stream="contacts")
    assert (config.cursor_field, config.reset, config.init_pipeline) == (None, False, True)
    assert config.http == HttpConfig()


def test_an_empty_api_config_has_the_documented_limit() -> None:
    """Naming the section without the field does not change the limit (Bizon gives 100)."""
    assert SourceConfig(stream="x", api_config={}).api_config.retry_limit == 10  # type: ignore[arg-type]


def test_the_limits_of_http_and_their_defaults() -> None:
    """What bounds a request unless a user says otherwise."""
    assert HttpConfig().model_dump() == {
        "connect_timeout_seconds": 10,
        "read_timeout_seconds": 60,
        "retry_wait_max_seconds": 60,
        "retry_after_max_seconds": 300,
        "requests_per_second": None,
        "max_body_bytes": 256 * 1024 * 1024,
        "allow_http": False,
        "allowed_origins": [],
        "raise_for_status": True,
    }


def test_sync_modes_are_the_documented_ones_and_compare_as_text() -> None:
    """A source may compare the mode with a string or with the enum."""
    assert [mode.value for mode in SourceSyncModes] == ["full_refresh", "incremental", "stream"]
    config = SourceConfig(stream="x", sync_mode="incremental")  # type: ignore[arg-type]
    assert config.sync_mode == "incremental"
    assert config.sync_mode is SourceSyncModes.INCREMENTAL
    assert f"{config.sync_mode}" == "incremental"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stream": "x", "sync_mode": "sometimes"},
        {"stream": "x", "max_iterations": 0},
        {"stream": "x", "api_config": {"retry_limit": -1}},
        {"stream": "x", "api_config": {"retry_limits": 3}},
        {"stream": "x", "http": {"connect_timeout_seconds": 0}},
        {"stream": "x", "http": {"read_timeout_seconds": 1e11}},
        {"stream": "x", "http": {"retry_wait_max_seconds": -1}},
        {"stream": "x", "http": {"retry_after_max_seconds": float("inf")}},
        {"stream": "x", "http": {"max_body_bytes": 0}},
        {"stream": "x", "http": {"verify": False}},
        {"stream": "x", "http": {"allowed_origins": ["files.example.com"]}},
        {"stream": "x", "http": {"allowed_origins": ["https://files.example.com/a"]}},
        {"stream": "x", "http": {"allowed_origins": ["https://me@files.example.com"]}},
    ],
)
def test_what_cannot_be_meant_is_refused(settings: dict[str, Any]) -> None:
    """A setting out of its range, or of a name that does not exist, is an error at once."""
    with pytest.raises(ValidationError):
        SourceConfig.model_validate(settings)


def test_origins_are_allowed_with_and_without_a_slash() -> None:
    """An origin is an origin as a person writes it."""
    origins = ["https://files.example.com", "https://b.example.com:8443/", "http://[::1]:80"]
    with pytest.raises(ValidationError):
        HttpConfig(allowed_origins=origins)  # port 80 is http's own: write it without
    assert HttpConfig(allowed_origins=origins[:2]).allowed_origins == origins[:2]


@pytest.mark.parametrize("kind", list(AuthType))
def test_the_five_types_have_parameters_of_their_own(kind: AuthType) -> None:
    """Each type is known by the word the documentation uses."""
    assert [member.value for member in AuthType] == [
        "oauth",
        "api_key",
        "bearer",
        "basic",
        "cookies",
    ]
    assert issubclass(PARAMS_OF[kind], BaseModel)


def test_the_parameters_of_a_token() -> None:
    """A token goes as ``Authorization: Bearer`` unless a user says otherwise."""
    assert TokenAuthParams(token="t").model_dump() == {
        "token": "t",
        "auth_method": "Bearer",
        "auth_header": "Authorization",
    }


def test_the_parameters_of_basic() -> None:
    """A password is optional, as some APIs take a key as the user name."""
    authentication = AuthConfig(type="basic", params={"username": "u"})  # type: ignore[arg-type]
    assert authentication.params.model_dump() == {
        "username": "u",
        "password": "",
        "auth_method": "Basic",
        "auth_header": "Authorization",
    }


def test_the_parameters_of_cookies() -> None:
    """Headers are optional."""
    assert CookiesAuthParams(cookies={"a": "b"}).headers == {}


def test_the_parameters_of_oauth_survive_their_own_dump() -> None:
    """Every documented field has its default, and the defaults are valid (Bizon's are not)."""
    params = Oauth2AuthParams(
        token_refresh_endpoint="https://a.example/token", client_id="c", client_secret="s"
    )
    assert params.model_dump() == {
        "token_refresh_endpoint": "https://a.example/token",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": None,
        "scopes": None,
        "token_expiry_date": None,
        "token_expiry_date_format": None,
        "refresh_request_body": None,
        "access_token_name": "access_token",
        "expires_in_name": "expires_in",
        "grant_type": "refresh_token",
        "response_field_path": None,
        "expiry_skew_seconds": None,
    }
    assert Oauth2AuthParams.model_validate(params.model_dump()) == params


def test_the_type_decides_the_shape_of_the_parameters() -> None:
    """A mistake is explained by the fields of the chosen type alone."""
    with pytest.raises(ValidationError) as caught:
        AuthConfig.model_validate({"type": "api_key", "params": {"username": "u"}})
    errors = caught.value.errors(include_input=False)
    assert {error["loc"][-1] for error in errors} == {"token", "username"}


@pytest.mark.parametrize("kind", ["api_key", "bearer"])
def test_a_subclass_may_narrow_the_parameters(kind: str) -> None:
    """A source's own parameters are validated by its own class."""
    settings = {"type": "cookies", "params": {"cookies": {"sid": "1"}, "csrf": "c"}}
    assert CsrfAuthConfig.model_validate(settings).params.csrf == "c"
    with pytest.raises(ValidationError):
        CsrfAuthConfig.model_validate({"type": kind, "params": {"token": "t"}})


@pytest.mark.parametrize(
    "authentication",
    [
        {"type": "api_key", "params": {"token": CANARY, "extra": CANARY}},
        {"type": "api_key", "params": {"token": [CANARY]}},
        {"type": "bearer", "params": CANARY},
        {"type": "api_key", "params": {"token": f"two\nlines {CANARY}"}},
        {"type": "basic", "params": {"username": "u", "password": {"is": CANARY}}},
        {"type": "cookies", "params": {"cookies": {"sid": f"a\r\nSet-Cookie: {CANARY}"}}},
        {"type": "cookies", "params": {"cookies": CANARY}},
        {"type": "oauth", "params": {"client_secret": CANARY, "refresh_token": CANARY}},
        {"type": "mtls", "params": {"token": CANARY}},
    ],
)
def test_an_error_of_the_settings_never_shows_a_value(authentication: Any) -> None:
    """What pydantic says is printed by whoever catches it, so no secret may be in it."""
    with pytest.raises(ValidationError) as caught:
        ShopConfig.model_validate({"stream": "x", "shop": "s", "authentication": authentication})
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value)


@pytest.mark.parametrize(
    "authentication",
    [
        {"type": "api_key", "params": {"token": CANARY}},
        {"type": "basic", "params": {"username": "u", "password": CANARY}},
        {"type": "cookies", "params": {"cookies": {"a": CANARY}, "headers": {"X-Csrf": CANARY}}},
        {
            "type": "oauth",
            "params": {
                "token_refresh_endpoint": "https://a.example/token",
                "client_id": "c",
                "client_secret": CANARY,
                "refresh_token": CANARY,
                "refresh_request_body": {"assertion": CANARY},
            },
        },
    ],
)
def test_a_repr_of_the_settings_never_shows_a_secret(authentication: Any) -> None:
    """Settings are printed by debuggers and careless sources."""
    config = ShopConfig.model_validate(
        {"stream": "x", "shop": "s", "authentication": authentication}
    )
    assert CANARY not in repr(config)
    assert CANARY not in str(config)


@pytest.mark.parametrize("token", ["t\n", " t ", "\tt\r\n"])
def test_blanks_around_a_token_are_dropped(token: str) -> None:
    """A token read from a file ends in a line break, which no header may carry."""
    assert TokenAuthParams(token=token).token == "t"


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "a\x7fb", "tök→en", "a\ud800b"])
def test_a_value_no_header_can_carry_is_refused_in_the_settings(text: str) -> None:
    """The setting is named before anything is sent."""
    with pytest.raises(ValidationError, match="token"):
        TokenAuthParams(token=text)
    with pytest.raises(ValidationError, match="auth_header"):
        TokenAuthParams(token="t", auth_header=text)


def test_a_retry_limit_of_zero_is_a_limit() -> None:
    """No retry at all can be asked for."""
    assert APIConfig(retry_limit=0).retry_limit == 0
