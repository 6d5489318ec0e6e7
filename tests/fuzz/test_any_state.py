"""Z3: any STATE is refused with exit code 2 before any output, or a run from it loses nothing."""

from __future__ import annotations

import copy
import json
import socket
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer import (
    AbstractSource,
    SourceConfig,
    SourceIncrementalState,
    SourceIteration,
    SourceRecord,
)
from bizon_singer.errors import ProtocolError
from bizon_singer.tap import tap_for
from bizon_singer.testing import bookmarks_of, canonical, check, exact
from bizon_singer.testing.runs import run
from tests.fakes.http_server import HttpServer, json_answer
from tests.fuzz.edits import edited, odd_json, replaced
from tests.fuzz.examples import examples
from tests.fuzz.test_any_url import urls

PAGES: Final = 4
TRUTH: Final = set(range(PAGES))


class CountingSource(AbstractSource):
    """Four pages of one record, to be read as a table or for changes."""

    asked: ClassVar[list[dict[str, Any]]] = []

    @staticmethod
    def streams() -> list[str]:
        """Two streams."""
        return ["changes", "others"]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give a page, or say that a pagination is none of this source."""
        self.asked.append(dict(pagination or {}))
        page = (pagination or {}).get("page", 0)
        if type(page) is not int or page not in TRUTH:
            raise ProtocolError("the pagination is none of this source; start again")
        following = {"page": page + 1} if page + 1 < PAGES else {}
        return SourceIteration(following, [SourceRecord(str(page), {"page": page})], {"at": page})

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Give the same: everything has changed since."""
        assert isinstance(source_state.state, dict)
        assert source_state.last_run.tzinfo is not None
        return self.get(pagination)


TAP: Final = tap_for("tap-counting", [CountingSource])
_UNFINISHED: Final = run(TAP, {"max_iterations": 2}).state
_COMPLETE: Final = run(TAP).state
_FOREIGN: Final = {
    "currently_syncing": "changes",
    "bookmarks": {
        "changes": {"replication_key_value": "2024-01-01T00:00:00Z", "partitions": [1, 2]},
        "theirs": {"page": {"deep": 10**30}},
    },
}


@st.composite
def states(draw: st.DrawFn) -> Any:
    """Draw a STATE: edited, cut off and mended, or of anything at all."""
    document = draw(st.sampled_from([_UNFINISHED, _COMPLETE, _FOREIGN, {"value": _COMPLETE}]))
    return draw(st.one_of(odd_json, st.just(edited(draw(st.data()), document))))


@given(states())
@examples(250)
def test_a_state_is_refused_or_nothing_is_lost(state: Any) -> None:
    """Unknown keys are kept; a place is gone on with only if it is whole."""
    _assert_refused_or_nothing_lost(state)


@pytest.mark.parametrize("document", [_UNFINISHED, _COMPLETE], ids=["unfinished", "complete"])
def test_a_state_with_any_part_of_another_kind_is_no_bug(document: Any) -> None:
    """Each part of it, and each kind of JSON value in its place."""
    for state in replaced(document):
        _assert_refused_or_nothing_lost(state)


def _assert_refused_or_nothing_lost(state: Any) -> None:
    CountingSource.asked = []
    state = json.loads(json.dumps(state), parse_constant=lambda _: None)
    done = run(TAP, {}, copy.deepcopy(state))
    if done.code == 2:
        assert done.stdout == b""
        assert len(done.sentence.splitlines()) == 1
        return
    value = (
        state.get("value") if isinstance(state, dict) and state.get("type") == "STATE" else state
    )
    before = bookmarks_of(value)
    # What the input already broke is repeated before the first page.
    broken = {(bad.invariant, bad.stream) for bad in check(done.stdout) if bad.offset == 0}
    faults = [
        bad
        for bad in check(done.stdout, initial_state=value)
        if (bad.invariant, bad.stream) not in broken
    ]
    assert faults == []
    _assert_kept(value, done.state)
    went_on = {
        stream for stream, mark in before.items() if isinstance(mark.get("in_progress"), dict)
    }
    assert done.code == 0 or (done.code == 4 and went_on)
    for stream in ("changes", "others"):
        pages = {record["page"] for record in done.records(stream)}
        restarted = any("starts again" in text and f"'{stream}'" in text for text in done.warnings)
        if stream not in went_on or restarted:
            assert pages == TRUTH
        assert done.state["bookmarks"][stream]["in_progress"] is None or done.code == 4


def _assert_kept(before: Any, after: Any) -> None:
    """Check that what is not the tap's own came back as it was."""
    if not isinstance(before, dict):
        return
    for key in before.keys() - {"bookmarks", "version", "type", "value"}:
        assert canonical(exact({"v": before[key]})) == canonical(exact({"v": after[_text(key)]}))
    for stream, mark in bookmarks_of(before).items():
        kept = after["bookmarks"][_text(stream)]
        own = {"last_run", "state", "in_progress", "replication_key", "replication_key_value"}
        for key in mark if stream not in {"changes", "others"} else mark.keys() - own:
            assert canonical(exact({"v": kept[_text(key)]})) == canonical(exact({"v": mark[key]}))


def _text(key: str) -> str:
    return key.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class LinkedConfig(SourceConfig):
    """Where the API is."""

    base_url: str


class LinkedSource(AbstractSource):
    """Follows the links of an API, and keeps them in STATE."""

    def __init__(self, config: Any) -> None:
        """Belong to the API."""
        super().__init__(config)
        self.session.belong_to(config.base_url)

    @staticmethod
    def streams() -> list[str]:
        """One stream."""
        return ["things"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Use the setting above."""
        return LinkedConfig

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give what a link leads to."""
        body = self.session.get((pagination or {}).get("next", self.config.base_url + "/1")).json()
        records = [SourceRecord(str(number), {"number": number}) for number in body["numbers"]]
        return SourceIteration({"next": body["next"]} if body["next"] else {}, records)


LINKED: Final = tap_for("tap-linked", [LinkedSource])


@pytest.fixture(scope="module")
def api() -> Iterator[HttpServer]:
    """An API of two linked pages, whatever else is asked for."""
    with HttpServer() as server:
        first = json_answer({"numbers": [1], "next": server.url + "/2"})
        last = json_answer({"numbers": [2], "next": None})
        server.then(lambda request: first if request.path == "/1" else last)
        yield server


@given(data=st.data())
@examples(150)
def test_a_forged_link_in_state_leads_nowhere(api: HttpServer, data: st.DataObject) -> None:
    """Exit code 6 and no connection, or the link is one of the API itself."""
    url = data.draw(urls(api.url + "/2"))
    config = {"base_url": api.url, "api_config": {"retry_limit": 0}, "check_connection": "skip"}
    state = run(LINKED, {**config, "max_iterations": 1}).state
    place = state["bookmarks"]["things"]["in_progress"]
    place["pagination"] = {"next": url}
    del place["digest"]
    reached: list[Any] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> None:
        reached.append(address)
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", note)
        patch.setattr(socket, "getaddrinfo", _no_names(socket.getaddrinfo))
        done = run(LINKED, config, state)
    assert done.code in {0, 4, 6}, done.sentence
    assert check(done.stdout, initial_state=state) == []
    assert set(reached) <= {("127.0.0.1", api.port)}
    if done.code == 6:
        assert reached == []


def _no_names(resolve: Any) -> Any:
    """Return a resolver that knows this machine only."""

    def resolved(host: Any, *rest: Any, **options: Any) -> Any:
        if host not in {"127.0.0.1", "localhost"}:
            pytest.fail(f"the name {host!r} was looked up")
        return resolve(host, *rest, **options)

    return resolved
