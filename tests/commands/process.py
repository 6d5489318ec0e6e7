"""The commands as a user meets them: a process, its stdout, its stderr and its exit code."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.process.commands import Finished, run

CANARY = "canary-7f3a9c51e2d84b06"
"""A secret that stands in every config and must never be seen again."""
AUTHENTICATION = {"type": "api_key", "params": {"token": CANARY}}

SOURCE = '''
from bizon.source.config import SourceConfig
from bizon.source.models import SourceIteration, SourceRecord
from bizon.source.source import AbstractSource


class Source(AbstractSource):
    """Three pages of two records."""

    @staticmethod
    def streams():
        return ["things"]

    @staticmethod
    def get_config_class():
        return SourceConfig

    def get_authenticator(self):
        return None

    def check_connection(self):
        return True, None

    def get_total_records_count(self):
        return None

    def get(self, pagination=None):
        page = (pagination or {}).get("page", 0)
        BODY
        records = [
            SourceRecord(id=str(number), data={"number": number, "page": page})
            for number in (2 * page, 2 * page + 1)
        ]
        return SourceIteration(
            records=records, next_pagination={"page": page + 1} if page < 2 else {}
        )
'''


def tap(name: str, *arguments: str, **options: Any) -> Finished:
    """Run an installed command to its end.

    Args:
        name: Such as ``tap-dummy``.
        arguments: Its command line.
        options: ``cwd``, ``env`` (added to this process's), ``input``, ``timeout``.
    """
    env = {**os.environ, **options.pop("env", {})}
    return run([str(Path(sys.executable).parent / name), *arguments], env=env, **options)


def script(path: Path, *arguments: str, **options: Any) -> Finished:
    """Run a Python file that is a tap by itself."""
    env = {**os.environ, **options.pop("env", {})}
    return run([sys.executable, str(path), *arguments], env=env, **options)


def write(path: Path, value: Any) -> str:
    """Write text as it is, anything else as JSON; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


def source_file(folder: Path, body: str = "", *, name: str = "my_source.py", text: str = "") -> str:
    """Write a source file; ``body`` is executed in ``get`` before its page is returned."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    inner = textwrap.indent(textwrap.dedent(body).strip(), " " * 8).strip()
    path.write_text(text or SOURCE.replace("BODY", inner))
    return str(path)


def custom(folder: Path, body: str = "", **settings: Any) -> Finished:
    """Run tap-bizon on a source file with a body for ``get``; the config holds the canary."""
    text = settings.pop("text", "")
    source = source_file(folder, body, text=text)
    config = {"source_file_path": source, "authentication": AUTHENTICATION, **settings}
    return tap("tap-bizon", "--config", write(folder / "config.json", config))


def messages(done: Finished) -> list[dict[str, Any]]:
    """Return the messages on stdout; each line must be whole and be one."""
    assert done.stdout.endswith(b"\n") or not done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def records(done: Finished, stream: str | None = None) -> list[dict[str, Any]]:
    """Return the records on stdout, of one stream or of all."""
    return [
        message["record"]
        for message in messages(done)
        if message["type"] == "RECORD" and stream in {None, message["stream"]}
    ]


def last_state(done: Finished) -> dict[str, Any]:
    """Return the STATE that ends stdout."""
    last = messages(done)[-1]
    assert last["type"] == "STATE"
    state: dict[str, Any] = last["value"]
    return state


def sentence(done: Finished) -> str:
    """Return the one CRITICAL sentence that ends stderr."""
    lines = done.stderr.rstrip("\n").splitlines()
    assert [line for line in lines if "CRITICAL" in line] == lines[-1:], done.stderr
    return lines[-1].partition("CRITICAL")[2].strip(" |")


def trace(done: Finished) -> list[str]:
    """Return the lines of tracebacks on stderr; each has a bar in front."""
    lines = [
        line for line in done.stderr.splitlines() if line.startswith("    | ") or "|     | " in line
    ]
    assert done.stderr.count("Traceback") == "\n".join(lines).count("Traceback")
    return lines


def assert_refused(done: Finished, *words: str, code: int = 2) -> None:
    """Check that a command was refused: its code, nothing on stdout, one sentence with words."""
    assert done.stdout == b""
    assert_failed(done, *words, code=code)
    assert trace(done) == []


def assert_failed(done: Finished, *words: str, code: int) -> None:
    """Check how a failure ends: the code, whole lines, one sentence with words, no secret."""
    assert done.code == code, done.stderr
    text = sentence(done)
    for word in words:
        assert word in text, text
    assert_no_secret(done)
    messages(done)


def assert_no_secret(done: Finished) -> None:
    """Check that the canary is nowhere in the output."""
    assert CANARY not in done.stderr
    assert CANARY.encode() not in done.stdout


def without_times(state: Mapping[str, Any]) -> Any:
    """Return a STATE without the moments that differ from run to run."""
    if isinstance(state, Mapping):
        moments = {"last_run", "started_at", "replication_key_value"}
        return {key: without_times(value) for key, value in state.items() if key not in moments}
    return state
