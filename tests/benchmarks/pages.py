"""Pages of a local server, whole processes: what a user's tap costs with everything around it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.page_server import PageServer
from tests.benchmarks.process import (
    Cost,
    config_file,
    cost_of,
    environment,
    header,
    in_turn,
    row,
    subject,
)

RECORDS = 200_000
ROUNDS = 3
MANY, FEW = 1_000_000, 10_000
LATENCY_SECONDS = 0.05
PAGES = 20
STREAMS = 8


@contextmanager
def commands(server: PageServer, **settings: object) -> Iterator[dict[str, list[str]]]:
    """Give the command lines of all readers of a server."""
    with tempfile.TemporaryDirectory() as folder:
        own = {"base_url": server.url, "stream": "contacts", **settings}
        yield {
            "floor": subject("floor", server.url),
            "own": subject("own", "--config", config_file(folder, own, "own")),
            "sdk": subject("sdk", "--config", config_file(folder, {"base_url": server.url}, "sdk")),
        }


def throughput() -> None:
    """Print records per CPU second of the floor, this package and a plain tap of the SDK."""
    with PageServer(RECORDS) as server, commands(server) as lines:
        costs = in_turn(lines, rounds=ROUNDS)
    floor, own = costs["floor"].cpu_seconds, costs["own"].cpu_seconds
    header(f"{RECORDS:,} records from a page server, whole process", "records / CPU s", "of floor")
    names = {
        "floor": "floor: http.client, orjson, one write a page",
        "own": "bizon-singer, a source of 30 lines",
        "sdk": "Singer SDK, RESTStream",
    }
    for name, cost in costs.items():
        share = f"{floor / cost.cpu_seconds:.0%}"
        row(names[name], f"{RECORDS / cost.cpu_seconds:,.0f}", share)
    print(f"\nbizon-singer is {costs['sdk'].cpu_seconds / own:.1f} times as fast as the SDK's tap.")


def memory() -> None:
    """Print the peak memory of few and of many records."""
    header("peak memory, whole process", f"{FEW:,} records", f"{MANY:,} records")
    peaks = [_peak(records) for records in (FEW, MANY)]
    row("bizon-singer", *(f"{peak:.1f} MiB" for peak in peaks))


def _peak(records: int) -> float:
    with PageServer(records) as server, commands(server) as lines:
        return cost_of(lines["own"]).peak_mib


def latency() -> None:
    """Print what waiting costs: beside a slow target, and for several streams."""
    header("waiting", "seconds", "one after the other")
    with PageServer(PAGES * 100, latency_seconds=LATENCY_SECONDS) as server:
        with commands(server) as lines:
            start = cost_of(lines["own"], rounds=1).wall_seconds - PAGES * LATENCY_SECONDS
            slow = cost_of(lines["own"], read_page_seconds=LATENCY_SECONDS)
        ahead = slow.wall_seconds - start
        name = f"{PAGES} pages of {LATENCY_SECONDS * 1000:.0f} ms, a target as slow as the API"
        row(name, f"{ahead:.2f}", f"{2 * PAGES * LATENCY_SECONDS:.2f}")
        serial = _all_streams(server, 1)
        parallel = _all_streams(server, STREAMS)
    name = f"{STREAMS} streams of {PAGES} pages, `max_parallel_streams: {STREAMS}`"
    row(name, f"{parallel.wall_seconds:.2f}", f"{serial.wall_seconds:.2f}")


def _all_streams(server: PageServer, parallel: int) -> Cost:
    with commands(server, stream=None, max_parallel_streams=parallel) as lines:
        return cost_of(lines["own"])


def exchanges() -> None:
    """Print what a request costs by the library that sends it."""
    header("one request for a page, its body read", "CPU µs")
    with PageServer(10**9) as server:
        done = subprocess.run(
            subject("exchange", server.url),
            capture_output=True,
            text=True,
            check=True,
            env=environment(),
        )
    for line in done.stdout.splitlines():
        row(*line.split("\t"))


def tables() -> None:
    """Print all tables."""
    throughput()
    exchanges()
    memory()
    latency()
