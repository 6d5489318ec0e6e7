"""A pipeline file of Bizon, YAML or JSON, is a config as it stands."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizon_singer.testing import check
from tests.commands.process import (
    CANARY,
    assert_no_secret,
    assert_refused,
    last_state,
    messages,
    records,
    source_file,
    tap,
    write,
)
from tests.process.commands import Finished

SOURCES = Path(__file__).parents[1] / "sources"

PIPELINE = """
name: nightly
source:
  name: mine
  stream: things
  source_file_path: SOURCE
  max_iterations: 2
  authentication: {type: api_key, params: {token: "env://SECRET_TOKEN"}}
destination: {name: bigquery, config: {password: canary-7f3a9c51e2d84b06}}
engine: {backend: {type: postgres}}
"""

ROUTED = """
name: nightly
source: {name: mine, stream: events, source_file_path: SOURCE, sync_mode: stream, max_iterations: 4}
streams:
  - name: orders
    source: {topic: shop.orders}
    destination:
      table_id: shop.raw.orders
      record_schema: [{name: number, type: INTEGER, mode: REQUIRED}]
      clustering_keys: [number]
  - {name: users, source: {topic: shop.users}, destination: {table_id: shop.raw.users}}
destination: {name: bigquery_streaming, config: {}}
"""


def test_a_pipeline_of_bizon_is_a_config(tmp_path: Path) -> None:
    """Its source is run as it stands, references included; the rest is said to be ignored."""
    path = write(tmp_path / "pipeline.yml", PIPELINE.replace("SOURCE", source_file(tmp_path)))
    env = {"SECRET_TOKEN": "canary-7f3a9c51e2d84b06"}
    done = tap("tap-bizon", "--config", path, env=env)
    assert done.code == 0, done.stderr
    assert len(records(done, "things")) == 4
    assert done.stderr.count("these sections are ignored: destination, engine") == 1
    assert_no_secret(done)


def test_the_routes_of_a_pipeline_are_streams(tmp_path: Path) -> None:
    """Two runs of four pages: together each record once, in its stream, and nothing in between."""
    pipeline = ROUTED.replace("SOURCE", str(SOURCES / "mixed.py"))
    path = write(tmp_path / "pipeline.yml", pipeline)
    first = tap("tap-bizon", "--config", path)
    state = write(tmp_path / "state.json", last_state(first))
    second = tap("tap-bizon", "--config", path, "--state", state)
    found: Counter[str] = Counter()
    for done in (first, second):
        assert done.code == 0, done.stderr
        assert done.stderr.count("these sections are ignored: destination.") == 1
        assert check(done.stdout) == []
        found.update({name: len(records(done, name)) for name in ("events", "orders", "users")})
        assert last_state(done)["bookmarks"].keys() == {"events"}
    numbers = [record["number"] for done in (first, second) for record in records(done)]
    assert sorted(numbers) == list(range(30))
    assert found == {"events": 10, "orders": 9, "users": 9}  # two go to a route nobody told of
    refused = write(tmp_path / "pipeline.yml", pipeline.replace("table_id", "table"))
    assert_refused(tap("tap-bizon", "--config", refused), "`streams.0.destination.table_id`")


def nightly(folder: Path, suffix: str = ".yml", **source: Any) -> Finished:
    """Run a pipeline over the ledger, an incremental source, from the STATE of the run before."""
    block = {"name": "mine", "stream": "entries", "source_file_path": str(SOURCES / "ledger.py")}
    pipeline = {
        "name": "nightly",
        "source": {**block, **source},
        "destination": {"name": "logger", "config": {}},
        "transforms": [],
    }
    text = json.dumps(pipeline) if suffix == ".json" else yaml.safe_dump(pipeline)
    path, state = write(folder / f"pipeline{suffix}", text), folder / "state.json"
    given = ["--state", str(state)] if state.exists() else []
    done = tap("tap-bizon", "--config", path, *given)
    assert done.code == 0, done.stderr
    assert done.stderr.count("these sections are ignored: destination, transforms.") == 1
    write(state, last_state(done))
    return done


@pytest.mark.parametrize("suffix", [".yml", ".json"])
def test_the_settings_of_its_source_are_honoured(tmp_path: Path, suffix: str) -> None:
    """`sync_mode`, `cursor_field`, `max_iterations`, `force_ignore_checkpoint`, its own ones."""
    mode = {"sync_mode": "incremental", "cursor_field": "changed", "count": 12, "page_size": 4}
    first = nightly(tmp_path, suffix, **mode, max_iterations=2)
    assert [item["number"] for item in records(first)] == list(range(8))
    again = nightly(tmp_path, suffix, **mode, force_ignore_checkpoint=True)
    assert [item["number"] for item in records(again)] == list(range(12))
    bookmark = last_state(again)["bookmarks"]["entries"]
    assert bookmark["replication_key"] == "changed"
    schema = next(item for item in messages(again) if item["type"] == "SCHEMA")
    assert schema["bookmark_properties"] == ["changed"]
    later = nightly(tmp_path, suffix, **{**mode, "count": 15})
    assert [item["number"] for item in records(later)] == list(range(9, 15))  # the ties again
    full = nightly(tmp_path, suffix, **{**mode, "sync_mode": "full_refresh"})
    assert [item["number"] for item in records(full)] == list(range(12))


def test_a_dotenv_file_beside_it_is_read(tmp_path: Path) -> None:
    """As `bizon run` does, from the working directory."""
    path = write(tmp_path / "pipeline.yml", PIPELINE.replace("SOURCE", source_file(tmp_path)))
    write(tmp_path / ".env", f"SECRET_TOKEN={CANARY}\n")
    done = tap("tap-bizon", "--config", path, cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert_no_secret(done)
    (tmp_path / ".env").unlink()
    done = tap("tap-bizon", "--config", path, cwd=tmp_path)
    assert_refused(done, "`authentication.params.token`", "SECRET_TOKEN, which is not set")
