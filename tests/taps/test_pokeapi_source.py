"""The PokeAPI source against a server of its own, answering in the shape of the real one."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bizon_singer.errors import (
    BizonSingerError,
    BrokenBodyError,
    ProtocolError,
    StateError,
)
from bizon_singer.source.models import SourceIncrementalState, SourceIteration
from bizon_singer.source.reply import HttpStatusError
from bizon_taps.pokeapi.config import PokeApiSourceConfig
from bizon_taps.pokeapi.source import PokeApiSource
from tests.fakes import pokeapi_records
from tests.fakes.pokeapi import META_HASH, PokeApi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bizon_singer.source.models import SourceRecord

LAST_RUN = datetime(2026, 1, 1, tzinfo=UTC)
LAST_ITEMS = {"offset": 2220}


@pytest.fixture
def api() -> Iterator[PokeApi]:
    """Serve 25 berries and the other resources on this machine."""
    with PokeApi(counts={"berry": 25}) as served:
        yield served


def pokeapi(api: PokeApi, stream: str = "berry", **settings: Any) -> PokeApiSource:
    """Build the source as the adapter does, without retries."""
    settings = {"base_url": api.base_url, "api_config": {"retry_limit": 0}, **settings}
    return PokeApiSource(PokeApiSourceConfig.model_validate({"stream": stream, **settings}))


def pages(
    source: PokeApiSource, state: dict[str, Any] | None = None, start: dict[str, Any] | None = None
) -> list[SourceIteration]:
    """Read page after page until the pagination is empty: what changed since ``state``, if any."""
    found = []
    pagination: Any = start or {}
    while True:
        if state is None:
            page = source.get(copy.deepcopy(pagination))
        else:
            since = SourceIncrementalState(LAST_RUN, state)
            page = source.get_records_after(since, copy.deepcopy(pagination))
        found.append(page)
        pagination = page.next_pagination
        if not pagination:
            return found


def records(found: list[SourceIteration]) -> list[SourceRecord]:
    """Return the records of pages, in order."""
    return [record for page in found for record in page.records]


def numbers(found: list[SourceIteration]) -> list[int]:
    """Return the ids of the records of pages, in order."""
    return [record.data["id"] for record in records(found)]


def below_root(requests: list[str]) -> list[str]:
    """Return requests without the root of the API."""
    return [target.removeprefix("/api/v2") for target in requests]


class TestList:
    """Reading the lists."""

    def test_pages_are_counted_by_the_source(self, api: PokeApi) -> None:
        """Pages follow each other by offset; the foreign host in ``next`` is never asked."""
        found = pages(pokeapi(api, page_size=10))
        assert numbers(found) == list(range(1, 26))
        assert [page.next_pagination for page in found] == [{"offset": 10}, {"offset": 20}, {}]
        assert below_root(api.requests) == [
            f"/berry/?limit=10&offset={offset}" for offset in (0, 10, 20)
        ]

    def test_a_trailing_slash_of_the_base_url_does_not_matter(self, api: PokeApi) -> None:
        """``…/api/v2/`` and ``…/api/v2`` are the same root."""
        assert numbers(pages(pokeapi(api, base_url=f"{api.base_url}/"))) == list(range(1, 26))
        assert not [target for target in api.requests if "//" in target]

    def test_a_record_is_the_entry_with_its_id(self, api: PokeApi) -> None:
        """The url stays as the API sent it, the id is taken from it."""
        first = records(pages(pokeapi(api)))[0]
        assert first.id == "1"
        assert first.data == {
            "id": 1,
            "name": "berry-1",
            "url": "https://pokeapi.co/api/v2/berry/1/",
        }

    @pytest.mark.parametrize("stream", sorted(pokeapi_records.UNNAMED))
    def test_unnamed_resources_are_keyed_as_well(self, api: PokeApi, stream: str) -> None:
        """Without a name there still is an id."""
        found = pages(pokeapi(api, stream, page_size=1000))
        assert numbers(found) == list(range(1, pokeapi_records.COUNTS[stream] + 1))

    def test_ids_tell_resources_of_one_name_apart(self, api: PokeApi) -> None:
        """Two items share a name; both are read, under different ids."""
        found = records(pages(pokeapi(api, "item", page_size=1000)))
        assert len({record.id for record in found}) == len(found) == 2223
        assert len({record.data["name"] for record in found}) == 2222

    def test_ids_may_be_negative_and_jump(self, api: PokeApi) -> None:
        """move-ailment starts at -1, pokemon goes from 1025 to 10001."""
        assert numbers(pages(pokeapi(api, "move-ailment")))[:3] == [-1, 0, 1]
        assert numbers(pages(pokeapi(api, "pokemon", page_size=2000)))[1025] == 10_001

    @pytest.mark.parametrize("details", [False, True])
    def test_an_empty_list_is_empty(self, api: PokeApi, *, details: bool) -> None:
        """A resource without entries gives one page without records."""
        api.counts["berry"] = 0
        assert numbers(pages(pokeapi(api, details=details))) == []

    def test_a_server_that_ignores_the_limit_is_read_once(self, api: PokeApi) -> None:
        """All entries at once are all entries, also when a next page is announced."""
        api.unlimited.add("berry")
        assert numbers(pages(pokeapi(api, page_size=10))) == list(range(1, 26))
        body = api.answer("/api/v2/berry/")[1]
        api.overrides["/berry/"] = (200, {**body, "next": "https://mirror.invalid/2"})
        assert numbers(pages(pokeapi(api, page_size=10))) == list(range(1, 26))

    @pytest.mark.parametrize(("announced", "reason"), [(26, "25 of the 26"), (20, "all 20")])
    def test_a_list_must_be_as_long_as_its_count(
        self, api: PokeApi, announced: int, reason: str
    ) -> None:
        """A list that ends short, or goes on past its count, is an error and no success."""
        api.announced["berry"] = announced
        with pytest.raises(ProtocolError, match=rf"berry, list at offset \d+: .*{reason}"):
            pages(pokeapi(api, page_size=10))

    def test_an_empty_page_before_the_end_is_an_error(self, api: PokeApi) -> None:
        """No progress is possible from it."""
        api.overrides["/berry/"] = (200, {"count": 25, "next": "https://h/", "results": []})
        with pytest.raises(ProtocolError, match="empty"):
            pages(pokeapi(api))

    def test_the_same_page_again_is_an_error(self, api: PokeApi) -> None:
        """A server that ignores the offset would be read twice in part."""
        page = api.answer("/api/v2/berry/?limit=10&offset=0")
        api.overrides["/berry/"] = page
        with pytest.raises(ProtocolError, match="offset 0 again"):
            pages(pokeapi(api, page_size=10))

    def test_a_count_that_moves_is_told(
        self, api: PokeApi, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A deploy while reading may shift entries between pages: one warning says so."""
        source = pokeapi(api, page_size=10)
        pagination = source.get({}).next_pagination
        api.counts["berry"] = 24
        pages(source, start=dict(pagination or {}))
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "25 entries, now 24" in caplog.text


GOOD = {"count": 1, "next": None, "previous": None, "results": [{"url": "https://h/berry/1/"}]}


class TestWrongAnswers:
    """An answer that is no list is never taken for an empty one."""

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [],
            None,
            {"detail": "Not found."},
            {**GOOD, "results": None},
            {**GOOD, "results": {"url": "https://h/berry/1/"}},
            {**GOOD, "count": "1"},
            {**GOOD, "count": True},
            {**GOOD, "count": -1},
            {**GOOD, "next": 2},
            {"count": 1, "results": GOOD["results"]},
            {**GOOD, "results": ["https://h/berry/1/"]},
            {**GOOD, "results": [{"name": "cheri"}]},
            {**GOOD, "results": [{"url": 1}]},
            {**GOOD, "results": [{"url": "https://h/berry/cheri/"}]},
            {**GOOD, "results": [{"url": "https://h/item/1/"}]},
            {**GOOD, "results": [{"url": f"https://h/berry/{10**18}/"}]},
        ],
    )
    def test_the_shape_of_a_page_is_checked(self, api: PokeApi, body: Any) -> None:
        """Anything but a list of linked entries is an error that names resource and offset."""
        api.overrides["/berry/"] = (200, body)
        with pytest.raises(ProtocolError, match=r"^berry, list at offset 0: "):
            pokeapi(api).get({})

    def test_a_page_of_text_is_no_json(self, api: PokeApi) -> None:
        """HTML with status 200 is an error, and may be asked for again."""
        api.overrides["/berry/"] = (200, "<html>maintenance</html>")
        with pytest.raises(BrokenBodyError):
            pokeapi(api).get({})

    @pytest.mark.parametrize("raise_for_status", [True, False])
    def test_an_error_status_is_an_error(self, api: PokeApi, *, raise_for_status: bool) -> None:
        """The body of a 404 is no page, whatever the session is told to raise."""
        api.overrides["/berry/"] = (404, GOOD)
        source = pokeapi(api, http={"raise_for_status": raise_for_status})
        with pytest.raises(HttpStatusError) as caught:
            source.get({})
        assert caught.value.exit_code == ProtocolError.exit_code

    @pytest.mark.parametrize("pagination", [{"offset": "10"}, {"offset": -1}, {"hash": 1}])
    def test_a_foreign_pagination_is_refused(
        self, api: PokeApi, pagination: dict[str, Any]
    ) -> None:
        """What this tap never wrote to STATE is not sent to the API."""
        with pytest.raises(StateError):
            pokeapi(api).get(pagination)
        assert api.requests == []


class TestDetails:
    """``details: true``: every resource in full."""

    def test_details_are_fetched_by_id_from_the_base_url(self, api: PokeApi) -> None:
        """Neither a name nor the foreign host in the entry's url is asked."""
        found = records(pages(pokeapi(api, "item", details=True, page_size=5000), None, LAST_ITEMS))
        assert [record.id for record in found] == ["2221", "2222", "2223"]
        assert found[0].data == pokeapi_records.detail("item", 2221)
        assert set(below_root(api.requests)[1:]) == {f"/item/{n}/" for n in (2221, 2222, 2223)}

    def test_the_order_of_the_list_is_kept(self, api: PokeApi) -> None:
        """However long each detail takes, records come in the list's order."""
        api.pause_seconds = 0.005
        assert numbers(pages(pokeapi(api, details=True))) == list(range(1, 26))

    @pytest.mark.parametrize("workers", [1, 3, 20])
    def test_workers_are_bounded(self, api: PokeApi, workers: int) -> None:
        """As many details are fetched at the same time as the setting allows, and no more."""
        api.gather = workers
        pages(pokeapi(api, details=True, detail_workers=workers))
        assert api.peak == workers

    def test_a_page_is_handed_over_in_chunks(self, api: PokeApi) -> None:
        """Each chunk is an iteration of its own, and its page is fetched once."""
        found = pages(pokeapi(api, details=True, detail_workers=2, page_size=15))
        assert [page.next_pagination for page in found] == [
            {"offset": 0, "done": 10},
            {"offset": 15},
            {},
        ]
        lists = [target for target in below_root(api.requests) if "?" in target]
        assert lists == ["/berry/?limit=15&offset=0", "/berry/?limit=15&offset=15"]

    def test_a_run_resumes_within_a_page(self, api: PokeApi) -> None:
        """Another process goes on after the last chunk and fetches nothing twice."""
        settings: dict[str, Any] = {"details": True, "detail_workers": 2, "page_size": 20}
        start = pokeapi(api, **settings).get({}).next_pagination
        api.requests.clear()
        assert numbers(pages(pokeapi(api, **settings), None, dict(start or {}))) == list(
            range(11, 26)
        )
        assert "/api/v2/berry/10/" not in api.requests

    def test_a_failing_detail_fails_its_chunk(self, api: PokeApi) -> None:
        """No detail is left out; once it is back, the same pagination reads the whole chunk."""
        api.overrides["/berry/7/"] = (500, "down")
        source = pokeapi(api, details=True)
        with pytest.raises(HttpStatusError, match=r"/berry/7/"):
            source.get({})
        del api.overrides["/berry/7/"]
        assert numbers([source.get({})]) == list(range(1, 26))

    @pytest.mark.parametrize("body", [[], None, {}, {"detail": "?"}, {"id": 8, "name": "berry-8"}])
    def test_a_detail_must_be_the_one_asked_for(self, api: PokeApi, body: Any) -> None:
        """An answer without the id of the list entry is an error that names the resource."""
        api.overrides["/berry/7/"] = (200, body)
        with pytest.raises(ProtocolError, match=r"^berry 7: "):
            pages(pokeapi(api, details=True))


class TestSkipUnchanged:
    """``skip_unchanged: true``: the version of the data decides whether a list is read."""

    def test_the_first_run_reads_and_remembers_the_version(self, api: PokeApi) -> None:
        """The hash is asked once, kept in the pagination, and handed over at the end."""
        found = pages(pokeapi(api, skip_unchanged=True, page_size=20))
        assert len(records(found)) == 25
        assert found[0].next_pagination == {"offset": 20, "hash": META_HASH}
        assert found[0].next_state is None
        assert found[-1].next_state == {"hash": META_HASH, "details": False}
        assert below_root(api.requests).count("/meta/") == 1

    def test_an_unmoved_version_skips_the_list(
        self, api: PokeApi, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One request tells that there is nothing to read; the state stays, and a line says so."""
        state = {"hash": META_HASH, "details": False}
        with caplog.at_level("INFO", logger="bizon_taps"):
            found = pages(pokeapi(api, skip_unchanged=True), state)
        assert (len(found), records(found), found[0].next_state) == (1, [], state)
        assert below_root(api.requests) == ["/meta/"]
        assert "berry: skipped" in caplog.text

    @pytest.mark.parametrize(
        "state", [{}, {"hash": "other", "details": False}, {"hash": META_HASH, "details": True}]
    )
    def test_another_version_or_depth_is_read(self, api: PokeApi, state: dict[str, Any]) -> None:
        """A moved hash reads everything; so do details asked for after a run without them."""
        found = pages(pokeapi(api, skip_unchanged=True), state)
        assert numbers(found) == list(range(1, 26))
        assert found[-1].next_state == {"hash": META_HASH, "details": False}

    def test_the_version_at_the_start_survives_a_resume(self, api: PokeApi) -> None:
        """Data deployed during a run is not taken for read: the next run reads it."""
        settings: dict[str, Any] = {"skip_unchanged": True, "page_size": 20}
        start = pokeapi(api, **settings).get({}).next_pagination
        api.meta_hash = "f" * 40
        found = pages(pokeapi(api, **settings), {"hash": "old"}, dict(start or {}))
        assert found[-1].next_state == {"hash": META_HASH, "details": False}

    @pytest.mark.parametrize("answer", [(404, "Not Found"), (200, {"hash": None})])
    def test_an_unknown_version_reads_everything(
        self, api: PokeApi, caplog: pytest.LogCaptureFixture, answer: tuple[int, Any]
    ) -> None:
        """Without a version there is no skipping, a warning, and no version in the state."""
        api.overrides["/meta/"] = answer
        found = pages(pokeapi(api, skip_unchanged=True), {"hash": META_HASH, "details": False})
        assert numbers(found) == list(range(1, 26))
        assert found[-1].next_state == {}
        assert "`skip_unchanged` has no effect" in caplog.text

    @pytest.mark.parametrize("answer", [(503, "down"), (200, {}), (200, []), (200, {"hash": 5})])
    def test_a_wrong_version_page_is_an_error(self, api: PokeApi, answer: tuple[int, Any]) -> None:
        """Another status or shape is neither a version nor the lack of one."""
        api.overrides["/meta/"] = answer
        with pytest.raises(BizonSingerError, match="meta"):
            pokeapi(api, skip_unchanged=True).get({})

    def test_the_version_is_not_asked_for_otherwise(self, api: PokeApi) -> None:
        """Without the setting there is no request for it and nothing in the state."""
        found = pages(pokeapi(api), {"hash": META_HASH, "details": False})
        assert len(records(found)) == 25
        assert found[-1].next_state == {}
        assert "/api/v2/meta/" not in api.requests


class TestConnection:
    """What is asked before reading."""

    def test_a_list_that_answers_is_a_connection(self, api: PokeApi) -> None:
        """One entry is enough."""
        assert pokeapi(api).check_connection() == (True, None)
        assert below_root(api.requests) == ["/berry/?limit=1&offset=0"]

    @pytest.mark.parametrize("answer", [(404, "Not Found"), (200, {}), (200, "<html>")])
    def test_anything_else_is_none(self, api: PokeApi, answer: tuple[int, Any]) -> None:
        """An error, another shape or a web page is no connection, and a sentence says why."""
        api.overrides["/berry/"] = answer
        works, reason = pokeapi(api).check_connection()
        assert works is False
        assert "berry" in str(reason)

    def test_the_count_is_asked_once(self, api: PokeApi) -> None:
        """The number of records comes from the answer that is there already, if one is."""
        source = pokeapi(api)
        assert source.get_total_records_count() == 25
        assert source.get_total_records_count() == 25
        assert len(api.requests) == 1


def test_the_fake_runs_as_a_process() -> None:
    """It prints its base URL first, and serves there."""
    command = [sys.executable, "-m", "tests.fakes.pokeapi", "--rows", "3"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        source = PokeApiSource(PokeApiSourceConfig(stream="berry", base_url=base_url))
        assert numbers(pages(source)) == [1, 2, 3]
        process.terminate()
