"""tap-notion: values a page holds only a part of, read in full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bizon_singer.testing.runs import run
from bizon_taps.notion.tap import TapNotion
from tests.fakes.http_server import Answer, Request
from tests.fakes.notion import Notion
from tests.fakes.notion.faults import refuse
from tests.fakes.notion.refusal import invalid, not_found
from tests.proofs.subjects import catalog_of, only
from tests.taps.notion_workspace import read, rows, source_with, stream_of

FORTY = 40
MANY = [f"{number:02d}" for number in range(FORTY)]
LISTS = {"Name": "title", "Text": "rich_text", "Who": "people", "Links": "relation"}


def of_properties(notion: Notion) -> list[str]:
    """Return the paths of the properties that were asked for."""
    return [request.path for request in notion.requests if "/properties/" in request.path]


def row_with(notion: Notion, *, properties: dict[str, str], **values: Any) -> str:
    """Return a new data source of one row."""
    source = source_with(notion, **properties)
    notion.workspace.add_page(data_source=source, properties=values)
    return source


def rollup(function: str, **value: Any) -> dict[str, Any]:
    """Return what a rollup computes."""
    (kind,) = value
    return {"type": kind, **value, "function": function}


def texts(*parts: str) -> list[dict[str, Any]]:
    """Return rolled up texts, of one part each."""
    return [{"type": "rich_text", "rich_text": [{"plain_text": part}]} for part in parts]


@pytest.mark.parametrize("count", [25, 26, 101])
def test_lists_are_read_in_full(count: int, notion: Notion) -> None:
    """Of a title, a text, people and a relation; ids of properties are not encoded once more."""
    many = [f"{number:03d}" for number in range(count)]
    source = row_with(notion, properties=LISTS, **dict.fromkeys(LISTS, many))
    (row,) = rows(notion, source, page_size=40).records()
    assert (row["name"], row["text"]) == ("".join(many), "".join(many))
    assert [person["id"] for person in row["who"]] == many
    assert row["links"] == many
    (page,) = read(notion, "pages").records()
    lengths = {name: len(item[item["type"]]) for name, item in page["properties"].items()}
    assert lengths == dict.fromkeys(LISTS, count)


def test_what_is_short_is_not_asked_for(notion: Notion) -> None:
    """A page that holds all there is costs no request more."""
    source = row_with(notion, properties=LISTS, **dict.fromkeys(LISTS, MANY[:24]))
    (row,) = rows(notion, source).records()
    assert row["links"] == MANY[:24]
    assert of_properties(notion) == []


def test_rollups_are_read_in_full(notion: Notion) -> None:
    """A list of more than a page holds, and what is counted over a relation that is cut."""
    properties = {"Links": "relation", "Texts": "rollup", "Count": "rollup"}
    given = {"Texts": rollup("show_original", array=texts(*MANY)), "Links": MANY}
    counted = rollup("count", number=FORTY)
    source = row_with(notion, properties=properties, **given, Count=counted)
    (row,) = rows(notion, source, page_size=7).records()
    assert (row["texts"], row["count"]) == (MANY, FORTY)
    (page,) = read(notion, "pages").records()
    assert page["properties"]["Count"]["rollup"] == counted
    assert page["properties"]["Texts"]["rollup"] == given["Texts"]


def test_a_formula_beside_a_relation_that_is_cut_is_asked_for(notion: Notion) -> None:
    """The page has what was computed of the part that is on it."""
    whole = {"type": "number", "number": FORTY}
    properties = {"Links": "relation", "Total": "formula"}
    source = row_with(notion, properties=properties, Links=MANY, Total=whole)

    def shorten(good: Answer) -> Answer:
        return replace(good, body=good.body.replace(b'"number": 40', b'"number": 25'))

    notion.spoil(shorten, path="/query$")
    (row,) = rows(notion, source).records()
    assert row["total"] == FORTY
    assert len(of_properties(notion)) == 2


@pytest.mark.parametrize("function", ["show_unique", "unique", "median"])
def test_of_a_rollup_notion_does_not_compute_all_values_are_given(
    function: str, notion: Notion
) -> None:
    """Short ones too: the page says of them only that they are not supported."""
    numbers = [{"type": "number", "number": number} for number in (3, 1, 1)]
    source = row_with(notion, properties={"Found": "rollup"}, Found=rollup(function, array=numbers))
    (row,) = rows(notion, source).records()
    assert row["found"] == [3, 1, 1]


def test_what_notion_gives_no_value_for_is_null_and_counted(notion: Notion) -> None:
    """A rollup without one, after it was asked for by itself."""
    source = row_with(notion, properties={"Found": "rollup"}, Found=rollup("median", array=[]))
    done = rows(notion, source)
    (row,) = done.records()
    assert row["found"] is None
    assert any("1 not given by the API of Notion" in line for line in done.warnings)


def test_deselected_values_are_not_asked_for(notion: Notion) -> None:
    """A request each is spent for what is written alone."""
    source = row_with(notion, properties=LISTS, **dict.fromkeys(LISTS, MANY))
    name = stream_of(notion, source)
    catalog = only(catalog_of(TapNotion, notion.settings(), frozenset({name})), {name})
    (entry,) = catalog["streams"]
    for item in entry["metadata"]:
        if item["breadcrumb"] in (["properties", "who"], ["properties", "text"]):
            item["metadata"]["selected"] = False
    (row,) = run(TapNotion, notion.settings(), catalog=catalog).records()
    assert (row["links"], "who" in row) == (MANY, False)
    assert len(of_properties(notion)) == 2


def test_a_property_whose_cursor_ends_is_read_again(notion: Notion) -> None:
    """From its beginning, so that nothing is there twice."""
    source = row_with(notion, properties=LISTS, Links=MANY)
    ended = refuse(invalid("The start_cursor provided is invalid: gone"))
    notion.spoil(ended, path="/properties/", spared=2)
    (row,) = rows(notion, source, page_size=10).records()
    assert row["links"] == MANY


def test_a_row_that_is_gone_before_its_rest_is_read(notion: Notion) -> None:
    """What there is of it is given, and that is told."""
    source = row_with(notion, properties=LISTS, Links=MANY)
    (page,) = (page.id for page in notion.workspace.of("page"))

    def unshare(request: Request) -> None:
        if "/properties/" in request.path:
            notion.workspace.unshare(page)

    notion.before_each = unshare
    done = rows(notion, source)
    assert (done.code, done.records()[0]["links"]) == (0, MANY[:25])
    assert any(f"of page {page}: not shared" in line for line in done.warnings)


def test_a_property_that_is_not_given_leaves_the_others_whole(notion: Notion) -> None:
    """What it is computed of may not be shared, where the page itself is."""
    properties = {"Found": "rollup", "Links": "relation"}
    given = {"Found": rollup("show_original", array=texts(*MANY)), "Links": MANY}
    source = row_with(notion, properties=properties, **given)
    notion.spoil(refuse(not_found("page", "of another")), path="/properties/", times=1)
    done = rows(notion, source)
    (row,) = done.records()
    assert (done.code, row["links"], row["found"]) == (0, MANY, MANY[:25])
    assert any("1 left out" in line for line in done.warnings)
