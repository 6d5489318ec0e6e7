"""A toy Singer tap as a pure function, and the faults that the checker must catch in it.

Two streams, 58 records, pages of 7, ties on the cursor across page ends, one empty page in each
stream, one record that changes while its stream is read, one field that first shows on page 4.
The tap is right as long as no fault is seeded; it shares no code with the checker or the package.
"""

from __future__ import annotations

import base64
import copy
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, Final

Message = dict[str, Any]
Lines = list[Message | bytes]
"""What goes to stdout, in order: messages, or bytes that are written as they are."""

PAGE_SIZE: Final = 7
CANARY: Final = "c4nary/pässword+1????"  # the secret that a fault leaks
_TEXT: Final = {"type": ["string", "null"]}
_SCHEMA: Final[Message] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "updatedAt": {"type": "string", "format": "date-time"},
        "amount": {"type": ["number", "null"]},
        "name": _TEXT,
        "_source_timestamp": {"type": "string", "format": "date-time"},
    },
}
_WIDER_SCHEMA: Final[Message] = {
    "type": "object",
    "properties": {**_SCHEMA["properties"], "phone": _TEXT},
}


class Mode(StrEnum):
    """How the tap reads its streams."""

    INCREMENTAL = "incremental"
    FULL_TABLE = "full_table"


class Fault(Enum):
    """A mistake a tap can make; those named ``RESUME_…`` show in resumed runs only."""

    STATE_BEFORE_RECORDS = auto()
    STATE_ONE_PAGE_AHEAD = auto()
    STATE_STEPS_BACK = auto()
    GLUED_LINES = auto()
    PARTIAL_LINE_THEN_MESSAGE = auto()
    NO_LAST_LINE_END = auto()
    STRAY_PRINT = auto()
    UNKNOWN_TYPE = auto()
    NAN_LITERAL = auto()
    OVERFLOWING_NUMBER = auto()
    LONE_SURROGATE = auto()
    DUPLICATE_KEY = auto()
    RECORD_BEFORE_SCHEMA = auto()
    SCHEMA_NOT_WIDENED = auto()
    FIELD_OF_WRONG_TYPE = auto()
    KEY_MISSING = auto()
    KEY_NULL = auto()
    KEY_NOT_IN_SCHEMA = auto()
    BOOKMARK_PROPERTY_NOT_IN_SCHEMA = auto()
    DATE_TIME_WITHOUT_ZONE = auto()
    TIME_EXTRACTED_WITHOUT_ZONE = auto()
    BOOKMARK_DROPPED = auto()
    IN_PROGRESS_DELETED = auto()
    PAGINATION_REPEATED = auto()
    PAGES_NOT_GROWING = auto()
    ACTIVATE_VERSION_FIRST = auto()
    ACTIVATE_VERSION_UNKNOWN = auto()
    VERSIONS_MIXED = auto()
    SECRET_IN_RECORD = auto()
    SECRET_IN_STATE = auto()
    RESUME_REREADS_ALL = auto()
    RESUME_SKIPS_LAST_PAGE = auto()
    RESUME_SKIPS_A_TIE = auto()
    RESUME_ENDS_ON_OLD_VALUE = auto()
    RESUME_ENDS_IN_OTHER_STATE = auto()
    RESUME_INVENTS_A_RECORD = auto()
    RESUME_DROPS_INPUT_BOOKMARK = auto()
    RESUME_TAKES_NEW_VERSION = auto()


@dataclass(frozen=True)
class Run:
    """How one run was started."""

    state: Message | None
    mode: Mode


def run(
    state: Message | None, *, mode: Mode = Mode.INCREMENTAL, fault: Fault | None = None
) -> bytes:
    """Give the whole stdout of one run from a STATE value, None for the first run.

    The clock stands still within a run, and is an hour later when there is a state.
    """
    started = Run(copy.deepcopy(state), mode)
    messages = [*_messages(started)]
    lines: Lines = [*messages]
    if fault is not None and (state is not None or not fault.name.startswith("RESUME_")):
        lines = _SEEDS[fault](messages, started)
    return b"".join(line if isinstance(line, bytes) else _encode(line) for line in lines)


# The tap.


def _row(number: int, name: str, minute: int) -> Message:
    row = {"id": number, "updatedAt": f"2026-01-01T00:{minute:02}:00Z", "amount": number / 4}
    return {**row, "name": name, **({"phone": "+49"} if number > 15 else {})}


_ROWS: Final[dict[str, list[Message]]] = {
    "contacts": [
        *(_row(number, f"Contact {number}", number // 3) for number in range(30)),
        _row(3, "Contact 3, changed while it was read", 9),
    ],
    "deals": [_row(number, f"Deal {number}", number // 3) for number in range(27)],
}


def _pages(rows: list[Message]) -> list[list[Message]]:
    pages = [rows[at : at + PAGE_SIZE] for at in range(0, len(rows), PAGE_SIZE)]
    return [*pages[:2], [], *pages[2:]] if len(pages) > 2 else pages


def _messages(started: Run) -> Iterator[Message]:
    state = copy.deepcopy(started.state) or {"version": 1, "bookmarks": {}}
    for stream in _ROWS:
        yield from _sync(stream, state, started)


def _sync(stream: str, state: Message, started: Run) -> Iterator[Message]:
    bookmark = state["bookmarks"].setdefault(stream, dict(_NEW_BOOKMARK))
    progress = bookmark.get("in_progress") or _begin(started)
    since = bookmark["replication_key_value"] or ""
    pages = _pages([row for row in _ROWS[stream] if row["updatedAt"] >= since])
    yield _schema(stream, _SCHEMA)
    narrow = True
    for number in range(progress["pagination"].get("page", 0), len(pages)):
        if narrow and any("phone" in row for row in pages[number]):
            yield _schema(stream, _WIDER_SCHEMA)
            narrow = False
        for row in pages[number]:
            yield _record(stream, row, progress["version"], started)
        if number + 1 < len(pages):
            progress |= {"pages": progress["pages"] + 1, "pagination": {"page": number + 1}}
            bookmark["in_progress"] = progress
        else:
            bookmark |= {"last_run": progress["started_at"], "in_progress": None}
            if started.mode is Mode.INCREMENTAL:
                bookmark["replication_key_value"] = pages[number][-1]["updatedAt"]
            else:
                version = progress["version"]
                yield {"type": "ACTIVATE_VERSION", "stream": stream, "version": version}
        yield {"type": "STATE", "value": copy.deepcopy(state)}


_NEW_BOOKMARK: Final[Message] = {
    "last_run": None,
    "state": {},
    "replication_key": "updatedAt",
    "replication_key_value": None,
    "in_progress": None,
}


def _begin(started: Run) -> Message:
    return {
        "mode": started.mode,
        "started_at": _clock(started),
        "pages": 0,
        "pagination": {},
        "next_state": None,
        "config": "sha256:0",
        "version": int(_clock(started)[11:13]) if started.mode is Mode.FULL_TABLE else None,
    }


def _clock(started: Run) -> str:
    return "2026-11-22T07:00:00Z" if started.state is None else "2026-11-22T08:00:00Z"


def _schema(stream: str, schema: Message) -> Message:
    names = {"key_properties": ["id"], "bookmark_properties": ["updatedAt"]}
    return {"type": "SCHEMA", "stream": stream, "schema": schema, **names}


def _record(stream: str, row: Message, version: int | None, started: Run) -> Message:
    clock = _clock(started)
    record = {**row, "_source_timestamp": clock}
    message = {"type": "RECORD", "stream": stream, "record": record, "time_extracted": clock}
    return message if version is None else {**message, "version": version}


def _encode(message: Message) -> bytes:
    return json.dumps(message).encode() + b"\n"


# The faults. A mutation is given the messages of a right run, which it may change.

Mutation = Callable[[list[Message], Run], Lines]
_SEEDS: Final[dict[Fault, Mutation]] = {}


def _seeds(fault: Fault) -> Callable[[Mutation], Mutation]:
    def register(mutation: Mutation) -> Mutation:
        _SEEDS[fault] = mutation
        return mutation

    return register


def _places(messages: list[Message], kind: str) -> list[int]:
    return [place for place, message in enumerate(messages) if message["type"] == kind]


def _of(messages: list[Message], kind: str) -> list[Message]:
    return [message for message in messages if message["type"] == kind]


def _seed_record(fault: Fault, **fields: Any) -> None:
    """Seed a fault that gives the second record these fields."""

    @_seeds(fault)
    def _change(messages: list[Message], _started: Run) -> Lines:
        _of(messages, "RECORD")[1]["record"].update(fields)
        return [*messages]


def _seed_text(fault: Fault, right: bytes, wrong: bytes) -> None:
    """Seed a fault that replaces a text, once in each line."""

    @_seeds(fault)
    def _change(messages: list[Message], _started: Run) -> Lines:
        return [_encode(message).replace(right, wrong, 1) for message in messages]


def _seed_position(fault: Fault, **fields: Any) -> None:
    """Seed a fault that gives the third position in contacts these fields."""

    @_seeds(fault)
    def _change(messages: list[Message], _started: Run) -> Lines:
        bookmarks = [state["value"]["bookmarks"]["contacts"] for state in _of(messages, "STATE")]
        positions = [bookmark["in_progress"] for bookmark in bookmarks if bookmark["in_progress"]]
        for position in positions[2:3]:
            position.update(fields)
        return [*messages]


def _seed_message(fault: Fault, kind: str, **fields: Any) -> None:
    """Seed a fault that gives the last message of a kind these fields."""

    @_seeds(fault)
    def _change(messages: list[Message], _started: Run) -> Lines:
        for message in _of(messages, kind)[-1:]:
            message.update(fields)
        return [*messages]


_seed_record(Fault.NAN_LITERAL, amount=float("nan"))
_seed_record(Fault.LONE_SURROGATE, name="\ud83d")
_seed_record(Fault.FIELD_OF_WRONG_TYPE, amount="1.5")
_seed_record(Fault.KEY_NULL, id=None)
_seed_record(Fault.DATE_TIME_WITHOUT_ZONE, updatedAt="2026-01-01T00:00:00")
_seed_record(Fault.SECRET_IN_RECORD, name=f"Authorization: Bearer {CANARY}")
_seed_message(Fault.UNKNOWN_TYPE, "RECORD", type="LOG")
_seed_message(Fault.KEY_NOT_IN_SCHEMA, "SCHEMA", key_properties=["id", "uuid"])
_seed_message(Fault.BOOKMARK_PROPERTY_NOT_IN_SCHEMA, "SCHEMA", bookmark_properties=["modified"])
_seed_message(Fault.TIME_EXTRACTED_WITHOUT_ZONE, "RECORD", time_extracted="2026-11-22T07:00:00")
_seed_message(Fault.ACTIVATE_VERSION_UNKNOWN, "ACTIVATE_VERSION", version=1)
_seed_message(Fault.VERSIONS_MIXED, "RECORD", version=1)
_seed_text(Fault.OVERFLOWING_NUMBER, b'"amount": 0.25', b'"amount": 1e999')
_seed_text(Fault.DUPLICATE_KEY, b'"id": 1,', b'"id": 0, "id": 1,')
_seed_text(Fault.KEY_MISSING, b'{"id": 5, ', b"{")
_seed_text(Fault.IN_PROGRESS_DELETED, b', "in_progress": null', b"")
_seed_text(Fault.RESUME_INVENTS_A_RECORD, b'"id": 2,', b'"id": 1000,')
_seed_text(Fault.RESUME_ENDS_IN_OTHER_STATE, b'_value": "2026-01-01T00:09:00Z"', b'_value": null')
# Activating a version makes the target delete what was read of another one before the resume.
_seed_text(Fault.RESUME_TAKES_NEW_VERSION, b'"version": 7}', b'"version": 9}')
_seed_position(Fault.STATE_STEPS_BACK, pagination={"page": 0})  # a page of its own, but behind
_seed_position(Fault.PAGINATION_REPEATED, pagination={"page": 1})
_seed_position(Fault.PAGES_NOT_GROWING, pages=1)
_seed_position(Fault.SECRET_IN_STATE, next_state=base64.b64encode(f"me:{CANARY}".encode()).decode())


@_seeds(Fault.STATE_BEFORE_RECORDS)
def _state_before_records(messages: list[Message], _started: Run) -> Lines:
    lines: Lines = []
    page: Lines = []
    for message in messages:
        if message["type"] == "RECORD":
            page.append(message)
        elif message["type"] == "STATE":
            lines += [message, *page]
            page = []
        else:
            lines.append(message)
    return lines


@_seeds(Fault.STATE_ONE_PAGE_AHEAD)
def _state_one_page_ahead(messages: list[Message], _started: Run) -> Lines:
    for state, later in itertools.pairwise(_of(messages, "STATE")):
        state["value"] = later["value"]
    return [*messages]


@_seeds(Fault.BOOKMARK_DROPPED)
def _bookmark_dropped(messages: list[Message], _started: Run) -> Lines:
    del _of(messages, "STATE")[-1]["value"]["bookmarks"]["contacts"]
    return [*messages]


@_seeds(Fault.RESUME_DROPS_INPUT_BOOKMARK)
def _input_bookmark_dropped(messages: list[Message], _started: Run) -> Lines:
    for state in _of(messages, "STATE"):
        state["value"]["bookmarks"].pop("contacts")
    return [*messages]


@_seeds(Fault.GLUED_LINES)
def _glued_lines(messages: list[Message], _started: Run) -> Lines:
    first = _places(messages, "RECORD")[0]
    glued = _encode(messages[first])[:-1] + _encode(messages[first + 1])
    return [*messages[:first], glued, *messages[first + 2 :]]


@_seeds(Fault.PARTIAL_LINE_THEN_MESSAGE)
def _partial_line(messages: list[Message], _started: Run) -> Lines:
    last = _places(messages, "RECORD")[-1]
    return [*messages[:last], _encode(messages[last])[:-20], *messages[last + 1 :]]


@_seeds(Fault.NO_LAST_LINE_END)
def _no_last_line_end(messages: list[Message], _started: Run) -> Lines:
    return [*messages[:-1], _encode(messages[-1])[:-1]]


@_seeds(Fault.STRAY_PRINT)
def _stray_print(messages: list[Message], _started: Run) -> Lines:
    return [b"Fetching contacts\n", *messages]


@_seeds(Fault.RECORD_BEFORE_SCHEMA)
def _record_before_schema(messages: list[Message], _started: Run) -> Lines:
    first = _places(messages, "RECORD")[0]
    return [messages[first], *messages[:first], *messages[first + 1 :]]


@_seeds(Fault.SCHEMA_NOT_WIDENED)
def _schema_not_widened(messages: list[Message], _started: Run) -> Lines:
    return [message for message in messages if message.get("schema") != _WIDER_SCHEMA]


@_seeds(Fault.ACTIVATE_VERSION_FIRST)
def _activate_version_first(messages: list[Message], _started: Run) -> Lines:
    activations = _of(messages, "ACTIVATE_VERSION")
    return [*activations, *(message for message in messages if message not in activations)]


@_seeds(Fault.RESUME_REREADS_ALL)
def _rereads_all(_right: list[Message], started: Run) -> Lines:
    return [*_messages(Run(None, started.mode))]


@_seeds(Fault.RESUME_SKIPS_LAST_PAGE)
def _skips_last_page(messages: list[Message], _started: Run) -> Lines:
    *_, before, last = _places(messages, "STATE")
    page = messages[before:last]
    return [message for message in messages if message["type"] != "RECORD" or message not in page]


@_seeds(Fault.RESUME_SKIPS_A_TIE)
def _skips_a_tie(messages: list[Message], _started: Run) -> Lines:
    # The first record of the second page has the cursor of the last one before it.
    tie = _ROWS["contacts"][PAGE_SIZE]["name"]
    first = _places(messages, "RECORD")[0]
    skipped = messages[first]["record"]["name"] == tie
    return [*messages[:first], *messages[first + skipped :]]


@_seeds(Fault.RESUME_ENDS_ON_OLD_VALUE)
def _ends_on_old_value(messages: list[Message], started: Run) -> Lines:
    changed = _ROWS["contacts"][-1]
    for place in _places(messages, "RECORD"):
        if messages[place]["record"]["name"] == changed["name"]:
            old = _record("contacts", _ROWS["contacts"][3], None, started)
            return [*messages[: place + 1], old, *messages[place + 1 :]]
    return [*messages]
