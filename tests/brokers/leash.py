"""Programs in Java that the tests run: small, on loopback, and killed for certain at the end."""

from __future__ import annotations

import random
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HOST = "127.0.0.1"
PORTS = range(15_000, 30_000)
"""Below what systems give to outgoing connections, so that none has a port while it restarts."""
SMALL_JVM = ("-Xms64m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
SCRIPT = '"$@" >&2 & echo $!; read -r line; kill -9 $!'
"""Runs a command until stdin ends: by a word of ours, or because the tests' process is no more."""


class Leash:
    """A program that runs until it is killed, or until the tests' process is no more.

    Args:
        command: Its command line.
        log: The file that what it writes is appended to.
        env: Its environment, None for ours.
    """

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Start it."""
        with log.open("a") as written:
            self._process = subprocess.Popen(
                ["sh", "-c", SCRIPT, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
                text=True,
                env=env,
            )

    def kill(self) -> None:
        """Kill it and wait for its end: what its clients then see is a connection that breaks."""
        self._process.communicate("")


def free_ports() -> Iterator[int]:
    """Give ports nobody listens on, each once.

    A broker has to know its ports before it starts, and to keep them when it starts again.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)):
                yield port
