"""What one request for a page costs, by the library that sends it: CPU µs, one line each."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from bizon_singer.source.session import Session

REQUESTS = 1_000
ROUNDS = 3


def senders(url: str) -> dict[str, Callable[[int], Any]]:
    """Return the ways to ask for a page, each over one connection that stays open."""
    host = urlsplit(url).netloc
    connection = http.client.HTTPConnection(host)
    pool = urllib3.HTTPConnectionPool(host.partition(":")[0], urlsplit(url).port)

    def by_hand(page: int) -> bytes:
        connection.request("GET", f"/contacts?after={page}")
        return connection.getresponse().read()

    def by(session: requests.Session) -> Callable[[int], bytes]:
        return lambda page: session.get(f"{url}/contacts", params={"after": page}).content

    return {
        "http.client": by_hand,
        "urllib3": lambda page: pool.urlopen("GET", f"/contacts?after={page}").data,
        "requests": by(requests.Session()),
        "bizon-singer": by(Session()),
    }


def main(url: str) -> None:
    """Print the least of some rounds for each."""
    for name, send in senders(url).items():
        rounds = []
        for _ in range(ROUNDS):
            started = time.process_time()
            for page in range(REQUESTS):
                send(page)
            rounds.append(time.process_time() - started)
        print(f"{name}\t{min(rounds) / REQUESTS * 1e6:.1f}")


main(sys.argv[1])
