"""I7: no secret of the settings, in any spelling, in what a run shows to anybody.

A secret may stand in one place only: a RECORD that carries what the API sent. Descriptor 2 itself
cannot be guarded against a source's own ``os.write``; everything Python writes to stderr is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bizon_singer import custom
from tests.commands.process import records, write
from tests.process.commands import Finished
from tests.process.inside import loaded_once, run_inside
from tests.proofs.canaries import AUTHENTICATIONS, CANARY, authentication, leaks
from tests.sources.leaky import SPELLINGS

LEAKY = Path(__file__).parents[1] / "sources" / "leaky.py"
SETTINGS: dict[str, Any] = {"api_config": {"retry_limit": 0}}
"""Settings of every run; what else a run may be proven with is added here."""

WAYS = {
    # It raises.
    **dict.fromkeys(("error", "cause", "context", "note", "group", "error_object", "bytes"), 1),
    **dict.fromkeys(("lines", "long_error", "local", "http_error", "discover_raises"), 1),
    **dict.fromkeys(("own_error", "exit"), 4),
    "connection_error": 5,
    "check_reason": 3,
    "count_raises": 0,
    # It says so.
    **dict.fromkeys(("log", "log_arguments", "log_debug", "log_exception", "log_stack"), 0),
    **dict.fromkeys(("log_extra", "logger_name", "print", "print_in_pieces", "stderr"), 0),
    "warning": 0,
    # It sends it.
    **dict.fromkeys(("query", "path", "proxy"), 5),
    "header": 4,
    # It hands it over.
    **dict.fromkeys(("pagination", "pagination_key", "next_state", "record"), 0),
    **dict.fromkeys(("pagination_loop", "page_of_text", "record_of_text"), 4),
    **dict.fromkeys(("stream_name", "stream_description", "stream_schema"), 4),
}
"""What the source does with its secret, and the exit code of the run."""
LEAKS = [
    pytest.param(way, kind, spelling, id=f"{way}-{kind}-{spelling}")
    for way in WAYS
    for kind in AUTHENTICATIONS
    for spelling in SPELLINGS
]


make_leaky = loaded_once(custom.make_tap)


@pytest.fixture(autouse=True)
def _debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show everything there is to show."""
    monkeypatch.setenv("LOGLEVEL", "DEBUG")


def run_leaky(folder: Path, *more: str, **settings: Any) -> Finished:
    """Run tap-bizon on the source that gives its secret away."""
    config = {"source_file_path": str(LEAKY), **SETTINGS, **settings}
    return run_inside(make_leaky, "--config", write(folder / "config.json", config), *more)


@pytest.mark.parametrize(("way", "kind", "spelling"), LEAKS)
def test_a_source_cannot_give_its_secret_away(
    way: str, kind: str, spelling: str, tmp_path: Path
) -> None:
    """Whatever it does with it, short of a record: what is shown has a mask in its place."""
    settings = {"leak": way, "spelling": spelling, "authentication": authentication(kind)}
    done = run_leaky(tmp_path, **settings)
    assert done.code == WAYS[way], done.stderr
    if way == "record":
        assert records(done)[2]["echo"] == SPELLINGS[spelling](CANARY)
        lines = [line for line in done.stdout.splitlines(keepends=True) if b'"RECORD"' not in line]
        done = Finished(done.code, b"".join(lines), done.stderr)
    assert leaks(done, CANARY, SPELLINGS[spelling](CANARY)) == []


def test_a_secret_that_is_a_word_keeps_no_stream_out(tmp_path: Path) -> None:
    """A password of `test` does not make a stream of that name a leak."""
    login = authentication("basic", password="test")
    done = run_leaky(tmp_path, leak="stream_name", authentication=login)
    assert done.code == 0, done.stderr
    assert {record["n"] for record in records(done, "things of test")} == set(range(6))
