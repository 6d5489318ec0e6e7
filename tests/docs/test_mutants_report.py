"""`make mutants` says what mutmut found, no more and no less."""

from __future__ import annotations

import json

import pytest

from tests.mutants import report
from tests.mutants.report import Fate, Mutant, changed_lines, mutants_in, percent, table, verdict

DIFF = "--- a.py\n+++ a.py\n@@ -1 +1 @@\n def f():\n-    return 1\n+    return 2\n"


def mutants(**count: int) -> list[Mutant]:
    """Return so many mutants of each fate."""
    return [
        Mutant("a", f"a.{fate}.{number}", Fate[fate])
        for fate, many in count.items()
        for number in range(many)
    ]


def test_each_exit_code_is_a_fate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A survivor is known by what it changes; one without tests has survived."""
    monkeypatch.setattr(report, "EQUIVALENT", {("a", "- return 1\n+ return 2"): "no reason"})
    codes = {"b.a.x1": 1, "b.a.x2": 0, "b.a.x3": -24, "b.a.x4": None, "b.a.x5": 33}
    diffs = {"b.a.x2": DIFF, "b.a.x5": DIFF.replace("return 2", "return 3")}
    found = list(mutants_in(json.dumps({"exit_code_by_key": codes}), diffs.__getitem__))
    assert [mutant.fate for mutant in found] == [
        Fate.KILLED,
        Fate.EQUIVALENT,
        Fate.TIMED_OUT,
        Fate.UNKNOWN,
        Fate.SURVIVED,
    ]
    assert {mutant.module for mutant in found} == {"a"}
    assert "b.a.x5\n- return 1\n+ return 3\n" in table(found)


def test_only_what_differs_of_a_diff_counts() -> None:
    """Not where it stands."""
    assert changed_lines(DIFF) == "- return 1\n+ return 2"


@pytest.mark.parametrize(
    ("found", "share", "code"),
    [
        (mutants(KILLED=17, SURVIVED=3), 85.0, 0),
        (mutants(KILLED=16, TIMED_OUT=1, SURVIVED=3, EQUIVALENT=9), 85.0, 0),
        (mutants(KILLED=84, SURVIVED=16), 84.0, 1),
        (mutants(KILLED=99, UNKNOWN=1), 99.0, 1),
        ([], 0.0, 1),
        ([*mutants(KILLED=99), Mutant("b", "b.x", Fate.SURVIVED)], 99.0, 1),
    ],
)
def test_each_module_must_be_good_enough(found: list[Mutant], share: float, code: int) -> None:
    """A bad one does not hide behind the others, and nothing that was not run is taken as good."""
    assert percent(found) == share
    assert verdict(found) == code
