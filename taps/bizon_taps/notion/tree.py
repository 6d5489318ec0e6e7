"""Reads what hangs on pages: the tree of blocks, depth first, and the comments and markdown of it.

The place kept in STATE is the page, and for each level of its tree that is being read, whose
children they are, where the page of that list starts and which child on it was the last. It grows
with the depth of a tree and never with its size. If the child is gone when reading goes on, its
page of the list is read once more: blocks may come twice, and none is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from bizon_singer.source.models import SourceIteration, SourceRecord
from bizon_taps.notion.omissions import NOT_SHARED, TOO_DEEP, UNSUPPORTED, Omissions
from bizon_taps.notion.page_list import PageList, after
from bizon_taps.notion.position import Frame, Position, one_more
from bizon_taps.notion.workspace import (
    JSON,
    NotSharedError,
    RefusedCursorError,
    UnsupportedError,
    Workspace,
    id_of,
    type_of,
)

MAX_REQUESTS = 30
"""So many requests make a page of a stream, at most; ten seconds at the rate Notion takes."""
REFERENCES = frozenset({"child_page", "child_database"})
"""Blocks that stand for a thing with a stream of its own."""


class Contents(Protocol):
    """What is read of pages."""

    descends: bool
    """Whether their blocks are read."""

    def of_page(self, page: str, edited: str, url: str) -> list[SourceRecord]:
        """Return what there is of a page itself."""

    def of_block(
        self, block: JSON, *, page: str, edited: str, frame: Frame, depth: int
    ) -> list[SourceRecord]:
        """Return what there is of a block on it."""


class TreeReader:
    """Reads the trees of pages.

    Args:
        workspace: Where they are.
        pages: The list of the pages.
        contents: What is read of them.
        omissions: Notes what cannot be read.
        max_depth: How many levels are read, None for all.
    """

    def __init__(
        self,
        workspace: Workspace,
        pages: PageList,
        contents: Contents,
        omissions: Omissions,
        max_depth: int | None,
    ) -> None:
        """Ask nothing yet."""
        self._workspace = workspace
        self._pages = pages
        self._contents = contents
        self._omissions = omissions
        self._max_depth = max_depth
        self._held: dict[tuple[str, str], tuple[list[JSON], str]] = {}

    def read(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return what follows a place: as many records, or requests, as make a page."""
        position: Position | None = Position.of(pagination)
        records: list[SourceRecord] = []
        last = self._workspace.asked + MAX_REQUESTS
        while position is not None:
            position, found = self._step(position)
            records += found
            if len(records) >= self._workspace.page_size or self._workspace.asked >= last:
                break
        if position is None:
            self._omissions.tell()
            return SourceIteration({}, records)
        return SourceIteration(position.pagination(), records)

    def _step(self, position: Position) -> tuple[Position | None, list[SourceRecord]]:
        """Read a block, or go on to the next list or page."""
        if position.stack:
            return self._next_block(position)
        if position.page:
            return replace(position, page="", edited="", done=position.page), []
        listing = self._pages.at(position)
        rest = after(listing.pages, position.done)
        if not rest:
            return listing.following, []
        return self._begin(listing.place, rest[0])

    def _begin(self, position: Position, page: JSON) -> tuple[Position, list[SourceRecord]]:
        identity, edited = page["id"], str(page.get("last_edited_time", ""))
        self._held.clear()
        try:
            records = self._contents.of_page(identity, edited, str(page.get("url") or ""))
        except NotSharedError:
            self._omissions.add(f"page {identity}", NOT_SHARED)
            return replace(position, done=identity), []
        if not self._contents.descends:
            return replace(position, done=identity), records
        begun = replace(position, page=identity, edited=edited, stack=(Frame(identity),))
        return begun, records

    def _next_block(self, position: Position) -> tuple[Position, list[SourceRecord]]:
        *above, frame = position.stack
        try:
            children, following = self._children(frame)
        except RefusedCursorError:
            again = one_more(position.restarts, f"the children of block {frame.parent}")
            stack = (*above, Frame(frame.parent))
            return replace(position, stack=stack, restarts=again), []
        except (NotSharedError, UnsupportedError) as error:
            why = NOT_SHARED if isinstance(error, NotSharedError) else UNSUPPORTED
            what = "the blocks below" if above else "the blocks of page"
            self._omissions.add(f"{what} {frame.parent}", why)
            return replace(position, stack=tuple(above)), []
        rest = after(children, frame.after)
        if not rest:
            self._held.pop((frame.parent, frame.cursor), None)
            ended = [Frame(frame.parent, following, "", frame.order)] if following else []
            return replace(position, stack=(*above, *ended)), []
        block, depth = rest[0], len(above)
        records = self._contents.of_block(
            block, page=position.page, edited=position.edited, frame=frame, depth=depth
        )
        moved = replace(frame, after=block["id"], order=frame.order + 1)
        below = [Frame(block["id"])] if self._descends_into(block, depth) else []
        return replace(position, stack=(*above, moved, *below)), records

    def _descends_into(self, block: JSON, depth: int) -> bool:
        if not block.get("has_children") or type_of(block) in REFERENCES:
            return False
        is_deep = self._max_depth is not None and depth + 1 >= self._max_depth
        if is_deep:
            self._omissions.add(f"the blocks below {block['id']}", TOO_DEEP)
        return not is_deep

    def _children(self, frame: Frame) -> tuple[list[JSON], str]:
        """Return a page of children and the cursor of the next; held while it is in use."""
        key = (frame.parent, frame.cursor)
        if key not in self._held:
            path = f"blocks/{frame.parent}/children"
            listed, _ = self._workspace.page(path, cursor=frame.cursor)
            for block in listed.results:
                id_of(block, path)
            self._held[key] = (listed.results, listed.cursor)
        return self._held[key]


class Blocks:
    """Blocks, with where they stand."""

    descends = True

    def of_page(self, page: str, edited: str, url: str) -> list[SourceRecord]:  # noqa: ARG002
        """Return nothing: a page is no block of its own."""
        return []

    def of_block(
        self, block: JSON, *, page: str, edited: str, frame: Frame, depth: int
    ) -> list[SourceRecord]:
        """Return the block; what its type is about stands under ``content``."""
        kind = type_of(block)
        data = {name: value for name, value in block.items() if name != kind}
        data["content"] = block.get(kind)
        data |= {
            "page_id": page,
            "parent_id": frame.parent,
            "depth": depth,
            "block_order": frame.order,
            "page_last_edited_time": edited or None,
        }
        return [SourceRecord(f"{page}/{block['id']}", data)]


class Comments:
    """Open comments of pages and of each of their blocks.

    Args:
        workspace: Where they are.
        omissions: Notes the blocks whose comments cannot be read.
    """

    descends = True

    def __init__(self, workspace: Workspace, omissions: Omissions) -> None:
        """Ask nothing yet."""
        self._workspace = workspace
        self._omissions = omissions

    def of_page(self, page: str, edited: str, url: str) -> list[SourceRecord]:  # noqa: ARG002
        """Return the comments on a page."""
        return self._comments(page, page)

    def of_block(
        self,
        block: JSON,
        *,
        page: str,
        edited: str,  # noqa: ARG002
        frame: Frame,  # noqa: ARG002
        depth: int,  # noqa: ARG002
    ) -> list[SourceRecord]:
        """Return the comments on a block, but those of a page it stands for."""
        if type_of(block) in REFERENCES:
            return []
        try:
            return self._comments(block["id"], page)
        except (NotSharedError, UnsupportedError):
            self._omissions.add(f"the comments of block {block['id']}", NOT_SHARED)
            return []

    def _comments(self, identity: str, page: str) -> list[SourceRecord]:
        restarts, cursor, results = 0, "", list[JSON]()
        while True:
            try:
                listed, _ = self._workspace.page("comments", {"block_id": identity}, cursor=cursor)
            except RefusedCursorError:
                restarts, cursor, results = one_more(restarts, "comments"), "", []
                continue
            results += listed.results
            cursor = listed.cursor
            if not cursor:
                return [
                    SourceRecord(id_of(item, "comments"), {"page_id": page, **item})
                    for item in results
                ]


class Markdown:
    """Pages as markdown.

    Args:
        workspace: Where they are.
        omissions: Notes the blocks that cannot be read.
    """

    descends = False

    def __init__(self, workspace: Workspace, omissions: Omissions) -> None:
        """Ask nothing yet."""
        self._workspace = workspace
        self._omissions = omissions

    def of_page(self, page: str, edited: str, url: str) -> list[SourceRecord]:
        """Return a page as markdown, and each block that did not fit into it."""
        body = self._workspace.get(f"pages/{page}/markdown")
        unknown = _texts(body.get("unknown_block_ids"))
        data = {
            "id": page,
            "last_edited_time": edited or None,
            "url": url or None,
            "markdown": body.get("markdown"),
            "truncated": body.get("truncated"),
            "unknown_block_ids": unknown,
            "subtrees": self._subtrees(unknown, {page}),
        }
        return [SourceRecord(page, data)]

    def of_block(
        self, block: JSON, *, page: str, edited: str, frame: Frame, depth: int
    ) -> list[SourceRecord]:
        """Return nothing: the blocks are in the markdown."""
        raise NotImplementedError

    def _subtrees(self, waiting: Sequence[str], seen: set[str]) -> list[JSON]:
        found = []
        queue = list(waiting)
        while queue:
            identity = queue.pop(0)
            if identity in seen:
                continue
            seen.add(identity)
            try:
                body = self._workspace.get(f"pages/{identity}/markdown")
            except (NotSharedError, UnsupportedError):
                self._omissions.add(f"the markdown of block {identity}", NOT_SHARED)
                continue
            found.append({"id": identity, "markdown": body.get("markdown")})
            queue += _texts(body.get("unknown_block_ids"))
        return found


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
