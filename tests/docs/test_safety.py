"""What must not stand in the package is refused by our own lint, and cannot be let in silently."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_readme import CHECKOUT

PACKAGES = ("bizon_singer", "taps/bizon_taps/dummy")
FILES = [
    path for package in ("bizon_singer", "taps") for path in (CHECKOUT / package).rglob("*.py")
]
NOQA = re.compile(r"# noqa\b(?:: (?P<codes>[A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)*)(?P<reason> - \S.*)?)?")
HEAD = '"""A module."""\n\nfrom __future__ import annotations\n\n'
FORBIDDEN = {
    "pickle": ("import pickle\n", "TID251"),
    "pickle's loads": ("from pickle import loads\n", "TID251"),
    "marshal": ("import marshal\n", "TID251"),
    "shelve": ("import shelve\n", "TID251"),
    "eval": ("eval('1')\n", "S307"),
    "exec": ("exec('1')\n", "S102"),
    "builtins.eval": ("import builtins\n\nbuiltins.eval('1')\n", "TID251"),
    "yaml.load": ("import yaml\n\nyaml.load('1', yaml.SafeLoader)\n", "TID251"),
    "yaml.load without a loader": ("import yaml\n\nyaml.load('1', yaml.Loader)\n", "S506"),
    "yaml.unsafe_load": ("import yaml\n\nyaml.unsafe_load('1')\n", "TID251"),
    "yaml.full_load": ("import yaml\n\nyaml.full_load('1')\n", "TID251"),
    "yaml.load_all": ("import yaml\n\nyaml.load_all('1', yaml.Loader)\n", "TID251"),
    "os.system": ("import os\n\nos.system('ls')\n", "TID251"),
    "os.popen": ("import os\n\nos.popen('ls')\n", "TID251"),
    "a shell": ("import subprocess\n\nsubprocess.run('ls', shell=True, check=True)\n", "S602"),
    "verify=False": ("import requests\n\nrequests.get('x', verify=False, timeout=1)\n", "S501"),
    "no time limit": ("import requests\n\nrequests.get('x')\n", "S113"),
    "print": ("print('x')\n", "T201"),
    "a noqa for everything": ("import pickle  # noqa\n", "PGH004"),
    "assert": ("assert __name__\n", "S101"),
}


def findings(text: str, package: str) -> set[str]:
    """Return the codes of what ruff, told by our pyproject.toml, finds in a module of a package."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "json"]
    command += ["--config", str(CHECKOUT / "pyproject.toml"), "--stdin-filename"]
    command += [str(CHECKOUT / package / "planted.py"), "-"]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, cwd=CHECKOUT, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    found = {item["code"] for item in json.loads(done.stdout)}
    assert bool(found) is (done.returncode == 1)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_a_module_with_nothing_in_it_is_taken(package: str) -> None:
    """So that what is refused below is refused for what is planted."""
    assert findings(HEAD.rstrip() + "\n", package) == set()


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize(("text", "code"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_what_is_forbidden_is_refused(text: str, code: str, package: str) -> None:
    """By our own configuration, in the package and in the taps."""
    assert code in findings(HEAD + text, package)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_rule_is_only_left_with_a_reason(path: Path) -> None:
    """Each noqa names its rules, and one of safety says beside it why."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = NOQA.search(line)
        if found is None:
            continue
        assert found["codes"], f"{path}:{number} leaves every rule"
        is_of_safety = re.search(r"\b(S[0-9]|TID251|T20)", found["codes"]) is not None
        assert found["reason"] or not is_of_safety, f"{path}:{number} gives no reason"
