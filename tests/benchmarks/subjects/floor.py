"""The floor: fetch, decode, encode, with nothing of a tap but the lines it would write."""

import http.client
import os
import sys
from urllib.parse import urlsplit

import orjson

HEAD = b'{"type":"RECORD","stream":"contacts","record":'
TAIL = b',"time_extracted":"2026-01-01T00:00:00Z"}\n'


def main(url: str) -> None:
    """Read all pages to stdout."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    after = 0
    while after is not None:
        connection.request("GET", f"/contacts?after={after}")
        page = orjson.loads(connection.getresponse().read())
        lines = HEAD + (TAIL + HEAD).join(map(orjson.dumps, page["results"])) + TAIL
        state = {"bookmarks": {"contacts": {"after": page["next"]}}}
        os.write(1, lines + orjson.dumps({"type": "STATE", "value": state}) + b"\n")
        after = page["next"]


main(sys.argv[1])
