"""F10: one event is one line, whatever characters a source, an API or a file puts into it.

A line that somebody else can write into the log is a lie somebody acts on (CWE-117). What a source
prints by itself is no event: it goes to stderr as it is, secrets aside.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bizon_singer import custom
from bizon_singer.testing import check
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.commands.process import write
from tests.fakes.http_server import Answer, HttpServer, json_answer, redirect
from tests.process.commands import Finished
from tests.process.inside import loaded_once, run_inside

SOURCES = Path(__file__).parents[1] / "sources"
SETTINGS: dict[str, Any] = {"api_config": {"retry_limit": 0}}
"""Settings of every run; what else a run may be proven with is added here."""
FORGED = "2026-01-01 00:00:00,000 | CRITICAL | tap-bank | all is lost"
CONTROLS = {
    "LF": "\n",
    "CR": "\r",
    "NEL": "\x85",
    "U+2028": "\u2028",
    "ESC": "\x1b[2K\x1b[1A",
    "CSI": "\x9b2K",
    "NUL": "\x00",
    "RLO": "\u202e",
}
"""Ends of a line, what moves a terminal's cursor, and what turns the direction of text."""
EVENT = re.compile(r"[0-9-]{10} [0-9:,]{12} \| (DEBUG|INFO|WARNING|ERROR|CRITICAL) +\| ")
HARMFUL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

SAID = (
    *("error", "own_error", "cause", "context", "note", "group", "error_object", "lines", "local"),
    *("http_error", "connection_error", "exit", "discover_raises", "check_reason", "count_raises"),
    *("log", "log_arguments", "log_debug", "log_exception", "log_stack", "log_extra"),
    *("logger_name", "warning", "query", "path", "user_info", "header", "proxy", "stream_name"),
    *("pagination_key", "next_state", "pagination_loop", "record", "stream_schema"),
)
"""What tests/sources/leaky.py does with a text, its own prints aside."""

make_leaky = loaded_once(custom.make_tap)
make_links = loaded_once(custom.make_tap)


@pytest.fixture(autouse=True)
def _debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show everything there is to show."""
    monkeypatch.setenv("LOGLEVEL", "DEBUG")


def assert_one_line_an_event(done: Finished) -> None:
    """Check that each line is an event's own, or one of a traceback with its bar in front."""
    assert done.code in {0, 1, 2, 3, 4, 5, 6}
    for line in done.stderr.removesuffix("\n").split("\n"):
        assert EVENT.match(line) or line.startswith("    | "), repr(line)
        assert not line.startswith("2026-01-01"), repr(line)
        assert HARMFUL.search(line) is None, repr(line)
    assert check(done.stdout) == []


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("way", SAID)
def test_a_source_cannot_forge_a_line(way: str, control: str, tmp_path: Path) -> None:
    """In the text of an error, a log, a warning, a name, a URL, a header, a traceback."""
    text = f"a{CONTROLS[control]}{FORGED}"
    config = {"source_file_path": str(SOURCES / "leaky.py"), "leak": way, "text": text}
    path = write(tmp_path / "config.json", {**config, **SETTINGS})
    assert_one_line_an_event(run_inside(make_leaky, "--config", path))


def answers_of(field: str, text: str) -> list[Answer]:
    """Return the answers of an API that puts a text into a field of them."""
    latin = text.encode("latin-1", "replace").decode("latin-1").replace("\r", "").replace("\n", "")
    page = {"items": [{"id": 1}], "next": None}
    item: dict[str, Any] = {"id": 1}
    lossy = json.dumps({**page, "items": [{**item, text: 1e999}]}).encode()
    return {
        "status": [Answer(raw=f"HTTP/1.1 404 {latin}\r\nX: 1\r\n\r\n".encode("latin-1"))],
        "content-type": [Answer(200, b"<", {"Content-Type": latin})],
        "content-encoding": [Answer(200, b"x", {"Content-Encoding": latin})],
        "retry-after": [Answer(503, b"", {"Retry-After": latin})],
        "location": [redirect(f"http://127.0.0.1:9/{latin}")],
        "location-scheme": [redirect(f"{latin}://x/")],
        "set-cookie": [json_answer(page, Set_Cookie=f"{latin}={latin}; Path=/")],
        "error-body": [Answer(500, text.encode())],
        "next": [json_answer({**page, "next": f"/{text}"}), Answer(404)],
        "next-host": [json_answer({**page, "next": f"https://{text}/"})],
        "id": [json_answer({**page, "items": [{"id": text, "n": 1}]})],
        "id-object": [json_answer({**page, "items": [{"id": {text: 1}}]})],
        "field": [json_answer({**page, "items": [{**item, text: 1}, {**item, text: "x"}]})],
        "lossy-field": [Answer(200, lossy)],
        "value": [json_answer({**page, "items": [{**item, "note": text}]})],
    }[field]


FIELDS = (
    *("status", "content-type", "content-encoding", "retry-after", "location", "location-scheme"),
    *("set-cookie", "error-body", "next", "next-host", "id", "id-object", "field", "lossy-field"),
    "value",
)


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("field", FIELDS)
def test_an_api_cannot_forge_a_line(field: str, control: str, tmp_path: Path) -> None:
    """In a header, a status line, a link, an id, the name of a field."""
    with HttpServer(*answers_of(field, f"a{CONTROLS[control]}{FORGED}")) as server:
        config = {"source_file_path": str(SOURCES / "links.py"), "base_url": server.url}
        path = write(tmp_path / "config.json", {**config, **SETTINGS})
        assert_one_line_an_event(run_inside(make_links, "--config", path))


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize(
    "place", ["setting", "value", "stream", "catalog", "metadata", "bookmark", "version", "format"]
)
def test_a_file_cannot_forge_a_line(place: str, control: str, tmp_path: Path) -> None:
    """In a config, a catalog or a STATE that came from somewhere."""
    text = f"a{CONTROLS[control]}{FORGED}"
    entry = {"tap_stream_id": "berry", "selected": True}
    files: dict[str, tuple[str, Any]] = {
        "setting": ("--config", {text: 1}),
        "value": ("--config", {"sync_mode": text}),
        "stream": ("--config", {"stream": text}),
        "catalog": ("--catalog", {"streams": [{**entry, "tap_stream_id": text}]}),
        "metadata": ("--catalog", {"streams": [{**entry, "replication_method": text}]}),
        "bookmark": ("--state", {"bookmarks": {text: {"last_run": "2024-01-01T00:00:00Z"}}}),
        "version": ("--state", {"version": text, "bookmarks": {}}),
        "format": ("--state", {"bookmarks": {text: 1}}),
    }
    option, value = files[place]
    with HttpServer(Answer(404)) as server:
        config = {"base_url": server.url, "stream": "berry", **SETTINGS}
        if option == "--config":
            value = {**config, **value}
        arguments = [option, write(tmp_path / "file.json", value)]
        if option != "--config":
            arguments += ["--config", write(tmp_path / "config.json", config)]
        done = run_inside(lambda _: TapPokeApi, *arguments)
    assert done.code in {2, 4}
    assert_one_line_an_event(done)
