"""Brings the jars of Apache Kafka: once a checkout, by Maven, into ``build/``."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
POM = Path(__file__).with_name("pom.xml")
OLDEST_JAVA = 17
TRIES = 3


def obstacle() -> str:
    """Return why no broker can run here, or nothing."""
    for name in ("java", "mvn"):
        if shutil.which(name) is None:
            return f"no `{name}` here: a Kafka broker needs Java {OLDEST_JAVA} or later, and Maven"
    shown = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', shown.stderr + shown.stdout)
    if version is None or int(version[1]) < OLDEST_JAVA:
        return f"this Java is too old: a Kafka broker needs {OLDEST_JAVA} or later"
    return ""


def folder_of_jars() -> Path:
    """Return the folder that holds the jars; whoever comes first fetches them for all.

    Raises:
        RuntimeError: Maven did not get them.
    """
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    folder = CHECKOUT / "build" / f"kafka-{digest}"
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    """Let Maven copy the jars; the folder gets its name when it is whole."""
    partial = folder.with_suffix(".partial")
    command = ["mvn", "--batch-mode", "--quiet", "--file", str(POM)]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    for _ in range(TRIES):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            partial.rename(folder)
            return
    raise RuntimeError(f"Maven could not bring the broker's jars: {done.stdout[-2000:]}")
