"""bizon-singer on a source whose records are routed to other streams."""

from __future__ import annotations

from pathlib import Path

from tests.commands.process import assert_refused, write
from tests.workbench.desk import answer, desk, lines, source

ROUTED = """
    def get(self, pagination=None):
        tables = ["orders", "refunds", "orders"]
        records = [
            SourceRecord(id=str(n), data={"n": n}, destination_id=table)
            for n, table in enumerate(tables)
        ]
        return SourceIteration(records=records, next_pagination={})
"""


def config(folder: Path) -> str:
    """Write the config of a source with two routes."""
    routes = [
        {"name": name, "source": {}, "destination": {"table_id": name}}
        for name in ("orders", "refunds")
    ]
    settings = {"source_file_path": source(folder, ROUTED), "streams": routes}
    return write(folder / "c.json", settings)


def test_routes_are_listed_with_the_stream_they_come_with(tmp_path: Path) -> None:
    """They are streams for a target; the source knows one."""
    done = desk("stream", "list", "-c", config(tmp_path), "--json")
    streams = {item["name"]: item["read_by"] for item in answer(done)["streams"]}
    assert streams == {"things": None, "orders": "things", "refunds": "things"}


def test_a_check_reads_the_stream_once(tmp_path: Path) -> None:
    """Its record counts, whatever its route."""
    done = desk("check", config(tmp_path))
    assert done.code == 0, done.stderr
    assert lines(done)[2:] == ["stream things ok a record was read"]


def test_a_preview_has_a_table_for_each_route(tmp_path: Path) -> None:
    """In both forms; a route cannot be read without its stream."""
    path = config(tmp_path)
    done = desk("preview", "things", "-c", path)
    text = [line.partition(" ")[0] for line in lines(done)]
    assert text == ["orders:", "n", "0", "2", "", "refunds:", "n", "1"]
    found = answer(desk("preview", "things", "-c", path, "--json"))
    assert found["records"] == []
    assert [record["n"] for record in found["routes"]["orders"]["records"]] == [0, 2]
    assert "n" in found["routes"]["refunds"]["schema"]["properties"]
    assert_refused(desk("preview", "orders", "-c", path), "is a route", "name that one")
