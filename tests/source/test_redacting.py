"""No secret, in any spelling, and no second line gets past the redactor."""

from __future__ import annotations

import base64
import gc
import io
import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bizon_singer.redact import MASK, RedactingStream, Redactor, one_line, redact

if TYPE_CHECKING:
    from collections.abc import Callable

ODD = st.text(
    st.sampled_from("ab.*+?()[]{}|^$\\/\"'%&=;:@#-_~ \t\r\n\x00\x1b\x85\u2028éß→😀")
    | st.characters(),
    min_size=4,
    max_size=12,
)
SECRETS = ODD.filter(lambda text: len(text.strip()) >= 4)
AROUND = st.text(st.sampled_from("xyz \n\t,:=\"'\\%&+/0é→"), max_size=8)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "URL-encoded": lambda text: quote(text, safe="", errors="surrogatepass"),
    "URL-encoded path": lambda text: quote(text, errors="surrogatepass"),
    "URL-encoded form": lambda text: quote_plus(text, errors="surrogatepass"),
    "URL-encoded, small letters": lambda text: quote(text, safe="", errors="surrogatepass").lower(),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, not only ASCII": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "JSON with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode("utf-8", "surrogatepass"))[2:-1],
    "one line": one_line,
}


def redactor(*secrets: str) -> Redactor:
    """Return a redactor that knows these secrets."""
    made = Redactor()
    made.register(*secrets)
    return made


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(secret=SECRETS, before=AROUND, after=AROUND)
@settings(max_examples=60)
@example(secret="a/b+c=d&e f", before="", after="")
@example(secret="tök→en😀", before="x", after="y")
@example(secret="two\r\nlines", before="", after="")
@example(secret="pass\\word\"'", before="", after="")
@example(secret=".*+?()[]{}|^$", before="", after="")
def test_a_secret_is_found_in_any_spelling(
    spelling: str, secret: str, before: str, after: str
) -> None:
    """What a person sees instead is the mask."""
    spelled = SPELLINGS[spelling](secret.strip())
    if "small" in spelling:  # only the hexadecimal digits may change their case
        assume(spelled == quote(secret.strip().lower(), safe="", errors="surrogatepass").lower())
        secret = secret.lower()
    assume(spelled not in MASK)
    text = redactor(secret)(f"{before}{spelled}{after}")
    assert MASK in text
    assert spelled not in text.replace(MASK, "\0" * 40)


@given(
    st.lists(SECRETS, min_size=1, max_size=5),
    st.data(),
)
@settings(max_examples=150)
def test_no_secret_of_several_survives(secrets: list[str], data: st.DataObject) -> None:
    """Secrets that begin, end or overlap each other are all gone."""
    secrets += [secrets[0] + "tail", "head" + secrets[0], secrets[0][:5]]
    secrets = [secret for secret in secrets if len(secret.strip()) >= 4]
    order = data.draw(st.permutations(secrets))
    text = redactor(*order)(" ".join(order) + "".join(secrets))
    rest = text.replace(MASK, "\0" * 40)
    assert not [secret for secret in secrets if secret.strip() in rest]


def test_the_longest_of_two_secrets_goes_whole() -> None:
    """A secret that is the start of another does not leave its tail behind."""
    assert redactor("abcd", "abcdefgh")("abcdefgh abcd") == f"{MASK} {MASK}"
    assert redactor("abcdefgh", "abcd")("abcdefgh abcd") == f"{MASK} {MASK}"


def test_a_secret_that_overlaps_another_goes_whole() -> None:
    """Neither hides the rest of the other."""
    assert redactor("xxab", "abSUPERSECRET")("xxabSUPERSECRET.") == f"{MASK}."
    assert redactor("abcabc")("abcabcabc") == MASK


@given(
    st.binary(min_size=8, max_size=40) | st.text(min_size=8, max_size=30).map(str.encode),
    st.binary(max_size=7),
    st.binary(max_size=7),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    st.booleans(),
)
@settings(max_examples=300)
def test_a_secret_is_found_within_base64(
    raw: bytes,
    before: bytes,
    after: bytes,
    encode: Any,
    is_quoted: bool,  # noqa: FBT001
) -> None:
    """At any place in a longer text, in either alphabet, also URL-encoded.

    At most the characters it shares with its neighbours are left, three at either end.
    """
    try:
        secret = raw.decode()
    except UnicodeDecodeError:
        secret = raw.decode("latin-1")
        raw = secret.encode()
    assume(secret == secret.strip())
    encoded = encode(before + raw + after).decode()
    text = quote(encoded, safe="") if is_quoted else encoded
    shown = redactor(secret)(text)
    assert MASK in shown
    left = encoded if MASK not in shown else shown.replace(MASK, "")
    first, last = len(before) * 4 // 3, (len(before) + len(raw)) * 4 // 3
    assert encoded[first + 3 : last - 3] not in left or last - first < 10


@pytest.mark.parametrize("user", ["u", "me", "you", "someone"])
def test_a_password_is_found_in_a_basic_header(user: str) -> None:
    """As our authenticator and as requests' own encode it."""
    for encoding in ("utf-8", "latin-1"):
        pair = base64.b64encode(f"{user}:päss-word-1".encode(encoding)).decode()
        shown = redactor("päss-word-1")(f"Authorization: Basic {pair}")
        assert MASK in shown
        assert pair not in shown


def test_a_secret_is_found_in_a_query_and_in_a_log_of_one() -> None:
    """The places secrets have been seen in."""
    secret = "pat/na1+é =="
    clean = redactor(secret)
    for text in (
        f"GET /items?{urlencode({'key': secret})} 200",
        json.dumps({"error": {"token": secret}}),
        json.dumps({"log": json.dumps({"token": secret})}),
        f"{ {'token': secret} }",
        f"{[secret.encode()]!r}",
        f"https://user:{quote(secret, safe='')}@host/",
    ):
        assert MASK in clean(text)


PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0\nBAQEFAASCBKcwggSj\n"
    "-----END PRIVATE KEY-----\n"
)


def test_a_secret_of_several_lines_goes_line_by_line_as_well() -> None:
    """A private key is shown a line at a time by tracebacks and pretty printers."""
    clean = redactor(PEM)
    assert clean(PEM) == f"{MASK}\n"
    assert clean(json.dumps(PEM)) == f'"{MASK}\\n"'
    assert clean("key: MIIEvQIBADANBgkqhkiG9w0,") == f"key: {MASK},"


@pytest.mark.parametrize("secret", ["", "a", "abc", "   ", "\n\n\n\n\n", " abc "])
def test_what_is_too_short_is_no_secret(secret: str) -> None:
    """It would blot out ordinary words."""
    text = f"an abc of {secret} blanks   and lines"
    assert redactor(secret)(text) == text


def test_blanks_around_a_secret_do_not_hide_it() -> None:
    """A token read from a file ends in a line break, and is sent without."""
    assert redactor("canary\n")("Bearer canary") == f"Bearer {MASK}"


def test_a_redactor_without_secrets_changes_nothing() -> None:
    """Nor does one that finds none."""
    assert Redactor()("some text") == "some text"
    assert redactor("canary")("some text") == "some text"


def test_secrets_may_be_registered_at_any_time() -> None:
    """A refreshed token is known from the moment it is there."""
    clean = redactor("first-secret")
    assert clean("second-secret") == "second-secret"
    clean.register("second-secret", "first-secret")
    assert clean("second-secret first-secret") == f"{MASK} {MASK}"


def test_threads_may_register_and_redact_at_once() -> None:
    """A token is refreshed while others log."""
    clean = redactor("common-secret")
    failures: list[str] = []

    def work(number: int) -> None:
        for step in range(20):
            clean.register(f"secret-{number}-{step}-end")
            text = clean(f"common-secret secret-{number}-{step}-end")
            if text != f"{MASK} {MASK}":
                failures.append(text)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_time_grows_with_the_text_alone() -> None:
    """Ten times the text takes about ten times as long, also where it nearly matches."""
    clean = redactor("a" * 60, "a" * 59 + "b", "ab" * 30, "canary-secret")
    clean("warm")

    def seconds(text: str) -> float:
        taken = []
        for _ in range(3):
            started = time.perf_counter()
            clean(text)
            taken.append(time.perf_counter() - started)
        return min(taken)

    for unit in ("a" * 58 + "c", "ab" * 29 + "a", "x" * 59):
        assert seconds(unit * 2000) < 40 * max(seconds(unit * 200), 1e-4)


@given(st.text() | ODD)
@example("a\r\nb\x1b[2Jc\x00\x85\u2028\u2029\x0b\x0c\x1c\u202e\u2066\x7f")
def test_one_line_is_one_line(text: str) -> None:
    """No reader of logs, however it splits lines, sees two; no terminal is commanded."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not [char for char in line if ord(char) < 32 and char != "\t"]
    assert not set(line) & set("\x7f\x85\u2028\u2029\u202a\u202b\u202d\u202e\u2066\u2067\u2069")
    assert one_line(line) == line


def test_one_line_keeps_what_is_harmless() -> None:
    """Text stays readable; what was taken out is told."""
    assert one_line("Zoë\t→ 😀") == "Zoë\t→ 😀"
    assert one_line("a\nb\r\nc\x1b[1m\u202e") == "a\\nb\\n\\nc\\x1b[1m\\u202e"


# --- the stream -----------------------------------------------------------------------------


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
