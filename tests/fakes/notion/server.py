"""The server of a made-up Notion.

It is as strict as the real one: a token, a version, known fields, page sizes up to 100, cursors
that are ids of objects still there; and has its limits: 25 items of a property, results of one
query up to a cap, requests per second. https://developers.notion.com/reference/intro.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from tests.fakes.http_server import Answer, Request, json_answer
from tests.fakes.notion.listing import known_only, matching, ordered, paged
from tests.fakes.notion.objects import NEW, OLD, Objects
from tests.fakes.notion.refusal import RefusalError, invalid, not_found, restricted
from tests.fakes.notion.texts import dashed, plain
from tests.fakes.notion.values import computed, property_items
from tests.fakes.notion.workspace import Thing, Workspace
from tests.fakes.trouble import TroubledServer

TOKEN = "ntn_1234567890abcdefghijklmnopqrstuv"
RESULT_CAP = 10_000
CAPABILITIES = frozenset({"read_users", "read_comments"})

QUERY_FIELDS = frozenset(
    {"filter", "sorts", "start_cursor", "page_size", "archived", "in_trash", "filter_properties"}
)


class Notion(TroubledServer):
    """The server; a context manager.

    Attributes:
        token: What the integration proves itself with.
        workspace: What there is, to be edited at any time.
        capabilities: What the integration may read besides content.
        result_cap: The most results one query gives.
        requests_per_second: How much may be asked for, None for any number.
        truncated: Pages whose markdown is cut, with the ids of blocks that are not in it.
    """

    def __init__(self) -> None:
        """Take a free port."""
        super().__init__()
        self.workspace = Workspace()
        self.token = TOKEN
        self.capabilities = set(CAPABILITIES)
        self.result_cap = RESULT_CAP
        self.requests_per_second: float | None = None
        self.truncated: dict[str, list[str]] = {}
        self._recent: list[float] = []

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the settings that lead a tap here."""
        login = {"type": "api_key", "params": {"token": self.token}}
        return {
            "base_url": self.base_url,
            "authentication": login,
            "requests_per_second": 1000,
            **more,
        }

    def good(self, request: Request) -> Answer:
        """Return the answer where nothing goes wrong, which may be a refusal."""
        request_id = str(UUID(int=self.trouble.asked))
        try:
            self._admit(request)
            body = _Call(self, request).answer()
        except RefusalError as refusal:
            wait = {"Retry_After": "1"} if refusal.code == "rate_limited" else {}
            return json_answer(refusal.body(request_id), refusal.status, **wait)
        return json_answer({**body, "request_id": request_id})

    def _admit(self, request: Request) -> None:
        if self.requests_per_second is not None:
            now = time.monotonic()
            self._recent = [moment for moment in self._recent if now - moment < 1]
            if len(self._recent) >= self.requests_per_second:
                raise RefusalError(429, "rate_limited", "You have been rate limited.")
            self._recent.append(now)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise RefusalError(401, "unauthorized", "API token is invalid.")
        version = request.headers.get("notion-version")
        if version is None:
            raise RefusalError(400, "missing_version", "Notion-Version header is missing.")
        if version not in {NEW, OLD}:
            raise invalid(f"Notion-Version header failed validation: `{version}` is no version.")


class _Call:
    """One request, admitted."""

    def __init__(self, notion: Notion, request: Request) -> None:
        self.notion = notion
        self.request = request
        self.version = request.headers["notion-version"]
        self.objects = Objects(notion.workspace, self.version)

    def answer(self) -> dict[str, Any]:
        path = self.request.path
        for method, pattern, handler in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == self.request.method:
                parts = [*found.groups(), "", ""]
                answer: dict[str, Any] = handler(self, parts[0], parts[1])
                return answer
        raise RefusalError(400, "invalid_request_url", "Invalid request URL.")

    # Parts of a request

    @property
    def body(self) -> dict[str, Any]:
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise RefusalError(400, "invalid_json", "Error parsing JSON body.")
        return body

    @property
    def asked(self) -> dict[str, Any]:
        return {name: values[0] for name, values in self.request.query.items()}

    def thing(self, given: str, name: str, *kinds: Any) -> Thing:
        identifier = dashed(given)
        if identifier is None:
            raise invalid(
                f"path failed validation: path.{name}_id should be a valid uuid, instead was "
                f'`"{given}"`.'
            )
        thing = self.notion.workspace.find(identifier, *kinds)
        if thing is None:
            raise not_found(name.replace("_", " "), identifier)
        return thing

    # Answers

    def listed(
        self, things: list[Thing], kind: str, *, place: str = "query", cap: int | None = None
    ) -> dict[str, Any]:
        asked = self.asked if place == "query" else self.body
        page, following, is_cut = paged(things, asked, place=place, cap=cap)
        cut = {
            "request_status": {
                "type": "incomplete",
                "incomplete_reason": "query_result_limit_reached",
            }
        }
        write = self.objects.block if kind == "block" else self.objects.of
        return {
            "object": "list",
            "results": [write(thing) for thing in page],
            "next_cursor": following,
            "has_more": following is not None,
            "type": kind,
            kind: {},
            **(cut if is_cut else {}),
        }

    def users(self, *_: str) -> dict[str, Any]:
        self._need("read_users")
        return self.listed(self.notion.workspace.of("user"), "user")

    def me(self, *_: str) -> dict[str, Any]:
        return self.objects.user(self.notion.workspace.me)

    def user(self, given: str, _: str) -> dict[str, Any]:
        self._need("read_users")
        return self.objects.user(self.thing(given, "user", "user"))

    def search(self, *_: str) -> dict[str, Any]:
        body = self.body
        known_only(body, frozenset({"query", "filter", "sort", "start_cursor", "page_size"}))
        workspace = self.notion.workspace
        kind = "data_source" if self.version == NEW else "database"
        wanted = {"page", kind}
        if (narrowed := body.get("filter")) is not None:
            if narrowed.get("property") != "object" or narrowed.get("value") not in wanted:
                raise invalid(
                    'body failed validation: body.filter.value should be `"page"` or '
                    f'`"{kind}"`, instead was `{narrowed.get("value")!r}`.'
                )
            wanted = {narrowed["value"]}
        things = [*workspace.of("page"), *workspace.of("data_source")]
        found = [
            thing for thing in things if (thing.kind if thing.kind == "page" else kind) in wanted
        ]
        text = body.get("query") or ""
        found = [thing for thing in found if text.lower() in workspace.title(thing.id).lower()]
        sort = body.get("sort")
        found = ordered(found, None if sort is None else [sort])
        return self.listed(found, f"page_or_{kind}", place="body")

    def database(self, given: str, _: str) -> dict[str, Any]:
        thing = self.thing(given, "database", "database")
        self._only_one(thing)
        return self.objects.database(thing)

    def data_source(self, given: str, _: str) -> dict[str, Any]:
        self._only_new()
        return self.objects.data_source(self.thing(given, "data_source", "data_source"))

    def query_data_source(self, given: str, _: str) -> dict[str, Any]:
        self._only_new()
        return self._rows(self.thing(given, "data_source", "data_source"))

    def query_database(self, given: str, _: str) -> dict[str, Any]:
        if self.version == NEW:
            raise RefusalError(400, "invalid_request_url", "Invalid request URL.")
        database = self.thing(given, "database", "database")
        self._only_one(database)
        (source,) = self.notion.workspace.data_sources_of(database.id)
        return self._rows(self.notion.workspace.things[source])

    def _rows(self, source: Thing) -> dict[str, Any]:
        body = self.body
        known_only(body, QUERY_FIELDS)
        workspace = self.notion.workspace
        rows = [thing for thing in workspace.of("page") if thing.parent == source.id]
        found = ordered(matching(rows, body.get("filter")), body.get("sorts"))
        kind = "page_or_data_source" if self.version == NEW else "page_or_database"
        return self.listed(found, kind, place="body", cap=self.notion.result_cap)

    def page(self, given: str, _: str) -> dict[str, Any]:
        return self.objects.page(self.thing(given, "page", "page"))

    def page_property(self, given: str, identifier: str) -> dict[str, Any]:
        page = self.thing(given, "page", "page")
        values = page.body["properties"].values()
        # The id stands in the path as the API wrote it: encoded once more it is another.
        value = next((item for item in values if item["id"] == identifier), None)
        if value is None:
            raise not_found("property", unquote(identifier))
        kind = value["type"]
        items = property_items(value, values)
        if items is None:
            return {"object": "property_item", **value}
        things = [
            Thing(_item_id(page, number), "block", page.created, page.edited)
            for number in range(len(items))
        ]
        chosen, following, _ = paged(things, self.asked, place="query")
        start = next((at for at, thing in enumerate(things) if chosen and thing is chosen[0]), 0)
        next_url = (
            None
            if following is None
            else (f"{self.notion.base_url}{self.request.path}?start_cursor={following}")
        )
        return {
            "object": "list",
            "results": items[start : start + len(chosen)],
            "next_cursor": following,
            "has_more": following is not None,
            "type": "property_item",
            "property_item": {
                "id": value["id"],
                "next_url": next_url,
                "type": kind,
                kind: computed(value, is_last=following is None),
            },
        }

    def markdown(self, given: str, _: str) -> dict[str, Any]:
        self._only_new()
        # A block that was left out of its page's markdown can be asked for by its own id.
        page = self.thing(given, "page", "page", "block")
        unknown = self.notion.truncated.get(page.id)
        lines = []
        for block in self.notion.workspace.children(page.id):
            content = block.body.get(block.body.get("type", ""), {})
            lines.append(plain(content.get("rich_text", [])))
        return {
            "object": "page_markdown",
            "id": page.id,
            "markdown": "\n".join(lines),
            "truncated": unknown is not None,
            "unknown_block_ids": unknown or [],
        }

    def block(self, given: str, _: str) -> dict[str, Any]:
        return self.objects.block(self.thing(given, "block", "block", "page", "database"))

    def children(self, given: str, _: str) -> dict[str, Any]:
        thing = self.thing(given, "block", "block", "page", "database")
        workspace = self.notion.workspace
        kind = thing.body.get("type")
        if kind == "ai_block":
            raise invalid("Block type ai_block is not supported via the API.")
        origin = (thing.body.get("synced_block") or {}).get("synced_from")
        if origin is not None:  # a copy shows what its original holds, if that is shared
            thing = self.thing(origin["block_id"], "block", "block")
        found = [item for item in workspace.children(thing.id) if workspace.is_visible(item)]
        return self.listed(found, "block")

    def comments(self, *_: str) -> dict[str, Any]:
        self._need("read_comments")
        given = self.asked.get("block_id")
        if given is None:
            raise invalid("query failed validation: query.block_id should be defined.")
        thing = self.thing(given, "block", "block", "page")
        found = [item for item in self.notion.workspace.of("comment") if item.parent == thing.id]
        return self.listed(found, "comment")

    # Refusals

    def _need(self, capability: str) -> None:
        if capability not in self.notion.capabilities:
            raise restricted()

    def _only_new(self) -> None:
        if self.version != NEW:
            raise RefusalError(400, "invalid_request_url", "Invalid request URL.")

    def _only_one(self, database: Thing) -> None:
        sources = self.notion.workspace.data_sources_of(database.id)
        if self.version != NEW and len(sources) != 1:
            raise invalid(
                "Databases with multiple data sources are not supported in this API version.",
                error_type="multiple_data_sources_for_database",
                database_id=database.id,
                child_data_source_ids=sources,
                minimum_api_version=NEW,
            )


def _item_id(page: Thing, number: int) -> str:
    """Return the cursor of an item of a long property."""
    return str(UUID(int=UUID(page.id).int ^ (number + 1)))


ID = r"([^/]+)"
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/v1/users", _Call.users),
    ("GET", "/v1/users/me", _Call.me),
    ("GET", f"/v1/users/{ID}", _Call.user),
    ("POST", "/v1/search", _Call.search),
    ("GET", f"/v1/databases/{ID}", _Call.database),
    ("POST", f"/v1/databases/{ID}/query", _Call.query_database),
    ("GET", f"/v1/data_sources/{ID}", _Call.data_source),
    ("POST", f"/v1/data_sources/{ID}/query", _Call.query_data_source),
    ("GET", f"/v1/pages/{ID}", _Call.page),
    ("GET", f"/v1/pages/{ID}/properties/{ID}", _Call.page_property),
    ("GET", f"/v1/pages/{ID}/markdown", _Call.markdown),
    ("GET", f"/v1/blocks/{ID}", _Call.block),
    ("GET", f"/v1/blocks/{ID}/children", _Call.children),
    ("GET", "/v1/comments", _Call.comments),
]
"""Every path the fake knows; the real API answers any other with invalid_request_url as well."""
