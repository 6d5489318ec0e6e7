"""`make audit`: pip-audit of what the wheel brings along, read so that silence is no good news.

pip-audit exits 0 with "No known vulnerabilities found" when the service knew none of the packages
it was asked about, as behind a mirror that answers for packages only. Here a package nobody has
judged is not taken as a good one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.audit.report import verdict

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--path", sys.argv[1], "--format", "json"]
        command += ["--progress-spinner", "off", "--timeout", "15", "--output", str(report)]
        subprocess.run(command, check=False, capture_output=True)
        text, code = verdict(report.read_text() if report.exists() else "")
    sys.stdout.write(f"{text}\n")
    sys.exit(code)
