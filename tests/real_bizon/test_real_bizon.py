"""A source written for Bizon runs with the real package bizon as it does without.

Only here is the real one installed, in an environment of its own. There it is used: its classes are
what the source gets, and what it gives back, all pydantic models, is accepted as ours is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.commands.process import (
    AUTHENTICATION,
    CANARY,
    assert_failed,
    assert_no_secret,
    assert_refused,
    last_state,
    messages,
    records,
    source_file,
    tap,
    without_times,
    write,
)
from tests.fakes.http_server import Answer, HttpServer, Request, json_answer
from tests.process.commands import Finished, run

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
TAP = CHECKOUT / ".venv-bizon" / "bin" / "tap-bizon"

pytestmark = pytest.mark.skipif(
    not TAP.exists(), reason="the real package bizon is not installed; `make .venv-bizon/done`"
)

SOURCE = """
from datetime import datetime
from enum import Enum
from typing import Any, Optional

from bizon.source.auth.authenticators.token import TokenAuthParams
from bizon.source.auth.builder import AuthBuilder
from bizon.source.auth.config import AuthConfig, AuthType
from bizon.source.config import SourceConfig
from bizon.source.models import SourceIncrementalState, SourceIteration, SourceRecord
from bizon.source.source import AbstractSource
from pydantic import Field
from requests.auth import AuthBase


class Streams(str, Enum):
    ORDERS = "orders"
    LABELS = "labels"


class OrdersConfig(SourceConfig):
    stream: Streams
    base_url: str = Field(..., description="Where the shop is.")
    authentication: AuthConfig


class OrdersSource(AbstractSource):
    @staticmethod
    def streams() -> list[str]:
        return [stream.value for stream in Streams]

    @staticmethod
    def get_config_class() -> type[SourceConfig]:
        return OrdersConfig

    def get_authenticator(self) -> Optional[AuthBase]:
        given = self.config.authentication
        if given.type == AuthType.BASIC:
            return AuthBuilder.basic(params=given.params)
        if given.type == AuthType.COOKIES:
            return AuthBuilder.cookies(params=given.params)
        return AuthBuilder.token(params=TokenAuthParams(token=given.params.token))

    def check_connection(self) -> tuple[bool, Any]:
        return self.session.get(f"{self.config.base_url}/ping").ok, None

    def get_total_records_count(self) -> Optional[int]:
        return 3

    def get(self, pagination: Optional[dict] = None) -> SourceIteration:
        return self._page(0, pagination)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: Optional[dict] = None
    ) -> SourceIteration:
        assert source_state.last_run.tzinfo is not None
        return self._page(source_state.state.get("seen", 0), pagination)

    def _page(self, seen: int, pagination: Optional[dict]) -> Any:
        from bizon.source.models import SourceRecord as Record

        assert Record is SourceRecord
        page = pagination["page"] if pagination else 0
        url = f"{self.config.base_url}/{self.config.stream.value}"
        body = self.session.get(url, params={"seen": seen, "page": page}).json()
        records = [
            Record(id=item["id"], data=item, timestamp=datetime.fromisoformat(item["at"]))
            for item in body["records"]
        ]
        if not body["more"] and self.config.stream is Streams.LABELS:
            return {}, records
        return SourceIteration(
            next_pagination={"page": page + 1} if body["more"] else {},
            records=records,
            next_state={"seen": body["seen"]},
        )
"""

CHECK = """
        import threading

        found = [type(self.config).__mro__[1].__module__, type(self.session).__module__]

        def in_thread():
            import bizon.source.models as models

            found.append(hasattr(models.SourceRecord, "model_fields"))

        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
        if found != ["bizon.source.config", "bizon.source.session", True]:
            return False, str(found)
"""


def answer(request: Request) -> Answer:
    """Serve pages of two of three records, those that were not seen yet."""
    if request.path == "/ping":
        return json_answer({})
    page, seen = (int(request.query[name][0]) for name in ("page", "seen"))
    items = [{"id": n, "at": "2024-01-01T00:00:00+02:00", "n": n / 2} for n in range(seen, 3)]
    part = items[page * 2 : page * 2 + 2]
    return json_answer({"records": part, "more": items[page * 2 + 2 :] != [], "seen": 3})


def with_bizon(*arguments: str) -> Finished:
    """Run tap-bizon where the real package is installed."""
    return run([str(TAP), *arguments], env=dict(os.environ))


def config(folder: Path, server: HttpServer, text: str = SOURCE, **settings: Any) -> str:
    """Write the source and its config; return the config's path."""
    source = source_file(folder, text=text)
    base = {"source_file_path": source, "base_url": server.url, "authentication": AUTHENTICATION}
    return write(folder / "config.json", {**base, **settings})


def test_the_real_one_is_used(tmp_path: Path) -> None:
    """Its own classes reach the file, its methods and its threads."""
    check = "def check_connection(self) -> tuple[bool, Any]:"
    assert check in SOURCE
    text = SOURCE.replace(check, f"{check}{CHECK}")
    with HttpServer(answer) as server:
        done = with_bizon("--config", config(tmp_path, server, text))
    assert done.code == 0, done.stderr
    assert len(records(done)) == 6


def test_the_output_is_what_it_is_without(tmp_path: Path) -> None:
    """Two runs, the second from the STATE of the first: the same messages, but for the clock."""
    with HttpServer(answer) as server:
        path = config(tmp_path, server)
        real = two_runs(tmp_path, with_bizon, path)
        ours = two_runs(tmp_path, partial(tap, "tap-bizon"), path)
        assert {item.headers["authorization"] for item in server.requests} == {f"Bearer {CANARY}"}
    assert real == ours
    kinds = [(message["type"], message.get("stream")) for message in real]
    for stream in ("orders", "labels"):  # none of them in the second run: nothing is new
        assert kinds.count(("RECORD", stream)) == 3


def two_runs(folder: Path, command: Callable[..., Finished], path: str) -> list[Any]:
    """Return the messages of a run and the next one, without the moments in them."""
    first = command("--config", path)
    state = write(folder / "state.json", last_state(first))
    second = command("--config", path, "--state", state)
    for done in (first, second):
        assert done.code == 0, done.stderr
        assert_no_secret(done)
    return told(first) + told(second)


def told(done: Finished) -> list[Any]:
    """Return the messages of a run without the moments in them."""
    return [
        without_times({key: value for key, value in message.items() if key != "time_extracted"})
        for message in messages(done)
    ]


@pytest.mark.parametrize(
    ("authentication", "header", "value"),
    [
        ({"type": "bearer", "params": {"token": CANARY}}, "authorization", f"Bearer {CANARY}"),
        (
            {"type": "basic", "params": {"username": "ada", "password": "lovelace"}},
            "authorization",
            "Basic YWRhOmxvdmVsYWNl",
        ),
        ({"type": "cookies", "params": {"cookies": {"sid": CANARY}}}, "cookie", f"sid={CANARY}"),
    ],
)
def test_its_authenticators_are_used(
    tmp_path: Path, authentication: dict[str, Any], header: str, value: str
) -> None:
    """Built by its AuthBuilder of its AuthConfig."""
    with HttpServer(answer) as server:
        done = with_bizon("--config", config(tmp_path, server, authentication=authentication))
        assert done.code == 0, done.stderr
        assert {request.headers[header] for request in server.requests} == {value}
    assert_no_secret(done)


def test_its_settings_are_those_of_the_file(tmp_path: Path) -> None:
    """Bizon's own `http` block is taken, ours is not known, and what is wrong is named."""
    with HttpServer(answer, routes={"/orders": [Answer(503), Answer(200, b"{}")]}) as server:
        retries = {"retries": {"total": 0}, "timeout": 5}
        done = with_bizon("--config", config(tmp_path, server, http=retries, stream="orders"))
        assert_failed(done, "stream 'orders', page 1", code=5)
        refused = config(tmp_path, server, http={"allow_http": True})
        assert_refused(with_bizon("--config", refused), "`http.allow_http`", "`retries`")
        refused = config(tmp_path, server, authentication={"type": "api_key", "params": {"x": 1}})
        assert_refused(with_bizon("--config", refused), "`authentication.params.token` is missing")
    about = json.loads(with_bizon("--config", refused, "--about", "--format=json").stdout)
    settings = about["settings"]["properties"]
    assert {"http", "base_url", "source_file_path"} <= settings.keys()
    token = settings["authentication"]["properties"]["params"]["properties"]["token"]
    assert token["secret"] is True
    assert token["writeOnly"] is True


def test_a_page_that_fails_is_where_the_next_run_starts(tmp_path: Path) -> None:
    """Its pagination and next_state are in STATE, and the rest is read by the next run."""
    with HttpServer(answer) as server:
        path = config(tmp_path, server, stream="orders")
        broken = SOURCE.replace("page = pagination", "assert not pagination; page = pagination")
        source_file(tmp_path, text=broken)
        failed = with_bizon("--config", path)
        assert_failed(failed, "stream 'orders', page 2", "AssertionError", code=1)
        source_file(tmp_path, text=SOURCE)
        state = write(tmp_path / "state.json", last_state(failed))
        resumed = with_bizon("--config", path, "--state", state)
    assert resumed.code == 0, resumed.stderr
    assert [record["id"] for record in records(failed) + records(resumed)] == [0, 1, 2]
    assert last_state(resumed)["bookmarks"]["orders"]["state"] == {"seen": 3}


def test_a_source_of_bizon_itself_runs(tmp_path: Path) -> None:
    """One line makes it a source of the file: its own dummy, by name."""
    text = "from bizon.connectors.sources.dummy.src.source import DummySource\n"
    path = write(tmp_path / "config.json", {"source_file_path": str(tmp_path / "my_source.py")})
    source_file(tmp_path, text=text)
    assert_refused(with_bizon("--config", path), "DummySource is only imported")
    source_file(tmp_path, text=f"{text}class Mine(DummySource): pass\n")
    settings = write(tmp_path / "auth.json", {"authentication": AUTHENTICATION})
    done = with_bizon("--config", path, "--config", settings)
    assert done.code == 0, done.stderr
    assert {message.get("stream") for message in messages(done)} == {"creatures", "plants", None}
