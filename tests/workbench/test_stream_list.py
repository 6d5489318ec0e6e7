"""bizon-singer stream list: the streams of a source, and how each is read."""

from __future__ import annotations

from pathlib import Path

from tests.commands.process import assert_refused, write
from tests.workbench.desk import answer, desk, lines, source

BOTH = """
    def get(self, pagination=None): return page()
    def get_records_after(self, source_state, pagination=None): return page()
"""


def test_streams_are_listed_in_the_words_of_bizon() -> None:
    """Those who know `bizon stream list` find what they know, and what each stream is."""
    done = desk("stream", "list", "dummy")
    assert done.code == 0
    assert done.stderr == ""
    assert lines(done) == [
        "Available streams for dummy:",
        "[Full refresh only] - creatures Five creatures on three pages.",
        "[Full refresh only] - plants Five plants on three pages.",
        "[Supports incremental] - events Generated events, one a minute from start_date on.",
    ]


def test_a_program_gets_keys_and_methods() -> None:
    """In the words of Singer."""
    streams = answer(desk("stream", "list", "tap-dummy", "--json"))["streams"]
    assert streams[2] == {
        "name": "events",
        "replication_method": "INCREMENTAL",
        "replication_key": "updated_at",
        "key_properties": ["id"],
        "selected_by_default": True,
        "description": "Generated events, one a minute from start_date on.",
        "unavailable": None,
        "read_by": None,
    }
    assert streams[0]["replication_method"] == "FULL_TABLE"


def test_a_file_of_ones_own_is_a_source(tmp_path: Path) -> None:
    """Its path is enough; what it prints does not reach stdout."""
    path = source(tmp_path, BOTH + "print('hello')\n", streams="'a', 'b'")
    done = desk("stream", "list", path)
    assert lines(done)[1:] == ["[Supports incremental] - a", "[Supports incremental] - b"]
    assert "hello" in done.stderr


def test_a_config_says_which_source_is_meant(tmp_path: Path) -> None:
    """By its file, or by its name, as in a pipeline of Bizon."""
    path = source(tmp_path, BOTH)
    by_file = write(tmp_path / "c.json", {"source_file_path": path})
    assert lines(desk("stream", "list", "-c", by_file))[1:] == ["[Supports incremental] - things"]
    pipeline = "source: {name: dummy, stream: plants}\ndestination: {name: logger}\n"
    by_name = write(tmp_path / "p.yml", pipeline)
    assert lines(desk("stream", "list", "-c", by_name))[0] == "Available streams for dummy:"


def test_what_an_account_decides_is_asked_only_with_a_config() -> None:
    """Without one, the streams every account has are listed, and that there may be more."""
    done = desk("stream", "list", "hubspot")
    assert done.code == 0
    assert "[Full refresh only] - owners " in " \n".join(lines(done))
    assert "give --config" in done.stderr


def test_an_unknown_source_is_refused() -> None:
    """With the nearest one, and where to look; Bizon's own command exits 0."""
    assert_refused(desk("stream", "list", "dumy"), "did you mean `dummy`?", "source list")


def test_no_source_at_all_is_refused(tmp_path: Path) -> None:
    """What to add is said, also when a config names nobody."""
    assert_refused(desk("stream", "list"), "nothing says which source is meant", "--source")
    config = write(tmp_path / "c.json", {"name": "nobody"})
    assert_refused(desk("stream", "list", "-c", config), "nothing says which source is meant")


def test_a_file_that_is_no_source_is_refused(tmp_path: Path) -> None:
    """The reason is that of tap-bizon."""
    (tmp_path / "empty.py").write_text("")
    assert_refused(desk("stream", "list", "empty.py", cwd=tmp_path), "has no source")
    assert_refused(desk("stream", "list", "./none.py", cwd=tmp_path), "does not exist")


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    """A typo in the config is found here already."""
    config = write(tmp_path / "c.json", {"stream_settings": {"events": {"page_sise": 3}}})
    assert_refused(desk("stream", "list", "dummy", "-c", config), "page_sise", "`page_size`")
