"""What an API does decides how the process ends: exit code, last line, and nothing that is secret.

One process a case, ``tap-bizon`` with a source file in the style of Bizon's documentation.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.commands.process import tap
from tests.fakes.http_server import Answer, json_answer, redirect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.source.conftest import Serve

CANARY = "canary-secret-0123456789"
SOURCE = """
from bizon.source.models import SourceIteration, SourceRecord
from bizon.source.source import AbstractSource
from bizon.source.config import SourceConfig


class Config(SourceConfig):
    base_url: str


class Source(AbstractSource):
    @staticmethod
    def streams():
        return ["items"]

    @staticmethod
    def get_config_class():
        return Config

    def get(self, pagination=None):
        url = f"{self.config.base_url}/items?key=canary-secret-0123456789"
        data = self.session.get((pagination or {}).get("next", url)).json()
        records = [SourceRecord(id=str(item["id"]), data=item) for item in data["items"]]
        return SourceIteration(
            records=records, next_pagination={"next": data["next"]} if data.get("next") else {}
        )
"""
PAGE = {"items": [{"id": 1}], "next": None}
HTML = Answer(200, b"<html>" + CANARY.encode(), {"Content-Type": "text/html"})
CASES: dict[str, tuple[list[Any], int, str]] = {
    "complete": ([json_answer(PAGE)], 0, ""),
    "401": ([Answer(401, CANARY.encode())], 3, "check the credentials"),
    "404": ([Answer(404, CANARY.encode())], 4, "does not accept this request"),
    "html": ([HTML], 4, "text/html, which is no JSON"),
    "empty": ([Answer(200)], 4, "an empty body"),
    "503": ([Answer(503)], 5, "answered 503"),
    "long pause": ([Answer(429, headers={"Retry-After": "9000"})], 5, "asks to wait 9,000 s"),
    "cut": ([Answer(200, b"{}", {"Content-Length": "9"}, cut=2)], 5, "cut off"),
    "redirect": ([redirect(f"https://evil.invalid/?{CANARY}")], 6, "https://evil.invalid was"),
    "link": (
        [json_answer({**PAGE, "next": f"https://evil.invalid/?k={CANARY}"})],
        6,
        "a request to https://evil.invalid was refused",
    ),
    "large": ([Answer(200, b" " * 5000)], 6, "larger than 4,000 bytes"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_api_does_decides_the_exit_code(serve: Serve, tmp_path: Path, case: str) -> None:
    """The last line says what and where; neither output holds the secret."""
    answers, code, text = CASES[case]
    server = serve(*answers)
    (tmp_path / "source.py").write_text(SOURCE)
    config = {
        "source_file_path": str(tmp_path / "source.py"),
        "base_url": server.url,
        "authentication": {"type": "api_key", "params": {"token": CANARY}},
        "api_config": {"retry_limit": 0},
        "http": {"max_body_bytes": 4000},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    done = tap("tap-bizon", "--config", str(tmp_path / "config.json"))
    assert done.code == code, done.stderr
    assert CANARY not in done.stdout.decode() + done.stderr
    if code:
        assert "CRITICAL" in done.last_line
        assert text in done.last_line
        assert "items" in done.last_line
