"""``AbstractSource`` itself: what must be written, what has a default, what is called how."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import requests

from bizon_singer.source.auth.builder import AuthBuilder
from bizon_singer.source.callback import AbstractSourceCallback, NoOpSourceCallback
from bizon_singer.source.config import HttpConfig, SourceConfig
from bizon_singer.source.models import SourceIncrementalState, SourceIteration, SourceRecord
from bizon_singer.source.session import Session
from bizon_singer.source.source import AbstractSource


class Smallest(AbstractSource):
    """The least a source is made of."""

    @staticmethod
    def streams() -> list[str]:
        """Name one stream."""
        return ["items"]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:  # noqa: ARG002
        """Give one record."""
        return SourceIteration(records=[SourceRecord("1", {})])


def test_streams_and_get_are_all_a_source_needs() -> None:
    """The four other methods Bizon makes abstract have honest defaults."""
    source = Smallest(SourceConfig(stream="items"))
    assert source.get_config_class() is SourceConfig
    assert source.get_authenticator() is None
    assert source.check_connection() == (True, None)
    assert source.get_total_records_count() is None
    assert source.commit() is None  # type: ignore[func-returns-value]
    assert source.set_streams_config([]) is None  # type: ignore[func-returns-value]
    assert source.discover() is None
    assert list(source.stream_definitions()) == []
    assert source.proven is None
    assert isinstance(source.get_source_callback_instance(), NoOpSourceCallback)


@pytest.mark.parametrize("missing", ["streams", "get"])
def test_a_source_without_the_two_cannot_be_made(missing: str) -> None:
    """The error names what is missing."""
    members = {"streams": Smallest.streams, "get": Smallest.get}
    del members[missing]
    half: Any = type("Half", (AbstractSource,), members)
    with pytest.raises(TypeError, match=missing):
        half(SourceConfig(stream="items"))


def test_every_documented_method_is_there_with_its_arguments() -> None:
    """The names and parameters of the documentation's table."""
    documented: dict[str, list[str]] = {
        "streams": [],
        "get_config_class": [],
        "get_authenticator": ["self"],
        "check_connection": ["self"],
        "get_total_records_count": ["self"],
        "get": ["self", "pagination"],
        "get_records_after": ["self", "source_state", "pagination"],
        "commit": ["self"],
        "set_streams_config": ["self", "streams"],
    }
    for name, arguments in documented.items():
        assert list(inspect.signature(getattr(AbstractSource, name)).parameters) == arguments
    for name in ("streams", "get_config_class"):
        assert isinstance(inspect.getattr_static(AbstractSource, name), staticmethod)


def test_what_the_source_does_not_override_it_cannot_do() -> None:
    """A source without ``get_records_after`` is not taken for one that found nothing."""
    source = Smallest(SourceConfig(stream="items"))
    state = SourceIncrementalState("2026-01-01T00:00:00Z")  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError):
        source.get_records_after(state)


def test_config_and_session_are_set_before_the_authenticator_is_asked_for() -> None:
    """As in Bizon: ``get_session`` sees the config, ``get_authenticator`` both."""
    seen: list[str] = []

    class Watching(Smallest):
        def get_session(self, **_: Any) -> Any:
            seen.append(f"session for {self.config.stream}")
            return requests.Session()

        def get_authenticator(self) -> Any:
            seen.append(f"authenticator for {type(self.session).__name__}")
            return ("user", "password")

    source = Watching(SourceConfig(stream="items"))
    assert seen == ["session for items", "authenticator for Session"]
    assert source.session.auth == ("user", "password")


@pytest.mark.parametrize("nothing", [None, False, ()])
def test_no_authenticator_leaves_the_session_without(nothing: Any) -> None:
    """Anything false means none, as Bizon takes it."""
    source_class: Any = type("Open", (Smallest,), {"get_authenticator": lambda _: nothing})
    assert source_class(SourceConfig(stream="items")).session.auth is None


def test_the_settings_reach_the_session() -> None:
    """Limits of ``http``, the retry limit and the authenticator of ``authentication``."""
    config = SourceConfig.model_validate(
        {
            "stream": "items",
            "http": {"read_timeout_seconds": 5},
            "api_config": {"retry_limit": 3},
            "authentication": {"type": "api_key", "params": {"token": "t"}},
        }
    )
    session = Smallest(config).session
    assert isinstance(session, Session)
    assert session.http == HttpConfig(read_timeout_seconds=5)
    assert session.retry_limit == 3
    assert type(session.auth) is type(AuthBuilder.from_config(config.authentication))


def test_a_config_of_other_hands_is_enough() -> None:
    """A config without ``http``, ``api_config`` or ``authentication`` gets the defaults."""

    class Foreign:
        stream = "items"

    session = Smallest(Foreign()).session
    assert (session.http, session.retry_limit, session.auth) == (HttpConfig(), 10, None)


def test_the_callbacks_of_bizon_can_be_written() -> None:
    """They are kept so that sources import and construct; nobody calls them."""
    seen: list[Any] = []

    class Noting(AbstractSourceCallback):
        def on_iterations_written(self, iterations: Any) -> None:
            seen.append(iterations)

    Noting(None).on_iterations_written([1])
    NoOpSourceCallback().on_iterations_written([2])
    assert seen == [[1]]
