"""Print all tables: ``make bench``."""

from __future__ import annotations

import logging
import os
import platform

from tests.benchmarks import adapter, hubspot, kafka, pages, records, start

logging.disable(logging.CRITICAL)
print(
    f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}, "
    f"{os.cpu_count()} cores"
)
adapter.table()
pages.tables()
hubspot.table()
kafka.table()
start.table()
records.table()
