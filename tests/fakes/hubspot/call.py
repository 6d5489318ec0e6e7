"""One call of an endpoint: what the path, the query and the body say, checked as HubSpot does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.fakes.http_server import Request
from tests.fakes.hubspot.refusal import invalid


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        request: How it came.
        version: Which version of the API its path names, such as ``2026-03`` or ``v3``.
        variables: What stands in its path for the names in braces.
        page_most: More than so many results are never given at once, whatever is asked for.
    """

    request: Request
    version: str
    variables: Mapping[str, str]
    page_most: int = 1 << 30

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object sent along."""
        if not self.request.headers.get("content-type", "").startswith("application/json"):
            raise invalid("The body must be application/json.")
        try:
            body = json.loads(self.request.body)
        except ValueError as error:
            raise invalid("The body is no JSON.") from error
        if not isinstance(body, dict):
            raise invalid("The body is no JSON object.")
        return body

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter of the query."""
        return self.request.query.get(name, [default])[-1]

    def names(self, name: str) -> list[str]:
        """Return a parameter that is a list, separated by commas or repeated."""
        return [part for text in self.request.query.get(name, []) for part in text.split(",")]

    def flag(self, name: str) -> bool:
        """Return a parameter that is true or false."""
        text = self.text(name, "false")
        if text not in {"true", "false"}:
            raise invalid(f"{name} must be true or false.", **{name: [text]})
        return text == "true"

    def limit(self, default: int, most: int) -> int:
        """Return the size of a page, which has a most."""
        text = self.text("limit", str(default))
        if not text.isdecimal() or not 0 < int(text) <= most:
            raise invalid(f"limit must be from 1 to {most}.", limit=[text])
        return min(int(text), self.page_most)

    def inputs(self, most: int) -> list[dict[str, Any]]:
        """Return the inputs of a batch, each with an id of text."""
        inputs = self.body.get("inputs")
        if not isinstance(inputs, list) or not all(
            isinstance(entry, dict) and isinstance(entry.get("id"), str) for entry in inputs
        ):
            raise invalid("inputs must be a list of objects with an id.")
        if len(inputs) > most:
            raise invalid(f"A batch has at most {most} inputs.")
        return inputs


def place(identity: str) -> tuple[int, str]:
    """Return what ids are ordered by: numbers by size, others of one length by their letters."""
    return len(identity), identity


def forward_page(
    rows: Iterable[dict[str, Any]], call: Call, *, default: int, most: int, key: str = "id"
) -> dict[str, Any]:
    """Return a page of rows in the order of their ids, after the one the call has read last."""
    limit, after = call.limit(default, most), call.text("after")
    ordered = sorted(rows, key=lambda row: place(row[key]))
    left = [row for row in ordered if place(row[key]) > place(after)]
    return with_paging(left[:limit], left[limit - 1][key] if len(left) > limit else None)


def with_paging(results: list[Any], after: str | None, link: str = "") -> dict[str, Any]:
    """Return results, and where they go on if they do."""
    if after is None:
        return {"results": results}
    following = {"after": str(after), **({"link": link} if link else {})}
    return {"results": results, "paging": {"next": following}}
