"""Makes records of a page of objects as the JSON text they are written as, all of them at once.

Where nothing of a stream is deselected and its schema is this tap's own, nobody has to look at a
record again. So a page is decoded into structs, its properties are typed column by column, and what
comes of it is encoded, each of them in C: 3.4 µs a contact of 15 properties, where a dict for each,
its checks and its encoding take 11 (those of ``tests/benchmarks/hubspot.py``); of 300 properties,
most of them null, 83 µs where those take 232.

A column that is not plainly of its type is typed value by value, by the same
:mod:`~bizon_taps.hubspot.values` as ever. A page of another form than HubSpot documents is left to
:class:`~bizon_taps.hubspot.properties.RecordReader`, which knows what to say of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import astuple

from bizon_singer.fitting import are_date_times
from bizon_singer.schema import JsonSchema, RecordSchema
from bizon_singer.source.models import JsonRecord, SourceRecord
from bizon_singer.values import dumps
from bizon_taps.hubspot.properties import OWN_FIELDS, UNTYPED, Property, object_schema
from bizon_taps.hubspot.values import CONVERTERS, UntypedError

MAX_MISSES = 10
"""Pages of another form after which no more are tried."""

_OWN: tuple[tuple[str, Any, Any], ...] = (
    ("createdAt", str | None, None),
    ("updatedAt", str | None, None),
    ("archived", bool | None, None),
    ("archivedAt", str | None, None),
    ("url", str | None | msgspec.UnsetType, msgspec.UNSET),
)
"""What an object has besides its id and its properties: name, type, and what it is if left out."""
_TIMES = {name for name, field in OWN_FIELDS.items() if field.get("format") == "date-time"}
_NOTES = frozenset({"title", "description"})
_PLAIN_NUMBERS = re.compile(
    r"(?:(?:-?[1-9][0-9]{0,14}+|-0(?=\.)|0)(?:\.[0-9]{1,15}+)?+,)*+", re.ASCII
)
"""Numbers that JSON writes as they are, each with a comma after it."""

Column = Sequence[Any]


@dataclass(frozen=True, slots=True)
class TextPage:
    """A page of the list, or a batch.

    Attributes:
        records: What it holds.
        paging: What it says of the next one, as it came.
        errors: What it says of parts that failed, as it came.
    """

    records: list[SourceRecord]
    paging: Any
    errors: Any


def takes_text(
    properties: Iterable[Property],
    schema: Mapping[str, Any] | None,
    fields: frozenset[str] | None,
) -> bool:
    """Tell whether records may be text: any that is made here fits, and all of it is wanted.

    Args:
        properties: What is asked for.
        schema: What records are checked against, None if nobody says.
        fields: The fields that will be written, None if nobody says.
    """
    known = (schema or {}).get("properties", {})
    if fields is None or fields != known.keys():
        return False
    own = RecordSchema(object_schema(properties)).to_dict()["properties"]
    return all(_checked(field) == _checked(known.get(name, {})) for name, field in own.items())


def _checked(field: JsonSchema) -> JsonSchema:
    return {word: value for word, value in field.items() if word not in _NOTES}


class Times:
    """Tells of the columns of one page whether they hold times.

    Two of them are as a rule the same as two others: ``createdAt`` is what ``createdate`` is.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: list[Column] = []

    def are_all(self, column: Column) -> bool:
        """Tell whether all texts of a column are RFC 3339 date-times."""
        if column in self._known:
            return True
        if not are_date_times(_texts(column)):
            return False
        self._known.append(column)
        return True


class TextRecordReader:
    """Turns pages of the list, and batches, into records.

    Args:
        properties: What is asked for, and all that a record will hold.
        order: Names of properties as an object of the account has them: msgspec finds each of
            hundreds at once where they come in the order it expects.
        tell: Called with the field and the type of a property that has a value of another.
    """

    def __init__(
        self,
        properties: Sequence[Property],
        order: Iterable[str],
        tell: Callable[[str, str], None],
    ) -> None:
        """Make the structs."""
        by_name = {item.name: item for item in properties}
        first = [by_name[name] for name in dict.fromkeys(order) if name in by_name]
        self._properties = list(dict.fromkeys([*first, *properties]))
        self._tell = tell
        self._misses = 0
        try:
            self._make_structs()
        except ValueError:  # two names that are the same, or one with a quote or a backslash
            self._misses = MAX_MISSES

    def _make_structs(self) -> None:
        names = [item.name for item in self._properties]
        values = _struct(names, str | None)
        result = msgspec.defstruct("Result", [("properties", values), ("id", str), *_OWN], gc=False)
        parts: list[tuple[str, Any, Any]] = [("paging", Any, None), ("errors", Any, None)]
        results: Any = list[result]  # type: ignore[valid-type]
        answer = msgspec.defstruct("Answer", [("results", results), *parts])
        self._decode = msgspec.json.Decoder(answer).decode
        fields = [item.field for item in self._properties]
        self._record = _struct([*fields, UNTYPED, "id", *(name for name, *_ in _OWN)], Any)
        self._encode = msgspec.json.Encoder().encode_lines

    def read(self, body: bytes) -> TextPage | None:
        """Return the page an answer holds, None if it is not of the form it should have."""
        if self._misses >= MAX_MISSES:
            return None
        try:
            answer: Any = self._decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            self._misses += 1
            return None
        if not answer.results:
            return TextPage([], answer.paging, answer.errors)
        values, ids, *own = zip(*map(astuple, answer.results), strict=True)
        times = Times()
        for (name, *_), column in zip(_OWN, own, strict=True):
            if name in _TIMES and not times.are_all(column):
                self._misses += 1
                return None
        untyped: list[Any] = [msgspec.UNSET] * len(values)
        typed = [
            self._typed(item, column, untyped, times) if item.kind in CONVERTERS else column
            for item, column in zip(
                self._properties, zip(*map(astuple, values), strict=True), strict=False
            )
        ]
        # A list: of any other iterable, msgspec 0.22 never lets go of the items.
        made = list(map(self._record, *typed, untyped, ids, *own))
        lines = self._encode(made).split(b"\n")
        return TextPage(list(map(JsonRecord, ids, lines)), answer.paging, answer.errors)

    def _typed(self, item: Property, column: Column, untyped: list[Any], times: Times) -> Column:
        """Return the values of a property; texts that are none of it go to ``untyped``."""
        if item.kind == "datetime" and times.are_all(column):
            return column
        texts = _texts(column)
        if item.kind == "number" and _are_plain(texts):
            return [None if text is None else msgspec.Raw(text) for text in column]
        convert = CONVERTERS[item.kind]
        values: dict[str | None, Any] = {None: None}
        kept = set()
        for text in set(texts):  # dates and booleans repeat
            try:
                values[text] = _written(convert(text))
            except UntypedError:
                values[text] = None
                kept.add(text)
        if kept:
            self._tell(item.field, item.kind)
            for place, text in enumerate(column):
                if text in kept:
                    others = {} if untyped[place] is msgspec.UNSET else untyped[place]
                    untyped[place] = {**others, item.field: text}
        return list(map(values.__getitem__, column))


def _struct(names: Sequence[str], kind: Any) -> Any:
    """Return a struct of fields of one type with any names.

    Raises:
        ValueError: Two are the same, or one cannot be written as it is.
    """
    members = [f"f{place}" for place in range(len(names))]
    fields = [(member, kind, None) for member in members]
    renamed = dict(zip(members, names, strict=True))
    return msgspec.defstruct("Fields", fields, rename=renamed, gc=False)


def _texts(column: Column) -> Any:
    return [text for text in column if text is not None] if None in column else column


def _are_plain(texts: Sequence[str]) -> bool:
    """Tell whether JSON writes all texts as the numbers they are, every digit kept."""
    joined = ",".join((*texts, ""))
    return joined.count(",") == len(texts) and _PLAIN_NUMBERS.fullmatch(joined) is not None


def _written(value: Any) -> Any:
    """Return a typed value as msgspec writes it like the adapter."""
    if type(value) is int:
        return msgspec.Raw(str(value))
    return msgspec.Raw(dumps(value)) if isinstance(value, float | Decimal) else value
