"""bizon-singer preview: the first records of a stream, as a target would get them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands.process import AUTHENTICATION, assert_no_secret, assert_refused, write
from tests.process.commands import at_a_terminal
from tests.workbench.desk import COMMAND, answer, desk, lines, source

VALUES = r"""
    def get(self, pagination=None):
        data = [
            {"price": 1.50, "name": "caf\u00e9", "note": None, "tags": [1, "x"]},
            {"price": 22, "name": "two\nlines \u001b[31m", "long": "y" * 60},
        ]
        records = [SourceRecord(id=str(n), data=item) for n, item in enumerate(data)]
        return SourceIteration(records=records, next_pagination={})
"""
EXACT = """
    def get(self, pagination=None):
        from decimal import Decimal
        data = {"exact": Decimal("0.10000000000000000001"), "big": 12345678901234567890123}
        return SourceIteration(records=[SourceRecord(id="1", data=data)], next_pagination={})
"""
WIDE = """
    def get(self, pagination=None):
        data = {f"field_{n}": "some text" for n in range(20)}
        return SourceIteration(records=[SourceRecord(id="1", data=data)], next_pagination={})
"""


def test_records_are_a_table() -> None:
    """Five of them unless told otherwise, a row each."""
    done = desk("preview", "events", "--source", "dummy")
    assert done.code == 0, done.stderr
    assert done.stderr == ""
    head, *rows = done.stdout.decode().splitlines()
    assert head.split()[:3] == ["id", "name", "type"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4", "5"]


def test_n_counts_records_across_pages(tmp_path: Path) -> None:
    """Not pages, and never more than were asked for."""
    config = write(tmp_path / "c.json", {"page_size": 2, "count": 9})
    assert len(lines(desk("preview", "events", "-s", "dummy", "-c", config, "-n", "5"))) == 6
    assert len(lines(desk("preview", "events", "-s", "dummy", "-c", config, "-n", "100"))) == 10


def test_any_value_is_one_short_line(tmp_path: Path) -> None:
    """Numbers flush right, text without quotes, no control characters, long ones cut."""
    done = desk("preview", "things", "-s", source(tmp_path, VALUES))
    text = done.stdout.decode()
    assert text.splitlines()[0].startswith("price  name")
    assert text.splitlines()[1].startswith("  1.5  caf\u00e9")
    assert text.splitlines()[2].startswith("   22  two\\nlines")
    assert 'null  [1,"x"]' in text
    assert "\x1b" not in text
    assert "y" * 39 + "\u2026" in text
    assert "y" * 40 not in text
    assert len(text.splitlines()) == 3


def test_null_among_numbers_stands_as_they_do(tmp_path: Path) -> None:
    """Flush right, with the name of the field above; among texts it is one."""
    body = """
    def get(self, pagination=None):
        data = [{"n": 1000000, "t": "x"}, {"n": None, "t": None}, {"t": "y"}]
        records = [SourceRecord(id=str(n), data=item) for n, item in enumerate(data)]
        return SourceIteration(records=records, next_pagination={})
"""
    done = desk("preview", "things", "-s", source(tmp_path, body))
    shown = [line[:13].rstrip() for line in done.stdout.decode().splitlines()]
    assert shown == ["      n  t", "1000000  x", "   null  null", "         y"]


def test_a_program_gets_every_digit_and_the_schema(tmp_path: Path) -> None:
    """Whole values, and the schema a target would make its table of."""
    done = desk("preview", "things", "-s", source(tmp_path, EXACT), "--json")
    assert b'"exact": 0.10000000000000000001' in done.stdout
    assert b'"big": 12345678901234567890123' in done.stdout
    found = answer(done)
    assert found["stream"] == "things"
    assert set(found["schema"]["properties"]) == set(found["records"][0])


def test_a_terminal_gets_as_many_columns_as_it_has_room_for(tmp_path: Path) -> None:
    """The fields left out are named on stderr."""
    command = [COMMAND, "preview", "things", "-s", source(tmp_path, WIDE)]
    code, shown = at_a_terminal(command, shown="stdout", env={"COLUMNS": "60"})
    assert code == 0
    assert max(len(line) for line in shown.splitlines()) <= 60
    assert "field_3" in shown
    assert "field_9" not in shown
    code, shown = at_a_terminal(
        command, shown="stdout", env={}
    )  # stderr is none, and tells nothing
    assert code == 0
    assert 80 < max(len(line) for line in shown.splitlines()) <= 100
    code, shown = at_a_terminal(command, shown="stderr")
    assert (code, shown) == (0, "")  # a file is as wide as it must be


def test_an_empty_stream_is_said_to_be_empty(tmp_path: Path) -> None:
    """No table; as JSON, no records."""
    path = source(tmp_path, "    def get(self, pagination=None): return page()\n")
    done = desk("preview", "things", "-s", path)
    assert (done.code, done.stdout) == (0, b"")
    assert done.stderr == "The stream has no records.\n"
    assert answer(desk("preview", "things", "-s", path, "--json"))["records"] == []


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Not even where a record holds it."""
    body = """
    def get(self, pagination=None):
        data = {"token": self.config.authentication.params.token}
        return SourceIteration(records=[SourceRecord(id="1", data=data)], next_pagination={})
"""
    config = {"source_file_path": source(tmp_path, body), "authentication": AUTHENTICATION}
    path = write(tmp_path / "c.json", config)
    for form in ([], ["--json"]):
        done = desk("preview", "things", "-c", path, *form)
        assert done.code == 0, done.stderr
        assert b"token" in done.stdout
        assert_no_secret(done)
    json.loads(done.stdout)


def test_what_cannot_be_previewed_is_refused(tmp_path: Path) -> None:
    """An unknown stream, a count that is none, a missing argument."""
    assert_refused(desk("preview", "event", "-s", "dummy"), "did you mean `events`?", "creatures")
    assert_refused(desk("preview", "events", "-s", "dummy", "-n", "0"), "--records", "--help")
    assert_refused(desk("preview"), "STREAM")
    config = write(tmp_path / "c.json", {"count": "many"})
    assert_refused(desk("preview", "events", "-s", "dummy", "-c", config), "`count`")


def test_a_stream_that_fails_ends_as_in_a_run(tmp_path: Path) -> None:
    """Its exit code and its sentence, nothing on stdout."""
    body = "    def get(self, pagination=None): return 3\n"
    done = desk("preview", "things", "-s", source(tmp_path, body))
    assert_refused(done, "stream 'things', page 1: the source returned an int", code=4)
