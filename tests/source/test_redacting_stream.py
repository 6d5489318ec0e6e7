"""The stream in place of stderr: whole lines, redacted, from any thread, none lost."""

from __future__ import annotations

import gc
import io
import logging
import threading
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from bizon_singer.redact import MASK, RedactingStream, redact

if TYPE_CHECKING:
    from collections.abc import Callable


class Behind(io.StringIO):
    """A stream that notes what it is given, call by call."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.calls: list[str] = []
        self.on_write: Callable[[], None] = lambda: None

    def write(self, text: str) -> int:
        """Note a call."""
        self.calls.append(text)
        self.on_write()
        return super().write(text)


@pytest.fixture
def behind() -> Behind:
    """Make something to write to."""
    return Behind()


@pytest.fixture
def stream(behind: Behind) -> RedactingStream:
    """Open a stream that knows one secret."""
    redact.register("canary-secret")
    return RedactingStream(behind)


def test_a_line_goes_on_at_once_and_redacted(stream: RedactingStream, behind: Behind) -> None:
    """A whole line is not held back."""
    print("token: canary-secret", file=stream)
    assert behind.getvalue() == f"token: {MASK}\n"


def test_a_secret_in_pieces_is_found(stream: RedactingStream, behind: Behind) -> None:
    """Text is redacted when its line is whole, however many writes it came in."""
    for char in "token: canary-secret!\n":
        stream.write(char)
    assert behind.getvalue() == f"token: {MASK}!\n"


def test_the_rest_of_a_line_waits(stream: RedactingStream, behind: Behind) -> None:
    """Only whole lines go on; what is written last begins the next one."""
    assert stream.write("one\ntwo\nthr") == 11
    assert behind.getvalue() == "one\ntwo\n"
    stream.write("ee\n")
    assert behind.getvalue() == "one\ntwo\nthree\n"


def test_a_flush_needs_no_line_end(stream: RedactingStream, behind: Behind) -> None:
    """A progress bar shows at once, redacted."""
    stream.write("\r50 % of canary-secret")
    stream.flush()
    assert behind.getvalue() == f"\r50 % of {MASK}"
    stream.flush()
    assert behind.getvalue() == f"\r50 % of {MASK}"


def test_a_secret_of_several_lines_written_at_once_is_found(
    stream: RedactingStream, behind: Behind
) -> None:
    """Lines that come together are redacted together."""
    redact.register("top\nsecret")
    stream.write("it is top\nsecret\n")
    assert behind.getvalue() == f"it is {MASK}\n"


def test_only_text_can_be_written(stream: RedactingStream) -> None:
    """As with any text stream, bytes are an error of the caller."""
    with pytest.raises(TypeError, match="str, not bytes"):
        stream.write(b"bytes")  # type: ignore[arg-type]


def test_threads_neither_lose_nor_mix_lines(stream: RedactingStream, behind: Behind) -> None:
    """Each line of each thread is there once, whole and in that thread's order."""
    together = threading.Barrier(8)

    def work(number: int) -> None:
        together.wait()
        for line in range(100):
            print(number, "line", line, "canary-secret", file=stream)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = behind.getvalue().splitlines()
    for number in range(8):
        own = [line for line in lines if line.startswith(f"{number} ")]
        assert own == [f"{number} line {line} {MASK}" for line in range(100)]
    assert len(lines) == 800


def test_a_flush_leaves_the_lines_of_other_threads_alone(
    stream: RedactingStream, behind: Behind
) -> None:
    """A thread in the middle of a line is not cut short by another's flush."""
    halfway, go_on = threading.Event(), threading.Event()

    def work() -> None:
        stream.write("half")
        halfway.set()
        go_on.wait(5)
        stream.write(" and half\n")

    thread = threading.Thread(target=work)
    thread.start()
    halfway.wait(5)
    stream.write("mine")
    stream.flush()
    assert behind.getvalue() == "mine"
    go_on.set()
    thread.join()
    assert behind.getvalue() == "minehalf and half\n"


def test_what_a_finished_thread_left_is_not_lost(stream: RedactingStream, behind: Behind) -> None:
    """The next flush gives it a line of its own."""
    thread = threading.Thread(target=stream.write, args=("last words: canary-secret",))
    thread.start()
    thread.join()
    # A thread of the same number may be started before: it must not inherit the words either way.
    stream.flush()
    assert behind.getvalue() == f"last words: {MASK}\n"


def test_a_write_within_a_write_is_not_lost(stream: RedactingStream, behind: Behind) -> None:
    """A finalizer may print while another line is on its way: it comes after it, whole."""
    within = iter(["inner\n", "pend"])

    def interrupt() -> None:
        stream.write(next(within, ""))

    behind.on_write = interrupt
    stream.write("outer one\nouter ")
    stream.write("two\n")
    behind.on_write = lambda: None
    stream.flush()
    lines = behind.getvalue().splitlines()
    assert lines[:2] == ["outer one", "inner"]
    assert "".join(lines[2:]).replace("pend", "") == "outer two"
    assert "pend" in "".join(lines[2:])


def test_a_finalizer_that_prints_does_not_block(stream: RedactingStream, behind: Behind) -> None:
    """Garbage is collected anywhere, also while the lock of the stream is held."""

    class Talker:
        def __del__(self) -> None:
            print("bye", file=stream)

    def collect() -> None:
        behind.on_write = lambda: None
        talker = Talker()
        talker.own = talker  # type: ignore[attr-defined]
        del talker
        gc.collect()

    behind.on_write = collect
    stream.write("hello\n")
    assert behind.getvalue() == "hello\nbye\n"


def test_an_error_of_the_stream_behind_is_the_callers(
    stream: RedactingStream, behind: Behind
) -> None:
    """A closed stderr is told to whoever writes, and later lines are not blocked by it."""

    def fail() -> None:
        raise BrokenPipeError

    behind.on_write = fail
    with pytest.raises(BrokenPipeError):
        stream.write("lost\n")
    behind.on_write = lambda: None
    stream.write("found\n")
    assert behind.getvalue() == "found\n"


def test_a_stream_outlives_the_one_behind_it(stream: RedactingStream, behind: Behind) -> None:
    """At the end of a process streams are closed in any order: that is no error."""
    stream.write("pending")
    behind.close()
    stream.flush()
    stream.close()
    assert stream.closed


def test_bytes_pass_by_the_same_door(stream: RedactingStream, behind: Behind) -> None:
    """``sys.stdout.buffer.write`` is what C-minded sources do; it is redacted as well."""
    data = "tök canary-secret \n".encode()
    for at in range(len(data)):
        stream.buffer.write(data[at : at + 1])
    assert behind.getvalue() == f"tök {MASK} \n"
    assert stream.buffer.write(memoryview(b"\xff\n")) == 2
    stream.buffer.flush()
    assert behind.getvalue().endswith("\\xff\n")


def test_it_is_a_text_stream_like_any_other(behind: Behind, tmp_path: Any) -> None:
    """What libraries ask of ``sys.stderr``."""
    stream = RedactingStream(behind)
    assert (stream.writable(), stream.readable(), stream.isatty()) == (True, False, False)
    assert stream.encoding == "utf-8"
    assert isinstance(stream, io.TextIOBase)
    with (tmp_path / "log").open("w") as file:
        over_file: TextIO = RedactingStream(file)  # type: ignore[assignment]
        assert over_file.fileno() == file.fileno()


def test_a_logging_handler_writes_through_it(stream: RedactingStream, behind: Behind) -> None:
    """A handler writes its line and flushes; the secret is gone from message and arguments."""
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("tests.redacting")
    logger.addHandler(handler)
    try:
        logger.warning("token %s in %s", "canary-secret", {"key": "canary-secret"})
    finally:
        logger.removeHandler(handler)
    assert behind.getvalue() == f"token {MASK} in {{'key': '{MASK}'}}\n"
