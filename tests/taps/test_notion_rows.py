"""tap-notion: the rows of a data source, typed, however many there are."""

from __future__ import annotations

import json
from datetime import timedelta

from bizon_taps.notion.columns import columns_of
from bizon_taps.notion.ids import row_stream, source_of_stream
from tests.fakes.http_server import Request, json_answer
from tests.fakes.notion import Notion, fill
from tests.fakes.notion.workspace import NOON
from tests.taps.notion_workspace import ids, now, queries, read, rows, source_with, stream_of

FORTY = 40


def test_every_property_has_a_typed_column(notion: Notion) -> None:
    """Of each type there is, and the value as it is for one that is yet to come."""
    filled = fill(notion.workspace, rows=2)
    first, second = rows(notion, filled.source).records()
    assert (first["name"], float(second["points"]), second["done"]) == ("Task 0", 1.5, True)
    assert first["due"] == {"start": "2026-03-01", "end": None, "time_zone": None}
    assert (first["stage"], first["notes"], first["number"]) == ("Open", "some text", "TASK-1")
    assert second["blocked_by"] == [filled.rows[0]]
    assert (first["total"], first["sum"], first["later"]) == (0, [1], {"angle": 12})


def test_no_two_properties_share_a_column(notion: Notion) -> None:
    """Names that are one in small letters, a field of every row, or none: the id is put behind."""
    filled = fill(notion.workspace, rows=1)
    (row,) = rows(notion, filled.source).records()
    assert row["id"] == filled.rows[0]
    assert row["tags_703a35"] == ["x"]
    assert {"tags_703a3133", "id_703a3132", "property_703a3134"} <= row.keys()
    assert "tags" not in row


def test_a_marked_name_that_is_taken_is_no_trap() -> None:
    """A property named as another one's marked column is marked as well."""
    names = {"A": "x1", "a": "x2", "a_7831": "x3"}
    properties = {name: {"id": own, "name": name, "type": "url"} for name, own in names.items()}
    columns = [column.name for column in columns_of({"properties": properties}).values()]
    assert len(set(columns)) == 3


def test_a_column_depends_on_no_order() -> None:
    """Whichever property Notion names first."""
    pairs = [("Tags", "x1"), ("tags", "x2"), ("Due", "x3")]
    found = [
        {own: column.name for own, column in columns_of(source).items()}
        for source in (
            {"properties": {name: {"id": own, "type": "url"} for name, own in order}}
            for order in (pairs, pairs[::-1])
        )
    ]
    assert found[0] == found[1]


def test_a_renamed_property_is_found_by_its_id(notion: Notion) -> None:
    """Renamed right before the rows are asked for, it fills the column the run began with."""
    source = source_with(notion, Size="number")
    for number in range(2):
        notion.workspace.add_page(data_source=source, properties={"Size": number})

    def rename(request: Request) -> None:
        if request.path.endswith("/query"):
            notion.workspace.rename(source, "Size", "Width")

    notion.before_each = rename
    found = [record["size"] for record in rows(notion, source).records()]
    assert sorted(found) == [0, 1]


def test_a_renamed_data_source_keeps_its_stream() -> None:
    """The stream is found by the id in its name, which fits into any database."""
    identity = "8a754698-f7d6-0dfb-1bb1-a794397df64a"
    for title in ("Old name", "🎉", "very long " * 20):
        stream = row_stream(title, identity)
        assert source_of_stream(stream) == identity
        assert len(stream) <= 63


def test_a_list_that_takes_notion_too_long_is_asked_for_in_smaller_parts(notion: Notion) -> None:
    """Answered 504, at once and by half; the parts stay small, and nothing is missed."""
    source = source_with(notion, Who="people")
    every = [notion.workspace.add_page(data_source=source) for _ in range(10)]
    notion.workspace.edit(every[0], at=NOON, Who=[str(number) for number in range(FORTY)])
    sizes: list[int] = []

    def take_too_long(request: Request) -> None:
        if not request.path.endswith(("/query", "/properties/p%3A1")):
            return
        asked = request.query.get("page_size") or [json.loads(request.body)["page_size"]]
        sizes.append(int(asked[0]))
        if sizes[-1] > 3:
            notion.spoil(lambda _: json_answer({"object": "error"}, 504))

    notion.before_each = take_too_long
    done = rows(notion, source, page_size=8, api_config={"retry_limit": 0})
    who = {record["id"]: record["who"] for record in done.records()}
    assert (done.code, sorted(who), len(who[every[0]])) == (0, sorted(every), FORTY)
    assert (sizes[:3], {*sizes[3:]}) == ([8, 4, 2], {2})
    assert any("`page_size`" in line for line in done.warnings)


def test_more_than_a_query_gives_is_read_by_windows(notion: Notion) -> None:
    """Nothing is missed, also where a window ends in the middle of a minute."""
    notion.result_cap = 10
    source = source_with(notion)
    every = [
        notion.workspace.add_page(data_source=source, at=NOON + timedelta(minutes=number // 3))
        for number in range(45)
    ]
    done = rows(notion, source, page_size=4)
    assert (done.code, sorted(ids(done))) == (0, sorted(every))
    assert sorted(ids(read(notion, "pages", page_size=4))) == sorted(every)


def test_a_minute_with_more_rows_than_a_query_gives_is_told(notion: Notion) -> None:
    """An error that names the minute, and never a shorter stream."""
    notion.result_cap = 10
    source = source_with(notion)
    for _ in range(11):
        notion.workspace.add_page(data_source=source)
    done = rows(notion, source)
    assert done.code == 4
    assert "2026-01-01T12:00:00.000Z" in done.sentence


def test_what_was_edited_in_the_minute_a_run_began_is_read_by_the_next(notion: Notion) -> None:
    """Its time is rounded down to before the run; with no lookback at all."""
    source = source_with(notion, Size="number")
    row = notion.workspace.add_page(data_source=source, properties={"Size": 1})
    notion.workspace.add_page(data_source=source)
    first = rows(notion, source, lookback_seconds=0)
    notion.workspace.edit(row, at=now(), Size=2)
    again = rows(notion, source, first.state, lookback_seconds=0)
    assert [record["size"] for record in again.records()] == [2]


def test_a_run_gives_what_was_edited_since(notion: Notion) -> None:
    """The query is asked for it, not the whole table."""
    source = source_with(notion, Size="number")
    made = [notion.workspace.add_page(data_source=source) for _ in range(9)]
    first = rows(notion, source)
    notion.workspace.edit(made[4], at=now(), Size=40)
    came = notion.workspace.add_page(data_source=source, at=now())
    notion.requests.clear()
    assert ids(rows(notion, source, first.state)) == [made[4], came]
    assert queries(notion)
    assert all(b"last_edited_time" in body for body in queries(notion))


def test_a_cursor_that_ends_has_its_window_asked_again(notion: Notion) -> None:
    """The row it names is thrown away before the next page is asked for."""
    source = source_with(notion)
    every = [
        notion.workspace.add_page(data_source=source, at=NOON + timedelta(minutes=number))
        for number in range(12)
    ]

    def throw_away(_: Request) -> None:
        if len(queries(notion)) == 2:
            notion.workspace.trash(every[3])

    notion.before_each = throw_away
    done = rows(notion, source, page_size=3)
    assert done.code == 0, done.sentence
    assert ids(done) == [identity for identity in every if identity != every[3]]


def test_a_data_source_that_is_gone_fails_its_stream_alone(notion: Notion) -> None:
    """One sentence that names it, exit 4."""
    source = source_with(notion)
    stream = stream_of(notion, source)
    notion.before_each = lambda request: (
        notion.workspace.unshare(source) if request.path.endswith("/query") else None
    )
    gone = read(notion, stream)
    assert gone.code == 4
    assert source in gone.sentence
    assert "share it" in gone.sentence
