"""Z7, the core proof: any graph of pages, with ties, odd tokens, errors, wrong returns and kills.

A state machine lets a source grow and change, runs the tap from the last STATE a target holds,
lets faults befall it and cuts its output at any byte. Invariants I1 to I11 are judged by the
checker, which knows nothing of the package; at the end the target must hold the truth.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bizon_singer.testing import Terms, check, prove_resume, read
from bizon_singer.testing.runs import Run, run
from tests.fuzz.examples import examples
from tests.fuzz.page_graph import FAULTS, FORMS, FULL_TABLE, STREAMS, TAP, Graph, GraphSource, Row

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["", "\0", "\ud800", "\u2028", "$type", 0, False, 2**64]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.just("$type"), inner, max_size=3)
    ),
    max_leaves=6,
)
tokens = st.lists(
    json_values, max_size=8, unique_by=lambda value: json.dumps(value, sort_keys=True)
).filter(lambda values: all(values[0] != {"token": other} for other in values[1:]))
streams = st.sampled_from(STREAMS)
faults = st.dictionaries(
    st.tuples(streams, st.integers(1, 5)), st.sampled_from(sorted(FAULTS)), max_size=3
)


class PageGraphMachine(RuleBasedStateMachine):
    """One source, one target, any number of runs."""

    def __init__(self) -> None:
        """Hold nothing."""
        super().__init__()
        self.graph = Graph()
        self.held: dict[str, dict[int, str]] = {stream: {} for stream in STREAMS}
        self.state: Any = None
        self.out: dict[str, set[str]] = {stream: set() for stream in STREAMS}
        """Rows the target has from an unfinished reading of a stream, to see what comes again."""

    @initialize(
        sizes=st.tuples(*[st.integers(1, 3)] * 3),
        forms=st.tuples(*[st.sampled_from(sorted(FORMS))] * 3),
        odd=tokens,
        counts=st.tuples(*[st.integers(0, 6)] * 3),
    )
    def set_out(self, sizes: Any, forms: Any, odd: list[Any], counts: Any) -> None:
        """Make the source."""
        graph = Graph(
            sizes=dict(zip(STREAMS, sizes, strict=True)),
            forms=dict(zip(STREAMS, forms, strict=True)),
            odd=odd,
        )
        for stream, count in zip(STREAMS, counts, strict=True):
            for number in range(count):
                graph.rows[stream][number] = Row(number, number // 3, "")
        graph.tick = 3
        GraphSource.graph = self.graph = graph

    @rule(stream=streams, count=st.integers(1, 3), is_later=st.booleans())
    def grow(self, stream: str, count: int, is_later: bool) -> None:  # noqa: FBT001
        """Add rows, at the tick of the last ones or at a later one."""
        self.graph.tick += is_later
        rows = self.graph.rows[stream]
        for number in range(len(rows), len(rows) + count):
            rows[number] = Row(number, self.graph.tick, "")

    @rule(stream=streams, number=st.integers(0, 9), text=st.text(max_size=3))
    def change(self, stream: str, number: int, text: str) -> None:
        """Change a row, which puts a row of the ledger at its end."""
        self.graph.tick += 1
        if number in self.graph.rows[stream]:
            self.graph.rows[stream][number] = Row(number, self.graph.tick, text)

    @rule(
        faults=faults,
        limit=st.none() | st.integers(1, 3),
        kept=st.just(1.0) | st.floats(0, 1),
    )
    def run(self, faults: dict[tuple[str, int], str], limit: int | None, kept: float) -> None:
        """Run the tap; a target reads a part of its output, all of it if ``kept`` is 1."""
        done = self._run(faults, {"max_iterations": limit} if limit else {})
        befallen = {stream for stream, _ in self.graph.fired}
        codes = {code for _, code in self.graph.fired}
        assert done.code in codes if codes else done.code == 0
        if codes:
            assert len(done.sentence.splitlines()) == 1
        if limit is None:
            for stream in STREAMS:
                is_complete = done.bookmark_of(stream).get("in_progress") is None
                started = done.bookmark_of(stream).get("last_run") is not None
                assert (stream in befallen) or (is_complete and started)  # I6
        self._load(done.stdout[: round(len(done.stdout) * kept)])

    @precondition(lambda self: sum(map(len, self.graph.rows.values())) > 0)
    @rule()
    def prove(self) -> None:
        """Cut a whole run at every byte and resume each: I1, I2, I3, I5, I9 and I11."""
        full = self._run({}, {})
        assert full.code == 0
        ledger = [row.tick for row in self.graph.rows["ledger"].values()]
        ties = max((ledger.count(tick) for tick in ledger), default=0)
        proof = prove_resume(
            full.stdout,
            self._resumed,
            Terms({**self.graph.sizes, "ledger": self.graph.sizes["ledger"] + ties}, FULL_TABLE),
            initial_state=self.state,
        )
        assert proof.violations == ()
        assert proof.proven == proof.prefixes
        self._load(full.stdout)

    def teardown(self) -> None:
        """Come to an end, twice: what changed behind a page is read by the run after."""
        if not self.graph.sizes:
            return
        for _ in range(2):
            done = self._run({}, {})
            assert done.code == 0
            self._load(done.stdout)
        for stream in STREAMS:
            truth = {row.number: row.text for row in self.graph.rows[stream].values()}
            assert self.held[stream] == truth, stream

    def _run(self, faults: Any, config: Any) -> Observed:
        self.graph.begin(faults)
        done = run(TAP, config, self.state)
        assert check(done.stdout, initial_state=self.state) == []  # I4, I5, I9
        assert done.warnings == ()
        return Observed(done)

    def _resumed(self, state: Any) -> bytes:
        self.graph.begin({})
        done = run(TAP, {}, state)
        assert (done.code, done.warnings) == (0, ())
        return done.stdout

    def _load(self, output: bytes) -> None:
        """Load the whole lines of an output, as a target does."""
        found = read(output)
        assert found.violations == ()
        unfinished = {
            stream
            for stream, mark in ((self.state or {}).get("bookmarks") or {}).items()
            if mark.get("in_progress") is not None
        }
        again: dict[str, int] = dict.fromkeys(STREAMS, 0)
        seen = {
            stream: rows if stream in unfinished else set() for stream, rows in self.out.items()
        }
        fresh: dict[str, set[str]] = {stream: set() for stream in STREAMS}
        for message in found.of("RECORD"):
            record = message.body["record"]
            self.held[message.stream][record["number"]] = record["text"]
            row = json.dumps([record["number"], record["tick"], record["text"]])
            again[message.stream] += row in seen[message.stream]
            fresh[message.stream].add(row)
        for stream in STREAMS:
            assert again[stream] <= self.graph.sizes[stream]  # I11
            self.out[stream] = seen[stream] | fresh[stream]
        states = list(found.of("STATE"))
        if states:
            last = states[-1]
            self.state = json.loads(output[last.start : last.end])["value"]


class Observed:
    """A run, as the machine looks at it."""

    def __init__(self, done: Run) -> None:
        """Take what it wrote."""
        self.code, self.stdout, self.sentence = done.code, done.stdout, done.sentence
        self._bookmarks = (done.state or {}).get("bookmarks", {})

    def bookmark_of(self, stream: str) -> dict[str, Any]:
        """Return the bookmark of a stream, empty if it has none."""
        found: dict[str, Any] = self._bookmarks.get(stream, {})
        return found


TestPageGraph = PageGraphMachine.TestCase
TestPageGraph.settings = examples(30, steps=12)
