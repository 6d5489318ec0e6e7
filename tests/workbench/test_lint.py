"""bizon-singer lint as a command: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

from bizon_singer.workbench.rules import RULES
from tests.commands.process import (
    AUTHENTICATION,
    assert_failed,
    assert_no_secret,
    assert_refused,
    sentence,
    write,
)
from tests.workbench.desk import answer, desk, lines, source

CLEAN = """
    def get(self, pagination=None): return page(1)
    def get_records_after(self, source_state, pagination=None): return page()
"""
BROKEN = """
    def get(self, pagination=None):
        pagination["page"] = 1
        return SourceIteration(records=page(1).records, next_pagination=None)
    def get_records_after(self, source_state, pagination=None): pass
"""


def test_a_clean_source_has_nothing_to_tell(tmp_path: Path) -> None:
    """Nothing on stdout, exit 0; what was not looked for is said on stderr."""
    done = desk("lint", source(tmp_path, CLEAN))
    assert (done.code, done.stdout) == (0, b"")
    assert (
        done.stderr
        == "Only the text was read; with --config, BZ07, BZ09, BZ11 are looked for too.\n"
    )
    done = desk("lint", source(tmp_path, CLEAN), "-c", write(tmp_path / "c.json", {}))
    assert (done.code, done.stdout, done.stderr) == (0, b"", "")


def test_findings_are_lines_an_editor_can_jump_to(tmp_path: Path) -> None:
    """File, line, severity, code, what was seen, how to mend it; exit 4, as a broken protocol."""
    path = source(tmp_path, BROKEN)
    done = desk("lint", path)
    mutated, is_none, stub = lines(done)
    assert mutated == (
        f"{path}:15: warning BZ03: get() changes the pagination it was given (pagination['page']); "
        "work on a copy: pagination = copy.deepcopy(pagination or {})"
    )
    assert is_none.startswith(f"{path}:16: warning BZ05: get() gives None as next_pagination; end")
    assert stub.startswith(f"{path}:17: error BZ01: get_records_after() is there and does nothing")
    assert done.code == 4
    assert "1 error and 2 warnings found" in sentence(done)


def test_a_program_gets_them_in_parts(tmp_path: Path) -> None:
    """With a verdict; an ignored rule is not told and does not count."""
    path = source(tmp_path, BROKEN)
    found = answer(desk("lint", path, "--json", "--ignore", "BZ01", "--ignore", "BZ05"))
    assert found == {
        "ok": False,
        "findings": [
            {
                "code": "BZ03",
                "rule": "the given pagination is changed",
                "severity": "warning",
                "file": path,
                "line": 15,
                "stream": None,
                "seen": "get() changes the pagination it was given (pagination['page'])",
                "remedy": "work on a copy: pagination = copy.deepcopy(pagination or {})",
            }
        ],
    }


def test_a_note_is_no_failure(tmp_path: Path) -> None:
    """A source that can only be read in full is a source."""
    path = source(tmp_path, "    def get(self, pagination=None): return page(1)\n")
    done = desk("lint", path)
    assert done.code == 0
    assert lines(done)[0].startswith(f"{path}:10: note BZ02: Mine has no get_records_after()")


def test_several_files_are_linted_at_once(tmp_path: Path) -> None:
    """As `lint *.py` gives them; those of each are told under its name."""
    clean, broken = source(tmp_path, CLEAN, name="a.py"), source(tmp_path, BROKEN, name="b.py")
    done = desk("lint", clean, broken)
    assert done.code == 4
    assert {line.partition(":")[0] for line in lines(done)} == {broken}


def test_what_a_source_prints_is_told_and_not_answered(tmp_path: Path) -> None:
    """While it is imported and while it runs, by whatever means; no secret is shown."""
    body = """
    def get(self, pagination=None):
        import os
        os.write(1, self.config.authentication.params.token.encode())
        return page(1)
"""
    path = source(tmp_path, body + "import os; os.write(1, b'imported ')\n")
    config = write(tmp_path / "c.json", {"authentication": AUTHENTICATION})
    done = desk("lint", path, "-c", config)
    assert done.code == 4
    assert "warning BZ08: something wrote to stdout, beginning with 'imported" in lines(done)[-1]
    assert_no_secret(done)
    assert "\nCRITICAL | bizon-singer: 1 warning found" in done.stderr  # a line of its own
    assert "imported" in done.stderr


def test_a_stream_that_fails_ends_the_command_as_it_would_a_run(tmp_path: Path) -> None:
    """Findings first, on stdout; then the code and the sentence of the failure."""
    body = """
    def get(self, pagination=None):
        from bizon_singer.errors import CredentialsError
        raise CredentialsError("the token is void; make a new one")
"""
    path = source(tmp_path, body)
    done = desk("lint", path, "-c", write(tmp_path / "c.json", {}))
    assert done.code == 3
    assert "note BZ02" in lines(done)[0]
    assert "the token is void" in sentence(done)


def test_the_rules_are_listed() -> None:
    """Code, severity, and what each is about, in both forms."""
    done = desk("lint", "--rules")
    assert done.code == 0
    assert [line.split()[0] for line in lines(done)] == ["CODE", *(rule.code for rule in RULES)]
    listed = answer(desk("lint", "--rules", "--json"))["rules"]
    assert [item["code"] for item in listed] == [rule.code for rule in RULES]


def test_what_cannot_be_linted_is_refused(tmp_path: Path) -> None:
    """No file, no such file, no source in it, no such rule, a config that is wrong."""
    assert_refused(desk("lint"), "no file was given")
    assert_refused(desk("lint", "none.py", cwd=tmp_path), "'none.py' does not exist")
    (tmp_path / "empty.py").write_text("")
    assert_refused(desk("lint", "empty.py", cwd=tmp_path), "has no source")
    path = source(tmp_path, CLEAN)
    assert_refused(desk("lint", path, "--ignore", "BZ1"), "'BZ1'", "--rules")
    config = write(tmp_path / "c.json", {"retry_limit": 3})
    assert_refused(desk("lint", path, "-c", config), "unknown setting `retry_limit`")


def test_a_declaration_that_fails_is_refused(tmp_path: Path) -> None:
    """By the class and the method; it is no bug of this package."""
    body = "    @classmethod\n    def stream_definitions(cls): return [1 / 0]\n" + CLEAN.replace(
        "def get_records_after", "def other"
    )
    done = desk("lint", source(tmp_path, body))
    assert_failed(done, "Mine.stream_definitions()", "ZeroDivisionError", code=2)
