"""Z8: no secret of four characters or more gets through the whole way to stderr, on any line."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import time
from collections.abc import Callable
from typing import Final
from unittest import mock
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from bizon_singer import redact as redact_module
from bizon_singer.cli import OneLineFormatter
from bizon_singer.redact import MASK, RedactingStream, Redactor
from tests.fuzz.examples import examples

ALPHABET: Final = "abAB01.*+?()[]{}|^$\\/\"'%&=;:@#-_~ \t\r\n\x00\x1b\x85\u2028éß→\U0001f600"
secrets_of_any_kind = st.lists(
    st.text(st.sampled_from(ALPHABET) | st.characters(exclude_categories=["Cs"]), max_size=14),
    min_size=1,
    max_size=4,
)
between = st.text(st.sampled_from("xyz \n\r\t,:=\"'\\%&+/0é→\x1b\u2028"), max_size=6)
ENCODINGS: Final[dict[str, Callable[[str], str]]] = {
    "raw": str,
    "URL": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, all of Unicode": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
}


def logged(secrets: list[str], text: str) -> str:
    """Return what stderr gets when a text is logged by a process that knows secrets."""
    redactor, behind = Redactor(), io.StringIO()
    redactor.register(*secrets)
    with mock.patch.object(redact_module, "redact", redactor):
        stream = RedactingStream(behind)
        record = logging.LogRecord("tap", logging.WARNING, "", 0, "%s", (text,), None)
        stream.write(OneLineFormatter(logging.Formatter("%(message)s")).format(record) + "\n")
    return behind.getvalue()


@given(secrets_of_any_kind, between, st.data())
@examples(250)
def test_no_secret_reaches_stderr_in_any_encoding(
    parts: list[str], around: str, data: st.DataObject
) -> None:
    """Prefixes of each other, blanks, line ends, characters regular expressions know: all gone."""
    secrets = [*parts, parts[0] + parts[-1], parts[0][:5]]
    secrets = [secret for secret in secrets if len(secret.strip()) >= 4]
    names = data.draw(st.lists(st.sampled_from(sorted(ENCODINGS)), min_size=1, max_size=4))
    shown = [ENCODINGS[name](secret.strip()) for name in names for secret in secrets]
    out = logged(secrets, around + around.join(shown) + around)
    assert len(out.splitlines()) == 1
    assert out.endswith("\n")
    assert not [char for char in out[:-1] if ord(char) < 32 and char != "\t"]
    rest = out.replace(MASK, "\0" * 40)
    for text in shown:
        if len(text) >= 8 or "base64" not in names:
            assert text not in rest


@given(st.lists(st.text("ab\\%.*(", min_size=1, max_size=3), min_size=1, max_size=5), between)
@examples(60)
def test_texts_of_one_to_three_characters_are_no_secrets(short: list[str], around: str) -> None:
    """They would blot out ordinary words."""
    text = around.join(short)
    redactor = Redactor()
    redactor.register(*short)
    assert redactor(text) == text


@given(st.lists(st.text("ab.*+(\\", min_size=4, max_size=20), min_size=1, max_size=5), st.data())
@examples(15)
def test_time_grows_with_the_text_alone(secrets: list[str], data: st.DataObject) -> None:
    """Whatever nearly matches: four times the text takes no more than about four times as long."""
    unit = data.draw(st.sampled_from([secrets[0][:-1] + "c", "a" * 19 + "b", "ab" * 9, "\\" * 20]))
    redactor = Redactor()
    redactor.register(*secrets)
    redactor("warm")

    def seconds(text: str) -> float:
        taken = []
        for _ in range(3):
            started = time.process_time()
            redactor(text)
            taken.append(time.process_time() - started)
        return min(taken)

    assert seconds(unit * 2_000) < 30 * max(seconds(unit * 500), 5e-4)


def test_the_encodings_are_told_apart() -> None:
    """The check can fail: a form nobody redacts stays."""
    out = logged(["secret-word"], "secret-word drow-terces")
    assert re.fullmatch(r"\[REDACTED\] drow-terces\n", out)
