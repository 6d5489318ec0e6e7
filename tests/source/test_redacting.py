"""No secret, in any spelling, and no second line gets past the redactor."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bizon_singer.redact import MASK, Redactor, excerpt, one_line, redact

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
    "JSON, URL-encoded": lambda text: quote(json.dumps(text)[1:-1], safe=""),
    "repr": lambda text: repr(text)[1:-1],
    "repr of JSON": lambda text: repr(json.dumps(text)[1:-1])[1:-1],
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


@pytest.mark.parametrize("limit", range(1, 30))
def test_an_excerpt_does_not_show_the_start_of_a_secret(limit: int) -> None:
    """Wherever a text is cut: what is left of a secret there could not be found any more."""
    redact.register("canary-secret")
    assert excerpt("key canary-secret!", limit) == f"key {MASK}!"[:limit]


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


def test_an_excerpt_can_be_written_by_any_handler() -> None:
    """A lone surrogate, which no encoding has, is escaped; the rest stays as it is."""
    assert excerpt("é \ud800 日本", 20) == "é \\ud800 日本"
