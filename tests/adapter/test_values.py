"""Whatever a source puts into a record is one JSON line that means the same."""

from __future__ import annotations

import dataclasses
import json
import sys
import uuid
from collections import UserList, UserString, deque, namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from pathlib import PurePath, PurePosixPath
from types import MappingProxyType
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import pydantic
import pytest
from hypothesis import given

from bizon_singer.encoding import RecordEncoder
from bizon_singer.errors import ProtocolError
from bizon_singer.values import (
    MAX_DEPTH,
    MAX_LOSSY_FIELDS,
    NAN,
    NOT_A_TIME,
    SURROGATE,
    TOO_LARGE,
    Losses,
    ValueReader,
    dumps,
)
from tests.adapter.meaning import TwinKeysError, expected, unordered
from tests.adapter.strategies import Color, Size, Word, keys, values

FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - a naive one
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001
LARGE = [2**64, -(2**63) - 1, 10**5000 - 1, -(10**100_000)]


class Warnings(list[tuple[str, str]]):
    """Collects what a reader warns of."""

    def __call__(self, field: str, what: str) -> None:
        """Take one."""
        self.append((field, what))


@pytest.fixture
def warnings() -> Warnings:
    """What the reader of a test warned of."""
    return Warnings()


@pytest.fixture
def reader(warnings: Warnings) -> ValueReader:
    """A reader of values."""
    return ValueReader(warnings)


def quiet() -> ValueReader:
    """Return a reader that warns nobody."""
    return ValueReader(lambda _field, _what: None)


def refuse(constant: str) -> NoReturn:
    """Refuse NaN and its like."""
    raise ValueError(constant)


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object with the same key twice."""
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def strict(line: str | bytes) -> Any:
    """Parse JSON exactly, every number a Decimal, and refuse what is not JSON."""
    return json.loads(
        line,
        parse_constant=refuse,
        parse_int=Decimal,
        parse_float=Decimal,
        object_pairs_hook=without_twins,
    )


def written(value: Any, reader: ValueReader | None = None) -> Any:
    """Return what a strict reader of the RECORD line finds for a value."""
    reader = reader or quiet()
    line = RecordEncoder("s", reader).encode([{"f": reader.plain(value)}], "2024-01-01T00:00:00Z")
    text = line.decode()
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1
    return strict(text)["record"]["f"]


@given(values)
def test_any_value_is_one_line_that_means_the_same(value: Any) -> None:
    """A strict parser reads the line and finds the value; only twin keys are an error."""
    try:
        meant = expected(value)
    except TwinKeysError:
        with pytest.raises(ProtocolError, match="two keys"):
            written(value)
    else:
        assert unordered(written(value), value) == meant


@given(values)
def test_a_plain_value_is_left_as_it_is(value: Any) -> None:
    """Converting is done once: what came out goes in and out unchanged."""
    reader = quiet()
    try:
        plain = reader.plain(value)
    except ProtocolError:
        return
    assert reader.plain(plain) == plain


@given(keys, keys)
def test_no_key_is_lost(first: Any, second: Any) -> None:
    """An object keeps as many keys as it had, or there is an error."""
    data = {first: 1, second: 2}
    try:
        assert len(written(data)) == len(data)
    except ProtocolError as error:
        assert "two keys" in str(error)  # noqa: PT017 - either outcome is right


class TestNumbers:
    """Every digit is kept, and no reader is given what is no number."""

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), Decimal("sNaN")])
    def test_what_is_no_number_becomes_null(
        self, value: Any, reader: ValueReader, warnings: Warnings
    ) -> None:
        """NaN and Infinity are null, warned of once a field and counted."""
        for _ in range(3):
            assert written({"a": value}, reader) == {"a": None}
        assert warnings == [("a", NAN)]
        assert reader.losses.counts == {("a", NAN): 3}

    @pytest.mark.parametrize("value", LARGE, ids=len(LARGE) * [""])
    def test_an_integer_of_any_size_keeps_its_digits(self, value: int) -> None:
        """Neither 64 bits nor Python's 4,300 digits are a limit."""
        assert written([value, {"deep": value}]) == [Decimal(value), {"deep": Decimal(value)}]

    @pytest.mark.parametrize("sign", ["", "-"])
    def test_an_integer_kept_as_a_decimal_keeps_its_digits(self, sign: str) -> None:
        """As answers have those that are too long for an int; no exponent made them many."""
        digits = sign + "9" * 1_000_000
        assert dumps(quiet().plain([Decimal(digits)])) == f"[{digits}]".encode()

    def test_an_integer_of_a_subclass_is_its_number(self) -> None:
        """Not what its __int__ or __str__ makes of it."""

        class Odd(int):
            """Shows itself as something else."""

            def __int__(self) -> int:
                return 0

        assert written([Odd(5)]) == [5]

    @pytest.mark.parametrize(
        "text",
        [
            "0.1",
            "-0.0",
            "1E+2",
            "1E-300",
            "1E+250",
            "12345678901234567890.123456789",
            "0E-7",
            "1E-500",
        ],
    )
    def test_a_decimal_is_exact(self, text: str) -> None:
        """A Decimal is a JSON number of the same value."""
        assert written(Decimal(text)) == Decimal(text)

    @pytest.mark.parametrize("text", ["1E+308", "1.5E+400", "9" * 400, "9" * 400 + ".000"])
    def test_a_decimal_beyond_a_double_is_written_in_digits(self, text: str) -> None:
        """Readers of doubles make Infinity of 1E+400, but an integer of its digits."""
        line = dumps(Decimal(text)).decode()
        assert line.isdigit()
        assert Decimal(line) == Decimal(text)

    @pytest.mark.parametrize("text", ["1E+5000", "1E+999999999", "9" * 400 + ".5"])
    def test_a_decimal_no_reader_could_take_becomes_null(
        self, text: str, reader: ValueReader, warnings: Warnings
    ) -> None:
        """Its digits would fill the memory or read as Infinity: null, and said."""
        assert written({"a": Decimal(text)}, reader) == {"a": None}
        assert warnings == [("a", TOO_LARGE)]

    def test_a_duration_is_a_number_of_seconds(self) -> None:
        """To the microsecond, however long."""
        assert written(timedelta(seconds=1.5)) == Decimal("1.5")
        assert written(timedelta.max) == Decimal("86399999999999.999999")


class TestTimes:
    """A time is RFC 3339 and still the same moment."""

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (datetime(2024, 1, 1, 12), "2024-01-01T12:00:00Z"),  # noqa: DTZ001
            (datetime(2024, 1, 1, 12, tzinfo=UTC), "2024-01-01T12:00:00Z"),
            (datetime(2024, 7, 1, tzinfo=ZoneInfo("Asia/Kolkata")), "2024-07-01T00:00:00+05:30"),
            # orjson rounds this offset to +00:20 and so moves the moment by 28 s.
            (datetime(1900, 1, 1, tzinfo=ZoneInfo("Europe/Amsterdam")), "1899-12-31T23:40:28Z"),
            (FIRST, "0001-01-01T00:00:00Z"),
            (LAST, "9999-12-31T23:59:59.999999Z"),
            (
                FIRST.replace(tzinfo=timezone(timedelta(hours=14))),
                "0001-01-01T00:00:00+14:00",
            ),
            (
                FIRST.replace(tzinfo=timezone(timedelta(hours=1, seconds=30))),
                "0001-01-01T00:00:30+01:01",
            ),
            (
                LAST.replace(tzinfo=timezone(-timedelta(hours=1, seconds=30))),
                "9999-12-31T23:59:29.999999-01:01",
            ),
            (date(2024, 1, 31), "2024-01-31"),
            (time(1, 2, 3, 4), "01:02:03.000004"),
            (time(0, 0, 0, 10_000), "00:00:00.010000"),  # orjson 3.13 writes 00:00:00.10000
            (time(1, 2, tzinfo=UTC), "01:02:00+00:00"),
        ],
    )
    def test_a_time_is_written_as_rfc_3339(self, value: Any, text: str) -> None:
        """With its offset, a naive one as UTC, odd seconds of an offset as UTC."""
        assert written(value) == text

    def test_a_datetime_of_a_subclass_is_a_time(self) -> None:
        """Pendulum's and pandas' times are datetimes by their class."""

        class Moment(datetime):
            """A time of another library."""

        class Day(date):
            """A date of another library."""

        assert written(Moment(2024, 1, 1, tzinfo=UTC)) == "2024-01-01T00:00:00Z"
        assert written([Day(2024, 1, 1)]) == ["2024-01-01"]

    def test_nanoseconds_are_kept(self) -> None:
        """A pandas.Timestamp is finer than a datetime."""

        class Timestamp(datetime):
            """A time with nanoseconds."""

            nanosecond = 789

        moment = Timestamp(2024, 1, 1, microsecond=123456)
        assert written(moment) == "2024-01-01T00:00:00.123456789Z"
        west = timezone(-timedelta(hours=5))
        assert written(moment.replace(tzinfo=west)) == "2024-01-01T00:00:00.123456789-05:00"

    def test_not_a_time_becomes_null(self, reader: ValueReader, warnings: Warnings) -> None:
        """pandas.NaT is a datetime that equals not even itself."""

        class NaT(datetime):
            """No time."""

            def __eq__(self, other: object) -> bool:
                return False

            __hash__ = datetime.__hash__

        assert written({"at": NaT(1, 1, 1)}, reader) == {"at": None}
        assert warnings == [("at", NOT_A_TIME)]

    def test_a_zone_without_an_offset_is_an_error_that_names_the_field(self) -> None:
        """A time zone of other hands may fail in any way."""
        bare = tzinfo()  # type: ignore[abstract] # it has no methods that work
        with pytest.raises(ProtocolError, match=r"field `f` is a time whose zone"):
            quiet().plain({"f": datetime(2024, 1, 1, tzinfo=bare)})

    def test_a_zone_that_knows_no_offset_leaves_a_time_naive(self) -> None:
        """utcoffset() may return None, which Python calls naive."""

        class Nowhere(tzinfo):
            """Knows nothing."""

            def utcoffset(self, _moment: datetime | None) -> None:
                return None

            dst = tzname = utcoffset

        assert written(datetime(2024, 1, 1, tzinfo=Nowhere())) == "2024-01-01T00:00:00Z"


class TestTexts:
    """A text arrives whole, on one line."""

    def test_lone_surrogates_are_replaced_and_counted(
        self, reader: ValueReader, warnings: Warnings
    ) -> None:
        """In values and keys, which are named as well."""
        found = written({"a": "x\ud800", "\udc00": 1}, reader)
        assert found == {"a": "x\ufffd", "\ufffd": 1}
        assert warnings == [("f.a", SURROGATE), ("f.\ufffd", SURROGATE)]

    def test_a_pair_of_surrogates_is_the_character_it_stands_for(
        self, reader: ValueReader, warnings: Warnings
    ) -> None:
        """Nothing is lost, and nothing warned of; nor of a U+FFFD that was there before."""
        found = written({"\ud83d\ude00": "\ufffd\ud83d\ude00"}, reader)
        assert found == {"\U0001f600": "\ufffd\U0001f600"}
        assert warnings == []

    def test_keys_that_become_the_same_are_an_error(self) -> None:
        """Two lone surrogates are both U+FFFD, and one value would be lost."""
        with pytest.raises(ProtocolError, match="field `f` has two keys"):
            written(dict.fromkeys(["\ud800", "\udc00"], 1))

    def test_nul_passes(self) -> None:
        """It is legal JSON and no business of a tap."""
        assert written("a\0b") == "a\0b"

    def test_bytes_are_text_or_base64(self) -> None:
        """UTF-8 if they are, so that most of Kafka reads as it is."""
        assert written([b"\xc3\xa9", b"\xff", bytearray(b"x"), memoryview(b"y")]) == [
            "é",
            "/w==",
            "x",
            "y",
        ]

    def test_a_user_string_is_its_text(self) -> None:
        """It is a sequence of itself, without an end."""
        assert written(UserString("abc")) == "abc"

    def test_a_text_of_a_subclass_is_its_characters(self) -> None:
        """Not what its __str__ makes of it."""

        class Shouting(str):
            """Shows itself as something else."""

            __slots__ = ()

            def __str__(self) -> str:
                return "LOUD"

        assert written([Shouting("low")]) == ["low"]


class TestContainers:
    """Whatever holds values becomes an array or an object."""

    @pytest.mark.parametrize(
        "value", [(1, 2), deque([1, 2]), range(1, 3), UserList([1, 2]), {1: None, 2: None}.keys()]
    )
    def test_sequences_are_arrays(self, value: Any) -> None:
        """In their order."""
        assert written(value) == [1, 2]

    def test_a_namedtuple_is_an_array(self) -> None:
        """As for any tuple."""
        point = namedtuple("point", "x y")  # noqa: PYI024
        assert written(point(1, 2)) == [1, 2]

    def test_sets_have_one_order(self) -> None:
        """Numbers by size, mixed values by type, whatever the hash seed."""
        assert written({10, 9, 1}) == [1, 9, 10]
        assert written({"b", 2, None, "a", 10**5000}) == [None, 2, 10**5000, "a", "b"]
        assert written({frozenset({10**5000}), "a"}) == [[10**5000], "a"]

    def test_mappings_are_objects(self) -> None:
        """Also those that are no dict."""
        assert written(MappingProxyType({"a": (1,)})) == {"a": [1]}

    @pytest.mark.parametrize(
        ("key", "text"),
        [
            (1, "1"),
            (10**400, "1" + "0" * 400),
            (1.5, "1.5"),
            (True, "true"),
            (None, "null"),
            (Word.YES, "yes"),
            (Size.SMALL, "1"),
            (Color.RED, "red"),
            (b"k", "k"),
            (date(2024, 1, 1), "2024-01-01"),
            (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00Z"),
            (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ],
    )
    def test_keys_are_texts(self, key: Any, text: str) -> None:
        """As their values would be."""
        assert written({key: 1}) == {text: 1}

    @pytest.mark.parametrize("data", [{1: "a", "1": "b"}, {None: 1, "null": 2}, {b"a": 1, "a": 2}])
    def test_twin_keys_are_an_error(self, data: dict[Any, Any]) -> None:
        """One of two values would be lost without a word."""
        with pytest.raises(ProtocolError, match=r"field `f` has two keys .* rename"):
            quiet().plain({"f": data})

    def test_a_key_without_a_text_is_an_error(self) -> None:
        """The repr of an object changes from run to run."""
        with pytest.raises(ProtocolError, match="field `f` has a key that is a tuple"):
            quiet().plain({"f": {(1, 2): 3}})

    def test_keys_orjson_refuses_are_written(self) -> None:
        """A record that fits its schema may still have keys of an enum."""
        record = {Word.YES: {Size.SMALL: 1}}
        line = RecordEncoder("s", quiet()).encode([record], "")  # type: ignore[list-item]
        assert strict(line)["record"] == {"yes": {"1": 1}}

    def test_depth_has_a_limit(self) -> None:
        """201 containers pass, one more is an error that names the field."""
        value: Any = 1.5
        for _ in range(MAX_DEPTH):
            value = [value]
        assert written(value)
        with pytest.raises(ProtocolError, match="field `f` is nested deeper than 200 levels"):
            quiet().plain({"f": [value]})

    def test_a_circle_is_too_deep(self) -> None:
        """Not an endless loop, and no RecursionError."""
        circle: dict[str, Any] = {}
        circle["me"] = [circle]
        with pytest.raises(ProtocolError, match="nested deeper"):
            quiet().plain(circle)


@dataclasses.dataclass
class Point:
    """A dataclass."""

    x: int
    at: datetime


class Person(pydantic.BaseModel):
    """A pydantic model."""

    name: str
    friends: list[Person] = []


class Duck:
    """Has numpy's ``tolist``."""

    def __init__(self, value: Any, dtype: str = "int64") -> None:
        """Keep what to give."""
        self.value = value
        self.dtype = dtype

    def tolist(self) -> Any:
        """Return Python's own values."""
        return self.value


class TestObjects:
    """An object is what it holds, or an error that names it."""

    def test_dataclass_model_and_enum(self) -> None:
        """Fields of a dataclass and a model, value of an enum."""
        at = datetime(2024, 1, 1, tzinfo=UTC)
        assert written(Point(1, at)) == {"x": 1, "at": "2024-01-01T00:00:00Z"}
        assert written(Person(name="Ada", friends=[Person(name="Eve")])) == {
            "name": "Ada",
            "friends": [{"name": "Eve", "friends": []}],
        }
        assert written([Color.RED, Size.SMALL, Word.YES]) == ["red", 1, "yes"]

    def test_addresses_paths_and_uuids(self) -> None:
        """Are their text."""
        things = [
            IPv4Address("10.0.0.1"),
            IPv6Address("::1"),
            PurePosixPath("a/b"),
            uuid.UUID(int=1),
        ]
        assert written(things) == [str(thing) for thing in things]
        assert isinstance(things[2], PurePath)

    def test_numpy_like(self, reader: ValueReader, warnings: Warnings) -> None:
        """Scalars and arrays, known by what they can do."""
        assert written(Duck(5)) == 5
        assert written(Duck([[1, float("nan")]]), reader) == [[1, None]]
        assert warnings == [("", NAN)]

    def test_numpy_float_is_a_float(self) -> None:
        """numpy.float64 is a float by its class, and fits no exact check."""

        class Float64(float):
            """A float of another library."""

        assert type(quiet().plain(Float64(1.5))) is float

    def test_pandas_na_is_null(self) -> None:
        """It is its null."""
        assert written([type("NAType", (), {})()]) == [None]

    @pytest.mark.parametrize(
        "value",
        [
            object(),
            int,
            iter(()),
            sys,
            pydantic.SecretStr("canary"),
            Duck(1704067200123456789, "datetime64[ns]"),
            1j,
        ],
    )
    def test_anything_else_is_an_error_that_names_field_and_type(self, value: Any) -> None:
        """Never its value, and never a bare integer for a time of nanoseconds."""
        with pytest.raises(ProtocolError) as caught:
            quiet().plain({"rows": [{"cell": value}]})
        assert str(caught.value).startswith("field `rows.cell` is a ")
        assert type(value).__qualname__ in str(caught.value)
        assert "canary" not in str(caught.value)

    def test_an_object_that_fails_to_convert_is_an_error(self) -> None:
        """Its own failure is the cause."""

        class Bad:
            """Fails."""

            def tolist(self) -> None:
                raise RuntimeError

        with pytest.raises(ProtocolError, match=r"field `f` is a .*Bad, which JSON") as caught:
            quiet().plain({"f": Bad()})
        assert isinstance(caught.value.__cause__, RuntimeError)

    def test_an_object_that_converts_to_itself_is_an_error(self) -> None:
        """numpy.longdouble does."""

        class Same:
            """Gives itself."""

            def tolist(self) -> Same:
                return self

        with pytest.raises(ProtocolError, match="which JSON cannot hold"):
            quiet().plain({"f": Same()})

    def test_an_object_that_has_everything_is_an_error(self) -> None:
        """A mock answers to any name; only what its class can do counts."""

        class Mock:
            """Has any attribute."""

            def __getattr__(self, name: str) -> Any:
                return lambda: self

        with pytest.raises(ProtocolError, match="which JSON cannot hold"):
            quiet().plain({"f": Mock()})


def test_what_is_not_plain_is_not_encoded() -> None:
    """Only converted values are."""
    with pytest.raises(TypeError):
        dumps({"a": object()})


def test_losses_are_counted_in_bounded_memory() -> None:
    """A map with arbitrary keys has any number of fields; they are counted together."""
    losses = Losses()
    first = [losses.note(f"map.{number}", NAN) for number in range(10_000)]
    assert len(losses.counts) == MAX_LOSSY_FIELDS + 1
    assert sum(first) == MAX_LOSSY_FIELDS + 1
    assert sum(losses.counts.values()) == 10_000
    losses.note("map.0", NAN)
    assert losses.counts["map.0", NAN] == 2


def test_the_source_s_own_values_are_not_changed() -> None:
    """What is converted is a copy."""
    inner = [(1, 2)]
    record = {"a": inner, "b": {"c": {3}}}
    quiet().plain(record)
    assert record == {"a": inner, "b": {"c": {3}}}
    assert inner == [(1, 2)]
