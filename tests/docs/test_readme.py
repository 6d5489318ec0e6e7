"""What the documents say is what happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bizon_singer import errors
from bizon_singer.settings import AdapterSettings
from bizon_singer.source.config import SourceConfig
from bizon_singer.testing import check, read
from tests.adapter.test_bizon_backend import JOB, database
from tests.commands.process import source_file, write
from tests.fakes.pokeapi import PokeApi

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
README = (CHECKOUT / "README.md").read_text()
QUAKES = 450
TARGET = f"""#!{sys.executable}
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "RECORD":
        print(message["stream"], file=open("loaded", "a"))
    elif message["type"] == "STATE":
        state = message["value"]
print(json.dumps(state))
"""
"""Loads the name of each record's stream, and prints the last STATE, as targets do."""


class _Quakes(BaseHTTPRequestHandler):
    """Answers as the USGS event service does: GeoJSON features from an offset on."""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        first, limit = int(query["offset"][0]), int(query["limit"][0])
        numbers = range(first, min(first + limit, QUAKES + 1))
        features = [
            {
                "type": "Feature",
                "id": f"us{number}",
                "properties": {"mag": number / 100, "place": "off the coast", "time": number},
                "geometry": {"type": "Point", "coordinates": [1.5, -2.5, 10]},
            }
            for number in numbers
        ]
        body = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def quake_service() -> Iterator[str]:
    """A local stand-in for the USGS event service."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Quakes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def blocks(language: str) -> list[str]:
    """Return the code blocks of the README in one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_custom_source_of_the_readme_is_a_tap(quake_service: str, tmp_path: Path) -> None:
    """The block, with only its host replaced, reads every quake in valid messages."""
    code, _ = blocks("python")
    path = tmp_path / "quakes.py"
    path.write_text(code.replace("https://earthquake.usgs.gov", quake_service))
    shown = re.search(r"`python (quakes.py[^|`]*) \| target-jsonl`", README)
    assert shown is not None
    command = [sys.executable, *shown[1].split()]
    write(tmp_path / "config.json", {"details": True, "stream": "berry"})  # left by the part above
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert check(done.stdout) == []
    assert len(list(read(done.stdout).of("RECORD"))) == QUAKES


def script_with(words: str) -> str:
    """Return the one block of commands that has some words."""
    (script,) = [block for block in blocks("sh") if words in block]
    return script


def as_printed(
    folder: Path, script: str, target: str = "#!/bin/sh\nexec cat\n"
) -> subprocess.CompletedProcess[bytes]:
    """Run a block of commands, with a target that only copies unless another one is given."""
    write(folder / "bin" / "target-jsonl", target)
    (folder / "bin" / "target-jsonl").chmod(0o755)
    path = f"{Path(sys.executable).parent}:{folder / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "TOKEN": "canary"},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done


def test_the_commands_to_use_a_tap_work(tmp_path: Path) -> None:
    """As they are printed, but for the installing, and the API: the second run has its STATE."""
    installing, _, script = script_with("tap-pokeapi --config").partition("echo ")
    assert installing.startswith("pip install '.[all]'\npython -m venv targets && ")
    assert installing.count("\n") == 2
    with PokeApi(counts={"berry": 20}) as api:
        script = script.replace('"berry"', f'"berry", "base_url": "{api.base_url}"')
        done = as_printed(tmp_path, f"echo {script}", TARGET)
    assert (tmp_path / "loaded").read_text().splitlines() == ["berry"] * 40
    states = list(map(json.loads, (tmp_path / "states.jsonl").read_text().splitlines()))
    assert states[-1] == json.loads((tmp_path / "state.json").read_text())
    before, after = (value["bookmarks"]["berry"] for value in (states[-1], json.loads(done.stdout)))
    assert after["last_run"] > before["last_run"]


def test_the_commands_for_a_file_of_your_own_work(tmp_path: Path) -> None:
    """As they are printed, with a source in the file they name."""
    source_file(tmp_path)
    done = as_printed(tmp_path, script_with("tap-bizon --config config.json --discover"))
    assert len(list(read(done.stdout).of("RECORD"))) == 6
    assert json.loads((tmp_path / "catalog.json").read_text())["streams"]


def test_the_commands_for_moving_over_work(tmp_path: Path) -> None:
    """As they are printed, over a backend whose last run is done."""
    Path(database(tmp_path, JOB)).replace(tmp_path / "bizon.sqlite3")
    pipeline = {"source": {"name": "mine", "stream": "things"}, "name": "nightly"}
    pipeline["source"] |= {"source_file_path": source_file(tmp_path)}  # type: ignore[operator]
    write(tmp_path / "pipeline.yml", pipeline)
    done = as_printed(tmp_path, script_with("bizon-singer state from-bizon"))
    assert len(list(read(done.stdout).of("RECORD"))) == 6
    first = next(read(done.stdout).of("STATE")).body["value"]
    assert first["bookmarks"]["things"]["last_run"] == "2024-05-01T07:00:00Z"


def test_the_commands_to_try_a_source_work(tmp_path: Path) -> None:
    """As they are printed, with a source in the file they name."""
    source_file(tmp_path)
    write(tmp_path / "config.json", {"max_iterations": 2})
    done = as_printed(tmp_path, script_with("bizon-singer preview"))
    assert b"[Full refresh only]  - things" in done.stdout
    assert b"a record was read" in done.stdout


def test_the_commands_to_write_a_source_work(tmp_path: Path) -> None:
    """As they are printed: one is made, and another one judged."""
    source_file(tmp_path)
    write(tmp_path / "config.json", {"max_iterations": 2})
    done = as_printed(tmp_path, script_with("bizon-singer new"))
    assert (tmp_path / "quakes" / "quakes_source.py").is_file()
    assert b"note BZ02: Source has no get_records_after()" in done.stdout
    assert b"kept     a_killed_run_goes_on" in done.stdout


def test_the_custom_source_is_as_short_as_its_title_says() -> None:
    """Fifteen lines of code, imports and blank lines aside from the docstring included."""
    code, _ = blocks("python")
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith('"""')]
    assert len(lines) <= 15


def test_every_setting_of_every_tap_is_in_the_table() -> None:
    """A setting nobody can find does not exist."""
    table = README.partition("## Settings of every tap")[2].partition("## What is in")[0]
    hidden = {"name", "init_pipeline", "source_file_path", "api_config", "http"}
    of_the_sdk = ("stream_map", "flattening_", "faker_")
    for name in (set(AdapterSettings.model_fields) | set(SourceConfig.model_fields)) - hidden:
        assert name.startswith(of_the_sdk) or f"`{name}`" in table, name


def test_every_exit_code_is_in_the_table() -> None:
    """The codes of the error classes are those of the documents."""
    table = README.partition("## How a run ends")[2]
    codes = {
        value.exit_code
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.BizonSingerError)
    }
    for code in codes - {1}:
        assert re.search(rf"^\| (\d+, )?{code}\b", table, re.MULTILINE), code


def test_every_command_of_the_readme_exists() -> None:
    """What a reader types is there."""
    scripts = (CHECKOUT / "pyproject.toml").read_text().partition("[project.scripts]")[2]
    for command in {"bizon-singer", *re.findall(r"\btap-[a-z]+", README)}:
        assert f"{command} = " in scripts, command


def test_every_target_of_the_readme_exists() -> None:
    """`make …` in the README names targets of the Makefile."""
    makefile = (CHECKOUT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_link_to_a_file_leads_somewhere() -> None:
    """No dead link within the repository."""
    for target in re.findall(r"\]\((?!http|#)([^)#]+)\)", README):
        assert (CHECKOUT / target).exists(), target
