"""A plain REST tap of the Singer SDK, as its cookiecutter makes one."""

from __future__ import annotations

from typing import Any

from singer_sdk import RESTStream, Stream, Tap
from singer_sdk.pagination import JSONPathPaginator

from tests.benchmarks.contacts import SCHEMA


class ContactsStream(RESTStream[int]):
    """Reads the page server."""

    name = "contacts"
    path = "/contacts"
    schema = SCHEMA
    primary_keys = ("id",)
    replication_key = "updatedAt"
    records_jsonpath = "$.results[*]"

    @property
    def url_base(self) -> str:
        """The server's address."""
        return str(self.config["base_url"])

    def get_new_paginator(self) -> Any:
        """Follow ``next``."""
        return JSONPathPaginator("$.next")

    def get_url_params(self, context: Any, next_page_token: Any) -> dict[str, Any]:
        """Ask for the page."""
        del context
        return {"after": next_page_token or 0}


class PagesTap(Tap):
    """The tap."""

    name = "tap-pages"
    config_jsonschema = {"properties": {"base_url": {"type": "string"}}}  # noqa: RUF012

    def discover_streams(self) -> list[Stream]:
        """One stream."""
        return [ContactsStream(self)]


PagesTap.cli()
