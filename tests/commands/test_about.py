"""`--about`, `--help` and `--version`: answers for a person, on stdout, whatever else is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bizon_singer import custom
from tests.adapter.test_config_schema import FORBIDDEN, nodes
from tests.commands.process import assert_no_secret, assert_refused, source_file, tap, write

WITH_SETTINGS = """
from pydantic import BaseModel, Field
from bizon.source.config import SourceConfig
from bizon.source.models import SourceIteration
from bizon.source.source import AbstractSource

print("imported")

class Region(BaseModel):
    name: str = Field(default="eu", description="Where the data is.")

class Config(SourceConfig):
    workspace: str = Field(description="Name of the workspace.")
    workspace_secret: str = Field(default="canary-7f3a9c51e2d84b06", description="Its secret.")
    region: Region | None = Field(default=None, description="Where to read.")

class Source(AbstractSource):
    @staticmethod
    def streams(): return ["things"]
    @staticmethod
    def get_config_class(): return Config
    def get(self, pagination=None): return SourceIteration(records=[], next_pagination={})
"""


def about(*arguments: str, **options: Any) -> dict[str, Any]:
    """Return what `--about --format json` prints for tap-bizon."""
    done = tap("tap-bizon", "--about", "--format", "json", *arguments, **options)
    assert done.code == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("name", ["tap-dummy", "tap-pokeapi"])
def test_about_as_json_is_nothing_but_json(name: str) -> None:
    """Hub definitions are made of it: names, settings, capabilities, nothing beside it."""
    done = tap(name, "--about", "--format", "json")
    assert done.code == 0
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert answer["name"] == name
    assert {"catalog", "state", "discover", "about"} <= set(answer["capabilities"])
    assert "batch" not in answer["capabilities"]
    assert answer["settings"]["properties"]["page_size"]["type"] == "integer"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--about"], ["Name: tap-dummy", "Type: integer\n", "TAP_DUMMY_PAGE_SIZE"]),
        (["--about"], ["Name: stream\n    Type: string or null\n    Description: Read this"]),
        (["--about", "--format", "markdown"], ["# `tap-dummy`", "| page_size | False | 100 |"]),
        (["--help"], ["Usage: tap-dummy", "Made-up data", "--properties", "--state"]),
        (["--version"], ["tap-dummy v"]),
    ],
)
def test_answers_are_on_stdout(arguments: list[str], words: list[str]) -> None:
    """As text for people; stderr stays empty."""
    done = tap("tap-dummy", *arguments)
    assert (done.code, done.stderr) == (0, "")
    for word in words:
        assert word in done.stdout.decode()
    assert "None" not in done.stdout.decode().replace("| None |", "")


def test_tap_bizon_explains_itself_without_a_source() -> None:
    """The settings all sources share, and the one that is needed."""
    settings = about()["settings"]
    assert settings["required"] == ["source_file_path"]
    properties = settings["properties"]
    assert next(iter(properties)) == "source_file_path"
    assert {"authentication", "stream_settings", "max_iterations"} <= properties.keys()
    for path, _, node in nodes(settings):
        assert not FORBIDDEN & node.keys(), path
        assert node.get("description"), path


def test_tap_bizon_explains_the_source_s_own_settings(tmp_path: Path) -> None:
    """With a file, its settings stand beside the others; what it prints is no part of it."""
    source = source_file(tmp_path, text=WITH_SETTINGS)
    config = write(tmp_path / "config.json", {"source_file_path": source})
    settings = about("--config", config)["settings"]
    assert settings["required"] == ["source_file_path", "workspace"]
    properties = settings["properties"]
    assert properties["workspace"] == {"type": "string", "description": "Name of the workspace."}
    assert properties["workspace_secret"]["secret"] is True
    assert properties["region"]["properties"]["name"]["default"] == "eu"


def test_a_default_that_is_a_secret_is_not_shown(tmp_path: Path) -> None:
    """Whoever wrote it into the file; `--about` ends up in public places."""
    source = source_file(tmp_path, text=WITH_SETTINGS)
    config = write(tmp_path / "config.json", {"source_file_path": source})
    done = tap("tap-bizon", "--about", "--format", "markdown", "--config", config)
    assert done.code == 0
    assert_no_secret(done)
    assert b"| workspace_secret | False | None |" in done.stdout


def test_a_missing_setting_of_the_source_is_named(tmp_path: Path) -> None:
    """The same settings are required by a run; discovery of static streams needs none."""
    source = source_file(tmp_path, text=WITH_SETTINGS)
    config = write(tmp_path / "config.json", {"source_file_path": source})
    assert_refused(tap("tap-bizon", "--config", config), "setting `workspace` is missing; add it")
    done = tap("tap-bizon", "--config", config, "--discover")
    assert [entry["stream"] for entry in json.loads(done.stdout)["streams"]] == ["things"]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_runs_no_code_of_the_user(option: str) -> None:
    """Nor does it read a config: the answer is the same when that is broken."""
    tap_class = custom.make_tap([option, "--config", "/no/such/config.json"])
    assert tap_class.name == "tap-bizon"


def test_about_with_a_broken_source_says_what_is_wrong(tmp_path: Path) -> None:
    """Settings nobody can read are not made up."""
    source = source_file(tmp_path, text="1 / 0")
    config = write(tmp_path / "config.json", {"source_file_path": source})
    assert_refused(tap("tap-bizon", "--about", "--config", config), "ZeroDivisionError (line 1)")
