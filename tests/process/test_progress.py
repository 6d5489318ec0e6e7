"""What a person sees at a terminal, and a program in a log."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.process import source_file
from tests.fakes.http_server import HttpServer, Script, json_answer
from tests.process.commands import at_a_terminal, command, run, write_json

BIN = Path(sys.executable).parent


def test_a_terminal_shows_rate_share_and_time_left(tmp_path: Path) -> None:
    """A bar that ends at all records, with log lines above it, not inside."""
    config = {"count": 500, "page_size": 50, "delay_seconds": 0.05, "stream": "events"}
    path = write_json(tmp_path / "c.json", config)
    code, shown = at_a_terminal([str(BIN / "tap-dummy"), "--config", str(path)], shown="stderr")
    assert code == 0
    assert "500/500" in shown
    assert "records/s" in shown
    assert "100%" in shown
    for line in shown.replace("\r", "\n").splitlines():
        assert not ("METRIC" in line and "records/s" in line)


def metrics(stderr: str) -> list[dict[str, Any]]:
    """Return the points of the METRIC lines in a log."""
    lines = stderr.splitlines()
    return [json.loads(line.partition("METRIC: ")[2]) for line in lines if "METRIC: " in line]


def test_a_log_has_metrics_and_no_bar(tmp_path: Path) -> None:
    """record_count, sync_duration and job_duration; each event is one line."""
    done = run(command(write_json(tmp_path / "c.json", {"pages": 2})))
    assert "\r" not in done.stderr
    points = metrics(done.stderr)
    counts = {
        point["tags"]["stream"]: point["value"]
        for point in points
        if point["metric"] == "record_count"
    }
    assert counts == {"evens": 20, "odds": 20}
    assert {"sync_duration", "job_duration"} <= {point["metric"] for point in points}


SOURCE = """
import requests
from bizon_singer import AbstractSource, SourceIteration

class Source(AbstractSource):
    @staticmethod
    def streams():
        return ["things"]

    SESSION
    def get(self, pagination=None):
        for status in (200, 200, 404):
            self.session.get(f"URL/{status}?key=1", allow_redirects=False)
        return SourceIteration()
"""
PLAIN = "def get_session(self):\n        return requests.Session()\n"
RAISING = "def get_session(self):\n        session = requests.Session()\n        session.hooks = "
RAISING += "{'response': lambda response, **_: None}\n        return session\n"


@pytest.mark.parametrize("session", ["", PLAIN, RAISING])
def test_requests_are_summed_up_by_status(tmp_path: Path, session: str) -> None:
    """http_request_duration, of the tap's own session and of one a source makes itself."""
    routes: dict[str, list[Script]] = {"/200": [json_answer({})], "/404": [json_answer({}, 404)]}
    with HttpServer(routes=routes) as server:
        text = SOURCE.replace("URL", server.url).replace("SESSION", session)
        file = source_file(tmp_path, text=text)
        config = {"source_file_path": file, "http": {"raise_for_status": False}}
        path = write_json(tmp_path / "c.json", config)
        done = run([str(BIN / "tap-bizon"), "--config", str(path)])
    assert done.code == 0, done.stderr
    points = [item for item in metrics(done.stderr) if item["metric"] == "http_request_duration"]
    tags = [point["tags"] for point in points]
    assert [(tag["http_status_code"], tag["requests"], tag["status"]) for tag in tags] == [
        (200, 2, "succeeded"),
        (404, 1, "failed"),
    ]
    assert all(
        0 < point["value"] <= tag["longest"] for point, tag in zip(points, tags, strict=True)
    )
