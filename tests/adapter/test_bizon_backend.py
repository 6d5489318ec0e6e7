"""The tables of a Bizon backend, whole and broken, and the STATE that goes on from them.

What Bizon itself writes is read in tests/real_bizon/test_backend.py; here are tables of older
versions and ones nobody should have.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.bizon_backend import open_backend
from bizon_singer.bizon_state import state_of
from bizon_singer.bookmark import Bookmark, Intent
from bizon_singer.errors import BizonSingerError, ConfigError
from tests.commands.process import CANARY, assert_refused, tap

JOBS = """CREATE TABLE stream_jobs (id VARCHAR, name VARCHAR, source_name VARCHAR,
  stream_name VARCHAR, sync_mode VARCHAR, created_at DATETIME, status VARCHAR{more})"""
CURSORS = """CREATE TABLE destination_cursors (job_id VARCHAR, to_source_iteration INTEGER,
  success BOOLEAN, pagination VARCHAR)"""
JOB = ("1", "nightly", "mine", "things", "incremental", "2024-05-01 07:00:00.000000", "succeeded")


def database(folder: Path, *jobs: tuple[Any, ...], cursors: Any = (), more: str = "") -> str:
    """Make a backend of an old version: without resets, and maybe without custom state."""
    path = folder / "old.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(JOBS.format(more=more))
        if cursors:
            connection.execute(CURSORS)
        for table, rows in (("stream_jobs", jobs), ("destination_cursors", cursors)):
            for row in rows:
                marks = ",".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        connection.commit()
    return str(path)


def state(url: str) -> dict[str, Any]:
    """Return the bookmarks a backend gives."""
    with open_backend(url) as backend:
        bookmarks: dict[str, Any] = state_of(backend)["bookmarks"]
        return bookmarks


def test_tables_of_an_older_version_are_read(tmp_path: Path) -> None:
    """Without resets, cursors and custom state there is the start of the last run."""
    bookmark: Any = {"last_run": "2024-05-01T07:00:00Z", "state": {}, "in_progress": None}
    assert state(database(tmp_path, JOB)) == {"things": bookmark}


@pytest.mark.parametrize("form", ["sqlite:///{}", "sqlite+pysqlite:///{}?timeout=3", "{}"])
def test_a_database_is_found_in_each_form(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative or absolute, with Bizon's suffix or without."""
    database(tmp_path, JOB)
    monkeypatch.chdir(tmp_path)
    for path in ("old.sqlite3", "old", f"{tmp_path}/old", "./old.sqlite3"):
        assert state(form.format(path))["things"]["last_run"] == "2024-05-01T07:00:00Z"


def test_a_place_taken_over_is_believed_whatever_the_settings(tmp_path: Path) -> None:
    """A backend knows none of them; a first run that was interrupted goes on as well."""
    running = (*JOB[:6], "running")
    cursors = [("1", 0, True, '{"a": 1}'), ("1", 1, 1, '{"$type": "x"}'), ("1", 2, 0, "{}")]
    bookmark = state(database(tmp_path, running, cursors=cursors))["things"]
    assert bookmark["last_run"] is None
    now = datetime(2024, 6, 1, tzinfo=UTC)
    start = Bookmark("things", bookmark).begin(Intent("incremental", "sha256:…"), now)
    assert (start.resumed, start.pages, start.pagination) == (True, 2, {"$type": "x"})
    assert start.source_state is None


STATE = ", incremental_state VARCHAR"


@pytest.mark.parametrize(
    ("job", "more", "words"),
    [
        ((*JOB[:5], "yesterday", JOB[6]), "", "the created_at of a job of stream 'things'"),
        ((*JOB[:5], None, JOB[6]), "", "the created_at of a job of stream 'things'"),
        ((*JOB, "{'seen': 1}"), STATE, "the incremental_state of a job of stream 'things'"),
        ((*JOB, "[1]"), STATE, "the incremental_state of a job of stream 'things'"),
    ],
)
def test_what_bizon_does_not_write_is_refused(
    tmp_path: Path, job: tuple[Any, ...], more: str, words: str
) -> None:
    """A watermark is not guessed."""
    with pytest.raises(BizonSingerError, match=words) as caught:
        state(database(tmp_path, job, more=more))
    assert caught.value.exit_code == 2


def test_what_is_no_backend_is_refused(tmp_path: Path) -> None:
    """Other databases, other files, none at all: with what to give."""
    (tmp_path / "text").write_text("no database at all, but a text of some length\n" * 99)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t (a)")
    for url, words in (
        (str(tmp_path / "text"), "is no SQLite database"),
        (str(tmp_path), "there is no database"),
        (str(other), "holds no jobs of Bizon"),
        (database(tmp_path), "holds no jobs of Bizon"),
        ("bigquery://project/dataset", "a backend of the kind 'bigquery' cannot be read"),
        ("postgresql://me@host:port/db", "the port of the backend is none"),
        ("postgresql://[", "the address of the backend cannot be read"),
    ):
        assert_refused(tap("bizon-singer", "state", "from-bizon", url), words)


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a password in the address is not shown."""
    for name in ("pg8000", "pg8000.native"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r"pip install 'bizon-singer\[postgres\]'") as caught:
        state(f"postgresql://me:{CANARY}@localhost/x")
    assert CANARY not in str(caught.value)


def test_the_command_explains_itself() -> None:
    """Its help is on stdout; without a backend there is nothing to read."""
    shown = tap("bizon-singer", "state", "from-bizon", "--help")
    assert shown.code == 0
    assert b"--pipeline" in shown.stdout
    assert_refused(tap("bizon-singer", "state", "from-bizon"), "Missing argument 'BACKEND'")
