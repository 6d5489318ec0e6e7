"""F8, data: rows that tie, come, go and change their form while they are read and between runs."""

from __future__ import annotations

import copy
import itertools
import time
import types
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bizon_singer import stream as stream_module
from bizon_singer.testing import Terms, prove_resume
from bizon_singer.testing.runs import run
from tests.proofs.moving import PAGE_SIZE, SCHEMA, STREAMS, TAP, MovingApi, Scene, scene_of

ON = "emit_activate_version_messages"


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene before the first run."""
    with scene_of(monkeypatch) as made:
        yield made


def test_ties_over_pages_and_over_runs(scene: Scene) -> None:
    """Rows of one time fill several pages, and more of that very time come after they are read."""
    scene.api.put(*range(7))
    scene.run(minutes=0)
    scene.assert_true()
    scene.api.put(*range(5, 12))  # at the time the run began
    scene.run()
    scene.assert_true()


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_source_that_grows_while_it_is_read(scene: Scene, stream: str, page: int) -> None:
    """Rows that come, or change, behind the page that is read are there after the next run."""
    scene.api.at_page(stream, page, lambda: scene.api.put(0, 3, 5, 6, 7))
    scene.run()
    scene.run()
    scene.assert_true()


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_source_that_shrinks_while_it_is_read(scene: Scene, stream: str, page: int) -> None:
    """What stays is not lost; what is gone leaves a full table with its next version."""
    scene.api.at_page(stream, page, lambda: scene.api.remove(0, 2, 4))
    scene.run({ON: True})
    scene.api.wait(hours=1)
    scene.run({ON: True})
    assert {1, 3} <= scene.replica.rows[stream].keys()
    assert scene.replica.rows["shops"].keys() == {1, 3}


@pytest.mark.parametrize("off", [timedelta(0), timedelta(days=-1), timedelta(days=1)])
def test_rows_that_are_gone_leave_although_the_clock_is_set(
    scene: Scene, off: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version of a table grows from run to run, whatever the clock says."""
    clock = itertools.count(time.time(), off.total_seconds())
    stood_in = types.SimpleNamespace(time=lambda: next(clock))
    monkeypatch.setattr(stream_module, "time", stood_in)
    for number in range(3):
        scene.run({ON: True})
        scene.assert_true(["shops"])
        scene.api.remove(number)
    scene.run({ON: True, "max_iterations": 1})
    scene.api.remove(3)
    scene.run({ON: True, "force_ignore_checkpoint": True})
    scene.assert_true(["shops"])


def test_a_source_that_is_empty_for_once(scene: Scene) -> None:
    """No row is a complete run, too; the next one gives what came since."""
    rows = copy.deepcopy(scene.api.rows)
    scene.api.remove(*range(5))
    scene.run()
    assert scene.replica.rows == {}
    scene.api.rows = rows
    scene.api.put(*range(5))
    scene.run()
    scene.assert_true()


@pytest.mark.parametrize("layout", ["declared", "flat"])
def test_every_cut_of_a_run_over_a_source_that_grew(scene: Scene, layout: str) -> None:
    """The second run, cut at every byte and resumed, is the second run."""
    scene.api.schema = SCHEMA if layout == "declared" else None
    scene.run()
    scene.api.put(*range(3, 12), extra="x")
    scene.api.wait(hours=1)
    state = scene.replica.state
    proof = prove_resume(
        run(TAP, state=state).stdout,
        lambda held: run(TAP, state=held).stdout,
        Terms(PAGE_SIZE, frozenset({"shops"} if layout == "declared" else ())),
        initial_state=state,
    )
    assert proof.violations == ()
    assert proof.proven == proof.prefixes > 1000


def wider(api: MovingApi, **fields: Any) -> None:
    """Let the API declare other fields."""
    if api.schema is not None:
        properties = {**SCHEMA["properties"], **fields}
        kept = {name: field for name, field in properties.items() if field is not None}
        api.schema = {**SCHEMA, "properties": kept}


def add_field(api: MovingApi) -> None:
    """Give rows a field they did not have, and say so."""
    wider(api, note={"type": ["string", "null"]})
    api.put(1, 2, note="new")


def add_field_in_silence(api: MovingApi) -> None:
    """Give rows a field they did not have."""
    api.put(1, 2, note={"deep": [1]})


def remove_field(api: MovingApi) -> None:
    """Take a field from rows, and from what is declared."""
    wider(api, amount=None)
    api.put(1, 2)
    for rows in api.rows.values():
        del rows[1]["amount"], rows[2]["amount"]


def retype_field(api: MovingApi) -> None:
    """Make another type of a field, and say so."""
    wider(api, amount={"type": ["string", "null"]})
    api.put(1, 2, amount="12 EUR")


def retype_field_in_silence(api: MovingApi) -> None:
    """Make another type of a field."""
    api.put(1, amount="12 EUR")
    api.put(2, amount={"value": 12, "currency": "EUR"})


CHANGES: list[Callable[[MovingApi], None]] = [
    add_field,
    add_field_in_silence,
    remove_field,
    retype_field,
    retype_field_in_silence,
]


@pytest.mark.parametrize("catalog", ["without", "of before", "of after"])
@pytest.mark.parametrize("layout", ["declared", "flat"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_field_that_changes_between_runs(
    scene: Scene, layout: str, change: Callable[[MovingApi], None], catalog: str
) -> None:
    """Each row arrives as it is, under a SCHEMA it fits; nothing fails, whatever the catalog.

    But a declared field that the user's catalog lacks is left out, which is said.
    """
    scene.api.schema = SCHEMA if layout == "declared" else None
    known = scene.catalog() if catalog == "of before" else None
    scene.run(catalog=known)
    change(scene.api)
    done = scene.run(catalog=scene.catalog() if catalog == "of after" else known)
    lacks = [text for text in done.warnings if "the catalog lacks `note`" in text]
    if change is add_field and (layout, catalog) == ("declared", "of before"):
        assert len(lacks) == 3
        scene.run({"reset": True}, scene.catalog())
    else:
        assert lacks == []
    scene.assert_true()


@pytest.mark.parametrize("layout", ["declared", "flat"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_field_that_changes_within_an_unfinished_run(
    scene: Scene, layout: str, change: Callable[[MovingApi], None]
) -> None:
    """The second half of a run may be of another form than the first."""
    scene.api.schema = SCHEMA if layout == "declared" else None
    scene.run({"max_iterations": 1})
    change(scene.api)
    scene.run()
    scene.run()
    scene.assert_true()
