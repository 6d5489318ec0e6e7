"""The table of HTTP faults: what each does to an answer, and how a run must end.

The exit codes are those of README, "How a run ends": 3 credentials, 4 the API broke its protocol,
5 passing trouble, 6 unsafe. A fault that ``heals`` is asked for again, so that a run it meets once
ends well; all others end their stream at once, because the same request would get the same answer.
"""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.http_server import Answer

BODY_CANARY = "body-canary-52c1"
"""What an answer that is an error says; it must be seen nowhere."""
ASKED_SECONDS = 7.0
"""What a Retry-After that is honoured asks for."""
MAX_BODY_BYTES = 1_000_000
PAGE_TIMEOUT_SECONDS = 1.0

Spoil = Callable[[Answer], Answer]


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        kind: Its name, as in the id of a test.
        code: Exit code of a run it does not leave alone; 0 where it does no harm.
        says: What the last sentence of such a run says of it, as a regular expression.
        spoil: Makes the faulty answer of the good one; None for a fault of the connection.
        error: What connecting fails with.
        heals: Whether a run that meets it once ends well.
        pauses: Whether a pause is made before the next try.
        asked: Least pause in seconds, where the API asks for one.
        settings: Settings a run needs to meet it in a test's time.
        code_of_token: Exit code where it is the token endpoint that answers so, if another.
        heals_for_token: The same for ``heals``.
        spoil_for_good: What a fault that lasts does, if something else.
    """

    kind: str
    code: int
    says: str
    spoil: Spoil | None = None
    error: OSError | None = None
    heals: bool = True
    pauses: bool = True
    asked: float = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    code_of_token: int | None = None
    heals_for_token: bool | None = None
    spoil_for_good: Spoil | None = None

    def code_at(self, position: str) -> int:
        """Return the exit code of a run that meets it there."""
        at_token = position == "token" and self.code_of_token is not None
        return (self.code_of_token if at_token else self.code) or 0

    def heals_at(self, position: str) -> bool:
        """Tell whether a run that meets it there once ends well."""
        at_token = position == "token" and self.heals_for_token is not None
        return bool(self.heals_for_token if at_token else self.heals)


def _reset(good: Answer) -> Answer:
    return replace(good, fate="reset")


def _reset_in_headers(good: Answer) -> Answer:
    return replace(good, raw=b"HTTP/1.1 200 OK\r\nContent-Le", fate="break")


def _reset_in_body(good: Answer) -> Answer:
    return replace(good, cut=len(good.body) // 2, fate="break")


def _drip(good: Answer) -> Answer:
    return replace(good, fate="drip", drip_seconds=0.005)


def _drip_for_good(good: Answer) -> Answer:
    return replace(good, fate="drip", drip_seconds=PAGE_TIMEOUT_SECONDS / 4)


def _hang(good: Answer) -> Answer:
    return replace(good, fate="hang")


def _cut(good: Answer) -> Answer:
    return replace(good, cut=len(good.body) // 2)


def _packed(good: Answer, body: bytes) -> Answer:
    """Return an answer whose end is told by closing, as a proxy that unpacks chunks leaves it."""
    headers = {**good.headers, "Content-Encoding": "gzip"}
    return replace(good, body=body, headers=headers, framing="close")


def _cut_gzip(good: Answer) -> Answer:
    return _packed(good, gzip.compress(good.body)[:-9])


def _cut_chunked(good: Answer) -> Answer:
    return replace(good, framing="chunked", cut=len(good.body) // 2)


def _bad_crc(good: Answer) -> Answer:
    whole = bytearray(gzip.compress(good.body))
    whole[-8] ^= 0xFF
    return _packed(good, bytes(whole))


def _bomb(good: Answer) -> Answer:
    return _packed(good, gzip.compress(b" " * (8 * MAX_BODY_BYTES)))


def _json(value: Any) -> Spoil:
    return lambda good: replace(good, body=json.dumps(value).encode())


def _html(good: Answer) -> Answer:
    body = f"<!DOCTYPE html><title>{BODY_CANARY}</title>".encode()
    return replace(good, body=body, headers={"Content-Type": "text/html"})


def _empty(good: Answer) -> Answer:
    return replace(good, body=b"")


def _byte_order_mark(good: Answer) -> Answer:
    return replace(good, body=b"\xef\xbb\xbf" + good.body)


def _deep(good: Answer) -> Answer:
    return replace(good, body=b"[" * 100_000 + b"]" * 100_000)


def _status(status: int, **headers: str) -> Spoil:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps({"error": {"message": BODY_CANARY}}).encode()
    return lambda good: replace(good, status=status, body=body, headers={**good.headers, **named})


NO_SUCH_HOST = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
A_DATE = {"Date": "Wed, 21 Oct 2015 07:28:00 GMT", "Retry_After": "Wed, 21 Oct 2015 07:28:07 GMT"}
IMPATIENT = {"http": {"read_timeout_seconds": 0.2}}
HURRIED = {"page_timeout_seconds": PAGE_TIMEOUT_SECONDS}
SMALL = {"http": {"max_body_bytes": MAX_BODY_BYTES}}

FAULTS = (
    # No connection. A host that does not exist is tried twice, the others as often as is set.
    Fault("dns-unknown", 5, "the host name cannot be resolved", error=NO_SUCH_HOST),
    Fault(
        "refused",
        5,
        "the connection was refused",
        error=ConnectionRefusedError(111, "Connection refused"),
    ),
    # An answer that does not come, or not whole: the request is sent again.
    Fault("reset-before", 5, "closed the connection without an answer", _reset),
    Fault("reset-in-headers", 5, "closed the connection without an answer", _reset_in_headers),
    Fault("reset-in-body", 5, "the body was cut off", _reset_in_body),
    # Each byte comes within the read timeout: only the time for a whole page has an end.
    Fault(
        "slow-drip",
        5,
        "gave no page for 1 s",
        _drip,
        pauses=False,
        settings=HURRIED,
        spoil_for_good=_drip_for_good,
    ),
    Fault("read-timeout", 5, "no answer within the time limit", _hang, settings=IMPATIENT),
    Fault("cut-plain", 5, "the body was cut off", _cut),
    Fault("cut-gzip", 5, "ends before its end mark", _cut_gzip),
    Fault("cut-chunked", 5, "the body was cut off", _cut_chunked),
    Fault("bad-crc", 5, "the compressed body is corrupt", _bad_crc),
    Fault("gzip-bomb", 6, "larger than 1,000,000 bytes", _bomb, heals=False, settings=SMALL),
    # Status 200. What is JSON of another shape is judged by the source, and not asked for again.
    Fault(
        "error-200", 4, "answered without", _json({"error": {"message": BODY_CANARY}}), heals=False
    ),
    Fault("html", 4, "text/html, which is no JSON", _html, pauses=False),
    Fault("empty", 4, "an empty body", _empty, pauses=False),
    Fault("wrong-type", 4, "answered (without|no JSON object)", _json([BODY_CANARY]), heals=False),
    Fault("bom", 0, "", _byte_order_mark, pauses=False),
    Fault("deep-json", 4, "application/json, which is no JSON", _deep, pauses=False),
    # Statuses that stay. A 401 renews the token once; to the token endpoint all three are final.
    Fault("400", 4, r"\b400\b", _status(400), heals=False, code_of_token=3),
    Fault("401", 3, r"\b401\b", _status(401), pauses=False, heals_for_token=False),
    Fault("403", 3, r"\b403\b", _status(403), heals=False),
    Fault("404", 4, r"\b404\b", _status(404), heals=False),
    Fault("409", 4, r"\b409\b", _status(409), heals=False),
    # Statuses that pass.
    Fault("408", 5, r"\b408\b", _status(408)),
    Fault("429-0", 5, r"\b429\b", _status(429, Retry_After="0")),
    Fault("429-negative", 5, r"\b429\b", _status(429, Retry_After="-1")),
    # More than `http.retry_after_max_seconds`: the run ends at once and says when to come back.
    Fault(
        "429-endless",
        5,
        "it asks to wait 100,000,000,000 s",
        _status(429, Retry_After="1e11"),
        heals=False,
        pauses=False,
    ),
    Fault("429-date", 5, r"\b429\b", _status(429, **A_DATE), asked=ASKED_SECONDS),
    Fault("429-none", 5, r"\b429\b", _status(429)),
    Fault("500", 5, r"\b500\b", _status(500)),
    Fault("502", 5, r"\b502\b", _status(502)),
    Fault("503", 5, r"\b503\b", _status(503)),
    Fault("504", 5, r"\b504\b", _status(504)),
)
