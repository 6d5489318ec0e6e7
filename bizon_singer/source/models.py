"""What a source hands over: records, pages, and the state of incremental runs.

Why ``SourceRecord`` is a :class:`msgspec.Struct` and not a pydantic model: a source builds one per
record, and a pydantic model costs 3.4 µs where a Struct costs 0.1 µs (tests/benchmarks). Types are
checked once a page is accepted, where stream, page and record can be named in the error.

Why an unknown keyword argument is refused, where Bizon ignores it: ``destinaton_id=…`` would
silently route a record to the wrong table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

from bizon_singer.errors import ProtocolError
from bizon_singer.integers import read_integer

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def decode_exactly(text: bytes) -> Any:
    """Decode JSON text that a source vouches for, every digit kept.

    Raises:
        ProtocolError: It holds what is JSON and no value can be made of.
    """
    try:
        try:
            return _decode(text)
        except (msgspec.ValidationError, InvalidOperation):  # a number of thousands of digits
            return json.loads(text, parse_int=read_integer, parse_float=Decimal)
    except InvalidOperation:
        raise ProtocolError(
            "the JSON text of a record holds a number with an exponent beyond all bounds; mend it "
            "in the source"
        ) from None
    except RecursionError:
        raise ProtocolError(
            "the JSON text of a record is nested too deep to be read; shorten it in the source"
        ) from None


class _RecordFields(msgspec.Struct, gc=False):
    """The fields of a record, in the order of Bizon's."""

    id: str
    data: dict[str, Any]
    timestamp: datetime | None = None
    destination_id: str | None = None


stored_data = _RecordFields.data.__get__  # type: ignore[attr-defined]
"""Gives the dict of a record, or the text of a :class:`JsonRecord`."""
stored_timestamp = _RecordFields.timestamp.__get__  # type: ignore[union-attr]
"""Gives what a record keeps: a timestamp it was given, or in a tuple the one it was read with.

For the loop that looks at each record: a method of the record would cost it a call more.
"""
_store_timestamp = _RecordFields.timestamp.__set__  # type: ignore[union-attr]


class SourceRecord(_RecordFields, gc=False):
    """One record of the source.

    A subclass may have methods, properties and further fields with defaults (without one under
    ``kw_only=True``). It has no ``__init__`` of its own; ``__post_init__`` is called instead.

    Attributes:
        id: Unique identifier of the record in its stream.
        data: The record itself, JSON-like.
        timestamp: When it was extracted. Unless given, it is the moment it is first read, at the
            latest when its page is accepted: reading the clock for each record would cost more
            than building it.
        destination_id: Table the record is routed to, for multi-table sources.
    """

    @property  # type: ignore[misc]
    def timestamp(self) -> datetime:
        """When the record was extracted."""
        value = stored_timestamp(self)
        if type(value) is tuple:
            value = value[0]
        elif value is None:
            value = datetime.now(UTC)
            # In a tuple, for it is not the source's: two records stay equal when one is looked at.
            _store_timestamp(self, (value,))
        return value  # type: ignore[no-any-return]

    @timestamp.setter
    def timestamp(self, value: datetime | None) -> None:
        _store_timestamp(self, value)

    def own_timestamp(self) -> datetime | None:
        """Return the timestamp the source gave or has read, None when it did neither."""
        value = stored_timestamp(self)
        if value is None:  # as nearly always; asked once per record
            return None
        return value[0] if type(value) is tuple else value  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        """Compare the class and all fields; a timestamp counts only where it was given."""
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, SourceRecord)  # noqa: S101 - it is of our own class
        return _given_timestamp(self) == _given_timestamp(other) and all(
            getattr(self, name) == getattr(other, name)
            for name in self.__struct_fields__
            if name != "timestamp"
        )

    def __ne__(self, other: object) -> bool:
        """Say the opposite; the one of msgspec would compare what is stored."""
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Show the id and the names of the fields, never their values (they may be private)."""
        fields = ", ".join(map(str, self.data)) if isinstance(self.data, Mapping) else "…"
        return f"{type(self).__name__}(id={self.id!r}, data={{{fields}}})"


class JsonRecord(SourceRecord, gc=False):
    """A record whose data is JSON text already, for sources that have it as one.

    It is written as it is, unless something of it is deselected, mapped or put in columns of the
    tap's own: to decode a message of 1 kB, look at each value and encode it again costs several
    times what its text does. Its source vouches for it: nobody checks it against the schema.

    Args:
        id: As for any record.
        data: The text: an object that fits what the source was told in ``stream_schema``, all of
            its fields wanted by ``selected_fields``; JSON in UTF-8 without a line break. It is
            the target that reads it: see :class:`JsonObject`.
    """

    if TYPE_CHECKING:

        def __init__(
            self,
            id: str,  # noqa: A002 - Bizon's word
            data: bytes,
            timestamp: datetime | None = None,
            destination_id: str | None = None,
        ) -> None: ...

    @property  # type: ignore[misc]
    def data(self) -> dict[str, Any]:  # type: ignore[override]
        """The record itself, decoded each time."""
        return decode_exactly(stored_data(self))  # type: ignore[no-any-return]


def _given_timestamp(record: SourceRecord) -> datetime | None:
    value = stored_timestamp(record)
    return None if type(value) is tuple else value


class JsonObject(msgspec.Struct, frozen=True, gc=False):
    """An object in a record as the JSON text it is, for sources that have it as one.

    It is written as it is, where its field is a free-form object: to decode a message of 1 kB into
    dicts, look at each value and encode it again costs several times what its text does. Where its
    fields have types, it is decoded like any other value.

    Attributes:
        text: JSON in UTF-8 without a line break. Nobody checks it any more: the source has. What
            a key that is there twice, a number beyond a double or a thousand levels mean is up to
            the target, as for any text that is handed on.
    """

    text: bytes

    def __repr__(self) -> str:
        """Show nothing of it (it may be private)."""
        return f"{type(self).__name__}(…)"


@dataclass(slots=True, repr=False)
class SourceIteration:
    """One page of a stream and where the next one starts.

    Attributes:
        next_pagination: Whatever ``get`` needs for the next page; empty or None at the end.
        records: The records of this page, in order.
        next_state: Custom state to keep once the run completes; None keeps what was there.
    """

    next_pagination: Mapping[str, Any] | None = None
    records: Iterable[SourceRecord] = field(default_factory=list)
    next_state: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        """Show where the next page starts, never the records (they may be private)."""
        return f"SourceIteration(next_pagination={self.next_pagination!r})"


@dataclass
class SourceIncrementalState:
    """What a source knows of earlier runs when it is asked for what changed since.

    Attributes:
        last_run: Start of the last run that completed (or ``start_date``), with time zone.
        state: The ``next_state`` the source gave in that run, ``{}`` if none.
        cursor_field: The replication key, when the stream has one.
        run_started_at: Start of this run; the same across its resumes. A source that bounds its
            query by it never moves a bookmark past records it has not read.
    """

    last_run: datetime
    state: dict[str, Any] = field(default_factory=dict)
    cursor_field: str | None = None
    run_started_at: datetime | None = None

    def __post_init__(self) -> None:
        """Take ISO 8601 text as times and naive times as UTC, as Bizon does since 0.6.3."""
        self.last_run = _aware(self.last_run)
        if self.run_started_at is not None:
            self.run_started_at = _aware(self.run_started_at)


def _aware(moment: datetime | str) -> datetime:
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class StreamDefinition:
    """A stream a source declares: what ``streams()`` names, with everything else known of it.

    Attributes:
        name: Name of the stream, as in ``streams()``.
        schema: JSON Schema of a record's ``data``; None means it is inferred from the records.
        key_properties: Fields of ``data`` that identify a record. Empty with a schema means the
            stream has no key.
        replication_key: Top-level field of ``data`` that tells when a record changed.
        replication_method: ``FULL_TABLE`` or ``INCREMENTAL``; None follows from whether the source
            overrides ``get_records_after``.
        selected_by_default: Whether a run without a catalog reads the stream.
        description: One sentence for the catalog.
        unavailable: Why the stream cannot be read with this configuration, None when it can.
        routes: Values of ``SourceRecord.destination_id`` the stream's records may have, where the
            configuration tells: each is a stream of that name, with the schema and keys given here.
    """

    name: str
    schema: Mapping[str, Any] | None = None
    key_properties: tuple[str, ...] = ()
    replication_key: str | None = None
    replication_method: str | None = None
    selected_by_default: bool = True
    description: str | None = None
    unavailable: str | None = None
    routes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProvenPosition:
    """What the STATE given at start proves the target has stored; see ``AbstractSource.commit``.

    Attributes:
        state: Custom state of the last completed run.
        pagination: Where the next page of an unfinished run starts, None when it had finished.
    """

    state: Mapping[str, Any]
    pagination: Mapping[str, Any] | None
