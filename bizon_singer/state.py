"""STATE: the bookmarks of all streams of a tap, read with care and written as a whole.

Its layout is that of :mod:`bizon_singer.bookmark`. A target keeps the last STATE only, so each one
holds the bookmarks of streams that are not in this run as well, and keys nobody here knows.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from bizon_singer.bookmark import Bookmark
from bizon_singer.encoding import message
from bizon_singer.errors import ProtocolError, StateError
from bizon_singer.redact import excerpt

VERSION = 1
RESTORE = "restore it, or start without --state"
NO_POSITION = frozenset({"bookmarks", "currently_syncing", "version"})
"""Keys of a state that do not say where a stream stands."""


class Bookmarks:
    """The state of a tap: the bookmarks of all its streams, those not in this run included."""

    def __init__(self, state: Any = None) -> None:
        """Check a state and take it over.

        Raises:
            StateError: It is no state, of a newer version, or one that cannot be written again.
        """
        try:
            own = copy.deepcopy(state) if state is not None else {}
            self.value: dict[str, Any] = _checked(own)
            self.line()
        except (ProtocolError, RecursionError) as error:
            raise StateError(
                "the state is nested too deep or has the same key twice; it is none a tap wrote, "
                "so start without --state"
            ) from error
        self.given = {stream for stream, value in self.value["bookmarks"].items() if value}
        self._streams: dict[str, Bookmark] = {}

    def stream(self, name: str) -> Bookmark:
        """Return the bookmark of a stream, an empty one if there is none."""
        if name not in self._streams:
            value = self.value["bookmarks"].setdefault(name, {})
            self._streams[name] = Bookmark(name, value)
        return self._streams[name]

    def unknown(self, known: Iterable[str]) -> list[str]:
        """Return the streams that have a bookmark but are not among ``known``."""
        return sorted(self.given - set(known))

    def unread(self) -> list[str]:
        """Return the keys of a state that has no bookmarks but holds something else."""
        return [] if self.value["bookmarks"] else sorted(self.value.keys() - NO_POSITION)

    def line(self) -> bytes:
        """Return the STATE message as it stands."""
        return message({"type": "STATE", "value": self.value})


def _checked(state: Any) -> dict[str, Any]:
    if not isinstance(state, dict):
        raise StateError(
            f"the state is {_json_type(state)}, not an object; pass the object a "
            "STATE message carries as `value`"
        )
    if state.get("type") == "STATE" and isinstance(state.get("value"), dict):
        state = state["value"]
    elif state.keys() == {"singer_state"} and isinstance(state["singer_state"], dict):
        state = state["singer_state"]  # what `meltano state get` prints
    version = state.get("version", VERSION)
    if type(version) is not int:
        raise StateError(
            f"`version` in the state is {_json_type(version)}, not a whole number; {RESTORE}"
        )
    if version > VERSION:
        raise StateError(
            f"the state has version {excerpt(str(version), 20)}, this tap knows {VERSION}; update "
            "the tap or start without --state"
        )
    bookmarks = state.get("bookmarks")
    if bookmarks is None:
        bookmarks = {}
    if not isinstance(bookmarks, dict):
        raise StateError(
            f"`bookmarks` in the state is {_json_type(bookmarks)}, not an object; {RESTORE}"
        )
    for stream, bookmark in bookmarks.items():
        if not isinstance(bookmark, dict):
            raise StateError(
                f"the bookmark of stream {excerpt(stream, 80)!r} in the state is "
                f"{_json_type(bookmark)}, not an object; {RESTORE}"
            )
    return {**state, "version": VERSION, "bookmarks": bookmarks}


def _json_type(value: Any) -> str:
    names: dict[type, str] = {
        list: "a list",
        str: "a string",
        bool: "a boolean",
        type(None): "null",
    }
    return names.get(type(value), "a number")
