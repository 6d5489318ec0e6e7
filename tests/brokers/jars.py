"""Brings Apache Kafka and Apicurio Registry: once a checkout, by Maven, into ``build/``."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(os.environ.get("CHECKOUT", Path(__file__).parents[2]))
POM = Path(__file__).with_name("pom.xml")
REGISTRY_VERSION = "3.0.9"
"""Of Apicurio Registry: tests/fakes/schema_registry keeps what this one answers."""
REGISTRY = f"io.apicurio:apicurio-registry-app:{REGISTRY_VERSION}:tar.gz:all"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy"
"""The last version that copies a file without reading what its POM descends from."""
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
    """Return the folder that holds the jars of Apache Kafka.

    Raises:
        RuntimeError: Maven did not get them.
    """
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    return _made(f"kafka-{digest}", _fetch_kafka)


def folder_of_registry() -> Path:
    """Return the folder Apicurio Registry runs from.

    Raises:
        RuntimeError: Maven did not get it.
    """
    return _made(f"apicurio-{REGISTRY_VERSION}", _fetch_registry)


def _made(name: str, fetch: Callable[[Path], None]) -> Path:
    """Return a folder in ``build/``; whoever comes first fills it for all."""
    folder = CHECKOUT / "build" / name
    folder.parent.mkdir(exist_ok=True)
    with folder.parent.joinpath(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = folder.parent / f"{name}.partial"
            fetch(partial)
            partial.rename(folder)  # it has its name when it is whole
    return folder


def _fetch_kafka(folder: Path) -> None:
    _maven("--file", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder}")


def _fetch_registry(folder: Path) -> None:
    _maven(COPY, f"-Dartifact={REGISTRY}", f"-DoutputDirectory={folder}")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    archive.unlink()


def _maven(*arguments: str) -> None:
    for _ in range(TRIES):
        command = ["mvn", "--batch-mode", "--quiet", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    raise RuntimeError(f"Maven could not bring {arguments[-2]}: {done.stdout[-2000:]}")
