"""The one way out for records and STATE: every line of a run passes here, in order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bizon_singer.state import Bookmarks

if TYPE_CHECKING:
    from bizon_singer.stdout import Writer


class Outlet:
    """Writes pages, each with the STATE that covers it unless one went out a moment ago.

    Args:
        writer: Takes whole lines.
        bookmarks: What a STATE holds; they have moved past a page before it is written.
        interval_seconds: Write STATE at most this often; 0 writes it with every page.
    """

    def __init__(self, writer: Writer, bookmarks: Bookmarks, interval_seconds: float) -> None:
        """Owe nothing yet."""
        self._writer = writer
        self._bookmarks = bookmarks
        self._interval_seconds = interval_seconds
        self._state_written_at = time.monotonic()
        self._owes_state = False
        self._state_size = 0

    def write(self, lines: bytes, *, with_state: bool = False) -> None:
        """Write the lines of a page, and the STATE if it is due.

        Args:
            lines: Whole lines.
            with_state: Write STATE in any case: a stream is complete, or a run ends.

        Raises:
            OutputError: They could not be written.
        """
        waited = time.monotonic() - self._state_written_at
        if with_state or waited >= self._interval_seconds:
            state = self._bookmarks.line()
            self._state_size = len(state)
            lines += state
            self._state_written_at = time.monotonic()
            self._owes_state = False
        else:
            self._owes_state = True
        self._writer.write(lines)

    def has_room(self, lines: bytes) -> bool:
        """Tell whether lines, and a STATE, can be written without waiting for the target."""
        return len(lines) + self._state_size <= self._writer.room()

    def settle(self) -> None:
        """Write the STATE that is owed; it is true whatever ends the run.

        Raises:
            OutputError: It could not be written.
        """
        if self._owes_state:
            self.write(b"", with_state=True)

    def write_schema(self, lines: bytes) -> None:
        """Write lines that no STATE follows."""
        self._writer.write(lines)
