"""Who writes: the main thread, or a source while the main thread waits, and never two at once."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from bizon_singer.errors import InterruptedRunError
from bizon_singer.reader import THREAD, End, Inbox
from bizon_singer.signals import StopRequest

LIMIT_SECONDS = 10.0


@dataclass
class Diary:
    """What was written, by which thread.

    Attributes:
        refused: Items a source leaves to the main thread.
        seconds: How long it takes to write one.
    """

    refused: frozenset[int] = frozenset()
    seconds: float = 0.0
    entries: list[tuple[int, str]] = field(default_factory=list)
    writing: int = 0

    def write(self, item: int) -> int | None:
        """Write an item in the thread of its source, if it is none of those refused."""
        if item in self.refused:
            return item
        self.note(item)
        return None

    def note(self, item: int) -> None:
        """Write an item; nobody else may be about it."""
        self.writing += 1
        assert self.writing == 1
        time.sleep(self.seconds)
        self.entries.append((item, threading.current_thread().name))
        self.writing -= 1

    def read_to_end(self, inbox: Inbox[int], readers: int = 1) -> None:
        """Write in the main thread what the sources leave to it."""
        while readers:
            reader, item = inbox.next()
            if isinstance(item, End):
                assert item.error is None
                readers -= 1
            else:
                self.note(item)
                reader.go_on()

    @property
    def items(self) -> list[int]:
        """What was written, in order."""
        return [item for item, _ in self.entries]

    def by_sources(self) -> set[int]:
        """Return what sources wrote themselves."""
        return {item for item, thread in self.entries if thread == THREAD}


def inbox() -> Inbox[int]:
    """Return an inbox nobody stops."""
    return Inbox(StopRequest(), LIMIT_SECONDS)


def after(seconds: float, items: Iterator[int]) -> Callable[[], Iterator[int]]:
    """Return a source that takes its time, so that the main thread waits again."""

    def work() -> Iterator[int]:
        for item in items:
            time.sleep(seconds)
            yield item

    return work


def test_a_source_writes_while_the_main_thread_waits() -> None:
    """All of it, in order; what it leaves to the main thread comes in between."""
    diary = Diary(refused=frozenset({0, 4, 9}))
    with inbox() as box:
        box.open(after(0.005, iter(range(10))), write=diary.write)
        diary.read_to_end(box)
    assert diary.items == list(range(10))
    assert not diary.by_sources() & diary.refused
    assert len(diary.by_sources()) >= 5


def test_without_a_way_to_write_all_goes_to_the_main_thread() -> None:
    """As a sample and a trial read a source."""
    diary = Diary()
    with inbox() as box:
        box.open(lambda: iter(range(10)))
        diary.read_to_end(box)
    assert diary.items == list(range(10))
    assert not diary.by_sources()


def test_a_source_never_passes_by_what_it_handed_over() -> None:
    """Item 1 is not written before item 0, which the main thread has yet to see."""
    diary = Diary(refused=frozenset({0}))
    with inbox() as box:
        reader = box.open(lambda: iter(range(3)), write=diary.write)
        time.sleep(0.05)
        assert diary.items == []
        _, first = box.next()
        assert first == 0
        time.sleep(0.05)
        assert diary.items == []
        diary.note(0)
        reader.go_on()
        diary.read_to_end(box)
    assert diary.items == [0, 1, 2]


def test_a_source_is_one_item_ahead_while_the_main_thread_writes() -> None:
    """It goes on with the next item, and with no more than that."""
    made: list[int] = []

    def work() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    with inbox() as box:
        box.open(work, write=Diary(refused=frozenset(range(10))).write)
        _, first = box.next()
        time.sleep(0.1)
        assert (first, made) == (0, [0, 1])


@pytest.mark.parametrize("seed", range(5))
def test_of_many_sources_one_writes_at_a_time_and_each_in_order(seed: int) -> None:
    """Whoever comes while another one writes leaves its item to the main thread."""
    draw = random.Random(seed)
    readers, count = 6, 30
    refused = frozenset(draw.sample(range(readers * 1000), 500))
    diary = Diary(refused, seconds=0.0005)
    pause = draw.choice([0.0, 0.001, 0.003])
    with inbox() as box:
        for number in range(readers):
            box.open(
                after(pause, iter(range(number * 1000, number * 1000 + count))), write=diary.write
            )
        diary.read_to_end(box, readers)
    for number in range(readers):
        own = [item for item in diary.items if item // 1000 == number]
        assert own == list(range(number * 1000, number * 1000 + count))


def test_nothing_is_written_once_a_stop_was_heard() -> None:
    """The main thread keeps the pen when it leaves."""
    stop = StopRequest()
    diary = Diary()

    def endless() -> Iterator[int]:
        number = 0
        while True:
            time.sleep(0.001)
            yield (number := number + 1)

    threading.Timer(0.1, stop.ask, (signal.SIGTERM,)).start()
    with Inbox[int](stop, LIMIT_SECONDS) as box:
        box.open(endless, write=diary.write)
        with pytest.raises(InterruptedRunError):
            box.next()
    written = len(diary.items)
    assert written > 10
    assert diary.items == list(range(1, written + 1))
    time.sleep(0.05)
    assert len(diary.items) == written


def test_a_source_that_was_left_writes_nothing() -> None:
    """Its thread is in the middle of a page then; the others go on."""
    left, kept = Diary(), Diary()
    with inbox() as box:
        reader = box.open(after(0.05, iter(range(5))), write=left.write)
        box.leave(reader)
        box.open(after(0.05, iter(range(5))), write=kept.write)
        kept.read_to_end(box)
    assert (left.items, kept.items) == ([], list(range(5)))


def test_threads_of_sources_do_not_keep_the_process() -> None:
    """A source that hangs is left behind at its end."""
    with inbox() as box:
        box.open(lambda: iter(range(3)))
        assert {thread.daemon for thread in threading.enumerate() if thread.name == THREAD} == {
            True
        }


def test_what_a_source_fails_at_while_writing_ends_it_alone() -> None:
    """The pen is free again."""
    diary = Diary()

    def fail(item: int) -> int | None:
        raise OSError(item)

    with inbox() as box:
        box.open(after(0.02, iter(range(3))), write=fail)
        _, item = box.next()
        assert isinstance(item, End)
        assert isinstance(item.error, OSError)
        box.open(lambda: iter(range(3)), write=diary.write)
        diary.read_to_end(box)
    assert diary.items == [0, 1, 2]


def test_writing_is_no_hanging() -> None:
    """The time limit for a page is the source's; a target may take as long as it likes."""
    diary = Diary(seconds=0.4)
    with Inbox[int](StopRequest(), 0.2) as box:
        box.open(lambda: iter(range(3)), write=diary.write)
        diary.read_to_end(box)
    assert diary.items == [0, 1, 2]
