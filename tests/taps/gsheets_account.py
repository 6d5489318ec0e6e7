"""Runs tap-gsheets in this process on made-up spreadsheets, as the tests of it need it.

As a user of an app: it takes a third of a second to hide every spelling of a private key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bizon_singer.testing import check
from bizon_singer.testing.runs import Run, run
from bizon_taps.gsheets.tap import TapGsheets
from tests.fakes.gsheets import Book, Gsheets
from tests.proofs.subjects import catalog_of

FAST: Final[Mapping[str, Any]] = {
    "api_config": {"retry_limit": 2},
    "http": {"retry_wait_max_seconds": 0},
}


def read(
    google: Gsheets, stream: str | None = None, state: Any = None, catalog: Any = None, **more: Any
) -> Run:
    """Run the tap to its end; what it wrote is held against every rule."""
    settings = {**google.oauth_settings(), **FAST, **more}
    if stream is not None:
        settings["stream"] = stream
    done = run(TapGsheets, settings, state, catalog)
    assert check(done.stdout, initial_state=state) == []
    return done


def rows_of(google: Gsheets, stream: str, **more: Any) -> list[dict[str, Any]]:
    """Return the records of a stream that is read without fault."""
    done = read(google, stream, **more)
    assert done.code == 0, done.sentence
    return done.records(stream)


def table(google: Gsheets, *rows: Any, title: str = "Sheet1", **more: Any) -> Book:
    """Add a spreadsheet with one worksheet of rows."""
    book = google.book()
    book.sheet(title, *rows, **more)
    return book


def catalog(google: Gsheets, *streams: str, **more: Any) -> dict[str, Any]:
    """Discover, and select streams; what was asked for that is forgotten."""
    found = catalog_of(TapGsheets, {**google.oauth_settings(), **FAST, **more}, frozenset(streams))
    google.requests.clear()
    return found


def fields_of(found: Mapping[str, Any], stream: str) -> dict[str, Any]:
    """Return the columns a catalog has of a stream, without those of the tap itself."""
    entry = next(item for item in found["streams"] if item["tap_stream_id"] == stream)
    own = {"_row_number", "_errors"}
    return {
        name: {key: value for key, value in field.items() if key != "description"}
        for name, field in entry["schema"]["properties"].items()
        if name not in own
    }


def schemas(done: Run, stream: str) -> list[dict[str, Any]]:
    """Return the SCHEMAs of a stream, in order."""
    return [
        message.body["schema"]["properties"]
        for message in done.recording.of("SCHEMA")
        if message.stream == stream
    ]
