"""A request built from a template is, byte for byte, the one requests would have built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.source.request import MAX_TEMPLATES, RequestTemplates
from bizon_singer.source.session import Session
from tests.fakes.http_server import json_answer
from tests.source.conftest import Open, Serve

URL_CHARACTERS = "aZ09-._~/%!$&'()*+,;=:@?#é "
SCALARS = st.one_of(
    st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(max_size=4)
)
PARAMS = st.one_of(
    st.none(),
    st.dictionaries(st.text(max_size=6), st.one_of(SCALARS, st.lists(SCALARS, max_size=2))),
    st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=2),
    st.text(max_size=8),
)
HEADERS = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["Accept", "X-A", "content-type", "User-Agent", "Accept-Encoding"]),
        st.one_of(st.sampled_from(["a", "b c", ""]), st.none()),
    ),
)
BODIES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"json": st.one_of(st.integers(), st.dictionaries(st.text(), SCALARS))}),
    st.fixed_dictionaries({"data": st.one_of(st.text(), st.binary(), st.lists(st.text()))}),
    st.fixed_dictionaries({"data": st.dictionaries(st.text(), st.text(), max_size=2)}),
)


def parts(request: requests.PreparedRequest) -> tuple[Any, ...]:
    """Return what of a request goes over the wire."""
    return request.method, request.url, dict(request.headers), request.body


def outcome(build: Callable[[], requests.PreparedRequest | None]) -> Any:
    """Return what was built, None if nothing was, or the kind of the refusal."""
    try:
        built = build()
    except Exception as error:  # noqa: BLE001 - compared by their type
        return type(error)
    return None if built is None else parts(built)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
    path=st.text(URL_CHARACTERS, max_size=12),
    params=PARAMS,
    headers=HEADERS,
    body=BODIES,
)
def test_a_template_gives_what_requests_gives(
    method: str, path: str, params: Any, headers: Any, body: dict[str, Any]
) -> None:
    """Whatever the arguments: the same request, twice in a row, or it is left to requests."""
    session = Session()
    templates = RequestTemplates(session)
    content = {"params": params, "headers": headers, **body}
    content = {name: value for name, value in content.items() if value is not None}
    url = f"http://127.0.0.1/{path}"
    for _ in range(2):
        ours = outcome(lambda: templates.build(method, url, content))
        theirs = outcome(lambda: session.prepare_request(requests.Request(method, url, **content)))
        assert ours is None or ours == theirs


@pytest.mark.parametrize(
    "given_arguments",
    [{}, {"params": {"after": 7}}, {"params": {"q": "a b&c"}, "headers": {"X": "y"}}],
)
def test_pages_are_built_from_templates(given_arguments: dict[str, Any]) -> None:
    """The ways in which a source asks for a page are those a template stands for."""
    templates = RequestTemplates(Session())
    for url in ("https://a.example/items", "https://a.example/items?limit=5"):
        assert templates.build("GET", url, given_arguments) is not None
    assert templates.build("POST", "https://a.example/s", {"json": {"after": 7}}) is not None


def test_headers_of_the_session_are_those_of_the_moment(serve: Serve, session: Session) -> None:
    """A header set, changed or removed between two requests shows in the next one."""
    server = serve(json_answer({}))
    for value in ("1", "2", None):
        session.headers["X-Version"] = value  # type: ignore[assignment]
        session.get(server.url)
    seen = [request.headers.get("x-version") for request in server.requests]
    assert seen == ["1", "2", None]


def test_cookies_parameters_and_hooks_of_the_session_are_used(
    serve: Serve, open_session: Open
) -> None:
    """What a template cannot stand for is built by requests."""
    server = serve(json_answer({}))
    session = open_session()
    seen: list[Any] = []
    session.get(server.url)
    session.cookies.set("sid", "abc")
    session.params = {"token": "t"}
    session.hooks["response"].append(lambda reply, **_: seen.append(reply.status_code))
    session.get(server.url, params={"page": 1})
    assert server.requests[1].headers["cookie"] == "sid=abc"
    assert server.requests[1].target == "/?token=t&page=1"
    assert seen == [200]


def test_a_subclass_builds_its_own_requests(serve: Serve) -> None:
    """A source that signs its requests in ``prepare_request`` does so for each of them."""

    class Signing(Session):
        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            prepared = super().prepare_request(request)
            prepared.headers["X-Signature"] = str(prepared.url)
            return prepared

    server = serve(json_answer({}))
    session = Signing()
    for page in range(2):
        session.get(server.url, params={"page": page})
    signatures = [request.headers["x-signature"] for request in server.requests]
    assert signatures == [f"{server.url}/?page=0", f"{server.url}/?page=1"]


def test_an_address_for_each_record_does_not_fill_the_memory() -> None:
    """Templates are bounded."""
    templates = RequestTemplates(Session())
    for number in range(3 * MAX_TEMPLATES):
        assert templates.build("GET", f"https://a.example/items/{number}", {}) is not None
    assert len(templates._templates) <= MAX_TEMPLATES
