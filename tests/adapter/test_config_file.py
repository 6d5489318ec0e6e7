"""Config files, the environment and references: where the settings of a run come from."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizon_singer.config_file import read_config_file, read_environment
from bizon_singer.errors import ConfigError
from bizon_singer.references import resolve_references

PIPELINE = """
name: nightly
source:
  name: dummy
  stream: creatures
  sync_mode: full_refresh
  authentication:
    type: api_key
    params: {token: canary-token}
destination:
  name: bigquery
  config: {password: canary-password}
engine: {backend: {type: postgres}}
"""


def read(folder: Path, name: str, content: str | bytes) -> dict[str, Any]:
    """Write a config file and read it."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_config_file(str(path))


def refusal(folder: Path, name: str, content: str | bytes) -> str:
    """Return the sentence with which a config file is refused."""
    with pytest.raises(ConfigError) as caught:
        read(folder, name, content)
    assert name in str(caught.value)
    assert "canary" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("c.json", "", "is empty; write at least {}"),
        ("c.json", " \n\t", "is empty"),
        ("c.json", "[]", "holds no object"),
        ("c.json", '"canary"', "holds no object"),
        ("c.json", "null", "holds no object"),
        ("c.json", '{"token": "canary"', "no valid JSON (line 1)"),
        ("c.json", '{\n"token": "canary"\n"b": 1}', "no valid JSON (line 3)"),
        ("c.json", '{"token": "canary", "n": 1, "n": 2}', "has the key 'n' twice; keep one"),
        ("c.json", '{"a": [{"n": 1, "n": 1}]}', "has the key 'n' twice"),
        ("c.yml", "token: canary\nn: 1\nn: 2\n", "has the key 'n' twice; keep one"),
        ("c.yml", "a: {1: canary, 1: canary}\n", "has the key '1' twice"),
        ("c.yml", "? [a]\n: canary\n", "no valid YAML (line 1)"),
        ("c.json", "token: canary", "or name the file .yml if it is YAML"),
        ("c.json", b'{"token": "\xff"}', "no UTF-8 text"),
        ("c.json", '{"a": ' * 60 + "1" + "}" * 60, "nested deeper than 50 levels"),
        ("c.json", "[" * 100_000, "no valid JSON"),
        ("c.json", '{"a": ' + "9" * 5000 + "}", "no valid JSON"),
        ("c.yml", "token: [canary\n", "no valid YAML (line 2)"),
        ("c.yaml", "- canary", "holds no object"),
        ("c.YML", "a: !!python/object:os.system canary", "no valid YAML (line 1)"),
        ("c.yml", "a: &loop\n  b: *loop\n", "nested deeper than 50 levels"),
        ("c.yml", "a: 1\n---\nb: 2\n", "no valid YAML"),
    ],
)
def test_a_file_that_is_no_config_says_why(
    tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    """The file is named, where known with its line, and nothing of what it holds is shown."""
    assert words in refusal(tmp_path, name, content)


@pytest.mark.parametrize("path", ["missing.json", "/", "a\0b.json", "x" * 300])
def test_a_file_that_cannot_be_read_says_why(path: str) -> None:
    """Missing, a folder, no possible name: one sentence each."""
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config_file(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.json", b'\xef\xbb\xbf{"day": "2024-01-01", "on": true, "n": 1.5}'),
        ("c.yml", "day: 2024-01-01\n'on': true\nn: 1.5\n"),
        ("c.yaml", '{"day": "2024-01-01", "on": true, "n": 1.5}'),
        ("c.YML", "{day: 2024-01-01, 'on': true, n: 1.5}"),
    ],
)
def test_json_and_yaml_mean_the_same(tmp_path: Path, name: str, content: str | bytes) -> None:
    """A byte order mark is no obstacle, and a date in YAML is text as in JSON."""
    assert read(tmp_path, name, content) == {"day": "2024-01-01", "on": True, "n": 1.5}


def test_a_merged_key_of_yaml_may_be_given_anew(tmp_path: Path) -> None:
    """That is what `<<` is for: it is no second key."""
    text = "a: &base {x: 1, y: 1}\nb: {<<: *base, y: 2}\nc: {y: 3, <<: *base}\n"
    read_again = read(tmp_path, "c.yml", text)
    assert read_again == {"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 3}}


def test_a_bizon_pipeline_gives_its_source(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The source's settings are used, and the sections that are not are named in one line."""
    with caplog.at_level(logging.INFO):
        config = read(tmp_path, "pipeline.yml", PIPELINE)
    assert config["stream"] == "creatures"
    assert config["authentication"]["params"] == {"token": "canary-token"}
    (line,) = caplog.messages
    assert "ignored: destination, engine" in line
    assert "canary" not in line


def test_the_secrets_of_a_pipeline_are_those_of_its_project(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `secrets` names one, also by a reference; then that section is not ignored."""
    monkeypatch.setenv("PROJECT", "shop-1")
    token = "a ${gsm://x/versions/2} ${env://Y} b"
    source = {"name": "s", "key": "gsm://x", "token": token, "old": "BIZON_ENV_Z", "list": ["u"]}
    pipeline = {"source": source, "secrets": {"gsm": {"project_id": "env://PROJECT"}}}
    with caplog.at_level(logging.INFO):
        config = read(tmp_path, "p.json", json.dumps(pipeline))
    assert config == {
        "name": "s",
        "key": "gsm://projects/shop-1/secrets/x/versions/latest",
        "token": "a ${gsm://projects/shop-1/secrets/x/versions/2} ${env://Y} b",
        "old": "env://BIZON_ENV_Z",
        "list": ["u"],
    }
    assert caplog.messages == []
    for section in ({"gsm": None}, {}, None, {"gsm": {"project_id": None}}):
        assert read(tmp_path, "p.json", json.dumps({**pipeline, "secrets": section})) == source
    pipeline["secrets"] = {"gsm": {"project_id": 7}}
    with pytest.raises(ConfigError, match=r"`secrets.gsm.project_id` must be a string"):
        read(tmp_path, "p.json", json.dumps(pipeline))


def test_the_routes_of_a_pipeline_are_a_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Beside those of its source; no section is ignored then."""
    routes = [{"name": "a", "destination": {"table_id": "a.b.c"}}]
    with caplog.at_level(logging.INFO):
        config = read(tmp_path, "p.json", json.dumps({"source": {"name": "s"}, "streams": routes}))
    assert config == {"name": "s", "streams": routes}
    assert caplog.messages == []
    assert read(tmp_path, "p.json", '{"source": {"name": "s"}, "streams": null}') == {"name": "s"}


def test_a_setting_named_source_is_no_pipeline(tmp_path: Path) -> None:
    """A source may have an object setting of that name, beside settings no pipeline has."""
    config = {"source": {"name": "x"}, "page_size": 3}
    assert read(tmp_path, "c.json", json.dumps(config)) == config


SCHEMA = {
    "properties": {
        "name": {"type": "string"},
        "count": {"type": ["integer", "null"]},
        "ratio": {"type": "number"},
        "on": {"type": ["boolean", "null"]},
        "items": {"type": "array"},
        "nested": {"type": ["object", "null"]},
        "both": {"type": ["integer", "string"]},
        "with-dash.dot": {},
    }
}


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("NAME", "12", {"name": "12"}),
        ("NAME", "", {"name": ""}),
        ("COUNT", "12", {"count": 12}),
        ("RATIO", "1.5e3", {"ratio": 1500.0}),
        ("ON", "true", {"on": True}),
        ("ON", "NO", {"on": False}),
        ("ON", "", {"on": False}),
        ("ITEMS", '["a", 1]', {"items": ["a", 1]}),
        ("NESTED", '{"a": {"b": 1}}', {"nested": {"a": {"b": 1}}}),
        ("BOTH", "12", {"both": "12"}),
        ("WITH_DASH_DOT", "x", {"with-dash.dot": "x"}),
        ("UNKNOWN", "x", {}),
    ],
)
def test_the_environment_is_read_by_type(
    variable: str, text: str, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--config ENV`: text stays text, everything else is JSON, words of truth are known."""
    monkeypatch.setenv(f"TAP_X_{variable}", text)
    assert read_environment(SCHEMA, "TAP_X_") == expected


AUTHENTICATION = {
    "type": ["object", "null"],
    "properties": {
        "type": {"type": "string"},
        "params": {
            "type": "object",
            "properties": {"token": {"type": "string"}, "expires": {"type": "integer"}},
        },
    },
}


@pytest.mark.parametrize(
    ("variables", "given", "expected"),
    [
        ({"AUTH_TYPE": "bearer"}, {}, {"type": "bearer"}),
        (
            {"AUTH_TYPE": "bearer", "AUTH_PARAMS_TOKEN": "12", "AUTH_PARAMS_EXPIRES": "12"},
            {},
            {"type": "bearer", "params": {"token": "12", "expires": 12}},
        ),
        (
            {"AUTH_PARAMS_TOKEN": "new"},
            {"auth": {"type": "bearer", "params": {"token": "old", "expires": 1}}},
            {"type": "bearer", "params": {"token": "new", "expires": 1}},
        ),
        (
            {"AUTH": '{"params": {"token": "a"}}', "AUTH_TYPE": "b", "AUTH_PARAMS_TOKEN": "c"},
            {"auth": {"params": {"expires": 1}}},
            {"type": "b", "params": {"token": "a"}},
        ),
        (
            {"AUTH_PARAMS": '{"token": "a"}', "AUTH_PARAMS_TOKEN": "c"},
            {},
            {"params": {"token": "a"}},
        ),
        ({"AUTH": "null", "AUTH_TYPE": "b"}, {}, None),
    ],
)
def test_a_nested_setting_has_a_variable_of_its_own(
    variables: dict[str, str],
    given: dict[str, Any],
    expected: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Meltano spells it; JSON for the whole object goes first, a file comes last."""
    for name, text in variables.items():
        monkeypatch.setenv(f"TAP_X_{name}", text)
    schema = {"properties": {"auth": AUTHENTICATION}}
    assert read_environment(schema, "TAP_X_", given) == {"auth": expected}


def test_a_setting_at_the_top_keeps_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a nested one would have the same: it was read so before there were nested ones."""
    monkeypatch.setenv("TAP_X_AUTH_TYPE", "top")
    schema = {"properties": {"auth": AUTHENTICATION, "auth_type": {"type": "string"}}}
    assert read_environment(schema, "TAP_X_") == {"auth_type": "top"}


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("COUNT", "must hold an integer, written as JSON"),
        ("ON", "must be true or false"),
        ("ITEMS", "must hold a list, written as JSON"),
        ("NESTED", "must hold an object, written as JSON"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named(
    variable: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable and the form it needs are named, the value is not."""
    monkeypatch.setenv(f"TAP_X_{variable}", "canary{")
    with pytest.raises(ConfigError) as caught:
        read_environment(SCHEMA, "TAP_X_")
    assert f"TAP_X_{variable} {words}" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_dotenv_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the Singer SDK does, from the working directory or above; the environment wins."""
    (tmp_path / ".env").write_text("TAP_X_NAME=from-file\nTAP_X_COUNT=3\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    for name in ("TAP_X_NAME", "TAP_X_COUNT"):  # so that what the file sets is undone
        monkeypatch.setenv(name, "9")
    monkeypatch.delenv("TAP_X_COUNT")
    assert read_environment(SCHEMA, "TAP_X_") == {"name": "9", "count": 3}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.binary(), st.sampled_from(["c.json", "c.yml"]))
def test_any_text_is_a_config_or_is_refused(
    tmp_path: Path, content: str | bytes, name: str
) -> None:
    """Whatever stands in the file, there is no other end."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    (tmp_path / name).write_bytes(content)
    with contextlib.suppress(ConfigError):
        assert isinstance(resolve_references(read_config_file(str(tmp_path / name))), dict)
