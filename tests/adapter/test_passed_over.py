"""Answers that were errors, and that a source went on from as if there were none."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import pytest
import requests

from bizon_singer.source.models import SourceIteration, SourceRecord
from bizon_singer.source.source import AbstractSource
from bizon_singer.tap import tap_for
from tests.fakes.http_server import Answer, HttpServer, json_answer
from tests.proofs.subjects import record

LOSS = "records may be missing"


class Careless(AbstractSource):
    """Asks for three items with a session of its own and leaves out what it does not get."""

    url = ""

    @staticmethod
    def streams() -> list[str]:
        """Name one stream."""
        return ["items"]

    def get_session(self) -> requests.Session:
        """Use a plain one."""
        return requests.Session()

    def get_total_records_count(self) -> int:
        """Fail: that costs no record."""
        self.session.get(f"{self.url}/count").raise_for_status()
        return 3

    def get(self, pagination: Any = None) -> SourceIteration:
        """Give what there is."""
        del pagination
        records = []
        for number in range(3):
            with contextlib.suppress(requests.HTTPError):
                answer = self.session.get(f"{self.url}/{number}")
                answer.raise_for_status()
                records.append(SourceRecord(str(number), answer.json()))
        return SourceIteration({}, records)


class Careful(Careless):
    """Uses the session of the package, which raises by itself."""

    def get_session(self) -> Any:
        """Use the one there is."""
        return AbstractSource.get_session(self)


def warnings(
    source: type[Any], caplog: pytest.LogCaptureFixture, **routes: list[Any]
) -> tuple[list[str], bytes]:
    """Return what a run warns of, and what it wrote."""
    answers = {f"/{path.removeprefix('_')}": script for path, script in routes.items()}
    with HttpServer(json_answer({"a": 1}), routes=answers) as server:
        source.url = server.url
        with caplog.at_level(logging.WARNING):
            written = record(tap_for("tap-x", [source]), {"api_config": {"retry_limit": 0}})
    return [message for message in caplog.messages if LOSS in message], written


def test_they_are_told_of_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """In one line with their number and kinds; those of the count of records are no loss."""
    given = {"_0": [Answer(404)], "_2": [Answer(500)], "count": [Answer(403)]}
    told, written = warnings(Careless, caplog, **given)
    what = "the source passed over 2 answers that were errors (status 404, 500)"
    assert told == [f"Stream 'items': {what}; {LOSS}."]
    assert written.count(b'"RECORD"') == 1


def test_what_raised_by_itself_was_not_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    """The count alone is no loss, and who catches what the package's session raises knows it."""
    assert warnings(Careless, caplog, count=[Answer(404)])[0] == []
    assert warnings(Careful, caplog, _0=[Answer(404)])[0] == []
