"""Every strange value a source may put into a record, and what must become of it.

What arrives is given as JSON text, so that no digit and no type is left to a parser's taste.
"""

from __future__ import annotations

import array
import collections
import enum
import ipaddress
import pathlib
import re
import threading
import types
import uuid
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

import pydantic

NAN: Final = "NaN or Infinity became null"
TOO_LARGE: Final = "a number no double can hold became null"
SURROGATE: Final = "a lone surrogate became U+FFFD"
BIG: Final = 10**5000 - 1


@dataclass(frozen=True)
class Case:
    """A value and what must become of it.

    Attributes:
        make: Makes it anew for each run: a generator is used up by the first.
        json: What a reader must find, None if the value is refused with exit code 4.
        warning: What is warned of when that is not what the source gave.
        key: The text it becomes as a key, None if it is refused as one.
        key_warning: What is warned of then.
    """

    name: str
    make: Callable[[], Any]
    json: str | None
    warning: str = ""
    key: str | None = None
    key_warning: str = ""

    @property
    def is_hashable(self) -> bool:
        """Whether it can be a key at all."""
        try:
            hash(self.make())
        except (TypeError, ValueError):
            return False
        return True


class Color(enum.Enum):
    """Bare values."""

    RED = "red"
    PAIR = (1, "b")


class Size(enum.IntEnum):
    """Integers."""

    SMALL = 1


class Word(enum.StrEnum):
    """Texts."""

    YES = "yes"


class Right(enum.Flag):
    """Bits."""

    READ = 1
    WRITE = 2


class Point(NamedTuple):
    """A tuple with names."""

    x: int
    y: int


@dataclass
class Box:
    """A dataclass."""

    size: int = 1
    tags: list[str] = field(default_factory=lambda: ["a"])


@dataclass(frozen=True, slots=True)
class Sealed:
    """A dataclass without a dict."""

    size: int = 1


class Model(pydantic.BaseModel):
    """A pydantic model."""

    size: int = 1
    when: date = date(2024, 1, 2)


def nested(depth: int, *, in_lists: bool) -> Any:
    """Return a value so many levels deep."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    return value


def circle() -> list[Any]:
    """Return a list that holds itself."""
    value: list[Any] = []
    value.append(value)
    return value


def text(name: str, value: str, json: str) -> Case:
    """A text that arrives, as a value and as a key."""
    return Case(name, lambda: value, json, key=value)


def lone(name: str, value: str, json: str) -> Case:
    """A text with surrogates that have no partner."""
    return Case(name, lambda: value, json, SURROGATE, json[1:-1], SURROGATE)


def refused(name: str, make: Callable[[], Any]) -> Case:
    """A value that ends the stream."""
    return Case(name, make, None)


NUMBERS: Final = [
    Case("zero", lambda: 0, "0", key="0"),
    Case("2**63", lambda: 2**63, "9223372036854775808", key="9223372036854775808"),
    Case("2**64", lambda: 2**64, "18446744073709551616", key="18446744073709551616"),
    Case(
        "-2**63-1",
        lambda: -(2**63) - 1,
        "-9223372036854775809",
        key="-9223372036854775809",
    ),
    Case("5000-digits", lambda: BIG, "9" * 5000, key="9" * 5000),
    Case("minus-5000-digits", lambda: -BIG, "-" + "9" * 5000, key="-" + "9" * 5000),
    Case("float", lambda: 0.1, "0.1", key="0.1"),
    Case("minus-zero", lambda: -0.0, "-0.0", key="-0.0"),
    Case("smallest-float", lambda: 5e-324, "5e-324", key="5e-324"),
    Case(
        "largest-float",
        lambda: 1.7976931348623157e308,
        "1.7976931348623157e308",
        key="1.7976931348623157e+308",
    ),
    Case("nan", lambda: float("nan"), "null", NAN, "nan"),
    Case("infinity", lambda: float("inf"), "null", NAN, "inf"),
    Case("minus-infinity", lambda: float("-inf"), "null", NAN, "-inf"),
    Case("1e999", lambda: float("1e999"), "null", NAN, "inf"),
    Case("decimal", lambda: Decimal("1.10"), "1.10", key="1.10"),
    Case(
        "decimal-money",
        lambda: Decimal("-12345678901234567890.123456789012345678901234567890"),
        "-12345678901234567890.123456789012345678901234567890",
        key="-12345678901234567890.123456789012345678901234567890",
    ),
    Case("decimal-tiny", lambda: Decimal("1E-400"), "1E-400", key="1E-400"),
    Case("decimal-1E+400", lambda: Decimal("1E+400"), "1" + "0" * 400, key="1E+400"),
    Case("decimal-1E+5000", lambda: Decimal("1E+5000"), "null", TOO_LARGE, "1E+5000"),
    Case("decimal-1.5E+999999", lambda: Decimal("1.5E+999999"), "null", TOO_LARGE, "1.5E+999999"),
    Case("decimal-nan", lambda: Decimal("NaN"), "null", NAN, "NaN"),
    Case("decimal-signalling-nan", lambda: Decimal("sNaN"), "null", NAN),
    Case("decimal-infinity", lambda: Decimal("-Infinity"), "null", NAN, "-Infinity"),
    refused("fraction", lambda: Fraction(1, 3)),
    refused("complex", lambda: 1 + 2j),
    Case("true", lambda: True, "true", key="true"),
    Case("none", lambda: None, "null", key="null"),
]

TEXTS: Final = [
    text("empty", "", '""'),
    text("nul", "a\0b", '"a\\u0000b"'),
    text("line-separator", "a\u2028b", '"a\\u2028b"'),
    text("paragraph-separator", "a\u2029b", '"a\\u2029b"'),
    text("next-line", "a\x85b", '"a\\u0085b"'),
    text("line-ends", "a\r\nb\x0bc\x0cd\x1ce", '"a\\r\\nb\\u000bc\\u000cd\\u001ce"'),
    text("escape", "\x1b[2J", '"\\u001b[2J"'),
    text("byte-order-mark", "\ufeffa", '"\\ufeffa"'),
    text("noncharacter", "\uffff\U0010ffff", '"\\uffff\U0010ffff"'),
    text("right-to-left", "\u202eabc", '"\\u202eabc"'),
    text("emoji", "\U0001f600", '"\U0001f600"'),
    text("quotes", '"\\/', '"\\"\\\\/"'),
    text(
        "a-line-of-json",
        '{"type":"STATE","value":{}}\n',
        '"{\\"type\\":\\"STATE\\",\\"value\\":{}}\\n"',
    ),
    text("1-MB", "x" * 1_000_000, '"' + "x" * 1_000_000 + '"'),
    lone("high-surrogate", "a\ud800", '"a\ufffd"'),
    lone("low-surrogate", "\udfffb", '"\ufffdb"'),
    lone("swapped-surrogates", "\ude00\ud83d", '"\ufffd\ufffd"'),
    Case("surrogate-pair", lambda: "\ud83d\ude00", '"\U0001f600"', key="\U0001f600"),
    Case("bytes", lambda: b"caf\xc3\xa9", '"café"', key="café"),
    Case("bytes-no-utf8", lambda: b"\xff\x00", '"/wA="', key="/wA="),
    Case("bytearray", lambda: bytearray(b"\xff\x00"), '"/wA="'),
    Case("memoryview", lambda: memoryview(b"abc"), '"abc"'),
    Case("memoryview-with-steps", lambda: memoryview(b"a-b-c")[::2], '"abc"'),
    Case("user-string", lambda: collections.UserString("abc"), '"abc"'),
]

_ODD: Final = timezone(timedelta(hours=1, seconds=30))
_BERLIN: Final = zoneinfo.ZoneInfo("Europe/Berlin")


def moment(name: str, value: Any, written: str) -> Case:
    """A time or a date, the same as a value and as a key."""
    return Case(name, lambda: value, f'"{written}"', key=written)


TIMES: Final = [
    moment("utc", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "2024-01-02T03:04:05Z"),
    moment("naive", datetime(2024, 1, 2, 3, 4, 5, 6), "2024-01-02T03:04:05.000006Z"),  # noqa: DTZ001
    moment(
        "summer-time-ends",
        datetime(2024, 10, 27, 2, 30, tzinfo=_BERLIN),
        "2024-10-27T02:30:00+02:00",
    ),
    moment(
        "summer-time-ended",
        datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=_BERLIN),
        "2024-10-27T02:30:00+01:00",
    ),
    moment(
        "hour-that-never-was",
        datetime(2024, 3, 31, 2, 30, tzinfo=_BERLIN),
        "2024-03-31T02:30:00+01:00",
    ),
    moment(
        "offset-of-seconds", datetime(2024, 1, 1, 1, 0, 30, tzinfo=_ODD), "2024-01-01T00:00:00Z"
    ),
    moment("first-moment", datetime.combine(date.min, time.min), "0001-01-01T00:00:00Z"),
    moment("last-moment", datetime.combine(date.max, time.max), "9999-12-31T23:59:59.999999Z"),
    moment(
        "before-year-1",
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        "0001-01-01T00:00:00+14:00",
    ),
    moment(
        "after-year-9999",
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        "9999-12-31T23:59:59.999999-14:00",
    ),
    moment("first-date", date.min, "0001-01-01"),
    moment("last-date", date.max, "9999-12-31"),
    moment("time", time(1, 2, 3, 450_000), "01:02:03.450000"),
    moment("time-with-zone", time(1, 2, tzinfo=UTC), "01:02:00+00:00"),
    Case("timedelta", lambda: timedelta(days=1, microseconds=1), "86400.000001"),
    Case("longest-timedelta", lambda: timedelta.max, "86399999999999.999999"),
    Case("negative-timedelta", lambda: timedelta(seconds=-1.5), "-1.5"),
    text("leap-second", "2016-12-31T23:59:60Z", '"2016-12-31T23:59:60Z"'),
    text("year-0", "0000-01-01T00:00:00Z", '"0000-01-01T00:00:00Z"'),
    text("year-minus-44", "-0044-03-15T12:00:00Z", '"-0044-03-15T12:00:00Z"'),
    text("year-10000", "+10000-01-01T00:00:00Z", '"+10000-01-01T00:00:00Z"'),
    refused("zone", lambda: _BERLIN),
    refused("fixed-zone", lambda: UTC),
]

_ID: Final = "12345678-1234-5678-1234-567812345678"
OBJECTS: Final = [
    Case("uuid", lambda: uuid.UUID(_ID), f'"{_ID}"', key=_ID),
    Case("path", lambda: pathlib.Path("a/b"), '"a/b"', key="a/b"),
    Case("windows-path", lambda: pathlib.PureWindowsPath("a", "b"), '"a\\\\b"', key="a\\b"),
    Case("ipv4", lambda: ipaddress.IPv4Address("10.0.0.1"), '"10.0.0.1"', key="10.0.0.1"),
    Case("ipv6", lambda: ipaddress.IPv6Address("::1"), '"::1"', key="::1"),
    Case("enum", lambda: Color.RED, '"red"', key="red"),
    Case("enum-of-a-tuple", lambda: Color.PAIR, '[1,"b"]'),
    Case("int-enum", lambda: Size.SMALL, "1", key="1"),
    Case("str-enum", lambda: Word.YES, '"yes"', key="yes"),
    Case("flag", lambda: Right.READ | Right.WRITE, "3", key="3"),
    Case("dataclass", Box, '{"size":1,"tags":["a"]}'),
    Case("sealed-dataclass", Sealed, '{"size":1}'),
    Case("pydantic-model", Model, '{"size":1,"when":"2024-01-02"}'),
    refused("pydantic-secret", lambda: pydantic.SecretStr("canary")),
    refused("object", object),
    refused("class", lambda: int),
    refused("function", lambda: len),
    refused("module", lambda: re),
    refused("ellipsis", lambda: ...),
    refused("exception", lambda: ValueError("x")),
    refused("pattern", lambda: re.compile("x")),
    refused("namespace", lambda: types.SimpleNamespace(a=1)),
    refused("lock", threading.Lock),
    refused("network", lambda: ipaddress.ip_network("10.0.0.0/8")),
]

CONTAINERS: Final = [
    Case("list", lambda: [1, "a", None], '[1,"a",null]'),
    Case("empty-list", list, "[]"),
    Case("tuple", lambda: (1, 2), "[1,2]"),
    Case("namedtuple", lambda: Point(1, 2), "[1,2]"),
    Case("range", lambda: range(3), "[0,1,2]"),
    Case("set", lambda: {3, 1, 2}, "[1,2,3]"),
    Case("mixed-set", lambda: {"a", 1}, '[1,"a"]'),
    Case("frozenset", lambda: frozenset("ba"), '["a","b"]'),
    Case("deque", lambda: collections.deque([1, 2]), "[1,2]"),
    Case("array", lambda: array.array("i", [1, 2]), "[1,2]"),
    Case("user-list", lambda: collections.UserList([1]), "[1]"),
    Case("dict-keys", {"b": 1, "a": 2}.keys, '["a","b"]'),
    Case("dict", lambda: {"a": {"b": 1}}, '{"a":{"b":1}}'),
    Case("empty-dict", dict, "{}"),
    Case("empty-key", lambda: {"": 1}, '{"":1}'),
    Case("counter", lambda: collections.Counter("aab"), '{"a":2,"b":1}'),
    Case("defaultdict", lambda: collections.defaultdict(list, a=[1]), '{"a":[1]}'),
    Case("ordered-dict", lambda: collections.OrderedDict(b=1, a=2), '{"b":1,"a":2}'),
    Case("chain-map", lambda: collections.ChainMap({"a": 1}, {"b": 2}), '{"b":2,"a":1}'),
    Case("mapping-proxy", lambda: types.MappingProxyType({"a": 1}), '{"a":1}'),
    Case("user-dict", lambda: collections.UserDict(a=1), '{"a":1}'),
    Case("hundred-levels", lambda: nested(100, in_lists=True), "[" * 100 + "1" + "]" * 100),
    refused("ten-thousand-lists", lambda: nested(10_000, in_lists=True)),
    refused("ten-thousand-dicts", lambda: nested(10_000, in_lists=False)),
    refused("circle", circle),
    refused("twin-keys", lambda: {1: "a", "1": "b"}),
    refused("generator", lambda: (number for number in range(3))),
    refused("iterator", lambda: iter([1])),
    refused("map", lambda: map(str, [1])),
    refused("dict-values", {"a": 1}.values),
]

CASES: Final = [*NUMBERS, *TEXTS, *TIMES, *OBJECTS, *CONTAINERS]
