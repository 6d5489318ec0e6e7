"""meltano-tap-hubspot, with its own classes told to ask a server on this machine instead.

Runs in an environment of its own. The address of the API stands in a property of each stream.
"""

from __future__ import annotations

import sys
from typing import Any

from tap_hubspot import client, streams
from tap_hubspot.tap import TapHubspot

API = "https://api.hubapi.com"


def lead_to(url: str) -> None:
    """Replace the address in every class that names one."""
    classes = [*vars(client).values(), *vars(streams).values()]
    for found in {value for value in classes if isinstance(value, type)}:
        named = vars(found).get("url_base")
        if isinstance(named, property):
            setattr(found, "url_base", property(_replaced(named, url)))  # noqa: B010 - mypy


def _replaced(named: Any, url: str) -> Any:
    return lambda stream: named.fget(stream).replace(API, url)


lead_to(sys.argv.pop(1))
TapHubspot.cli()
