"""Z2: a catalog edited at random is followed, or refused with exit code 2 before any output."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.tap import tap_for
from bizon_singer.testing import check
from bizon_singer.testing.runs import run
from tests.fuzz.edits import edited, replaced
from tests.fuzz.examples import examples
from tests.sources.shop import Shop

TAP: Final = tap_for("tap-shop", [Shop])
DISCOVERED: Final[dict[str, Any]] = json.loads(json.dumps(TAP(config={}).catalog_dict))
DISCOVERED_KEYS: Final = {
    entry["tap_stream_id"]: entry["key_properties"] for entry in DISCOVERED["streams"]
}
KEYS: Final = {"orders": {"id", "updated_at"}, "attic": {"id"}, "events": {"_source_record_id"}}
words = st.sampled_from([True, False, None, "true", "false", "available", "automatic"])


@st.composite
def catalogs(draw: st.DrawFn) -> Any:
    """Draw a catalog with selections of every kind, and a few edits."""
    catalog = edited(draw(st.data()), DISCOVERED, most=2)
    items = _metadata(catalog)
    for item in draw(st.lists(st.sampled_from(items), max_size=4)) if items else []:
        word = draw(st.sampled_from(["selected", "inclusion", "selected-by-default"]))
        item["metadata"][word] = draw(words)
    return catalog


def _entries(catalog: Any) -> list[dict[str, Any]]:
    """Return the entries of a catalog that are objects."""
    streams = catalog.get("streams") if isinstance(catalog, dict) else None
    return [
        entry for entry in (streams if isinstance(streams, list) else []) if isinstance(entry, dict)
    ]


def _items(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metadata of an entry that are objects with metadata."""
    metadata = entry.get("metadata")
    return [
        item
        for item in (metadata if isinstance(metadata, list) else [])
        if isinstance(item, dict) and isinstance(item.get("metadata"), dict)
    ]


def _metadata(catalog: Any) -> list[dict[str, Any]]:
    return [item for entry in _entries(catalog) for item in _items(entry)]


def deselected(entry: dict[str, Any]) -> set[tuple[str, ...]]:
    """Return the breadcrumbs an entry deselects beyond doubt: said once, and in plain words."""
    said: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for item in _items(entry):
        if isinstance(item.get("breadcrumb"), list):
            said.setdefault(tuple(map(str, item["breadcrumb"])), []).append(item["metadata"])
    return {
        crumb
        for crumb, items in said.items()
        if len(items) == 1
        and items[0].get("selected") in (False, "false")
        and items[0].get("inclusion") in (None, "available")
    }


@given(catalogs().filter(lambda catalog: catalog is not None))  # None is no catalog
@examples(150)
def test_a_catalog_is_followed_or_refused(catalog: Any) -> None:
    """Only selected streams and fields are written, keys always, each record under its SCHEMA."""
    _assert_followed_or_refused(catalog)


def test_a_catalog_with_any_part_of_another_kind_is_no_bug() -> None:
    """Each part of a stream's entry, and each kind of JSON value in its place."""
    entry, *_ = DISCOVERED["streams"]
    for catalog in replaced({"streams": [entry]}):
        if catalog is not None:  # which is none
            _assert_followed_or_refused(catalog)


def _assert_followed_or_refused(catalog: Any) -> None:
    done = run(TAP, {}, None, catalog)
    assert done.code in {0, 2, 4}, (done.sentence, done.errors)
    assert len(done.sentence.splitlines()) <= 1
    if done.code == 2:
        assert done.stdout == b""
        return
    if done.code == 4:  # keys of the user's choice that a record does not have
        assert "is a key of the stream" in done.sentence
    assert check(done.stdout) == []
    named = {entry.get("tap_stream_id") or entry.get("stream") for entry in _entries(catalog)}
    written = {message.stream for message in done.recording.of("RECORD")}
    assert written <= named & set(KEYS)
    for entry in _entries(catalog):
        stream = str(entry.get("tap_stream_id") or entry.get("stream"))
        crumbs = deselected(entry)
        if () in crumbs:
            assert stream not in written
        automatic = KEYS.get(stream, set()) | set(entry.get("key_properties") or ())
        for record in done.records(stream):
            assert KEYS[stream] & {"id", "_source_record_id"} <= record.keys() or entry.get(
                "key_properties"
            ) != DISCOVERED_KEYS.get(stream)
            assert (
                not {
                    crumb[1]
                    for crumb in crumbs
                    if len(crumb) == 2 and crumb[0] == "properties" and crumb[1] in record
                }
                - automatic
            )
