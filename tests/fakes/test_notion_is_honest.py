"""The made-up Notion answers as the real one did, and a client nobody here wrote reads it.

The recorded answers are not part of this project: NOTION_ANSWERS names their folder, else they are
looked for beside the checkout.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from notion_client import APIResponseError, Client
from notion_client.helpers import collect_paginated_api

from tests.docs.test_readme import CHECKOUT
from tests.fakes.notion import TOKEN, Notion
from tests.fakes.notion.objects import NEW, OLD
from tests.fakes.notion.texts import part

FOLDER = Path(os.environ.get("NOTION_ANSWERS", CHECKOUT.parent / "shared" / "data" / "notion"))
UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ClientOf = Callable[..., Any]
NOWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def client_of() -> Iterator[ClientOf]:
    """Give the public client, pointed at the fake."""
    with ExitStack() as opened:

        def client(notion: Notion, version: str = NEW) -> Any:
            made: Any = Client(auth=TOKEN, base_url=notion.base_url, notion_version=version)
            return opened.enter_context(made)

        yield client


def special(kind: str, **content: Any) -> dict[str, Any]:
    """Return the content of a paragraph whose one part is no plain text."""
    parts = [{**part("E"), "type": kind, kind: content}]
    del parts[0]["text"]
    return {"rich_text": parts, "icon": None, "color": "default"}


class Sample:
    """One of each object, as the recordings had them."""

    def __init__(self, notion: Notion) -> None:
        """Make them."""
        made = notion.workspace
        self.person = made.add_user("Ada", email="ada@example.org")
        self.page = made.add_page(title="A page", page=made.add_page(title="The root"))
        self.inner = made.add_page(title="Inner", page=self.page)
        self.block = made.add_block(self.page, "paragraph", "I'm a paragraph.")
        date: dict[str, Any] = {"start": "2022-12-16", "end": None, "time_zone": None}
        self.special = {
            "equation": made.add_block(self.page, "paragraph", special("equation", expression="E")),
            "mention": made.add_block(
                self.page, "paragraph", special("mention", type="date", date=date)
            ),
        }
        self.comment = made.add_comment(self.page, "a comment")
        self.database = made.add_database("A base", {"Name": "title"}, page=self.page)
        (self.source,) = made.data_sources_of(self.database)


def recorded() -> list[tuple[str, str, int, dict[str, Any], dict[str, Any]]]:
    """Return the recorded readings: method, path with query, status, request and answer."""
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for interaction in yaml.safe_load(path.read_text())["interactions"]:
            request, response = interaction["request"], interaction["response"]
            target = request["uri"].partition("api.notion.com")[2]
            is_reading = request["method"] == "GET" or target.endswith(("/query", "/search"))
            try:
                body = json.loads(response["body"]["string"])
            except ValueError:
                continue
            if is_reading:
                asked = json.loads(request["body"] or "{}")
                found.append((request["method"], target, response["status"]["code"], asked, body))
    return found


READINGS = recorded()


def forms(value: Any) -> Any:
    """Return the form of a JSON value: names and types, of a list that of its first item."""
    if isinstance(value, dict):
        return {name: forms(item) for name, item in value.items()}
    if isinstance(value, list):
        return [forms(item) for item in value[:1]]
    return type(value).__name__


def differences(real: Any, fake: Any, path: str = "$") -> Iterator[str]:
    """Yield where two forms differ; null, and a list that is empty in one, fit anything."""
    if isinstance(real, dict) and isinstance(fake, dict):
        for name in sorted(real.keys() ^ fake.keys()):
            yield f"{path}.{name} is only in {'the real' if name in real else 'the fake'} one"
        for name in sorted(real.keys() & fake.keys()):
            yield from differences(real[name], fake[name], f"{path}.{name}")
    elif isinstance(real, list) and isinstance(fake, list):
        if real and fake:
            yield from differences(real[0], fake[0], f"{path}[]")
    elif "NoneType" not in {str(real), str(fake)} and real != fake:
        yield f"{path} is {real} in the real one, {fake} in the fake"


@pytest.mark.skipif(not READINGS, reason="no recorded answers; NOTION_ANSWERS names their folder")
def test_answers_have_the_form_of_recorded_ones(notion: Notion) -> None:
    """Every reading that was recorded, asked of the fake: same status, names and types."""
    sample = Sample(notion)
    of_kind = {
        "pages": sample.page,
        "blocks": sample.page,
        "databases": sample.database,
        "data_sources": sample.source,
        "users": sample.person,
        "comments": sample.page,
    }
    compared = set()
    for method, target, status, asked, answer in READINGS:
        kind = target.split("/")[2].partition("?")[0]
        named = NOWHERE if NOWHERE in target else of_kind.get(kind, NOWHERE)
        if answer.get("type") == "paragraph":
            texts = answer["paragraph"]["rich_text"]
            named = sample.special.get(texts[0]["type"], sample.block)
        elif answer.get("object") == "user" and answer["type"] == "bot":
            named = notion.workspace.me.id
        path = UUID.sub(named, re.sub(r"start_cursor=[^&]*&?", "", target)).rstrip("?&")
        token = "wrong" if status == 401 else TOKEN
        reply = requests.request(
            method,
            notion.base_url + path,
            json=asked if method == "POST" else None,
            headers={"Authorization": f"Bearer {token}", "Notion-Version": NEW},
            timeout=10,
        )
        place = f"{method} {path}"
        assert reply.status_code == status, place
        fake = reply.json()
        if answer.get("object") == "list":  # of several kinds: compare those both have
            kinds = {item.get("type") for item in answer["results"]}
            fake["results"] = [item for item in fake["results"] if item.get("type") in kinds]
            answer["results"].sort(key=lambda item: str(item.get("type")))
            fake["results"].sort(key=lambda item: str(item.get("type")))
        assert list(differences(forms(answer), forms(fake))) == [], place
        compared.add(place)
    assert len(compared) > 12


def test_the_public_client_reads_all_of_it(notion: Notion, client_of: ClientOf) -> None:
    """Every list to its end, in pages, by its own paging helper."""
    sample = Sample(notion)
    made, client = notion.workspace, client_of(notion)
    for number in range(7):
        made.add_page(data_source=sample.source, title=f"row {number}")
        made.add_block(sample.inner, "to_do", f"task {number}")
    users = collect_paginated_api(client.users.list, page_size=1)
    assert {user["name"] for user in users} >= {"Ada"}
    rows = collect_paginated_api(
        client.data_sources.query, data_source_id=sample.source, page_size=3
    )
    assert len(rows) == len({row["id"] for row in rows}) == 7
    assert rows[0]["parent"]["data_source_id"] == sample.source
    tasks = collect_paginated_api(client.blocks.children.list, block_id=sample.inner, page_size=2)
    assert [item["to_do"]["rich_text"][0]["plain_text"] for item in tasks] == [
        f"task {number}" for number in range(7)
    ]
    found = collect_paginated_api(client.search, page_size=4)
    assert len(found) == 3 + 7 + 1
    comments = collect_paginated_api(client.comments.list, block_id=sample.page)
    assert [item["id"] for item in comments] == [sample.comment]


def test_a_page_carries_25_items_and_the_property_all(notion: Notion, client_of: ClientOf) -> None:
    """As a relation of sixty does."""
    made, client = notion.workspace, client_of(notion)
    database = made.add_database("A base", {"Name": "title", "Friends": "relation"})
    (source,) = made.data_sources_of(database)
    friends = [made.add_page(title=f"friend {number}") for number in range(60)]
    row = made.add_page(data_source=source, title="me", properties={"Friends": friends})
    value = client.pages.retrieve(row)["properties"]["Friends"]
    assert (len(value["relation"]), value["has_more"]) == (25, True)
    items: list[str] = []
    cursor = None
    while True:
        asked: dict[str, str] = {"start_cursor": cursor} if cursor else {}
        page = requests.get(
            f"{notion.base_url}/v1/pages/{row}/properties/{value['id']}",
            params={"page_size": "25", **asked},
            headers={"Authorization": f"Bearer {TOKEN}", "Notion-Version": NEW},
            timeout=10,
        ).json()
        items += [item["relation"]["id"] for item in page["results"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert items == friends


def test_one_query_gives_no_more_than_the_cap(notion: Notion, client_of: ClientOf) -> None:
    """It says so on its last page; windows over created_time give the rest."""
    notion.result_cap = 5
    made, client = notion.workspace, client_of(notion)
    database = made.add_database("A base", {"Name": "title"})
    (source,) = made.data_sources_of(database)
    for number in range(8):
        made.add_page(data_source=source, title=str(number), at=NOON + timedelta(hours=number))
    first = client.data_sources.query(source, page_size=3)
    second = client.data_sources.query(source, page_size=3, start_cursor=first["next_cursor"])
    assert (len(first["results"]), len(second["results"])) == (3, 2)
    assert not second["has_more"]
    assert second["request_status"]["incomplete_reason"] == "query_result_limit_reached"
    moment = (NOON + timedelta(hours=5)).isoformat()
    late = client.data_sources.query(
        source,
        filter={"timestamp": "created_time", "created_time": {"on_or_after": moment}},
        sorts=[{"timestamp": "created_time", "direction": "ascending"}],
    )
    assert [made.title(row["id"]) for row in late["results"]] == ["5", "6", "7"]
    assert "request_status" not in late


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (lambda client, _: client.pages.retrieve(NOWHERE), 404, "object_not_found"),
        (lambda client, _: client.users.list(page_size=101), 400, "validation_error"),
        (lambda client, _: client.search(start_cursor=NOWHERE), 400, "validation_error"),
        (
            lambda client, _: client.search(filter={"property": "object", "value": "database"}),
            400,
            "validation_error",
        ),
        (lambda client, sample: client.databases.retrieve(sample.page), 404, "object_not_found"),
        (
            lambda client, sample: client.request(f"databases/{sample.database}/query", "POST"),
            400,
            "invalid_request_url",
        ),
    ],
)
def test_what_it_refuses(
    notion: Notion, client_of: ClientOf, ask: Any, status: int, code: str
) -> None:
    """With the status and the code of the real one."""
    sample = Sample(notion)
    with pytest.raises(APIResponseError) as refused:
        ask(client_of(notion), sample)
    assert (refused.value.status, refused.value.code) == (status, code)


def test_the_old_version_knows_databases_only(notion: Notion, client_of: ClientOf) -> None:
    """Properties, rows and search of a database; one with two sources is refused."""
    sample = Sample(notion)
    made, client = notion.workspace, client_of(notion, OLD)
    row = made.add_page(data_source=sample.source, title="row")
    assert "Name" in client.databases.retrieve(sample.database)["properties"]
    (found,) = client.request(f"databases/{sample.database}/query", "POST", body={})["results"]
    assert (found["id"], found["parent"]["database_id"]) == (row, sample.database)
    asked = {"property": "object", "value": "database"}
    assert [item["id"] for item in client.search(filter=asked)["results"]] == [sample.database]
    made.add_data_source(sample.database, "Second", {"Name": "title"})
    with pytest.raises(APIResponseError, match="multiple data sources"):
        client.databases.retrieve(sample.database)


def test_what_is_not_shared_is_not_found(notion: Notion, client_of: ClientOf) -> None:
    """With all that lies in it; a synced copy of it has children that are not found."""
    sample = Sample(notion)
    made, client = notion.workspace, client_of(notion)
    origin = made.add_block(sample.inner, "synced_block", {"synced_from": None})
    made.add_block(origin, "paragraph", "inside")
    copied = {"synced_from": {"type": "block_id", "block_id": origin}}
    copy = made.add_block(sample.page, "synced_block", copied)
    assert len(client.blocks.children.list(copy)["results"]) == 1
    made.unshare(sample.inner)
    with pytest.raises(APIResponseError, match="Could not find"):
        client.blocks.children.list(copy)
    with pytest.raises(APIResponseError, match="Could not find"):
        client.pages.retrieve(sample.inner)
    assert client.blocks.retrieve(copy)["has_children"]


def test_what_it_may_not_read_is_restricted(notion: Notion, client_of: ClientOf) -> None:
    """Users and comments are capabilities; who it is itself can always be asked."""
    sample = Sample(notion)
    notion.capabilities.clear()
    client = client_of(notion)
    with pytest.raises(APIResponseError, match="Insufficient permissions") as refused:
        client.users.list()
    assert refused.value.status == 403
    with pytest.raises(APIResponseError, match="Insufficient permissions"):
        client.comments.list(block_id=sample.page)
    assert client.users.me()["type"] == "bot"


def test_too_many_requests_are_told_when_to_come_back(notion: Notion) -> None:
    """429 with Retry-After in whole seconds."""
    notion.requests_per_second = 2
    headers = {"Authorization": f"Bearer {TOKEN}", "Notion-Version": NEW}
    replies = [
        requests.get(f"{notion.base_url}/v1/users/me", headers=headers, timeout=10)
        for _ in range(3)
    ]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert replies[2].headers["Retry-After"] == "1"
