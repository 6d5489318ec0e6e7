"""tap-bizon: a file of one's own, named in any way, with and without the real Bizon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.process import (
    AUTHENTICATION,
    CANARY,
    assert_failed,
    assert_no_secret,
    assert_refused,
    last_state,
    messages,
    records,
    script,
    source_file,
    tap,
    write,
)


def test_the_file_is_found_from_the_working_directory(tmp_path: Path) -> None:
    """A relative path with spaces, from where the command is started."""
    source_file(tmp_path / "a folder", name="my source.py")
    config = write(tmp_path / "c.json", {"source_file_path": "a folder/my source.py"})
    done = tap("tap-bizon", "--config", config, cwd=tmp_path)
    assert [record["number"] for record in records(done)] == list(range(6))
    assert done.code == 0


def test_everything_can_come_from_the_environment(tmp_path: Path) -> None:
    """`--config ENV`: the file too, also from a .env file; objects as JSON."""
    source = source_file(tmp_path)
    (tmp_path / ".env").write_text(f"TAP_BIZON_SOURCE_FILE_PATH={source}\n")
    env = {
        "TAP_BIZON_MAX_ITERATIONS": "1",
        "TAP_BIZON_ENVELOPE": "yes",
        "TAP_BIZON_AUTHENTICATION": json.dumps(AUTHENTICATION),
    }
    done = tap("tap-bizon", "--config", "ENV", env=env, cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert [set(record) for record in records(done)] == [
        {"_source_record_id", "_source_timestamp", "_source_destination_id", "_source_data"}
    ] * 2
    assert_no_secret(done)


def test_a_bad_variable_is_named() -> None:
    """The variable, and the form it needs."""
    done = tap("tap-dummy", "--config", "ENV", env={"TAP_DUMMY_API_CONFIG": "{canary"})
    assert_refused(done, "TAP_DUMMY_API_CONFIG must hold an object, written as JSON")


def test_a_token_in_a_variable_of_its_own_is_used_and_never_seen(tmp_path: Path) -> None:
    """`--config ENV`, as Meltano spells it: it goes to the source, and masked to everybody else."""
    body = "raise ValueError(self.config.authentication.params.token)"
    config = {"source_file_path": source_file(tmp_path, body), "authentication": {"type": "bearer"}}
    path = write(tmp_path / "config.json", config)
    env = {"TAP_BIZON_AUTHENTICATION_PARAMS_TOKEN": CANARY}
    done = tap("tap-bizon", "--config", path, "--config", "ENV", env=env)
    assert_failed(done, "the source raised ValueError: [REDACTED]", code=1)


def test_later_config_files_win(tmp_path: Path) -> None:
    """Several of them, JSON or YAML, and the environment over all."""
    first = write(tmp_path / "a.json", {"source_file_path": "nowhere.py", "max_iterations": 1})
    second = write(tmp_path / "b.yml", f"source_file_path: {source_file(tmp_path)}\n")
    env = {"TAP_BIZON_MAX_ITERATIONS": "2"}
    plain = tap("tap-bizon", "--config", first, f"--config={second}")
    with_env = tap("tap-bizon", "--config", "ENV", "--config", first, "--config", second, env=env)
    assert (len(records(plain)), len(records(with_env))) == (2, 4)


def test_a_config_may_come_through_a_pipe(tmp_path: Path) -> None:
    """`--config <(secrets)`: what can be read only once is read only once."""
    config = write(tmp_path / "c.json", {"source_file_path": source_file(tmp_path)})
    command = f"{Path(sys.executable).parent}/tap-bizon --config <(cat '{config}')"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b'"RECORD"') == 6


SEVERAL = """
from bizon.source.models import SourceIteration, SourceRecord
from bizon.source.source import AbstractSource
from abc import abstractmethod

class Base(AbstractSource):
    @abstractmethod
    def word(self): ...
    def get(self, pagination=None):
        record = SourceRecord(id="1", data={"word": self.word()})
        return SourceIteration(next_pagination={}, records=[record])

class Zebra(Base):
    @staticmethod
    def streams(): return ["zebras"]
    def word(self): return "z"

class Helper:
    pass

class Ant(Base):
    @staticmethod
    def streams(): return ["ants", "queens"]
    def word(self): return self.config.stream
"""


def test_all_sources_of_a_file_are_one_tap(tmp_path: Path) -> None:
    """Abstract and helper classes are left out, the streams keep the order of the file."""
    source = source_file(tmp_path, text=SEVERAL)
    config = write(tmp_path / "c.json", {"source_file_path": source})
    done = tap("tap-bizon", "--config", config)
    assert [record["word"] for record in records(done)] == ["z", "ants", "queens"]
    found = tap("tap-bizon", "--config", config, "--discover")
    names = [entry["stream"] for entry in json.loads(found.stdout)["streams"]]
    assert names == ["zebras", "ants", "queens"]
    catalog = write(tmp_path / "catalog.json", found.stdout.decode())
    again = tap("tap-bizon", "--config", config, "--catalog", catalog)
    assert [r["word"] for r in records(again)] == ["z", "ants", "queens"]


# With the real Bizon installed: its package is played by one of our own.

REAL = {
    "config": """
        from enum import Enum
        from typing import Optional
        from pydantic import BaseModel, Field

        class SourceSyncModes(str, Enum):
            FULL_REFRESH = "full_refresh"
            INCREMENTAL = "incremental"

        class AuthConfig(BaseModel):
            type: str
            params: dict

        class SourceConfig(BaseModel):
            name: str = Field(..., description="Name of the source.")
            stream: str = Field(..., description="Name of the stream.")
            sync_mode: SourceSyncModes = SourceSyncModes.FULL_REFRESH
            authentication: Optional[AuthConfig] = None
            max_iterations: Optional[int] = None
        """,
    "models": """
        from datetime import datetime, timezone
        from typing import List, Optional
        from pydantic import BaseModel, Field

        class SourceRecord(BaseModel):
            id: str
            data: dict
            timestamp: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))
            destination_id: Optional[str] = None

        class SourceIteration(BaseModel):
            next_pagination: dict
            records: List[SourceRecord]
        """,
    "source": """
        from abc import ABC, abstractmethod
        import requests

        class AbstractSource(ABC):
            REAL = True
            def __init__(self, config):
                self.config = config
                self.session = requests.Session()
            @staticmethod
            @abstractmethod
            def streams(): ...
            @staticmethod
            @abstractmethod
            def get_config_class(): ...
            @abstractmethod
            def get(self, pagination=None): ...
            def get_records_after(self, source_state, pagination=None):
                pass
            def commit(self):
                pass
        """,
}


@pytest.fixture
def real(tmp_path: Path) -> dict[str, str]:
    """An environment in which a package bizon is installed."""
    package = tmp_path / "site" / "bizon" / "source"
    package.mkdir(parents=True)
    for name, text in REAL.items():
        lines = text.splitlines()
        (package / f"{name}.py").write_text("\n".join(line[8:] for line in lines) + "\n")
    return {"PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def test_with_the_real_bizon_its_own_classes_are_used(tmp_path: Path, real: dict[str, str]) -> None:
    """Its records, pages and settings pass through; nothing of ours is put in their place."""
    proof = "import bizon.source.source as s; assert s.AbstractSource.REAL and type(self).REAL"
    config: dict[str, Any] = {
        "source_file_path": source_file(tmp_path, proof),
        "authentication": AUTHENTICATION,
    }
    path = write(tmp_path / "c.json", config)
    done = tap("tap-bizon", "--config", path, env=real)
    assert done.code == 0, done.stderr
    assert [record["number"] for record in records(done)] == list(range(6))
    assert records(done)[0]["_source_timestamp"].endswith("Z")
    assert last_state(done)["bookmarks"]["things"]["in_progress"] is None
    assert_no_secret(done)
    config["authentication"] = {"type": "api_key", "parms": AUTHENTICATION["params"]}
    write(tmp_path / "c.json", config)
    done = tap("tap-bizon", "--config", path, env=real)
    assert_refused(done, "`authentication.parms` (did you mean `params`?)")


def test_with_the_real_bizon_incremental_is_what_overrides_its_method(
    tmp_path: Path, real: dict[str, str]
) -> None:
    """Its own `get_records_after` does nothing: only a source that has one is incremental."""
    text = Path(source_file(tmp_path)).read_text()
    write(tmp_path / "c.json", {"source_file_path": source_file(tmp_path, text=text)})
    plain = tap("tap-bizon", "--config", str(tmp_path / "c.json"), "--discover", env=real)
    method = "\n    def get_records_after(self, source_state, pagination=None):\n        pass\n"
    source_file(tmp_path, text=text + method)
    own = tap("tap-bizon", "--config", str(tmp_path / "c.json"), "--discover", env=real)
    entries = [json.loads(done.stdout)["streams"][0] for done in (plain, own)]
    assert [e["replication_method"] for e in entries] == ["FULL_TABLE", "INCREMENTAL"]


# run(MySource): a file that is a tap by itself

QUAKES = """
from bizon_singer import AbstractSource, SourceIteration, SourceRecord, run

class QuakeSource(AbstractSource):
    @staticmethod
    def streams() -> list[str]:
        return ["quakes"]

    def get(self, pagination: dict | None = None) -> SourceIteration:
        offset = (pagination or {}).get("offset", 1)
        quakes = range(offset, min(offset + 2, 6))
        print("printed")
        records = [SourceRecord(id=str(q), data={"quake": q}) for q in quakes]
        next_pagination = {"offset": offset + 2} if quakes else {}
        return SourceIteration(records=records, next_pagination=next_pagination)

if __name__ == "__main__":
    run(QuakeSource)
"""


def test_a_file_that_calls_run_is_a_tap(tmp_path: Path) -> None:
    """Fifteen lines, named after the class; without any config."""
    path = tmp_path / "quakes.py"
    path.write_text(QUAKES)
    done = script(path)
    assert done.code == 0, done.stderr
    assert [record["quake"] for record in records(done)] == [1, 2, 3, 4, 5]
    assert messages(done)[0]["type"] == "SCHEMA"
    answer = script(path, "--about", "--format", "json")
    assert json.loads(answer.stdout)["name"] == "tap-quake"


@pytest.mark.parametrize("guard", ['if __name__ == "__main__":', "if True:"])
def test_the_same_file_runs_under_tap_bizon(tmp_path: Path, guard: str) -> None:
    """Below `if __name__ == "__main__":` or not, run() is not in the way."""
    text = QUAKES.replace('if __name__ == "__main__":', guard)
    settings = {"TAP_BIZON_SOURCE_FILE_PATH": source_file(tmp_path, text=text)}
    done = tap("tap-bizon", "--config", "ENV", env=settings)
    assert done.code == 0, done.stderr
    assert len(records(done)) == 5


def test_run_says_what_a_source_lacks(tmp_path: Path) -> None:
    """A class that is no source is refused like a file without one."""
    path = tmp_path / "quakes.py"
    path.write_text(QUAKES.replace("def get(", "def fetch("))
    assert_refused(script(path), "QuakeSource does not implement get", "run() needs a source")
    path.write_text(QUAKES.replace("run(QuakeSource)", "run(dict)"))
    assert_refused(script(path), "dict is not derived from AbstractSource")
    path.write_text(QUAKES.replace("run(QuakeSource)", "run(QuakeSource(None))"))
    assert_refused(script(path), "an instance of QuakeSource is no class", "run() needs a source")
