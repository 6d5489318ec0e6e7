"""Serve a small portal: ``python -m tests.fakes.hubspot`` prints its settings, until killed."""

from __future__ import annotations

import json
import sys
import threading

from tests.fakes.hubspot import HubSpot, fill

with HubSpot() as hubspot:
    fill(hubspot.portal)
    sys.stdout.write(f"{json.dumps(hubspot.settings())}\n")
    sys.stdout.flush()
    threading.Event().wait()
