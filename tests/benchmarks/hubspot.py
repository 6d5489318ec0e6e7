"""tap-hubspot against meltano-tap-hubspot: all contacts of a portal, whole processes to /dev/null.

Both read the same pages of 100 from the same server in one run. Ours types each value by its
property, writes STATE after every page and would resume there; the peer's values are all text.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.page_server import PageServer
from tests.benchmarks.process import SUBJECTS, Cost, config_file, cost_of, header, row
from tests.fakes.hubspot.clock import iso
from tests.fakes.hubspot.definitions import property_definition
from tests.fakes.hubspot.portal import DAY_ONE, PORTAL_ID

RECORDS = 200_000
FEW = 20_000
PAGE_SIZE = 100
PEER = Path(__file__).parents[2] / ".venv-peer" / "bin" / "python"
PROPERTIES = {
    "hs_object_id": "number",
    "createdate": "datetime",
    "lastmodifieddate": "datetime",
    **{f"text_{number}": "string" for number in range(8)},
    "annualrevenue": "number",
    "closed": "bool",
    "born": "date",
    "lifecyclestage": "enumeration",
}


def contact(number: int) -> dict[str, Any]:
    """Return a contact as the list gives it: 15 properties, about 600 bytes."""
    moment = iso(DAY_ONE + number)
    values = {
        "hs_object_id": str(number),
        "createdate": moment,
        "lastmodifieddate": moment,
        **{f"text_{place}": f"value {number} of text {place}" for place in range(8)},
        "annualrevenue": f"{number}.25",
        "closed": "true",
        "born": "1990-01-01",
        "lifecyclestage": "customer",
    }
    return {
        "id": str(number),
        "properties": values,
        "createdAt": moment,
        "updatedAt": moment,
        "archived": False,
    }


class ContactsServer(PageServer):
    """Serves contacts by cursor, the properties of every object, and the account's details."""

    def __init__(self, records: int) -> None:
        """Make the pages once."""
        super().__init__(records)
        made = json.dumps([contact(number) for number in range(1, PAGE_SIZE + 1)])
        self._contacts = made.encode()
        definitions = [property_definition(*item, DAY_ONE) for item in PROPERTIES.items()]
        self._properties = json.dumps({"results": definitions}).encode()

    def answer(self, target: str) -> bytes:
        """Return the whole answer to a request."""
        path = urlsplit(target).path
        if "/properties/" in path:
            return _framed(self._properties)
        if path.endswith("/details"):
            return _framed(b'{"portalId": %d, "timeZone": "UTC"}' % PORTAL_ID)
        if not path.endswith("/objects/contacts") and not path.endswith("/2026-03/contacts"):
            return _framed(b'{"results":[],"lists":[],"events":[],"timeline":[]}')
        read = int(parse_qs(urlsplit(target).query).get("after", ["0"])[0]) + PAGE_SIZE
        paging = b',"paging":{"next":{"after":"%d"}}' % read if read < self.records else b""
        return _framed(b'{"results":%b%b}' % (self._contacts, paging))


def _framed(body: bytes) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return (head % len(body)).encode() + body


def ours(url: str, folder: str) -> Cost:
    """Run tap-hubspot."""
    login = {"type": "api_key", "params": {"token": "pat-of-a-benchmark"}}
    config = config_file(folder, {"base_url": url, "authentication": login})
    return _cost([str(Path(sys.executable).parent / "tap-hubspot"), "--config", config], folder)


def theirs(url: str, folder: str) -> Cost:
    """Run meltano-tap-hubspot."""
    config = config_file(folder, {"access_token": "pat-of-a-benchmark"})
    return _cost([str(PEER), str(SUBJECTS / "peer.py"), url, "--config", config], folder)


def _cost(command: list[str], folder: str) -> Cost:
    """Return what reading contacts alone costs; finding the catalog for that is not counted."""
    found = subprocess.run([*command, "--discover"], check=True, capture_output=True)
    streams = json.loads(found.stdout)["streams"]
    contacts = [entry for entry in streams if entry["tap_stream_id"] == "contacts"]
    catalog = Path(folder) / "catalog.json"
    catalog.write_text(json.dumps({"streams": contacts}))
    return cost_of([*command, "--catalog", str(catalog)])


def table() -> None:
    """Print what both cost, and what ours needs for a tenth of the records."""
    header("contacts of HubSpot from a local server", "records / CPU s", "CPU s", "peak memory")
    with tempfile.TemporaryDirectory() as folder:
        with ContactsServer(FEW) as server:
            _row("tap-hubspot", FEW, ours(server.url, folder))
        with ContactsServer(RECORDS) as server:
            own = _row("tap-hubspot", RECORDS, ours(server.url, folder))
            if not PEER.exists():
                print("no meltano-tap-hubspot here: `make bench` installs it in .venv-peer")
                return
            peer = _row("meltano-tap-hubspot", RECORDS, theirs(server.url, folder))
    print(f"\ntap-hubspot is {own / peer:.1f} times as fast as meltano-tap-hubspot.")


def _row(name: str, records: int, cost: Cost) -> float:
    rate = records / cost.cpu_seconds
    peak = f"{cost.peak_mib:.0f} MiB"
    row(f"{name}, {records:,} records", f"{rate:,.0f}", f"{cost.cpu_seconds:.2f}", peak)
    return rate
