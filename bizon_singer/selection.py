"""What of a stream is selected, compiled once into a function that drops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Breadcrumb = tuple[str, ...]
Record = dict[str, Any]


class Selection:
    """The fields of a stream that must not be written.

    Args:
        deselected: Singer breadcrumbs of the deselected fields, such as
            ``("properties", "a", "properties", "b")``. Others, into the items of arrays, are
            ignored: arrays are written whole.
    """

    def __init__(self, deselected: Iterable[Breadcrumb]) -> None:
        """Arrange the breadcrumbs as a tree of names; None stands for a deselected field."""
        self._tree: dict[str, Any] = {}
        for breadcrumb in deselected:
            words, names = breadcrumb[::2], breadcrumb[1::2]
            if len(words) == len(names) and set(words) == {"properties"}:
                self._add(names)

    def _add(self, names: Sequence[str]) -> None:
        node: Any = self._tree
        for name in names[:-1]:
            node = node.setdefault(name, {})
            if node is None:  # the parent is deselected, and this field with it
                return
        node[names[-1]] = None

    @property
    def is_everything(self) -> bool:
        """True when no field is deselected."""
        return not self._tree

    def pruned(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return a schema without the deselected fields."""
        return _prune_schema(schema, self._tree)

    def compile(self) -> Callable[[Record], Record]:
        """Return a function that gives a record without the deselected fields.

        The record itself is not changed: it belongs to the source.
        """
        return _compile_dropper(self._tree)


def _prune_schema(schema: Mapping[str, Any], tree: Mapping[str, Any]) -> dict[str, Any]:
    pruned = dict(schema)
    if not tree or "properties" not in schema:
        return pruned
    pruned["properties"] = {
        name: _prune_schema(field, tree.get(name) or {})
        for name, field in schema["properties"].items()
        if name not in tree or tree[name] is not None
    }
    return pruned


def _compile_dropper(tree: Mapping[str, Any]) -> Callable[[Record], Record]:
    dropped = [name for name, inside in tree.items() if inside is None]
    nested = [(name, _compile_dropper(inside)) for name, inside in tree.items() if inside]

    def drop(record: Record) -> Record:
        kept = record.copy()
        for name in dropped:
            kept.pop(name, None)
        for name, drop_inside in nested:
            value = kept.get(name)
            if isinstance(value, dict):
                kept[name] = drop_inside(value)
        return kept

    return drop
