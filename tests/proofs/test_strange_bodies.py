"""F6: strange JSON in the body of an answer, from the wire to the RECORD line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from bizon_singer import AbstractSource, SourceConfig, SourceIteration, SourceRecord
from bizon_singer.tap import tap_for
from bizon_singer.testing import check
from bizon_singer.testing.runs import Run, run
from tests.fakes.http_server import Answer, HttpServer

LOSS: Final = "Stream 'things', field `value`: NaN or Infinity became null"


class AddressedConfig(SourceConfig):
    """Where the API is."""

    base_url: str


class ApiSource(AbstractSource):
    """Three pages of an API, each a list of objects."""

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["things"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Use the setting above."""
        return AddressedConfig

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give a page."""
        page = (pagination or {}).get("page", 1)
        items = self.session.get(f"{self.config.base_url}/{page}").json()
        records = [SourceRecord(str(item["id"]), item) for item in items]
        return SourceIteration({"page": page + 1} if page < 3 else {}, records)


TAP: Final = tap_for("tap-things", [ApiSource])


def page(number: int, value: str = '"v"') -> Answer:
    """Return a page of two objects, the second with a value that is written as it is."""
    text = f'[{{"id":"{number}-plain"}},{{"id":"{number}-strange","value":{value}}}]'
    body = text.encode("utf-8", "surrogatepass")
    return Answer(200, body, {"Content-Type": "application/json"})


class Api:
    """The API: three pages, of which a test replaces the second."""

    def __init__(self) -> None:
        """Start with pages that are in order."""
        self.pages = {f"/{number}": page(number) for number in (1, 2, 3)}
        self.server = HttpServer(lambda request: self.pages[request.path])

    def run(self, middle: Answer, state: Any = None) -> Run:
        """Run the tap over a second page."""
        self.pages["/2"] = middle
        config = {"base_url": self.server.url, "api_config": {"retry_limit": 0}}
        return run(TAP, config, state)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """The API."""
    made = Api()
    with made.server:
        yield made


def ids_of(done: Run) -> list[str]:
    """Return the ids of the records, in order."""
    return [record["id"] for record in done.records()]


EVERYTHING: Final = ["1-plain", "1-strange", "2-plain", "2-strange", "3-plain", "3-strange"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("9" * 5000, "9" * 5000),
        ("-" + "9" * 5000, "-" + "9" * 5000),
        ("9" * 1_000_000, "9" * 1_000_000),
        ("18446744073709551616", "18446744073709551616"),
        ("0.1", "0.1"),
        ("1e308", "1e+308"),
        ("-0.0", "-0.0"),
        ('"a\\u0000b"', '"a\\u0000b"'),
        ('"a\u2028b\\u2028\x7f"', '"a\\u2028b\\u2028\x7f"'),
        ('"\\ud83d\\ude00"', '"\U0001f600"'),
        ('{"":{"a":1,"a":2}}', '{"":{"a":2}}'),
        ("[" * 150 + "]" * 150, "[" * 150 + "]" * 150),
        ('"-0044-03-15"', '"-0044-03-15"'),
        ('"99999-12-31T23:59:60Z"', '"99999-12-31T23:59:60Z"'),
    ],
    ids=lambda text: text[:12],
)
def test_strange_json_arrives(api: Api, given: str, found: str) -> None:
    """Digit by digit; of a key given twice the last one counts, as in every JSON reader."""
    done = api.run(page(2, given))
    assert (done.code, done.warnings) == (0, ())
    assert check(done.stdout) == []
    assert ids_of(done) == EVERYTHING
    (line,) = (line for line in done.stdout.decode().splitlines() if '"id":"2-strange"' in line)
    assert f'"value":{found},' in line


@pytest.mark.parametrize(
    ("given", "found", "warning"),
    [
        ("NaN", None, LOSS),
        ("Infinity", None, LOSS),
        ("-Infinity", None, LOSS),
        ("1e999", None, LOSS),
        ("-1e999", None, LOSS),
        ('"a\\ud800"', "a\ufffd", LOSS.partition(": ")[0] + ": a lone surrogate became U+FFFD"),
        ('"a\ud800"', "a\ufffd", LOSS.partition(": ")[0] + ": a lone surrogate became U+FFFD"),
    ],
    ids=lambda text: ascii(text)[:14],
)
def test_json_that_no_line_can_hold_is_changed_and_counted(
    api: Api, given: str, found: Any, warning: str
) -> None:
    """What APIs send although no JSON has it; one warning names stream and field."""
    done = api.run(page(2, given))
    assert (done.code, done.warnings) == (0, (f"{warning}.",))
    assert check(done.stdout) == []
    assert ids_of(done) == EVERYTHING
    assert done.records()[3]["value"] == found


@pytest.mark.parametrize(
    "middle",
    [
        page(2, "[" * 10_000 + "]" * 10_000),
        page(2, '{"a":' * 10_000 + "1" + "}" * 10_000),
        page(2, "[" * 201 + "]" * 201),
        page(2, "01"),
        page(2, "+1"),
        page(2, "'a'"),
        page(2, '"a'),
        page(2, "1,,"),
        page(2, '"a\nb"'),
        Answer(200, b'[{"id":"2-plain"},{"id":"2-strange","value":"\xff"}]'),
        Answer(200, json.dumps([{"id": "2-plain"}]).encode()[:-1]),
    ],
    ids=[
        "lists",
        "objects",
        "201 levels",
        "leading zero",
        "plus",
        "quotes",
        "open text",
        "commas",
        "line end",
        "no utf-8",
        "cut",
    ],
)
def test_a_body_that_cannot_be_read_ends_the_stream_before_its_page(
    api: Api, middle: Answer
) -> None:
    """Exit code 4 and one sentence; the page before is out, and nothing of this one."""
    done = api.run(middle)
    assert done.code == 4
    assert done.sentence.startswith("stream 'things', page 2: ")
    assert len(done.sentence.splitlines()) == 1
    assert check(done.stdout) == []
    assert ids_of(done) == EVERYTHING[:2]
    rest = api.run(page(2), done.state)
    assert rest.code == 0
    assert ids_of(done) + ids_of(rest) == EVERYTHING
