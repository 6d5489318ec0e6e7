"""Which streams a source has, what is known of each, and what finding out may cost."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from contextlib import redirect_stdout
from enum import Enum
from typing import Any

import pytest

from bizon_singer.errors import BizonSingerError, ConfigError, CredentialsError
from bizon_singer.source.config import SourceConfig, SourceSyncModes
from bizon_singer.source.models import SourceIteration, StreamDefinition
from bizon_singer.tap import SourceTap, tap_for
from tests.adapter.counting import Base, Incremental, catalog, declaring, root, tap, with_schema


@pytest.fixture(autouse=True)
def _no_calls_yet() -> None:
    """Start each test with none."""
    Base.calls.clear()


# Static streams


def test_static_discovery_needs_no_settings_and_makes_no_source() -> None:
    """Credentials and network are for reading."""
    assert list(catalog(Base)) == ["things"]
    assert Base.calls == []


def test_stream_names_are_values_in_order_and_once() -> None:
    """streams() may give members of enumerations, and the same stream again."""

    class Names(Enum):
        B = "beta"
        A = "alpha"

    class Enumerated(Base):
        @staticmethod
        def streams() -> list[Any]:
            return [Names.B, "gamma", Names.A, "beta", Names.B]

    assert list(catalog(Enumerated)) == ["beta", "gamma", "alpha"]


def test_several_sources_give_all_their_streams() -> None:
    """In the order of the sources; settings of each are known."""

    class OtherConfig(SourceConfig):
        page_size: int = 1

    class Other(Base):
        @staticmethod
        def streams() -> list[Any]:
            return ["others"]

        @staticmethod
        def get_config_class() -> type[Any]:
            return OtherConfig

    assert list(catalog(Other, Base, page_size=2)) == ["others", "things"]


def test_two_sources_may_not_share_a_stream() -> None:
    """The sentence names both."""

    class Copy(Base):
        pass

    with pytest.raises(ConfigError, match="Base and Copy both declare stream 'things'"):
        catalog(Base, Copy)


@pytest.mark.parametrize(
    ("source", "method", "forced"),
    [(Base, "FULL_TABLE", "FULL_TABLE"), (Incremental, "INCREMENTAL", None)],
)
def test_incremental_is_what_overrides_get_records_after(
    source: type[Any], method: str, forced: str | None
) -> None:
    """Told by the function itself; one that is not overridden makes a stream FULL_TABLE only."""
    entry = catalog(source)["things"]
    assert entry["replication_method"] == method
    assert root(entry).get("forced-replication-method") == forced


@pytest.mark.parametrize(
    ("settings", "method", "mode"),
    [
        ({}, "INCREMENTAL", "incremental"),
        ({"sync_mode": "incremental"}, "INCREMENTAL", "incremental"),
        ({"sync_mode": "full_refresh"}, "FULL_TABLE", "full_refresh"),
        ({"sync_mode": "stream"}, "INCREMENTAL", "stream"),
        (
            {"stream_settings": {"things": {"sync_mode": "full_refresh"}}},
            "FULL_TABLE",
            "full_refresh",
        ),
        (
            {
                "sync_mode": "full_refresh",
                "stream_settings": {"things": {"sync_mode": "incremental"}},
            },
            "INCREMENTAL",
            "incremental",
        ),
        ({"stream_settings": {"things": {"sync_mode": "stream"}}}, "INCREMENTAL", "stream"),
    ],
)
def test_sync_mode_chooses_the_method(settings: dict[str, Any], method: str, mode: str) -> None:
    """For all streams or for one; the source is told the mode it is really read in."""
    stream = tap(Incremental, **settings).streams["things"]
    assert stream.replication_method == method
    assert stream.source_config().sync_mode == SourceSyncModes(mode)


def test_an_endless_stream_never_activates_a_version() -> None:
    """What it gives in one run is not the table: targets would remove all rows before."""

    class Queue(Base):
        def get(self, pagination: Any = None) -> SourceIteration:
            del pagination
            page = super().get()
            return SourceIteration({}, page.records if self.calls.count("get 0") == 1 else [])

    for mode, count in (("full_refresh", 1), ("stream", 0)):
        with redirect_stdout(io.StringIO()) as written:
            tap(Queue, sync_mode=mode, emit_activate_version_messages=True).sync_all()
        Base.calls.clear()
        assert written.getvalue().count("ACTIVATE_VERSION") == count


def test_asking_for_more_than_a_source_can_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """A source that cannot be read incrementally is read in full, with one warning."""
    with caplog.at_level(logging.WARNING):
        assert tap(Base, sync_mode="incremental").streams["things"].replication_method
    assert "'things' cannot be read incrementally; it is read in full" in caplog.text


@pytest.mark.parametrize(
    "settings",
    [{"cursor_field": "changed"}, {"stream_settings": {"things": {"cursor_field": "changed"}}}],
)
def test_cursor_field_is_the_replication_key(settings: dict[str, Any]) -> None:
    """It is in the catalog, and what the source is told."""
    assert catalog(Incremental, **settings)["things"]["replication_key"] == "changed"
    stream = tap(Incremental, **settings).streams["things"]
    assert stream.replication_key == "changed"
    assert stream.source_config().cursor_field == "changed"


def test_only_streams_that_are_read_need_their_settings() -> None:
    """What one stream cannot do without may be given to that one alone."""

    class Two(Base):
        @staticmethod
        def streams() -> list[Any]:
            return ["first", "second"]

    needs = {"stream_settings": {"second": {"key": "k"}}, "max_iterations": 1}
    with redirect_stdout(io.StringIO()):
        tap_for("tap-x", [Two])(config={"stream": "second", **needs}).sync_all()
    with redirect_stdout(io.StringIO()) as written, pytest.raises(ConfigError, match="`key` is"):
        tap_for("tap-x", [Two])(config=needs).sync_all()
    assert written.getvalue() == ""


def test_unknown_settings_of_a_stream_are_found_at_discovery() -> None:
    """Before anybody builds on them."""
    with pytest.raises(ConfigError, match=r"`stream_settings\.things\.kye` \(did you mean `key`"):
        catalog(Base, stream_settings={"things": {"kye": 1}})


@pytest.mark.parametrize(
    ("maps", "words"),
    [
        ({"thngs": {"x": "1"}}, "'thngs', which this tap does not have (did you mean `things`?)"),
        ({"copy": {"__source__": "zzz"}}, "names stream 'zzz', which this tap does not have"),
        ({"things": 3}, "`stream_maps` is refused: Unexpected stream definition type"),
        ({"things": {"x": "1 / 0"}}, "to stream 'things': ZeroDivisionError: division by zero"),
        ({"things": {"x": "nope("}}, "setting `stream_maps`"),
        ({"things": {"__filter__": "record['zzz']"}}, "KeyError: 'zzz'; mend it"),
    ],
)
def test_stream_maps_are_settings_too(maps: dict[str, Any], words: str) -> None:
    """A mistake in them is the user's to mend, not a bug of the tap."""
    with redirect_stdout(io.StringIO()), pytest.raises(BizonSingerError) as caught:
        tap(Base, stream_maps=maps, max_iterations=1).sync_all()
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("maps", [{"thi*": {"x": "1"}}, {"__else__": None, "things": {"x": "1"}}])
def test_stream_maps_may_be_for_many_streams(maps: dict[str, Any]) -> None:
    """By a pattern, or for all others."""
    with redirect_stdout(io.StringIO()) as written:
        tap(Base, stream_maps=maps, max_iterations=1).sync_all()
    assert written.getvalue().count('"RECORD"') == 2


# What a source declares


@pytest.mark.parametrize(
    ("source", "words", "code"),
    [
        (with_schema({"properties": {"a": {"type": "str"}}}), "has type 'str'", 4),
        (with_schema({"properties": {"a": {"$ref": "#/x"}}}), "refers to 'x'", 4),
        (with_schema([]), "Declaring declares for stream 'things' is no object", 4),
        (with_schema({"properties": {"a": {}}}, "id"), "lacks the key 'id'; mend the source", 4),
        (
            declaring(
                [StreamDefinition("things", {"properties": {"a": {}}}, replication_key="changed")]
            ),
            "lacks the replication key 'changed'; mend the source",
            4,
        ),
        (declaring(["things"]), "by a str; mend the source to give StreamDefinition", 4),
        (
            declaring([StreamDefinition("things", replication_method="FULL")]),
            "stream 'things' a replication_method that is neither FULL_TABLE nor INCREMENTAL",
            4,
        ),
        (declaring([1]), "by an int; mend the source to give StreamDefinition", 4),
        (declaring(lambda: 1 / 0), "stream_definitions(): the source raised ZeroDivision", 1),
    ],
)
def test_a_declaration_that_cannot_be_true_is_refused(
    source: type[Any], words: str, code: int
) -> None:
    """The stream and the source are named; a bug in the source is a bug of the source."""
    with pytest.raises(BizonSingerError) as caught:
        catalog(source)
    assert words in str(caught.value)
    assert caught.value.exit_code == code


def test_references_in_a_declared_schema_are_resolved() -> None:
    """Targets do not resolve them."""
    schema = {"properties": {"id": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}}
    entry = catalog(with_schema(schema, "id"))["things"]
    assert entry["schema"]["properties"] == {"id": {"type": "integer"}}


def test_what_is_declared_for_other_streams_is_left_out() -> None:
    """streams() says which there are."""
    assert list(catalog(declaring([StreamDefinition("other")]))) == ["things"]


# Streams that depend on the account


class Asking(Base):
    """A source that finds its streams by asking the API."""

    answer: Any = None

    def discover(self) -> Sequence[StreamDefinition] | None:
        """Answer, or fail."""
        self.calls.append("discover")
        if isinstance(self.answer, Exception):
            raise self.answer
        answer: Sequence[StreamDefinition] | None = self.answer
        return answer


def asking(answer: Any) -> type[Any]:
    """Return a source that answers so."""
    return type("Asking", (Asking,), {"answer": answer})


def test_a_source_is_asked_for_its_streams_when_it_can_be() -> None:
    """With complete settings; without them there are those that streams() names."""
    source = asking([StreamDefinition("found"), StreamDefinition("lost", unavailable="no scope")])
    found = catalog(source, key="k")
    assert list(found) == ["found", "lost"]
    assert root(found["lost"])["inclusion"] == "unsupported"
    assert root(found["lost"])["unsupported-description"] == "no scope"
    assert list(catalog(source)) == ["things"]


@pytest.mark.parametrize(
    ("answer", "words", "code"),
    [
        (KeyError("scopes"), "Asking.discover(): the source raised KeyError: 'scopes'", 1),
        (CredentialsError("the API refused the token; renew it"), "refused the token", 3),
        ([{"name": "x"}], "declares its streams by a dict", 4),
        (3, "TypeError", 1),
        ([StreamDefinition("a"), StreamDefinition("a")], "Asking declares stream 'a' more than", 2),
    ],
)
def test_a_source_that_fails_to_answer_is_explained(answer: Any, words: str, code: int) -> None:
    """With the exit code of what went wrong, as when it is read."""
    with pytest.raises(BizonSingerError) as caught:
        catalog(asking(answer), key="k")
    assert words in str(caught.value)
    assert caught.value.exit_code == code


class AskingTap(SourceTap):
    """A tap whose streams depend on the account."""

    name = "tap-asking"
    dynamic_catalog = True
    source_classes = (asking([StreamDefinition("found"), StreamDefinition("more")]),)


def test_with_a_catalog_nobody_is_asked_again() -> None:
    """The selected entries are the streams; a run costs no discovery."""
    written = [
        {"tap_stream_id": "found", "key_properties": ["id"], "schema": SCHEMA},
        {"tap_stream_id": "more", "selected": False},
    ]
    streams = AskingTap(config={"key": "k"}, catalog={"streams": written}).streams
    assert list(streams) == ["found"]
    assert streams["found"].primary_keys == ["id"]
    assert Base.calls == []


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"stream_settings": {"fuond": {"key": "x"}}}, "`stream_settings` names stream 'fuond'"),
        ({"stream_maps": {"fuond": {"n": "1"}}}, "`stream_maps` names stream 'fuond'"),
        ({"stream_maps": {"x": {"__source__": "fuond"}}}, "`stream_maps` names stream 'fuond'"),
        ({"stream_settings": {"more": {"key": "x"}}, "stream_maps": {"mo*": {"n": "1"}}}, ""),
    ],
)
@pytest.mark.parametrize("chosen", [None, ["found"]], ids=["discovered", "catalog"])
def test_settings_for_a_stream_the_account_has_not_are_told_of(
    settings: dict[str, Any],
    word: str,
    chosen: list[str] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A misspelt name is no silence; one the catalog lists and does not select is known."""
    names = ["found", "more"]
    entries = [
        {"tap_stream_id": name, "schema": SCHEMA, "selected": name in (chosen or ())}
        for name in names
    ]
    given = None if chosen is None else {"streams": entries}
    streams = AskingTap(config={"key": "k", **settings}, catalog=given).streams
    assert list(streams) == (chosen or names)
    told = [text for text in caplog.messages if "which there is none of" in text]
    assert len(told) == bool(word)
    for text in told:
        assert word in text
        assert "(did you mean `found`?)" in text


def test_a_tap_whose_streams_depend_on_the_account_needs_its_settings() -> None:
    """For discovery too: there is nothing to list without asking."""
    with pytest.raises(ConfigError, match="setting `key` is missing"):
        AskingTap(config={}, setup_mapper=False)


def test_an_envelope_is_a_schema_of_its_own() -> None:
    """Whatever the source declares, or would give as a sample."""
    entry = catalog(Base, key="k", envelope=True, discover_sample_records=5)["things"]
    assert list(entry["schema"]["properties"])[-1] == "_source_data"
    assert Base.calls == []


SCHEMA = {"properties": {"id": {"type": "integer"}}}
