"""The writer in this process: what each of its promises looks like on a descriptor."""

from __future__ import annotations

import errno
import os
import random
import select
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bizon_singer import stdout
from bizon_singer.errors import OutputError, TargetClosedError
from bizon_singer.redact import RedactingStream
from bizon_singer.stdout import SysStdoutWriter, Writer

LINE = b'{"type": "STATE"}\n'
MORE_THAN_A_PIPE_HOLDS = LINE * 20_000


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe: where to read, and where to write."""
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with suppress(OSError):  # the test closed it
            os.close(end)


def read_all(reading: int, into: list[bytes]) -> threading.Thread:
    """Read a pipe to its end in a thread."""

    def read() -> None:
        while part := os.read(reading, 1 << 16):
            into.append(part)

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def test_a_page_is_one_write(pipe: tuple[int, int]) -> None:
    """What fits goes out in one call, so that nothing can come in between."""
    with patch.object(os, "write", wraps=os.write) as write:
        Writer(pipe[1]).write(LINE * 3)
    assert write.call_count == 1
    assert os.read(pipe[0], 1000) == LINE * 3


def test_nothing_is_no_write(pipe: tuple[int, int]) -> None:
    """A page without lines costs no system call, and cannot fail."""
    with patch.object(os, "write", wraps=os.write) as write:
        Writer(pipe[1]).write(b"")
    assert write.call_count == 0


@pytest.mark.parametrize("blocking", [True, False])
def test_more_than_a_pipe_holds_goes_out_whole(pipe: tuple[int, int], *, blocking: bool) -> None:
    """Whatever the descriptor takes at a time."""
    os.set_blocking(pipe[1], blocking)
    writer = Writer(pipe[1])
    taken: list[bytes] = []
    thread = read_all(pipe[0], taken)
    writer.write(MORE_THAN_A_PIPE_HOLDS)
    writer.write(LINE)
    os.close(pipe[1])
    thread.join()
    assert b"".join(taken) == MORE_THAN_A_PIPE_HOLDS + LINE


def test_a_full_pipe_is_waited_for_not_asked_again_and_again(pipe: tuple[int, int]) -> None:
    """A target that is slow costs no processor time."""
    os.set_blocking(pipe[1], False)
    taken: list[bytes] = []
    threads: list[threading.Thread] = []

    def wait(*arguments: Any) -> None:
        if not threads:
            threads.append(read_all(pipe[0], taken))
        waiting(*arguments)

    waiting = select.select
    writes = patch.object(os, "write", wraps=os.write)
    with patch.object(select, "select", wait), writes as write:
        Writer(pipe[1]).write(MORE_THAN_A_PIPE_HOLDS)
    os.close(pipe[1])
    threads[0].join()
    assert b"".join(taken) == MORE_THAN_A_PIPE_HOLDS
    assert write.call_count < len(MORE_THAN_A_PIPE_HOLDS) // 1000


@pytest.mark.parametrize("seed", range(8))
def test_room_in_a_pipe_is_never_more_than_it_takes_at_once(
    pipe: tuple[int, int], seed: int
) -> None:
    """However it was filled and emptied; an empty one has room for a page of records."""
    os.set_blocking(pipe[1], False)
    writer = Writer(pipe[1])
    whole = writer.room()
    assert whole >= 1 << 16
    draw = random.Random(seed)
    held, writes = 0, 0
    for _ in range(3000):
        if held and draw.random() < 0.5:
            held -= len(os.read(pipe[0], draw.randint(1, draw.choice([100, 5000, 1 << 17]))))
        elif room := writer.room():
            size = draw.choice([room, draw.randint(1, room), min(room, draw.randint(1, 300))])
            assert os.write(pipe[1], bytes(size)) == size
            held, writes = held + size, writes + 1
        assert writer.room() <= whole - held
    assert writes > 300
    while held:
        held -= len(os.read(pipe[0], 1 << 17))
    assert writer.room() == whole


def test_a_full_pipe_has_no_room(pipe: tuple[int, int]) -> None:
    """Who writes to it waits."""
    os.set_blocking(pipe[1], False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe[1], bytes(1 << 12))
    assert Writer(pipe[1]).room() == 0


def test_a_file_has_room_for_all_and_what_is_unknown_for_nothing(tmp_path: Path) -> None:
    """Of a terminal, a socket or no descriptor nobody can tell."""
    with (tmp_path / "out").open("wb") as file, Path(os.devnull).open("wb") as null:
        assert Writer(file.fileno()).room() == Writer(null.fileno()).room() == sys.maxsize
    near, far = socket.socketpair()
    with near, far, Path("/dev/full").open("wb") as full:
        assert Writer(near.fileno()).room() == Writer(full.fileno()).room() == 0
    assert Writer(-1).room() == SysStdoutWriter().room() == 0


def test_a_target_that_went_away_is_named(pipe: tuple[int, int]) -> None:
    """By its own class, exit code 141, with what to do."""
    os.close(pipe[0])
    with pytest.raises(TargetClosedError) as caught:
        Writer(pipe[1]).write(LINE)
    assert caught.value.exit_code == 141
    assert str(caught.value) == (
        "the target closed the pipe; see its own log, then run again with the last STATE it printed"
    )
    assert isinstance(caught.value.__cause__, BrokenPipeError)


def test_any_other_failure_is_named_by_its_code() -> None:
    """Exit code 74, the code and what it means, with what to do."""
    with open("/dev/full", "wb") as full, pytest.raises(OutputError) as caught:  # noqa: PTH123
        Writer(full.fileno()).write(LINE)
    assert type(caught.value) is OutputError
    assert caught.value.exit_code == 74
    assert str(caught.value) == (
        "stdout could not be written (ENOSPC: No space left on device); make room or open it, "
        "then run again with the last STATE the target printed"
    )
    assert isinstance(caught.value.__cause__, OSError)


def test_an_error_without_a_code_is_still_a_sentence() -> None:
    """Some Python layers raise one."""
    with (
        patch.object(os, "write", side_effect=OSError("odd")),
        pytest.raises(OutputError, match=r"^stdout could not be written \(error: "),
    ):
        Writer(1).write(LINE)


def test_a_door_that_failed_stays_closed(pipe: tuple[int, int]) -> None:
    """Later lines would be glued to the one that was cut; the first reason is said again."""
    with patch.object(os, "write", side_effect=OSError(errno.ENOSPC, "full")):
        writer = Writer(pipe[1])
        with pytest.raises(OutputError) as first:
            writer.write(LINE)
    with pytest.raises(OutputError) as second:
        writer.write(LINE)
    assert second.value is first.value
    os.set_blocking(pipe[0], False)
    with pytest.raises(BlockingIOError):
        os.read(pipe[0], 1)


def test_inside_another_program_messages_go_to_its_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """To whatever stands there at that moment, at once."""
    writer = SysStdoutWriter()
    with patch.object(sys.stdout, "flush") as flush:
        writer.write(LINE)
        writer.write(LINE)
    assert flush.call_count == 2
    assert capsys.readouterr().out == (LINE * 2).decode()


def test_without_a_claim_the_writer_is_that_of_sys_stdout() -> None:
    """Importing the package takes nothing away from anybody."""
    assert type(stdout.current()) is SysStdoutWriter


@contextmanager
def descriptors_of_our_own() -> Iterator[tuple[int, int]]:
    """Put pipes in the place of descriptors 1 and 2; yields where to read what goes there."""
    saved = os.dup(1), os.dup(2)
    streams = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
    before = stdout._current
    out, err = os.pipe(), os.pipe()
    os.dup2(out[1], 1)
    os.dup2(err[1], 2)
    for _, end in (out, err):
        os.close(end)
    try:
        yield out[0], err[0]
    finally:
        if stdout._current is not before:
            os.close(stdout._current._fd)
        stdout._current = before
        sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__ = streams  # type: ignore[misc]
        for number, end in enumerate(saved, 1):
            os.dup2(end, number)
            os.close(end)
        os.close(out[0])
        os.close(err[0])


def test_a_claimed_stdout_belongs_to_messages_alone() -> None:
    """The writer has the old descriptor 1; whoever writes to 1, or prints, writes to stderr."""
    with descriptors_of_our_own() as (out, err):
        writer = stdout.claim()
        inherited = os.get_inheritable(writer._fd)
        is_current = stdout.current() is writer
        streams = {id(item) for item in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)}
        kind = type(sys.stdout)
        os.write(1, b"raw\n")
        print("prinţed \udcff")  # noqa: T201 - what a source does
        writer.write(LINE)
        messages, rest = os.read(out, 1000), os.read(err, 1000)
    assert messages == LINE
    assert rest == b"raw\nprin\xc5\xa3ed \\udcff\n"
    assert not inherited  # a child process must not hold the target's pipe open
    assert is_current
    assert len(streams) == 1
    assert kind is RedactingStream


def test_what_is_printed_goes_out_line_by_line() -> None:
    """A process that is killed has said what it said, and descriptor 2 stays open afterwards."""
    with descriptors_of_our_own() as (_, err):
        stdout.claim()
        assert isinstance(sys.stderr, RedactingStream)
        behind = sys.stderr._behind
        behind.write("one\ntw")
        first = os.read(err, 1000)
        behind.close()
        os.write(2, b"still open")
        second = os.read(err, 1000)
    assert first.startswith(b"one\n")
    assert second.endswith(b"still open")


def test_a_closed_stdout_is_not_claimed() -> None:
    """Exit code 74 before anything else; descriptor 1 of the next file would take messages."""
    with descriptors_of_our_own() as (_, _err):
        before = stdout.current()
        os.close(1)
        with pytest.raises(OutputError, match=r"EBADF: Bad file descriptor") as caught:
            stdout.claim()
        assert stdout.current() is before
    assert isinstance(caught.value.__cause__, OSError)


def test_a_closed_stderr_swallows_what_is_printed() -> None:
    """Messages go out all the same."""
    with descriptors_of_our_own() as (out, _err):
        os.close(2)
        behind = stdout._text_stream()
        name, encoding = behind.name, behind.encoding
        behind.write("nobody hears\n\u2028")
        behind.close()
        os.dup2(1, 2)  # claim() points 1 at 2, which a shell's 2>&- leaves closed
        writer = stdout.claim()
        writer.write(LINE)
        assert os.read(out, 1000) == LINE
    assert name == os.devnull
    assert encoding == "utf-8"
