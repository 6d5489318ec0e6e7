"""bizon-singer test: the rules of a good source, judged for a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bizon_singer.loader import find_sources, load_source_file
from bizon_singer.testing import RULES, Subject
from bizon_singer.testing.process import importable, killed_after, whole_run
from bizon_singer.workbench.new import create
from tests.adapter.source_files import as_in_a_new_process
from tests.commands.process import (
    AUTHENTICATION,
    CANARY,
    assert_no_secret,
    assert_refused,
    sentence,
    write,
)
from tests.workbench.desk import answer, desk, lines, source

PAGES = """
    def get(self, pagination=None):
        start = (pagination or {}).get("start", 0)
        return page(start, start + 1, then={"start": start + STEP} if start < 4 else {})
"""
RAISING = """
    def __init__(self, config):
        raise KeyError("no such thing")
    def get(self, pagination=None): return page(1)
"""
TELLING = """
    def get(self, pagination=None):
        import os
        os.write(2, self.config.authentication.params.token.encode())
        return page(1)
"""


def only(*names: str) -> list[str]:
    """Return the options that leave out all rules but some: each costs runs."""
    return [word for rule in RULES if rule.name not in names for word in ("--skip", rule.name)]


def test_a_good_source_keeps_every_rule(tmp_path: Path) -> None:
    """A line a rule, in their order; those with nothing to judge say why; exit 0."""
    create("shop", tmp_path / "shop")
    done = desk("test", "shop_source.py", "-c", "config.json", cwd=tmp_path / "shop")
    assert done.code == 0, done.stdout.decode() + done.stderr
    assert [line.split()[1] for line in lines(done)] == [rule.name for rule in RULES]
    assert {line.split()[0] for line in lines(done)} == {"kept", "skipped"}
    assert "skipped fields_keep_their_type all streams declare their schema" in lines(done)
    assert "kept a_killed_run_goes_on" in lines(done)


def test_a_broken_rule_says_what_was_seen_and_how_to_mend_it(tmp_path: Path) -> None:
    """Pages that overlap give keys twice: exit 4, as a source that breaks its protocol."""
    path = source(tmp_path, PAGES.replace("STEP", "1"))
    done = desk("test", path, *only("keys_are_there", "keys_are_unique"))
    assert done.code == 4
    text = lines(done)
    (place,) = [number for number, line in enumerate(text) if line.startswith("BROKEN keys_are_u")]
    assert "4 keys of stream 'things' came more than once" in text[place]
    assert text[place + 1] == "No two records of a run have the same key."
    assert text[place + 2].startswith("To mend it: Make the key of all fields")
    assert "1 of 2 rules broken: keys_are_unique" in sentence(done)


def test_a_program_gets_each_rule(tmp_path: Path) -> None:
    """Those left out are not judged; so is the rest of the streams."""
    path = source(tmp_path, PAGES.replace("STEP", "1"), streams="'things', 'others'")
    left = "a_run_completes", "keys_are_unique"
    done = desk("test", path, "--json", *only(*left), "--stream", "others")
    found = answer(done)
    assert (found["source"], found["ok"]) == (path, False)
    judged = {item["rule"]: item for item in found["rules"]}
    assert tuple(judged) == left
    assert judged["keys_are_unique"]["status"] == "failed"
    assert judged["keys_are_unique"]["seen"] == "4 keys of stream 'others' came more than once"


def test_a_source_that_cannot_be_made_is_judged_as_well(tmp_path: Path) -> None:
    """What it raises is a finding of each rule that makes one, not a bug of this package."""
    rules = only("the_connection_check_answers", "a_run_completes")
    done = desk("test", source(tmp_path, RAISING), *rules)
    assert done.code == 4
    text = "\n".join(lines(done))
    raised = "stream 'things': the source raised KeyError: 'no such thing'"
    assert f"BROKEN the_connection_check_answers {raised}" in text
    assert "BROKEN a_run_completes exit code 1" in text


def test_the_config_is_that_of_a_tap(tmp_path: Path) -> None:
    """It may name the file, and refer to the environment; no secret is shown."""
    path = source(tmp_path, TELLING)
    config = {"source_file_path": path, **_authentication("env://SECRET_TOKEN")}
    place = write(tmp_path / "c.json", config)
    rules = only("secrets_are_not_shown")
    done = desk("test", path, "-c", place, *rules, SECRET_TOKEN=CANARY)
    assert done.code == 4
    (broken,) = [line for line in lines(done) if line.startswith("BROKEN")]
    assert broken.startswith("BROKEN secrets_are_not_shown secret number 0, ")
    assert CANARY.encode() not in done.stdout


def _authentication(token: str) -> dict[str, object]:
    return {"authentication": {**AUTHENTICATION, "params": {"token": token}}}


@pytest.mark.parametrize("end", ["", "\nif True:\n    raise SystemExit(3)\n"])
def test_a_source_of_a_file_is_killed_in_a_process_of_its_own(tmp_path: Path, end: str) -> None:
    """It is loaded there as it was here, Bizon's names included; one that cannot be is noticed."""
    path = source(tmp_path, PAGES.replace("STEP", "2"))
    with as_in_a_new_process():
        (source_class,) = find_sources(load_source_file(path), path)
        subject = Subject(source_class, {})
        assert importable(source_class)
        Path(path).write_text(Path(path).read_text() + end)
        written = killed_after(30, subject)
        assert written.startswith(b'{"type":"SCHEMA"') is not bool(end)
        assert (b"record_count" in whole_run(subject)[1]) is not bool(end)
        killed = next(rule for rule in RULES if rule.name == "a_killed_run_goes_on")
        seen = list(killed.judge(subject))
        assert seen == (["its process wrote nothing; run the tap by itself to see why"] * bool(end))


def test_what_cannot_be_tested_is_refused(tmp_path: Path) -> None:
    """No file, no such rule, no such stream, a setting that is wrong."""
    path = source(tmp_path, PAGES.replace("STEP", "2"))
    assert_refused(desk("test"), "FILE")
    assert_refused(desk("test", "none.py", cwd=tmp_path), "'none.py' does not exist")
    assert_refused(desk("test", path, "--skip", "keys_unique"), "did you mean `keys_are_unique`?")
    assert_refused(desk("test", path, "--stream", "thing"), "did you mean `things`?")
    config = write(tmp_path / "c.json", {"retry_limit": CANARY})
    done = desk("test", path, "-c", config)
    assert_refused(done, "unknown setting `retry_limit`")
    assert_no_secret(done)
