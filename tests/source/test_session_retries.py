"""What is tried again, how often, after which pause, and what is said when it was in vain."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.errors import ProtocolError, TransientError
from bizon_singer.source.config import SourceConfig
from bizon_singer.source.reply import RETRIED_STATUSES, Reply
from bizon_singer.source.retry import pauses as pauses_below
from bizon_singer.source.retry import retry_after
from bizon_singer.source.session import Session
from tests.fakes.http_server import Answer, json_answer
from tests.source.test_auth_headers import PlainSource

if TYPE_CHECKING:
    from tests.source.conftest import Open, Serve

OK = json_answer({"ok": True})


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_the_retry_limit_counts_retries_over_http(
    serve: Serve, open_session: Open, pauses: list[float], limit: int
) -> None:
    """A limit of N is N + 1 requests; zero is no retry at all."""
    server = serve(Answer(503))
    with pytest.raises(TransientError):
        open_session(limit).get(server.url)
    assert len(server.requests) == limit + 1
    assert len(pauses) == limit


def test_the_retry_limit_of_the_settings_is_honoured(serve: Serve, pauses: list[float]) -> None:
    """``api_config.retry_limit`` reaches the source's session (in Bizon nobody reads it)."""
    server = serve(Answer(503))
    source = PlainSource(SourceConfig(stream="items", api_config={"retry_limit": 2}))  # type: ignore[arg-type]
    with pytest.raises(TransientError):
        source.session.get(server.url)
    source.session.close()
    assert len(server.requests) == 3
    assert len(pauses) == 2


def test_the_default_is_ten_retries(serve: Serve, pauses: list[float]) -> None:
    """As the documentation says, also with ``api_config`` left out."""
    server = serve(Answer(503))
    source = PlainSource(SourceConfig(stream="items"))
    with pytest.raises(TransientError):
        source.session.get(server.url)
    source.session.close()
    assert len(server.requests) == 11
    assert len(pauses) == 10


@pytest.mark.parametrize("status", sorted(RETRIED_STATUSES))
def test_a_passing_status_is_tried_again(
    serve: Serve, open_session: Open, pauses: list[float], status: int
) -> None:
    """The next answer counts as if there had been no other."""
    server = serve(Answer(status), Answer(status), OK)
    assert open_session(2).get(server.url).json() == {"ok": True}
    assert len(pauses) == 2


@pytest.mark.parametrize("status", sorted(RETRIED_STATUSES))
def test_a_passing_status_that_stays_is_exit_code_5(
    serve: Serve, open_session: Open, pauses: list[float], status: int
) -> None:
    """It is a TransientError and an HTTPError with its answer, and says what to do."""
    server = serve(Answer(status))
    with pytest.raises(TransientError, match=f"answered {status}.*run again later") as caught:
        open_session(1).get(server.url)
    assert caught.value.exit_code == 5
    assert isinstance(caught.value, requests.HTTPError)
    assert caught.value.response.status_code == status
    assert len(pauses) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 422, 501, 505])
def test_a_status_that_stays_is_not_tried_again(
    serve: Serve, open_session: Open, pauses: list[float], status: int
) -> None:
    """Asking again for what is refused for good only annoys the API."""
    server = serve(Answer(status))
    with pytest.raises(requests.HTTPError):
        open_session(5).get(server.url)
    assert len(server.requests) == 1
    assert pauses == []


def test_a_source_may_add_statuses_its_api_documents(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """HubSpot answers 423 and 477 for what passes; spent, it is exit code 5."""
    session = open_session(1)
    session.retried_statuses |= {423, 477}
    server = serve(Answer(423), OK)
    assert session.get(server.url).json() == {"ok": True}
    server.then(Answer(477))
    with pytest.raises(TransientError) as caught:
        session.get(server.url)
    assert caught.value.exit_code == 5
    assert len(pauses) == 2


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("trouble", [Answer(503), Answer(fate="reset"), Answer(fate="drop")])
def test_every_method_is_tried_again_with_its_body(
    serve: Serve, open_session: Open, pauses: list[float], method: str, trouble: Answer
) -> None:
    """APIs are searched by POST, so POST is retried as well, body included."""
    server = serve(trouble, OK)
    call = getattr(open_session(1), method)
    assert call(server.url, json={"a": 1}).json() == {"ok": True}
    assert [request.body for request in server.requests] == [b'{"a": 1}'] * 2
    assert len(pauses) == 1


def test_a_body_that_is_a_file_is_sent_whole_again(
    serve: Serve, open_session: Open, pauses: list[float], tmp_path: Any
) -> None:
    """A retry does not send what is left of a file."""
    path = tmp_path / "body"
    path.write_bytes(b"abc" * 100)
    server = serve(Answer(503), OK)
    with path.open("rb") as body:
        open_session(1).post(server.url, data=body)
    assert [len(request.body) for request in server.requests] == [300, 300]
    assert len(pauses) == 1


def test_a_body_that_cannot_be_sent_again_is_not(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """A generator is spent after the first try: what it brought is the result."""
    server = serve(Answer(503), OK)
    body = iter([b"abc"])
    with pytest.raises(TransientError):
        open_session(1).post(server.url, data=body, headers={"Content-Length": "3"})
    assert len(server.requests) == 1
    assert pauses == []


def test_pauses_have_full_jitter_below_a_doubling_limit() -> None:
    """Each is anywhere between nothing and 1, 2, 4 … seconds, up to the longest."""
    runs = [
        [pause for pause, _ in zip(pauses_below(10), range(8), strict=False)] for _ in range(300)
    ]
    for number, limit in enumerate([1, 2, 4, 8, 10, 10, 10, 10]):
        column = [run[number] for run in runs]
        assert 0 <= min(column) < 0.15 * limit
        assert 0.85 * limit < max(column) <= limit


@pytest.mark.parametrize("longest", [0.0, 0.5, 3.0])
def test_no_pause_is_longer_than_the_setting(
    serve: Serve, open_session: Open, pauses: list[float], longest: float
) -> None:
    """``http.retry_wait_max_seconds`` bounds them all."""
    server = serve(Answer(503))
    with pytest.raises(TransientError):
        open_session(12, retry_wait_max_seconds=longest).get(server.url)
    assert len(pauses) == 12
    assert all(0 <= pause <= longest for pause in pauses)


@pytest.mark.parametrize("value", ["7", "7.0", " 7 "])
def test_a_retry_after_in_seconds_is_waited_for(
    serve: Serve, open_session: Open, pauses: list[float], value: str
) -> None:
    """No pause is shorter than what the API asks for."""
    server = serve(Answer(429, headers={"Retry-After": value}), OK)
    open_session(1).get(server.url)
    assert pauses == [7]


def test_a_retry_after_with_a_date_is_measured_by_the_apis_clock(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """The answer's own Date tells what time it is there, whatever it is here."""
    there = datetime.now(UTC) - timedelta(days=3)
    headers = {
        "Date": format_datetime(there, usegmt=True),
        "Retry-After": format_datetime(there + timedelta(seconds=90), usegmt=True),
    }
    server = serve(Answer(503, headers=headers), OK)
    open_session(1).get(server.url)
    assert pauses == [90]


def test_a_retry_after_with_a_date_needs_no_date_of_the_answer(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """Then our own clock has to do."""
    until = datetime.now(UTC) + timedelta(seconds=90)
    server = serve(Answer(503, headers={"Retry-After": format_datetime(until, usegmt=True)}), OK)
    open_session(1).get(server.url)
    assert 85 < pauses[0] <= 90


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "-1",
        "-1e11",
        "nan",
        "soon",
        "",
        "1:00",
        "Mon, 99 Foo 2026",
        "Wed, 21 Oct 2015 07:28:00 GMT",
    ],
)
def test_a_retry_after_of_no_use_leaves_the_usual_pause(
    serve: Serve, open_session: Open, pauses: list[float], value: str
) -> None:
    """Nothing, the past and nonsense are no reason to wait, nor to fail."""
    server = serve(Answer(429, headers={"Retry-After": value}), OK)
    open_session(1).get(server.url)
    assert 0 <= pauses[0] <= 1


@pytest.mark.parametrize("value", ["301", "86400", "1e11", "1e400", "9" * 50])
def test_a_retry_after_beyond_the_limit_stops_at_once(
    serve: Serve, open_session: Open, pauses: list[float], value: str
) -> None:
    """It is exit code 5 without a pause; urllib3 would sleep for six hours a try."""
    server = serve(Answer(429, headers={"Retry-After": value}), OK)
    with pytest.raises(TransientError, match="asks to wait") as caught:
        open_session(5).get(server.url)
    assert caught.value.exit_code == 5
    assert isinstance(caught.value, requests.HTTPError)
    assert len(server.requests) == 1
    assert pauses == []


def test_a_pause_too_long_says_when_to_come_back(serve: Serve, open_session: Open) -> None:
    """Two hours from now is named to the minute."""
    server = serve(Answer(429, headers={"Retry-After": "7200"}))
    around = [datetime.now(UTC) + timedelta(seconds=7200 + drift) for drift in (-5, 5)]
    with pytest.raises(TransientError) as caught:
        open_session(5).get(server.url)
    assert "asks to wait 7,200 s" in str(caught.value)
    assert any(f"after {moment:%Y-%m-%d %H:%M} UTC" in str(caught.value) for moment in around)


def test_spent_retries_say_when_to_come_back_as_well(serve: Serve, open_session: Open) -> None:
    """An API that names a time is quoted, also where no retry was left to wait for it."""
    server = serve(Answer(503, headers={"Retry-After": "60"}))
    with pytest.raises(TransientError, match=r"asks to wait 60 s; run again .* after .* UTC"):
        open_session(0).get(server.url)


def test_the_longest_retry_after_can_be_set(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """``http.retry_after_max_seconds`` is the limit itself."""
    server = serve(Answer(429, headers={"Retry-After": "20"}), OK)
    open_session(1, retry_after_max_seconds=20).get(server.url)
    server.then(Answer(429, headers={"Retry-After": "20"}))
    with pytest.raises(TransientError):
        open_session(1, retry_after_max_seconds=19).get(server.url)
    assert pauses == [20]


@given(
    st.text(st.characters(max_codepoint=255)) | st.from_regex(r"[A-Z][a-z]{2}, [0-9: a-zA-Z+-]+")
)
def test_a_retry_after_never_fails(value: str) -> None:
    """Whatever the header holds, it is a pause that makes sense or none."""
    seconds = retry_after({"Retry-After": value, "Date": value})
    assert seconds is None or seconds >= 0


def test_each_retry_is_logged_in_one_line(
    serve: Serve, open_session: Open, pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """A run that waits says so, without the query."""
    server = serve(Answer(503), Answer(fate="reset"), OK)
    with caplog.at_level(logging.INFO):
        open_session(4).get(f"{server.url}/items?key=canary")
    first, second = [record.getMessage() for record in caplog.records if "trying" in record.msg]
    assert first.startswith(f"GET {server.url}/items answered 503; trying again in ")
    assert first.endswith("(1 of 4).")
    assert second.startswith(f"GET {server.url}/items: the server closed the connection")
    assert "canary" not in first + second
    assert len(pauses) == 2


def test_a_host_that_does_not_exist_is_tried_twice_at_most(
    open_session: Open, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong base URL shows after a second, not after ten retries."""
    asked = resolver(monkeypatch, socket.EAI_NONAME)
    with pytest.raises(TransientError, match="host name cannot be resolved") as caught:
        open_session(10).get("https://no-such-host.invalid/items")
    assert "https://no-such-host.invalid/items" in str(caught.value)
    assert len(asked) == 2
    assert len(pauses) == 1
    with pytest.raises(TransientError):
        open_session(0).get("https://no-such-host.invalid/items")
    assert len(asked) == 3


def test_a_resolver_in_trouble_is_tried_as_often_as_anything(
    open_session: Open, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``EAI_AGAIN`` passes."""
    asked = resolver(monkeypatch, socket.EAI_AGAIN)
    with pytest.raises(TransientError):
        open_session(4).get("https://busy-resolver.invalid/items")
    assert len(asked) == 5
    assert len(pauses) == 4


def resolver(monkeypatch: pytest.MonkeyPatch, code: int) -> list[str]:
    """Let every look-up fail with this code; return the hosts asked for."""
    asked: list[str] = []

    def fail(host: str, *_: Any, **__: Any) -> None:
        asked.append(host)
        raise socket.gaierror(code, "made up")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    return asked


def test_a_refused_connection_is_tried_again(open_session: Open, pauses: list[float]) -> None:
    """A server that is being restarted is back in a moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/items"
        with pytest.raises(TransientError, match="refused") as caught:
            open_session(3).get(url)
    assert f"GET {url}" in str(caught.value)
    assert caught.value.exit_code == 5
    assert isinstance(caught.value, requests.ConnectionError)
    assert caught.value.response is None
    assert len(pauses) == 3


def test_what_cannot_be_sent_is_not_tried_again(open_session: Open, pauses: list[float]) -> None:
    """A header no request can carry will not be one in a minute."""
    session = open_session(5)
    session.headers["X-Odd"] = "a→b"
    with pytest.raises(ProtocolError, match="header"):
        session.get("http://127.0.0.1:9/")
    assert pauses == []


def test_a_subclass_paces_each_try_and_looks_at_each_answer(
    serve: Serve, pauses: list[float]
) -> None:
    """Also at those that are tried again: some APIs say in the body that it would be in vain."""
    server = serve(Answer(503), OK)
    turns: list[str] = []
    seen: list[int] = []

    class Watching(Session):
        def await_turn(self, request: requests.PreparedRequest) -> None:
            turns.append(request.url or "")

        def look_at(self, reply: Reply) -> None:
            seen.append(reply.status_code)

    with Watching() as session:
        session.get(server.url)
    assert seen == [503, 200]
    assert len(turns) == len(seen) == len(pauses) + 1


def test_what_a_subclass_raises_ends_the_tries(serve: Serve, pauses: list[float]) -> None:
    """No pause and no further request."""
    server = serve(Answer(429))

    class Stopping(Session):
        def look_at(self, reply: Reply) -> None:
            raise TransientError(f"{reply.place}: enough for today")

    with Stopping() as session, pytest.raises(TransientError, match="enough for today"):
        session.get(server.url)
    assert (len(server.requests), pauses) == (1, [])
