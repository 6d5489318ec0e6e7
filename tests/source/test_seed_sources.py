"""The sources of Bizon's documentation ("Sources Overview"), pasted as they stand there.

Only the line breaks and the indentation the page has lost are put back, and the imports name this
package; nothing else is changed, so they call the addresses they name. An adapter leads those to a
server on this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from bizon_singer.source.config import SourceConfig
from bizon_singer.source.models import SourceIteration, SourceRecord
from bizon_singer.source.source import AbstractSource
from bizon_singer.source.transport import ReplyAdapter
from tests.fakes.http_server import HttpServer, Request, json_answer

if TYPE_CHECKING:
    from tests.source.conftest import Serve

MY_SOURCE = '''
from bizon_singer.source.source import AbstractSource
from bizon_singer.source.config import SourceConfig
from bizon_singer.source.models import SourceIteration, SourceRecord

class MySource(AbstractSource):
    @staticmethod
    def streams() -> list[str]:
        """Return available stream names."""
        return ["users", "orders"]

    @staticmethod
    def get_config_class() -> type[SourceConfig]:
        """Return the config class for this source."""
        return MySourceConfig

    def get_authenticator(self):
        """Return a requests.auth.AuthBase instance or None."""
        return None

    def check_connection(self) -> tuple[bool, any]:
        """Test the connection. Return (success, error_or_none)."""
        return True, None

    def get_total_records_count(self) -> int | None:
        """Return total record count if known, else None."""
        return None

    def get(self, pagination: dict = None) -> SourceIteration:
        """Fetch the next batch of records."""
        records = [
            SourceRecord(id="1", data={"name": "Alice"}),
            SourceRecord(id="2", data={"name": "Bob"}),
        ]
        return SourceIteration(
            records=records,
            next_pagination={}  # Empty dict = no more data
        )
'''

CURSOR = """
def get(self, pagination: dict = None) -> SourceIteration:
    cursor = pagination.get("cursor") if pagination else None

    response = self.session.get(
        "https://api.example.com/users",
        params={"cursor": cursor}
    )
    data = response.json()

    records = [
        SourceRecord(id=str(u["id"]), data=u)
        for u in data["users"]
    ]

    next_cursor = data.get("next_cursor")
    return SourceIteration(
        records=records,
        next_pagination={"cursor": next_cursor} if next_cursor else {}
    )
"""

OFFSET = """
def get(self, pagination: dict = None) -> SourceIteration:
    offset = pagination.get("offset", 0) if pagination else 0
    limit = 100

    response = self.session.get(
        "https://api.example.com/users",
        params={"offset": offset, "limit": limit}
    )
    data = response.json()

    records = [SourceRecord(id=str(u["id"]), data=u) for u in data]

    if len(records) < limit:
        return SourceIteration(records=records, next_pagination={})

    return SourceIteration(
        records=records,
        next_pagination={"offset": offset + limit}
    )
"""

USERS = [{"id": number, "name": f"user {number}"} for number in range(250)]


class MySourceConfig(SourceConfig):
    """The class the page names and does not show."""


class ToServer(ReplyAdapter):
    """Leads requests for any host to one server."""

    def __init__(self, server: HttpServer) -> None:
        """Keep the address."""
        super().__init__()
        self._url = server.url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send a request to the server."""
        led = request.copy()
        led.url = self._url + (request.path_url or "")
        return super().send(led, *args, **kwargs)


def pasted(code: str) -> dict[str, Any]:
    """Execute code of the page and return the names it defines."""
    names: dict[str, Any] = {
        "MySourceConfig": MySourceConfig,
        "SourceIteration": SourceIteration,
        "SourceRecord": SourceRecord,
    }
    exec(code, names)
    return names


def read_all(source: AbstractSource, first: dict[str, Any] | None) -> list[list[str]]:
    """Return the ids of all pages."""
    pages = []
    page = source.get(pagination=first)
    while True:
        pages.append([record.id for record in page.records])
        if not page.next_pagination:
            return pages
        page = source.get(pagination=dict(page.next_pagination))


def paginating(code: str, server: HttpServer) -> AbstractSource:
    """Return the page's source with one of its pagination examples as ``get``."""
    get = pasted(code)["get"]
    source_class = type("PagedSource", (pasted(MY_SOURCE)["MySource"],), {"get": get})
    source: AbstractSource = source_class(MySourceConfig(name="my", stream="users"))
    source.session.mount("https://api.example.com", ToServer(server))
    return source


def test_the_example_source_works_as_it_stands() -> None:
    """Every member of the page's class does what the page says."""
    source_class = pasted(MY_SOURCE)["MySource"]
    config = source_class.get_config_class()(name="my", stream="users")
    source = source_class(config)
    page = source.get({})
    assert source_class.streams() == ["users", "orders"]
    assert source.config is config
    assert source.session.auth is None
    assert source.check_connection() == (True, None)
    assert source.get_total_records_count() is None
    assert [(record.id, record.data) for record in page.records] == [
        ("1", {"name": "Alice"}),
        ("2", {"name": "Bob"}),
    ]
    assert page.next_pagination == {}


@pytest.mark.parametrize("first", [None, {}])
def test_the_cursor_example_reads_every_page(serve: Serve, first: Any) -> None:
    """The cursor of each answer leads to the next, whichever way the first page is asked for."""

    def users(request: Request) -> Any:
        start = int(request.query.get("cursor", ["0"])[0])
        following = start + 100 if start + 100 < len(USERS) else None
        return json_answer({"users": USERS[start : start + 100], "next_cursor": following})

    server = serve(users)
    pages = read_all(paginating(CURSOR, server), first)
    assert [number for page in pages for number in page] == [str(user["id"]) for user in USERS]
    assert server.targets == ["/users", "/users?cursor=100", "/users?cursor=200"]


@pytest.mark.parametrize("first", [None, {}])
def test_the_offset_example_reads_every_page(serve: Serve, first: Any) -> None:
    """A short page ends the stream, whichever way the first page is asked for."""

    def users(request: Request) -> Any:
        start, limit = (int(request.query[name][0]) for name in ("offset", "limit"))
        return json_answer(USERS[start : start + limit])

    server = serve(users)
    pages = read_all(paginating(OFFSET, server), first)
    assert [len(page) for page in pages] == [100, 100, 50]
    assert server.targets[-1] == "/users?offset=200&limit=100"
