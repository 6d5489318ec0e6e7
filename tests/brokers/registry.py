"""A real Apicurio Registry: one process on loopback, its schemas in memory."""

from __future__ import annotations

import os
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.brokers.jars import REGISTRY_VERSION, folder_of_registry
from tests.brokers.leash import HOST, SMALL_JVM, Leash, free_ports
from tests.fakes.schema_registry.recorded import asked, register

START_SECONDS = 180.0


class Registry:
    """A registry that runs inside ``with``, and speaks Confluent's API as well as its own.

    Args:
        folder: For its log.

    Attributes:
        url: Its root.
        answers: What it said, when it was empty, of the schemas that the made-up one is held
            against.
    """

    def __init__(self, folder: Path) -> None:
        """Choose a port; nothing runs yet."""
        self.answers: dict[str, dict[str, Any]] = {}
        self._log = folder / "registry.log"
        self._port = next(free_ports())
        self.url = f"http://{HOST}:{self._port}"
        self._leash: Leash | None = None

    @property
    def confluent_url(self) -> str:
        """The root of Confluent's API."""
        return f"{self.url}/apis/ccompat/v7"

    def __enter__(self) -> Self:
        """Start, wait until it answers, and ask it what only an empty one can be asked.

        Raises:
            RuntimeError: It gave no answer in time.
        """
        jar = folder_of_registry() / f"apicurio-registry-app-{REGISTRY_VERSION}-runner.jar"
        port = {"QUARKUS_HTTP_HOST": HOST, "QUARKUS_HTTP_PORT": str(self._port)}
        command = ["java", *SMALL_JVM, "-jar", str(jar)]
        self._leash = Leash(command, self._log, {**os.environ, **port})
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > end:
                self._leash.kill()
                raise RuntimeError(f"The registry does not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.1)  # a refused connection comes back at once
        register(self.url)
        self.answers = asked(self.url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it: there is nothing to keep."""
        if self._leash is not None:
            self._leash.kill()

    def _answers(self) -> bool:
        connection = HTTPConnection(HOST, self._port, timeout=10)
        try:
            connection.request("GET", "/apis/registry/v3/system/info")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
