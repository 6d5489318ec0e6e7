"""docs/moving.md names settings there are."""

from __future__ import annotations

import re

from bizon_singer.settings import AdapterSettings
from bizon_singer.source.config import SourceConfig
from tests.docs.test_readme import CHECKOUT

OF_THE_SDK = {"stream_maps"}
OF_TAP_BIZON = {"name", "source_file_path"}
OTHERS = {"FULL_TABLE", "INCREMENTAL"}


def test_the_table_names_settings_there_are() -> None:
    """A word in the second column that could be a setting is one."""
    text = (CHECKOUT / "docs" / "moving.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE)
    assert len(rows) > 15
    words = {word for _, here in rows for word in re.findall(r"`([a-zA-Z_]+)`", here)}
    known = {*AdapterSettings.model_fields, *SourceConfig.model_fields}
    columns = {word for word in words if word.startswith("_source_")}
    assert words - known - OF_THE_SDK - OF_TAP_BIZON - OTHERS - columns == set()
    assert words & known
