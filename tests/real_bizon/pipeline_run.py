"""What Bizon's own backend holds after some runs of a pipeline over the ledger.

It is run where the package bizon is installed, and writes by its backend as its engine does: in the
order and with the values a threaded runner gives it. Arguments are the type of the backend, its
configuration as JSON, and the time zone to give the database, empty for the one it has.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

from bizon.engine.backend.adapters.sqlalchemy.backend import SQLAlchemyBackend
from bizon.engine.backend.adapters.sqlalchemy.config import (
    PostgresConfigDetails,
    SQLiteConfigDetails,
)
from bizon.engine.backend.config import BackendTypes
from bizon.engine.backend.models import JobStatus
from sqlalchemy import text

KIND, CONFIG, TIMEZONE = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
DETAILS = {"sqlite": SQLiteConfigDetails, "postgres": PostgresConfigDetails}[KIND]
NAMES = {"name": "nightly", "source_name": "mine", "stream_name": "entries"}
BEGAN = datetime(2024, 5, 1, 7, 0, tzinfo=UTC)

backend = SQLAlchemyBackend(DETAILS(**CONFIG), BackendTypes(KIND))
if TIMEZONE:
    with backend.get_engine().begin() as connection:
        connection.execute(text(f"ALTER DATABASE {CONFIG['database']} SET timezone = '{TIMEZONE}'"))
    backend.get_engine().dispose()
backend.create_all_tables()


def job(status: JobStatus, day: int, mode: str = "incremental", **names: str) -> str:
    """Add a job that began on a day of May."""
    made = backend.create_stream_job(**{**NAMES, **names}, sync_mode=mode, job_status=status)
    made.created_at = BEGAN + timedelta(days=day - 1)
    backend.session.commit()
    return str(made.id)


def cursor(
    job_id: str, page: int, pagination: dict[str, int] | None, *, success: bool = True
) -> None:
    """Note that the destination has written up to a page, or failed to."""
    backend.create_destination_cursor(
        job_id=job_id,
        **NAMES,
        destination_name="logger",
        from_source_iteration=page,
        to_source_iteration=page,
        rows_written=4,
        success=success,
        pagination=pagination,
    )


old = job(JobStatus.SUCCEEDED, 1)
backend.update_stream_job_incremental_state(old, {"seen": 4})
last = job(JobStatus.SUCCEEDED, 3)
backend.update_stream_job_incremental_state(last, {"seen": 12})
job(JobStatus.FAILED, 4)
job(JobStatus.CANCELED, 5)
running = job(JobStatus.RUNNING, 6)
for page, first in enumerate((16, 20)):
    cursor(running, page, {"first": first})
cursor(running, 2, {"first": 24}, success=False)

job(JobStatus.SUCCEEDED, 2, stream_name="quiet", mode="full_refresh")
full = job(JobStatus.RUNNING, 3, stream_name="quiet", mode="full_refresh")
cursor(full, 4, {"first": 99})
job(JobStatus.SUCCEEDED, 2, stream_name="reset")
backend.create_stream_reset(name="nightly", source_name="mine", stream_name="reset")
job(JobStatus.SUCCEEDED, 2, stream_name="exhausted")
cursor(job(JobStatus.RUNNING, 3, stream_name="exhausted"), 7, None)
job(JobStatus.SUCCEEDED, 7, name="hourly")
