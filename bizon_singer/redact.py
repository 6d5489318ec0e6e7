"""Keeps secrets out of everything a person may read.

A secret is registered once, when the config is read or a token is refreshed, and from then on
every form of it (as it is, URL-encoded, base64, JSON-escaped) is replaced in what goes to stderr.

Why a process-wide registry: a secret shows up wherever some library logs it, so the place that
filters cannot know which run it belongs to. Secrets shorter than four characters are not
replaced: they would blot out ordinary words.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from typing import TextIO
from urllib.parse import quote, quote_plus

MIN_SECRET_LENGTH = 4
MASK = "[REDACTED]"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_BREAK = re.compile(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


class Redactor:
    """Replaces registered secrets in text."""

    def __init__(self) -> None:
        """Start without any secret."""
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def register(self, *secrets: str) -> None:
        """Remember secrets; shorter than four characters are ignored."""
        for secret in secrets:
            if len(secret) >= MIN_SECRET_LENGTH:
                self._forms.update(_forms_of(secret))
        if self._forms:
            # Longest first: a secret that is the start of another must not leave its tail behind.
            ordered = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, ordered)))

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced by ``[REDACTED]``."""
        return self._pattern.sub(MASK, text) if self._pattern else text


def _forms_of(secret: str) -> Iterator[str]:
    """Yield the shapes in which a secret turns up in logs and errors."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield quote(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    raw = secret.encode("utf-8", "surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode().rstrip("=")
        # Inside a longer text, base64 shifts by the bytes before it: drop the characters that
        # those neighbours share, keep the ones only this secret can produce.
        for before in (1, 2):
            shifted = encode(b"\0" * before + raw).decode().rstrip("=")
            inner = shifted[before + 1 :]
            tail = 1 if (before + len(raw)) % 3 else 0
            inner = inner[: len(inner) - tail]
            if len(inner) >= 2 * MIN_SECRET_LENGTH:
                yield inner
        whole = encode(raw[: len(raw) // 3 * 3]).decode()
        if len(whole) >= 2 * MIN_SECRET_LENGTH:
            yield whole


redact = Redactor()
"""The registry of this process."""


def one_line(text: str) -> str:
    """Return a text as one harmless line: no line breaks, control or escape characters.

    An event is one line, so that nothing a source says can forge another (CWE-117).
    """
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", _LINE_BREAK.sub("\\\\n", text))


class RedactingStream(io.TextIOBase):
    """A text stream that redacts whole lines before they reach the stream behind it.

    It stands in for ``sys.stderr`` and ``sys.stdout``, so that prints, warnings, tracebacks and
    every logging handler pass through one place.
    """

    def __init__(self, behind: TextIO) -> None:
        """Write to ``behind``."""
        self._behind = behind
        self._pending = ""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Take text; whole lines go on at once, the rest waits for its end."""
        self._pending += text
        head, newline, self._pending = self._pending.rpartition("\n")
        if newline:
            self._behind.write(redact(head) + newline)
            self._behind.flush()
        return len(text)

    def flush(self) -> None:
        """Push out what is pending, even without a line end (a progress bar)."""
        if self._pending:
            pending, self._pending = self._pending, ""
            self._behind.write(redact(pending))
        self._behind.flush()

    def fileno(self) -> int:
        """Return the descriptor behind, for child processes and terminal checks."""
        return self._behind.fileno()

    def isatty(self) -> bool:
        """Tell whether a person watches."""
        return self._behind.isatty()

    def writable(self) -> bool:
        """Say that this stream can be written to."""
        return True
