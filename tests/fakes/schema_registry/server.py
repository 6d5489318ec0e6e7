"""The server of a fake registry.

::

    with SchemaRegistry() as registry:
        number = registry.register("orders-value", '"string"')
        RegistrySettings(registry.url)
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping, Sequence
from typing import Self

from tests.fakes.http_server import Answer, HttpServer, Request, json_answer
from tests.fakes.schema_registry.apicurio_api import apicurio_answer
from tests.fakes.schema_registry.confluent_api import confluent_answer
from tests.fakes.schema_registry.store import Store


class SchemaRegistry:
    """A registry; a context manager.

    Args:
        credentials: User name and password it asks for; none if None.
        store: What it holds.

    Attributes:
        first: Answers given before any of its own.
        closing: Closes its clients with it.
    """

    def __init__(
        self, credentials: tuple[str, str] | None = None, store: Store | None = None
    ) -> None:
        """Take a free port."""
        self.store = store or Store()
        self.first: list[Answer] = []
        self.closing = contextlib.ExitStack()
        self._credentials = credentials
        self._server = HttpServer(self._answer)
        self.url = self._server.url

    def __enter__(self) -> Self:
        """Serve in threads."""
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the clients and stop serving."""
        self.closing.close()
        self._server.__exit__()

    @property
    def asked(self) -> list[str]:
        """Paths with query of the requests received, in order."""
        return self._server.targets

    @property
    def sent_headers(self) -> list[Mapping[str, str]]:
        """Headers of the requests received, in order."""
        return [request.headers for request in self._server.requests]

    def register(
        self,
        subject: str,
        text: str,
        kind: str = "AVRO",
        references: Sequence[tuple[str, str, int]] = (),
    ) -> int:
        """Register a schema and return its id for Confluent, its contentId for Apicurio."""
        return self.store.register(subject, text, kind, tuple(references)).content.number

    def _answer(self, request: Request) -> Answer:
        if self.first:
            return self.first.pop(0)
        if self._credentials is not None:
            basic = base64.b64encode(":".join(self._credentials).encode()).decode()
            if request.headers.get("authorization") != f"Basic {basic}":
                return json_answer({"error_code": 40101, "message": "Unauthorized"}, 401)
        answer = apicurio_answer if request.path.startswith("/apis/") else confluent_answer
        return answer(self.store, request)
