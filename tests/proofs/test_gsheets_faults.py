"""I6, I7, I8 for tap-gsheets: what goes wrong at each kind of request, once and for good.

The table of faults is that of tests/proofs/http_faults.py; here a part of it meets the token
endpoint, Drive, and every question the Sheets API is asked. The last proof spoils every seventh
request, with and without a STATE in between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from bizon_taps.gsheets.tap import TapGsheets
from tests.commands.process import last_state, records, sentence, without_times
from tests.fakes.gsheets import Gsheets
from tests.fakes.gsheets.access import CLIENT_SECRET, REFRESH_TOKEN
from tests.fakes.gsheets.faults import refuse
from tests.fakes.gsheets.refusal import drive_quota_spent, quota_spent
from tests.fakes.http_server import Request
from tests.fakes.trouble import bad_gateway, reset_mid_body
from tests.process.commands import Finished
from tests.proofs.checked_command import CheckedCommand
from tests.proofs.http_faults import BODY_CANARY, FAULTS, Fault
from tests.proofs.subjects import catalog_of, only

RETRY_LIMIT = 2
STREAMS = frozenset({"orders", "people", "worksheets"})
COUNT = 9
PER_REQUEST = 3
SECRETS = [CLIENT_SECRET, REFRESH_TOKEN, BODY_CANARY]
KINDS = [
    "reset-before",
    "reset-in-body",
    "cut-gzip",
    "cut-chunked",
    "error-200",
    "html",
    "empty",
    "wrong-type",
    "deep-json",
    "401",
    "429-none",
    "429-endless",
    "502",
    "503",
]
FAULT_OF = {fault.kind: fault for fault in FAULTS}
SAYS = {
    "error-200": "the answer describes no spreadsheet|does not hold the cells|`modifiedTime`",
    "html": "no JSON",
    "empty": "no JSON",
    "wrong-type": "the answer describes no spreadsheet|does not hold the cells|`modifiedTime`",
    "deep-json": "no JSON|does not hold the cells",
}
"""What this tap says of answers it judges itself."""
SHEETS = "/v4/"
POSITIONS = {
    # What is spoiled, how many such requests are left alone, and records of orders by then.
    "token": ("/token$", 0, 0),
    "spreadsheet": (SHEETS, 0, 0),
    "drive": ("/drive/", 0, 0),
    "first": (SHEETS, 1, 0),
    "middle": (SHEETS, 2, 2),
    "last": (SHEETS, 4, 8),
}
CELLS = frozenset({"first", "middle", "last"})
CASES = [
    pytest.param(FAULT_OF[kind], position, id=f"{kind}@{position}")
    for kind in KINDS
    for position in POSITIONS
]


@pytest.fixture
def google() -> Iterator[Gsheets]:
    """Nine orders and nine people; of a header and rows, three in a request."""
    with Gsheets() as server:
        book = server.book()
        for title in ("Orders", "People"):
            rows = [[number, f"{title} {number}"] for number in range(COUNT)]
            sheet = book.sheet(title, ["id", "name"], *rows, row_count=COUNT + 2)
            sheet.row_count = COUNT + 2
        yield server


@pytest.fixture
def runs(google: Gsheets, tmp_path: Path) -> Callable[..., CheckedCommand]:
    """What makes a command line of further settings."""
    catalog = only(catalog_of(TapGsheets, google.oauth_settings(), STREAMS), STREAMS)
    catalog["streams"].sort(key=lambda entry: entry["tap_stream_id"])
    google.requests.clear()

    def made(**settings: Any) -> CheckedCommand:
        config = {
            "api_config": {"retry_limit": RETRY_LIMIT},
            "rows_per_request": PER_REQUEST,
            **google.oauth_settings(),
            **settings,
        }
        return CheckedCommand(TapGsheets, tmp_path, config, catalog, SECRETS)

    return made


def ids(done: Finished, stream: str) -> list[int]:
    """Return what was written of a stream."""
    return [record["id"] for record in records(done, stream)]


EVERY = list(range(COUNT))


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("times", [1, None], ids=["once", "for-good"])
@pytest.mark.parametrize(("fault", "position"), CASES)
def test_a_fault_is_survived_or_ends_the_stream(
    fault: Fault,
    position: str,
    times: int | None,
    google: Gsheets,
    runs: Callable[..., CheckedCommand],
) -> None:
    """Every record, or all pages before it with their STATE and one sentence, and then the rest."""
    path, spared, before = POSITIONS[position]
    run = runs(**fault.settings)
    assert fault.spoil is not None
    google.spoil(fault.spoil, path=path, times=times, spared=spared)
    done = run()
    where = "token" if position == "token" else "page"
    # Cells are decoded by their form: a list is seen to be none before it is seen to be too deep.
    heals = fault.heals_at(where) and (fault.kind != "deep-json" or position not in CELLS)
    if times == 1 and heals:
        assert done.code == 0, done.stderr
        assert ids(done, "orders") == ids(done, "people") == EVERY
        return
    assert done.code == fault.code_at(where), done.stderr
    assert ids(done, "orders") == EVERY[:before]
    says = fault.says if position == "token" else SAYS.get(fault.kind, fault.says)
    assert re.search(says, sentence(done)), sentence(done)
    assert "stream 'orders'" in sentence(done)
    google.heal()
    rest = run(last_state(done)) if done.stdout else run()
    assert rest.code == 0, rest.stderr
    assert ids(done, "orders") + ids(rest, "orders") == EVERY


def seventh(google: Gsheets) -> None:
    """Let every seventh request fail once, each time in another way."""
    spoils = cycle([bad_gateway, reset_mid_body, refuse(quota_spent()), FAULT_OF["503"].spoil])
    counted = iter(range(1, 1_000_000))

    def spoil(request: Request) -> None:
        if next(counted) % 7 == 0:
            chosen = refuse(drive_quota_spent()) if "/drive/" in request.path else next(spoils)
            assert chosen is not None
            google.trouble.spoil(chosen)

    google.before_each = spoil


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("parallel", [1, 2])
def test_with_every_seventh_request_failing_the_output_is_the_same(
    parallel: int, google: Gsheets, runs: Callable[..., CheckedCommand]
) -> None:
    """Byte for byte but for times, in the order of its streams."""
    run = runs(max_parallel_streams=parallel)
    good = run()
    seventh(google)
    spoiled = run()
    assert (good.code, spoiled.code) == (0, 0), spoiled.stderr
    for stream in STREAMS:
        assert records(spoiled, stream) == records(good, stream)
    assert without_times(last_state(spoiled)) == without_times(last_state(good))
    if parallel == 1:
        assert steady(spoiled.stdout) == steady(good.stdout)
    assert "trying again" in spoiled.stderr


def steady(recording: bytes) -> bytes:
    """Return a recording without the moments in it."""
    return re.sub(rb'"(time_extracted|last_run|started_at)":"[^"]*"', rb"", recording)
