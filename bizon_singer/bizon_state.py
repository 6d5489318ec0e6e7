"""The Singer STATE that goes on where a Bizon pipeline stands in its backend.

==============================  ===============================================================
in Bizon                        in STATE
==============================  ===============================================================
start of the last run that      ``last_run``, whatever its mode, as Bizon takes it for the next
succeeded                       incremental run
``incremental_state`` of it     ``state``
a run that was interrupted      ``in_progress``, if it was an incremental one: Bizon begins
                                others anew
a reset nobody has run yet      nothing: the stream is read from its beginning
==============================  ===============================================================
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from bizon_singer.bizon_backend import Backend, Job
from bizon_singer.bookmark import INCREMENTAL
from bizon_singer.config_errors import nearest
from bizon_singer.errors import UsageError
from bizon_singer.frozen import freeze
from bizon_singer.moments import rfc3339
from bizon_singer.place import ANY_CONFIG, digest_of
from bizon_singer.state import VERSION

RUNNING = "running"
SUCCEEDED = "succeeded"

logger = logging.getLogger("bizon_singer.bizon_state")


def state_of(
    backend: Backend, *, pipelines: Sequence[str] = (), sources: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the STATE value for the streams of some pipelines.

    Args:
        backend: Where they are.
        pipelines: Their names; empty for all there are.
        sources: Names of their sources; empty for all.

    Raises:
        UsageError: There is no such pipeline or source, or two of them have a stream of one name.
        StateError: What is in the backend cannot be read.
    """
    jobs = backend.jobs()
    _refuse_unknown(pipelines, {job.pipeline for job in jobs}, "pipeline")
    _refuse_unknown(sources, {job.source for job in jobs}, "source")
    wanted = [
        job
        for job in jobs
        if (not pipelines or job.pipeline in pipelines) and (not sources or job.source in sources)
    ]
    bookmarks = {}
    by_stream = sorted(wanted, key=lambda job: job.stream)  # stable: still the last one first
    for stream, group in groupby(by_stream, key=lambda job: job.stream):
        runs = list(group)
        _refuse_two(stream, runs)
        bookmarks[stream] = _bookmark(backend, runs)
    return {"version": VERSION, "bookmarks": bookmarks}


def _refuse_unknown(wanted: Iterable[str], known: set[str], what: str) -> None:
    for name in wanted:
        if name not in known:
            there = f"; there are {', '.join(sorted(known))}"
            raise UsageError(
                f"the database has no job of a {what} {name!r}{nearest(name, known, there)}"
            )


def _refuse_two(stream: str, runs: Sequence[Job]) -> None:
    for what, option, names in (
        ("pipelines", "--pipeline", {job.pipeline for job in runs}),
        ("sources", "--source", {job.source for job in runs}),
    ):
        if len(names) > 1:
            raise UsageError(
                f"stream {stream!r} is read by {len(names)} {what}, {', '.join(sorted(names))}; "
                f"a STATE has one bookmark for it, so choose by {option}"
            )


def _bookmark(backend: Backend, runs: Sequence[Job]) -> dict[str, Any]:
    """Return the bookmark of one stream.

    Args:
        backend: Where its runs are.
        runs: Those runs, the last one first.
    """
    stream = runs[0].stream
    empty: dict[str, Any] = {"last_run": None, "state": {}, "in_progress": None}
    if backend.is_to_be_reset(runs[0]):
        logger.info("Stream %r is to be reset; it is read from its beginning.", stream)
        return empty
    running = next((job for job in runs if job.status == RUNNING), None)
    done = next((job for job in runs if job.status == SUCCEEDED), None)
    if running is not None and backend.is_reset(running):
        done = None
    if done is not None:
        empty["last_run"] = rfc3339(done.created_at)
        empty["state"] = freeze(done.state or {})
        logger.info("Stream %r: its last run began at %s.", stream, empty["last_run"])
    else:
        logger.info("Stream %r has no run that succeeded; it starts from its beginning.", stream)
    if running is not None:
        empty["in_progress"] = _progress(backend, running)
    return empty


def _progress(backend: Backend, job: Job) -> dict[str, Any] | None:
    """Return where a run that was interrupted goes on, None if it does not."""
    if job.sync_mode != INCREMENTAL:
        logger.info(
            "Stream %r has an unfinished run of the mode %s, which Bizon does not go on with "
            "either; its next run starts anew.",
            job.stream,
            job.sync_mode,
        )
        return None
    cursor = backend.cursor(job)
    if cursor is None or cursor.pagination is None:
        logger.info(
            "Stream %r has an unfinished run without a cursor; its next run starts anew.",
            job.stream,
        )
        return None
    logger.info("Stream %r goes on after page %d of its unfinished run.", job.stream, cursor.pages)
    pagination = freeze(cursor.pagination)
    return {
        "mode": INCREMENTAL,
        "started_at": rfc3339(job.created_at),
        "pages": cursor.pages,
        "pagination": pagination,
        "next_state": None,
        "digest": digest_of(pagination, None),
        "version": None,
        "config": ANY_CONFIG,
    }
