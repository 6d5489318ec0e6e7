"""meltano.yml says of each tap what the tap says of itself."""

from __future__ import annotations

from importlib.metadata import entry_points, metadata
from typing import Any

import pytest
import yaml

from bizon_singer.source.config import SourceConfig
from bizon_singer.workbench.installed import installed_taps
from tests.adapter.test_config_schema import nodes
from tests.docs.test_readme import CHECKOUT

EXTRACTORS: list[dict[str, Any]] = yaml.safe_load((CHECKOUT / "meltano.yml").read_text())[
    "plugins"
]["extractors"]
SCRIPTS = {script.name: script for script in entry_points(group="console_scripts")}
FILE_OF_YOUR_OWN = "tap-bizon"
"""Its settings are those of the file, which meltano.yml cannot know."""


def test_every_tap_is_there() -> None:
    """Under the name of its command."""
    ours = {name for name, script in SCRIPTS.items() if "bizon_" in script.value}
    taps = {name for name in ours if name.startswith("tap-")}
    assert {extractor["executable"] for extractor in EXTRACTORS} == taps
    assert all(extractor["name"] == extractor["executable"] for extractor in EXTRACTORS)


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda extractor: extractor["name"])
def test_its_extra_is_one(extractor: dict[str, Any]) -> None:
    """What `pip_url` installs brings the tap's client."""
    extra = extractor["pip_url"].partition("[")[2].rstrip("]")
    extras = metadata("bizon-singer").get_all("Provides-Extra") or []
    assert not extra or extra in extras
    assert extra or extractor["name"].removeprefix("tap-") not in {"kafka", "gsheets"}


@pytest.mark.parametrize(
    "extractor",
    [item for item in EXTRACTORS if item["name"] != FILE_OF_YOUR_OWN],
    ids=lambda extractor: extractor["name"],
)
def test_its_settings_are_the_tap_s(extractor: dict[str, Any]) -> None:
    """Each is known to the tap, and sensitive if the tap calls it a secret."""
    tap_class = installed_taps()[extractor["name"].removeprefix("tap-")].load()
    known = {path: node for path, _, node in nodes(tap_class.config_jsonschema)}
    for setting in extractor["settings"]:
        node = known.get(setting["name"])
        assert node is not None, setting["name"]
        assert setting.get("sensitive", False) == node.get("secret", False), setting["name"]


@pytest.mark.parametrize(
    "extractor",
    [item for item in EXTRACTORS if item["name"] != FILE_OF_YOUR_OWN],
    ids=lambda extractor: extractor["name"],
)
def test_no_setting_of_a_tap_s_own_is_missing(extractor: dict[str, Any]) -> None:
    """What only this tap has can be set, those of a group one by one."""
    tap_class = installed_taps()[extractor["name"].removeprefix("tap-")].load()
    own = {
        name
        for source_class in tap_class.source_classes
        for name in source_class.get_config_class().model_fields.keys() - SourceConfig.model_fields
    }
    assert own <= {setting["name"].partition(".")[0] for setting in extractor["settings"]}
