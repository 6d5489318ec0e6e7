"""One budget for all who ask a host."""

from __future__ import annotations

import pytest

from bizon_singer.source import budget as budget_module
from bizon_singer.source import session as session_module
from bizon_singer.source.budget import RequestBudget
from tests.fakes.http_server import Answer, json_answer
from tests.source.conftest import Open, Serve

HERE = ("https", "api.example", 443)
THERE = ("https", "files.example", 443)


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> RequestBudget:
    """A budget whose clock stands still at 100 s."""
    monkeypatch.setattr(budget_module, "monotonic", lambda: 100.0)
    return RequestBudget()


def test_turns_are_spread_by_the_rate(budget: RequestBudget) -> None:
    """The n-th request waits n - 1 times the interval; other hosts are not concerned."""
    turns = [budget.reserve(HERE, 10) for _ in range(4)]
    assert turns == pytest.approx([0, 0.1, 0.2, 0.3])
    assert budget.reserve(THERE, 10) == 0


def test_without_a_rate_nobody_waits(budget: RequestBudget) -> None:
    """As many as the API takes is the default."""
    assert [budget.reserve(HERE) for _ in range(3)] == [0, 0, 0]


def test_a_pause_is_for_everybody_and_never_gets_shorter(budget: RequestBudget) -> None:
    """A second, shorter pause does not undo the first; turns go on after it."""
    budget.pause(HERE, 5)
    budget.pause(HERE, 1)
    assert budget.reserve(HERE, 2) == pytest.approx(5)
    assert budget.reserve(HERE, 2) == pytest.approx(5.5)


def test_sessions_with_one_budget_pause_together(
    serve: Serve, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one makes the pause the API asked it for, the other one has no turn either."""
    server = serve(Answer(429, headers={"Retry-After": "7"}), json_answer({}))
    first, second, stranger = open_session(1), open_session(0), open_session(0)
    second.budget = first.budget
    origin = ("http", "127.0.0.1", server.port)
    waits: list[tuple[float, float]] = []

    def pause(_: float) -> None:
        waits.append((second.budget.reserve(origin), stranger.budget.reserve(origin)))

    monkeypatch.setattr(session_module, "sleep", pause)
    first.get(server.url)
    assert waits[0] == pytest.approx((7, 0), abs=0.5)


def test_a_rate_holds_for_retries_as_well(
    serve: Serve, open_session: Open, pauses: list[float]
) -> None:
    """Half a request a second: the third request is sent four seconds after the first."""
    server = serve(json_answer({}))
    session = open_session(requests_per_second=0.5)
    for _ in range(3):
        session.get(server.url)
    assert sum(pauses) == pytest.approx(4, abs=0.2)


def test_what_an_api_counts_apart_has_turns_of_its_own(budget: RequestBudget) -> None:
    """Searches of a host, say, wait for each other and hold up nothing else."""
    assert [budget.reserve(("search", HERE), 1) for _ in range(2)] == [0, 1]
    assert budget.reserve(HERE, 1) == 0
