"""`make audit` never says that all is well when nobody was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.audit.report import verdict

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
HOPELESS = {"name": "c", "version": "1", "vulns": [{"id": "CVE-2", "fix_versions": []}]}
SKIPPED = {"name": "d", "skip_reason": "Dependency not found and could not be audited: d (1)"}
OWN = {"name": "bizon-singer", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "text", "code"),
    [
        ([GOOD, OWN], "make audit: no known vulnerability in 1 packages", 0),
        ([GOOD, BAD], "b 1: CVE-1, mended in 2\nmake audit: 1 known vulnerabilities; upgrade", 1),
        ([HOPELESS, SKIPPED], "c 1: CVE-2, mended in no version yet\nmake audit: 1 known", 1),
        ([GOOD, SKIPPED, OWN], "could not be reached, so nothing is known of 1 of 2 packages", 2),
        ([OWN], "could not be reached, so nothing is known of any package", 2),
        ([], "could not be reached, so nothing is known of any package", 2),
        (None, "could not be reached, so nothing is known of any package", 2),
    ],
)
def test_only_a_judged_package_is_a_good_one(
    packages: list[dict[str, Any]] | None, text: str, code: int
) -> None:
    """Found, not found, and not looked for are three different things."""
    report = "" if packages is None else json.dumps({"dependencies": packages, "fixes": []})
    said, exit_code = verdict(report)
    assert text in said
    assert exit_code == code
    assert code != 2 or "\n" not in said
