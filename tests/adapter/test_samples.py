"""`discover_sample_records`: the fields of streams that declare none, from their first records."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterable
from contextlib import redirect_stdout
from typing import Any

import pytest

from bizon_singer import signals
from bizon_singer.errors import CredentialsError, InterruptedRunError
from bizon_singer.signals import StopRequest
from bizon_singer.source.models import SourceIteration, StreamDefinition
from bizon_singer.tap import tap_for
from tests.adapter.counting import Base, catalog, tap, with_schema


@pytest.fixture(autouse=True)
def _no_calls_yet() -> None:
    """Start each test with none."""
    Base.calls.clear()


def fields(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the inferred fields of a stream, without the columns of the tap."""
    properties = entry["schema"]["properties"].items()
    return {name: field["type"] for name, field in properties if not name.startswith("_source_")}


def test_records_are_sampled_on_request() -> None:
    """Exactly as many as asked for, however many pages that is, each read once."""
    one = catalog(Base, key="k", discover_sample_records=1)["things"]
    assert fields(one) == {"n": ["integer", "null"], "page": ["integer", "null"]}
    Base.calls.clear()
    four = catalog(Base, key="k", discover_sample_records=4)["things"]
    assert fields(four)["n"] == ["number", "null"]
    assert fields(four)["late"] == ["integer", "null"]
    assert [call for call in Base.calls if call.startswith("get")][:2] == ["get 0", "get 1"]


def test_a_run_with_a_catalog_samples_nothing() -> None:
    """The catalog has the fields: a run reads each page once."""
    entries = list(catalog(Base).values())
    settings = {"key": "k", "discover_sample_records": 4, "max_iterations": 1}
    with redirect_stdout(io.StringIO()):
        tap_for("tap-x", [Base])(config=settings, catalog={"streams": entries}).sync_all()
    assert Base.calls == ["made for things", "get 0"]


@pytest.mark.parametrize(
    ("settings", "sampled"), [({}, {"things"}), ({"stream": "others"}, {"others"})]
)
def test_a_run_without_a_catalog_samples_what_it_reads(
    settings: dict[str, Any], sampled: set[str]
) -> None:
    """Its first SCHEMA is the better for it; streams that are not read are left alone."""

    class Two(Base):
        @staticmethod
        def streams() -> list[Any]:
            return ["things", "others"]

        @classmethod
        def stream_definitions(cls) -> list[StreamDefinition]:
            return [StreamDefinition("others", selected_by_default=False)]

    streams = tap(Two, discover_sample_records=2, **settings).streams
    assert {call.partition(" for ")[2] for call in Base.calls if "made" in call} == sampled
    assert {name for name, stream in streams.items() if "n" in stream.schema["properties"]} == (
        sampled
    )


def test_a_sampled_catalog_is_where_a_run_starts() -> None:
    """Fed back, the first SCHEMA has the sampled types, and the sampled records fit."""
    entry = catalog(Base, key="k", discover_sample_records=4)["things"]
    runner = tap_for("tap-x", [Base])(
        config={"key": "k", "max_iterations": 2}, catalog={"streams": [entry]}
    )
    with redirect_stdout(io.StringIO()) as written:
        runner.sync_all()
    messages = [json.loads(line) for line in written.getvalue().splitlines()]
    schemas = [message["schema"] for message in messages if message["type"] == "SCHEMA"]
    assert [schema["properties"]["n"]["type"] for schema in schemas] == [["number", "null"]]


def test_a_stream_that_cannot_be_sampled_keeps_no_other_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is listed without fields, with one warning that says why."""

    class Failing(Base):
        @staticmethod
        def streams() -> list[Any]:
            return ["broken", "things"]

        def get(self, pagination: Any = None) -> SourceIteration:
            if self.config.stream == "broken":
                raise CredentialsError("the API refused the token; renew it")
            return super().get(pagination)

    with caplog.at_level(logging.WARNING):
        found = catalog(Failing, key="k", discover_sample_records=2)
    assert fields(found["broken"]) == {}
    assert fields(found["things"])
    assert "'broken': the API refused the token; renew it; it is listed without" in caplog.text


def test_a_hanging_sample_ends_by_the_time_limit(caplog: pytest.LogCaptureFixture) -> None:
    """Discovery does not hang with its source."""

    class Hanging(Base):
        def get(self, pagination: Any = None) -> SourceIteration:
            import threading  # noqa: PLC0415 - what hangs

            threading.Event().wait(30)
            return super().get(pagination)

    with caplog.at_level(logging.WARNING):
        found = catalog(Hanging, key="k", discover_sample_records=2, page_timeout_seconds=0.2)
    assert fields(found["things"]) == {}
    assert "gave no page for 0.2 s" in caplog.text


def test_streams_with_a_schema_are_not_sampled() -> None:
    """There is nothing to learn that the source has not said."""
    source = with_schema({"properties": {"n": {"type": "integer"}}})
    catalog(source, key="k", discover_sample_records=2)
    assert Base.calls == []


@pytest.mark.parametrize("names", [["a", "b"], ["b", "a"]])
def test_discovery_is_deterministic(names: Iterable[str]) -> None:
    """The same sources give the same text, in the order they name their streams."""

    class Named(Base):
        @staticmethod
        def streams() -> list[Any]:
            return list(names)

    assert json.dumps(catalog(Named)) == json.dumps(catalog(Named))
    assert list(catalog(Named)) == names


def test_a_signal_ends_sampling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discovery is left at once, no half catalog is printed."""
    stop = StopRequest()
    stop.ask(15)
    monkeypatch.setattr(signals, "stop", stop)
    with pytest.raises(InterruptedRunError):
        catalog(Base, key="k", discover_sample_records=2)


def test_a_source_without_a_session_is_sampled_too() -> None:
    """Sources of other hands may have none to close."""

    class Plain(Base):
        def get_session(self, **_: Any) -> None:
            return None

        def get_authenticator(self) -> None:
            return None

    assert fields(catalog(Plain, key="k", discover_sample_records=1)["things"])
