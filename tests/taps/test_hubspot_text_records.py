"""A record tap-hubspot writes as text is the one it would have made of the same object."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.encoding import RecordEncoder
from bizon_singer.schema import RecordSchema
from bizon_singer.source.models import JsonRecord, stored_data
from bizon_singer.values import ValueReader
from bizon_taps.hubspot import objects
from bizon_taps.hubspot.properties import Property, RecordReader, object_schema
from bizon_taps.hubspot.text_records import MAX_MISSES, TextPage, TextRecordReader, takes_text
from tests.fakes.trouble import changed
from tests.taps.hubspot_account import account, catalog, ids, keep_only, sync

KINDS = ("number", "bool", "date", "datetime", "string", "enumeration")
NAMES = ("email", "id", "url", "archived", "größe", "a b", "x\u2028y", "_untyped", "hs_object_id")
DIRTY = (
    *("", " ", "N/A", "1234;5678", "1,2", "1,", ",", "0", "-0", "-0.0", "-0.50", "00", "007"),
    *("1.", ".5", "1e3", "1E400", "0.1", "1234.50", "12345678901234567890123", "0.0000001"),
    *("1\n", " 7 ", "1e16", "10000000000000000.0", "123456789012345.123456789012345", "nan"),
    *("١٢", "+1", "9" * 400, "true", "FALSE", " true", "1", "yes", "null", "-1", "9" * 18),
    *("2024-01-31", "2024-02-30", "2024-1-31", "20240131", "2024-W05-3", "soon"),
    *("1706659200000", "1706659200001", "1706659200000.0", '"\\\x00\u2028'),
    *("2024-01-31T10:20:30Z", "2024-01-31T10:20:30.123Z", "2024-01-31T10:20:30+02:00"),
    *("2024-01-31 10:20:30", "2024-01-31T25:20:30Z", "2024-01-31T10:20:30,1Z"),
)
characters = st.characters(exclude_categories=["Cs"])
numbers = st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", fullmatch=True)
values = (
    st.none()
    | st.sampled_from(DIRTY)
    | st.text(characters, max_size=6)
    | numbers
    | st.integers().map(str)
    | st.floats().map(repr)
    | st.dates().map(str)
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z")
)
times = st.none() | st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z")


class Digits(str):
    """A number as it is written."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Compare digits, not texts with them."""
        return type(other) is Digits and str(self) == str(other)

    __hash__ = str.__hash__


@st.composite
def pages(draw: st.DrawFn, value: st.SearchStrategy[Any] = values) -> tuple[list[Property], Any]:
    """Return properties, and an answer with some objects that have them, or not all of them."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    properties = [Property(name, draw(st.sampled_from(KINDS)), "") for name in names]
    results = []
    for _ in range(draw(st.integers(0, 4))):
        asked = {name: draw(value) for name in draw(st.permutations(names))}
        others = draw(st.dictionaries(st.text(characters, max_size=3), value, max_size=1))
        missing = draw(st.sampled_from([None, *names]))
        result = {
            "id": draw(st.text(characters, max_size=3)),
            "properties": {key: asked[key] for key in asked if key != missing} | others,
            "createdAt": draw(times),
            "updatedAt": draw(times),
            "archived": draw(st.none() | st.booleans()),
            "archivedAt": draw(times),
            "url": draw(st.none() | st.text(characters, max_size=3)),
            "associations": {"companies": {"results": [1]}},
        }
        left_out = draw(st.sets(st.sampled_from(list(result)[2:])))
        results.append({key: item for key, item in result.items() if key not in left_out})
    return properties, {"results": results, "paging": draw(st.none() | st.just({"next": 1}))}


class Watched(RecordReader):
    """A reader that notes what it would warn of."""

    def __init__(self, properties: list[Property]) -> None:
        """Have seen nothing."""
        super().__init__("contacts", properties)
        self.seen: set[tuple[str, str]] = set()

    def tell_of_untyped(self, field: str, kind: str) -> None:
        """Note it."""
        self.seen.add((field, kind))


def exact(lines: bytes) -> list[Any]:
    """Return what lines hold, numbers as the digits they are written with."""
    return [json.loads(line, parse_float=Digits, parse_int=Digits) for line in lines.splitlines()]


def encoded(records: list[Any]) -> list[Any]:
    """Return what is written of records."""
    return exact(RecordEncoder("contacts", ValueReader(lambda *_: None)).encode(records, "now"))


def both(properties: list[Property], answer: Any) -> tuple[TextPage | None, list[Any]]:
    """Read an answer both ways; what they tell of must be the same where both can."""
    reader, other = Watched(properties), Watched(properties)
    results = json.loads(json.dumps(answer))["results"]
    order = answer["results"][0]["properties"] if answer["results"] else ()
    page = TextRecordReader(properties, order, other.tell_of_untyped).read(
        json.dumps(answer).encode()
    )
    expected = [record.data for record in reader.read(results)]
    if page is not None:
        assert other.seen == reader.seen
    return page, expected


@given(pages())
def test_text_is_what_the_record_would_have_been(given_page: Any) -> None:
    """Every digit, every text, what cannot be typed and what is warned of."""
    properties, answer = given_page
    page, expected = both(properties, answer)
    assert page is not None
    assert page.paging == answer["paging"]
    assert [record.id for record in page.records] == [item["id"] for item in answer["results"]]
    assert all(type(record) is JsonRecord for record in page.records)
    texts = [stored_data(record) for record in page.records]
    assert not any(b"\n" in text for text in texts)
    assert encoded(texts) == encoded(expected)
    assert RecordSchema(object_schema(properties)).all_fit(expected)


@given(pages(values | st.integers() | st.booleans() | st.just([]) | st.just("\ud800")))
def test_values_that_are_no_text_are_left_to_the_other_way(given_page: Any) -> None:
    """A page that has one among what is asked for is not read, one without is."""
    properties, answer = given_page
    names = {item.name for item in properties}
    asked = [
        value
        for result in answer["results"]
        for name, value in result["properties"].items()
        if name in names
    ]
    page, expected = both(properties, answer)
    if page is None:
        return
    assert all(value is None or isinstance(value, str) for value in asked)
    assert encoded([stored_data(record) for record in page.records]) == encoded(expected)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b"{}",
        b'{"results": null}',
        b'{"results": [1]}',
        b'{"results": [{"id": "1"}]}',
        b'{"results": [{"properties": {}}]}',
        b'{"results": [{"id": 1, "properties": {}}]}',
        b'{"results": [{"id": "1", "properties": null}]}',
        b'{"results": [{"id": "1", "properties": {}, "createdAt": 5}]}',
        b'{"results": [{"id": "1", "properties": {}, "createdAt": "soon"}]}',
        b'{"results": [{"id": "1", "properties": {}, "archived": "true"}]}',
        b'{"results": [{"id": "1", "properties": {}, "url": {}}]}',
        b'{"results": [{"id": "1", "properties": {"email": "\\ud800"}}]}',
        b'{"results": [], "paging": NaN}',
        b'{"results": [], "paging": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_other_answers_are_left_to_the_other_way(body: bytes) -> None:
    """It knows what to say of them; where they are the rule, they are not tried any more."""
    fine = b'{"results": [{"id": "1", "properties": {"email": "a"}}]}'
    reader = TextRecordReader([Property("email", "string", "")], (), print)
    for _ in range(MAX_MISSES):
        assert reader.read(fine) is not None
        assert reader.read(body) is None
    assert reader.read(fine) is None


@pytest.mark.parametrize("names", [("a", "a"), ('"',), ("\\",), ("id", "property_id")])
def test_names_that_no_struct_can_have(names: tuple[str, ...]) -> None:
    """They are read the other way."""
    properties = [Property(name, kind, "") for name, kind in zip(names, KINDS, strict=False)]
    assert TextRecordReader(properties, (), print).read(b'{"results": []}') is None


def _schema(fields: dict[str, Any]) -> dict[str, Any]:
    return RecordSchema({"type": "object", "properties": fields}).to_dict()


def test_when_records_may_be_text() -> None:
    """Where all fields are wanted and declared as they are here, whatever they are called."""
    properties = [Property("email", "string", "E-mail"), Property("born", "date", "")]
    own = RecordSchema(object_schema(properties)).to_dict()
    fields = frozenset(own["properties"])
    renamed = {**own["properties"], "email": {"type": ["null", "string"], "title": "Mail"}}
    other = {**own["properties"], "born": {"type": ["null", "string"]}}
    assert takes_text(properties, own, fields)
    assert takes_text(properties[:1], own, fields)
    assert takes_text(properties, _schema(renamed), fields)
    assert not takes_text(properties, _schema(other), fields)
    assert not takes_text(properties, own, fields - {"url"})
    assert not takes_text(properties, own, None)
    assert not takes_text(properties, None, fields)
    assert not takes_text([*properties, Property("more", "string", "")], own, fields)


def test_nothing_of_a_page_is_kept() -> None:
    """However many pages a stream has, the memory of one is enough."""
    properties = [Property("email", "string", ""), Property("revenue", "number", "")]
    values = {"email": "a" * 1000, "revenue": "N/A"}
    answer = {"results": [{"id": str(number), "properties": values} for number in range(10)]}
    body = json.dumps(answer).encode()
    reader = TextRecordReader(properties, (), lambda *_: None)
    assert reader.read(body) is not None
    tracemalloc.start()
    try:
        for _ in range(20):
            reader.read(body)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < len(body)


@pytest.mark.parametrize("wide", [False, True])
def test_a_run_writes_the_same_either_way(monkeypatch: pytest.MonkeyPatch, *, wide: bool) -> None:
    """From the second page on as text, dirty values and all, with the same warnings."""
    made: list[TextPage | None] = []
    read = TextRecordReader.read

    def watched(reader: TextRecordReader, body: bytes) -> TextPage | None:
        made.append(read(reader, body))
        return made[-1]

    monkeypatch.setattr(TextRecordReader, "read", watched)
    with account() as hubspot:
        for number in range(200 if wide else 0):  # too many for a URL: they are read in batches
            hubspot.portal.define("contacts", f"custom_{number:04d}_{'x' * 40}", "number")
        for revenue in ("12", "", "1234.50", "-0", "1234;5678", "N/A"):
            for flag in ("true", "FALSE", "", "perhaps"):
                contact = {"annualrevenue": revenue, "hs_email_optout": flag, "email": "ö\u2028"}
                hubspot.portal.create("contacts", contact)
        hubspot.page_most = 5
        as_text = sync(hubspot, "contacts")
        assert [page is not None for page in made] == [True] * 4
        monkeypatch.setattr(objects, "takes_text", lambda *_: False)
        otherwise = sync(hubspot, "contacts")
        assert len(made) == 4
    assert as_text.records("contacts") == otherwise.records("contacts")
    assert sorted(as_text.warnings) == sorted(otherwise.warnings)
    assert len(as_text.warnings) == 2


def test_a_field_that_is_deselected_is_not_written() -> None:
    """Not even one that every object has."""
    with account() as hubspot:
        for _ in range(6):
            hubspot.portal.create("contacts", {"email": "a@example.com"})
        hubspot.page_most = 2
        found = catalog(hubspot, "contacts")
        keep_only(found, "contacts", ["email", "archived"])
        records = sync(hubspot, found=found).records("contacts")
    assert [record.keys() for record in records] == [{"id", "updatedAt", "email", "archived"}] * 6


def test_a_batch_is_in_the_order_of_the_list_and_whole() -> None:
    """What is gone by then is left out; of a part that failed, nothing of the page is written."""
    gone = {"status": "error", "category": "OBJECT_NOT_FOUND"}
    failed = {"category": "INTERNAL_ERROR"}
    with account() as hubspot:
        for number in range(200):
            hubspot.portal.define("contacts", f"custom_{number:04d}_{'x' * 40}", "number")
        for _ in range(9):
            hubspot.portal.create("contacts", {"email": "a@example.com"})
        hubspot.page_most = 3
        found = catalog(hubspot, "contacts")
        whole = ids(sync(hubspot, found=found), "contacts")
        hubspot.spoil(
            changed(lambda body: {**body, "results": body["results"][:0:-1], "errors": [gone]}),
            path="/batch/read",
            spared=1,
        )
        assert ids(sync(hubspot, found=found), "contacts") == [*whole[:3], *whole[4:]]
        hubspot.spoil(
            changed(lambda body: {**body, "errors": [failed]}), path="/batch/read", spared=1
        )
        done = sync(hubspot, found=found)
        assert (done.code, "INTERNAL_ERROR" in done.sentence) == (5, True)
        assert ids(done, "contacts") == whole[:3]
        rest = sync(hubspot, found=found, state=done.state)
        assert ids(rest, "contacts") == whole[3:]
