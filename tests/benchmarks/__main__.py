"""Print all tables: ``make bench``."""

from __future__ import annotations

import logging
import platform

from tests.benchmarks import adapter, hubspot, records

logging.disable(logging.CRITICAL)
print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
records.table()
adapter.table()
hubspot.table()
