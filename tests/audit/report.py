"""What the report of pip-audit means."""

from __future__ import annotations

import json
from typing import Any, Final

OWN: Final = "bizon-singer"
"""Nobody judges it but us."""
UNREACHABLE: Final = (
    "make audit: the vulnerability service could not be reached, so nothing is known of {count}; "
    "run it where the service can be reached"
)


def verdict(report: str) -> tuple[str, int]:
    """Return what to say of a report, and the exit code.

    Args:
        report: The JSON text that pip-audit wrote; empty if it wrote none.
    """
    packages = _packages(report)
    if not packages:
        return UNREACHABLE.format(count="any package"), 2
    bad = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in "
        f"{', '.join(fault['fix_versions']) or 'no version yet'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    if bad:
        return "\n".join([*bad, f"make audit: {len(bad)} known vulnerabilities; upgrade"]), 1
    unknown = sum("skip_reason" in package for package in packages)
    if unknown:
        return UNREACHABLE.format(count=f"{unknown} of {len(packages)} packages"), 2
    return f"make audit: no known vulnerability in {len(packages)} packages", 0


def _packages(report: str) -> list[dict[str, Any]]:
    """Return the packages of a report but our own."""
    found = json.loads(report or "{}").get("dependencies", ())
    return [package for package in found if package["name"] != OWN]
