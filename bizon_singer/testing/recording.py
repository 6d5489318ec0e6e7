"""A tap's recorded stdout: strict where ``json`` is lenient, exact where it rounds."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

JsonObject = dict[str, Any]


class Invariant(StrEnum):
    """The rule a violation breaks."""

    SAFETY = "I1"  # STATE is never ahead of the records
    MONOTONE = "I2"  # a later STATE covers what an earlier one did
    RESUME = "I3"  # any prefix and the run resumed from it make the full run
    FRAMING = "I4"  # a line is exactly one message
    SCHEMA = "I5"  # SCHEMA first, and every record valid under it
    LEAK = "I7"  # no secret in any form
    PROGRESS = "I9"  # no page twice
    REPLAY = "I11"  # a resume repeats one page at most
    STATE = "STATE"  # every STATE is whole, as a target keeps the last one only
    VERSION = "VERSION"  # ACTIVATE_VERSION ends a table version, and all records are of it


@dataclass(frozen=True)
class Violation:
    """One broken rule; ``offset`` is a byte of the recording: a line's start, or a cut."""

    invariant: Invariant
    offset: int
    stream: str | None
    detail: str


@dataclass(frozen=True)
class Message:
    """One whole line: bytes ``start`` to ``end``, its line end included.

    Numbers in ``body`` that are not integers are Decimal, so that no digit is lost.
    """

    start: int
    end: int
    body: JsonObject

    @property
    def kind(self) -> str:
        """The Singer message type."""
        return str(self.body["type"])

    @property
    def stream(self) -> str:
        """The stream's name, empty for a STATE."""
        return str(self.body.get("stream", ""))


@dataclass(frozen=True)
class Recording:
    """The good lines, the bytes after the last line end, and a violation for each bad line."""

    messages: tuple[Message, ...]
    tail: bytes
    violations: tuple[Violation, ...]

    def of(self, kind: str) -> Iterator[Message]:
        """Give the messages of one type, in order."""
        return (message for message in self.messages if message.kind == kind)


SHAPES: Final[dict[str, dict[str, type]]] = {
    "SCHEMA": {"stream": str, "schema": dict, "key_properties": list},
    "RECORD": {"stream": str, "record": dict},
    "STATE": {"value": dict},
    "ACTIVATE_VERSION": {"stream": str, "version": int},
    "BATCH": {"stream": str, "manifest": list},
}


def read(recording: bytes) -> Recording:
    """Parse the whole lines of a recording; it never raises, a bad line is a violation (I4)."""
    messages = []
    violations = []
    start = 0
    *lines, tail = recording.split(b"\n")
    for line in lines:
        end = start + len(line) + 1
        try:
            messages.append(Message(start, end, _message(line)))
        except (ValueError, ArithmeticError, RecursionError) as error:
            violations.append(Violation(Invariant.FRAMING, start, None, str(error)))
        start = end
    return Recording(tuple(messages), tail, tuple(violations))


def exact(state: JsonObject | None) -> JsonObject | None:
    """Give a STATE value the number types of a parsed line."""
    value: JsonObject | None = _DECODER.decode(json.dumps(state))
    return value


def canonical(value: Any) -> str:
    """Give equal JSON values equal texts; 1.5 and "1.5" differ."""
    return _ENCODER.encode(value)


def _message(line: bytes) -> JsonObject:
    if not (line.startswith(b"{") and line.endswith(b"}")):
        _refuse("the line is not one JSON object")
    body: JsonObject = _DECODER.decode(line.decode())
    if b"\\u" in line:
        json.dumps(body, ensure_ascii=False, default=str).encode()  # a lone surrogate raises
    shape = SHAPES.get(str(body.get("type")))
    if shape is None:
        _refuse("the message type is unknown")
    wrong = [name for name, kind in shape.items() if not isinstance(body.get(name), kind)]
    if wrong:
        _refuse(f"{body['type']} lacks a valid {' and '.join(wrong)}")
    return body


def _fraction(text: str) -> Decimal:
    if math.isinf(float(text)):
        _refuse("a number overflows a double, readers make it Infinity")
    return Decimal(text)


def _integer(text: str) -> int | Decimal:
    longest = 4_300  # digits that int() takes
    return int(text) if len(text) <= longest else Decimal(text)


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    body = dict(pairs)
    if len(body) != len(pairs):
        _refuse("an object has the same key twice")
    return body


def _no_constant(name: str) -> NoReturn:
    _refuse(f"{name} is not JSON")


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)


_DECODER: Final = json.JSONDecoder(
    parse_constant=_no_constant,
    parse_float=_fraction,
    parse_int=_integer,
    object_pairs_hook=_object,
)
_ENCODER: Final = json.JSONEncoder(sort_keys=True, default=lambda number: {"number": str(number)})
