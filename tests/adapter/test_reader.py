"""Who writes: the main thread, or a source while the main thread waits, and never two at once."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from bizon_singer.errors import InterruptedRunError, ProtocolError, TransientError
from bizon_singer.reader import THREAD, End, Inbox, iterate
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


def noted(made: list[int]) -> Callable[[], Iterator[int]]:
    """Return a source that notes each item as it makes it."""

    def work() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    return work


def await_count(made: list[int], count: int) -> None:
    """Wait until so many items were made, and a little longer: whether there are more."""
    end = time.monotonic() + LIMIT_SECONDS
    while len(made) < count and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.05)


def test_a_source_writes_while_the_main_thread_waits() -> None:
    """All of it, in order; what it leaves to the main thread comes in between."""
    diary = Diary(refused=frozenset({0, 4, 9}))
    with inbox() as box:
        box.open(after(0.005, iter(range(10))), write=diary.write)
        diary.read_to_end(box)
    assert diary.items == list(range(10))
    assert not diary.by_sources() & diary.refused
    assert diary.by_sources()


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
    with inbox() as box:
        box.open(noted(made), write=Diary(refused=frozenset(range(10))).write)
        _, first = box.next()
        await_count(made, 2)
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
            if number == 20:
                stop.ask(signal.SIGTERM)
            yield (number := number + 1)

    with Inbox[int](stop, LIMIT_SECONDS) as box:
        box.open(endless, write=diary.write)
        with pytest.raises(InterruptedRunError):
            box.next()
    written = len(diary.items)
    assert written >= 10
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
    diary = Diary(seconds=1.5)
    with Inbox[int](StopRequest(), 1) as box:
        box.open(lambda: iter(range(2)), write=diary.write)
        diary.read_to_end(box)
    assert diary.items == [0, 1]


def test_a_source_only_ever_tries_to_write() -> None:
    """While the main thread writes for another one, it leaves its item there and is one ahead."""
    made: list[int] = []
    with inbox() as box:
        box.open(lambda: iter([100]))
        _, other = box.next()
        box.open(noted(made), write=Diary().write)
        await_count(made, 2)
        assert (other, made) == (100, [0, 1])


@pytest.mark.parametrize(
    ("error", "words"), [(SystemExit(3), "called exit()"), (KeyboardInterrupt(), "raised Keyboard")]
)
def test_what_would_end_python_ends_the_stream(error: BaseException, words: str) -> None:
    """In one sentence, with what was raised as its cause."""

    def work() -> Iterator[int]:
        raise error
        yield 0

    with inbox() as box:
        box.open(work)
        _, end = box.next()
    assert isinstance(end, End)
    assert isinstance(end.error, ProtocolError)
    assert words in str(end.error)
    assert end.error.__cause__ is error


def test_a_source_is_closed_at_its_end() -> None:
    """In its own thread, when it is left in the middle as well."""
    closed = threading.Event()

    def work() -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            assert threading.current_thread().name == THREAD
            closed.set()

    with inbox() as box:
        box.open(work)
        box.next()
    assert closed.wait(LIMIT_SECONDS)


def test_a_stop_is_heard_at_once_while_a_source_hangs() -> None:
    """Nobody waits for its page."""
    stop = StopRequest()
    threading.Timer(0.1, stop.ask, (signal.SIGTERM,)).start()
    began = time.monotonic()
    with Inbox[int](stop, LIMIT_SECONDS) as box:
        box.open(after(LIMIT_SECONDS, iter([0])))
        with pytest.raises(InterruptedRunError):
            box.next()
    assert time.monotonic() - began < LIMIT_SECONDS / 2


def test_of_several_sources_the_one_that_hangs_is_left() -> None:
    """By its own sentence; what the others give comes as before."""
    with Inbox[int](StopRequest(), 1.5) as box:
        hanging = box.open(after(LIMIT_SECONDS, iter([0])))
        steady = box.open(after(0.1, iter(range(1000))))
        given = 0
        while True:
            reader, item = box.next()
            if reader is hanging:
                break
            given += 1
            steady.go_on()
        assert isinstance(item, End)
        assert isinstance(item.error, TransientError)
        assert "gave no page for 1.5 s and was left" in str(item.error)
        assert given
        box.leave(hanging)
        reader, item = box.next()
        assert (reader, item) == (steady, given)


def test_what_is_iterated_comes_in_order_and_fails_as_it_does() -> None:
    """As :func:`iterate` yields it, made in a thread."""

    def work() -> Iterator[str]:
        yield threading.current_thread().name
        yield "second"
        raise LookupError("no third")

    items = iterate(work, stop=StopRequest(), limit_seconds=LIMIT_SECONDS)
    assert [next(items), next(items)] == [THREAD, "second"]
    with pytest.raises(LookupError, match="no third"):
        next(items)
    assert list(iterate(lambda: iter("ab"), stop=StopRequest(), limit_seconds=1)) == ["a", "b"]
