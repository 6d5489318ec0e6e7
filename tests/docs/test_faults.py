"""docs/faults.md says what the families of faults prove, no more and no less."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.docs.test_readme import CHECKOUT, README
from tests.proofs.http_faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
FAMILY = re.compile(r"^\| .+ \| `(tests/\S+\.py(?:::\w+)?)` \| ([0-9,]+) \|$", re.MULTILINE)
TOTAL = re.compile(r"^\| all \| \| ([0-9,]+) \|$", re.MULTILINE)


def text() -> str:
    """Return the document."""
    return (CHECKOUT / "docs" / "faults.md").read_text()


def number(digits: str) -> int:
    """Return a number written with thousands separators."""
    return int(digits.replace(",", ""))


def collected(modules: set[str]) -> Counter[str]:
    """Return how many cases each test of some modules has."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *sorted(modules)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    ids = [line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line]
    return Counter(ids) + Counter(name.partition("::")[0] for name in ids)


def test_each_family_has_as_many_cases_as_it_says() -> None:
    """A module has a row with its number of cases, or each of its tests has one."""
    said = {name: number(count) for name, count in FAMILY.findall(text())}
    modules = {name.partition("::")[0] for name in said}
    found = collected(modules)
    whole = modules & said.keys()
    assert said == {
        name: count
        for name, count in found.items()
        if (name in whole if "::" not in name else name.partition("::")[0] not in whole)
    }
    total = TOTAL.search(text())
    assert total is not None
    assert number(total[1]) == sum(said.values())


def met_once(fault: Fault) -> str:
    """Return what the table says of a run that meets a fault once."""
    if fault.code == 0:
        return "no harm"
    if fault.heals and not fault.heals_at("token"):
        return "survived; ends the run at the token endpoint"
    return "survived" if fault.heals else "ends the run"


def exit_code(fault: Fault) -> str:
    """Return what the table says of a run that cannot go on for a fault."""
    code = str(fault.code)
    at_token = fault.code_at("token")
    return code if at_token == fault.code else f"{code}; {at_token} at the token endpoint"


def test_the_table_of_http_faults_is_the_one_that_is_proven() -> None:
    """Each kind with what happens when it is met once, and its exit code."""
    rows = re.findall(r"^\| `([\w-]+)` \| .+ \| (.+) \| (.+) \|$", text(), re.MULTILINE)
    assert rows == [(fault.kind, met_once(fault), exit_code(fault)) for fault in FAULTS]


def test_the_exit_codes_are_those_of_the_readme() -> None:
    """A reader finds each there, with what to do."""
    for code in {fault.code for fault in FAULTS}:
        assert re.search(rf"^\| {code} \| ", README, re.MULTILINE)
