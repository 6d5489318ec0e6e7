"""Where reading goes on: what is kept in STATE between two iterations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bizon_singer.errors import StateError


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a resource's list.

    Attributes:
        offset: Index of the first entry of the page to read.
        done: How many of that page's details have been handed over.
        hash: Version of the API's data when the run started; None when it is not asked for.
    """

    offset: int = 0
    done: int = 0
    hash: str | None = None

    @classmethod
    def of(cls, pagination: Mapping[str, Any]) -> Self:
        """Read a position from a pagination this tap has given.

        Raises:
            StateError: It is none of this tap's: STATE was edited, or is that of another tap.
        """
        offset, done = pagination.get("offset", 0), pagination.get("done", 0)
        version = pagination.get("hash")
        numbers = all(type(number) is int and number >= 0 for number in (offset, done))
        if not numbers or not isinstance(version, str | None):
            raise StateError(
                "the pagination in STATE is none of tap-pokeapi; run once with "
                "`force_ignore_checkpoint`"
            )
        return cls(offset, done, version)

    def pagination(self) -> dict[str, Any]:
        """Return the position as it is kept in STATE, without what is not in use."""
        pagination: dict[str, Any] = {"offset": self.offset}
        if self.done:
            pagination["done"] = self.done
        if self.hash is not None:
            pagination["hash"] = self.hash
        return pagination
