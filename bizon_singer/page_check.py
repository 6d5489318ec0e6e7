"""Whether all records of a page fit a schema, told at once for most pages.

Nearly every page fits. msgspec reads a page into structs made of the schema, in C: what comes
through has known fields only, with texts, integers, booleans and nulls where they may be. What it
does not settle exactly (numbers, formats, free-form objects, arrays of them) is taken from the
structs by column and held against the checks of :mod:`bizon_singer.fitting`. A record of 500 bytes
costs 1.1 µs where that module takes 2.7 (tests/benchmarks/records.py).

A page that is turned down may fit all the same: then :mod:`bizon_singer.fitting` has the last word,
record by record. Where the two differ, what is written does not: msgspec also takes subclasses of
``str`` and ``int``, which are written as what they are made of. Other mappings than dicts and other
sequences than lists, which it takes as well, are turned down here: a field that is deselected could
hide in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain
from operator import attrgetter, or_
from typing import Any

import msgspec

from bizon_singer.fitting import Field, compile_field, hold_all, types_of

MAX_FIELDS = 64
"""msgspec finds a field by going through them: slow where many come in another order."""
MAX_MISSES = 10
"""Pages turned down in vain, and not made up for, after which the attempt is left."""

_ANNOTATIONS: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "null": None}
_DICTS = frozenset({dict})
_LISTS = frozenset({list})
_NOTHING = msgspec.UNSET
"""What a struct has where its record has no such field."""

Get = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """An object of the schema.

    Attributes:
        struct: What msgspec makes of it.
        columns: Fields whose values are looked at, and what they may be.
        objects: Fields that hold objects, by name.
        arrays: Fields that hold arrays of what msgspec settles, None, or of objects, by name.
    """

    struct: type[msgspec.Struct]
    columns: tuple[tuple[Get, Field], ...]
    objects: tuple[tuple[str, Get, _Shape], ...]
    arrays: tuple[tuple[str, Get, _Shape | None], ...]

    def all_hold(self, records: list[dict[str, Any]], structs: list[Any]) -> bool:
        """Tell whether the values msgspec did not settle are as they may be."""
        for get, field in self.columns:
            if not hold_all(field, list(map(get, structs))):
                return False
        for name, get, shape in self.objects:
            inner = _present(record.get(name) for record in records)
            if not shape.dicts_hold(inner, _present(map(get, structs))):
                return False
        for name, get, items in self.arrays:
            arrays = _present(record.get(name) for record in records)
            if not set(map(type, arrays)) <= _LISTS:
                return False
            if items is not None:
                inner = _present(chain.from_iterable(arrays))
                made = chain.from_iterable(_present(map(get, structs)))
                if not items.dicts_hold(inner, _present(made)):
                    return False
        return True

    def dicts_hold(self, objects: list[Any], structs: list[Any]) -> bool:
        """Tell whether all of some values of a field are dicts, and hold what they may."""
        if not set(map(type, objects)) <= _DICTS:
            return False
        has_more = self.columns or self.objects or self.arrays
        return not has_more or self.all_hold(objects, structs)


def _present(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None and value is not _NOTHING]


class PageCheck:
    """The attempt to tell of a page at once that it fits.

    Args:
        schema: As :func:`bizon_singer.schema.structural` gives it, of an object.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Make nothing yet: a schema may be widened for each record of a page, or only shown."""
        self._schema = schema
        self._misses = 0

    @cached_property
    def _shape(self) -> _Shape | None:
        return _shape(self._schema)

    def accepts(self, records: list[dict[str, Any]]) -> bool:
        """Tell whether all records fit for certain."""
        if self._shape is None:
            return False
        try:
            structs = msgspec.convert(records, list[self._shape.struct])  # type: ignore[name-defined]
        except Exception:  # noqa: BLE001 - a lone surrogate, a mapping of the source's that raises:
            return False  # the slow check reads the page again, and says what is wrong
        accepted = self._shape.all_hold(records, structs)
        if accepted and self._misses:
            self._misses -= 1
        return accepted

    def was_wrong(self) -> None:
        """Note that a page it turned down fitted; where that is the rule, the attempt is left."""
        self._misses += 1
        if self._misses > MAX_MISSES:
            self._shape = None


def _shape(schema: Mapping[str, Any]) -> _Shape | None:
    """Return what is to be made of an object, None where its fields are not all known, or many."""
    fields = schema.get("properties")
    if fields is None or schema.get("additionalProperties") is True or len(fields) > MAX_FIELDS:
        return None
    columns: list[tuple[Get, Field]] = []
    objects: list[tuple[str, Get, _Shape]] = []
    arrays: list[tuple[str, Get, _Shape | None]] = []
    members: list[tuple[str, Any, Any]] = []
    names = {}
    for position, (name, field) in enumerate(fields.items()):
        member = f"f{position}"
        names[member] = name
        get = attrgetter(member)
        annotation, inner = _annotation(field)
        if annotation is Any:
            checks = compile_field(field)
            plain = checks.plain | {msgspec.UnsetType}
            columns.append((get, checks._replace(plain=plain)))
        elif "array" in types_of(field):
            arrays.append((name, get, inner))
        elif inner is not None:
            objects.append((name, get, inner))
        members.append((member, annotation, _NOTHING))
    try:
        struct = msgspec.defstruct(
            "Record", members, rename=names, forbid_unknown_fields=True, gc=False
        )
    except ValueError:  # of a name with a quote, a backslash or a control character
        return None
    return _Shape(struct, tuple(columns), tuple(objects), tuple(arrays))


def _annotation(schema: Mapping[str, Any]) -> tuple[Any, _Shape | None]:
    """Return the type of a field for msgspec, ``Any`` where it could not tell.

    Returns:
        Beside it the shape of an object, or of the objects in an array.
    """
    names = types_of(schema)
    if names and names <= _ANNOTATIONS.keys() and "format" not in schema:
        return reduce(or_, (_ANNOTATIONS[name] for name in names)), None
    made: Any = Any
    inner = None
    if "object" in names and names <= {"object", "null"}:
        inner = _shape(schema)
        made = inner.struct if inner else Any
    elif "array" in names and names <= {"array", "null"}:
        items = schema.get("items") or {}
        made, inner = (Any, None) if "array" in types_of(items) else _annotation(items)
        made = Any if made is Any else list[made]
    return (made | None if made is not Any and "null" in names else made), inner
