"""Reads the tables in which a Bizon pipeline keeps where it stands: SQLite or PostgreSQL.

Nothing is written, and no table or column is needed that older versions of Bizon do not have.
"""

from __future__ import annotations

import json
import sqlite3
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bizon_singer.errors import (
    BizonSingerError,
    ConfigError,
    CredentialsError,
    StateError,
    TransientError,
)
from bizon_singer.redact import excerpt, redact

SQLITE_SUFFIX = ".sqlite3"
"""Bizon adds it to the name its configuration gives a database."""
POSTGRES_PORT = 5432
CONNECT_SECONDS = 10
FORMS = "give sqlite:///path.sqlite3, the path itself, or postgresql://user:password@host/database"

_REFUSED_LOGIN = frozenset({"28P01", "28000"})
_MISSING_TABLE = "42P01"
_EARLIEST = "least({0} AT TIME ZONE 'UTC', {0} AT TIME ZONE current_setting('TimeZone'))"
"""A time of PostgreSQL, which Bizon takes for UTC and PostgreSQL for the session's zone.

psycopg2 sends Bizon's times with their zone, and a column without one keeps them in that of the
session. The earlier of both readings is right or before it: nothing is skipped.
"""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """One run of one stream of a pipeline.

    Attributes:
        id: Its key.
        pipeline: Name of the pipeline.
        source: Name of its source.
        stream: Name of the stream.
        sync_mode: ``full_refresh``, ``incremental`` or ``stream``.
        status: ``succeeded``, ``running`` and others.
        created_at: When it began, in UTC.
        state: Custom state the source gave in it, None if none.
    """

    id: str
    pipeline: str
    source: str
    stream: str
    sync_mode: str
    status: str
    created_at: datetime
    state: dict[str, Any] | None


@dataclass(frozen=True)
class Cursor:
    """How far the destination has written what a job read.

    Attributes:
        pages: Number of pages.
        pagination: Where the next one starts, None if there is none.
    """

    pages: int
    pagination: dict[str, Any] | None


@dataclass(frozen=True)
class Backend:
    """The tables of one backend, open for reading.

    Attributes:
        select: Gives the rows of a table that have some values, with a time column read as such;
            none of a table there is not.
    """

    select: Callable[..., list[Row]]

    def jobs(self) -> list[Job]:
        """Return all jobs, the last one first.

        Raises:
            StateError: The database has none, or what is in it cannot be read.
        """
        rows = self.select("stream_jobs", when="created_at")
        if not rows:
            raise StateError(
                "the database holds no jobs of Bizon; give the one its `engine.backend` names"
            )
        jobs = [_job(row) for row in rows]
        return sorted(jobs, key=lambda job: job.created_at, reverse=True)

    def cursor(self, job: Job) -> Cursor | None:
        """Return how far a job has come, None if nothing of it is written.

        Raises:
            StateError: What is in the database cannot be read.
        """
        rows = [
            row
            for row in self.select("destination_cursors", job_id=job.id)
            if row.get("success") in (True, 1)
        ]
        if not rows:
            return None
        last = max(rows, key=lambda row: int(row["to_source_iteration"]))
        pagination = _object(last.get("pagination"), "the pagination", job.stream)
        # Bizon counts pages from 0.
        return Cursor(int(last["to_source_iteration"]) + 1, pagination or None)

    def is_to_be_reset(self, job: Job) -> bool:
        """Tell whether somebody asked for a reset of a job's stream that no run has seen yet."""
        return any(
            row.get("consumed_at") is None
            for row in self.select(
                "stream_resets",
                name=job.pipeline,
                source_name=job.source,
                stream_name=job.stream,
            )
        )

    def is_reset(self, job: Job) -> bool:
        """Tell whether a job reads everything anew, whatever was read before."""
        return bool(self.select("stream_resets", consumed_by_job_id=job.id))


def _job(row: Row) -> Job:
    stream = str(row["stream_name"])
    return Job(
        id=str(row["id"]),
        pipeline=str(row["name"]),
        source=str(row["source_name"]),
        stream=stream,
        sync_mode=str(row.get("sync_mode", "")).lower().rpartition(".")[2],
        status=str(row.get("status", "")).lower().rpartition(".")[2],
        created_at=_moment(row["created_at"], stream),
        state=_object(row.get("incremental_state"), "the incremental_state", stream),
    )


def _moment(value: Any, stream: str) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unreadable("the created_at", stream) from error


def _object(text: Any, what: str, stream: str) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise _unreadable(what, stream) from error
    if not isinstance(value, dict):
        raise _unreadable(what, stream)
    return value


def _unreadable(what: str, stream: str) -> StateError:
    return StateError(
        f"{what} of a job of stream {excerpt(stream, 80)!r} in the database is none Bizon writes "
        "today; start the stream without it, by leaving the pipeline out"
    )


@contextmanager
def open_backend(url: str) -> Iterator[Backend]:
    """Open the database of a backend.

    Args:
        url: Where it is: ``sqlite:///…``, a path, or ``postgresql://…``.

    Raises:
        ConfigError: There is none, or PostgreSQL's driver is not installed.
        CredentialsError: It does not let this user in.
        TransientError: It does not answer.
    """
    try:
        parts = urlsplit(url)
        redact.register(*filter(None, [parts.password and unquote(parts.password)]))
        scheme = parts.scheme.partition("+")[0]
    except ValueError as error:
        raise ConfigError(f"the address of the backend cannot be read; {FORMS}") from error
    if scheme in {"postgres", "postgresql"}:
        with _postgres(parts) as backend:
            yield backend
    elif scheme == "sqlite" or "://" not in url:
        path = url.partition("://")[2].removeprefix("/") if scheme == "sqlite" else url
        with _sqlite(path.partition("?")[0] if scheme == "sqlite" else path) as backend:
            yield backend
    else:
        raise ConfigError(f"a backend of the kind {excerpt(scheme, 20)!r} cannot be read; {FORMS}")


# SQLite


@contextmanager
def _sqlite(path: str) -> Iterator[Backend]:
    candidates = [Path(path), Path(path + SQLITE_SUFFIX)]
    file = next((candidate for candidate in candidates if candidate.is_file()), None)
    if file is None:
        raise ConfigError(f"there is no database {excerpt(path, 200)!r}; {FORMS}")
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row

    def select(table: str, when: str | None = None, **values: Any) -> list[Row]:
        del when  # text, in UTC
        where = " AND ".join(f"{name} = ?" for name in values) or "1"
        try:
            found = connection.execute(
                f"SELECT * FROM {table} WHERE {where}",  # noqa: S608 - names of this module
                list(values.values()),
            )
            return [dict(row) for row in found]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise TransientError(
                f"database {str(file)!r} cannot be read ({error}); run again later"
            ) from error
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"{str(file)!r} is no SQLite database; {FORMS}") from error

    try:
        yield Backend(select)
    finally:
        connection.close()


# PostgreSQL


@contextmanager
def _postgres(parts: SplitResult) -> Iterator[Backend]:
    try:
        from pg8000 import exceptions  # noqa: PLC0415 - an extra
        from pg8000.native import Connection  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "a backend in PostgreSQL needs a driver, which is not installed; install it with "
            "pip install 'bizon-singer[postgres]'"
        ) from error
    where = f"the database {unquote(parts.path.lstrip('/'))!r} on {parts.hostname or 'localhost'}"
    try:
        connection = Connection(**_login(parts))
    except (exceptions.InterfaceError, exceptions.DatabaseError, OSError) as error:
        raise _postgres_failure(error, where) from error

    def select(table: str, when: str | None = None, **values: Any) -> list[Row]:
        conditions = " AND ".join(f"{name} = :{name}" for name in values) or "true"
        columns = "*" if when is None else f"*, {_EARLIEST.format(when)} AS {when}"
        if not connection.run("SELECT to_regclass(:name)", name=table)[0][0]:
            return []
        rows = connection.run(
            f"SELECT {columns} FROM {table} WHERE {conditions}",  # noqa: S608 - names of this module
            **values,
        )
        names = [column["name"] for column in connection.columns]
        return [dict(zip(names, row, strict=True)) for row in rows]  # the last of a name counts

    try:
        connection.run("START TRANSACTION READ ONLY")
        yield Backend(select)
    except (exceptions.InterfaceError, exceptions.DatabaseError, OSError) as error:
        raise _postgres_failure(error, where) from error
    finally:
        connection.close()


def _login(parts: SplitResult) -> dict[str, Any]:
    """Return how to connect, as the driver has it."""
    mode = parse_qs(parts.query).get("sslmode", ["prefer"])[0]
    context: ssl.SSLContext | None = None
    if mode in {"require", "verify-ca", "verify-full"}:
        context = ssl.create_default_context()
        if mode != "verify-full":
            context.check_hostname = False
        if mode == "require":
            context.verify_mode = ssl.CERT_NONE
    try:
        port = parts.port or POSTGRES_PORT
    except ValueError as error:
        raise ConfigError(f"the port of the backend is none; {FORMS}") from error
    return {
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password) if parts.password else None,
        "host": parts.hostname or "localhost",
        "port": port,
        "database": unquote(parts.path.lstrip("/")) or None,
        "ssl_context": context,
        "timeout": CONNECT_SECONDS,
    }


def _postgres_failure(error: Exception, where: str) -> BizonSingerError:
    told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    code = told.get("C", "")
    if code in _REFUSED_LOGIN or "password" in str(error):
        return CredentialsError(f"{where} refuses this user; mend user and password")
    if code == "3D000":
        return ConfigError(f"{where} does not exist; {FORMS}")
    if code.startswith("42"):
        return ConfigError(f"{where} has no tables of Bizon this user may read; {FORMS}")
    return TransientError(f"{where} does not answer ({type(error).__name__}); run again later")
