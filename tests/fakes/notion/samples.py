"""A made-up workspace with something of everything in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.fakes.notion.workspace import NOON, Workspace

PROPERTIES = {
    "Name": "title",
    "Points": "number",
    "Done": "checkbox",
    "Due": "date",
    "Stage": "status",
    "Tags": "multi_select",
    "Notes": "rich_text",
    "Who": "people",
    "Blocked by": "relation",
    "Total": "formula",
    "Sum": "rollup",
    "Number": "unique_id",
    "ID": "rich_text",
    "Tags!": "rich_text",
    "🎉": "url",
    "Later": "hologram",
}
"""Names that clash with each other and with fields every row has, and a type yet to come."""


@dataclass(frozen=True)
class Filled:
    """What was put into a workspace.

    Attributes:
        home: A page.
        database: A database on it.
        source: The data source of the database.
        rows: Its rows.
    """

    home: str
    database: str
    source: str
    rows: list[str]


def fill(workspace: Workspace, rows: int = 5, at: datetime = NOON) -> Filled:
    """Put something of everything into a workspace; each row is a minute younger."""
    ada = workspace.add_user("Ada", email="ada@example.com")
    workspace.add_user(None)
    home = workspace.add_page(title="Home", at=at)
    workspace.add_page(title="Below", page=home, at=at)
    database = workspace.add_database("Tasks", PROPERTIES, page=home, at=at)
    (source,) = workspace.data_sources_of(database)
    made: list[str] = []
    for number in range(rows):
        moment = at + timedelta(minutes=number)
        values = {
            "Points": number + 0.5,
            "Done": bool(number % 2),
            "Due": "2026-03-01",
            "Stage": "Open",
            "Tags": ["x"],
            "Notes": ["some ", "text"],
            "Who": [ada],
            "Blocked by": made[:1],
            "Total": {"type": "number", "number": number},
            "Sum": {"type": "array", "array": [{"type": "number", "number": 1}]},
            "Number": {"prefix": "TASK", "number": number + 1},
            "🎉": "https://example.com",
            "Later": {"angle": 12},
        }
        row = workspace.add_page(
            data_source=source, title=f"Task {number}", properties=values, at=moment
        )
        made.append(row)
        toggle = workspace.add_block(row, "toggle", f"toggle {number}", at=moment)
        inner = workspace.add_block(toggle, "bulleted_list_item", "inner", at=moment)
        workspace.add_block(inner, "paragraph", "innermost", at=moment)
        workspace.add_block(toggle, "hologram", {"angle": 12}, at=moment)
        workspace.add_block(row, "paragraph", "last", at=moment)
    workspace.add_comment(made[0], "on a row", at=at)
    workspace.add_comment(workspace.children(made[0])[0].id, "on a block", at=at)
    return Filled(home, database, source, made)
