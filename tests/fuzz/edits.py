"""What people, tools and broken disks do to a JSON document."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from hypothesis import strategies as st

CANARY: Final = "canary-5b0d77f1c2"
"""A text that stands for a secret, and must not be seen again."""

odd_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(
        [CANARY, "", "true", "$type", 10**30, -1, 0, "2999-01-01T00:00:00Z", "env://NO_SUCH_NAME"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.just("$ref"), inner, max_size=3)
    ),
    max_leaves=6,
)
"""Any JSON, with what has proved awkward before."""


def edited(data: st.DataObject, document: Any, *, least: int = 0, most: int = 3) -> Any:
    """Return a copy of a document after some edits at random places."""
    root = {"": copy.deepcopy(document)}
    for _ in range(data.draw(st.integers(least, most), label="edits")):
        _edit(data, root)
    return root.get("")


def _edit(data: st.DataObject, root: dict[str, Any]) -> None:
    """Replace, remove, repeat or add something at a random place."""
    holder: Any = root
    key: Any = ""
    while isinstance(holder[key], (dict, list)) and holder[key] and data.draw(_deeper):
        holder = holder[key]
        keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
        key = data.draw(st.sampled_from(keys), label="step")
    how = data.draw(st.sampled_from(["replace", "remove", "repeat", "add"]), label="how")
    if how == "replace" or holder is root:
        holder[key] = data.draw(odd_json, label="value")
    elif how == "remove":
        del holder[key]
    elif isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[data.draw(st.text(max_size=6), label="name")] = data.draw(odd_json, label="value")


_deeper: Final = st.sampled_from([True, True, True, True, False])

KINDS: Final[tuple[Any, ...]] = (None, True, 7, "text", [], {})
"""One value of each kind."""


def replaced(document: Any) -> Iterator[Any]:
    """Give a document again and again, each time with one part of it of another kind."""
    root = {"": copy.deepcopy(document)}
    places: list[tuple[Any, Any]] = [(root, "")]
    for holder, key in places:
        part = holder[key]
        if isinstance(part, dict):
            places.extend((part, name) for name in part)
        elif isinstance(part, list):
            places.extend((part, position) for position in range(len(part)))
    for holder, key in places:
        before = holder[key]
        for value in KINDS:
            if type(value) is not type(before):
                holder[key] = copy.deepcopy(value)
                yield copy.deepcopy(root[""])
        holder[key] = before
