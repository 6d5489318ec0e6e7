"""A source whose pages form a graph of a test's making, and the faults that can befall it.

Three streams: ``table`` and ``other`` are full tables, ``ledger`` gives what changed since the
tick it has kept in its state, ties included. Where a page begins is known to the "API" alone: a
source is handed a token of any JSON type for it, as odd as hypothesis likes, and must get it back
as it was.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import requests

from bizon_singer import (
    AbstractSource,
    SourceIncrementalState,
    SourceIteration,
    SourceRecord,
    StreamDefinition,
)
from bizon_singer.errors import BrokenBodyError, CredentialsError, ProtocolError, TransientError
from bizon_singer.tap import tap_for

STREAMS: Final = ("table", "ledger", "other")
FULL_TABLE: Final = frozenset({"table", "other"})


@dataclass(frozen=True)
class Row:
    """A row, and the tick it last changed at."""

    number: int
    tick: int
    text: str

    @property
    def data(self) -> dict[str, Any]:
        """The row as the source gives it."""
        return {"number": self.number, "tick": self.tick, "text": self.text}


@dataclass(frozen=True)
class Place:
    """Where a page begins: after a row, and after the empty page that comes before some rows."""

    since: int
    after: tuple[int, int]
    is_past_gap: bool = False


@dataclass
class Graph:
    """What the API holds.

    Attributes:
        rows: Rows by stream and number.
        sizes: Rows a page by stream.
        forms: What the source returns, by stream.
        odd: Tokens to hand out, no two of them the same JSON.
        faults: What befalls the nth page asked for in this run, by stream.
        fired: What befell this run: the stream and the exit code it calls for.
    """

    rows: dict[str, dict[int, Row]] = field(default_factory=lambda: {name: {} for name in STREAMS})
    sizes: dict[str, int] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    odd: list[Any] = field(default_factory=list)
    tick: int = 0
    faults: dict[tuple[str, int], str] = field(default_factory=dict)
    fired: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Hand out no token yet."""
        self._places: dict[tuple[str, str], Place] = {}
        self._tokens: dict[tuple[str, Place], dict[str, Any]] = {}
        self.asked: dict[str, int] = defaultdict(int)

    def begin(self, faults: Mapping[tuple[str, int], str]) -> None:
        """Begin a run that some faults will befall."""
        self.faults, self.fired = dict(faults), []
        self.asked.clear()

    def token(self, stream: str, place: Place) -> dict[str, Any]:
        """Return the pagination that leads to a place: always the same for the same place."""
        if (stream, place) not in self._tokens:
            number = len(self._tokens)
            odd = self.odd[number] if number < len(self.odd) else [number, self.odd]
            pagination = odd if isinstance(odd, dict) and odd else {"token": odd}
            self._tokens[stream, place] = pagination
            self._places[stream, _text(pagination)] = place
        return self._tokens[stream, place]

    def place(self, stream: str, pagination: Any, since: int) -> Place:
        """Return where a pagination leads."""
        if pagination == {}:
            return Place(since, (-1, -1))
        return self._places[stream, _text(pagination)]

    def page(self, stream: str, place: Place) -> tuple[dict[str, Any], list[Row]]:
        """Return the pagination after a page, and its rows."""
        rows = sorted(self.rows[stream].values(), key=lambda row: _order(stream, row))
        rest = [
            row for row in rows if _order(stream, row) > place.after and row.tick >= place.since
        ]
        if rest and rest[0].number % 4 == 0 and not place.is_past_gap:
            return self.token(stream, Place(place.since, place.after, is_past_gap=True)), []
        size = self.sizes[stream]
        if len(rest) <= size:
            return {}, rest
        following = Place(place.since, _order(stream, rest[size - 1]))
        return self.token(stream, following), rest[:size]


def _text(pagination: Any) -> str:
    return json.dumps(pagination, sort_keys=True)


def _order(stream: str, row: Row) -> tuple[int, int]:
    return (row.tick if stream == "ledger" else 0, row.number)


class GraphSource(AbstractSource):
    """Walks the graph of a test."""

    graph: ClassVar[Graph]

    @staticmethod
    def streams() -> list[str]:
        """Name the streams."""
        return list(STREAMS)

    @classmethod
    def stream_definitions(cls) -> Any:
        """Let only the ledger be incremental."""
        return [
            StreamDefinition(
                name, replication_method="FULL_TABLE" if name in FULL_TABLE else "INCREMENTAL"
            )
            for name in STREAMS
        ]

    def get(self, pagination: dict[str, Any] | None = None) -> Any:
        """Give a page of everything."""
        return self._page(0, pagination)

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> Any:
        """Give a page of what changed at the tick that was kept, and later."""
        return self._page(source_state.state.get("since", 0), pagination)

    def _page(self, since: int, pagination: Any) -> Any:
        graph, stream = type(self).graph, self.config.stream
        graph.asked[stream] += 1
        fault = graph.faults.get((stream, graph.asked[stream]))
        place = graph.place(stream, pagination, since)
        following, rows = graph.page(stream, place)
        tokens = [graph.tick, graph.odd[:2]]
        state = {"since": graph.tick, "odd": tokens} if not following else None
        if fault is not None:
            if FAULTS[fault].code:
                graph.fired.append((stream, FAULTS[fault].code))
            return FAULTS[fault].befall(graph, stream, pagination)
        return FORMS[graph.forms[stream]](following, rows, state)


def _records(rows: list[Row]) -> list[SourceRecord]:
    return [SourceRecord(str(row.number), row.data) for row in rows]


Form = Callable[[dict[str, Any], list[Row], Any], Any]
FORMS: Final[dict[str, Form]] = {
    "iteration": lambda following, rows, state: SourceIteration(following, _records(rows), state),
    "None at the end": lambda following, rows, state: SourceIteration(
        following or None, _records(rows), state
    ),
    "dicts": lambda following, rows, state: SourceIteration(
        following,
        [{"id": row.number, "data": row.data} for row in rows],  # type: ignore[misc]
        state,
    ),
    "generator": lambda following, rows, state: SourceIteration(
        following, iter(_records(rows)), state
    ),
}


@dataclass(frozen=True)
class Fault:
    """What befalls a page.

    Attributes:
        code: The exit code it calls for, 0 if the run must get over it.
        befall: Raises, or returns what the source gives instead of a page.
    """

    code: int
    befall: Callable[[Graph, str, Any], Any]


def _raise(error: BaseException) -> Callable[[Graph, str, Any], Any]:
    def befall(graph: Graph, stream: str, pagination: Any) -> Any:
        del graph, stream, pagination
        raise error

    return befall


def _give(value: Any) -> Callable[[Graph, str, Any], Any]:
    return lambda graph, stream, pagination: value  # noqa: ARG005 - one signature for all


def _loop(graph: Graph, stream: str, pagination: Any) -> Any:
    del graph, stream
    if not pagination:
        raise ProtocolError("the first page leads to itself; mend the source")
    return SourceIteration(pagination, [])


def _hiccup(graph: Graph, stream: str, pagination: Any) -> Any:
    del pagination
    if graph.asked[stream] % 2:
        graph.faults[stream, graph.asked[stream] + 1] = "hiccup"
    raise BrokenBodyError("the body broke off")


FAULTS: Final[dict[str, Fault]] = {
    "bug": Fault(1, _raise(RuntimeError("oops"))),
    "lookup": Fault(1, _raise(KeyError("results"))),
    "protocol": Fault(4, _raise(ProtocolError("no list of results; try again"))),
    "transient": Fault(5, _raise(TransientError("the API is away; run again"))),
    "credentials": Fault(3, _raise(CredentialsError("the token is refused; renew it"))),
    "connection": Fault(5, _raise(requests.ConnectionError("reset"))),
    "exit": Fault(4, _raise(SystemExit(0))),
    "interrupt": Fault(4, _raise(KeyboardInterrupt())),
    "stop": Fault(1, _raise(StopIteration())),
    "nothing": Fault(4, _give(None)),
    "number": Fault(4, _give(7)),
    "text as records": Fault(4, _give(({}, "abc"))),
    "triple": Fault(4, _give(({}, [], None))),
    "list as pagination": Fault(4, _give(SourceIteration([1], []))),  # type: ignore[arg-type]
    "record of nothing": Fault(4, _give(({}, [None]))),
    "record without id": Fault(4, _give(({}, [{"number": 1}]))),
    "id of an odd type": Fault(4, _give(({}, [SourceRecord(1.5, {})]))),  # type: ignore[arg-type]
    "value of an odd type": Fault(4, _give(({}, [SourceRecord("1", {"value": 1j})]))),
    "column of ours": Fault(4, _give(({}, [SourceRecord("1", {"_source_timestamp": 1})]))),
    "loop": Fault(4, _loop),
    "hiccup": Fault(0, _hiccup),
}
TAP: Final = tap_for("tap-graph", [GraphSource])
