"""Z10: an API answers JSON it should not, at any request: a sentence says so, or the run goes on.

What is edited is one answer of a fake that otherwise behaves; the tap may turn it down (exit 4), be
without a stream, a field or a record the answer no longer names, or not look at that part at all.
It never ends in a traceback, and what it writes keeps every rule.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.tap import SourceTap
from bizon_singer.testing import check
from bizon_singer.testing.runs import Run, run
from bizon_taps.gsheets.tap import TapGsheets
from bizon_taps.hubspot.tap import TapHubSpot
from bizon_taps.notion.tap import TapNotion
from tests.fakes import gsheets, hubspot, notion
from tests.fakes.http_server import Answer
from tests.fakes.trouble import TroubledServer, changed
from tests.fuzz.edits import edited
from tests.fuzz.examples import examples
from tests.proofs.subjects import only

BUG: Final = 1
FAST: Final[Mapping[str, Any]] = {
    "api_config": {"retry_limit": 1},
    "http": {"retry_wait_max_seconds": 0, "retry_after_max_seconds": 0},
}


@dataclass(frozen=True, eq=False)
class Target:
    """A tap and its API.

    Attributes:
        server: The API, with something of everything in it.
        tap_class: The tap.
        settings: What leads it there.
        streams: Those that are read, one at a time; all it has if there are none.
    """

    server: TroubledServer
    tap_class: type[SourceTap]
    settings: Mapping[str, Any]
    streams: tuple[str, ...] = ()

    @cached_property
    def catalogs(self) -> dict[str, Any]:
        """Return a catalog of each stream, found while nothing was wrong."""
        found = self.tap_class(config=dict(self.settings)).catalog_dict
        for entry in found["streams"]:
            root = next(item for item in entry["metadata"] if not item["breadcrumb"])
            root["metadata"]["selected"] = True
        names = [entry["tap_stream_id"] for entry in found["streams"]]
        assert set(self.streams) <= set(names)
        return {name: only(found, {name}) for name in self.streams or names}

    def run(self, stream: str, *, is_found: bool) -> Run:
        """Read a stream, with a catalog or without."""
        catalog = self.catalogs[stream] if is_found else None
        return run(self.tap_class, {**self.settings, "stream": stream}, None, catalog)

    def spoiled(self, stream: str, number: int, body: Any, *, is_found: bool) -> Run:
        """Read a stream of whose answers one is another one."""
        self.server.heal()
        self.server.spoil(changed(lambda _: body), number=number + 1)
        return self.run(stream, is_found=is_found)

    @cache  # noqa: B019 - there are three targets
    def answers(self, stream: str, *, is_found: bool) -> list[Any]:
        """Return what the API answers, one after the other, while nothing is wrong."""
        bodies: list[Any] = []

        def note(good: Answer) -> Answer:
            bodies.append(json.loads(good.body))
            return good

        self.server.heal()
        self.server.spoil(note, times=None)
        assert self.run(stream, is_found=is_found).code == 0
        return bodies


def notion_target() -> Target:
    """Return tap-notion and a workspace."""
    server = notion.Notion()
    notion.fill(server.workspace, rows=2)
    return Target(server, TapNotion, server.settings(**FAST))


def hubspot_target() -> Target:
    """Return tap-hubspot and an account; its streams are those read in ways of their own."""
    clock = hubspot.Clock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    server = hubspot.HubSpot(limits=hubspot.unlimited(), clock=clock)
    hubspot.fill(server.portal)
    more = {"property_history": ["deals"], "associations": ["contacts-companies"]}
    settings = server.settings(**FAST, **more, searches_per_second=100_000)
    streams = (
        *("contacts", "deals_property_history", "associations_contacts__companies", "owners"),
        *(
            "list_memberships",
            "email_events",
            "forms",
            "form_submissions",
            "pipelines",
            "workflows",
        ),
    )
    return Target(server, TapHubSpot, settings, streams)


def gsheets_target() -> Target:
    """Return tap-gsheets and a spreadsheet."""
    server = gsheets.Gsheets()
    gsheets.fill(server)
    return Target(server, TapGsheets, {**server.oauth_settings(), **FAST})


FOUND: Final[dict[type[SourceTap], list[tuple[str, bool, tuple[str | int, ...], Any]]]] = {
    TapNotion: [
        ("tasks", True, ("results", 0, "properties", "Sum", "rollup", "type"), []),
        ("tasks", True, ("results", 0, "properties", "Sum", "type"), []),
        ("pages", True, ("results", 0, "properties"), 7),
        ("blocks", True, ("results", 0, "type"), {}),
        ("users", False, ("results", 0, "title"), 7),
        ("databases", False, ("results", 0, "parent", "database_id"), []),
    ],
    TapHubSpot: [
        ("list_memberships", True, ("total",), {}),
        ("deals_property_history", True, ("results", 0, "id"), {}),
    ],
    TapGsheets: [("orders", False, ("sheets", 1, "merges", 0, "endRowIndex"), "2")],
}
"""What was a traceback once: stream, with a catalog or not, place in an answer, value there."""

TARGETS: Final[dict[str, Callable[[], Target]]] = {
    "notion": notion_target,
    "hubspot": hubspot_target,
    "gsheets": gsheets_target,
}


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Each of the taps, its API running."""
    made = TARGETS[request.param]()
    with made.server:
        yield made


@given(data=st.data())
@examples(15, nightly=1500)
def test_an_answer_of_any_json_is_no_bug(target: Target, data: st.DataObject) -> None:
    """At any request of the run, discovery and the check of the connection included."""
    stream = data.draw(st.sampled_from(sorted(target.catalogs)), label="stream")
    is_found = data.draw(st.booleans(), label="discovered before")
    answers = target.answers(stream, is_found=is_found)
    # The last ones are those of the stream itself.
    last = len(answers) - 1
    number = data.draw(st.integers(0, last) | st.integers(max(0, last - 3), last), label="answer")
    body = edited(data, answers[number], least=1)
    _assert_no_bug(target.spoiled(stream, number, body, is_found=is_found))


def _assert_no_bug(done: Run) -> None:
    assert done.code != BUG, (done.sentence, done.errors)
    assert len(done.sentence.splitlines()) <= 1
    assert check(done.stdout) == []


def test_what_was_a_traceback_once_is_none(target: Target) -> None:
    """Each as it was found, in every answer that has such a place."""
    for start, is_found, path, value in FOUND[target.tap_class]:
        stream = next(name for name in target.catalogs if name.startswith(start))
        answers = target.answers(stream, is_found=is_found)
        bodies = [_with(answer, path, value) for answer in answers]
        assert any(body is not None for body in bodies), (stream, path)
        for number, body in enumerate(bodies):
            if body is not None:
                _assert_no_bug(target.spoiled(stream, number, body, is_found=is_found))


def _with(answer: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of an answer with another value at a place, None if it has no such place."""
    changed_one = copy.deepcopy(answer)
    holder = changed_one
    try:
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]]
    except (KeyError, IndexError, TypeError):
        return None
    holder[path[-1]] = value
    return changed_one
