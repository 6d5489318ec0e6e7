"""Keeps secrets out of everything a person may read.

A secret is registered once, when the config is read or a token is refreshed, and from then on
every spelling of it (as it is, URL-encoded, JSON-escaped, as Python shows it, base64 at any place
in a longer text) is replaced in what goes to stderr.

Why a process-wide registry: a secret shows up wherever some library logs it, so the place that
filters cannot know which run it belongs to. Secrets shorter than four characters are not
replaced: they would blot out ordinary words.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import io
import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import TextIO
from urllib.parse import quote, quote_plus

MIN_SECRET_LENGTH = 4
MIN_LINE_LENGTH = 8
MIN_ENCODED_LENGTH = 8
MASK = "[REDACTED]"
LAST_LATIN1 = 0xFF

_PLAIN = re.compile(r"[0-9A-Za-z_.~-]")
_LINE_BREAK = re.compile(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls, and what makes a terminal show text in another order than it has.
_CONTROL = re.compile(
    r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


class Redactor:
    """Replaces registered secrets in text. Time grows with the text, not with what it holds."""

    def __init__(self) -> None:
        """Start without any secret."""
        self._lock = threading.RLock()
        self._patterns: dict[str, int] = {}
        self._known: set[str] = set()
        self._find: re.Pattern[str] | None = None
        self._is_stale = False

    def register(self, *secrets: str) -> None:
        """Remember secrets; shorter than four characters, blanks around them aside, are ignored."""
        with self._lock:
            for part in (part for secret in secrets for part in _parts(secret)):
                if part not in self._known:
                    self._known.add(part)
                    self._patterns.update(_patterns_of(part))
                    self._is_stale = True

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced by ``[REDACTED]``."""
        if self._is_stale:
            self._compile()
        find = self._find
        if find is None:
            return text
        pieces: list[str] = []
        end = 0  # up to here the text is dealt with
        for match in find.finditer(text):
            start, stop = match.span(1)
            if start >= end:
                pieces += (text[end:start], MASK)
            end = max(end, stop)
        if not pieces:
            return text
        return "".join([*pieces, text[end:]])

    def reveals(self, text: str) -> bool:
        """Tell whether a text holds a secret of eight characters or more.

        A shorter one may be a word that stands there by itself: ``test`` is a password as well.
        """
        if self._is_stale:
            self._compile()
        found = self._find.finditer(text) if self._find is not None else ()
        return any(len(match[1]) >= MIN_LINE_LENGTH for match in found)

    def _compile(self) -> None:
        with self._lock:
            self._is_stale = False
            # Longest first: a secret that is the start of another must not leave its tail behind.
            ordered = sorted(self._patterns, key=lambda pattern: -self._patterns[pattern])
            # A look-ahead finds secrets that overlap as well: none hides the rest of another.
            self._find = re.compile(f"(?=({'|'.join(ordered)}))") if ordered else None


def _parts(secret: str) -> Iterator[str]:
    """Yield what must not be seen of a secret: all of it, and each of its longer lines."""
    whole = secret.strip()
    if len(whole) >= MIN_SECRET_LENGTH:
        yield whole
        lines = whole.splitlines()
        if len(lines) > 1:  # a private key, which a log may show line by line
            yield from (line.strip() for line in lines if len(line.strip()) >= MIN_LINE_LENGTH)


def _patterns_of(secret: str) -> Iterator[tuple[str, int]]:
    """Yield patterns that match a secret in all its spellings, with the length they match."""
    yield _spelled(secret), len(secret)
    encodings = {secret.encode("utf-8", "surrogatepass")}
    with contextlib.suppress(UnicodeEncodeError):
        encodings.add(secret.encode("latin-1"))  # as requests does for Basic authentication
    for raw in encodings:
        for form in _base64_forms(raw):
            yield _spelled(form), len(form)


def _spelled(text: str) -> str:
    return "".join(map(_any_spelling, text))


@cache
def _any_spelling(char: str) -> str:
    """Return a pattern for a character as it is, URL-encoded, JSON-escaped or shown by Python."""
    if _PLAIN.fullmatch(char):
        return char if char.isalnum() else re.escape(char)
    utf8 = char.encode("utf-8", "surrogatepass")
    spellings = {
        _quoted(char),
        quote_plus(char, errors="surrogatepass"),
        json.dumps(char)[1:-1],
        repr(char)[1:-1],
        ascii(char)[1:-1],
        repr(utf8)[2:-1],
        one_line(char),
    }
    if char in "\"'/":  # quotes of either kind, and what some JSON writers do to a slash
        spellings.add("\\" + char)
    if ord(char) <= LAST_LATIN1:
        spellings.add(f"%{ord(char):02X}")
    # JSON within JSON, JSON within a query, and the text of a log that shows a text.
    inner = frozenset(spellings)
    for again in (lambda text: json.dumps(text)[1:-1], lambda text: repr(text)[1:-1], _quoted):
        spellings |= {again(spelling) for spelling in inner}
    spellings.discard(char)
    longest_first = sorted(spellings, key=len, reverse=True)
    # Hexadecimal digits come in either case; the character itself does not.
    return f"(?:(?i:{'|'.join(map(re.escape, longest_first))})|{re.escape(char)})"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _base64_forms(raw: bytes) -> Iterator[str]:
    """Yield how bytes look within base64 of a longer text, for each of its three alignments.

    The characters that neighbours share are left out: only these bytes can produce the rest.
    """
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        start = 0 if before == 0 else before + 1
        shared_end = 1 if (before + len(raw)) % 3 else 0
        inner = encoded[start : len(encoded) - shared_end]
        if len(inner) >= MIN_ENCODED_LENGTH:
            yield inner
            if "+" in inner or "/" in inner:
                yield inner.replace("+", "-").replace("/", "_")


redact = Redactor()
"""The registry of this process."""


def excerpt(text: str, limit: int) -> str:
    """Return the start of a text, redacted before it is cut: half a secret would not be found.

    Lone surrogates are escaped: not every handler of a log can write them.
    """
    return redact(text)[:limit].encode("utf-8", "backslashreplace").decode()


def one_line(text: str) -> str:
    """Return a text as one harmless line: no line breaks, control or escape characters.

    An event is one line, so that nothing a source says can forge another (CWE-117).
    """
    return _CONTROL.sub(_escaped, _LINE_BREAK.sub("\\\\n", text))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= LAST_LATIN1 else f"\\u{code:04x}"


class RedactingStream(io.TextIOBase):
    """A text stream that redacts whole lines before they reach the stream behind it.

    It stands in for ``sys.stderr`` and ``sys.stdout``, so that prints, warnings, tracebacks and
    every logging handler pass through one place. Threads may write at once: each one's text waits
    for the end of its own line.
    """

    encoding = "utf-8"

    def __init__(self, behind: TextIO) -> None:
        """Write to ``behind``."""
        self._behind = behind
        self._lock = threading.RLock()
        self._pending: dict[int, list[str]] = {}
        self._ready: deque[str] = deque()
        self._is_writing = False
        self.buffer = _BinaryDoor(self)

    def write(self, text: str) -> int:
        """Take text; whole lines go on at once, the rest waits for its end."""
        if not isinstance(text, str):
            message = f"write() argument must be str, not {type(text).__name__}"
            raise TypeError(message)
        self._hold(text, at_end=True)
        if "\n" in text:
            head, newline, rest = self._take(threading.get_ident()).rpartition("\n")
            try:
                self._send(redact(head) + newline)
            finally:
                if rest:
                    self._hold(rest, at_end=False)
        return len(text)

    def flush(self) -> None:
        """Push out what this thread left pending, even without a line end (a progress bar).

        What a thread left that has ended goes out as well, as a line of its own.
        """
        if self._behind.closed:  # the process ends, and its streams are closed in any order
            return
        me = threading.get_ident()
        self._send(redact(self._take(me)))
        if self._pending:
            alive = {thread.ident for thread in threading.enumerate()}
            for ident in [ident for ident in self._pending if ident not in alive]:
                self._send(redact(self._take(ident)) + "\n")

    # A write may be entered again from within itself, by a finalizer that prints while objects
    # are collected. So what is pending is a list, changed in single steps, and what is ready is a
    # queue that the outermost call empties.

    def _hold(self, text: str, *, at_end: bool) -> None:
        held = self._pending.setdefault(threading.get_ident(), [])
        held.insert(len(held) if at_end else 0, text)

    def _take(self, ident: int) -> str:
        return "".join(self._pending.pop(ident, ()))

    def _send(self, text: str) -> None:
        if text:
            self._ready.append(text)
        with self._lock:
            if self._is_writing:
                return
            self._is_writing = True
            try:
                while self._ready:
                    self._behind.write(self._ready.popleft())
                self._behind.flush()
            finally:
                self._is_writing = False

    def fileno(self) -> int:
        """Return the descriptor behind, for child processes and terminal checks."""
        return self._behind.fileno()

    def isatty(self) -> bool:
        """Tell whether a person watches."""
        return self._behind.isatty()

    def writable(self) -> bool:
        """Say that this stream can be written to."""
        return True


class _BinaryDoor(io.BufferedIOBase):
    """``sys.stdout.buffer``: takes bytes and passes them on as text."""

    def __init__(self, stream: RedactingStream) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._stream.write(self._decode(bytes(data)))
        return len(data)

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True
