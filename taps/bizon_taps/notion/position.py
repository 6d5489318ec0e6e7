"""Where reading goes on: what is kept in STATE between two pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from bizon_singer.errors import ProtocolError, StateError

ROWS = "rows"
SEARCH = "search"
NAMED = "named"
MAX_RESTARTS = 100
"""A query whose cursors are refused more often than that will not come to its end."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A list of children that is being read.

    Attributes:
        parent: Whose children they are: a page, or a block.
        cursor: Where the page of the list that is being read starts.
        after: Id of the child on it that was read last; what is below it, is above in the stack.
        order: How many of the children were read.
    """

    parent: str
    cursor: str = ""
    after: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a stream: in the list of its pages, and within the tree of one of them.

    Attributes:
        phase: Which part of the list: ``rows`` of data sources, ``search`` or ``named`` pages.
        source: The data source whose rows are read.
        created: Start of the window over ``created_time``, empty for none.
        seen: ``created_time`` of the last row that was read; ``last_edited_time`` in a search.
        cursor: Where the page of the list that is being read starts.
        restarts: How often a cursor was refused, or led back.
        began: When this walk of the search began.
        since: What this walk looks for was edited since then, empty for all.
        walks: How many walks came before it.
        head: Mark of what stood first when it began; at its beginning, of the walk before.
        done: The last thing on that page of the list that is done with.
        page: The page whose tree is being read.
        edited: Its ``last_edited_time``.
        stack: The lists of children that are being read, from the page down.
    """

    phase: str = ROWS
    source: str = ""
    created: str = ""
    seen: str = ""
    cursor: str = ""
    restarts: int = 0
    began: str = ""
    since: str = ""
    walks: int = 0
    head: str = ""
    done: str = ""
    page: str = ""
    edited: str = ""
    stack: tuple[Frame, ...] = field(default=())

    @classmethod
    def of(cls, pagination: Mapping[str, Any]) -> Self:
        """Read a position from a pagination this tap has given.

        Raises:
            StateError: It is none.
        """
        try:
            frames = tuple(Frame(*frame) for frame in pagination.get("stack", ()))
            position = cls(**{**pagination, "stack": frames})
        except (TypeError, ValueError) as error:
            raise _unknown() from error
        texts = [position.created, position.seen, position.cursor, position.source, position.done]
        texts += [position.page, position.edited]
        texts += [position.began, position.since, position.head]
        for frame in frames:
            texts += [frame.parent, frame.cursor, frame.after]
        numbers = [position.restarts, position.walks, *(frame.order for frame in frames)]
        if (
            position.phase not in {ROWS, SEARCH, NAMED}
            or not all(isinstance(text, str) for text in texts)
            or not all(type(number) is int for number in numbers)
        ):
            raise _unknown()
        return position

    def pagination(self) -> dict[str, Any]:
        """Return it as it is kept in STATE, without what is as at the start."""
        kept = {
            item.name: getattr(self, item.name) for item in fields(self) if item.name != "stack"
        }
        short = {name: value for name, value in kept.items() if value}
        stack = [list(asdict(frame).values()) for frame in self.stack]
        return {**short, **({"stack": stack} if stack else {})}


def one_more(restarts: int, what: str) -> int:
    """Return the number of restarts after one more.

    Raises:
        ProtocolError: There were too many.
    """
    if restarts >= MAX_RESTARTS:
        raise ProtocolError(
            f"{what}: Notion refused the cursors it gave {MAX_RESTARTS} times; run again later"
        )
    return restarts + 1


def _unknown() -> StateError:
    return StateError(
        "the place in STATE is none of this tap; set `force_ignore_checkpoint` for one run"
    )
