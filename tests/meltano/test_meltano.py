"""meltano.yml runs as it is, and Meltano's own commands do what its users expect."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizon_singer.workbench.new import create
from tests.docs.test_readme import CHECKOUT, blocks
from tests.fakes.hubspot import Clock, HubSpot, unlimited
from tests.fakes.hubspot.access import TOKEN
from tests.fakes.pokeapi import PokeApi

MELTANO = CHECKOUT / ".venv-meltano" / "bin" / "meltano"
PARTS = ("bizon_singer", "taps", "output", "pyproject.toml", "README.md", "LICENSE", "meltano.yml")
INSTALL, *COMMANDS = next(part for part in blocks("sh") if "meltano run" in part).splitlines()
SHARED = ".meltano/extractors/tap-dummy/venv/bin"
"""Where every command of the package is once one of its plugins is installed."""

pytestmark = pytest.mark.xdist_group("meltano")


class Folder:
    """A folder in which Meltano runs."""

    def __init__(self, folder: Path) -> None:
        """Take it as it is."""
        self.folder = folder

    def meltano(self, *arguments: str, **environment: str) -> str:
        """Run a Meltano command that must succeed; return its stdout."""
        done = subprocess.run(
            [str(MELTANO), *arguments],
            cwd=self.folder,
            env={**os.environ, **environment, "PATH": f"{MELTANO.parent}:{os.environ['PATH']}"},
            capture_output=True,
            check=False,
            timeout=400,
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return done.stdout.decode()

    def run_as_printed(self, command: str, **environment: str) -> None:
        """Run a command line of Meltano as a document prints it."""
        program, *arguments = shlex.split(command)
        assert program == "meltano"
        self.meltano(*arguments, **environment)

    def loaded(self, stream: str) -> list[dict[str, Any]]:
        """Return what target-jsonl loaded of a stream, and forget it."""
        path = self.folder / "output" / f"{stream}.jsonl"
        if not path.exists():
            return []
        lines = path.read_text().splitlines()
        path.unlink()
        return [json.loads(line) for line in lines]

    def forget_loaded(self) -> None:
        """Remove what earlier runs loaded."""
        for path in (self.folder / "output").glob("*.jsonl"):
            path.unlink()


class Project(Folder):
    """A copy of the project in which Meltano runs."""

    def __init__(self, folder: Path) -> None:
        """Copy what Meltano needs of the checkout."""
        super().__init__(folder)
        for part in PARTS:
            source = CHECKOUT / part
            ignore = shutil.ignore_patterns("__pycache__")
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=ignore)
            else:
                shutil.copy(source, folder / part)

    def share(self, *taps: str) -> None:
        """Let taps run from the environment of tap-dummy; one of their own takes 20 seconds."""
        path = self.folder / "meltano.yml"
        content = yaml.safe_load(path.read_text())
        for extractor in content["plugins"]["extractors"]:
            if extractor["name"] in taps:
                assert extractor.pop("pip_url").partition("[")[0] == "."
                extractor["executable"] = f"{self.folder}/{SHARED}/{extractor['executable']}"
        path.write_text(yaml.safe_dump(content))

    def state(self, tap: str = "tap-dummy") -> dict[str, Any]:
        """Return the bookmarks Meltano keeps of a tap's pipeline."""
        state = json.loads(self.meltano("state", "get", state_id(tap)))
        bookmarks: dict[str, Any] = state["singer_state"]["bookmarks"]
        return bookmarks


def state_id(tap: str) -> str:
    """Return what Meltano calls the state of a tap's pipeline."""
    return f"dev:{tap}-to-target-jsonl"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose plugins are installed; only those run here, for each takes 20 seconds."""
    project = Project(tmp_path_factory.mktemp("meltano"))
    project.share("tap-hubspot", "tap-notion", "tap-gsheets", "tap-kafka", "tap-bizon")
    project.run_as_printed(INSTALL)
    return project


def test_the_commands_of_the_readme_run_and_go_on_from_their_state(project: Project) -> None:
    """As they are printed, they read all; the next run what is new; a full refresh all again."""
    with PokeApi(counts={"berry": 7, "pokemon": 9}) as api:
        for command in COMMANDS:
            project.run_as_printed(command, TAP_POKEAPI_BASE_URL=api.base_url)
    streams = "berry", "pokemon", "item"  # only two of all are selected in meltano.yml
    assert [len(project.loaded(stream)) for stream in streams] == [7, 9, 0]
    assert len(project.loaded("events")) == 1000
    assert len(project.loaded("creatures")) == 5
    assert project.state()["events"]["in_progress"] is None
    project.meltano("run", "tap-dummy", "target-jsonl", TAP_DUMMY_COUNT="1010")
    assert len(project.loaded("events")) == 11
    project.meltano("run", "--full-refresh", "tap-dummy", "target-jsonl", TAP_DUMMY_COUNT="20")
    assert len(project.loaded("events")) == 20
    assert project.state()["events"]["in_progress"] is None


def test_state_can_be_got_and_set(project: Project) -> None:
    """A bookmark put in by hand is where the next run starts."""
    bookmarks = {"events": {"last_run": "2024-01-01T00:00:00Z", "state": {}}}
    state = json.dumps({"singer_state": {"bookmarks": bookmarks}})
    project.meltano("state", "set", "--force", state_id("tap-dummy"), state)
    assert project.state() == bookmarks
    moved = {"updated_at": "2024-01-01T16:00:00Z"}
    bookmarks["events"]["state"] = moved
    state = json.dumps({"singer_state": {"bookmarks": bookmarks}})
    project.meltano("state", "set", "--force", state_id("tap-dummy"), state)
    project.meltano("run", "tap-dummy", "target-jsonl")
    events = project.loaded("events")
    assert 0 < len(events) < 50
    assert min(event["updated_at"] for event in events) >= moved["updated_at"]


def test_select_invoke_and_config_work(project: Project) -> None:
    """What Meltano shows of a catalog, prints of a tap, and thinks of its config."""
    listed = project.meltano("select", "tap-dummy", "--list", "--all")
    assert "[automatic  ] events.id" in listed
    assert "[selected   ] events.user.email" in listed
    catalog = json.loads(project.meltano("invoke", "tap-dummy", "--discover"))
    names = [entry["tap_stream_id"] for entry in catalog["streams"]]
    assert names == ["creatures", "plants", "events"]
    assert "valid" in project.meltano("config", "test", "tap-dummy")


def test_the_replication_method_of_meltano_s_metadata_is_followed(project: Project) -> None:
    """The `metadata` extra reads an incremental stream in full, whatever its bookmark says."""
    bookmarks = {"events": {"last_run": "2024-01-01T00:00:00Z", "state": {}}}
    bookmarks["events"]["state"] = {"updated_at": "2024-01-01T16:00:00Z"}
    state = json.dumps({"singer_state": {"bookmarks": bookmarks}})
    project.meltano("state", "set", "--force", state_id("tap-dummy"), state)
    project.forget_loaded()
    chosen = json.dumps({"events": {"replication-method": "FULL_TABLE"}})
    settings = {"TAP_DUMMY__METADATA": chosen, "TAP_DUMMY_COUNT": "1000"}
    project.meltano("run", "tap-dummy", "target-jsonl", **settings)
    assert len(project.loaded("events")) == 1000


def test_a_deselected_field_is_not_loaded(project: Project) -> None:
    """Selection made in Meltano reaches the records, nested fields too."""
    project.forget_loaded()
    project.meltano("select", "tap-dummy", "events", "*")
    project.meltano("select", "tap-dummy", "events", "user.email", "--exclude")
    project.meltano("run", "--full-refresh", "tap-dummy", "target-jsonl", TAP_DUMMY_COUNT="3")
    events = project.loaded("events")
    assert [sorted(event["user"]) for event in events] == [["country", "id"]] * 3
    assert project.loaded("plants") == []


def test_tap_hubspot_goes_on_from_the_state_meltano_keeps(project: Project) -> None:
    """The first run reads all contacts, the next what changed, came or was archived since."""
    project.forget_loaded()
    with HubSpot(Clock(datetime(2026, 3, 1, 12, tzinfo=UTC)), limits=unlimited()) as api:
        settings = {
            "TAP_HUBSPOT_BASE_URL": api.base_url,
            "TAP_HUBSPOT_AUTHENTICATION_TYPE": "api_key",
            "TAP_HUBSPOT_AUTHENTICATION_PARAMS_TOKEN": TOKEN,
            "TAP_HUBSPOT_ARCHIVED": "true",
        }
        for number in range(4):
            api.portal.create("contacts", {"lastname": str(number)})
        api.clock.wait(1000)
        project.meltano("run", "tap-hubspot", "target-jsonl", **settings)
        assert [row["lastname"] for row in project.loaded("contacts")] == ["0", "1", "2", "3"]
        first = project.state("tap-hubspot")["contacts"]
        assert first["in_progress"] is None
        api.clock.wait(1000)
        changed, archived, *_ = api.portal.ids("contacts")
        api.portal.change("contacts", changed, {"lastname": "new"})
        api.portal.archive("contacts", archived)
        api.portal.create("contacts", {"lastname": "came"})
        api.clock.wait(1000)
        project.meltano("run", "tap-hubspot", "target-jsonl", **settings)
    rows = [(row["lastname"], row["archived"]) for row in project.loaded("contacts")]
    assert rows == [("new", False), ("came", False), ("1", True)]
    second = project.state("tap-hubspot")["contacts"]
    assert second["state"]["read_until"] > first["state"]["read_until"]
    assert project.loaded("companies") == []


def test_nested_settings_reach_the_tap_from_the_environment(project: Project) -> None:
    """A dotted setting is a flat variable for Meltano and an object for the tap."""
    settings = {
        "TAP_DUMMY_AUTHENTICATION_TYPE": "api_key",
        "TAP_DUMMY_AUTHENTICATION_PARAMS_TOKEN": "canary-secret-1",
    }
    assert "valid" in project.meltano("config", "test", "tap-dummy", **settings)
    shown = json.loads(project.meltano("config", "print", "tap-dummy", "--format=json", **settings))
    assert shown["authentication"] == {"type": "api_key", "params": {"token": "*****"}}


def test_a_new_source_is_a_meltano_project(tmp_path: Path) -> None:
    """What `bizon-singer new` writes is installed and run as it is, and goes on from its state."""
    create("shop", tmp_path / "shop")
    shop = Folder(tmp_path / "shop")
    shop.meltano("install")
    shop.meltano("run", "tap-shop", "target-jsonl")
    assert [item["id"] for item in shop.loaded("items")] == [1, 2, 3]
    shop.meltano("run", "tap-shop", "target-jsonl")
    assert shop.loaded("items") == []
