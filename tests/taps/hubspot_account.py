"""Runs tap-hubspot in this process on a made-up account, as the tests of it need it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from bizon_singer.testing import check
from bizon_singer.testing.runs import Run, run
from bizon_taps.hubspot.tap import TapHubSpot
from tests.fakes.http_server import Request
from tests.fakes.hubspot import HubSpot, unlimited
from tests.proofs.subjects import catalog_of

MADE_AT: Final = re.compile(r'"(createdAt|updatedAt)": "[^"]*"')
FAST: Final[Mapping[str, Any]] = {
    "searches_per_second": 100_000,
    "api_config": {"retry_limit": 2},
    "http": {"retry_wait_max_seconds": 0},
}


@contextmanager
def account(**more: Any) -> Iterator[HubSpot]:
    """Serve an account whose limits limit nothing."""
    with HubSpot(limits=unlimited(), **more) as hubspot:
        yield hubspot


_discovered: dict[str, dict[str, Any]] = {}


def catalog(hubspot: HubSpot, *streams: str, **settings: Any) -> dict[str, Any]:
    """Discover an account and select streams; what was asked for that is forgotten.

    Accounts of the same shape have the same catalog: it is discovered once.
    """
    shape = [streams, settings, hubspot.portal.properties, sorted(hubspot.access.denied)]
    key = MADE_AT.sub("", json.dumps(shape, sort_keys=True))
    if key not in _discovered:
        asked_for = hubspot.settings(**FAST, **settings)
        _discovered[key] = catalog_of(TapHubSpot, asked_for, frozenset(streams))
    found = copy.deepcopy(_discovered[key])
    missing = set(streams) - {entry["tap_stream_id"] for entry in found["streams"]}
    assert not missing, missing
    hubspot.requests.clear()
    return found


def keep_only(found: Mapping[str, Any], stream: str, fields: Iterable[str]) -> None:
    """Deselect all fields of a stream but some, in place."""
    kept = set(fields)
    for entry in found["streams"]:
        if entry["tap_stream_id"] == stream:
            for item in entry["metadata"]:
                if item["breadcrumb"]:
                    item["metadata"]["selected"] = item["breadcrumb"][1] in kept


def sync(
    hubspot: HubSpot,
    *streams: str,
    state: Any = None,
    found: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Run:
    """Discover an account and read streams of it; the output must keep every rule.

    Args:
        hubspot: The account.
        streams: Their names.
        state: STATE of an earlier run.
        found: A catalog discovered before.
        settings: Settings besides those that lead there.
    """
    found = found or catalog(hubspot, *streams, **settings)
    done = run(TapHubSpot, hubspot.settings(**{**FAST, **settings}), state, found)
    assert check(done.stdout, initial_state=state) == []
    return done


def ids(done: Run, stream: str) -> list[int]:
    """Return the ids of a stream's records in order."""
    return [int(record["id"]) for record in done.records(stream)]


def bodies(hubspot: HubSpot, end: str) -> list[Any]:
    """Return the bodies of the requests whose path ends so."""
    return [json.loads(request.body) for request in asked(hubspot, end)]


def asked(hubspot: HubSpot, end: str) -> list[Request]:
    """Return the requests whose path ends so."""
    return [request for request in hubspot.requests if request.path.endswith(end)]
