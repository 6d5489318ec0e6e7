"""When a STATE goes out: with its page, unless one did a moment ago, and never too late."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from bizon_singer import outlet as outlet_module
from bizon_singer.outlet import Outlet
from bizon_singer.state import Bookmarks
from bizon_singer.stdout import Writer

PAGE = b"page\n"
STATE = Bookmarks(None).line()


class Written(Writer):
    """Keeps what each write was."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.writes: list[bytes] = []
        self.free = 0

    def room(self) -> int:
        """Return what is free."""
        return self.free

    def write(self, lines: bytes) -> None:
        """Keep it."""
        self.writes.append(lines)


class Clock:
    """A monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock of the outlet."""
    clock = Clock()
    with patch.object(outlet_module, "time", clock):
        yield clock


def opened(interval: float) -> tuple[Written, Outlet]:
    """Return an outlet, and what it writes."""
    writer = Written()
    return writer, Outlet(writer, Bookmarks(None), interval)


def test_by_default_every_page_has_its_state_in_the_same_write() -> None:
    """No kill can come between the two."""
    writer, outlet = opened(0)
    outlet.write(PAGE)
    outlet.write(PAGE)
    outlet.settle()
    assert writer.writes == [PAGE + STATE, PAGE + STATE]


def test_within_the_interval_a_page_goes_out_alone(clock: Clock) -> None:
    """STATE comes with the first page after it, which starts the next interval."""
    writer, outlet = opened(10)
    for now, expected in [
        (1000, PAGE),
        (1009.9, PAGE),
        (1010, PAGE + STATE),
        (1011, PAGE),
        (1020, PAGE + STATE),
    ]:
        clock.now = now
        outlet.write(PAGE)
        assert writer.writes[-1] == expected
    assert len(writer.writes) == 5


def test_a_state_that_is_asked_for_goes_out_and_starts_the_interval(clock: Clock) -> None:
    """A stream that is complete does not wait."""
    writer, outlet = opened(10)
    clock.now = 1009
    outlet.write(PAGE, with_state=True)
    clock.now = 1018
    outlet.write(PAGE)
    assert writer.writes == [PAGE + STATE, PAGE]


@pytest.mark.usefixtures("clock")
def test_what_is_owed_is_settled_once() -> None:
    """The end of a run covers what it wrote; where all is covered, nothing is written."""
    writer, outlet = opened(10)
    outlet.settle()
    assert writer.writes == []
    outlet.write(PAGE)
    outlet.settle()
    outlet.settle()
    assert writer.writes == [PAGE, STATE]


@pytest.mark.usefixtures("clock")
def test_a_schema_has_no_state_and_owes_none() -> None:
    """It moves no bookmark."""
    writer, outlet = opened(0)
    outlet.write_schema(b"schema\n")
    outlet.settle()
    assert writer.writes == [b"schema\n"]


def test_there_is_room_for_a_page_if_there_is_for_its_state_as_well() -> None:
    """What a STATE needs is known from the last one."""
    writer, outlet = opened(0)
    writer.free = len(PAGE)
    assert outlet.has_room(PAGE)
    outlet.write(PAGE)
    assert not outlet.has_room(PAGE)
    writer.free = len(PAGE + STATE)
    assert outlet.has_room(PAGE)
    writer.free -= 1
    assert not outlet.has_room(PAGE)
