"""A mistake in a config is explained by the setting's path, never by its value."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import (
    BaseModel,
)

from bizon_singer.errors import ConfigError
from bizon_singer.settings import read_settings
from tests.adapter.nested_config import CANARY, config, refusal


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"cuont": 1}, "unknown setting `cuont` (did you mean `count`?)"),
        ({"zzz": 1}, "unknown setting `zzz`; remove it, or see --about"),
        ({"source_file_path": "x"}, "unknown setting `source_file_path`"),
        (
            {"api_config": {"retry_limt": 1}},
            "`api_config.retry_limt` (did you mean `retry_limit`?)",
        ),
        ({"http": {"timeout": 1}}, "unknown setting `http.timeout`"),
        ({"retry": {"attemps": 1}}, "`retry.attemps` (did you mean `attempts`?)"),
        ({"retry": {"zzz": 1}}, "`retry.zzz`; what may stand there is `attempts`, `on_status`"),
        (
            {"branches": [{"url": "a"}, {"url": "b", "urll": "c"}]},
            "`branches.1.urll` (did you mean `url`?)",
        ),
        (
            {"by_name": {"x": {"url": "a", "retry": {"atempts": 2}}}},
            "`by_name.x.retry.atempts` (did you mean `attempts`?)",
        ),
        ({"rooted": [{"url": "a", "urll": "b"}]}, "`rooted.0.urll` (did you mean `url`?)"),
        ({"aliased": {"url": "a", "urll": "b"}}, "`aliased.urll` (did you mean `url`?)"),
        ({"pair": [{}, {"url": "a", "urll": "b"}]}, "`pair.1.urll` (did you mean `url`?)"),
        ({"strict": {"sise": 1}}, "unknown setting `strict.sise`; remove it, or see --about"),
        ({"animal": {"kind": "cat", "live": 1}}, "`animal.live` (did you mean `lives`?)"),
        ({"either": {"url": "a", "attemps": 1}}, "`either.attemps` (did you mean `attempts`?)"),
    ],
)
def test_an_unknown_setting_at_any_depth_names_the_nearest(
    raw: dict[str, Any], sentence: str
) -> None:
    """A typo is never ignored, whether its model forbids unknown names or not."""
    assert sentence in refusal(**raw)


@pytest.mark.parametrize(
    "raw",
    [
        {"mixed": {"anything": 1}},
        {"renaming": {"tok": "x"}},
        {"free": {"whatever": 1}},
        {"parsed": {"tries": 2}},
        {"apiKey": "x"},
        {"stream": "events", "name": "mine", "init_pipeline": False},
    ],
)
def test_names_a_model_may_understand_by_itself_are_left_to_it(raw: dict[str, Any]) -> None:
    """Free-form objects, models that rename and aliases take what they take."""
    assert config(**raw)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"count": "x"}, "setting `count` must be a valid integer"),
        ({"count": 3}, "setting `count` must be even"),
        ({"count": 100}, "the settings are refused: a hundred is too many"),
        ({"retry": CANARY}, "setting `retry` must be an object"),
        ({"retry": {"on_status": ["x"]}}, "setting `retry.on_status.0` must be a valid integer"),
        ({"branches": {}}, "setting `branches` must be a list"),
        ({"branches": [{}]}, "setting `branches.0.url` is missing; add it"),
        (
            {"number_or_text": CANARY},
            "setting `number_or_text` must be a valid integer",
        ),
        ({"day": "2024-13-01"}, "setting `day` must be a valid datetime or date (month value"),
        ({"animal": {"kind": CANARY}}, "setting `animal` must be tagged by one of 'cat', 'dog'"),
        ({"chosen": "d"}, "setting `chosen` must be 'a' or 'b' or 'b' or 'c'"),
        ({"sync_mode": "full"}, "`sync_mode` must be 'full_refresh', 'incremental' or 'stream'"),
        ({"max_iterations": 0}, "setting `max_iterations` must be greater than or equal to 1"),
        ({"max_iterations": True}, "setting `max_iterations` must be a number, not true or false"),
        ({"api_config": {"retry_limit": False}}, "`api_config.retry_limit` must be a number, not"),
        ({"http": {"read_timeout_seconds": True}}, "`http.read_timeout_seconds` must be a number"),
        ({"state_interval_seconds": True}, "setting `state_interval_seconds` must be a number"),
        ({"max_parallel_streams": True}, "setting `max_parallel_streams` must be a number"),
        ({"envelope": "maybe"}, "setting `envelope` must be a valid boolean"),
        ({"check_connection": "no"}, "`check_connection` must be 'error', 'warn' or 'skip'"),
        ({"stream_settings": []}, "setting `stream_settings` must be an object"),
        ({"stream_settings": {"events": 3}}, "setting `stream_settings.events` must be an object"),
        ({"page_timeout_seconds": float("inf")}, "setting `page_timeout_seconds` must be"),
        ({"page_timeout_seconds": 0}, "must be greater than 0"),
        ({"page_timeout_seconds": 1e300}, "must be less than or equal to 31622400"),
        ({"state_interval_seconds": float("nan")}, "setting `state_interval_seconds` must be"),
        ({"flattening_enabled": "false"}, "setting `flattening_enabled` must be a valid boolean"),
        ({"flattening_enabled": True}, "`flattening_enabled` needs `flattening_max_depth`"),
        ({"stream_maps": "x"}, "setting `stream_maps` must be an object"),
        ({"start_date": "soon"}, "setting `start_date` must be a valid datetime"),
        (
            {"start_date": "0001-01-01T00:00:00+09:00"},
            "setting `start_date` must stay within the years 1 to 9999",
        ),
    ],
)
def test_a_mistyped_setting_is_named_with_what_it_may_be(
    raw: dict[str, Any], sentence: str
) -> None:
    """The sentence holds the path and what is allowed, never the value."""
    assert sentence in refusal(**raw)


def test_the_branches_of_a_union_are_one_sentence() -> None:
    """An alternative is not two mistakes, and no class name is taken for a setting."""
    text = refusal(number_or_text=CANARY)
    assert text == "setting `number_or_text` must be a valid integer or 'all'"


@pytest.mark.parametrize(
    ("authentication", "expected", "absent"),
    [
        (
            {"type": "api_key", "params": {"username": CANARY}},
            ["authentication.params.username", "`token`", "params.token` is missing"],
            ["client_id", "cookies"],
        ),
        (
            {"type": "basic", "params": {"token": CANARY}},
            [
                "authentication.params.token",
                "`password`, `username`",
                "params.username` is missing",
            ],
            ["client_id"],
        ),
        (
            {"type": "oauth", "params": {"client_id": "x"}},
            ["params.client_secret` is missing", "params.token_refresh_endpoint` is missing"],
            ["params.token`", "username"],
        ),
        ({"type": "cookies", "params": {}}, ["params.cookies` is missing"], ["token"]),
        (
            {"type": "apikey", "params": {"token": CANARY}},
            ["`authentication.type` must be 'oauth', 'api_key'"],
            ["missing"],
        ),
        ({"params": {"token": CANARY}}, ["`authentication.type` is missing"], []),
        ({"type": "bearer"}, ["`authentication.params` is missing"], []),
        (CANARY, ["`authentication` must be an object"], []),
        (
            {"type": "bearer", "params": {"token": CANARY}, "prams": 1},
            ["`authentication.prams` (did you mean `params`?)"],
            [],
        ),
    ],
)
def test_authentication_is_explained_by_the_fields_of_its_type(
    authentication: Any, expected: list[str], absent: list[str]
) -> None:
    """Only the parameters of the type that is named are spoken of."""
    text = refusal(authentication=authentication)
    for words in expected:
        assert words in text, text
    for words in absent:
        assert words not in text, text


class TokenAuthParams(BaseModel):
    """Bizon's own, which does not forbid unknown names."""

    token: str


class BasicHttpAuthParams(BaseModel):
    """Another branch of Bizon's union."""

    username: str
    password: str = ""


class BizonAuth(BaseModel):
    """Bizon's ``AuthConfig``: a union that does not follow the type."""

    type: str
    params: TokenAuthParams | BasicHttpAuthParams


class BizonConfig(BaseModel):
    """A configuration that is not derived from ours."""

    name: str
    stream: str
    authentication: BizonAuth


def test_the_real_bizon_s_authentication_is_explained_alike() -> None:
    """Bizon reports a missing token once for each branch; here it is one sentence."""
    raw = {"authentication": {"type": "api_key", "params": {"tokn": CANARY}}}
    read = read_settings(raw, known=["authentication"], name="x")
    with pytest.raises(ConfigError) as caught:
        read.for_source(BizonConfig, "events")
    assert str(caught.value) == (
        "unknown setting `authentication.params.tokn` (did you mean `token`?); "
        "setting `authentication.params.token` is missing; add it"
    )
