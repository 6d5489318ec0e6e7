"""A page of a resource's list: checked for its shape, its place in the list and its entries' ids.

Why nothing is taken on trust: limit and offset were ignored by the real API for weeks
(https://github.com/PokeAPI/pokeapi/issues/407), ``next`` named a foreign host for months
(https://github.com/PokeAPI/api-data/issues/13), and a list that looks complete but is not would be
loaded as if the missing resources had been deleted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bizon_singer.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        offset: Index of its first entry in the list.
        count: Number of entries in the whole list, as the answer says.
        entries: The entries with the ids their urls end in, in the API's order.
        is_last: Whether the list ends here.
    """

    offset: int
    count: int
    entries: list[tuple[int, dict[str, Any]]]
    is_last: bool

    @property
    def end(self) -> int:
        """Index of the entry after the last one of this page."""
        return self.offset + len(self.entries)


class PageReader:
    """Turns the answers of one resource's list into pages.

    Args:
        resource: Name of the resource as it stands in the urls of its entries.
    """

    def __init__(self, resource: str) -> None:
        """Compile what an entry's url must look like."""
        self._resource = resource
        # Ids may be negative: move-ailment starts at -1. 18 digits fit a 64-bit key column.
        self._find_id = re.compile(rf"/{re.escape(resource)}/(-?[0-9]{{1,18}})/?\Z").search

    def read(self, body: Any, *, offset: int, limit: int) -> Page:
        """Return the page an answer holds.

        Args:
            body: The decoded answer, of whatever shape.
            offset: The offset that was asked for.
            limit: The limit that was asked for; an answer may hold more entries.

        Raises:
            ProtocolError: The answer is no page, or contradicts its own ``count`` or ``next``.
        """
        count, results, has_next = self._envelope(body, offset)
        entries = self._entries(results, offset)
        end = offset + len(entries)
        if not has_next and end < count:
            raise self._error(
                offset, f"the list ends after {end:,} of the {count:,} entries it announces"
            )
        if has_next and not entries:
            raise self._error(offset, "the page is empty although more pages are announced")
        everything_at_once = len(entries) > limit and end >= count
        if has_next and end >= count and not everything_at_once:
            raise self._error(
                offset, f"more pages are announced although all {count:,} entries were given"
            )
        return Page(offset, count, entries, is_last=not has_next or everything_at_once)

    def _envelope(self, body: Any, offset: int) -> tuple[int, list[Any], bool]:
        """Return ``count``, ``results`` and whether there is a ``next``; it is never followed."""
        if not isinstance(body, dict):
            raise self._error(offset, "the answer is no object")
        count, results = body.get("count"), body.get("results")
        if type(count) is not int or count < 0:
            raise self._error(offset, "the answer has no `count`")
        if not isinstance(results, list):
            raise self._error(offset, "the answer has no list of `results`")
        if not isinstance(body.get("next", 0), str | None):
            raise self._error(offset, "the answer does not say whether there is a `next` page")
        return count, results, body["next"] is not None

    def _entries(self, results: list[Any], offset: int) -> list[tuple[int, dict[str, Any]]]:
        """Pair each entry with the id its url ends in: five resources have nothing else."""
        find_id = self._find_id
        entries = []
        for index, entry in enumerate(results, offset):
            url = entry.get("url") if isinstance(entry, dict) else None
            found = find_id(url) if isinstance(url, str) else None
            if found is None:
                raise self._error(
                    offset, f"entry {index:,} has no `url` that ends in /{self._resource}/<id>/"
                )
            entries.append((int(found.group(1)), entry))
        return entries

    def _error(self, offset: int, reason: str) -> ProtocolError:
        return ProtocolError(
            f"{self._resource}, list at offset {offset:,}: {reason}; check `base_url`, or run "
            "again later"
        )
