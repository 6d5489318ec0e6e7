"""bizon-singer check: settings, connection, and a record of each stream."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.process import (
    AUTHENTICATION,
    CANARY,
    assert_failed,
    assert_no_secret,
    assert_refused,
    sentence,
    trace,
    write,
)
from tests.workbench.desk import answer, desk, lines, source

WORKING = "    def get(self, pagination=None): return page(1, 2)\n"
HALF = """
    def get(self, pagination=None):
        if self.config.stream == "bad":
            raise ValueError("boom")
        return page(1, 2) if self.config.stream == "good" else page()
"""


def test_what_works_is_said_step_by_step(tmp_path: Path) -> None:
    """Settings, connection, each stream; nothing on stderr, exit 0."""
    config = write(tmp_path / "c.json", {"count": 10})
    done = desk("check", config, "--source", "dummy")
    assert done.code == 0, done.stderr
    assert done.stderr == ""
    assert lines(done) == [
        "settings ok every setting is known and valid",
        "connection ok DummySource.check_connection() accepts it",
        "stream creatures ok a record was read",
        "stream plants ok a record was read",
        "stream events ok a record was read",
    ]


def test_a_program_gets_the_same_steps(tmp_path: Path) -> None:
    """With a verdict, and the exit code of each step."""
    path = source(tmp_path, HALF, streams="'good', 'bad', 'empty'")
    done = desk("check", "--source", path, "--json")
    found = answer(done)
    assert (found["source"], found["ok"]) == (path, False)
    assert [
        (step["check"], step["stream"], step["status"], step["exit_code"])
        for step in found["checks"]
    ] == [
        ("settings", None, "ok", 0),
        ("connection", None, "ok", 0),
        ("stream", "good", "ok", 0),
        ("stream", "bad", "failed", 1),
        ("stream", "empty", "ok", 0),
    ]
    assert "boom" in found["checks"][3]["detail"]
    assert "empty" in found["checks"][4]["detail"]


def test_a_failing_stream_does_not_hide_the_others(tmp_path: Path) -> None:
    """Its exit code and its sentence are those of a run; a bug of the source has its traceback."""
    path = source(tmp_path, HALF, streams="'bad', 'good'")
    done = desk("check", "-s", path)
    assert done.code == 1
    bad, good = lines(done)[2:]
    assert bad.startswith("stream bad FAILED page 1: the source raised ValueError: boom")
    assert good == "stream good ok a record was read"
    assert sentence(done).startswith("bizon-singer: stream 'bad': page 1: the source raised")
    assert "my_source.py" in "\n".join(trace(done))


def test_only_the_streams_that_are_named_are_tried(tmp_path: Path) -> None:
    """By --stream, or by the setting `stream`."""
    path = source(tmp_path, HALF, streams="'bad', 'good', 'empty'")
    done = desk("check", "-s", path, "--stream", "good", "--stream", "empty")
    assert (done.code, len(lines(done))) == (0, 4)
    config = write(tmp_path / "c.json", {"source_file_path": path, "stream": "good"})
    done = desk("check", config)
    assert (done.code, lines(done)[-1]) == (0, "stream good ok a record was read")
    assert_refused(desk("check", "-s", path, "--stream", "god"), "did you mean `good`?")


def test_settings_that_are_wrong_stop_the_check(tmp_path: Path) -> None:
    """Each is named by its path, never by its value; nothing is asked of the API."""
    config = write(tmp_path / "c.json", {"count": CANARY, "page_size": 0})
    done = desk("check", config, "-s", "dummy")
    assert done.code == 2
    (row,) = lines(done)
    assert row.startswith("settings FAILED setting `count`")
    assert "`page_size`" in row
    assert_no_secret(done)
    done = desk("check", write(tmp_path / "d.json", {"coun": 1}), "-s", "dummy", "--json")
    assert "did you mean `count`?" in answer(done)["checks"][0]["detail"]


@pytest.mark.parametrize(
    ("answer_of_check", "code", "words"),
    [
        ("return False, 'the token is void'", 3, "the token is void"),
        ("raise KeyError('gone')", 1, "the source raised KeyError"),
        ("return 'yes'", 4, "returned a str"),
    ],
)
def test_a_failing_connection_stops_the_check(
    tmp_path: Path, answer_of_check: str, code: int, words: str
) -> None:
    """The streams would all fail for the same reason: they are not tried."""
    body = f"    def check_connection(self): {answer_of_check}\n{WORKING}"
    done = desk("check", "-s", source(tmp_path, body))
    assert done.code == code
    settings, connection = lines(done)
    assert settings.startswith("settings ok")
    assert connection.startswith("connection FAILED")
    assert words in connection
    assert words in sentence(done)


def test_check_connection_is_followed(tmp_path: Path) -> None:
    """`warn` is shown and goes on, `skip` asks nothing."""
    body = f"    def check_connection(self): return False, 'void'\n{WORKING}"
    path = source(tmp_path, body)
    warn = write(tmp_path / "w.json", {"source_file_path": path, "check_connection": "warn"})
    done = desk("check", warn)
    assert done.code == 0
    assert lines(done)[1].startswith("connection warned the connection check failed: void")
    assert lines(done)[2] == "stream things ok a record was read"
    skip = write(tmp_path / "s.json", {"source_file_path": path, "check_connection": "skip"})
    done = desk("check", skip)
    assert (done.code, done.stderr) == (0, "")
    assert lines(done)[1].startswith("connection skipped")


def test_what_a_source_prints_or_raises_holds_no_secret(tmp_path: Path) -> None:
    """Neither in the answer, in both forms, nor on stderr."""
    body = """
    def get(self, pagination=None):
        print("using", self.config.authentication.params.token)
        raise ValueError(self.config.authentication.params.token)
"""
    path = source(tmp_path, body)
    config = {"source_file_path": path, "authentication": AUTHENTICATION}
    for form in ([], ["--json"]):
        done = desk("check", write(tmp_path / "c.json", config), *form)
        assert done.code == 1
        assert b"using" not in done.stdout
        assert_no_secret(done)


def test_a_config_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """As a tap refuses it, with and without a source named."""
    assert_refused(desk("check", "none.json", "-s", "dummy", cwd=tmp_path), "'none.json'")
    assert_refused(desk("check", "none.json", cwd=tmp_path), "'none.json'")
    config = write(tmp_path / "c.json", "{")
    assert_refused(desk("check", config, "-s", "dummy"), "no valid JSON (line 1)")


def test_a_file_that_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    """Its line is named, no traceback is shown."""
    (tmp_path / "broken.py").write_text("x = 1\ndef (:\n")
    done = desk("check", "-s", "broken.py", cwd=tmp_path)
    assert_failed(done, "no valid Python (line 2)", code=2)
    assert trace(done) == []
