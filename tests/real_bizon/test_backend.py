"""`bizon-singer state from-bizon`: a tap goes on where a pipeline of Bizon stopped.

The tables are made and filled by the backend of the real package bizon.
"""

from __future__ import annotations

import getpass
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.commands.process import (
    CANARY,
    assert_failed,
    assert_no_secret,
    assert_refused,
    last_state,
    records,
    tap,
    write,
)
from tests.process.commands import Finished, run
from tests.real_bizon.test_real_bizon import TAP, pytestmark

__all__ = ["pytestmark"]

HERE = Path(__file__).parent
SOURCE = str(HERE.parent / "sources" / "tail.py")
POSTGRES_USER = "postgres"
"""The server refuses to run as root; where the tests do, it is run as this user."""


def made_by_bizon(kind: str, config: dict[str, Any], timezone: str = "") -> None:
    """Let Bizon's own backend make its tables and fill them."""
    script = str(HERE / "pipeline_run.py")
    done = run([str(TAP.with_name("python")), script, kind, json.dumps(config), timezone])
    assert done.code == 0, done.stderr


def from_bizon(backend: str, *options: str, **environment: str) -> Finished:
    """Run the command."""
    arguments = ("state", "from-bizon", backend, *options)
    done = tap("bizon-singer", *arguments, env=environment)
    assert_no_secret(done)
    return done


def goes_on(folder: Path, state: Any, **settings: Any) -> Finished:
    """Run a tap over the same source from a STATE."""
    config = {"source_file_path": SOURCE, **settings}
    given = ["--state", write(folder / "state.json", state)]
    done = tap("tap-bizon", "--config", write(folder / "config.json", config), *given)
    assert done.code == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite backend."""
    path = tmp_path_factory.mktemp("sqlite") / "bizon"
    made_by_bizon("sqlite", {"database": str(path), "schema": "public"})
    return path.with_name("bizon.sqlite3")


def test_a_run_goes_on_where_the_destination_stands(database: Path, tmp_path: Path) -> None:
    """With the start of the run before, its custom state, and the start of the unfinished one."""
    done = from_bizon(f"sqlite:///{database}", "--pipeline", "nightly")
    assert done.code == 0, done.stderr
    state = json.loads(done.stdout)
    entries = state["bookmarks"]["entries"]
    assert (entries["last_run"], entries["state"]) == ("2024-05-03T07:00:00Z", {"seen": 12})
    progress = entries["in_progress"]
    assert (progress["pages"], progress["pagination"]) == (2, {"first": 20})
    assert progress["started_at"] == "2024-05-06T07:00:00Z"
    rest = goes_on(tmp_path, state, stream="entries")
    assert [item["number"] for item in records(rest)] == list(range(20, 30))
    assert {item["since"] for item in records(rest)} == {"05-03 07:00 05-06 07:00"}
    after = last_state(rest)["bookmarks"]["entries"]
    assert (after["last_run"], after["state"]) == ("2024-05-06T07:00:00Z", {"seen": 30})
    later = goes_on(tmp_path, last_state(rest), stream="entries", count=32)
    assert [item["number"] for item in records(later)] == [30, 31]


def test_what_bizon_begins_anew_begins_anew(database: Path, tmp_path: Path) -> None:
    """A full refresh, a stream to be reset, a run that had read all; each is said."""
    done = from_bizon(str(database), "--pipeline", "nightly")
    bookmarks = json.loads(done.stdout)["bookmarks"]
    found = {name: (mark["last_run"], mark["in_progress"]) for name, mark in bookmarks.items()}
    del found["entries"]
    assert found == {
        "exhausted": ("2024-05-02T07:00:00Z", None),
        "quiet": ("2024-05-02T07:00:00Z", None),
        "reset": (None, None),
    }
    for words in (
        "Stream 'entries' goes on after page 2 of its unfinished run.",
        "Stream 'exhausted' has an unfinished run without a cursor; its next run starts anew.",
        "Stream 'quiet' has an unfinished run of the mode full_refresh, which Bizon does not",
        "Stream 'reset' is to be reset; it is read from its beginning.",
    ):
        assert done.stderr.count(words) == 1, done.stderr
    everything = goes_on(tmp_path, json.loads(done.stdout))
    counts = {name: len(records(everything, name)) for name in bookmarks}
    assert counts == {"entries": 10, "exhausted": 30, "quiet": 30, "reset": 30}


def test_one_of_two_pipelines_has_to_be_chosen(database: Path) -> None:
    """A STATE has one bookmark for a stream."""
    path = str(database.with_suffix(""))  # as engine.backend has it
    assert_refused(from_bizon(path), "read by 2 pipelines, hourly, nightly", "by --pipeline")
    hourly = json.loads(from_bizon(path, "--pipeline", "hourly", "--source", "mine").stdout)
    assert hourly["bookmarks"]["entries"]["last_run"] == "2024-05-07T07:00:00Z"
    refused = from_bizon(path, "--pipeline", "nigthly")
    assert_refused(refused, "no job of a pipeline 'nigthly' (did you mean `nightly`?)")
    refused = from_bizon(path, "--source", "x")
    assert_refused(refused, "no job of a source 'x'; there are mine")


# PostgreSQL


@dataclass(frozen=True)
class Server:
    """A server of this test."""

    port: int

    def url(self, password: str = CANARY, database: str = "bizon") -> str:
        """Return where its database is."""
        return f"postgresql+psycopg2://{POSTGRES_USER}:{password}@127.0.0.1:{self.port}/{database}"


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, None if it is not installed."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return places[-1] if places else None


def free_port() -> int:
    """Return a port that was free a moment ago: PostgreSQL cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL of this test, whose passwords are checked."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed; apt install postgresql")
    # Not in a folder of pytest's, whose other runs take it from everybody but its owner.
    with TemporaryDirectory() as folder:
        yield from started(programs, Path(folder))


def started(programs: Path, folder: Path) -> Iterator[Server]:
    """Start a server in a folder; stop it afterwards."""
    user = None
    if getpass.getuser() == "root":
        try:
            shutil.chown(folder, POSTGRES_USER)
        except LookupError:
            pytest.skip(f"PostgreSQL does not run as root, and there is no user {POSTGRES_USER}")
        user = POSTGRES_USER

    def program(name: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / name), *arguments],
            user=user,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )

    password = folder / "password"
    password.write_text(CANARY)
    password.chmod(0o644)
    data = str(folder / "data")
    program(
        "initdb",
        "-D",
        data,
        "-U",
        POSTGRES_USER,
        "--auth=scram-sha-256",
        "-N",
        f"--pwfile={password}",
    )
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    program("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
    try:
        yield Server(port)
    finally:
        program("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """The server with the tables of Bizon, in a time zone ahead of UTC."""
    config = {
        "host": "127.0.0.1",
        "port": server.port,
        "username": POSTGRES_USER,
        "password": CANARY,
        "database": "postgres",
        "schema": "public",
    }
    made_by_bizon("postgres", config, "Europe/Paris")
    return server


def test_a_backend_in_postgresql_is_read(filled: Server, tmp_path: Path) -> None:
    """Times it keeps in a zone of its own are not taken for later than they were."""
    url = filled.url(database="postgres")
    done = from_bizon("env://BACKEND", "--pipeline", "nightly", BACKEND=url)
    assert done.code == 0, done.stderr
    state = json.loads(done.stdout)
    entries = state["bookmarks"]["entries"]
    assert (entries["last_run"], entries["state"]) == ("2024-05-03T07:00:00Z", {"seen": 12})
    assert entries["in_progress"]["pagination"] == {"first": 20}
    assert state["bookmarks"]["reset"]["last_run"] is None
    rest = goes_on(tmp_path, state, stream="entries")
    assert [item["number"] for item in records(rest)] == list(range(20, 30))


def test_what_keeps_a_backend_in_postgresql_from_being_read_is_said(server: Server) -> None:
    """Another password, no such database, no tables, no TLS, no server."""
    refused = from_bizon(server.url(password="another-one"))
    assert_failed(refused, "on 127.0.0.1 refuses this user; mend user and password", code=3)
    assert "another-one" not in refused.stderr
    assert_failed(from_bizon(server.url()), "'bizon' on 127.0.0.1 does not exist", code=2)
    empty = from_bizon(server.url(database="template1"))
    assert_failed(empty, "the database holds no jobs of Bizon", code=2)
    tls = from_bizon(server.url(database="template1") + "?sslmode=require")
    assert_failed(tls, "does not answer", code=5)
    nobody = Server(free_port())
    assert_failed(from_bizon(nobody.url()), "does not answer", code=5)
