"""The rules that one recording must keep by itself: I4, I5, I7, I9, STATE and VERSION."""

from __future__ import annotations

import base64
import calendar
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

from jsonschema import Draft7Validator, FormatChecker, SchemaError, validators

from bizon_singer.testing.recording import (
    Invariant,
    JsonObject,
    Message,
    Recording,
    Violation,
    canonical,
    exact,
    read,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def check(
    recording: bytes,
    *,
    complete: bool = True,
    secrets: Iterable[str] = (),
    initial_state: JsonObject | None = None,
) -> list[Violation]:
    """Judge one recording: I4, I5, I7, I9, STATE and VERSION.

    Args:
        recording: The stdout of one run.
        complete: Whether the run ended by itself, so that a partial last line is a fault.
        secrets: Texts that must not be there: raw, JSON-escaped, URL-encoded or in base64.
        initial_state: The STATE value the run was started from.

    Returns:
        The violations by offset; none when all is well.
    """
    found = read(recording)
    violations = [*found.violations]
    if complete and found.tail:
        at = len(recording) - len(found.tail)
        violations.append(Violation(Invariant.FRAMING, at, None, "the last line has no line end"))
    before = bookmarks_of(exact(initial_state))
    violations += _schema_violations(found)
    violations += _version_violations(found)
    violations += _state_violations(found, before)
    violations += _progress_violations(found, before)
    violations += _secret_violations(recording, secrets)
    return sorted(violations, key=lambda violation: violation.offset)


def bookmarks_of(state: JsonObject | None) -> dict[str, JsonObject]:
    """Give the bookmarks of a STATE value by stream, without those that are no objects."""
    bookmarks = (state or {}).get("bookmarks")
    pairs = bookmarks.items() if isinstance(bookmarks, dict) else ()
    return {stream: bookmark for stream, bookmark in pairs if isinstance(bookmark, dict)}


# I5. The format checks are our own: those of jsonschema need an extra, and take a bare date-time.

_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile(
    r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


def _is_date(value: object) -> bool:
    """Tell an RFC 3339 full-date; a format says nothing of values that are no text."""
    if not isinstance(value, str):
        return True
    found = _DATE.fullmatch(value)
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    return month in range(1, 13) and 1 <= day <= calendar.monthrange(year, month)[1]


def _is_date_time(value: object) -> bool:
    """Tell an RFC 3339 date-time, which always has a zone."""
    if not isinstance(value, str):
        return True
    return _is_date(value[:10]) and _TIME.fullmatch(value[10:]) is not None


def _is_integer(_checker: object, value: object) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


_FORMATS: Final = FormatChecker(formats=())
_FORMATS.checks("date")(_is_date)
_FORMATS.checks("date-time")(_is_date_time)
_Validator: Final = validators.create(
    meta_schema=Draft7Validator.META_SCHEMA,
    validators=Draft7Validator.VALIDATORS,
    type_checker=Draft7Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


@dataclass(frozen=True)
class _Canonical:
    """A JSON value that equals another by its text, so that a verdict on it can be kept.

    A proof meets the same records again in every resumed run, and validation is the slow part.
    """

    text: str
    value: JsonObject = field(compare=False)


@lru_cache(maxsize=1_024)
def _validator(schema: _Canonical) -> Any:
    """Give the validator of a schema, None when the schema is invalid (a fault of the SCHEMA)."""
    try:
        _Validator.check_schema(schema.value)
    except SchemaError:
        return None
    return _Validator(schema.value, format_checker=_FORMATS)


@lru_cache(maxsize=65_536)
def _record_faults(schema: _Canonical, record: _Canonical) -> tuple[str, ...]:
    validator = _validator(schema)
    if validator is None:
        return ()
    # Values stay out of the report: one may be a secret, or 100 MB.
    errors = validator.iter_errors(record.value)
    invalid = (f"{error.json_path} breaks {error.validator!r}" for error in errors)
    fields = schema.value.get("properties", {})
    unknown = (f"field {name!r} is not in the schema" for name in record.value.keys() - fields)
    return (*invalid, *unknown)


def _schema_faults(schema: _Canonical, body: JsonObject) -> Iterator[str]:
    if _validator(schema) is None:
        yield "the schema is invalid"
        return
    for kind in ("key_properties", "bookmark_properties"):
        for name in body.get(kind) or ():
            if name not in schema.value.get("properties", {}):
                yield f"{kind}: {name!r} is not in the schema"


def _schema_violations(recording: Recording) -> Iterator[Violation]:
    schemas: dict[str, _Canonical] = {}
    keys: dict[str, list[str]] = {}
    for message in recording.messages:
        faults: list[str] = []
        if message.kind == "SCHEMA":
            schema = _Canonical(canonical(message.body["schema"]), message.body["schema"])
            schemas[message.stream] = schema
            keys[message.stream] = message.body["key_properties"]
            faults += _schema_faults(schema, message.body)
        elif message.kind == "RECORD" and message.stream not in schemas:
            faults.append("RECORD before its SCHEMA")
        elif message.kind == "RECORD":
            record = message.body["record"]
            latest = schemas[message.stream]
            faults += _record_faults(latest, _Canonical(canonical(record), record))
            absent = [key for key in keys[message.stream] if record.get(key) is None]
            faults += [f"key {key!r} is missing or null" for key in absent]
        if not _is_date_time(message.body.get("time_extracted")):
            faults.append("time_extracted is no RFC 3339 time with a zone")
        for fault in faults:
            yield Violation(Invariant.SCHEMA, message.start, message.stream, fault)


def _version_violations(recording: Recording) -> Iterator[Violation]:
    versions: dict[str, object] = {}
    activated: set[str] = set()
    for message in recording.messages:
        version = message.body.get("version")
        fault = ""
        if message.kind == "RECORD":
            if message.stream in activated:
                fault = "RECORD after ACTIVATE_VERSION"
            elif versions.setdefault(message.stream, version) != version:
                fault = "records of two versions"
        elif message.kind == "ACTIVATE_VERSION":
            activated.add(message.stream)
            if versions.get(message.stream, version) != version:
                fault = "ACTIVATE_VERSION of a version that the records do not have"
        if fault:
            yield Violation(Invariant.VERSION, message.start, message.stream, fault)


def _state_violations(
    recording: Recording, before: Mapping[str, JsonObject]
) -> Iterator[Violation]:
    known = {**before}
    for message in recording.of("STATE"):
        bookmarks = bookmarks_of(message.body["value"])
        if bookmarks != message.body["value"].get("bookmarks"):
            fault = "bookmarks is no object of objects"
            yield Violation(Invariant.STATE, message.start, None, fault)
        for stream, earlier in known.items():
            if stream not in bookmarks:
                fault = "the bookmark that an earlier STATE had is dropped"
                yield Violation(Invariant.STATE, message.start, stream, fault)
            elif "in_progress" in earlier and "in_progress" not in bookmarks[stream]:
                fault = "in_progress is removed, so a reader that merges keeps the old one"
                yield Violation(Invariant.STATE, message.start, stream, fault)
        known |= bookmarks


_Path = list[tuple[Message | None, JsonObject]]
"""The positions of one stream, STATE by STATE; no message for the one it was started from."""


def _progress_violations(
    recording: Recording, before: Mapping[str, JsonObject]
) -> Iterator[Violation]:
    # A run that is dropped and begun anew has another start, and may pass the same pages.
    paths: dict[tuple[str, str], _Path] = defaultdict(list)
    for stream, bookmark in before.items():
        _lengthen(paths, stream, bookmark, None)
    for message in recording.of("STATE"):
        for stream, bookmark in bookmarks_of(message.body["value"]).items():
            _lengthen(paths, stream, bookmark, message)
    for (stream, _), path in paths.items():
        yield from _path_violations(stream, path)


def _lengthen(
    paths: dict[tuple[str, str], _Path],
    stream: str,
    bookmark: JsonObject,
    message: Message | None,
) -> None:
    progress = bookmark.get("in_progress")
    if isinstance(progress, dict):
        paths[stream, canonical(progress.get("started_at"))].append((message, progress))


def _path_violations(stream: str, path: _Path) -> Iterator[Violation]:
    seen: set[str] = set()
    last: tuple[int, str] | None = None
    for message, progress in path:
        offset = message.start if message else 0
        pages, pagination = progress.get("pages"), progress.get("pagination")
        position = canonical(pagination)
        if not isinstance(pages, int):
            if message is None:  # of the input, for which the run is not to blame
                continue
            yield Violation(Invariant.PROGRESS, offset, stream, "pages is no number")
            continue
        if last == (pages, position):
            continue  # a STATE written for another stream
        if last and pages <= last[0]:
            yield Violation(Invariant.PROGRESS, offset, stream, "pages did not grow")
        if position in seen and pagination is not None:
            yield Violation(Invariant.PROGRESS, offset, stream, "a pagination is seen twice")
        seen.add(position)
        last = pages, position


# I7.


def _secret_violations(recording: bytes, secrets: Iterable[str]) -> Iterator[Violation]:
    for number, secret in enumerate(secrets):
        for form, text in secret_forms(secret):
            at = recording.find(text)
            if at >= 0:
                # The report is printed, so it must not hold the secret either.
                yield Violation(Invariant.LEAK, at, None, f"secret number {number}, {form}")


def secret_forms(secret: str) -> set[tuple[str, bytes]]:
    """Give the spellings of a secret that must not be seen, each with its name."""
    escaped = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    escaped |= {text.replace("/", r"\/") for text in escaped}
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    quoted |= {re.sub("%..", lambda code: code[0].lower(), text) for text in quoted}
    forms = {("raw", secret.encode())}
    forms |= {("JSON-escaped", text.encode()) for text in escaped}
    forms |= {("URL-encoded", text.encode()) for text in quoted}
    forms |= {("base64", text) for text in _base64_forms(secret.encode())}
    return forms


def _base64_forms(secret: bytes) -> Iterator[bytes]:
    """Give what a base64 text shows of the secret, at each of its three places in a byte triple."""
    for lead in range(3):
        coded = base64.b64encode(bytes(lead) + secret)
        first, last = -(-lead * 8 // 6), (lead + len(secret)) * 8 // 6
        yield coded[first:last]
        yield coded[first:last].translate(bytes.maketrans(b"+/", b"-_"))
