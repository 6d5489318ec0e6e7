"""Where reading goes on: what is kept in STATE between two pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from bizon_singer.errors import StateError

LIVE = "live"
WINDOW = "window"
TAIL = "tail"
ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a stream.

    Attributes:
        phase: Which part of the stream: ``live`` and ``archived`` lists, or the ``window`` and the
            ``tail`` of a search.
        after: Cursor of a list, or the id the last page of a search ended with; None at the start.
        until: When the run began by HubSpot's clock, in epoch milliseconds.
        parent: Cursor of the page of parents, for streams read parent by parent.
        done: Id of the last parent that is done with on that page.
        pending: Cursors of what is still to come of single parents, by their ids.
    """

    phase: str = LIVE
    after: str | None = None
    until: int = 0
    parent: str | None = None
    done: str | None = None
    pending: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, pagination: Mapping[str, Any]) -> Self:
        """Read a position from a pagination this tap has given.

        Raises:
            StateError: It is none.
        """
        try:
            position = cls(**pagination)
        except TypeError as error:
            raise _unknown() from error
        texts = (position.after, position.parent, position.done)
        if (
            position.phase not in {LIVE, WINDOW, TAIL, ARCHIVED}
            or type(position.until) is not int
            or not all(isinstance(text, str | None) for text in texts)
            or not isinstance(position.pending, dict)
        ):
            raise _unknown()
        return position

    def pagination(self) -> dict[str, Any]:
        """Return it as it is kept in STATE, without what is as at the start."""
        # By attribute: asdict() copies each value, at seven times the cost of this.
        kept = {name: value for name in _FIELDS if (value := getattr(self, name))}
        return {"phase": self.phase, **kept}


_FIELDS = tuple(item.name for item in fields(Position))


def _unknown() -> StateError:
    return StateError(
        "the place in STATE is none of this tap; set `force_ignore_checkpoint` for one run"
    )
