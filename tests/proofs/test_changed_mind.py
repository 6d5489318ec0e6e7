"""F8, users: catalog, settings and names that change between runs, and within unfinished ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.proofs.moving import STREAMS, Scene, scene_of

ANEW = "starts again from its last bookmark"


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene before the first run."""
    with scene_of(monkeypatch) as made:
        yield made


def root_of(catalog: dict[str, Any], stream: str) -> dict[str, Any]:
    """Return the metadata of a stream in a catalog."""
    entry = next(item for item in catalog["streams"] if item["tap_stream_id"] == stream)
    found: dict[str, Any] = next(i["metadata"] for i in entry["metadata"] if not i["breadcrumb"])
    return found


def catalog_of(scene: Scene, *deselected: str, method: str = "") -> dict[str, Any]:
    """Return the catalog with some streams deselected, the others read by a method."""
    catalog = scene.catalog()
    for stream in scene.api.names.values():
        root = root_of(catalog, stream)
        root["selected"] = stream not in deselected
        if method:
            entry = next(i for i in catalog["streams"] if i["tap_stream_id"] == stream)
            root["replication-method"] = entry["replication_method"] = method
    return catalog


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_that_is_deselected_and_selected_again(scene: Scene, stream: str) -> None:
    """Its bookmark waits for it, and then everything that changed meanwhile is read."""
    scene.run(catalog=catalog_of(scene))
    before = scene.replica.state["bookmarks"][stream]
    scene.api.put(1, 7)
    done = scene.run(catalog=catalog_of(scene, stream))
    assert done.records(stream) == []
    assert scene.replica.state["bookmarks"][stream] == before
    scene.api.put(2)
    again = scene.run(catalog=catalog_of(scene))
    scene.assert_true()
    if stream != "shops":
        assert {row["id"] for row in again.records(stream)} == {1, 2, 7}


@pytest.mark.parametrize("stream", STREAMS)
def test_an_unfinished_stream_that_is_deselected_keeps_its_place(scene: Scene, stream: str) -> None:
    """It goes on from there once it is selected again."""
    scene.run({"max_iterations": 1}, catalog_of(scene))
    place = scene.replica.state["bookmarks"][stream]["in_progress"]
    scene.run(catalog=catalog_of(scene, stream))
    assert scene.replica.state["bookmarks"][stream]["in_progress"] == place
    last = scene.run(catalog=catalog_of(scene))
    scene.assert_true()
    assert len(last.records(stream)) == 3


def test_no_stream_selected_at_all(scene: Scene) -> None:
    """Such a run is complete, and changes no bookmark."""
    scene.run()
    before = scene.replica.state
    done = scene.run(catalog=catalog_of(scene, *STREAMS))
    assert done.records() == []
    assert scene.replica.state == before


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_stream_that_is_renamed_in_the_source(scene: Scene, is_finished: bool) -> None:  # noqa: FBT001
    """It is another stream: read whole; the old bookmark stays, which is said once a run."""
    scene.run({} if is_finished else {"max_iterations": 1})
    old = scene.replica.state["bookmarks"]["orders"]
    scene.api.names["orders"] = "purchases"
    done = scene.run()
    scene.assert_true()
    assert sum("'orders', which is no stream" in text for text in done.warnings) == 1
    assert scene.replica.state["bookmarks"]["orders"] == old


def test_a_catalog_that_names_a_stream_by_its_old_name(scene: Scene) -> None:
    """Exit code 2 before anything is written: nobody would notice the missing stream."""
    catalog = catalog_of(scene)
    scene.run(catalog=catalog)
    scene.api.names["orders"] = "purchases"
    done = scene.run(catalog=catalog, code=2)
    assert done.stdout == b""
    assert "orders" in done.sentence


@pytest.mark.parametrize("by", ["catalog", "setting"])
def test_a_replication_method_that_is_changed_and_changed_back(scene: Scene, by: str) -> None:
    """A full table sets the bookmark as well: the incremental run after it reads what changed."""

    def run_by(method: str) -> Any:
        if by == "catalog":
            return scene.run(catalog=catalog_of(scene, method=method))
        return scene.run({"sync_mode": {"FULL_TABLE": "full_refresh"}.get(method, "incremental")})

    scene.run()
    scene.api.put(1)
    whole = run_by("FULL_TABLE")
    assert len(whole.records("orders")) == 5
    scene.api.put(2)
    changes = run_by("INCREMENTAL")
    scene.assert_true()
    assert [row["id"] for row in changes.records("orders")] == [2]


def test_a_replication_method_that_is_changed_within_an_unfinished_run(scene: Scene) -> None:
    """Half a full table and half a list of changes are no whole: the stream starts again."""
    scene.run({"max_iterations": 1})
    scene.api.put(0, 4)
    done = scene.run(catalog=catalog_of(scene, method="FULL_TABLE"))
    scene.assert_true(["orders", "events"])
    assert sum(ANEW in text for text in done.warnings) == 2


@pytest.mark.parametrize(
    "settings",
    [{"from_id": -1}, {"start_date": "2026-03-01T00:00:00Z"}],
    ids=lambda settings: next(iter(settings)),
)
def test_settings_that_change_within_an_unfinished_run(
    scene: Scene, settings: dict[str, Any]
) -> None:
    """Which rows there are may have changed: each stream starts again, and says so."""
    scene.api.wait(days=-1)
    scene.run({"max_iterations": 1})
    scene.api.wait(days=1)
    scene.api.put(0, 4)
    done = scene.run(settings)
    scene.assert_true()
    assert sum(f"{ANEW} instead of going on after page 1" in text for text in done.warnings) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"authentication": {"type": "api_key", "params": {"token": "another-token"}}},
        {"api_config": {"retry_limit": 1}},
        {"state_interval_seconds": 5},
        {"check_connection": "skip"},
        {"envelope": False},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_settings_that_leave_the_rows_alone(scene: Scene, settings: dict[str, Any]) -> None:
    """A new token, or a limit, does not make an unfinished run begin again."""
    scene.run({"max_iterations": 1})
    done = scene.run(settings)
    scene.assert_true()
    assert done.warnings == ()
    assert len(done.records("orders")) == 3


def test_a_layout_that_changes_within_an_unfinished_run(scene: Scene) -> None:
    """An envelope holds the rest; the records of before stay as they are."""
    scene.api.schema = None
    scene.run({"max_iterations": 1})
    done = scene.run({"envelope": True})
    assert len(done.records("orders")) == 3
    scene.assert_true()
