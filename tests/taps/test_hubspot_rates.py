"""The limits of a HubSpot account: kept before it says no, and understood when it does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bizon_taps.hubspot import rates
from bizon_taps.hubspot.config import HubSpotSourceConfig
from tests.fakes.http_server import Answer
from tests.fakes.hubspot import HubSpot, Limits, reset_mid_body, too_many
from tests.fakes.trouble import Spoil, bad_gateway
from tests.taps.hubspot_account import account, asked, catalog, sync

RATE = "X-HubSpot-RateLimit-"


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account with three deals."""
    with account() as served:
        for number in range(3):
            served.portal.create("deals", {"dealname": str(number)})
        yield served


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note how long the session waits for its turn, without waiting."""
    seconds: list[float] = []
    monkeypatch.setattr(rates, "sleep", seconds.append)
    monkeypatch.setattr("bizon_singer.source.session.sleep", seconds.append)
    return seconds


def left(remaining: int, *, most: int = 100, interval: int = 10_000) -> Spoil:
    """Return a spoil that lets an answer tell what is left of the window."""
    told = {"Max": most, "Remaining": remaining, "Interval-Milliseconds": interval}
    named = {f"{RATE}{name}": str(value) for name, value in told.items()}
    return lambda good: replace(good, headers={**good.headers, **named})


class TestPace:
    """What the headers tell."""

    @pytest.mark.parametrize(
        ("remaining", "pause"), [(100, 0), (11, 0), (10, 0.1), (1, 0.1), (0, 10)]
    )
    def test_the_tap_slows_down_before_it_is_told_to(
        self, hubspot: HubSpot, slept: list[float], remaining: int, pause: float
    ) -> None:
        """At the rate the window refills once a tenth is left; with nothing left, for a window."""
        found = catalog(hubspot, "deals")
        hubspot.spoil(left(remaining), times=None)
        assert len(sync(hubspot, found=found).records()) == 3
        assert next(filter(None, slept), 0) == pytest.approx(pause, abs=0.05)

    def test_a_users_own_limit_is_kept(self, hubspot: HubSpot, slept: list[float]) -> None:
        """``requests_per_10_seconds`` spaces all requests."""
        sync(hubspot, found=catalog(hubspot, "deals"), requests_per_10_seconds=2)
        assert sum(slept) > 5

    def test_searches_have_a_rate_of_their_own(self, hubspot: HubSpot, slept: list[float]) -> None:
        """``searches_per_second`` spaces searches, and nothing else."""
        found = catalog(hubspot, "deals")
        first = sync(hubspot, found=found, searches_per_second=0.1)
        assert max(slept, default=0) < 1
        sync(hubspot, found=found, state=first.state, searches_per_second=0.1)
        assert max(slept) == pytest.approx(10, abs=1)

    def test_the_account_never_has_to_refuse(self) -> None:
        """Real limits, real time: a small account is read without one 429."""
        limits = Limits(per_10_seconds=None, daily=None, searches_per_second=5)
        with HubSpot(limits=limits) as hubspot:
            found = catalog(hubspot, "deals", "contacts", "tickets")
            first = sync(hubspot, found=found)
            for kind in ("deals", "contacts", "tickets"):
                hubspot.portal.create(kind, {})
            started = time.monotonic()
            default = HubSpotSourceConfig(stream="deals", init_pipeline=False).searches_per_second
            done = sync(hubspot, found=found, state=first.state, searches_per_second=default)
            assert len(done.records()) == 3
            assert limits.refused == {}
            assert time.monotonic() - started > 0.9  # six searches, five a second


class TestRefusals:
    """A 429 by the limit it names."""

    def test_ten_seconds(self, hubspot: HubSpot, slept: list[float]) -> None:
        """The window is waited for, and the request sent again."""
        found = catalog(hubspot, "deals")
        told = {f"{RATE}Interval-Milliseconds": "10000"}
        hubspot.spoil(too_many("TEN_SECONDLY_ROLLING", **told), path="/objects/")
        assert len(sync(hubspot, found=found).records()) == 3
        assert max(slept) == pytest.approx(10, abs=0.5)

    def test_retry_after_goes_before(self, hubspot: HubSpot, slept: list[float]) -> None:
        """HubSpot's own word on when to come back."""
        found = catalog(hubspot, "deals")
        hubspot.spoil(too_many(Retry_After="3"), path="/objects/")
        assert len(sync(hubspot, found=found).records()) == 3
        assert max(slept) == pytest.approx(3, abs=0.5)

    def test_a_second_of_searches(self, hubspot: HubSpot, slept: list[float]) -> None:
        """Only searches wait, for a second."""
        found = catalog(hubspot, "deals")
        first = sync(hubspot, found=found)
        hubspot.spoil(too_many("SECONDLY"), path="/search$")
        assert sync(hubspot, found=found, state=first.state).code == 0
        assert max(slept) == pytest.approx(1, abs=0.2)

    def test_a_day_ends_the_stream_at_once(self, hubspot: HubSpot) -> None:
        """No retry: one request, exit 5, STATE, and the time the day ends where the account is."""
        hubspot.page_most = 2
        found = catalog(hubspot, "deals")
        # account details, properties, the first page, the second one
        hubspot.spoil(too_many("DAILY"), number=4, times=None)
        done = sync(hubspot, found=found)
        assert done.code == 5
        assert "midnight of the account" in done.sentence
        assert done.bookmark("deals")["in_progress"]["pagination"]["after"] == "102"
        assert len(asked(hubspot, "/deals")) == 3
        hubspot.heal()
        rest = sync(hubspot, found=found, state=done.state)
        assert [record["id"] for record in rest.records()] == ["103"]

    def test_the_other_streams_do_not_ask_in_vain(self, hubspot: HubSpot) -> None:
        """The first refusal of the day is the last request of the run."""
        found = catalog(hubspot, "deals", "contacts", "owners")
        hubspot.spoil(too_many("DAILY", Retry_After="3600"), path="/owners/", times=None)
        done = sync(hubspot, found=found)
        assert done.code == 5
        assert "3 of 3 streams failed" in done.sentence
        assert hubspot.requests[-1].path.startswith("/crm/owners/")
        assert not asked(hubspot, "/contacts")

    def test_a_day_that_is_over_before_the_account_was_asked(self, hubspot: HubSpot) -> None:
        """Its time zone is not known then."""
        found = catalog(hubspot, "deals")
        hubspot.spoil(too_many("DAILY"), times=None)
        done = sync(hubspot, found=found)
        assert (done.code, len(hubspot.requests)) == (5, 1)
        assert "at midnight in the time zone of the account" in done.sentence


class TestTokens:
    """Tokens that are refused in other ways than by a 401."""

    def test_a_malformed_token_is_told(self, hubspot: HubSpot) -> None:
        """HubSpot's 530 is no passing trouble: exit 3."""
        found = catalog(hubspot, "deals")
        hubspot.spoil(lambda good: replace(good, status=530), times=None)
        done = sync(hubspot, found=found)
        assert (done.code, len(hubspot.requests)) == (3, 1)
        assert "does not take the token for one" in done.sentence

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"context": {"missingScopes": ["crm.lists.read"]}}, "the scope crm.lists.read"),
            (
                {"errors": [{"context": {"requiredScopes": ["a.read", "b.read"]}}]},
                "give the app one of the scopes a.read, b.read",
            ),
            ({"errors": [{"context": {"requiredScopes": ["<b>", 7]}}]}, "do not include it"),
            ({}, "do not include it"),
            ([], "do not include it"),
        ],
    )
    def test_a_refusal_names_the_scopes_in_any_form(
        self, hubspot: HubSpot, body: Any, words: str
    ) -> None:
        """Only what looks like a scope is shown of the answer."""
        found = catalog(hubspot, "deals")
        answer = json.dumps(body).encode()
        hubspot.spoil(lambda good: replace(good, status=403, body=answer), path="/objects/")
        done = sync(hubspot, found=found)
        assert done.code == 3
        assert words in done.sentence
        assert "<b>" not in done.sentence


class TestFaults:
    """What else goes wrong on the way."""

    @pytest.mark.parametrize("status", [423, 477, 502, 503, 504, 524])
    def test_passing_statuses_are_tried_again(
        self, hubspot: HubSpot, slept: list[float], status: int
    ) -> None:
        """Locked, migrating, or a gateway's HTML."""
        found = catalog(hubspot, "deals")
        hubspot.spoil(lambda good: replace(bad_gateway(good), status=status), path="/objects/")
        assert len(sync(hubspot, found=found).records()) == 3
        assert slept

    def test_a_body_that_breaks_is_asked_for_again(self, hubspot: HubSpot) -> None:
        """Records come once."""
        found = catalog(hubspot, "deals")
        hubspot.spoil(reset_mid_body, path="/objects/")
        assert len(sync(hubspot, found=found).records()) == 3

    @pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b'{"results": {}}', b"<html></html>"])
    def test_an_answer_that_is_no_page_is_no_empty_page(
        self, hubspot: HubSpot, body: bytes
    ) -> None:
        """Status 200 or not: exit 4."""
        found = catalog(hubspot, "deals")

        def spoil(good: Answer) -> Answer:
            return replace(good, body=body)

        hubspot.spoil(spoil, path="/objects/", times=None)
        done = sync(hubspot, found=found)
        assert done.code == 4
        assert "base" in done.sentence

    def test_a_next_page_without_a_cursor_is_an_error(self, hubspot: HubSpot) -> None:
        """To end there would lose the rest."""
        hubspot.page_most = 2
        found = catalog(hubspot, "deals")
        hubspot.spoil(
            lambda good: replace(good, body=good.body.replace(b'"after"', b'"before"')),
            path="/objects/",
        )
        done: Any = sync(hubspot, found=found)
        assert done.code == 4
        assert "without a cursor" in done.sentence
